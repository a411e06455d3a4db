/*
 * vigil - one engine is watched: its page, its process, what waits for it.
 */
#include "iscsid/engines/vigil.h"

#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "io/pulse.h"
#include "iscsid/host/outside.h"
#include "iscsid/host/process.h"

int vigil_begin(struct vigil *v, const struct outside *out, const char *name)
{
	int handle = -1, err;

	*v = (struct vigil){ .out = out, .suspended = out->suspended(out) };
	err = out->make_page(out, &handle, &v->page);
	if (err)
		log_warn(name,
			 "has no page to be watched by (%s): a hang "
			 "shows after 20 s",
			 strerror(-err));
	return handle;
}

void vigil_end(struct vigil *v)
{
	if (v->page)
		v->out->free_page(v->out, v->page);
	v->page = NULL;
	v->shown = false;
}

static struct progress_rules rules_of(const struct vigil *v,
				      const struct vigil_of *of)
{
	return progress_rules(v->page && v->shown, of->timeout, of->serves);
}

uint32_t vigil_every(const struct vigil *v, const struct vigil_of *of)
{
	return rules_of(v, of).every;
}

/* Has it done or said anything since the last look? */
static bool has_moved(struct vigil *v, struct pulse_seen *seen)
{
	bool moved = v->heard;

	*seen = (struct pulse_seen){ 0 };
	if (v->page)
		*seen = pulse_see(v->page);
	moved |= seen->beats != v->beats;
	v->beats = seen->beats;
	v->heard = false;
	return moved;
}

/* By more than the two clocks differ in being read one after the other. */
static bool has_slept(struct vigil *v)
{
	uint64_t was = v->suspended;

	v->suspended = v->out->suspended(v->out);
	return v->suspended > was + 50;
}

static void say_left_alone(struct vigil *v, const struct vigil_of *of,
			   const char *words, int tracer)
{
	if (!words || words == v->progress.said)
		return;
	v->progress.said = words;
	if (tracer)
		log_warn(of->name,
			 "%s by process %d, does nothing while I/O waits, and "
			 "is left alone",
			 words, tracer);
	else
		log_warn(of->name,
			 "%s, does nothing while I/O waits, and is left alone",
			 words);
}

static enum vigil_next judge(struct vigil *v, const struct vigil_of *of,
			     const struct progress_rules *r, const char **why)
{
	const struct progress_verdict *verdict;
	struct pulse_seen seen;
	struct process_state s;
	struct progress_facts f = {
		.silent = v->progress.silent,
		.patience = r->patience,
		.stopped = r->stopped,
	};
	unsigned is = of->demand(of->ctx, DEMAND_IO | DEMAND_STEPS);

	of->out->look(of->out, of->pid, &s);
	f.waits = is & DEMAND_IO;
	f.steps = is & DEMAND_STEPS;
	f.state = s.state;
	f.tracer = s.tracer;
	f.frozen = s.frozen;
	f.cpu = (uint32_t)(of->out->cpu(of->out, of->pid) - v->cpu);
	/* Last, so that its state is not that of an engine that went on. */
	if (has_moved(v, &seen)) {
		v->heard = true;
		return VIGIL_FINE;
	}
	verdict = progress_judge(&f);
	if (!verdict->replace) {
		say_left_alone(v, of, verdict->words, f.tracer);
		return VIGIL_FINE;
	}
	*why = verdict->words;
	return VIGIL_REPLACE;
}

/* What it says it has in hand may be a lie; that it has nothing is checked. */
static bool is_deaf(struct vigil *v, const struct vigil_of *of,
		    const struct progress_rules *r,
		    const struct pulse_seen *seen)
{
	bool idle = seen->taken == v->taken && seen->taken == seen->answered;

	v->taken = seen->taken;
	if (!v->shown || !of->timeout)
		return false;
	return progress_deaf(&v->progress, r, seen->beats,
			     idle && of->demand(of->ctx, DEMAND_UNREAD));
}

enum vigil_next vigil_look(struct vigil *v, const struct vigil_of *of,
			   uint64_t now, const char **why)
{
	const struct progress_rules r = rules_of(v, of);
	struct pulse_seen seen;
	bool moved = has_moved(v, &seen), slept = has_slept(v);
	enum progress_next next;

	next = progress_look(&v->progress, &r, now, moved, slept);
	if (!slept && is_deaf(v, of, &r, &seen)) {
		*why = "reads no requests";
		return VIGIL_REPLACE;
	}
	switch (next) {
	case PROGRESS_ASK:
		return VIGIL_ASK;
	case PROGRESS_NOTE:
		v->cpu = of->out->cpu(of->out, of->pid);
		return VIGIL_FINE;
	case PROGRESS_JUDGE:
		return judge(v, of, &r, why);
	case PROGRESS_FINE:
		break;
	}
	return VIGIL_FINE;
}

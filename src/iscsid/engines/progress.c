/*
 * progress - does an engine get on, or does it hang?
 */
#include "iscsid/engines/progress.h"

#include <stddef.h>

/* Without a page silence is all there is, and a busy engine is silent, too. */
struct progress_rules progress_rules(bool watched, uint32_t timeout,
				     bool serves)
{
	struct progress_rules r = { PROGRESS_RARELY, 0, PROGRESS_LONG,
				    PROGRESS_LONG };

	if (!watched || !timeout)
		return r;
	r.every = PROGRESS_EVERY;
	r.ask_after = serves ? 0 : PROGRESS_RARELY;
	r.patience = timeout;
	r.stopped = timeout < PROGRESS_STOPPED ? timeout : PROGRESS_STOPPED;
	return r;
}

/* One look ---------------------------------------------------------------- */

static void begin_anew(struct progress *p)
{
	p->still = p->silent = 0;
	p->asked = false;
	p->said = NULL;
}

static enum progress_next stands_still(struct progress *p,
				       const struct progress_rules *r,
				       uint32_t passed)
{
	bool first = p->silent == 0;

	p->still += passed;
	if (!p->asked) {
		p->asked = p->still >= r->ask_after;
		return p->asked ? PROGRESS_ASK : PROGRESS_FINE;
	}
	/* Bounded: a debugger may hold it for months. */
	if (p->silent < UINT32_MAX / 2)
		p->silent += passed;
	if (first)
		return PROGRESS_NOTE;
	return p->silent >= r->stopped ? PROGRESS_JUDGE : PROGRESS_FINE;
}

enum progress_next progress_look(struct progress *p,
				 const struct progress_rules *r, uint64_t now,
				 bool moved, bool slept)
{
	uint64_t passed = now - p->looked;

	p->looked = now;
	if (slept)
		p->unread = 0;
	if (moved || slept) {
		begin_anew(p);
		return PROGRESS_FINE;
	}
	return stands_still(p, r,
			    passed < r->every ? (uint32_t)passed : r->every);
}

/* The verdict ------------------------------------------------------------- */

static bool is_over(const struct progress_facts *f)
{
	return f->state == 'Z' || f->state == 'X';
}

static bool is_unknown(const struct progress_facts *f)
{
	return !f->state && f->silent < PROGRESS_LONG;
}

static bool is_stopped(const struct progress_facts *f)
{
	return f->state == 'T' || f->state == 't';
}

static bool is_early(const struct progress_facts *f)
{
	return f->silent < (is_stopped(f) ? f->stopped : f->patience);
}

static bool is_idle(const struct progress_facts *f)
{
	return !f->waits && f->silent < PROGRESS_LONG;
}

static bool is_traced(const struct progress_facts *f)
{
	return f->tracer != 0;
}

static bool is_frozen(const struct progress_facts *f)
{
	return f->frozen;
}

/*
 * It could run and was not let: the CPU time that it had is little beside the
 * time.  With enough of it it would have turned.
 */
static bool is_starved(const struct progress_facts *f)
{
	return f->state == 'R' && f->cpu < f->patience / 10 * 7;
}

static bool spins(const struct progress_facts *f)
{
	return f->state == 'R';
}

/*
 * A signal does not end what the kernel does for it, and workers may hold what
 * it waits for.
 */
static bool waits_for_kernel(const struct progress_facts *f)
{
	return (f->state == 'D' || f->steps) && f->silent < PROGRESS_KERNEL;
}

static bool is_held(const struct progress_facts *f)
{
	return f->state == 'D';
}

static bool always(const struct progress_facts *f)
{
	return true;
}

static const struct progress_verdict verdicts[] = {
	{ is_over, false, NULL }, /* we are about to hear of it */
	{ is_unknown, false, NULL },
	{ is_early, false, NULL },
	{ is_idle, false, NULL },
	{ is_traced, false, "is traced" },
	{ is_frozen, false, "is in a frozen cgroup" },
	{ is_starved, false, "gets no CPU" },
	{ is_stopped, true, "is stopped" },
	{ spins, true, "spins" },
	{ waits_for_kernel, false, NULL },
	{ is_held, true, "is held by the kernel" },
	{ always, true, "does not wake" },
};

const struct progress_verdict *progress_judge(const struct progress_facts *f)
{
	const struct progress_verdict *v = verdicts;

	while (!v->holds(f))
		v++;
	return v;
}

/* Deaf -------------------------------------------------------------------- */

/* At each look: while it stands still its beats do not grow. */
bool progress_deaf(struct progress *p, const struct progress_rules *r,
		   uint64_t beats, bool unread)
{
	if (!unread) {
		p->unread = 0;
		return false;
	}
	if (!p->unread)
		p->unread_from = beats;
	p->unread += r->every;
	/* Twice as long, and in whole turns: it may get no CPU. */
	return p->unread / 2 >= r->patience &&
	       beats - p->unread_from >= PROGRESS_TURNS;
}

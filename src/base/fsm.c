/*
 * fsm - runs and prints state-machine tables.
 *
 * Knows no machine; the tables stand with their owners.
 */
#include "base/fsm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

#define MAX_STATES 32 /* fsm_row.from is a set of 32 */

#ifdef NDEBUG
static bool strict;
#else
static bool strict = true;
#endif

/* A step whose action runs; of one thread, like all machines. */
struct frame {
	const void *obj;
	bool over; /* obj may be freed */
	struct frame *outer;
};
static struct frame *innermost;

void fsm_set_strict(bool on)
{
	strict = on;
}

static const struct fsm_row *find_row(const struct fsm *f, uint8_t state,
				      uint8_t event)
{
	if (state >= MAX_STATES)
		return NULL;
	for (size_t i = 0; i < f->nrows; i++)
		if (f->rows[i].event == event && f->rows[i].from & IN(state))
			return &f->rows[i];
	return NULL;
}

static const char *name_of(const char *const *names, uint8_t n, uint8_t i)
{
	return i < n ? names[i] : "?";
}

static void end_program(const char *what, const char *why)
{
	fprintf(stderr, "fsm: %s%s\n", what, why);
	abort();
}

static void impossible(const struct fsm *f, uint8_t state, uint8_t event,
		       void *obj)
{
	char what[128];

	snprintf(what, sizeof(what), "%s: %s in %s is not foreseen", f->name,
		 name_of(f->events, f->nevents, event),
		 name_of(f->states, f->nstates, state));
	if (strict)
		end_program(what, "");
	f->broken(obj, what);
}

/* Steps of the object around this one may not look at it any more. */
static void mark_over(const void *obj)
{
	for (struct frame *fr = innermost; fr; fr = fr->outer)
		fr->over |= fr->obj == obj;
}

static void check(const struct fsm *f, const struct fsm_row *row,
		  const void *obj)
{
	const char *wrong = f->check ? f->check(obj) : NULL;
	char what[128];

	if (!wrong)
		return;
	snprintf(what, sizeof(what),
		 "%s: after %s, which leads to %s: ", f->name,
		 f->events[row->event], f->states[row->to]);
	end_program(what, wrong);
}

static void act_strictly(const struct fsm *f, const struct fsm_row *row,
			 void *obj, const void *arg)
{
	struct frame frame = { .obj = obj, .outer = innermost };

	innermost = &frame;
	if (f->ends & IN(row->to))
		mark_over(obj);
	if (row->act)
		row->act(obj, arg);
	innermost = frame.outer;
	if (!frame.over)
		check(f, row, obj);
}

int fsm_step(const struct fsm *f, uint8_t *state, uint8_t event, void *obj,
	     const void *arg)
{
	const struct fsm_row *row = find_row(f, *state, event);

	if (!row) {
		impossible(f, *state, event, obj);
		return -EPROTO;
	}
	if (row->to == FSM_IGNORED)
		return 0;
	*state = row->to;
	if (strict)
		act_strictly(f, row, obj, arg);
	else if (row->act)
		row->act(obj, arg);
	return 0;
}

static void dump_row(const struct fsm *f, uint8_t state,
		     const struct fsm_row *row, struct strbuf *out)
{
	bool ignored = row->to == FSM_IGNORED;

	sb_add(out, "%s  %s %s %s", f->states[state], f->events[row->event],
	       ignored ? "ignored:" : "->",
	       ignored ? row->label : f->states[row->to]);
	if (!ignored && row->label)
		sb_add(out, "  %s", row->label);
	sb_add(out, "\n");
}

static void dump_impossible(const struct fsm *f, uint8_t state,
			    struct strbuf *out)
{
	bool any = false;

	for (uint8_t event = 0; event < f->nevents; event++) {
		if (find_row(f, state, event))
			continue;
		if (!any)
			sb_add(out, "%s  impossible:", f->states[state]);
		sb_add(out, " %s", f->events[event]);
		any = true;
	}
	if (any)
		sb_add(out, "\n");
}

void fsm_dump(const struct fsm *f, struct strbuf *out)
{
	for (uint8_t state = 0; state < f->nstates; state++) {
		for (size_t i = 0; i < f->nrows; i++)
			/* A later row for the same pair is never reached. */
			if (find_row(f, state, f->rows[i].event) == &f->rows[i])
				dump_row(f, state, &f->rows[i], out);
		dump_impossible(f, state, out);
	}
}

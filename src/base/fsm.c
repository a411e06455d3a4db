/*
 * fsm - runs and prints state-machine tables.
 *
 * Knows no machine; the tables stand with their owners.
 */
#include "base/fsm.h"

#include <errno.h>
#include <stdbool.h>

#include "base/str.h"

#define MAX_STATES 32 /* fsm_row.from is a set of 32 */

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

int fsm_step(const struct fsm *f, uint8_t *state, uint8_t event, void *obj,
	     const void *arg)
{
	const struct fsm_row *row = find_row(f, *state, event);

	if (!row)
		return -EPROTO;
	*state = row->to;
	if (row->act)
		row->act(obj, arg);
	return 0;
}

void fsm_dump(const struct fsm *f, struct strbuf *out)
{
	for (uint8_t state = 0; state < MAX_STATES; state++) {
		for (size_t i = 0; i < f->nrows; i++) {
			const struct fsm_row *row = &f->rows[i];

			/* A later row for the same pair is never reached. */
			if (find_row(f, state, row->event) != row)
				continue;
			sb_add(out, "%s  %s -> %s", f->states[state],
			       f->events[row->event], f->states[row->to]);
			if (row->label)
				sb_add(out, "  %s", row->label);
			sb_add(out, "\n");
		}
	}
}

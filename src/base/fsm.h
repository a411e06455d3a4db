/*
 * fsm - state machines as tables one can lay beside a standard.
 *
 * The next state stands in the row, never in an action's return value.
 */
#ifndef BASE_FSM_H
#define BASE_FSM_H

#include <stddef.h>
#include <stdint.h>

struct strbuf;

#define IN(state) (1u << (state))

struct fsm_row {
	uint32_t from; /* set of states, IN(a) | IN(b) */
	uint8_t event;
	uint8_t to;
	void (*act)(void *obj, const void *arg); /* NULL: only move */
	const char *label;			 /* the standard's name: "T4" */
};

struct fsm {
	const char *name;
	const char *const *states, *const *events; /* names, for fsm_dump */
	const struct fsm_row *rows;
	size_t nrows;
};

/*
 * Finds the first row for (*state, event), moves *state, then acts.
 * Returns 0, or -EPROTO when no row fits (the state is unchanged).
 */
int fsm_step(const struct fsm *f, uint8_t *state, uint8_t event, void *obj,
	     const void *arg);

/* A line a (state, event) pair, for the golden file in the tests. */
void fsm_dump(const struct fsm *f, struct strbuf *out);

#endif

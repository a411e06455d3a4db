/*
 * fsm - state machines as tables one can lay beside a standard.
 *
 * Every pair of a state and an event is a step, is ignored for a reason, or is
 * impossible: what no row names is a mistake of ours.  So nothing that comes
 * from outside may be left to that.  The next state stands in the row, never
 * in an action's return value.
 */
#ifndef BASE_FSM_H
#define BASE_FSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

#define IN(state)   (1u << (state))
#define FSM_IGNORED 0xff /* to: nothing moves; label says why */

struct fsm_row {
	uint32_t from; /* set of states, IN(a) | IN(b) */
	uint8_t event;
	uint8_t to;
	void (*act)(void *obj, const void *arg); /* NULL: only move */
	const char *label; /* the standard's name, "T4"; or a reason */
};

struct fsm {
	const char *name;
	const char *const *states, *const *events; /* names */
	const struct fsm_row *rows;
	size_t nrows;
	uint8_t nstates, nevents; /* names, each */
	uint32_t ends; /* set of states whose actions may free the object */
	/*
	 * NULL, or what of the object is not as its state says: asked after
	 * each step of a strict program.
	 */
	const char *(*check)(const void *obj);
	/*
	 * The impossible happened, in a program that is not strict: says what,
	 * once an object, and fails the object and nothing else.  Its callers
	 * still hold it.
	 */
	void (*broken)(void *obj, const char *what);
};

/*
 * Finds the first row for (*state, event), moves *state, then acts.
 * Returns 0, also where the row says that it is ignored.  Where no row fits
 * the state stays; the program ends (abort) if it is strict, else broken() is
 * called and -EPROTO returned.
 */
int fsm_step(const struct fsm *f, uint8_t *state, uint8_t event, void *obj,
	     const void *arg);

/* As built, a program is strict unless NDEBUG is defined. */
void fsm_set_strict(bool on);

/*
 * A line a step or ignored pair, and a line a state with what is impossible
 * there, for the golden file in the tests.
 */
void fsm_dump(const struct fsm *f, struct strbuf *out);

#endif

/*
 * attempt - one try after another to have a session: which portal is next, and
 * when, and for how long requests wait for it.
 */
#ifndef ENGINE_ATTEMPT_H
#define ENGINE_ATTEMPT_H

#include "engine/target/engine_target.h"
#include "proto/fault.h"

struct fsm;

enum attempt_event {
	ATTEMPT_EV_TIME,   /* the pause is over */
	ATTEMPT_EV_STANDS, /* a session, and it counts */
	ATTEMPT_EV_CLOSED, /* nothing is open any more */
	ATTEMPT_EV_ASK,	   /* the manager was asked for a name */
	ATTEMPT_EV_AGAIN,  /* the next follows */
	ATTEMPT_EV_NO_USE, /* none makes sense */
	ATTEMPT_EV_RETRY,  /* there is reason to believe in another */
	ATTEMPT_EV_MOVE,   /* another portal is wanted, at once */
	ATTEMPT_EV_ANEW,   /* with other settings, at once */
	ATTEMPT_EV_LEAVE,  /* none is wanted */
	ATTEMPT_EVENTS
};

extern const struct fsm attempt_fsm; /* for the tests */

void attempt_step(struct engine_target *t, enum attempt_event ev);

/* How an attempt ended, or a session that stood. */
struct attempt_end {
	bool was_up;
	uint16_t time2wait; /* s */
};

void attempt_init(struct engine_target *t);
/* An attempt ended, and the next one follows by these words; or none does. */
void attempt_again(struct engine_target *t, enum fault_retry retry,
		   const struct fault *why, const char *detail,
		   const struct attempt_end *end);
/* Connects t->nexus to where t is. */
void attempt_connect(struct engine_target *t);
/* The next ones to this address come from this port, twice. */
void attempt_keep_port(struct engine_target *t, const struct addr *at,
		       uint16_t port);

/* Waiting requests have connfail-timeout from now, a session being lost: */
void attempt_start_expiry(struct engine_target *t);
/* ... and it is another one, or has been. */
void attempt_set_expiry(struct engine_target *t);
/* It is for a session's sake: what waits may wait for so long yet. */
void attempt_bear(struct engine_target *t, uint32_t ms);

#endif

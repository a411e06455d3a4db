/*
 * attempt - one try after another to have a session: which portal is next, and
 * when, and for how long requests wait for it.
 */
#ifndef ENGINE_ATTEMPT_H
#define ENGINE_ATTEMPT_H

#include "engine/target/engine_target.h"
#include "proto/fault.h"

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
/* Turns to the next portal; returns whether all had their turn. */
bool attempt_next_portal(struct engine_target *t, bool was_up);
/* Connects t->nexus to where t is. */
void attempt_connect(struct engine_target *t);
/* The next ones to this address come from this port, twice. */
void attempt_keep_port(struct engine_target *t, const struct addr *at,
		       uint16_t port);

/* Waiting requests have connfail-timeout from when the session was lost: */
void attempt_start_expiry(struct engine_target *t);
/* ... the same, and connfail-timeout is another. */
void attempt_set_expiry(struct engine_target *t);
/* It is for a session's sake: what waits may wait for so long yet. */
void attempt_bear(struct engine_target *t, uint32_t ms);

#endif

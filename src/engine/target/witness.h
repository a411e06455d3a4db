/*
 * witness - does a new session end the old one, as RFC 7143 6.3.5 has it?
 *
 * Seen at a login, before anything is sent, until it is known: a second session
 * with the same ISID is begun beside the first, and the target should close
 * the first one.  The second is kept.  What real targets do about it differs
 * (docs/ghost-writes.md), and nothing else tells.
 */
#ifndef ENGINE_WITNESS_H
#define ENGINE_WITNESS_H

#include <stdbool.h>

#include "engine/target/engine_target.h"
#include "proto/fault.h"

struct fsm;

enum witness_event {
	WITNESS_EV_BEGIN,
	WITNESS_EV_STOOD,	/* the second one */
	WITNESS_EV_LOST,	/* the second one, and the first is no help */
	WITNESS_EV_BACK,	/* ... and the first goes on */
	WITNESS_EV_FIRST_ENDED, /* by the target */
	WITNESS_EV_FIRST_LOST,	/* some other way */
	WITNESS_EV_TIME,
	WITNESS_EV_STOP,
	WITNESS_EVENTS
};

extern const struct fsm witness_fsm; /* for the tests */

void witness_init(struct engine_target *t);
/* Behind witness_stop(). */
void witness_fini(struct engine_target *t);

/*
 * A session stands, and nothing was sent: true when the target is to be seen
 * with a second one, which is t->nexus now.
 */
bool witness_begin(struct engine_target *t);
/* The session that counts stands. */
void witness_stood(struct engine_target *t);
/*
 * The session that counts is lost, or came to nothing: true when the first is
 * t->nexus again, and stands.
 */
bool witness_takes_back(struct engine_target *t, const struct fault *why);
/* The first is down. */
void witness_first_down(struct engine_target *t, const struct fault *why);
/* Ends what is under way; false: it takes a moment, and engine_target_buried()
 * comes.
 */
bool witness_stop(struct engine_target *t);

#endif

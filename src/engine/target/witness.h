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
#include <stdint.h>

#include "engine/session/nexus.h"
#include "io/timer.h"
#include "proto/fault.h"

struct engine_target;

enum reinstates { /* in the order of reinstates_words */
	REINSTATES_UNKNOWN,
	REINSTATES_YES,
	REINSTATES_NO,
};

enum witness_state {
	WITNESS_IDLE,
	WITNESS_SECOND,	 /* the second one is begun */
	WITNESS_WATCH,	 /* it stands: does the first end? */
	WITNESS_OUTLIVE, /* it did: did the path, or does the second stay? */
};

struct witness {
	enum witness_state state;
	enum reinstates verdict;
	uint32_t ms;	     /* YES: so long after the second one stood */
	bool skipped;	     /* what was seen began in the operational stage */
	unsigned tries;	     /* that came to nothing */
	bool over;	     /* the first ended before the second stood */
	uint64_t stood;	     /* ms: when the second did */
	struct nexus *first; /* until its connection is closed, or NULL */
	struct nexus *dead;  /* to be freed outside of all callbacks */
	struct nexus *spare; /* for the next try, or NULL */
	struct io_timer timer;
	struct io_op bury;
};

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

/*
 * backoff - how long to wait before the next login attempt.
 */
#ifndef ENGINE_BACKOFF_H
#define ENGINE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/fault.h"

/* A redirection is followed at once, so often without a session between. */
#define BACKOFF_HOPS 8

struct backoff {
	uint32_t step; /* ms: the next pause; 0: as short as it may be */
	unsigned hops; /* redirections since the last real attempt */
};

#define BACKOFF_NEVER UINT32_MAX

/*
 * Milliseconds until the next attempt, or BACKOFF_NEVER.
 *
 * retry: what the fault that ended the last attempt says; RETRY_NOW counts as
 * RETRY_SOON after BACKOFF_HOPS of them.  round_over: every portal had its
 * turn, the next delay is longer.  time2wait: seconds the target asked for.
 * random: 32 unpredictable bits, so that a thousand initiators which lost a
 * target together do not come back together.
 */
uint32_t backoff_next(struct backoff *b, enum fault_retry retry,
		      bool round_over, uint16_t time2wait, uint32_t random);

/* So many redirections in a row that they lead in a circle. */
bool backoff_is_circle(const struct backoff *b);

/* All is different now: the delays start anew. */
void backoff_reset(struct backoff *b);
/*
 * A session was up for so many ms: the delays start anew, unless it ended so
 * quickly that nothing was gained by it.
 */
void backoff_lasted(struct backoff *b, uint64_t ms);

#endif

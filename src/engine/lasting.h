/*
 * lasting - how long a discovery session stays, and when it asks again.
 *
 * A session that lasts tells of new targets by itself: the target sends
 * asynchronous messages.  A target that does not keep discovery sessions for
 * long shows so by asking for a logout.  Pure: time is a parameter, in ms.
 */
#ifndef ENGINE_LASTING_H
#define ENGINE_LASTING_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/session.h"

#define LASTING_AGAIN                                                          \
	1000 /* ms from an event to the question: bursts merge                 \
	      */

struct lasting {
	bool lasting;	 /* it stays, and is worth a new connection */
	bool answered;	 /* a whole answer came */
	bool asking;	 /* a question is on its way */
	bool changed;	 /* an event came meanwhile */
	uint32_t linger; /* ms after the first answer, when it does not last */
	uint64_t leave_at, ask_at; /* UINT64_MAX: never */
};

enum lasting_wish {
	LASTING_STAY,
	LASTING_ASK,
	LASTING_LEAVE,
};

/* linger 0: it leaves right after the first answer. */
void lasting_init(struct lasting *l, bool lasting, uint32_t linger);
/* A connection is made: the first question goes out. */
void lasting_begin(struct lasting *l);
void lasting_answered(struct lasting *l, uint64_t now);
void lasting_news(struct lasting *l, enum session_news news, uint64_t now);

uint64_t lasting_next_wake(const struct lasting *l);
/* What is to be done now; each wish is told once. */
enum lasting_wish lasting_tick(struct lasting *l, uint64_t now);

#endif

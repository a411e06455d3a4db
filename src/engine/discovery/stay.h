/*
 * stay - how long a discovery session stays, and when it asks again.
 *
 * A session that lasts tells of new targets by itself: the target sends
 * asynchronous messages.  A target that does not keep discovery sessions for
 * long shows so by asking for a logout.  Pure: time is a parameter, in ms.
 */
#ifndef ENGINE_STAY_H
#define ENGINE_STAY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/session.h"

#define STAY_AGAIN                                                             \
	1000 /* ms from an event to the question: bursts merge                 \
	      */

struct stay {
	bool lasting;	 /* it stays, and is worth a new connection */
	bool answered;	 /* a whole answer came */
	bool asking;	 /* a question is on its way */
	bool changed;	 /* an event came meanwhile */
	uint32_t linger; /* ms after the first answer, when it does not last */
	uint64_t leave_at, ask_at; /* UINT64_MAX: never */
};

enum stay_wish {
	STAY_WAIT,
	STAY_ASK,
	STAY_LEAVE,
};

/* linger 0: it leaves right after the first answer. */
void stay_init(struct stay *l, bool lasting, uint32_t linger);
/* A connection is made: the first question goes out. */
void stay_begin(struct stay *l);
void stay_answered(struct stay *l, uint64_t now);
void stay_news(struct stay *l, enum session_news news, uint64_t now);

uint64_t stay_next_wake(const struct stay *l);
/* What is to be done now; each wish is told once. */
enum stay_wish stay_tick(struct stay *l, uint64_t now);

#endif

/*
 * timer - one-shot timers, embedded in their owners.
 *
 * A pairing heap: setting is O(1), cancelling and expiring O(log n)
 * amortised, and nothing is ever allocated.  No clock: times are
 * milliseconds of whatever clock the caller reads.
 */
#ifndef IO_TIMER_H
#define IO_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define TIMER_NEVER UINT64_MAX

/* All zeros is a timer that is not set; its memory must stay put while set. */
struct io_timer {
	void (*fn)(struct io_timer *t); /* the owner's; t is not set any more */
	uint64_t when;			/* ms */

	/* the heap's own; prev is the elder sibling, or the parent */
	struct io_timer *child, *next, *prev;
	bool set;
};

struct timer_heap { /* all zeros is an empty one */
	struct io_timer *top;
	uint64_t now; /* of the timer_run() that is running */
	bool running;
};

/* Sets or moves t; t->fn is in place. */
void timer_set(struct timer_heap *h, struct io_timer *t, uint64_t when);
/* Fine when t is not set. */
void timer_cancel(struct timer_heap *h, struct io_timer *t);
/* When the earliest expires, or TIMER_NEVER. */
uint64_t timer_next(const struct timer_heap *h);
/*
 * Calls fn of each timer with when <= now, in order of time.  What one of
 * them sets to now or earlier is set to now + 1.
 */
void timer_run(struct timer_heap *h, uint64_t now);

#endif

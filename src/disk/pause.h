/*
 * pause - a time to wait, by an owner without a clock.
 *
 * A pause begins when the time is next told, so that it is never shorter
 * than it should be.
 */
#ifndef DISK_PAUSE_H
#define DISK_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

struct pause {
	bool on, counting;
	uint64_t until; /* ms, while counting */
};

static inline void pause_begin(struct pause *p)
{
	*p = (struct pause){ .on = true };
}

static inline void pause_end(struct pause *p)
{
	p->on = false;
}

/* When pause_over() should be asked; UINT64_MAX: never. */
static inline uint64_t pause_wake(const struct pause *p)
{
	if (!p->on)
		return UINT64_MAX;
	return p->counting ? p->until : 0;
}

/* True once, ms after the pause began. */
static inline bool pause_over(struct pause *p, uint64_t now, uint32_t ms)
{
	if (!p->on)
		return false;
	if (!p->counting) {
		p->counting = true;
		p->until = now + ms;
	}
	if (now < p->until)
		return false;
	p->on = false;
	return true;
}

#endif

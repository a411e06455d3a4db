/*
 * backoff - exponential, with a jitter of a fifth.
 */
#include "engine/session/backoff.h"

/* A session that ends before so many ms is no success: the target flaps. */
#define LASTS 2000

static const struct {
	uint32_t first, last; /* ms */
} delays[] = {
	[RETRY_QUICK] = { 1000, 1000 },
	[RETRY_SOON] = { 1000, 10000 },
	[RETRY_RARELY] = { 15000, 60000 },
};

static uint32_t jitter(uint32_t ms, uint32_t random)
{
	uint32_t width = ms * 2 / 5;

	return ms - width / 2 + random % (width + 1);
}

uint32_t backoff_next(struct backoff *b, enum fault_retry retry,
		      bool round_over, uint16_t time2wait, uint32_t random)
{
	uint32_t wait = time2wait * 1000u, ms = b->step;

	if (retry == RETRY_NEVER)
		return BACKOFF_NEVER;
	if (retry == RETRY_NOW) {
		if (b->hops++ < BACKOFF_HOPS)
			return 0;
		retry = RETRY_SOON;
	}
	b->hops = 0;
	if (ms < delays[retry].first)
		ms = delays[retry].first;
	if (ms > delays[retry].last)
		ms = delays[retry].last;
	b->step = round_over ? ms * 2 : ms;
	if (b->step > delays[retry].last)
		b->step = delays[retry].last;
	ms = jitter(ms, random);
	return ms > wait ? ms : wait;
}

bool backoff_is_circle(const struct backoff *b)
{
	return b->hops >= BACKOFF_HOPS;
}

void backoff_reset(struct backoff *b)
{
	*b = (struct backoff){ 0 };
}

void backoff_lasted(struct backoff *b, uint64_t ms)
{
	if (ms >= LASTS)
		backoff_reset(b);
}

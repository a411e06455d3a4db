/*
 * pauses - how long to wait before trying again, and how often to say so.
 */
#include "iscsid/engines/pauses.h"

#include <stddef.h>

#include "base/fnv.h"

struct step {
	unsigned upto; /* up to this many failures, */
	uint32_t ms;   /* this pause */
};

static const struct step discovery_steps[] = {
	{ 1, 0 },     { 9, 1000 },   { 19, 2000 },
	{ 25, 5000 }, { 33, 15000 }, { UINT32_MAX, 60000 },
};

static const struct step engine_steps[] = {
	{ 3, 0 },     { 5, 1000 },   { 8, 2000 },
	{ 12, 5000 }, { 17, 15000 }, { UINT32_MAX, 60000 },
};

static uint32_t look_up(const struct step *s, unsigned failures)
{
	while (failures > s->upto)
		s++;
	return s->ms;
}

uint32_t pause_discovery(unsigned failures)
{
	return look_up(discovery_steps, failures);
}

uint32_t pause_engine(unsigned deaths)
{
	return look_up(engine_steps, deaths);
}

uint32_t patience_engine(unsigned deaths)
{
	return UINT32_C(10000) << (deaths < 3 ? deaths : 3);
}

bool repeat_may_say(struct repeat *r, const char *line, uint64_t now)
{
	uint32_t h = fnv32_str(FNV32, line);
	unsigned at = r->next;

	for (unsigned i = 0; i < r->count; i++) {
		if (r->said[i].hash != h)
			continue;
		if (now - r->said[i].since < REPEAT_EVERY) {
			r->said[i].held++;
			return false;
		}
		at = i;
	}
	r->repeated =
		at < r->count && r->said[at].hash == h ? r->said[at].held : 0;
	r->said[at].held = 0;
	r->said[at].hash = h;
	r->said[at].since = now;
	if (at == r->next) {
		r->next = (r->next + 1) % REPEAT_LINES;
		r->count += r->count < REPEAT_LINES;
	}
	return true;
}

void repeat_forget(struct repeat *r)
{
	r->count = r->next = 0;
}

bool budget_take(struct budget *b, unsigned max, uint64_t period, uint64_t now)
{
	if (now - b->start >= period) {
		b->start = now;
		b->used = 0;
	}
	if (b->used >= max)
		return false;
	b->used++;
	return true;
}

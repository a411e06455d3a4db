/*
 * spin - whether to look for the next answer before sleeping for it.
 */
#include "io/spin.h"

#define FEW_ANSWERS 2
#define NEEDED_MOST 64

bool spin_pays(const struct spin *s, unsigned answers)
{
	return s->on && answers <= FEW_ANSWERS && s->short_sleeps >= s->needed;
}

void spin_slept(struct spin *s, uint64_t ns)
{
	s->short_sleeps = ns < SPIN_NS ? s->short_sleeps + 1 : 0;
}

void spin_looked(struct spin *s, bool found)
{
	if (found) {
		s->needed = 1;
		return;
	}
	s->short_sleeps = 0;
	if (s->needed < NEEDED_MOST)
		s->needed *= 2;
}

/*
 * spin - whether to look for the next answer before sleeping for it.
 *
 * To fall asleep and be woken costs more than many an answer takes to come.
 * So whoever slept but shortly looks for a while before it sleeps again.  A
 * look in vain asks for more short sleeps before the next, twice as many
 * each time: where it does not pay it soon is not done.
 */
#ifndef IO_SPIN_H
#define IO_SPIN_H

#include <stdbool.h>
#include <stdint.h>

#define SPIN_NS 100000 /* the longest look; a sleep below it is short */

struct spin {
	bool on;
	unsigned short_sleeps, needed;
};

/* Alone on one CPU nobody can answer meanwhile. */
static inline void spin_init(struct spin *s, unsigned cpus)
{
	s->on = cpus > 1;
	s->short_sleeps = 0;
	s->needed = 1;
}

/* answers: of the last turn; when they come in heaps, more come together. */
bool spin_pays(const struct spin *s, unsigned answers);
void spin_slept(struct spin *s, uint64_t ns);
void spin_looked(struct spin *s, bool found);

#endif

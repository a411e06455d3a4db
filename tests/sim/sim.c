/*
 * sim - the simulated world's clock, dice, diary and figures.
 */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Never 0, so that an uninitialized time shows. */
#define BEGINNING (1000 * SEC)

struct sim sim;

static const char *const names[FIG_COUNT] = {
	[FIG_WRITES] = "writes acknowledged",
	[FIG_READS] = "reads compared",
	[FIG_FLUSHES] = "flushes acknowledged",
	[FIG_ERRORS] = "honest errors",
	[FIG_KILLS] = "engine kills survived",
	[FIG_DEATHS] = "manager deaths survived",
	[FIG_LOST] = "lost",
	[FIG_WRONG] = "wrong",
	[FIG_STUCK] = "stuck",
	[FIG_ERROR] = "error",
	[FIG_LEAK] = "leak",
};

const char *figure_name(enum figure f)
{
	return names[f];
}

void sim_init(uint64_t seed, bool trace, struct figures *f)
{
	struct dice first = { seed };

	memset(&sim, 0, sizeof(sim));
	sim.now = BEGINNING;
	sim.trace = trace;
	sim.figures = f;
	sim.dice.state = dice_roll(&first);
	sim.net.state = dice_roll(&first);
	sim.app.state = dice_roll(&first);
	sim.engine.state = dice_roll(&first);
	sim.fence.state = dice_roll(&first);
	sim.duty.state = dice_roll(&first);
	sim.quirk.state = dice_roll(&first);
	sim.host.state = dice_roll(&first);
}

/* Events -------------------------------------------------------------- */

void sim_at(struct io_timer *t, uint64_t us)
{
	timer_set(&sim.events, t, us);
}

void sim_after(struct io_timer *t, uint64_t us)
{
	timer_set(&sim.events, t, sim.now + us);
}

void sim_cancel(struct io_timer *t)
{
	timer_cancel(&sim.events, t);
}

bool sim_step(uint64_t until)
{
	uint64_t next = timer_next(&sim.events);

	if (next > until) {
		sim.now = until;
		return false;
	}
	if (next > sim.now)
		sim.now = next;
	timer_run(&sim.events, sim.now);
	return true;
}

uint64_t sim_ms(void)
{
	return sim.now / MS;
}

uint64_t sim_stamp(void)
{
	return ++sim.stamp;
}

/* Dice ---------------------------------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014) */
uint64_t dice_roll(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t dice_below(struct dice *d, uint32_t n)
{
	return n ? (uint32_t)((dice_roll(d) >> 32) * n >> 32) : 0;
}

uint64_t dice_between(struct dice *d, uint64_t a, uint64_t b)
{
	return a + dice_roll(d) % (b - a + 1);
}

bool dice_chance(struct dice *d, uint32_t of_1000)
{
	return dice_below(d, 1000) < of_1000;
}

uint64_t dice_skewed(struct dice *d, uint64_t a, uint64_t b)
{
	uint64_t top = b - a;

	for (int i = dice_below(d, 4) * 2; i > 0; i--)
		top = (top + 1) / 2;
	return a + dice_roll(d) % (top + 1);
}

/* The diary ----------------------------------------------------------- */

static void write_line(const char *who, const char *text)
{
	uint64_t us = sim.now - BEGINNING;

	printf("%5llu.%06llu %-10s %s\n", (unsigned long long)(us / SEC),
	       (unsigned long long)(us % SEC), who, text);
}

void sim_trace(const char *who, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (!sim.trace)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	write_line(who, text);
}

void sim_fail(enum figure kind, const char *fmt, ...)
{
	char text[sizeof(sim.failure)];
	va_list ap;
	int n;

	sim_count(kind);
	n = snprintf(text, sizeof(text), "%s: ", figure_name(kind));
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	if (sim.trace)
		write_line("FAILED", text);
	if (sim.failed)
		return;
	memcpy(sim.failure, text, sizeof(text));
	sim.failed = sim.failure;
}

void sim_count(enum figure f)
{
	sim.figures->n[f]++;
}

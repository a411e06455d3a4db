/*
 * sim - the simulated world's clock, dice, diary and figures.
 *
 * There is one world in a process.  Time is virtual, in microseconds, and
 * moves only from one event to the next; everything that is left to chance
 * comes from dice that the seed decides.  So a seed always tells the same
 * story.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/timer.h"

#define MS  UINT64_C(1000)
#define SEC (1000 * MS)

struct dice {
	uint64_t state;
};

/* What a run counts; names are in sim.c. */
enum figure {
	FIG_WRITES,  /* acknowledged */
	FIG_READS,   /* answered and compared */
	FIG_FLUSHES, /* acknowledged */
	FIG_ERRORS,  /* honest errors: the configuration or the fault permits */
	FIG_KILLS,   /* of engines, survived */
	FIG_DEATHS,  /* of managers, survived */
	FIG_LOST,    /* an older value came back */
	FIG_WRONG,   /* data or words that nobody wrote */
	FIG_STUCK,
	FIG_ERROR, /* that nothing permits */
	FIG_LEAK,
	FIG_COUNT,
};

#define FAULT_KINDS 72

struct figures {
	uint64_t seeds, n[FIG_COUNT];
	uint64_t faults[FAULT_KINDS]; /* by kind, see fault.h */
};

struct sim {
	struct timer_heap events;
	uint64_t now;	/* us */
	uint64_t stamp; /* what happened before what, also within one us */
	struct dice dice, net, app, engine, fence, duty, quirk, host;
	bool trace;
	struct figures *figures;
	const char *failed; /* the first thing that went wrong, or NULL */
	char failure[512];  /* begins with the name of its figure */
};

extern struct sim sim;

void sim_init(uint64_t seed, bool trace, struct figures *f);

/* Events. */
void sim_at(struct io_timer *t, uint64_t us);
void sim_after(struct io_timer *t, uint64_t us);
void sim_cancel(struct io_timer *t);
/* The next event; false: there is none before until. */
bool sim_step(uint64_t until);
uint64_t sim_ms(void);
uint64_t sim_stamp(void);

/* Dice. */
uint64_t dice_roll(struct dice *d);
uint32_t dice_below(struct dice *d, uint32_t n);
/* Both ends are possible. */
uint64_t dice_between(struct dice *d, uint64_t a, uint64_t b);
/* True so many times in a thousand. */
bool dice_chance(struct dice *d, uint32_t of_1000);
/* Between a and b, small ones far more often. */
uint64_t dice_skewed(struct dice *d, uint64_t a, uint64_t b);

/* The diary: written with --trace only. */
void sim_trace(const char *who, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The run has failed; the first one counts. */
void sim_fail(enum figure kind, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void sim_count(enum figure f);
const char *figure_name(enum figure f);

#endif

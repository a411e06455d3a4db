/*
 * world - a run: from the seed to the verdict.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

struct figures;

/* Sets up everything by config, which is set. */
void world_init(void);
/* Lets time pass until done() or the limit (us from now); true: done. */
bool world_until(bool (*done)(void), uint64_t limit);
/* The calm after the faults: all requests end, all is read and compared. */
void world_finish(void);

/* "NAME=VALUE": a setting that is not drawn, in all runs.  False: what? */
bool world_set(const char *setting);
/* A whole random run; true when nothing went wrong: sim.failed says what. */
bool world_run(uint64_t seed, bool trace, struct figures *f);

#endif

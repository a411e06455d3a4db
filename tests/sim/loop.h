/*
 * loop - the simulation's side of the engine's loop (io/loop.h).
 */
#ifndef SIM_LOOP_H
#define SIM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct io_loop;
struct io_op;

/* The engine's loop; there is one at a time.  stopped(): it ends, by itself. */
struct io_loop *loop_new(void (*stopped)(void));
/* With the engine's memory. */
void loop_kill(void);
/* After it stopped. */
void loop_free(void);

/* The callback of io is to be called with res, in a later turn. */
void loop_complete(struct io_op *io, int res);
/* The engine does not run for so long: it is stopped, or starved. */
void loop_stall(uint64_t us);
/* Called instead of the rest of a turn, after n more callbacks; NULL: not. */
void loop_strike(unsigned n, void (*fn)(void));

#endif

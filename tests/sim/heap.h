/*
 * heap - who owns memory: the world, or the engine that may be killed.
 *
 * malloc() and its kin and the arena (base/arena.h) are replaced at link
 * time.  What is taken between heap_engine_in() and heap_engine_out() is the
 * engine's, and goes all at once when it is killed: without any clean-up, as
 * the kernel does it.
 */
#ifndef SIM_HEAP_H
#define SIM_HEAP_H

#include <stddef.h>

void heap_engine_in(void);
void heap_engine_out(void);
/* The manager's is only counted: it gives back what it has. */
void heap_manager_in(void);
void heap_manager_out(void);
size_t heap_manager_pieces(void);

/* All memory of the engine is gone. */
void heap_engine_drop(void);
/* Pieces the engine has; the arena's are pieces, too. */
size_t heap_engine_pieces(void);

/* Zeroed memory of the world, whoever runs; never NULL. */
void *world_alloc(size_t size);
void world_free(void *p);

#endif

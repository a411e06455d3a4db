/*
 * arena - memory that is locked and present before it is used.
 *
 * Reserved while still privileged, touched when handed out, never returned
 * to the kernel: under memory pressure the kernel waits for us to write, so
 * the data path must not need a page (mlock2(2), MLOCK_ONFAULT).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reserves size bytes of address space.  Returns 0 or -errno; *locked tells
 * whether the kernel allowed locking (without it the arena still works).
 */
int arena_reserve(size_t size, bool *locked);

/*
 * Zeroed, page-aligned, prefaulted memory, or NULL when the reserve is used
 * up.  Meant for few, long-lived pieces.  Without a reserve (tests) it comes
 * from mmap.
 */
void *arena_alloc(size_t size);
/* Gives a piece back for a later arena_alloc of the same size. */
void arena_free(void *p, size_t size);

#endif

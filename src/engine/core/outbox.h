/*
 * outbox - messages that wait until the manager reads them.
 *
 * A ring of fixed size: a manager that does not read costs messages, never
 * memory, and never stops the data path.
 */
#ifndef ENGINE_OUTBOX_H
#define ENGINE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outbox {
	uint8_t *ring; /* borrowed */
	size_t cap, head, used;
	unsigned lost; /* messages that found no room since outbox_lost() */
};

void outbox_init(struct outbox *o, void *ring, size_t cap);

/*
 * Adds a record.  minor ones (log lines) may fill only half of the ring.
 * Returns false, and counts it, when there is no room.
 */
bool outbox_put(struct outbox *o, const void *p, size_t n, bool minor);

/*
 * The same, never minor, with a handle that travels along: it is the ring's on
 * success, and whoever pops the record closes it.
 */
bool outbox_put_handle(struct outbox *o, const void *p, size_t n, int handle);

/*
 * Copies the oldest record; returns its length, 0 when there is none.  dst
 * must have room for the longest record that was put.
 */
size_t outbox_peek(const struct outbox *o, void *dst, size_t size);
/* The handle of the oldest record, or -1. */
int outbox_handle(const struct outbox *o);
/* Forgets the oldest record. */
void outbox_pop(struct outbox *o);
bool outbox_empty(const struct outbox *o);
/* How many were lost since the last call. */
unsigned outbox_lost(struct outbox *o);

#endif

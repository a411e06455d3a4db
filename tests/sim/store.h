/*
 * store - the medium of a disk: what is stable, and a write-back cache before
 * it that a power cut empties.
 *
 * It outlives the targets that serve it: a target that starts again finds it
 * as it was left.
 */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/backend.h"

struct store {
	uint32_t block_size;
	uint64_t size; /* bytes; at most room */
	uint64_t room;
	uint8_t *now, *stable;
	bool *dirty;  /* a block each */
	bool touched; /* written to, since somebody set it false */
};

void store_init(struct store *s, uint32_t block_size, uint64_t size,
		uint64_t room);
/* What was not flushed is lost, or not, block by block. */
void store_power_cut(struct store *s);
/* What was not flushed is lost. */
void store_lose_cache(struct store *s);
/* A new way to it for a target. */
struct tgt_backend *store_open(struct store *s);

#endif

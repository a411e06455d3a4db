/*
 * geometry - what an exporter must know of a disk.
 */
#ifndef DISK_GEOMETRY_H
#define DISK_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

struct disk_geometry {
	uint32_t block_size;	/* bytes: 512 or 4096 */
	uint32_t physical_size; /* bytes, a multiple of block_size */
	uint64_t blocks;
	bool read_only;
	bool rotational;
	bool write_cache; /* what was written may need a flush */
	bool fua;	  /* the target itself can write past its cache */
	bool can_discard, can_zero;
	uint32_t discard_granularity; /* bytes; 0 when it cannot */
	uint32_t discard_alignment;   /* bytes: where the first granule is */
	uint64_t max_discard;	      /* bytes one command can; 0: cannot */
	uint64_t max_zero;	      /* bytes */
	uint32_t optimal_io;	      /* bytes; 0 when the target says none */
};

#endif

/*
 * facts - what a target says of a LUN, and what follows for us.
 *
 * Pure functions: every number a target gives is checked here, once.
 */
#ifndef DISK_FACTS_H
#define DISK_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk/geometry.h"
#include "scsi/capacity.h"
#include "scsi/mode.h"
#include "scsi/vpd.h"

/* As the target told it. */
struct disk_facts {
	bool has_limits, has_provisioning, has_capacity;
	struct vpd_limits limits;
	struct vpd_characteristics characteristics;
	struct vpd_provisioning provisioning;
	struct capacity capacity;
	struct mode mode;
	bool separate_tasks; /* struct mode has it, of another page */
};

/*
 * What a target may or may not be able to do.  A way that it refuses once
 * is not tried again.
 */
enum disk_way {
	WAY_PLAIN, /* every target can */
	WAY_UNMAP,
	WAY_SAME16_UNMAP, /* WRITE SAME(16) with the UNMAP bit */
	WAY_SAME10_UNMAP,
	WAY_SAME16,
	WAY_SAME10,
	WAY_SYNC16,
	WAY_SYNC10,
	WAY_FUA,
	WAY_COUNT
};
#define WAY(w) (1u << (w))
/* "WRITE SAME(16) with UNMAP", ... */
const char *disk_way_name(enum disk_way w);

#define SPAN_MAX   (4u << 20)  /* bytes a READ or WRITE */
#define SAME_MAX   (64u << 20) /* bytes a WRITE SAME that may write */
#define BLOCKS_MAX 0x7fffffu   /* blocks an UNMAP or WRITE SAME */

enum disk_cache {
	CACHE_UNKNOWN,
	CACHE_OFF,
	CACHE_ON
};

/* How requests are to be cut; counts in logical blocks, none is 0. */
struct disk_limits {
	uint32_t block_size;
	uint64_t blocks;
	uint32_t max_transfer;
	uint32_t max_unmap, max_same;
	/* what is deallocated at once: blocks [start + n * granule, ...) */
	uint32_t granule, granule_start;
	bool granule_known;
	bool reads_zeros; /* deallocated blocks read as zeros */
	enum disk_cache cache;
	uint32_t ways; /* set of enum disk_way */
};

/*
 * Returns 0, or -EINVAL with the reason, as words, when this cannot be
 * served.
 */
int facts_apply(const struct disk_facts *f, struct disk_geometry *geo,
		struct disk_limits *lim, char *reason, size_t size);

/* After a way was refused: what exporters may still offer. */
void facts_abilities(const struct disk_limits *lim, struct disk_geometry *geo);

#endif

/*
 * announce - the lines about a disk that was found, as the driver of old
 * and its kernel wrote them.
 */
#ifndef ISCSID_ANNOUNCE_H
#define ISCSID_ANNOUNCE_H

#include <stddef.h>
#include <stdint.h>

struct announce {
	const char *vendor, *model, *rev;
	uint32_t type, ansi;
	const char *dev; /* "loop0" */
	unsigned bus, target, lun;
	uint32_t block_size; /* bytes */
	uint64_t blocks;
	const uint32_t *parts; /* numbers of its partitions */
	size_t nparts;
};

#define ANNOUNCE_LINES 6
#define ANNOUNCE_LINE  512

/* Line i of ANNOUNCE_LINES; an empty one is not to be shown. */
void announce_line(const struct announce *a, unsigned i, char *dst,
		   size_t size);

#endif

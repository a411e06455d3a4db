/*
 * depth - how many requests of a disk are under way at once.
 */
#include <limits.h>

#include "export/export.h"

/*
 * Buffers are locked memory, 1 MiB a request: who has many disks gets fewer
 * for each of the later ones.
 */
static const struct {
	unsigned upto; /* disks of this engine */
	unsigned depth;
} depths[] = { { 16, 32 }, { 64, 16 }, { 256, 8 }, { UINT_MAX, 4 } };

unsigned export_depth(unsigned disks)
{
	unsigned i = 0;

	while (disks >= depths[i].upto)
		i++;
	return depths[i].depth;
}

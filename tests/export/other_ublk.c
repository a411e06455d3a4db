/*
 * other_ublk - a ublk device of somebody else, never served: prints its path.
 */
#include <stdio.h>

#include "export/ublk_control.h"
#include "export/ublk_proto.h"

int main(void)
{
	const struct disk_geometry g = { .block_size = 512,
					 .physical_size = 512,
					 .blocks = 2048 };
	struct ublk_params p;
	unsigned n;

	ublk_make_params(&g, &p);
	if (ublk_add(&p, 4, 1, &n)) /* 1: a mark, but none of ours */
		return 1;
	printf("/dev/ublkc%u\n", n);
	return 0;
}

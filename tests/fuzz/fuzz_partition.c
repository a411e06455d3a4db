/*
 * fuzz_partition - partition tables of a hostile target, and the list of them
 * as a hostile reader of the table would hand it on.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "export/partition.h"

#define DISK (1u << 20) /* bytes */

static void check(const struct partition_table *t)
{
	uint32_t last = 0;

	if (!partition_table_ok(t, DISK, 512))
		return;
	MUST(t->count <= PARTITION_MAX);
	for (unsigned i = 0; i < t->count; i++) {
		const struct partition *p = &t->part[i];

		MUST(p->number > last && p->number <= PARTITION_MAX);
		MUST(p->length && p->start < DISK &&
		     p->length <= DISK - p->start);
		last = p->number;
	}
}

static void as_disk(struct input *in)
{
	static struct partition_table t;
	static int fd = -1;
	static char disk[DISK];

	if (fd < 0)
		fd = memfd_create("disk", 0);
	memset(disk, 0, 8192);
	input_bytes(in, disk, 8192);
	MUST(pwrite(fd, disk, DISK, 0) == DISK);
	if (!partition_read(fd, &t))
		check(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct partition_table t;
	struct input in = { data, size };

	if (input_byte(&in) & 1) {
		as_disk(&in);
		return 0;
	}
	input_bytes(&in, &t, sizeof(t));
	check(&t);
	return 0;
}

/*
 * fuzz_ublk - requests of a ublk device that no kernel would write.
 *
 * Whatever comes: the disk is asked only for whole blocks within it, for no
 * more than a buffer holds, never to change when it is read-only; and a mark
 * is ours only when we made it.
 */
#include "fuzz.h"

#include <errno.h>

#include "export/ublk_proto.h"

static struct disk_geometry some_geometry(struct input *in)
{
	uint8_t flags = input_byte(in);

	/* As large as src/disk/facts.c lets a disk be. */
	return (struct disk_geometry){
		.block_size = flags & 1 ? 512 : 4096,
		.physical_size = 4096,
		.blocks = flags & 2 ? (uint64_t)INT64_MAX / 4096
				    : 1u + input_u16(in),
	};
}

static void check_job(const struct ublk_job *j, const struct disk_geometry *g)
{
	uint64_t size = g->blocks * g->block_size;

	if (j->op == DISK_FLUSH)
		return;
	MUST(j->len > 0 && j->off < size && j->len <= size - j->off);
	MUST((j->off | j->len) % g->block_size == 0);
	if (j->op == DISK_READ || j->op == DISK_WRITE)
		MUST(j->len <= UBLK_DATA_MAX);
}

static void check_mark(uint64_t mark)
{
	struct ublk_place at;

	if (ublk_mark_is_of(mark, "/run/iscsi", &at))
		MUST(ublk_mark("/run/iscsi", &at) == mark);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct disk_geometry g = some_geometry(&in);
	struct ublk_request r = { 0 };
	struct ublk_job job;

	memcpy(&r, in.p, in.left < sizeof(r) ? in.left : sizeof(r));
	check_mark(r.start);
	if (ublk_decode(&r, &g, &job))
		return 0;
	check_job(&job, &g);
	MUST(ublk_result(&job, 0) >= 0);
	return 0;
}

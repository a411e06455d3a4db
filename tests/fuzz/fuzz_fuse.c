/*
 * fuzz_fuse - requests of a FUSE device that no kernel would write.
 *
 * Whatever comes: the disk is asked only for whole blocks within it, never
 * to write when it is read-only, and every answer is one the kernel takes.
 */
#include "fuzz.h"

#include <errno.h>

#include "export/fuse_proto.h"

static struct disk_geometry some_geometry(struct input *in)
{
	uint8_t flags = input_byte(in);

	return (struct disk_geometry){
		.block_size = flags & 1 ? 512 : 4096,
		.physical_size = 4096,
		.blocks = flags & 2 ? UINT64_MAX >> (flags >> 6) * 8
				    : input_u16(in),
		.can_discard = flags & 8,
		.can_zero = flags & 16,
		.discard_granularity = flags & 32 ? 65536 : 0,
	};
}

static void check_io(const struct fuse_job *j, const struct disk_geometry *g,
		     size_t n)
{
	uint64_t size = fuse_file_size(g);

	MUST(j->answer_len == 0);
	if (j->op == DISK_FLUSH)
		return;
	MUST(j->len > 0 && j->off < size && j->len <= size - j->off);
	MUST((j->off | j->len) % g->block_size == 0);
	if (j->op == DISK_READ)
		MUST(j->len <= FUSE_DATA_MAX);
	if (j->op == DISK_WRITE)
		MUST(j->len <= n - FUSE_HEAD_SIZE);
}

static void check_answer(const struct fuse_job *j)
{
	uint32_t len;
	int32_t err;

	MUST(j->answer_len >= 16 && j->answer_len <= FUSE_ANSWER_MAX);
	memcpy(&len, j->answer, 4);
	memcpy(&err, j->answer + 4, 4);
	MUST(len == j->answer_len + j->payload);
	MUST(err <= 0 && err > -512 && err != -EINTR);
	MUST(!err || len == 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct disk_geometry g = some_geometry(&in);
	int err = -(int)input_u16(&in);
	struct fuse_job job;

	switch (fuse_decode(in.p, in.left, &g, &job)) {
	case FUSE_NEXT_NOTHING:
		break;
	case FUSE_NEXT_ANSWER:
		check_answer(&job);
		break;
	case FUSE_NEXT_IO:
		check_io(&job, &g, in.left);
		fuse_finish(&job, err);
		check_answer(&job);
		break;
	}
	return 0;
}

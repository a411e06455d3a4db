/*
 * test_fuse_proto - every request against bytes laid out by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "export/fuse_proto.h"
#include "fuse_bytes.h"

#define PUNCH (2 | 1)  /* FALLOC_FL_PUNCH_HOLE | KEEP_SIZE */
#define ZERO  (16 | 1) /* FALLOC_FL_ZERO_RANGE | KEEP_SIZE */
#define MIB   (1u << 20)

static const struct disk_geometry disk = {
	.block_size = 4096,
	.physical_size = 4096,
	.blocks = 256, /* 1 MiB */
	.can_discard = true,
	.can_zero = true,
	.discard_granularity = 65536,
};

static struct disk_geometry read_only_disk(void)
{
	struct disk_geometry g = disk;

	g.read_only = true;
	return g;
}

static struct fuse_job job;

/* From a buffer of just that size, so that sanitizers see reads beyond. */
static enum fuse_todo run_on(struct req r, const struct disk_geometry *g)
{
	uint8_t *exact = malloc(r.n ? r.n : 1);
	enum fuse_todo todo;

	memcpy(exact, r.p, r.n);
	memset(&job, 0xaa, sizeof(job));
	todo = fuse_decode(exact, r.n, g, &job);
	free(exact);
	return todo;
}

static enum fuse_todo run(struct req r)
{
	return run_on(r, &disk);
}

/* The header: len, error, unique. */
static void expect_answer(int err, uint32_t body)
{
	assert_int_equal(job.answer_len, 16 + body);
	assert_int_equal(at32(job.answer, 0), 16 + body);
	assert_int_equal((int32_t)at32(job.answer, 4), err);
	assert_int_equal(job.payload, 0);
}

static void expect_refused(struct req r, int err)
{
	assert_int_equal(run(r), FUSE_NEXT_ANSWER);
	expect_answer(err, 0);
}

static void expect_io(struct req r, enum disk_op op, uint64_t off, uint64_t len)
{
	assert_int_equal(run(r), FUSE_NEXT_IO);
	assert_int_equal(job.op, op);
	assert_int_equal(job.off, off);
	assert_int_equal(job.len, len);
}

static void test_read_becomes_a_disk_read(void **state)
{
	expect_io(req_read(7, 8192, 4096), DISK_READ, 8192, 4096);
	assert_false(job.fua);
}

static void test_read_answer_counts_the_payload(void **state)
{
	run(req_read(7, 8192, 4096));
	fuse_finish(&job, 0);
	assert_int_equal(job.answer_len, 16);
	assert_int_equal(job.payload, 4096);
	assert_int_equal(at32(job.answer, 0), 16 + 4096);
	assert_int_equal(at32(job.answer, 4), 0);
	assert_int_equal(at64(job.answer, 8), 7);
}

static void test_failed_read_has_no_payload(void **state)
{
	run(req_read(7, 0, 4096));
	fuse_finish(&job, -ENODATA);
	expect_answer(-ENODATA, 0);
}

static void test_read_stops_at_the_end(void **state)
{
	expect_io(req_read(1, MIB - 4096, 8192), DISK_READ, MIB - 4096, 4096);
	expect_refused(req_read(1, MIB, 4096), 0);
	expect_refused(req_read(1, 0x7ffffffffffff000, 4096), 0);
	expect_refused(req_read(1, 0xfffffffffffff000, 4096), 0);
}

static void test_read_of_part_of_a_block_is_refused(void **state)
{
	expect_refused(req_read(1, 512, 4096), -EINVAL);
	expect_refused(req_read(1, 0, 512), -EINVAL);
}

static void test_read_larger_than_a_slot_is_refused(void **state)
{
	expect_refused(req_read(1, 0, MIB + 4096), -EINVAL);
}

static void test_write_becomes_a_disk_write_and_tells_its_size(void **state)
{
	struct disk_geometry g = disk;

	g.block_size = 512;
	g.blocks = 2048;
	assert_int_equal(run_on(req_write(9, 512, 1024, 0), &g), FUSE_NEXT_IO);
	assert_int_equal(job.op, DISK_WRITE);
	assert_int_equal(job.off, 512);
	assert_int_equal(job.len, 1024);
	assert_false(job.fua);
	fuse_finish(&job, 0);
	expect_answer(0, 8);
	assert_int_equal(at32(job.answer, 16), 1024);
	assert_int_equal(at64(job.answer, 8), 9);
}

static void test_write_with_dsync_is_fua(void **state)
{
	struct disk_geometry g = disk;

	g.block_size = 512;
	assert_int_equal(run_on(req_write(9, 0, 512, O_DSYNC), &g),
			 FUSE_NEXT_IO);
	assert_true(job.fua);
	assert_int_equal(run_on(req_write(9, 0, 512, O_SYNC), &g),
			 FUSE_NEXT_IO);
	assert_true(job.fua);
}

static void test_write_beyond_the_end_is_cut_or_refused(void **state)
{
	struct disk_geometry g = disk;

	g.block_size = 512;
	g.blocks = 3;
	run_on(req_write(1, 1024, 1024, 0), &g);
	assert_int_equal(job.len, 512);
	run_on(req_write(1, 1536, 512, 0), &g);
	expect_answer(-ENOSPC, 0);
}

static void test_write_with_a_wrong_length_is_refused(void **state)
{
	struct req r = req_write(1, 0, 512, 0);
	struct disk_geometry g = disk;

	g.block_size = 512;
	r.n -= 1;
	run_on(r, &g);
	expect_answer(-EINVAL, 0);
	r = req_write(1, 0, 512, 0);
	put32(&r, REQ_HEAD + 16, 0xfffffe00);
	run_on(r, &g);
	expect_answer(-EINVAL, 0);
}

static void test_of_a_write_to_a_read_only_disk_the_target_decides(void **state)
{
	struct disk_geometry g = read_only_disk();

	g.block_size = 512;
	assert_int_equal(run_on(req_write(1, 0, 512, 0), &g), FUSE_NEXT_IO);
	assert_int_equal(job.op, DISK_WRITE);
}

static void test_fsync_becomes_a_flush(void **state)
{
	expect_io(req(OP_FSYNC, 1, 16), DISK_FLUSH, 0, 0);
	expect_io(req(OP_SYNCFS, 1, 8), DISK_FLUSH, 0, 0);
	fuse_finish(&job, 0);
	expect_answer(0, 0);
}

/* After ENOSYS the kernel never asks again and every fsync succeeds. */
static void test_answers_never_carry_what_the_kernel_misreads(void **state)
{
	static const int bad[] = { -ENOSYS, -EINTR, -512, -516, -4095, 5 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		run(req(OP_FSYNC, 1, 16));
		fuse_finish(&job, bad[i]);
		expect_answer(-EIO, 0);
	}
}

static void test_flush_on_close_is_not_to_be_asked_again(void **state)
{
	expect_refused(req(OP_FLUSH, 1, 24), -ENOSYS);
}

static void test_punched_hole_is_zeroed_and_unmapped(void **state)
{
	expect_io(req_fallocate(65536, 131072, PUNCH), DISK_ZERO, 65536,
		  131072);
	assert_true(job.unmap);
}

static void test_zero_range_is_zeroed_and_kept(void **state)
{
	expect_io(req_fallocate(4096, 8192, ZERO), DISK_ZERO, 4096, 8192);
	assert_false(job.unmap);
}

static void test_other_fallocate_modes_are_not_supported(void **state)
{
	static const uint32_t modes[] = { 0, 1, 2, 8, 16, 32, 64, 0x80000003 };

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		expect_refused(req_fallocate(0, 4096, modes[i]), -EOPNOTSUPP);
}

static void test_fallocate_without_the_disks_help_is_not_supported(void **state)
{
	struct disk_geometry g = disk;

	g.can_discard = false;
	run_on(req_fallocate(0, 4096, PUNCH), &g);
	expect_answer(-EOPNOTSUPP, 0);
	g = disk;
	g.can_zero = false;
	run_on(req_fallocate(0, 4096, ZERO), &g);
	expect_answer(-EOPNOTSUPP, 0);
}

static void test_fallocate_keeps_to_whole_blocks_of_the_disk(void **state)
{
	expect_io(req_fallocate(MIB - 8192, MIB, PUNCH), DISK_ZERO, MIB - 8192,
		  8192);
	expect_refused(req_fallocate(MIB, 4096, PUNCH), -EINVAL);
	expect_refused(req_fallocate(100, 4096, PUNCH), -EINVAL);
	expect_refused(req_fallocate(0, 100, ZERO), -EINVAL);
	expect_refused(req_fallocate(0, 0, ZERO), -EINVAL);
}

static void test_of_a_hole_in_a_read_only_disk_the_target_decides(void **state)
{
	struct disk_geometry g = read_only_disk();

	assert_int_equal(run_on(req_fallocate(0, 4096, PUNCH), &g),
			 FUSE_NEXT_IO);
	assert_int_equal(job.op, DISK_ZERO);
}

/* attr_valid u64, nsec u32, dummy u32, then ino, size, blocks ... mode */
static void test_getattr_shows_a_file_of_the_disks_size(void **state)
{
	run(req(OP_GETATTR, 3, 16));
	expect_answer(0, 104);
	assert_int_equal(at64(job.answer, 16), 0);
	assert_int_equal(at64(job.answer, 32), 1);
	assert_int_equal(at64(job.answer, 40), MIB);
	assert_int_equal(at64(job.answer, 48), MIB / 512);
	assert_int_equal(at32(job.answer, 92), S_IFREG | 0600);
}

static void test_getattr_of_a_read_only_disk_shows_no_write_bit(void **state)
{
	struct disk_geometry g = read_only_disk();

	run_on(req(OP_GETATTR, 3, 16), &g);
	assert_int_equal(at32(job.answer, 92), S_IFREG | 0400);
}

static void test_size_beyond_off_t_is_cut(void **state)
{
	struct disk_geometry g = disk;

	g.blocks = UINT64_MAX;
	assert_int_equal(fuse_file_size(&g), INT64_MAX / 4096 * 4096);
	g.blocks = 1ull << 51;
	assert_int_equal(fuse_file_size(&g), INT64_MAX / 4096 * 4096);
}

/* SETATTR: valid u32, padding, fh, size */
static void test_setattr_changes_no_size_and_no_mode(void **state)
{
	struct req r = req(OP_SETATTR, 1, 88);

	put32(&r, REQ_HEAD, 1 << 3);
	put64(&r, REQ_HEAD + 16, MIB / 2);
	expect_refused(r, -EPERM);
	put64(&r, REQ_HEAD + 16, MIB);
	run(r);
	expect_answer(0, 104);
	put32(&r, REQ_HEAD, 1 << 0);
	expect_refused(r, -EPERM);
	put32(&r, REQ_HEAD, 1 << 4 | 1 << 5); /* times: touch(1) */
	run(r);
	expect_answer(0, 104);
}

static void test_open_asks_for_direct_parallel_io_without_flushes(void **state)
{
	struct req r = req(OP_OPEN, 1, 8);

	put32(&r, REQ_HEAD, O_RDWR);
	run(r);
	expect_answer(0, 16);
	assert_int_equal(at32(job.answer, 16 + 8), 1 | 1 << 5 | 1 << 6);
}

static void
test_a_read_only_disk_can_be_opened_for_the_day_it_is_not(void **state)
{
	struct disk_geometry g = read_only_disk();
	struct req r = req(OP_OPEN, 1, 8);

	put32(&r, REQ_HEAD, O_RDWR);
	run_on(r, &g);
	expect_answer(0, 16);
}

/* blocks, bfree, bavail, files, ffree, bsize u32, namelen, frsize */
static void test_statfs_shows_the_discard_granularity(void **state)
{
	struct disk_geometry g = disk;

	run(req(OP_STATFS, 1, 0));
	expect_answer(0, 80);
	assert_int_equal(at32(job.answer, 16 + 40), 65536);
	assert_int_equal(at64(job.answer, 16), MIB / 65536);
	g.discard_granularity = 0;
	run_on(req(OP_STATFS, 1, 0), &g);
	assert_int_equal(at32(job.answer, 16 + 40), 4096);
}

#define RESEND	 (1ull << 39)
#define INIT_EXT (1ull << 30)

/*
 * major, minor, max_readahead, flags, max_background u16, congestion u16,
 * max_write, time_gran, max_pages u16, map_alignment u16, flags2
 */
static void test_init_agrees_on_megabyte_requests_and_resending(void **state)
{
	assert_int_equal(run(req_init(7, 45, ~0ull)), FUSE_NEXT_ANSWER);
	expect_answer(0, 64);
	assert_true(job.init_done);
	assert_true(job.can_resend);
	assert_int_equal(at32(job.answer, 16), 7);
	assert_int_equal(at32(job.answer, 16 + 20), MIB);
	assert_true(at32(job.answer, 16 + 12) & 1 << 22); /* FUSE_MAX_PAGES */
	assert_true(at32(job.answer, 16 + 12) & 1 << 15); /* FUSE_ASYNC_DIO */
	assert_int_equal(at32(job.answer, 16 + 32), RESEND >> 32);
	assert_true((at32(job.answer, 16 + 16) & 0xffff) >= 32);
}

static void test_init_takes_only_what_the_kernel_offers(void **state)
{
	run(req_init(7, 31, 1));
	expect_answer(0, 64);
	assert_true(job.init_done);
	assert_false(job.can_resend);
	assert_int_equal(at32(job.answer, 16 + 4), 31);
	assert_int_equal(at32(job.answer, 16 + 12), 1);
	assert_int_equal(at32(job.answer, 16 + 32), 0);
}

static void test_init_without_extension_has_no_second_flags(void **state)
{
	run(req_init(7, 45, ~INIT_EXT));
	assert_false(job.can_resend);
}

static void test_init_of_another_major_version_is_told_ours(void **state)
{
	run(req_init(8, 0, 0));
	expect_answer(0, 64);
	assert_int_equal(at32(job.answer, 16), 7);
	assert_false(job.init_done);
	run(req_init(6, 0, 0));
	expect_answer(-EPROTO, 0);
}

static void test_what_needs_no_answer_gets_none(void **state)
{
	assert_int_equal(run(req(OP_FORGET, 1, 8)), FUSE_NEXT_NOTHING);
	assert_int_equal(run(req(OP_BATCH_FORGET, 1, 24)), FUSE_NEXT_NOTHING);
}

static void test_harmless_requests_succeed(void **state)
{
	static const uint32_t ops[] = { OP_RELEASE, OP_ACCESS, OP_DESTROY };

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		expect_refused(req(ops[i], 1, 24), 0);
}

static void test_unknown_requests_get_enosys(void **state)
{
	static const uint32_t ops[] = {
		0, OP_LOOKUP, OP_INTERRUPT, 46, 51, 52, 4096, UINT32_MAX
	};

	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		expect_refused(req(ops[i], 1, 64), -ENOSYS);
}

static void test_ioctl_is_not_for_this_file(void **state)
{
	expect_refused(req(OP_IOCTL, 1, 32), -ENOTTY);
}

static void test_resent_requests_are_answered_with_their_mark(void **state)
{
	run(req_read(1ull << 63 | 77, 0, 4096));
	fuse_finish(&job, 0);
	assert_true(at64(job.answer, 8) == (1ull << 63 | 77));
}

/* Cuts every request everywhere: no length makes it read beyond. */
static void test_truncated_requests_are_refused(void **state)
{
	struct req all[] = {
		req_read(1, 0, 4096),	   req_write(1, 0, 512, 0),
		req_fallocate(0, 4096, 3), req_init(7, 38, ~0ull),
		req(OP_SETATTR, 1, 88),	   req(OP_OPEN, 1, 8),
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		for (uint32_t n = 0; n < all[i].n; n++) {
			struct req r = all[i];

			r.n = n;
			if (n < REQ_HEAD)
				assert_int_equal(run(r), FUSE_NEXT_NOTHING);
			else if (run(r) == FUSE_NEXT_ANSWER && !job.init_done)
				expect_answer(-EINVAL, 0);
		}
	}
}

static void test_resend_message_is_the_kernels_notification(void **state)
{
	uint8_t m[FUSE_ANSWER_MAX];

	assert_int_equal(fuse_resend_message(m), 16);
	assert_int_equal(at32(m, 0), 16);
	assert_int_equal(at32(m, 4), 7);
	assert_int_equal(at64(m, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_becomes_a_disk_read),
		cmocka_unit_test(test_read_answer_counts_the_payload),
		cmocka_unit_test(test_failed_read_has_no_payload),
		cmocka_unit_test(test_read_stops_at_the_end),
		cmocka_unit_test(test_read_of_part_of_a_block_is_refused),
		cmocka_unit_test(test_read_larger_than_a_slot_is_refused),
		cmocka_unit_test(
			test_write_becomes_a_disk_write_and_tells_its_size),
		cmocka_unit_test(test_write_with_dsync_is_fua),
		cmocka_unit_test(test_write_beyond_the_end_is_cut_or_refused),
		cmocka_unit_test(test_write_with_a_wrong_length_is_refused),
		cmocka_unit_test(
			test_of_a_write_to_a_read_only_disk_the_target_decides),
		cmocka_unit_test(test_fsync_becomes_a_flush),
		cmocka_unit_test(
			test_answers_never_carry_what_the_kernel_misreads),
		cmocka_unit_test(test_flush_on_close_is_not_to_be_asked_again),
		cmocka_unit_test(test_punched_hole_is_zeroed_and_unmapped),
		cmocka_unit_test(test_zero_range_is_zeroed_and_kept),
		cmocka_unit_test(test_other_fallocate_modes_are_not_supported),
		cmocka_unit_test(
			test_fallocate_without_the_disks_help_is_not_supported),
		cmocka_unit_test(
			test_fallocate_keeps_to_whole_blocks_of_the_disk),
		cmocka_unit_test(
			test_of_a_hole_in_a_read_only_disk_the_target_decides),
		cmocka_unit_test(test_getattr_shows_a_file_of_the_disks_size),
		cmocka_unit_test(
			test_getattr_of_a_read_only_disk_shows_no_write_bit),
		cmocka_unit_test(test_size_beyond_off_t_is_cut),
		cmocka_unit_test(test_setattr_changes_no_size_and_no_mode),
		cmocka_unit_test(
			test_open_asks_for_direct_parallel_io_without_flushes),
		cmocka_unit_test(
			test_a_read_only_disk_can_be_opened_for_the_day_it_is_not),
		cmocka_unit_test(test_statfs_shows_the_discard_granularity),
		cmocka_unit_test(
			test_init_agrees_on_megabyte_requests_and_resending),
		cmocka_unit_test(test_init_takes_only_what_the_kernel_offers),
		cmocka_unit_test(
			test_init_without_extension_has_no_second_flags),
		cmocka_unit_test(
			test_init_of_another_major_version_is_told_ours),
		cmocka_unit_test(test_what_needs_no_answer_gets_none),
		cmocka_unit_test(test_harmless_requests_succeed),
		cmocka_unit_test(test_unknown_requests_get_enosys),
		cmocka_unit_test(test_ioctl_is_not_for_this_file),
		cmocka_unit_test(
			test_resent_requests_are_answered_with_their_mark),
		cmocka_unit_test(test_truncated_requests_are_refused),
		cmocka_unit_test(
			test_resend_message_is_the_kernels_notification),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_ublk_proto - what the kernel is told of a disk, and what it asks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "export/ublk_proto.h"

static struct disk_geometry geometry;
static struct ublk_params params;
static struct ublk_job job;

static int fill(void **state)
{
	geometry = (struct disk_geometry){ .block_size = 512,
					   .physical_size = 4096,
					   .blocks = 1 << 20,
					   .write_cache = true,
					   .fua = true,
					   .can_discard = true,
					   .can_zero = true,
					   .discard_granularity = 65536,
					   .discard_alignment = 4096,
					   .max_discard = 32 << 20,
					   .max_zero = 16 << 20,
					   .optimal_io = 256 << 10 };
	return 0;
}

static void make(void)
{
	ublk_make_params(&geometry, &params);
	assert_int_equal(params.len, sizeof(params));
}

static int decode(uint32_t op_flags, uint64_t start, uint32_t sectors)
{
	const struct ublk_request r = { .op_flags = op_flags,
					.sectors = sectors,
					.start = start };

	return ublk_decode(&r, &geometry, &job);
}

/* Parameters ---------------------------------------------------------- */

static void test_sizes_are_those_of_the_disk(void **state)
{
	make();
	assert_int_equal(params.basic.sectors, 1 << 20);
	assert_int_equal(params.basic.logical_shift, 9);
	assert_int_equal(params.basic.physical_shift, 12);
	assert_int_equal(params.basic.optimal_shift, 18);
	assert_int_equal(params.basic.max_sectors, UBLK_DATA_MAX / 512);
}

static void test_blocks_of_4096_bytes_are_eight_sectors_each(void **state)
{
	geometry.block_size = 4096;
	make();
	assert_int_equal(params.basic.sectors, 8 << 20);
	assert_int_equal(params.basic.logical_shift, 12);
}

static void test_without_an_optimal_size_it_is_the_physical_one(void **state)
{
	geometry.optimal_io = 0;
	make();
	assert_int_equal(params.basic.optimal_shift, 12);
}

/* The kernel takes powers of two only. */
static void test_an_odd_optimal_size_becomes_its_even_part(void **state)
{
	geometry.optimal_io = 3 * 65536;
	make();
	assert_int_equal(params.basic.optimal_shift, 16);
}

static void test_a_cache_and_fua_are_told(void **state)
{
	make();
	assert_int_equal(params.basic.attrs, UBLK_ATTR_CACHE | UBLK_ATTR_FUA);
	geometry.fua = false;
	make();
	assert_int_equal(params.basic.attrs, UBLK_ATTR_CACHE);
}

static void test_without_a_cache_nothing_needs_fua(void **state)
{
	geometry.write_cache = false;
	make();
	assert_int_equal(params.basic.attrs, 0);
}

static void test_a_rotating_disk_is_one(void **state)
{
	geometry.rotational = true;
	make();
	assert_true(params.basic.attrs & UBLK_ATTR_ROTATIONAL);
}

static void test_limits_of_discard_and_zeroing_are_the_disks(void **state)
{
	make();
	assert_true(params.types & UBLK_HAS_DISCARD);
	assert_int_equal(params.discard.granularity, 65536);
	assert_int_equal(params.discard.alignment, 4096);
	assert_int_equal(params.discard.max_sectors, (32 << 20) / 512);
	assert_int_equal(params.discard.max_segments, 1);
	assert_int_equal(params.discard.max_zero_sectors, (16 << 20) / 512);
}

/* The kernel refuses a granularity of 0 (ublk_validate_params). */
static void test_a_disk_that_only_zeroes_has_a_granularity(void **state)
{
	geometry.can_discard = false;
	geometry.discard_granularity = 0;
	make();
	assert_int_equal(params.discard.granularity, 512);
	assert_int_equal(params.discard.max_sectors, 0);
	assert_int_not_equal(params.discard.max_zero_sectors, 0);
}

static void test_a_read_only_disk_is_made_for_the_day_it_is_not(void **state)
{
	geometry.read_only = true;
	make();
	assert_false(params.basic.attrs & UBLK_ATTR_READ_ONLY);
	assert_true(params.types & UBLK_HAS_DISCARD);
}

static void test_a_limit_beyond_32_bits_is_cut(void **state)
{
	geometry.max_discard = UINT64_MAX / 2;
	make();
	assert_int_equal(params.discard.max_sectors, UINT32_MAX);
}

/* Requests ------------------------------------------------------------ */

static void test_a_read_is_a_read_of_that_range(void **state)
{
	assert_int_equal(decode(UBLK_OP_READ, 8, 16), 0);
	assert_int_equal(job.op, DISK_READ);
	assert_int_equal(job.off, 4096);
	assert_int_equal(job.len, 8192);
}

static void test_fua_stays_with_its_write(void **state)
{
	assert_int_equal(decode(UBLK_OP_WRITE | UBLK_FUA, 0, 8), 0);
	assert_int_equal(job.op, DISK_WRITE);
	assert_true(job.fua);
	assert_int_equal(decode(UBLK_OP_WRITE, 0, 8), 0);
	assert_false(job.fua);
}

static void test_discard_and_zeroing_are_two_things(void **state)
{
	assert_int_equal(decode(UBLK_OP_DISCARD, 0, 1 << 16), 0);
	assert_int_equal(job.op, DISK_DISCARD);
	assert_int_equal(decode(UBLK_OP_ZEROES, 0, 1 << 16), 0);
	assert_int_equal(job.op, DISK_ZERO);
	assert_true(job.unmap);
	assert_int_equal(decode(UBLK_OP_ZEROES | UBLK_NO_UNMAP, 0, 1 << 16), 0);
	assert_int_equal(job.op, DISK_ZERO);
	assert_false(job.unmap);
}

static void test_a_flush_has_no_range(void **state)
{
	assert_int_equal(decode(UBLK_OP_FLUSH, UINT64_MAX, UINT32_MAX), 0);
	assert_int_equal(job.op, DISK_FLUSH);
	assert_int_equal(job.len, 0);
}

static void test_other_operations_are_refused(void **state)
{
	for (uint32_t op = 0; op < 256; op++) {
		int err = decode(op, 0, 8);

		if (op <= UBLK_OP_ZEROES && op != 4)
			assert_int_equal(err, 0);
		else
			assert_int_equal(err, -EOPNOTSUPP);
	}
}

static void test_nothing_beyond_the_end_is_done(void **state)
{
	assert_int_equal(decode(UBLK_OP_READ, (1 << 20) - 8, 8), 0);
	assert_int_equal(decode(UBLK_OP_READ, (1 << 20) - 8, 9), -EREMOTEIO);
	assert_int_equal(decode(UBLK_OP_READ, 1 << 20, 8), -EREMOTEIO);
	assert_int_equal(decode(UBLK_OP_READ, UINT64_MAX, 8), -EREMOTEIO);
	assert_int_equal(decode(UBLK_OP_DISCARD, UINT64_MAX / 512, UINT32_MAX),
			 -EREMOTEIO);
}

static void test_no_request_is_larger_than_its_buffer(void **state)
{
	assert_int_equal(decode(UBLK_OP_WRITE, 0, UBLK_DATA_MAX / 512), 0);
	assert_int_equal(decode(UBLK_OP_WRITE, 0, UBLK_DATA_MAX / 512 + 1),
			 -EINVAL);
	assert_int_equal(decode(UBLK_OP_READ, 0, UBLK_DATA_MAX / 512 + 1),
			 -EINVAL);
}

static void test_only_whole_blocks_are_done(void **state)
{
	geometry.block_size = 4096;
	assert_int_equal(decode(UBLK_OP_READ, 8, 8), 0);
	assert_int_equal(decode(UBLK_OP_READ, 4, 8), -EINVAL);
	assert_int_equal(decode(UBLK_OP_READ, 8, 4), -EINVAL);
	assert_int_equal(decode(UBLK_OP_READ, 8, 0), -EINVAL);
}

static void test_of_changes_to_a_read_only_disk_the_target_decides(void **state)
{
	geometry.read_only = true;
	assert_int_equal(decode(UBLK_OP_READ, 0, 8), 0);
	assert_int_equal(decode(UBLK_OP_WRITE, 0, 8), 0);
	assert_int_equal(decode(UBLK_OP_DISCARD, 0, 8), 0);
	assert_int_equal(decode(UBLK_OP_ZEROES, 0, 8), 0);
}

static void test_a_result_is_bytes_or_an_error(void **state)
{
	decode(UBLK_OP_READ, 0, 8);
	assert_int_equal(ublk_result(&job, 0), 4096);
	assert_int_equal(ublk_result(&job, -ENODATA), -ENODATA);
	decode(UBLK_OP_DISCARD, 0, 8);
	assert_int_equal(ublk_result(&job, 0), 0);
	decode(UBLK_OP_FLUSH, 0, 0);
	assert_int_equal(ublk_result(&job, 0), 0);
}

static void test_requests_take_whole_pages(void **state)
{
	assert_int_equal(ublk_requests_size(1, 4096), 4096);
	assert_int_equal(ublk_requests_size(170, 4096), 4096);
	assert_int_equal(ublk_requests_size(171, 4096), 8192);
}

/* Marks --------------------------------------------------------------- */

static void test_a_mark_names_its_place(void **state)
{
	const struct ublk_place at = { 3, 250, 255 };
	struct ublk_place got;

	assert_true(ublk_mark_is_of(ublk_mark("/run/iscsi", &at), "/run/iscsi",
				    &got));
	assert_int_equal(got.bus, 3);
	assert_int_equal(got.target, 250);
	assert_int_equal(got.lun, 255);
}

static void test_devices_of_others_are_not_ours(void **state)
{
	const struct ublk_place at = { 0, 0, 0 };
	struct ublk_place got;

	assert_false(ublk_mark_is_of(0, "/run/iscsi", &got));
	assert_false(ublk_mark_is_of(1, "/run/iscsi", &got));
	assert_false(ublk_mark_is_of(UINT64_MAX, "/run/iscsi", &got));
	assert_false(ublk_mark_is_of(ublk_mark("/run/other", &at), "/run/iscsi",
				     &got));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fill)
	const struct CMUnitTest tests[] = {
		T(test_sizes_are_those_of_the_disk),
		T(test_blocks_of_4096_bytes_are_eight_sectors_each),
		T(test_without_an_optimal_size_it_is_the_physical_one),
		T(test_an_odd_optimal_size_becomes_its_even_part),
		T(test_a_cache_and_fua_are_told),
		T(test_without_a_cache_nothing_needs_fua),
		T(test_a_rotating_disk_is_one),
		T(test_limits_of_discard_and_zeroing_are_the_disks),
		T(test_a_disk_that_only_zeroes_has_a_granularity),
		T(test_a_read_only_disk_is_made_for_the_day_it_is_not),
		T(test_a_limit_beyond_32_bits_is_cut),
		T(test_a_read_is_a_read_of_that_range),
		T(test_fua_stays_with_its_write),
		T(test_discard_and_zeroing_are_two_things),
		T(test_a_flush_has_no_range),
		T(test_other_operations_are_refused),
		T(test_nothing_beyond_the_end_is_done),
		T(test_no_request_is_larger_than_its_buffer),
		T(test_only_whole_blocks_are_done),
		T(test_of_changes_to_a_read_only_disk_the_target_decides),
		T(test_a_result_is_bytes_or_an_error),
		T(test_requests_take_whole_pages),
		T(test_a_mark_names_its_place),
		T(test_devices_of_others_are_not_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

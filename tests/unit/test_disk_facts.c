/*
 * What follows from what a target says, however absurd that is.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "disk/facts.h"

static struct disk_facts f;
static struct disk_geometry geo;
static struct disk_limits lim;
static char reason[400];

static int fill(void **state)
{
	memset(&f, 0, sizeof(f));
	f.has_capacity = f.has_limits = f.has_provisioning = true;
	f.capacity = (struct capacity){ .last = 0xfffff,
					.block_size = 512,
					.lbpme = true };
	f.limits.max_unmap_blocks = 8192;
	f.limits.max_unmap_descriptors = 1;
	f.provisioning.unmap = true;
	return 0;
}

static void apply(void)
{
	assert_int_equal(facts_apply(&f, &geo, &lim, reason, sizeof(reason)),
			 0);
}

static void refused(const char *why)
{
	assert_int_equal(facts_apply(&f, &geo, &lim, reason, sizeof(reason)),
			 -EINVAL);
	assert_string_equal(reason, why);
}

static bool can(enum disk_way w)
{
	return lim.ways & WAY(w);
}

static void test_limits_of_one_command_are_for_exporters_too(void **state)
{
	f.capacity.block_size = 4096;
	f.limits.max_unmap_blocks = 8192;
	f.limits.max_write_same = 4096;
	f.limits.unmap_granularity = 16;
	f.limits.unmap_alignment = 2;
	apply();
	assert_int_equal(geo.max_discard, 8192 * 4096);
	assert_int_equal(geo.max_zero, 4096 * 4096);
	assert_int_equal(geo.discard_granularity, 16 * 4096);
	assert_int_equal(geo.discard_alignment, 2 * 4096);
}

static void test_what_cannot_be_discarded_has_no_limit(void **state)
{
	f.capacity.lbpme = false;
	apply();
	assert_false(geo.can_discard);
	assert_int_equal(geo.max_discard, 0);
	assert_int_equal(geo.discard_alignment, 0);
}

static void test_cache_and_fua_are_what_the_mode_pages_say(void **state)
{
	apply();
	assert_true(geo.write_cache); /* nobody said there is none */
	assert_false(geo.fua);
	f.mode.has_caching = true;
	f.mode.dpofua = true;
	apply();
	assert_false(geo.write_cache);
	assert_true(geo.fua);
}

static void test_block_sizes_of_no_block_device_are_refused(void **state)
{
	static const uint32_t bad[] = { 0,    1,    511,  520,	     1024,
					2049, 4104, 8192, 0xffffffff };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		f.capacity.block_size = bad[i];
		assert_int_equal(
			facts_apply(&f, &geo, &lim, reason, sizeof(reason)),
			-EINVAL);
	}
	refused("blocks of 4294967295 bytes are not supported, only 512, "
		"2048 and 4096");
}

static void test_capacity_beyond_63_bits_is_refused(void **state)
{
	f.capacity.last = UINT64_MAX;
	assert_int_equal(facts_apply(&f, &geo, &lim, reason, sizeof(reason)),
			 -EINVAL);
	f.capacity.last = INT64_MAX / 512;
	refused("a capacity of 18014398509481984 blocks of 512 bytes is "
		"absurd");
	f.capacity.last--;
	apply();
	assert_int_equal(geo.blocks, INT64_MAX / 512);
}

static void test_one_block_is_a_disk(void **state)
{
	f.capacity.last = 0;
	apply();
	assert_int_equal(geo.blocks, 1);
}

static void test_transfer_limit_of_zero_means_our_own(void **state)
{
	apply();
	assert_int_equal(lim.max_transfer, SPAN_MAX / 512);
	f.capacity.block_size = 4096;
	apply();
	assert_int_equal(lim.max_transfer, SPAN_MAX / 4096);
}

static void test_huge_transfer_limit_means_our_own(void **state)
{
	f.limits.max_transfer = 0xffffffff;
	apply();
	assert_int_equal(lim.max_transfer, SPAN_MAX / 512);
}

static void test_transfer_limit_keeps_whole_physical_blocks(void **state)
{
	f.capacity.physical_exp = 3;
	f.limits.max_transfer = 127;
	apply();
	assert_int_equal(lim.max_transfer, 120);
	f.limits.max_transfer = 5;
	apply();
	assert_int_equal(lim.max_transfer, 5);
}

static void test_absurd_physical_block_is_not_believed(void **state)
{
	f.capacity.physical_exp = 11;
	apply();
	assert_int_equal(geo.physical_size, 1 << 20);
	f.capacity.physical_exp = 12;
	apply();
	assert_int_equal(geo.physical_size, 512);
}

static void test_without_lbpme_nothing_is_discarded(void **state)
{
	f.capacity.lbpme = false;
	f.provisioning.write_same16 = f.provisioning.write_same10 = true;
	apply();
	assert_false(geo.can_discard);
	assert_int_equal(geo.discard_granularity, 0);
	assert_true(geo.can_zero);
}

static void test_unmap_needs_lbpu_and_both_limits(void **state)
{
	apply();
	assert_true(can(WAY_UNMAP));
	f.limits.max_unmap_descriptors = 0;
	apply();
	assert_false(can(WAY_UNMAP));
	fill(state);
	f.limits.max_unmap_blocks = 0;
	apply();
	assert_false(can(WAY_UNMAP));
	fill(state);
	f.provisioning.unmap = false;
	apply();
	assert_false(can(WAY_UNMAP));
}

static void test_without_provisioning_page_the_unmap_limits_count(void **state)
{
	f.has_provisioning = f.provisioning.unmap = false;
	apply();
	assert_true(can(WAY_UNMAP));
	assert_false(can(WAY_SAME16_UNMAP));
}

static void test_zero_granularity_is_one_physical_block(void **state)
{
	f.capacity.physical_exp = 3;
	apply();
	assert_int_equal(lim.granule, 8);
	assert_false(lim.granule_known);
	assert_int_equal(geo.discard_granularity, 4096);
}

static void test_granularity_and_alignment_are_taken_over(void **state)
{
	f.limits.unmap_granularity = 2048;
	f.limits.unmap_alignment = 5000;
	apply();
	assert_true(lim.granule_known);
	assert_int_equal(lim.granule, 2048);
	assert_int_equal(lim.granule_start, 5000 % 2048);
	assert_int_equal(geo.discard_granularity, 2048 * 512);
}

static void test_absurd_granularity_ends_unmap(void **state)
{
	f.limits.unmap_granularity = 0x80000000;
	apply();
	assert_false(can(WAY_UNMAP));
	assert_false(lim.granule_known);
	f.limits.unmap_granularity = 0x100001; /* more than the disk has */
	apply();
	assert_false(can(WAY_UNMAP));
}

static void test_unmap_limits_keep_whole_granules(void **state)
{
	f.limits.unmap_granularity = 100;
	f.limits.max_unmap_blocks = 250;
	apply();
	assert_int_equal(lim.max_unmap, 200);
	f.limits.max_write_same = 250;
	apply();
	assert_int_equal(lim.max_same, 200);
	f.limits.max_unmap_blocks = 0xffffffff;
	apply();
	assert_int_equal(lim.max_unmap, BLOCKS_MAX - BLOCKS_MAX % 100);
}

static void test_unreported_write_same_limit_is_65535_blocks(void **state)
{
	apply();
	assert_int_equal(lim.max_same, 0xffff);
	f.limits.max_write_same = 16;
	apply();
	assert_int_equal(lim.max_same, 16);
	f.limits.max_write_same = UINT64_MAX;
	apply();
	assert_int_equal(lim.max_same, BLOCKS_MAX);
}

static void test_zeros_are_promised_by_either_lbprz(void **state)
{
	apply();
	assert_false(lim.reads_zeros);
	f.capacity.lbprz = true;
	apply();
	assert_true(lim.reads_zeros);
	f.capacity.lbprz = false;
	f.provisioning.lbprz = 2; /* a pattern, not zeros */
	apply();
	assert_false(lim.reads_zeros);
	f.provisioning.lbprz = 5;
	apply();
	assert_true(lim.reads_zeros);
}

static void test_optimal_size_is_reported_only_when_sane(void **state)
{
	f.limits.optimal_transfer = 128;
	apply();
	assert_int_equal(geo.optimal_io, 65536);
	f.limits.optimal_transfer = 1;
	apply();
	assert_int_equal(geo.optimal_io, 0);
	f.limits.optimal_transfer = 0xffffffff;
	apply();
	assert_int_equal(geo.optimal_io, 0);
	f.limits.optimal_transfer = 128;
	f.limits.max_transfer = 64;
	apply();
	assert_int_equal(geo.optimal_io, 0);
	f.limits.max_transfer = 0;
	f.capacity.physical_exp = 3;
	f.limits.optimal_transfer = 17;
	apply();
	assert_int_equal(geo.optimal_io, 0);
}

static void test_cache_is_known_only_from_its_page(void **state)
{
	apply();
	assert_int_equal(lim.cache, CACHE_UNKNOWN);
	f.mode.has_caching = true;
	apply();
	assert_int_equal(lim.cache, CACHE_OFF);
	f.mode.write_cache = true;
	apply();
	assert_int_equal(lim.cache, CACHE_ON);
}

static void test_fua_needs_dpofua(void **state)
{
	apply();
	assert_false(can(WAY_FUA));
	f.mode.dpofua = true;
	apply();
	assert_true(can(WAY_FUA));
}

static void test_every_way_has_a_name(void **state)
{
	for (int w = 0; w < WAY_COUNT; w++)
		assert_non_null(disk_way_name((enum disk_way)w));
}

#define T(name) cmocka_unit_test_setup(name, fill)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_limits_of_one_command_are_for_exporters_too),
		T(test_what_cannot_be_discarded_has_no_limit),
		T(test_cache_and_fua_are_what_the_mode_pages_say),
		T(test_block_sizes_of_no_block_device_are_refused),
		T(test_capacity_beyond_63_bits_is_refused),
		T(test_one_block_is_a_disk),
		T(test_transfer_limit_of_zero_means_our_own),
		T(test_huge_transfer_limit_means_our_own),
		T(test_transfer_limit_keeps_whole_physical_blocks),
		T(test_absurd_physical_block_is_not_believed),
		T(test_without_lbpme_nothing_is_discarded),
		T(test_unmap_needs_lbpu_and_both_limits),
		T(test_without_provisioning_page_the_unmap_limits_count),
		T(test_zero_granularity_is_one_physical_block),
		T(test_granularity_and_alignment_are_taken_over),
		T(test_absurd_granularity_ends_unmap),
		T(test_unmap_limits_keep_whole_granules),
		T(test_unreported_write_same_limit_is_65535_blocks),
		T(test_zeros_are_promised_by_either_lbprz),
		T(test_optimal_size_is_reported_only_when_sane),
		T(test_cache_is_known_only_from_its_page),
		T(test_fua_needs_dpofua),
		T(test_every_way_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What follows from what a target says, however absurd that is.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "disk/facts.h"

static struct disk_facts facts;
static struct disk_geometry geo;
static struct disk_limits lim;
static char reason[400];

static int fill(void **state)
{
	memset(&facts, 0, sizeof(facts));
	facts.has_capacity = facts.has_limits = facts.has_provisioning = true;
	facts.capacity = (struct capacity){ .last = 0xfffff,
					    .block_size = 512,
					    .lbpme = true };
	facts.limits.max_unmap_blocks = 8192;
	facts.limits.max_unmap_descriptors = 1;
	facts.provisioning.unmap = true;
	return 0;
}

static void apply(void)
{
	assert_int_equal(
		facts_apply(&facts, &geo, &lim, reason, sizeof(reason)), 0);
}

static void refused(const char *why)
{
	assert_int_equal(
		facts_apply(&facts, &geo, &lim, reason, sizeof(reason)),
		-EINVAL);
	assert_string_equal(reason, why);
}

static bool can(enum disk_way w)
{
	return lim.ways & WAY(w);
}

static void test_limits_of_one_command_are_for_exporters_too(void **state)
{
	facts.capacity.block_size = 4096;
	facts.limits.max_unmap_blocks = 8192;
	facts.limits.max_write_same = 4096;
	facts.limits.unmap_granularity = 16;
	facts.limits.unmap_alignment = 2;
	apply();
	assert_int_equal(geo.max_discard, 8192 * 4096);
	assert_int_equal(geo.max_zero, 4096 * 4096);
	assert_int_equal(geo.discard_granularity, 16 * 4096);
	assert_int_equal(geo.discard_alignment, 2 * 4096);
}

static void test_what_cannot_be_discarded_has_no_limit(void **state)
{
	facts.capacity.lbpme = false;
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
	facts.mode.has_caching = true;
	facts.mode.dpofua = true;
	apply();
	assert_false(geo.write_cache);
	assert_true(geo.fua);
}

static void test_block_sizes_of_no_block_device_are_refused(void **state)
{
	static const uint32_t bad[] = { 0,    1,    511,  520,	     1024,
					2049, 4104, 8192, 0xffffffff };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		facts.capacity.block_size = bad[i];
		assert_int_equal(
			facts_apply(&facts, &geo, &lim, reason, sizeof(reason)),
			-EINVAL);
	}
	refused("blocks of 4294967295 bytes are not supported, only 512, "
		"2048 and 4096");
}

static void test_capacity_beyond_63_bits_is_refused(void **state)
{
	facts.capacity.last = UINT64_MAX;
	assert_int_equal(
		facts_apply(&facts, &geo, &lim, reason, sizeof(reason)),
		-EINVAL);
	facts.capacity.last = INT64_MAX / 512;
	refused("a capacity of 18014398509481984 blocks of 512 bytes is "
		"absurd");
	facts.capacity.last--;
	apply();
	assert_int_equal(geo.blocks, INT64_MAX / 512);
}

static void test_one_block_is_a_disk(void **state)
{
	facts.capacity.last = 0;
	apply();
	assert_int_equal(geo.blocks, 1);
}

static void test_transfer_limit_of_zero_means_our_own(void **state)
{
	apply();
	assert_int_equal(lim.max_transfer, SPAN_MAX / 512);
	facts.capacity.block_size = 4096;
	apply();
	assert_int_equal(lim.max_transfer, SPAN_MAX / 4096);
}

static void test_huge_transfer_limit_means_our_own(void **state)
{
	facts.limits.max_transfer = 0xffffffff;
	apply();
	assert_int_equal(lim.max_transfer, SPAN_MAX / 512);
}

static void test_transfer_limit_keeps_whole_physical_blocks(void **state)
{
	facts.capacity.physical_exp = 3;
	facts.limits.max_transfer = 127;
	apply();
	assert_int_equal(lim.max_transfer, 120);
	facts.limits.max_transfer = 5;
	apply();
	assert_int_equal(lim.max_transfer, 5);
}

static void test_absurd_physical_block_is_not_believed(void **state)
{
	facts.capacity.physical_exp = 11;
	apply();
	assert_int_equal(geo.physical_size, 1 << 20);
	facts.capacity.physical_exp = 12;
	apply();
	assert_int_equal(geo.physical_size, 512);
}

static void test_without_lbpme_nothing_is_discarded(void **state)
{
	facts.capacity.lbpme = false;
	facts.provisioning.write_same16 = facts.provisioning.write_same10 =
		true;
	apply();
	assert_false(geo.can_discard);
	assert_int_equal(geo.discard_granularity, 0);
	assert_true(geo.can_zero);
}

static void test_unmap_needs_lbpu_and_both_limits(void **state)
{
	apply();
	assert_true(can(WAY_UNMAP));
	facts.limits.max_unmap_descriptors = 0;
	apply();
	assert_false(can(WAY_UNMAP));
	fill(state);
	facts.limits.max_unmap_blocks = 0;
	apply();
	assert_false(can(WAY_UNMAP));
	fill(state);
	facts.provisioning.unmap = false;
	apply();
	assert_false(can(WAY_UNMAP));
}

static void test_without_provisioning_page_the_unmap_limits_count(void **state)
{
	facts.has_provisioning = facts.provisioning.unmap = false;
	apply();
	assert_true(can(WAY_UNMAP));
	assert_false(can(WAY_SAME16_UNMAP));
}

static void test_zero_granularity_is_one_physical_block(void **state)
{
	facts.capacity.physical_exp = 3;
	apply();
	assert_int_equal(lim.granule, 8);
	assert_false(lim.granule_known);
	assert_int_equal(geo.discard_granularity, 4096);
}

static void test_granularity_and_alignment_are_taken_over(void **state)
{
	facts.limits.unmap_granularity = 2048;
	facts.limits.unmap_alignment = 5000;
	apply();
	assert_true(lim.granule_known);
	assert_int_equal(lim.granule, 2048);
	assert_int_equal(lim.granule_start, 5000 % 2048);
	assert_int_equal(geo.discard_granularity, 2048 * 512);
}

static void test_absurd_granularity_ends_unmap(void **state)
{
	facts.limits.unmap_granularity = 0x80000000;
	apply();
	assert_false(can(WAY_UNMAP));
	assert_false(lim.granule_known);
	facts.limits.unmap_granularity = 0x100001; /* more than the disk has */
	apply();
	assert_false(can(WAY_UNMAP));
}

static void test_unmap_limits_keep_whole_granules(void **state)
{
	facts.limits.unmap_granularity = 100;
	facts.limits.max_unmap_blocks = 250;
	apply();
	assert_int_equal(lim.max_unmap, 200);
	facts.limits.max_write_same = 250;
	apply();
	assert_int_equal(lim.max_same, 200);
	facts.limits.max_unmap_blocks = 0xffffffff;
	apply();
	assert_int_equal(lim.max_unmap, BLOCKS_MAX - BLOCKS_MAX % 100);
}

static void test_unreported_write_same_limit_is_65535_blocks(void **state)
{
	apply();
	assert_int_equal(lim.max_same, 0xffff);
	facts.limits.max_write_same = 16;
	apply();
	assert_int_equal(lim.max_same, 16);
	facts.limits.max_write_same = UINT64_MAX;
	apply();
	assert_int_equal(lim.max_same, BLOCKS_MAX);
}

static void test_zeros_are_promised_by_either_lbprz(void **state)
{
	apply();
	assert_false(lim.reads_zeros);
	facts.capacity.lbprz = true;
	apply();
	assert_true(lim.reads_zeros);
	facts.capacity.lbprz = false;
	facts.provisioning.lbprz = 2; /* a pattern, not zeros */
	apply();
	assert_false(lim.reads_zeros);
	facts.provisioning.lbprz = 5;
	apply();
	assert_true(lim.reads_zeros);
}

static void test_optimal_size_is_reported_only_when_sane(void **state)
{
	facts.limits.optimal_transfer = 128;
	apply();
	assert_int_equal(geo.optimal_io, 65536);
	facts.limits.optimal_transfer = 1;
	apply();
	assert_int_equal(geo.optimal_io, 0);
	facts.limits.optimal_transfer = 0xffffffff;
	apply();
	assert_int_equal(geo.optimal_io, 0);
	facts.limits.optimal_transfer = 128;
	facts.limits.max_transfer = 64;
	apply();
	assert_int_equal(geo.optimal_io, 0);
	facts.limits.max_transfer = 0;
	facts.capacity.physical_exp = 3;
	facts.limits.optimal_transfer = 17;
	apply();
	assert_int_equal(geo.optimal_io, 0);
}

static void test_cache_is_known_only_from_its_page(void **state)
{
	apply();
	assert_int_equal(lim.cache, CACHE_UNKNOWN);
	facts.mode.has_caching = true;
	apply();
	assert_int_equal(lim.cache, CACHE_OFF);
	facts.mode.write_cache = true;
	apply();
	assert_int_equal(lim.cache, CACHE_ON);
}

static void test_fua_needs_dpofua(void **state)
{
	apply();
	assert_false(can(WAY_FUA));
	facts.mode.dpofua = true;
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

/*
 * test_geometry_keys - a geometry put into a message and read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/lun/geometry_keys.h"

static const struct disk_geometry good = {
	.block_size = 512,
	.physical_size = 4096,
	.blocks = UINT64_C(1) << 33,
	.read_only = true,
	.fua = true,
	.can_discard = true,
	.discard_granularity = 8192,
	.max_discard = UINT64_C(1) << 32,
	.max_zero = 512,
	.optimal_io = 65536,
};

static bool again(const struct disk_geometry *g, struct disk_geometry *out)
{
	static struct msg_out m;
	struct msg_in in;

	msg_begin(&m, "attach");
	geometry_keys_put(&m, g);
	assert_int_equal(msg_read(&in, m.text, m.len), 0);
	return geometry_keys_get(&in, out);
}

static void test_what_is_put_reads_the_same(void **state)
{
	struct disk_geometry g;

	assert_true(again(&good, &g));
	assert_int_equal(g.physical_size, 4096);
	assert_true(g.blocks == good.blocks);
	assert_true(g.read_only && g.fua && g.can_discard);
	assert_false(g.write_cache || g.rotational || g.can_zero);
	assert_int_equal(g.discard_granularity, 8192);
	assert_true(g.max_discard == good.max_discard);
	assert_int_equal(g.max_zero, 512);
	assert_int_equal(g.optimal_io, 65536);
}

static void test_what_makes_no_sense_is_not_known(void **state)
{
	struct disk_geometry bad[] = { good, good, good, good };
	struct disk_geometry g;

	bad[0].block_size = 520;
	bad[1].blocks = 0;
	bad[2].blocks = UINT64_MAX / 512;
	bad[3].physical_size = 0;
	for (size_t i = 0; i < 4; i++) {
		assert_false(again(&bad[i], &g));
		assert_int_equal(g.block_size, 0);
	}
}

static void test_message_without_it_is_no_error(void **state)
{
	static const char text[] = "attach id=1";
	struct disk_geometry g;
	struct msg_in in;

	assert_int_equal(msg_read(&in, text, strlen(text)), 0);
	assert_false(geometry_keys_get(&in, &g));
	assert_int_equal(g.block_size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_reads_the_same),
		cmocka_unit_test(test_what_makes_no_sense_is_not_known),
		cmocka_unit_test(test_message_without_it_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

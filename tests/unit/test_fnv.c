/*
 * test_fnv - hashes are those that others compute: marks of ublk devices and
 * keys at targets outlive a version.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fnv.h"

/* Of draft-eastlake-fnv, test vectors. */
static void test_hashes_are_those_that_are_published(void **state)
{
	assert_int_equal(fnv32_str(FNV32, ""), 0x811c9dc5);
	assert_int_equal(fnv32_str(FNV32, "a"), 0xe40c292c);
	assert_int_equal(fnv32_str(FNV32, "foobar"), 0xbf9cf968);
	assert_true(fnv64_str(FNV64, "") == UINT64_C(0xcbf29ce484222325));
	assert_true(fnv64_str(FNV64, "a") == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(fnv64_str(FNV64, "foobar") == UINT64_C(0x85944171f73967e8));
}

static void test_parts_hash_as_the_whole_does(void **state)
{
	assert_int_equal(fnv32(fnv32_str(FNV32, "foo"), "bar", 3),
			 fnv32_str(FNV32, "foobar"));
	assert_true(fnv64(fnv64_str(FNV64, "foo"), "bar", 3) ==
		    fnv64_str(FNV64, "foobar"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes_are_those_that_are_published),
		cmocka_unit_test(test_parts_hash_as_the_whole_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

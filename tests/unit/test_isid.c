/*
 * test_isid - ISIDs that follow from what a session is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "conf/isid.h"

#define HOST "iqn.2001-04.com.example:host"
#define DISK "iqn.2001-04.com.example:disk"

#define ISID_OF_HOST_DISK_1   0x80eb2c000000ull
#define ISID_OF_HOST_DISK_ALL 0x800cb84e0000ull

static uint64_t isid(const char *initiator, const char *target, int32_t tag,
		     uint16_t index)
{
	uint8_t p[CONF_ISID_LEN];
	uint64_t v = 0;

	assert_int_equal(conf_isid(initiator, target, tag, index, p), 0);
	for (int i = 0; i < CONF_ISID_LEN; i++)
		v = v << 8 | p[i];
	return v;
}

/* Computed with sha256sum(1): a restart, and a new release, must agree. */
static void test_isid_is_the_same_for_ever(void **state)
{
	assert_int_equal(isid(HOST, DISK, 1, 0), ISID_OF_HOST_DISK_1);
	assert_int_equal(isid(HOST, DISK, 1, 0x1234),
			 ISID_OF_HOST_DISK_1 | 0x1234);
}

/* So that a session in any group can end the one before it, in its own. */
static void test_one_isid_serves_all_portal_groups(void **state)
{
	assert_int_equal(isid(HOST, DISK, -1, 0), ISID_OF_HOST_DISK_ALL);
}

static void test_type_is_random_with_nothing_reserved_set(void **state)
{
	assert_int_equal(isid(HOST, DISK, 1, 0) >> 40, 0x80);
}

static void test_isid_differs_when_anything_differs(void **state)
{
	uint64_t same = isid(HOST, DISK, 1, 0);

	assert_int_not_equal(same, isid(HOST "2", DISK, 1, 0));
	assert_int_not_equal(same, isid(HOST, DISK "2", 1, 0));
	assert_int_not_equal(same, isid(HOST, DISK, 2, 0));
	assert_int_not_equal(same, isid(HOST, DISK, -1, 0));
	assert_int_not_equal(same, isid(HOST, DISK, 1, 1));
	assert_int_not_equal(same, isid(HOST, "", 1, 0));
}

static void test_names_do_not_run_into_each_other(void **state)
{
	assert_int_not_equal(isid("ab", "c", 0, 0), isid("a", "bc", 0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_isid_is_the_same_for_ever),
		cmocka_unit_test(test_one_isid_serves_all_portal_groups),
		cmocka_unit_test(test_type_is_random_with_nothing_reserved_set),
		cmocka_unit_test(test_isid_differs_when_anything_differs),
		cmocka_unit_test(test_names_do_not_run_into_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

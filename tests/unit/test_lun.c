/*
 * test_lun - the addressing methods of SAM-5 4.7.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "wire/lun.h"

static void assert_number(const uint8_t *lun, uint32_t expected)
{
	uint32_t number = ~expected;

	assert_int_equal(lun_number(lun, &number), 0);
	assert_int_equal(number, expected);
}

static void assert_refused(const uint8_t *lun)
{
	uint32_t number = 77;

	assert_int_equal(lun_number(lun, &number), -EINVAL);
	assert_int_equal(number, 77);
}

/* Eight bytes, the first of them given. */
#define LUN(...) ((const uint8_t[LUN_LEN]){ __VA_ARGS__ })

static void test_peripheral_luns_are_read(void **state)
{
	(void)state;
	assert_number(LUN(0), 0);
	assert_number(LUN(0, 5), 5);
	assert_number(LUN(0, 255), 255);
}

static void test_peripheral_lun_on_another_bus_is_refused(void **state)
{
	(void)state;
	assert_refused(LUN(0x01, 5));
	assert_refused(LUN(0x3f, 0));
}

static void test_flat_luns_are_read(void **state)
{
	(void)state;
	assert_number(LUN(0x40, 5), 5);
	assert_number(LUN(0x41, 0), 256);
	assert_number(LUN(0x7f, 0xff), 16383);
}

static void test_logical_unit_luns_are_read_on_bus_and_target_0(void **state)
{
	(void)state;
	assert_number(LUN(0x80, 5), 5);
	assert_number(LUN(0x80, 31), 31);
	assert_refused(LUN(0x80, 0x20)); /* bus 1 */
	assert_refused(LUN(0x81, 5));	 /* target 1 */
}

static void test_extended_flat_luns_are_read(void **state)
{
	(void)state;
	assert_number(LUN(0xd2, 0x00, 0x40, 0x00), 16384);
	assert_number(LUN(0xd2, 0xff, 0xff, 0xff), 0xffffff);
	assert_number(LUN(0xe2, 0, 1, 0, 0, 0), 0x1000000);
	assert_number(LUN(0xe2, 0, 0xff, 0xff, 0xff, 0xff), 0xffffffff);
}

static void test_number_beyond_32_bits_is_refused(void **state)
{
	(void)state;
	assert_refused(LUN(0xe2, 1, 0, 0, 0, 0));
}

static void test_well_known_and_unspecified_luns_are_refused(void **state)
{
	(void)state;
	assert_refused(LUN(0xc1, 0x01)); /* REPORT LUNS */
	assert_refused(LUN(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
	assert_refused(LUN(0xc2, 0x01));
	assert_refused(LUN(0xf2, 0, 0, 0, 0, 0, 0, 1));
}

static void test_luns_of_several_levels_are_refused(void **state)
{
	(void)state;
	assert_refused(LUN(0, 5, 0, 1));
	assert_refused(LUN(0, 5, 0, 0, 0, 0, 0, 1));
	assert_refused(LUN(0x40, 5, 0x40, 0));
	assert_refused(LUN(0x80, 5, 0, 1));
	assert_refused(LUN(0xd2, 0, 0x40, 0, 0, 1));
	assert_refused(LUN(0xe2, 0, 1, 0, 0, 0, 0, 1));
}

static void assert_encoded(uint32_t number, const uint8_t *expected)
{
	uint8_t lun[LUN_LEN];

	memset(lun, 0xa5, sizeof(lun));
	lun_encode(lun, number);
	assert_memory_equal(lun, expected, LUN_LEN);
	assert_number(lun, number);
}

static void test_numbers_get_the_usual_method(void **state)
{
	(void)state;
	assert_encoded(0, LUN(0));
	assert_encoded(255, LUN(0, 255));
	assert_encoded(256, LUN(0x41, 0));
	assert_encoded(16383, LUN(0x7f, 0xff));
	assert_encoded(16384, LUN(0xd2, 0, 0x40, 0));
	assert_encoded(0xffffff, LUN(0xd2, 0xff, 0xff, 0xff));
	assert_encoded(0x1000000, LUN(0xe2, 0, 1, 0, 0, 0));
	assert_encoded(UINT32_MAX, LUN(0xe2, 0, 0xff, 0xff, 0xff, 0xff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_peripheral_luns_are_read),
		cmocka_unit_test(test_peripheral_lun_on_another_bus_is_refused),
		cmocka_unit_test(test_flat_luns_are_read),
		cmocka_unit_test(test_logical_unit_luns_are_read_on_bus_and_target_0),
		cmocka_unit_test(test_extended_flat_luns_are_read),
		cmocka_unit_test(test_number_beyond_32_bits_is_refused),
		cmocka_unit_test(test_well_known_and_unspecified_luns_are_refused),
		cmocka_unit_test(test_luns_of_several_levels_are_refused),
		cmocka_unit_test(test_numbers_get_the_usual_method),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* MODE SENSE data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>

#include <cmocka.h>

#include "scsi/mode.h"

static struct mode mode;

static void test_header_gives_write_protection_and_fua(void **state)
{
	static const uint8_t wp[] = { 3, 0, 0x80, 0 };
	static const uint8_t fua[] = { 3, 0, 0x10, 0 };

	assert_int_equal(mode_get_6(wp, 4, &mode), 0);
	assert_true(mode.write_protected);
	assert_false(mode.dpofua);
	assert_false(mode.has_caching);
	assert_int_equal(mode_get_6(fua, 4, &mode), 0);
	assert_false(mode.write_protected);
	assert_true(mode.dpofua);
}

static void test_caching_page_gives_write_cache(void **state)
{
	static const uint8_t on[] = { 9, 0, 0, 0, 0x08, 4, 0x04, 0, 0, 0 };
	static const uint8_t off[] = { 9, 0, 0, 0, 0x88, 4, 0x00, 0, 0, 0 };

	assert_int_equal(mode_get_6(on, sizeof(on), &mode), 0);
	assert_true(mode.has_caching);
	assert_true(mode.write_cache);
	assert_int_equal(mode_get_6(off, sizeof(off), &mode), 0);
	assert_true(mode.has_caching);
	assert_false(mode.write_cache);
}

static void test_block_descriptors_are_skipped(void **state)
{
	/* they come although none were wanted */
	static const uint8_t p[] = { 14,
				     0,
				     0,
				     8,
				     0x08,
				     1,
				     0x04,
				     0,
				     0,
				     0,
				     2,
				     0,
				     /* the page */ 0x08,
				     1,
				     0x04 };

	assert_int_equal(mode_get_6(p, sizeof(p), &mode), 0);
	assert_true(mode.has_caching);
	assert_true(mode.write_cache);
}

static void test_ten_byte_header_is_longer(void **state)
{
	static const uint8_t p[] = { 0,	   16, 0,    0x90, 0, 0, 0, 0,
				     0x42, 0,  0,    2,	   9, 9, /* a subpage */
				     0x08, 2,  0x04, 0 };

	assert_int_equal(mode_get_10(p, sizeof(p), &mode), 0);
	assert_true(mode.write_protected);
	assert_true(mode.dpofua);
	assert_true(mode.has_caching);
	assert_true(mode.write_cache);
}

static void test_page_beyond_the_said_length_does_not_count(void **state)
{
	static const uint8_t p[] = { 3, 0, 0, 0, 0x08, 4, 0x04, 0, 0, 0 };

	assert_int_equal(mode_get_6(p, sizeof(p), &mode), 0);
	assert_false(mode.has_caching);
}

static void test_every_cut_is_safe(void **state)
{
	static const uint8_t p[] = { 255, 0, 0,	   0, 0x41, 0,	 0,
				     1,	  7, 0x08, 4, 0x04, 0xff };

	for (size_t n = 0; n <= sizeof(p); n++) {
		assert_int_equal(mode_get_6(p, n, &mode), n < 4 ? -EBADMSG : 0);
		assert_int_equal(mode.has_caching && n < 12, 0);
		assert_int_equal(mode_get_10(p, n, &mode),
				 n < 8 ? -EBADMSG : 0);
	}
	assert_int_equal(mode_get_6(p, sizeof(p), &mode), 0);
	assert_true(mode.has_caching);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_gives_write_protection_and_fua),
		cmocka_unit_test(test_caching_page_gives_write_cache),
		cmocka_unit_test(test_block_descriptors_are_skipped),
		cmocka_unit_test(test_ten_byte_header_is_longer),
		cmocka_unit_test(
			test_page_beyond_the_said_length_does_not_count),
		cmocka_unit_test(test_every_cut_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_codec - hexadecimal, Base64 and UTF-8.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/codec.h"

static void test_hex_is_written_in_lower_case(void **state)
{
	char dst[9];

	(void)state;
	hex_put(dst, (const uint8_t *)"\x00\x9f\xA0\xff", 4);
	assert_string_equal(dst, "009fa0ff");
	hex_put(dst, NULL, 0);
	assert_string_equal(dst, "");
}

static void test_hex_of_either_case_is_read(void **state)
{
	uint8_t dst[4];

	(void)state;
	assert_int_equal(hex_get(dst, sizeof(dst), "009fA0Ff", 8), 4);
	assert_memory_equal(dst, "\x00\x9f\xa0\xff", 4);
}

static void test_odd_hex_has_a_leading_zero(void **state)
{
	uint8_t dst[2];

	(void)state;
	assert_int_equal(hex_get(dst, sizeof(dst), "abc", 3), 2);
	assert_memory_equal(dst, "\x0a\xbc", 2);
	assert_int_equal(hex_get(dst, 1, "7", 1), 1);
	assert_int_equal(dst[0], 7);
}

static void test_what_is_no_hex_is_refused(void **state)
{
	uint8_t dst[4];

	(void)state;
	assert_int_equal(hex_get(dst, sizeof(dst), "0g", 2), -EINVAL);
	assert_int_equal(hex_get(dst, sizeof(dst), "g", 1), -EINVAL);
	assert_int_equal(hex_get(dst, sizeof(dst), "0 ", 2), -EINVAL);
	assert_int_equal(hex_get(dst, sizeof(dst), "0\0", 2), -EINVAL);
}

static void test_hex_that_does_not_fit_is_refused(void **state)
{
	uint8_t dst[2] = { 1, 2 };

	(void)state;
	assert_int_equal(hex_get(dst, 1, "0001", 4), -ENOSPC);
	assert_int_equal(hex_get(dst, 1, "001", 3), -ENOSPC);
	assert_memory_equal(dst, "\1\2", 2);
}

static ssize_t base64(const char *s, uint8_t *dst, size_t size)
{
	return base64_get(dst, size, s, strlen(s));
}

static void assert_base64(const char *s, const char *expected)
{
	uint8_t dst[8];
	size_t n = strlen(expected);

	assert_int_equal(base64(s, dst, sizeof(dst)), n);
	assert_memory_equal(dst, expected, n);
}

static void test_base64_examples_of_the_rfc_are_read(void **state)
{
	(void)state; /* RFC 4648 section 10 */
	assert_base64("", "");
	assert_base64("Zg==", "f");
	assert_base64("Zm8=", "fo");
	assert_base64("Zm9v", "foo");
	assert_base64("Zm9vYg==", "foob");
	assert_base64("Zm9vYmE=", "fooba");
	assert_base64("Zm9vYmFy", "foobar");
}

static void test_base64_uses_its_whole_alphabet(void **state)
{
	uint8_t dst[3];

	(void)state;
	assert_int_equal(base64("+/+/", dst, sizeof(dst)), 3);
	assert_memory_equal(dst, "\xfb\xff\xbf", 3);
}

static void test_base64_without_padding_is_read(void **state)
{
	(void)state;
	assert_base64("Zg", "f");
	assert_base64("Zm8", "fo");
}

static void test_what_is_no_base64_is_refused(void **state)
{
	static const char *const wrong[] = {
		"Z",	 "Zg=",	  "Z===", "=",	    "====", "Zg==Zg==",
		"Zm9v=", "Zm 8=", "Zm-_", "Zm8=\n", "Z=g=", "Zm9vY",
	};
	uint8_t dst[16];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(base64(wrong[i], dst, sizeof(dst)), -EINVAL);
}

static void test_base64_with_leftover_bits_is_refused(void **state)
{
	uint8_t dst[4];

	(void)state;
	assert_int_equal(base64("Zh==", dst, sizeof(dst)), -EINVAL);
	assert_int_equal(base64("Zm9=", dst, sizeof(dst)), -EINVAL);
}

static void test_base64_that_does_not_fit_is_refused(void **state)
{
	uint8_t dst[3] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(base64("Zm9v", dst, 2), -ENOSPC);
	assert_memory_equal(dst, "\1\2\3", 3);
	assert_int_equal(base64("Zm8=", dst, 2), 2);
}

static void assert_utf8(const char *s, int len, uint32_t expected)
{
	uint32_t code = ~expected;

	assert_int_equal(utf8_get(s, strlen(s), &code), len);
	assert_int_equal(code, expected);
}

static void test_utf8_of_each_length_is_read(void **state)
{
	(void)state;
	assert_utf8("a", 1, 'a');
	assert_utf8("\x7f", 1, 0x7f);
	assert_utf8("\xc2\x80", 2, 0x80);
	assert_utf8("\xdf\xbf", 2, 0x7ff);
	assert_utf8("\xe0\xa0\x80", 3, 0x800);
	assert_utf8("\xef\xbf\xbf", 3, 0xffff);
	assert_utf8("\xf0\x90\x80\x80", 4, 0x10000);
	assert_utf8("\xf4\x8f\xbf\xbf", 4, 0x10ffff);
}

static void test_malformed_utf8_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"\x80",		    /* continuation alone */
		"\xc3",		    /* cut */
		"\xe2\x82",	    /* cut */
		"\xc3(",	    /* no continuation */
		"\xc0\x80",	    /* overlong */
		"\xe0\x9f\xbf",	    /* overlong */
		"\xf0\x8f\xbf\xbf", /* overlong */
		"\xed\xa0\x80",	    /* surrogate */
		"\xf4\x90\x80\x80", /* beyond Unicode */
		"\xff",
	};
	uint32_t code = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(utf8_get(wrong[i], strlen(wrong[i]), &code),
				 -EINVAL);
	assert_int_equal(code, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_hex_is_written_in_lower_case),
		cmocka_unit_test(test_hex_of_either_case_is_read),
		cmocka_unit_test(test_odd_hex_has_a_leading_zero),
		cmocka_unit_test(test_what_is_no_hex_is_refused),
		cmocka_unit_test(test_hex_that_does_not_fit_is_refused),
		cmocka_unit_test(test_base64_examples_of_the_rfc_are_read),
		cmocka_unit_test(test_base64_uses_its_whole_alphabet),
		cmocka_unit_test(test_base64_without_padding_is_read),
		cmocka_unit_test(test_what_is_no_base64_is_refused),
		cmocka_unit_test(test_base64_with_leftover_bits_is_refused),
		cmocka_unit_test(test_base64_that_does_not_fit_is_refused),
		cmocka_unit_test(test_utf8_of_each_length_is_read),
		cmocka_unit_test(test_malformed_utf8_is_refused),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

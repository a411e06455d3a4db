/*
 * test_str - text into fixed buffers, and numbers out of text.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/str.h"

static void test_text_is_appended(void **state)
{
	char buf[16];
	struct strbuf sb;

	(void)state;
	sb_init(&sb, buf, sizeof(buf));
	assert_string_equal(buf, "");
	sb_add(&sb, "%d-", 12);
	sb_mem(&sb, "abc", 2);
	assert_string_equal(buf, "12-ab");
	assert_int_equal(sb.len, 5);
	assert_false(sb.full);
}

static void test_text_that_exactly_fits_is_whole(void **state)
{
	char buf[6];
	struct strbuf sb;

	(void)state;
	sb_init(&sb, buf, sizeof(buf));
	sb_add(&sb, "12345");
	assert_string_equal(buf, "12345");
	assert_false(sb.full);
	sb_mem(&sb, "", 0);
	sb_add(&sb, "%s", "");
	assert_false(sb.full);
}

static void test_text_that_does_not_fit_is_cut_and_stays_cut(void **state)
{
	char buf[6];
	struct strbuf sb;

	(void)state;
	sb_init(&sb, buf, sizeof(buf));
	sb_add(&sb, "123");
	sb_add(&sb, "4567");
	assert_string_equal(buf, "12345");
	assert_int_equal(sb.len, 5);
	assert_true(sb.full);
	sb_add(&sb, "x");
	sb_mem(&sb, "y", 1);
	assert_string_equal(buf, "12345");
}

static void test_bytes_that_do_not_fit_are_cut(void **state)
{
	char buf[4];
	struct strbuf sb;

	(void)state;
	sb_init(&sb, buf, sizeof(buf));
	sb_mem(&sb, "abcdef", 6);
	assert_string_equal(buf, "abc");
	assert_true(sb.full);
}

static void test_buffer_of_no_size_takes_nothing(void **state)
{
	char untouched = 'x';
	struct strbuf sb;

	(void)state;
	sb_init(&sb, &untouched, 0);
	sb_add(&sb, "a");
	sb_mem(&sb, "a", 1);
	assert_true(sb.full);
	assert_int_equal(untouched, 'x');
}

static int number(const char *s, uint64_t max, uint64_t *out)
{
	return str_u64(s, strlen(s), max, out);
}

static void assert_number(const char *s, uint64_t expected)
{
	uint64_t v = ~expected;

	assert_int_equal(number(s, UINT64_MAX, &v), 0);
	assert_true(v == expected);
}

static void test_decimal_and_hex_numbers_are_read(void **state)
{
	(void)state;
	assert_number("0", 0);
	assert_number("007", 7);
	assert_number("262144", 262144);
	assert_number("0x1F", 31);
	assert_number("0Xff", 255);
	assert_number("18446744073709551615", UINT64_MAX);
	assert_number("0xffffffffffffffff", UINT64_MAX);
}

static void test_what_is_no_number_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",   "x",    "0x",  "-1",  "+1",   " 1", "1 ",
		"1k", "0xg1", "1.5", "1e3", "0x1x", "a",  "\n1",
	};
	uint64_t v = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(number(wrong[i], UINT64_MAX, &v), -EINVAL);
	assert_int_equal(v, 77);
}

static void test_number_above_its_limit_is_out_of_range(void **state)
{
	uint64_t v = 77;

	(void)state;
	assert_int_equal(number("11", 10, &v), -ERANGE);
	assert_int_equal(number("10", 10, &v), 0);
	assert_int_equal(v, 10);
	assert_int_equal(number("18446744073709551616", UINT64_MAX, &v),
			 -ERANGE);
	assert_int_equal(number("0x10000000000000000", UINT64_MAX, &v),
			 -ERANGE);
	assert_int_equal(number("99999999999999999999999999", UINT64_MAX, &v),
			 -ERANGE);
	assert_int_equal(v, 10);
}

static void test_junk_after_a_huge_number_is_still_junk(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(number("99999999999999999999999999x", 9, &v), -EINVAL);
}

static void test_number_ends_where_it_is_told(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(str_u64("1234", 2, 99, &v), 0);
	assert_int_equal(v, 12);
}

static void test_copy_tells_whether_it_fitted(void **state)
{
	char dst[4];

	(void)state;
	assert_true(str_copy(dst, sizeof(dst), "abc"));
	assert_string_equal(dst, "abc");
	assert_false(str_copy(dst, sizeof(dst), "abcd"));
	assert_string_equal(dst, "abc");
	assert_false(str_copy(dst, 0, ""));
}

static void test_comparison_takes_whole_strings(void **state)
{
	(void)state;
	assert_true(str_is("CRC32Cxyz", 6, "CRC32C"));
	assert_false(str_is("CRC32Cxyz", 9, "CRC32C"));
	assert_false(str_is("CRC32C", 6, "CRC32Cxyz"));
	assert_false(str_is("crc32c", 6, "CRC32C"));
	assert_true(str_is("", 0, ""));
}

static void test_comparison_may_ignore_case(void **state)
{
	(void)state;
	assert_true(str_is_nocase("Yes!", 3, "yES"));
	assert_false(str_is_nocase("Yes!", 4, "yES"));
	assert_false(str_is_nocase("[", 1, "{")); /* no letters */
	assert_false(str_is_nocase("@", 1, "`"));
}

static void assert_printable(const char *src, size_t n, const char *expected)
{
	char dst[9];

	memset(dst, 'x', sizeof(dst));
	str_printable(dst, sizeof(dst), src, n);
	assert_string_equal(dst, expected);
}

static void test_bytes_of_a_peer_become_printable(void **state)
{
	(void)state;
	assert_printable("ab\x1b[2J\n", 7, "ab?[2J?");
	assert_printable("\x7f\x80\xff~ !", 6, "???~ !");
	assert_printable("a\0b", 3, "a?b");
	assert_printable("", 0, "");
}

static void test_trailing_blanks_are_cut(void **state)
{
	(void)state;
	assert_printable("IET     ", 8, "IET");
	assert_printable("        ", 8, "");
	assert_printable(" a b    ", 8, " a b");
}

static void test_printable_text_is_cut_at_its_size(void **state)
{
	char nothing = 'x';

	(void)state;
	assert_printable("123456789", 9, "12345678");
	assert_printable("1234567 9", 9, "1234567");
	str_printable(&nothing, 0, "a", 1);
	assert_int_equal(nothing, 'x');
}

static void assert_size(uint64_t bytes, const char *expected)
{
	char text[32];

	str_size(text, sizeof(text), bytes);
	assert_string_equal(text, expected);
}

static void test_sizes_use_the_unit_people_use(void **state)
{
	(void)state;
	assert_size(0, "0 B");
	assert_size(512, "512 B");
	assert_size(10000, "10 kB");
	assert_size(67108864, "67 MB");
	assert_size(8683000000ull, "8683 MB");
	assert_size(9999999999ull, "9999 MB");
	assert_size(10000000000ull, "10 GB");
	assert_size(500107862016ull, "500 GB");
	assert_size(1500000000000ull, "1.5 TB");
	assert_size(1000000000000ull, "1.0 TB");
	assert_size(120000000000000ull, "120 TB");
	assert_size(UINT64_MAX, "18446 PB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_text_is_appended),
		cmocka_unit_test(test_text_that_exactly_fits_is_whole),
		cmocka_unit_test(test_text_that_does_not_fit_is_cut_and_stays_cut),
		cmocka_unit_test(test_bytes_that_do_not_fit_are_cut),
		cmocka_unit_test(test_buffer_of_no_size_takes_nothing),
		cmocka_unit_test(test_decimal_and_hex_numbers_are_read),
		cmocka_unit_test(test_what_is_no_number_is_refused),
		cmocka_unit_test(test_number_above_its_limit_is_out_of_range),
		cmocka_unit_test(test_junk_after_a_huge_number_is_still_junk),
		cmocka_unit_test(test_number_ends_where_it_is_told),
		cmocka_unit_test(test_copy_tells_whether_it_fitted),
		cmocka_unit_test(test_comparison_takes_whole_strings),
		cmocka_unit_test(test_comparison_may_ignore_case),
		cmocka_unit_test(test_bytes_of_a_peer_become_printable),
		cmocka_unit_test(test_trailing_blanks_are_cut),
		cmocka_unit_test(test_printable_text_is_cut_at_its_size),
		cmocka_unit_test(test_sizes_use_the_unit_people_use),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

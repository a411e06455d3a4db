/*
 * test_name - which iSCSI names are right, and where others are wrong.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "wire/name.h"

static void assert_good(const char *s)
{
	size_t column = 99;
	const char *fault = name_fault(s, strlen(s), &column);

	if (fault)
		fail_msg("%s: %s at %zu", s, fault, column);
	assert_int_equal(column, 99);
}

static void assert_wrong(const char *s, size_t column, const char *fault)
{
	size_t at = 99;
	const char *got = name_fault(s, strlen(s), &at);

	assert_non_null(got);
	assert_string_equal(got, fault);
	assert_int_equal(at, column);
}

static void test_names_of_the_rfc_are_good(void **state)
{
	(void)state;
	assert_good("iqn.2001-04.com.example:storage.tape1.sys1.xyz");
	assert_good("iqn.2001-04.com.example");
	assert_good("iqn.2001-04.com.example:diskarrays-sn-a8675309");
	assert_good("eui.02004567A425678D");
	assert_good("naa.52004567BA64678D");
	assert_good("naa.62004567BA64678D0123456789ABCDEF");
}

static void test_capitals_are_accepted(void **state)
{
	(void)state;
	assert_good("IQN.2001-04.COM.Example:Disk");
	assert_good("EUI.02004567a425678d");
}

static void test_name_of_223_bytes_is_good_and_of_224_too_long(void **state)
{
	char s[225] = "iqn.2001-04.com.example:";

	(void)state;
	memset(s + strlen(s), 'a', 224 - strlen(s));
	assert_wrong(s, 223, "is longer than 223 bytes");
	s[223] = '\0';
	assert_good(s);
}

static void test_empty_name_is_wrong(void **state)
{
	(void)state;
	assert_wrong("", 0, "is empty");
}

static void test_unknown_type_is_wrong(void **state)
{
	static const char fault[] = "does not begin with iqn., eui. or naa.";

	(void)state;
	assert_wrong("disk1", 0, fault);
	assert_wrong("iqn", 0, fault);
	assert_wrong("iqn:2001-04.com.example", 0, fault);
	assert_wrong("xiqn.2001-04.com.example", 0, fault);
}

static void test_wrong_character_is_shown_with_its_column(void **state)
{
	(void)state;
	assert_wrong("iqn.2001-04.com.example:a+b", 25,
		     "has a character that is not allowed: '+'");
	assert_wrong("iqn.2001-04.com.example:a/b", 25,
		     "has a character that is not allowed: '/'");
	assert_wrong("iqn.2001-04.com.example:a\\", 25,
		     "has a character that is not allowed: '\\'");
	assert_wrong("iqn.2001-04.com.example:\"", 24,
		     "has a character that is not allowed: '\"'");
	assert_wrong("iqn.2001-04.com.example:a b", 25, "has a blank");
	assert_wrong("iqn.2001-04.com.example\n", 23,
		     "has a control character");
	assert_wrong("iqn.2001-04.com.example:\x7f", 24,
		     "has a control character");
}

static void
test_ascii_that_is_allowed_is_dash_dot_colon_underscore_alnum(void **state)
{
	char s[] = "iqn.2001-04.com.example:?";
	unsigned good = 0;

	(void)state;
	for (int c = 1; c < 128; c++) {
		s[24] = (char)c;
		good += !name_fault(s, 25, NULL);
	}
	assert_int_equal(good, 10 + 26 + 26 + 4);
}

static void test_nul_inside_is_wrong(void **state)
{
	size_t column;

	(void)state;
	assert_string_equal(
		name_fault("iqn.2001-04.com.example\0x", 25, &column),
		"has a control character");
	assert_int_equal(column, 23);
}

static void test_letters_beyond_ascii_are_good(void **state)
{
	(void)state;
	assert_good("iqn.2001-04.com.example:platte-\xc3\xa4");
	assert_good("iqn.2001-04.com.example:\xe7\xa3\x81");
}

static void test_broken_utf8_is_wrong(void **state)
{
	(void)state;
	assert_wrong("iqn.2001-04.com.example:a\xc3", 25,
		     "is not well-formed UTF-8");
	assert_wrong("iqn.2001-04.com.example:\xff", 24,
		     "is not well-formed UTF-8");
}

static void test_characters_of_the_prohibited_tables_are_wrong(void **state)
{
	static const char *const tails[] = {
		"\xc2\x80",	    /* U+0080, C.2.2 */
		"\xc2\xa0",	    /* U+00A0, C.1.2 */
		"\xe2\x80\x8b",	    /* U+200B, C.1.2 */
		"\xe2\x80\xae",	    /* U+202E, C.8 */
		"\xe3\x80\x80",	    /* U+3000, C.1.2 */
		"\xe3\x80\x82",	    /* U+3002, RFC 3722 6.2 */
		"\xee\x80\x80",	    /* U+E000, C.3 */
		"\xef\xb7\x90",	    /* U+FDD0, C.4 */
		"\xef\xbf\xbd",	    /* U+FFFD, C.6 */
		"\xf0\x9f\xbf\xbe", /* U+1FFFE, C.4 */
		"\xf3\xa0\x80\x81", /* U+E0001, C.9 */
		"\xf4\x8f\xbf\xbd", /* U+10FFFD, C.3 */
	};
	char s[64];

	(void)state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		strcpy(s, "iqn.2001-04.com.example:");
		strcat(s, tails[i]);
		assert_wrong(s, 24,
			     "has a character that is not allowed in names");
	}
}

static void test_iqn_needs_a_date(void **state)
{
	static const char no_date[] =
		"has no date of the form yyyy-mm after iqn.";

	(void)state;
	assert_wrong("iqn.com.example:disk", 4, no_date);
	assert_wrong("iqn.200-04.com.example", 7, no_date);
	assert_wrong("iqn.2001.04.com.example", 8, no_date);
	assert_wrong("iqn.2001-4.com.example", 10, no_date);
	assert_wrong("iqn.2001-04com.example", 11, no_date);
	assert_wrong("iqn.2001-04:disk", 11, no_date);
}

static void test_iqn_that_ends_early_is_wrong(void **state)
{
	(void)state;
	assert_wrong("iqn.", 4, "ends within its date (iqn.yyyy-mm.)");
	assert_wrong("iqn.2001-0", 10, "ends within its date (iqn.yyyy-mm.)");
	assert_wrong("iqn.2001-04", 11, "ends within its date (iqn.yyyy-mm.)");
}

static void test_iqn_needs_a_month_of_the_calendar(void **state)
{
	static const char fault[] = "has a month that is not 01 to 12";

	(void)state;
	assert_wrong("iqn.2001-00.com.example", 9, fault);
	assert_wrong("iqn.2001-13.com.example", 9, fault);
	assert_wrong("iqn.2001-20.com.example", 9, fault);
	assert_good("iqn.2001-01.com.example");
	assert_good("iqn.2001-09.com.example");
	assert_good("iqn.2001-10.com.example");
	assert_good("iqn.2001-12.com.example");
}

static void test_iqn_needs_a_naming_authority(void **state)
{
	(void)state;
	assert_wrong("iqn.2001-04.", 12,
		     "has no naming authority after its date");
	assert_wrong("iqn.2001-04.:disk", 12,
		     "has no naming authority after its date");
	assert_wrong("iqn.2001-04.ex\xc3\xa4mple:disk", 14,
		     "has a naming authority that is no domain name");
}

static void test_eui_needs_16_hex_digits(void **state)
{
	static const char fault[] = "must have 16 hex digits after eui.";

	(void)state;
	assert_wrong("eui.", 4, fault);
	assert_wrong("eui.02004567A425678", 19, fault);
	assert_wrong("eui.02004567A425678D0", 21, fault);
	assert_wrong("eui.02004567A425678D0123456789abcdef", 36, fault);
	assert_wrong("eui.02004567A425678G", 19,
		     "has a character that is no hex digit");
}

static void test_naa_needs_16_or_32_hex_digits(void **state)
{
	static const char fault[] = "must have 16 or 32 hex digits after naa.";

	(void)state;
	assert_wrong("naa.52004567BA64678", 19, fault);
	assert_wrong("naa.52004567BA64678D0", 21, fault);
	assert_wrong("naa.52004567BA64678D:1", 20,
		     "has a character that is no hex digit");
}

static void test_column_may_be_left_out(void **state)
{
	(void)state;
	assert_non_null(name_fault("x", 1, NULL));
}

static void test_normalizing_folds_ascii_capitals_only(void **state)
{
	char s[] = "IQN.2001-04.com.Example:Z\xc3\x84";

	(void)state;
	name_normalize(s);
	assert_string_equal(s, "iqn.2001-04.com.example:z\xc3\x84");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_names_of_the_rfc_are_good),
		cmocka_unit_test(test_capitals_are_accepted),
		cmocka_unit_test(test_name_of_223_bytes_is_good_and_of_224_too_long),
		cmocka_unit_test(test_empty_name_is_wrong),
		cmocka_unit_test(test_unknown_type_is_wrong),
		cmocka_unit_test(test_wrong_character_is_shown_with_its_column),
		cmocka_unit_test(test_ascii_that_is_allowed_is_dash_dot_colon_underscore_alnum),
		cmocka_unit_test(test_nul_inside_is_wrong),
		cmocka_unit_test(test_letters_beyond_ascii_are_good),
		cmocka_unit_test(test_broken_utf8_is_wrong),
		cmocka_unit_test(test_characters_of_the_prohibited_tables_are_wrong),
		cmocka_unit_test(test_iqn_needs_a_date),
		cmocka_unit_test(test_iqn_that_ends_early_is_wrong),
		cmocka_unit_test(test_iqn_needs_a_month_of_the_calendar),
		cmocka_unit_test(test_iqn_needs_a_naming_authority),
		cmocka_unit_test(test_eui_needs_16_hex_digits),
		cmocka_unit_test(test_naa_needs_16_or_32_hex_digits),
		cmocka_unit_test(test_column_may_be_left_out),
		cmocka_unit_test(test_normalizing_folds_ascii_capitals_only),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

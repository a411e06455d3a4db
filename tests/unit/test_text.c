/*
 * test_text - key=value pairs, written and read (RFC 7143 section 6.1).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "wire/text.h"

/* A literal's bytes without the NUL C adds: "a=b" has none at its end. */
#define SEGMENT(s) (s), sizeof(s) - 1

static void assert_pair(const struct text_pair *kv, const char *key,
			const char *value)
{
	assert_true(text_key_is(kv, key));
	assert_true(text_value_is(kv, value));
}

static void test_pairs_are_walked_in_order(void **state)
{
	size_t pos = 0;
	struct text_pair kv;
	static const char p[] = "A=1\0Target=x=y\0Empty=\0";

	(void)state;
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 1);
	assert_pair(&kv, "A", "1");
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 1);
	assert_pair(&kv, "Target", "x=y");
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 1);
	assert_pair(&kv, "Empty", "");
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 0);
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 0);
}

static void test_superfluous_nuls_are_skipped(void **state)
{
	size_t pos = 0;
	struct text_pair kv;
	static const char p[] = "\0\0A=1\0\0\0B=2\0\0";

	(void)state;
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 1);
	assert_pair(&kv, "A", "1");
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 1);
	assert_pair(&kv, "B", "2");
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 0);
}

static void test_empty_segment_has_no_pair(void **state)
{
	size_t pos = 0;
	struct text_pair kv;

	(void)state;
	assert_int_equal(text_next(NULL, 0, &pos, &kv), 0);
	assert_int_equal(text_next(SEGMENT("\0\0"), &pos, &kv), 0);
}

static void assert_bad(const char *p, size_t n)
{
	struct text_pair kv = { .key = "untouched" };
	size_t pos = 0;

	assert_int_equal(text_next(p, n, &pos, &kv), -EBADMSG);
	assert_string_equal(kv.key, "untouched");
}

static void test_pair_without_nul_is_refused(void **state)
{
	(void)state;
	assert_bad(SEGMENT("A=1"));
	assert_bad(SEGMENT("A"));
}

static void test_pair_without_equals_sign_is_refused(void **state)
{
	(void)state;
	assert_bad(SEGMENT("A\0B=1\0"));
}

static void test_pair_without_key_is_refused(void **state)
{
	(void)state;
	assert_bad(SEGMENT("=1\0"));
	assert_bad(SEGMENT("=\0"));
}

static void test_key_of_63_bytes_is_read_and_of_64_refused(void **state)
{
	struct text_pair kv;
	char p[70];
	size_t pos = 0;

	(void)state;
	memset(p, 'K', sizeof(p));
	memcpy(p + 63, "=v", 3);
	assert_int_equal(text_next(p, 66, &pos, &kv), 1);
	assert_int_equal(kv.key_len, 63);
	memset(p, 'K', sizeof(p));
	memcpy(p + 64, "=v", 3);
	assert_bad(p, 67);
}

static void test_control_characters_are_refused(void **state)
{
	(void)state;
	assert_bad(SEGMENT("A\n=1\0"));
	assert_bad(SEGMENT("A=\x1b[2J\0"));
	assert_bad(SEGMENT("A=\x7f\0"));
	assert_bad(SEGMENT("A=\xc2\x85\0")); /* U+0085 */
}

static void test_utf8_value_is_read_and_broken_utf8_refused(void **state)
{
	struct text_pair kv;
	size_t pos = 0;

	(void)state;
	assert_int_equal(
		text_next(SEGMENT("TargetAlias=\xc3\xa4\0"), &pos, &kv), 1);
	assert_int_equal(kv.value_len, 2);
	assert_bad(SEGMENT("A=\xc3\0"));
	assert_bad(SEGMENT("A=\xff\0"));
}

static void test_bad_pair_after_good_ones_is_refused(void **state)
{
	struct text_pair kv;
	size_t pos = 0;
	static const char p[] = "A=1\0B\0";

	(void)state;
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), 1);
	assert_int_equal(text_next(SEGMENT(p), &pos, &kv), -EBADMSG);
}

static void test_written_pairs_end_with_a_nul_each(void **state)
{
	static const char expected[] = "A=b\0N=4294967295\0Y=Yes\0Z=No\0"
				       "H=0x00ff\0E=\0";
	struct text_out t;
	char buf[64];

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_add(&t, "A", "b");
	text_add_u32(&t, "N", UINT32_MAX);
	text_add_bool(&t, "Y", true);
	text_add_bool(&t, "Z", false);
	text_add_hex(&t, "H", (const uint8_t *)"\x00\xff", 2);
	text_add(&t, "E", "");
	assert_false(t.full);
	assert_int_equal(t.len, sizeof(expected) - 1);
	assert_memory_equal(t.p, expected, t.len);
}

static void test_pair_that_exactly_fits_is_written(void **state)
{
	struct text_out t;
	char buf[5] = "....#";

	(void)state;
	text_init(&t, buf, 4);
	text_add(&t, "A", "b");
	assert_false(t.full);
	assert_int_equal(t.len, 4);
	assert_memory_equal(buf, "A=b\0#", 5);
}

static void test_pair_that_does_not_fit_is_not_there_at_all(void **state)
{
	struct text_out t;
	char buf[8];

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_add(&t, "A", "b");
	text_add(&t, "A", "bc");
	assert_true(t.full);
	assert_int_equal(t.len, 4);
	text_init(&t, buf, sizeof(buf));
	text_add(&t, "TooLongAKey", "");
	assert_true(t.full);
	assert_int_equal(t.len, 0);
	text_init(&t, buf, sizeof(buf));
	text_add_hex(&t, "A", (const uint8_t *)"12", 2);
	assert_true(t.full);
	assert_int_equal(t.len, 0);
}

static void test_hex_of_impossible_length_does_not_fit(void **state)
{
	struct text_out t;
	char buf[8];

	(void)state;
	text_init(&t, buf, sizeof(buf));
	text_add_hex(&t, "A", NULL, SIZE_MAX / 2 + 1);
	assert_true(t.full);
	assert_int_equal(t.len, 0);
}

static struct text_pair pair(const char *value)
{
	return (struct text_pair){ "Key", value, 3, strlen(value) };
}

static void test_keys_and_values_compare_whole_and_with_case(void **state)
{
	struct text_pair kv = pair("CRC32C");

	(void)state;
	assert_true(text_key_is(&kv, "Key"));
	assert_false(text_key_is(&kv, "key"));
	assert_false(text_key_is(&kv, "Ke"));
	assert_false(text_key_is(&kv, "Keys"));
	assert_false(text_value_is(&kv, "CRC32"));
	assert_false(text_value_is(&kv, "crc32c"));
}

static void test_boolean_is_yes_or_no(void **state)
{
	static const char *const wrong[] = { "",    "yes", "YES",  "Yes ",
					     "No,", "1",   "true", "N" };
	struct text_pair kv = pair("Yes");
	bool v = false;

	(void)state;
	assert_int_equal(text_bool(&kv, &v), 0);
	assert_true(v);
	kv = pair("No");
	assert_int_equal(text_bool(&kv, &v), 0);
	assert_false(v);
	v = true;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		kv = pair(wrong[i]);
		assert_int_equal(text_bool(&kv, &v), -EBADMSG);
	}
	assert_true(v);
}

static int number(const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
	struct text_pair kv = pair(value);

	return text_number(&kv, min, max, out);
}

static void test_number_within_its_range_is_read(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(number("512", 512, 16777215, &v), 0);
	assert_int_equal(v, 512);
	assert_int_equal(number("0xFFFFFF", 512, 16777215, &v), 0);
	assert_int_equal(v, 16777215);
	assert_int_equal(number("18446744073709551615", 0, UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
}

static void test_number_outside_its_range_is_refused(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(number("511", 512, 16777215, &v), -EBADMSG);
	assert_int_equal(number("16777216", 512, 16777215, &v), -EBADMSG);
	assert_int_equal(number("18446744073709551616", 0, UINT64_MAX, &v),
			 -EBADMSG);
	assert_int_equal(v, 7);
}

static void test_what_is_no_number_is_refused(void **state)
{
	static const char *const wrong[] = { "",    "-1",  "1 ",   "0x",
					     "1,2", "1~2", "0b12", "None" };
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(number(wrong[i], 0, UINT64_MAX, &v), -EBADMSG);
}

static int binary(const char *value, uint8_t *dst, size_t size)
{
	struct text_pair kv = pair(value);

	return text_binary(&kv, dst, size);
}

static void test_binary_values_are_hex_or_base64(void **state)
{
	uint8_t dst[8];

	(void)state;
	assert_int_equal(binary("0x00fF", dst, sizeof(dst)), 2);
	assert_memory_equal(dst, "\x00\xff", 2);
	assert_int_equal(binary("0XABC", dst, sizeof(dst)), 2);
	assert_memory_equal(dst, "\x0a\xbc", 2);
	assert_int_equal(binary("0bZm9vYg==", dst, sizeof(dst)), 4);
	assert_memory_equal(dst, "foob", 4);
	assert_int_equal(binary("0BZm8=", dst, sizeof(dst)), 2);
}

static void test_what_is_no_binary_value_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",    "0",    "0x",   "0b",  "12",	"1x12", "0y12",
		"x12", "0xzz", "0x1 ", "0bZ", "0b====", "abc",
	};
	uint8_t dst[8];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(binary(wrong[i], dst, sizeof(dst)), -EBADMSG);
}

static void test_binary_value_that_is_too_long_is_refused(void **state)
{
	uint8_t dst[3] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(binary("0x010203", dst, 2), -EBADMSG);
	assert_int_equal(binary("0bZm9v", dst, 2), -EBADMSG);
	assert_memory_equal(dst, "\1\2\3", 3);
}

static void test_huge_binary_value_is_read_into_a_huge_buffer(void **state)
{
	static char value[2 + 2 * 65536];
	static uint8_t dst[65536];
	struct text_pair kv = { "CHAP_C", value, 6, sizeof(value) };

	(void)state;
	memset(value, 'f', sizeof(value));
	memcpy(value, "0x", 2);
	assert_int_equal(text_binary(&kv, dst, sizeof(dst)), 65536);
	assert_int_equal(text_binary(&kv, dst, sizeof(dst) - 1), -EBADMSG);
}

/* The elements, each followed by ';'. */
static void assert_list(const char *value, const char *expected)
{
	struct text_pair kv = pair(value);
	const char *item;
	char got[64] = "";
	size_t pos = 0, len;

	while (text_list_next(&kv, &pos, &item, &len)) {
		strncat(got, item, len);
		strcat(got, ";");
	}
	assert_string_equal(got, expected);
}

static void test_list_elements_come_in_order(void **state)
{
	(void)state;
	assert_list("CHAP,None", "CHAP;None;");
	assert_list("None", "None;");
	assert_list("", "");
	assert_list("a,,b", "a;;b;");
	assert_list("a,", "a;;");
	assert_list(",", ";;");
}

static void test_list_holds_whole_tokens_only(void **state)
{
	struct text_pair kv = pair("CRC32Cxyz,xNone,CHAP");

	(void)state;
	assert_false(text_list_has(&kv, "CRC32C"));
	assert_false(text_list_has(&kv, "None"));
	assert_false(text_list_has(&kv, "CHA"));
	assert_false(text_list_has(&kv, "chap"));
	assert_true(text_list_has(&kv, "CHAP"));
	assert_false(text_list_has(&kv, ""));
}

static void test_list_ends_with_the_value_not_with_its_buffer(void **state)
{
	struct text_pair kv = { "Key", "None,CHAP", 3, 4 };

	(void)state;
	assert_true(text_list_has(&kv, "None"));
	assert_false(text_list_has(&kv, "CHAP"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_pairs_are_walked_in_order),
		cmocka_unit_test(test_superfluous_nuls_are_skipped),
		cmocka_unit_test(test_empty_segment_has_no_pair),
		cmocka_unit_test(test_pair_without_nul_is_refused),
		cmocka_unit_test(test_pair_without_equals_sign_is_refused),
		cmocka_unit_test(test_pair_without_key_is_refused),
		cmocka_unit_test(test_key_of_63_bytes_is_read_and_of_64_refused),
		cmocka_unit_test(test_control_characters_are_refused),
		cmocka_unit_test(test_utf8_value_is_read_and_broken_utf8_refused),
		cmocka_unit_test(test_bad_pair_after_good_ones_is_refused),
		cmocka_unit_test(test_written_pairs_end_with_a_nul_each),
		cmocka_unit_test(test_pair_that_exactly_fits_is_written),
		cmocka_unit_test(test_pair_that_does_not_fit_is_not_there_at_all),
		cmocka_unit_test(test_hex_of_impossible_length_does_not_fit),
		cmocka_unit_test(test_keys_and_values_compare_whole_and_with_case),
		cmocka_unit_test(test_boolean_is_yes_or_no),
		cmocka_unit_test(test_number_within_its_range_is_read),
		cmocka_unit_test(test_number_outside_its_range_is_refused),
		cmocka_unit_test(test_what_is_no_number_is_refused),
		cmocka_unit_test(test_binary_values_are_hex_or_base64),
		cmocka_unit_test(test_what_is_no_binary_value_is_refused),
		cmocka_unit_test(test_binary_value_that_is_too_long_is_refused),
		cmocka_unit_test(test_huge_binary_value_is_read_into_a_huge_buffer),
		cmocka_unit_test(test_list_elements_come_in_order),
		cmocka_unit_test(test_list_holds_whole_tokens_only),
		cmocka_unit_test(test_list_ends_with_the_value_not_with_its_buffer),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

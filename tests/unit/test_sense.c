/* Sense data: both formats, whole and cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "scsi/sense.h"

static struct sense sense;

static const uint8_t fixed[18] = {
	0xf0, 0, 0x03, 0, 0, 0x04, 0xd2, 10, 0, 0, 0, 0, 0x11, 0x04,
};

static const uint8_t descriptors[] = {
	0x72, 0x03, 0x11, 0x00, 0, 0, 0, 8 + 12, /* header */
	0x02, 6,    0,	  0,	0, 0, 0, 0,	 /* sense key specific */
	0x00, 10,   0x80, 0,	0, 0, 0, 1,	 /* information */
	0,    0,    0,	  2,
};

static void test_fixed_format_gives_key_code_and_information(void **state)
{
	assert_int_equal(sense_parse(fixed, sizeof(fixed), &sense), 0);
	assert_int_equal(sense.key, KEY_MEDIUM_ERROR);
	assert_int_equal(sense.code, ASC(0x11, 0x04));
	assert_true(sense.has_info);
	assert_int_equal(sense.info, 1234);
	assert_false(sense.deferred);
}

static void test_information_without_valid_bit_is_not_used(void **state)
{
	uint8_t p[18];

	memcpy(p, fixed, sizeof(p));
	p[0] = 0x70;
	assert_int_equal(sense_parse(p, sizeof(p), &sense), 0);
	assert_false(sense.has_info);
}

static void test_descriptor_format_finds_information(void **state)
{
	assert_int_equal(sense_parse(descriptors, sizeof(descriptors), &sense),
			 0);
	assert_int_equal(sense.key, KEY_MEDIUM_ERROR);
	assert_int_equal(sense.code, ASC(0x11, 0x00));
	assert_true(sense.has_info);
	assert_int_equal(sense.info, 0x100000002);
}

static void test_deferred_is_told_in_both_formats(void **state)
{
	static const uint8_t a[] = { 0x71, 0, 4, 0, 0, 0, 0, 0 };
	static const uint8_t b[] = { 0x73, 4, 0x44, 0, 0, 0, 0, 0 };

	assert_int_equal(sense_parse(a, sizeof(a), &sense), 0);
	assert_true(sense.deferred);
	assert_int_equal(sense_parse(b, sizeof(b), &sense), 0);
	assert_true(sense.deferred);
	assert_int_equal(sense.key, KEY_HARDWARE_ERROR);
}

static void test_fixed_cut_behind_the_key_keeps_the_key(void **state)
{
	assert_int_equal(sense_parse(fixed, 3, &sense), 0);
	assert_int_equal(sense.key, KEY_MEDIUM_ERROR);
	assert_int_equal(sense.code, 0);
	assert_false(sense.has_info);
}

static void test_additional_length_ends_the_data(void **state)
{
	uint8_t p[18];

	memcpy(p, fixed, sizeof(p));
	p[7] = 4; /* ends before the code */
	assert_int_equal(sense_parse(p, sizeof(p), &sense), 0);
	assert_int_equal(sense.code, 0);
}

static void test_every_cut_is_safe(void **state)
{
	for (size_t n = 0; n <= sizeof(fixed); n++)
		assert_int_equal(sense_parse(fixed, n, &sense),
				 n < 3 ? -EBADMSG : 0);
	for (size_t n = 0; n <= sizeof(descriptors); n++)
		assert_int_equal(sense_parse(descriptors, n, &sense),
				 n < 2 ? -EBADMSG : 0);
}

static void test_cut_descriptor_gives_no_information(void **state)
{
	assert_int_equal(sense_parse(descriptors, 27, &sense), 0);
	assert_false(sense.has_info);
}

static void test_unknown_response_code_is_refused(void **state)
{
	static const uint8_t p[18] = { 0x7f, 0, 3 };
	static const uint8_t zero[18];

	assert_int_equal(sense_parse(p, sizeof(p), &sense), -EBADMSG);
	assert_int_equal(sense_parse(zero, sizeof(zero), &sense), -EBADMSG);
}

static void test_text_says_what_and_where(void **state)
{
	char text[SENSE_TEXT_SIZE];

	sense_parse(fixed, sizeof(fixed), &sense);
	sense_text(&sense, text, sizeof(text));
	assert_string_equal(text, "MEDIUM ERROR (3/11/04): unrecovered read "
				  "error, relocation failed at block 1234");
}

static void test_unknown_code_is_shown_as_number_only(void **state)
{
	char text[SENSE_TEXT_SIZE];

	sense = (struct sense){ .key = 0xb, .code = ASC(0xee, 0x1) };
	sense_text(&sense, text, sizeof(text));
	assert_string_equal(text, "ABORTED COMMAND (B/EE/01)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_fixed_format_gives_key_code_and_information),
		cmocka_unit_test(
			test_information_without_valid_bit_is_not_used),
		cmocka_unit_test(test_descriptor_format_finds_information),
		cmocka_unit_test(test_deferred_is_told_in_both_formats),
		cmocka_unit_test(test_fixed_cut_behind_the_key_keeps_the_key),
		cmocka_unit_test(test_additional_length_ends_the_data),
		cmocka_unit_test(test_every_cut_is_safe),
		cmocka_unit_test(test_cut_descriptor_gives_no_information),
		cmocka_unit_test(test_unknown_response_code_is_refused),
		cmocka_unit_test(test_text_says_what_and_where),
		cmocka_unit_test(test_unknown_code_is_shown_as_number_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

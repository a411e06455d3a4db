/* Standard INQUIRY data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "scsi/inquiry.h"

static uint8_t bytes[36];
static struct inquiry inq;

static int fill(void **state)
{
	memset(bytes, 0, sizeof(bytes));
	bytes[1] = 0x80;
	bytes[2] = 0x05;
	bytes[4] = 31;
	memcpy(bytes + 8, "SEAGATE ST39103FC       0002", 28);
	return 0;
}

static void test_fields_are_cut_at_their_blanks(void **state)
{
	assert_int_equal(inquiry_parse(bytes, sizeof(bytes), &inq), 0);
	assert_string_equal(inq.vendor, "SEAGATE");
	assert_string_equal(inq.product, "ST39103FC");
	assert_string_equal(inq.revision, "0002");
	assert_int_equal(inq.version, 5);
	assert_true(inq.removable);
	assert_true(inquiry_is_present(&inq));
}

static void test_nul_padding_is_cut_too(void **state)
{
	memset(bytes + 12, 0, 4);
	memcpy(bytes + 8, "ACME", 4);
	assert_int_equal(inquiry_parse(bytes, sizeof(bytes), &inq), 0);
	assert_string_equal(inq.vendor, "ACME");
}

static void test_control_bytes_become_question_marks(void **state)
{
	bytes[9] = '\n';
	assert_int_equal(inquiry_parse(bytes, sizeof(bytes), &inq), 0);
	assert_string_equal(inq.vendor, "S?AGATE");
}

static void test_short_answer_leaves_texts_empty_or_cut(void **state)
{
	assert_int_equal(inquiry_parse(bytes, 5, &inq), 0);
	assert_string_equal(inq.vendor, "");
	assert_int_equal(inquiry_parse(bytes, 19, &inq), 0);
	assert_string_equal(inq.vendor, "SEAGATE");
	assert_string_equal(inq.product, "ST3");
	assert_string_equal(inq.revision, "");
}

static void test_additional_length_ends_the_data(void **state)
{
	bytes[4] = 3;
	assert_int_equal(inquiry_parse(bytes, sizeof(bytes), &inq), 0);
	assert_string_equal(inq.vendor, "");
}

static void test_less_than_five_bytes_is_refused(void **state)
{
	assert_int_equal(inquiry_parse(bytes, 4, &inq), -EBADMSG);
}

static void test_missing_lun_is_not_present(void **state)
{
	bytes[0] = 0x7f;
	assert_int_equal(inquiry_parse(bytes, sizeof(bytes), &inq), 0);
	assert_int_equal(inq.qualifier, QUALIFIER_NO_LUN);
	assert_int_equal(inq.type, TYPE_NONE);
	assert_false(inquiry_is_present(&inq));
	bytes[0] = 0x20;
	assert_int_equal(inquiry_parse(bytes, sizeof(bytes), &inq), 0);
	assert_false(inquiry_is_present(&inq));
}

static void test_types_have_the_names_linux_prints(void **state)
{
	assert_string_equal(inquiry_type_name(0), "Direct-Access");
	assert_string_equal(inquiry_type_name(1), "Sequential-Access");
	assert_string_equal(inquiry_type_name(5), "CD-ROM");
	assert_string_equal(inquiry_type_name(0x15), "Unknown");
	assert_string_equal(inquiry_type_name(0xff), "Unknown");
}

#define T(name) cmocka_unit_test_setup(name, fill)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_fields_are_cut_at_their_blanks),
		T(test_nul_padding_is_cut_too),
		T(test_control_bytes_become_question_marks),
		T(test_short_answer_leaves_texts_empty_or_cut),
		T(test_additional_length_ends_the_data),
		T(test_less_than_five_bytes_is_refused),
		T(test_missing_lun_is_not_present),
		T(test_types_have_the_names_linux_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

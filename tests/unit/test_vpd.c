/* VPD pages but the identification page. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "scsi/vpd.h"

static uint8_t bytes[64];

static void begin(uint8_t page, uint16_t len)
{
	memset(bytes, 0, sizeof(bytes));
	bytes[1] = page;
	put_be16(bytes + 2, len);
}

static void test_listed_pages_are_known_and_no_others(void **state)
{
	struct vpd_list list;

	begin(0x00, 3);
	bytes[5] = 0x80;
	bytes[6] = 0xb0;
	bytes[7] = 0x83; /* beyond the length */
	assert_int_equal(vpd_get_list(bytes, sizeof(bytes), &list), 0);
	assert_true(vpd_has(&list, 0x00));
	assert_true(vpd_has(&list, 0x80));
	assert_true(vpd_has(&list, 0xb0));
	assert_false(vpd_has(&list, 0x83));
}

static void test_length_beyond_the_answer_is_not_trusted(void **state)
{
	struct vpd_list list;

	begin(0x00, 0xffff);
	bytes[5] = 0x80;
	assert_int_equal(vpd_get_list(bytes, 6, &list), 0);
	assert_true(vpd_has(&list, 0x80));
	assert_false(vpd_has(&list, 0x83));
}

static void test_another_page_than_asked_for_is_refused(void **state)
{
	struct vpd_list list;
	size_t len;

	begin(0x05, 4);
	assert_int_equal(vpd_get_list(bytes, sizeof(bytes), &list), -EBADMSG);
	assert_int_equal(vpd_length(bytes, 3, 0x05, &len), -EBADMSG);
	assert_int_equal(vpd_length(bytes, 4, 0x05, &len), 0);
	assert_int_equal(len, 8);
}

static void test_serial_loses_its_outer_blanks(void **state)
{
	char serial[32];

	begin(0x80, 9);
	memcpy(bytes + 4, "  A 17 \0", 8);
	assert_int_equal(vpd_get_serial(bytes, sizeof(bytes), serial, 32), 0);
	assert_string_equal(serial, "A 17");
	begin(0x80, 0);
	assert_int_equal(vpd_get_serial(bytes, sizeof(bytes), serial, 32), 0);
	assert_string_equal(serial, "");
}

static void fill_limits(uint16_t len)
{
	begin(0xb0, len);
	put_be32(bytes + 8, 1024);
	put_be32(bytes + 12, 128);
	put_be32(bytes + 20, 65536);
	put_be32(bytes + 24, 1);
	put_be32(bytes + 28, 8);
	put_be32(bytes + 32, 0x80000003);
	put_be64(bytes + 36, 0x100000000);
}

static void test_block_limits_are_read(void **state)
{
	struct vpd_limits l;

	fill_limits(60);
	assert_int_equal(vpd_get_limits(bytes, sizeof(bytes), &l), 0);
	assert_int_equal(l.max_transfer, 1024);
	assert_int_equal(l.optimal_transfer, 128);
	assert_int_equal(l.max_unmap_blocks, 65536);
	assert_int_equal(l.max_unmap_descriptors, 1);
	assert_int_equal(l.unmap_granularity, 8);
	assert_int_equal(l.unmap_alignment, 3);
	assert_int_equal(l.max_write_same, 0x100000000);
}

static void test_alignment_without_its_valid_bit_is_zero(void **state)
{
	struct vpd_limits l;

	fill_limits(60);
	put_be32(bytes + 32, 3);
	assert_int_equal(vpd_get_limits(bytes, sizeof(bytes), &l), 0);
	assert_int_equal(l.unmap_alignment, 0);
}

static void test_short_sbc2_limits_have_no_unmap(void **state)
{
	struct vpd_limits l;

	fill_limits(0x0c); /* the page as SBC-2 had it */
	assert_int_equal(vpd_get_limits(bytes, sizeof(bytes), &l), 0);
	assert_int_equal(l.max_transfer, 1024);
	assert_int_equal(l.optimal_transfer, 128);
	assert_int_equal(l.max_unmap_blocks, 0);
	assert_int_equal(l.max_write_same, 0);
}

static void test_rotation_rate_one_is_solid_state(void **state)
{
	struct vpd_characteristics c;

	begin(0xb1, 60);
	put_be16(bytes + 4, 1);
	assert_int_equal(vpd_get_characteristics(bytes, sizeof(bytes), &c), 0);
	assert_true(c.solid_state);
	put_be16(bytes + 4, 7200);
	assert_int_equal(vpd_get_characteristics(bytes, sizeof(bytes), &c), 0);
	assert_false(c.solid_state);
}

static void test_provisioning_bits_are_told_apart(void **state)
{
	struct vpd_provisioning v;

	begin(0xb2, 4);
	bytes[5] = 0x80 | 0x20 | 5 << 2;
	assert_int_equal(vpd_get_provisioning(bytes, sizeof(bytes), &v), 0);
	assert_true(v.unmap);
	assert_false(v.write_same16);
	assert_true(v.write_same10);
	assert_int_equal(v.lbprz, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listed_pages_are_known_and_no_others),
		cmocka_unit_test(test_length_beyond_the_answer_is_not_trusted),
		cmocka_unit_test(test_another_page_than_asked_for_is_refused),
		cmocka_unit_test(test_serial_loses_its_outer_blanks),
		cmocka_unit_test(test_block_limits_are_read),
		cmocka_unit_test(test_alignment_without_its_valid_bit_is_zero),
		cmocka_unit_test(test_short_sbc2_limits_have_no_unmap),
		cmocka_unit_test(test_rotation_rate_one_is_solid_state),
		cmocka_unit_test(test_provisioning_bits_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

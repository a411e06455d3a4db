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

static uint8_t p[64];

static void begin(uint8_t page, uint16_t len)
{
	memset(p, 0, sizeof(p));
	p[1] = page;
	put_be16(p + 2, len);
}

static void test_listed_pages_are_known_and_no_others(void **state)
{
	struct vpd_list list;

	begin(0x00, 3);
	p[5] = 0x80;
	p[6] = 0xb0;
	p[7] = 0x83; /* beyond the length */
	assert_int_equal(vpd_get_list(p, sizeof(p), &list), 0);
	assert_true(vpd_has(&list, 0x00));
	assert_true(vpd_has(&list, 0x80));
	assert_true(vpd_has(&list, 0xb0));
	assert_false(vpd_has(&list, 0x83));
}

static void test_length_beyond_the_answer_is_not_trusted(void **state)
{
	struct vpd_list list;

	begin(0x00, 0xffff);
	p[5] = 0x80;
	assert_int_equal(vpd_get_list(p, 6, &list), 0);
	assert_true(vpd_has(&list, 0x80));
	assert_false(vpd_has(&list, 0x83));
}

static void test_another_page_than_asked_for_is_refused(void **state)
{
	struct vpd_list list;
	size_t len;

	begin(0x05, 4);
	assert_int_equal(vpd_get_list(p, sizeof(p), &list), -EBADMSG);
	assert_int_equal(vpd_length(p, 3, 0x05, &len), -EBADMSG);
	assert_int_equal(vpd_length(p, 4, 0x05, &len), 0);
	assert_int_equal(len, 8);
}

static void test_serial_loses_its_outer_blanks(void **state)
{
	char serial[32];

	begin(0x80, 9);
	memcpy(p + 4, "  A 17 \0", 8);
	assert_int_equal(vpd_get_serial(p, sizeof(p), serial, 32), 0);
	assert_string_equal(serial, "A 17");
	begin(0x80, 0);
	assert_int_equal(vpd_get_serial(p, sizeof(p), serial, 32), 0);
	assert_string_equal(serial, "");
}

static void fill_limits(uint16_t len)
{
	begin(0xb0, len);
	put_be32(p + 8, 1024);
	put_be32(p + 12, 128);
	put_be32(p + 20, 65536);
	put_be32(p + 24, 1);
	put_be32(p + 28, 8);
	put_be32(p + 32, 0x80000003);
	put_be64(p + 36, 0x100000000);
}

static void test_block_limits_are_read(void **state)
{
	struct vpd_limits l;

	fill_limits(60);
	assert_int_equal(vpd_get_limits(p, sizeof(p), &l), 0);
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
	put_be32(p + 32, 3);
	assert_int_equal(vpd_get_limits(p, sizeof(p), &l), 0);
	assert_int_equal(l.unmap_alignment, 0);
}

static void test_short_sbc2_limits_have_no_unmap(void **state)
{
	struct vpd_limits l;

	fill_limits(0x0c); /* the page as SBC-2 had it */
	assert_int_equal(vpd_get_limits(p, sizeof(p), &l), 0);
	assert_int_equal(l.max_transfer, 1024);
	assert_int_equal(l.optimal_transfer, 128);
	assert_int_equal(l.max_unmap_blocks, 0);
	assert_int_equal(l.max_write_same, 0);
}

static void test_rotation_rate_one_is_solid_state(void **state)
{
	struct vpd_characteristics c;

	begin(0xb1, 60);
	put_be16(p + 4, 1);
	assert_int_equal(vpd_get_characteristics(p, sizeof(p), &c), 0);
	assert_true(c.solid_state);
	put_be16(p + 4, 7200);
	assert_int_equal(vpd_get_characteristics(p, sizeof(p), &c), 0);
	assert_false(c.solid_state);
}

static void test_provisioning_bits_are_told_apart(void **state)
{
	struct vpd_provisioning v;

	begin(0xb2, 4);
	p[5] = 0x80 | 0x20 | 5 << 2;
	assert_int_equal(vpd_get_provisioning(p, sizeof(p), &v), 0);
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

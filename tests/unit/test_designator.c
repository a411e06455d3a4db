/* Which name of the identification page is taken, and how it is written. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "scsi/vpd.h"

enum {
	VENDOR,
	T10,
	EUI,
	NAA,
	NAME = 8
};
enum {
	OF_LUN = 0,
	OF_PORT = 1,
	OF_TARGET = 2
};

static uint8_t page[512];
static size_t len;
static char id[300];

static int empty(void **state)
{
	memset(page, 0, sizeof(page));
	page[1] = 0x83;
	len = 4;
	return 0;
}

static void add(int of, int type, const void *p, uint8_t n)
{
	page[len] = 1;
	page[len + 1] = (uint8_t)(of << 4 | type);
	page[len + 3] = n;
	memcpy(page + len + 4, p, n);
	len += 4u + n;
	put_be16(page + 2, (uint16_t)(len - 4));
}

static const uint8_t naa5[8] = { 0x50, 1, 2, 3, 4, 5, 6, 7 };
static const uint8_t naa3[8] = { 0x30, 1, 2, 3, 4, 5, 6, 7 };
static const uint8_t naa6[16] = { 0x60, 0xa, 0xb, 0xc };
static const uint8_t eui[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };

static void is(const char *want)
{
	assert_int_equal(vpd_get_id(page, len, id, sizeof(id)), 0);
	assert_string_equal(id, want);
}

static void test_naa_is_best(void **state)
{
	add(OF_LUN, T10, "IET     00010001", 16);
	add(OF_LUN, EUI, eui, 8);
	add(OF_LUN, NAA, naa5, 8);
	is("naa.5001020304050607");
	add(OF_LUN, NAA, naa6, 16);
	is("naa.600a0b0c000000000000000000000000");
}

static void test_eui_is_better_than_t10(void **state)
{
	add(OF_LUN, T10, "IET     00010001", 16);
	add(OF_LUN, EUI, eui, 8);
	is("eui.0001020304050607");
}

static void test_t10_keeps_its_blanks_as_underscores(void **state)
{
	add(OF_LUN, T10, "IET     00010001\0\0\0\0", 20);
	is("t10.IET_____00010001");
}

static void test_locally_assigned_naa_is_worse_than_t10(void **state)
{
	add(OF_LUN, NAA, naa3, 8);
	is("naa.3001020304050607");
	add(OF_LUN, T10, "IET     00010001", 16);
	is("t10.IET_____00010001");
}

static void test_names_of_ports_and_targets_do_not_count(void **state)
{
	add(OF_PORT, NAA, naa5, 8);
	add(OF_TARGET, NAA, naa6, 16);
	assert_int_equal(vpd_get_id(page, len, id, sizeof(id)), -ENOENT);
	add(OF_LUN, NAME, "iqn.2001-04.com.example,L,0x01", 30);
	is("iqn.2001-04.com.example,L,0x01");
}

static void test_first_of_equals_wins(void **state)
{
	add(OF_LUN, T10, "A", 1);
	add(OF_LUN, T10, "B", 1);
	is("t10.A");
}

static void test_naa_of_wrong_length_is_passed_over(void **state)
{
	add(OF_LUN, NAA, naa6, 7);
	add(OF_LUN, NAA, naa6, 8);
	add(OF_LUN, NAA, naa5, 7);
	add(OF_LUN, EUI, naa6, 9);
	assert_int_equal(vpd_get_id(page, len, id, sizeof(id)), -ENOENT);
}

static void test_binary_text_is_written_as_hex(void **state)
{
	add(OF_LUN, VENDOR, "a\x01z", 3);
	is("vendor.61017a");
}

static void test_blank_designator_is_no_name(void **state)
{
	add(OF_LUN, VENDOR, "    ", 4);
	add(OF_LUN, NAA, "", 0);
	assert_int_equal(vpd_get_id(page, len, id, sizeof(id)), -ENOENT);
}

static void test_designator_too_long_to_write_leaves_the_others(void **state)
{
	uint8_t big[255];

	memset(big, 1, sizeof(big));
	add(OF_LUN, T10, big, 255);
	add(OF_LUN, VENDOR, "me", 2);
	is("vendor.me");
}

static void test_better_name_that_does_not_fit_leaves_the_other(void **state)
{
	char small[12];

	add(OF_LUN, VENDOR, "me", 2);
	add(OF_LUN, NAA, naa5, 8);
	assert_int_equal(vpd_get_id(page, len, small, sizeof(small)), 0);
	assert_string_equal(small, "vendor.me");
}

static void test_every_cut_is_safe(void **state)
{
	add(OF_LUN, T10, "IET     00010001", 16);
	add(OF_LUN, NAA, naa5, 8);
	for (size_t n = 0; n < len; n++) {
		int err = vpd_get_id(page, n, id, sizeof(id));

		assert_int_equal(err, n < 4 ? -EBADMSG : n < 24 ? -ENOENT : 0);
	}
}

static void test_one_of_several_names_is_enough(void **state)
{
	add(OF_LUN, T10, "ACME 1", 6);
	add(OF_LUN, NAA, naa6, sizeof(naa6));
	assert_int_equal(vpd_naming(page, len, "t10.ACME_1"), VPD_NAMED_SO);
	assert_int_equal(vpd_naming(page, len, "t10.ACME_2"), VPD_NAMED_ELSE);
}

static void test_name_of_another_kind_says_nothing(void **state)
{
	add(OF_LUN, T10, "ACME 1", 6);
	add(OF_LUN, NAA, naa3, sizeof(naa3));
	assert_int_equal(vpd_naming(page, len, "naa.5001020304050607"),
			 VPD_UNNAMED);
	assert_int_equal(vpd_naming(page, len, "eui.0001020304050607"),
			 VPD_UNNAMED);
	assert_int_equal(vpd_naming(page, len, "naa.3001020304050608"),
			 VPD_NAMED_ELSE);
}

static void test_names_of_ports_do_not_count_as_the_disks(void **state)
{
	add(OF_PORT, NAA, naa5, sizeof(naa5));
	assert_int_equal(vpd_naming(page, len, "naa.5001020304050608"),
			 VPD_UNNAMED);
}

static void test_what_is_no_such_page_names_nothing(void **state)
{
	page[1] = 0x80;
	assert_int_equal(vpd_naming(page, len, "t10.ACME_1"), VPD_UNNAMED);
	assert_int_equal(vpd_naming(page, 3, "t10.ACME_1"), VPD_UNNAMED);
}

#define T(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_naa_is_best),
		T(test_eui_is_better_than_t10),
		T(test_t10_keeps_its_blanks_as_underscores),
		T(test_locally_assigned_naa_is_worse_than_t10),
		T(test_names_of_ports_and_targets_do_not_count),
		T(test_first_of_equals_wins),
		T(test_naa_of_wrong_length_is_passed_over),
		T(test_binary_text_is_written_as_hex),
		T(test_blank_designator_is_no_name),
		T(test_designator_too_long_to_write_leaves_the_others),
		T(test_better_name_that_does_not_fit_leaves_the_other),
		T(test_every_cut_is_safe),
		T(test_one_of_several_names_is_enough),
		T(test_name_of_another_kind_says_nothing),
		T(test_names_of_ports_do_not_count_as_the_disks),
		T(test_what_is_no_such_page_names_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Commands as bytes, laid beside SPC-4 and SBC-3. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scsi/cdb.h"

#define CHECK(cdb, ...)                                                        \
	do {                                                                   \
		static const uint8_t want_[CDB_SIZE] = { __VA_ARGS__ };        \
		assert_memory_equal(cdb, want_, CDB_SIZE);                     \
	} while (0)

static uint8_t cdb[CDB_SIZE];

static int dirty(void **state)
{
	memset(cdb, 0xee, sizeof(cdb));
	return 0;
}

static void test_inquiry_asks_for_standard_data(void **state)
{
	cdb_inquiry(cdb, 0x0124);
	CHECK(cdb, 0x12, 0, 0, 0x01, 0x24);
}

static void test_vpd_sets_evpd_and_page(void **state)
{
	cdb_vpd(cdb, 0x83, 255);
	CHECK(cdb, 0x12, 1, 0x83, 0, 255);
}

static void test_report_luns_selects_all_but_well_known(void **state)
{
	cdb_report_luns(cdb, 0x00020008);
	CHECK(cdb, 0xa0, 0, 0, 0, 0, 0, 0x00, 0x02, 0x00, 0x08);
}

static void test_read_capacity_10_is_all_zero_behind_the_opcode(void **state)
{
	cdb_read_capacity_10(cdb);
	CHECK(cdb, 0x25);
}

static void test_read_capacity_16_is_a_service_action(void **state)
{
	cdb_read_capacity_16(cdb, 32);
	CHECK(cdb, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32);
}

static void test_mode_sense_wants_no_block_descriptors(void **state)
{
	cdb_mode_sense_6(cdb, 0x08, 192);
	CHECK(cdb, 0x1a, 0x08, 0x08, 0, 192);
	cdb_mode_sense_10(cdb, 0x3f, 0x0123);
	CHECK(cdb, 0x5a, 0x08, 0x3f, 0, 0, 0, 0, 0x01, 0x23);
}

static void test_ready_and_start_have_their_opcodes(void **state)
{
	cdb_test_unit_ready(cdb);
	CHECK(cdb, 0x00);
	cdb_start(cdb);
	CHECK(cdb, 0x1b, 0, 0, 0, 1);
}

static void test_read_carries_lba_and_count(void **state)
{
	cdb_read_10(cdb, 0x12345678, 0x9abc);
	CHECK(cdb, 0x28, 0, 0x12, 0x34, 0x56, 0x78, 0, 0x9a, 0xbc);
	cdb_read_16(cdb, 0x123456789abcdef0, 0x11223344);
	CHECK(cdb, 0x88, 0, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0,
	      0x11, 0x22, 0x33, 0x44);
}

static void test_write_sets_fua_only_when_asked(void **state)
{
	cdb_write_10(cdb, 1, 2, false);
	CHECK(cdb, 0x2a, 0, 0, 0, 0, 1, 0, 0, 2);
	cdb_write_10(cdb, 1, 2, true);
	CHECK(cdb, 0x2a, 0x08, 0, 0, 0, 1, 0, 0, 2);
	cdb_write_16(cdb, 1, 2, true);
	CHECK(cdb, 0x8a, 0x08, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2);
}

static void test_synchronize_cache_means_the_whole_medium(void **state)
{
	cdb_synchronize_cache_10(cdb);
	CHECK(cdb, 0x35);
	cdb_synchronize_cache_16(cdb);
	CHECK(cdb, 0x91);
}

static void test_write_same_sets_unmap_only_when_asked(void **state)
{
	cdb_write_same_10(cdb, 8, 16, true);
	CHECK(cdb, 0x41, 0x08, 0, 0, 0, 8, 0, 0, 16);
	cdb_write_same_16(cdb, 8, 16, false);
	CHECK(cdb, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 16);
	cdb_write_same_16(cdb, 8, 16, true);
	CHECK(cdb, 0x93, 0x08, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 16);
}

static void test_unmap_list_has_one_descriptor(void **state)
{
	static const uint8_t want[UNMAP_LIST_LEN] = {
		0, 22, 0, 16, 0, 0, 0, 0, /* header */
		0, 0,  0, 1,  2, 3, 4, 5, 0x80, 0, 0, 7,
	};
	uint8_t list[UNMAP_LIST_LEN];

	memset(list, 0xee, sizeof(list));
	cdb_unmap(cdb);
	CHECK(cdb, 0x42, 0, 0, 0, 0, 0, 0, 0, 24);
	cdb_unmap_list(list, 0x0000000102030405, 0x80000007);
	assert_memory_equal(list, want, sizeof(list));
}

static void test_ten_byte_form_ends_at_two_tib_and_65535_blocks(void **state)
{
	assert_true(cdb10_fits(0, 0xffff));
	assert_false(cdb10_fits(0, 0x10000));
	assert_true(cdb10_fits(0xffffffff, 1));
	assert_false(cdb10_fits(0xffffffff, 2));
	assert_false(cdb10_fits(0x100000000, 1));
	assert_false(cdb10_fits(UINT64_MAX, 1));
}

static void test_commands_have_names(void **state)
{
	cdb_read_16(cdb, 0, 1);
	assert_string_equal(cdb_name(cdb), "READ(16)");
	cdb_read_capacity_16(cdb, 32);
	assert_string_equal(cdb_name(cdb), "READ CAPACITY(16)");
	cdb[0] = 0xff;
	assert_string_equal(cdb_name(cdb), "command");
}

/* What changes blocks is found without knowing every opcode. */
static void test_what_is_not_known_changes_blocks(void **state)
{
	static const uint8_t harmless[] = {
		SCSI_TEST_UNIT_READY,
		SCSI_INQUIRY,
		SCSI_MODE_SENSE_6,
		SCSI_START_STOP_UNIT,
		SCSI_READ_CAPACITY_10,
		SCSI_READ_10,
		SCSI_SYNCHRONIZE_CACHE_10,
		SCSI_MODE_SENSE_10,
		SCSI_PERSISTENT_RESERVE_IN,
		SCSI_PERSISTENT_RESERVE_OUT,
		SCSI_READ_16,
		SCSI_SYNCHRONIZE_CACHE_16,
		SCSI_SERVICE_ACTION_IN_16,
		SCSI_REPORT_LUNS,
	};

	for (unsigned op = 0; op < 256; op++) {
		cdb[0] = (uint8_t)op;
		assert_int_equal(cdb_kind(cdb) == CDB_CHANGES,
				 !memchr(harmless, (int)op, sizeof(harmless)));
	}
	cdb[0] = SCSI_READ_16;
	assert_int_equal(cdb_kind(cdb), CDB_READS);
	cdb[0] = SCSI_REPORT_LUNS;
	assert_int_equal(cdb_kind(cdb), CDB_ASKS);
}

#define T(name) cmocka_unit_test_setup(name, dirty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_inquiry_asks_for_standard_data),
		T(test_vpd_sets_evpd_and_page),
		T(test_report_luns_selects_all_but_well_known),
		T(test_read_capacity_10_is_all_zero_behind_the_opcode),
		T(test_read_capacity_16_is_a_service_action),
		T(test_mode_sense_wants_no_block_descriptors),
		T(test_ready_and_start_have_their_opcodes),
		T(test_read_carries_lba_and_count),
		T(test_write_sets_fua_only_when_asked),
		T(test_synchronize_cache_means_the_whole_medium),
		T(test_write_same_sets_unmap_only_when_asked),
		T(test_unmap_list_has_one_descriptor),
		T(test_ten_byte_form_ends_at_two_tib_and_65535_blocks),
		T(test_commands_have_names),
		T(test_what_is_not_known_changes_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

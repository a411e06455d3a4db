/*
 * test_reservation - persistent reservations as bytes (scsi/reservation.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "scsi/cdb.h"
#include "scsi/reservation.h"

static void test_keys_are_read_as_far_as_they_came(void **state)
{
	uint8_t p[PR_HEADER + 2 * PR_KEY_LEN] = { [7] = 3 * PR_KEY_LEN };
	struct pr_keys keys;

	assert_int_equal(pr_get_keys(p, sizeof(p), &keys), 0);
	assert_int_equal(keys.total, 3);
	assert_int_equal(keys.count, 2);
	assert_ptr_equal(keys.list, p + PR_HEADER);
}

static void test_bytes_behind_the_keys_are_no_keys(void **state)
{
	uint8_t p[PR_HEADER + 2 * PR_KEY_LEN] = { [7] = PR_KEY_LEN };
	struct pr_keys keys;

	assert_int_equal(pr_get_keys(p, sizeof(p), &keys), 0);
	assert_int_equal(keys.count, 1);
}

static void test_no_header_is_no_answer(void **state)
{
	uint8_t p[PR_HEADER] = { 0 };
	struct pr_reservation r;
	struct pr_keys keys;

	assert_int_equal(pr_get_keys(p, PR_HEADER - 1, &keys), -EBADMSG);
	assert_int_equal(pr_get_reservation(p, PR_HEADER - 1, &r), -EBADMSG);
}

static void test_without_a_descriptor_nothing_is_reserved(void **state)
{
	uint8_t p[PR_HEADER] = { 0 };
	struct pr_reservation r;

	assert_int_equal(pr_get_reservation(p, sizeof(p), &r), 0);
	assert_false(r.held);
}

static void test_the_holder_and_the_type_are_read(void **state)
{
	uint8_t p[PR_RESERVATION_LEN] = { [7] = 16, [21] = 0x05 };
	struct pr_reservation r;

	put_be64(p + PR_HEADER, 0x7368000000000001);
	assert_int_equal(pr_get_reservation(p, sizeof(p), &r), 0);
	assert_true(r.held);
	assert_int_equal(r.key, 0x7368000000000001);
	assert_int_equal(r.type, PR_WRITE_EXCLUSIVE_REGISTRANTS);
}

static void test_a_descriptor_that_is_cut_is_no_answer(void **state)
{
	uint8_t p[PR_RESERVATION_LEN] = { [7] = 16 };
	struct pr_reservation r;

	assert_int_equal(pr_get_reservation(p, sizeof(p) - 1, &r), -EBADMSG);
}

static void test_a_list_has_both_keys_and_does_not_outlive_power(void **state)
{
	uint8_t list[PR_LIST_LEN];

	memset(list, 0xff, sizeof(list));
	pr_list(list, 1, 2);
	assert_int_equal(get_be64(list), 1);
	assert_int_equal(get_be64(list + 8), 2);
	assert_int_equal(list[20], 0);
}

static void test_the_commands_say_action_type_and_length(void **state)
{
	uint8_t cdb[CDB_SIZE];

	cdb_pr_in(cdb, PR_READ_RESERVATION, 24);
	assert_int_equal(cdb[0], 0x5e);
	assert_int_equal(cdb[1], 1);
	assert_int_equal(get_be16(cdb + 7), 24);
	cdb_pr_out(cdb, PR_PREEMPT, PR_WRITE_EXCLUSIVE_REGISTRANTS, 24);
	assert_int_equal(cdb[0], 0x5f);
	assert_int_equal(cdb[1], 4);
	assert_int_equal(cdb[2], 5);
	assert_int_equal(get_be32(cdb + 5), 24);
}

static void test_they_change_nothing_on_the_medium(void **state)
{
	uint8_t cdb[CDB_SIZE];

	cdb_pr_out(cdb, PR_RESERVE, PR_WRITE_EXCLUSIVE_REGISTRANTS, 24);
	assert_false(cdb_changes_medium(cdb));
	cdb_pr_in(cdb, PR_READ_KEYS, 8);
	assert_false(cdb_changes_medium(cdb));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_are_read_as_far_as_they_came),
		cmocka_unit_test(test_bytes_behind_the_keys_are_no_keys),
		cmocka_unit_test(test_no_header_is_no_answer),
		cmocka_unit_test(test_without_a_descriptor_nothing_is_reserved),
		cmocka_unit_test(test_the_holder_and_the_type_are_read),
		cmocka_unit_test(test_a_descriptor_that_is_cut_is_no_answer),
		cmocka_unit_test(
			test_a_list_has_both_keys_and_does_not_outlive_power),
		cmocka_unit_test(test_the_commands_say_action_type_and_length),
		cmocka_unit_test(test_they_change_nothing_on_the_medium),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

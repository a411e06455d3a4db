/* Tests of tests/crash/sectors.c: what the crash lanes call lost or wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "crash/sectors.h"

#define RUN 77

static void test_a_sector_says_which_write_it_is_of(void **state)
{
	uint8_t s[SECTOR];

	sector_fill(s, RUN, 3, 12);
	assert_int_equal(sector_seq(s, RUN, 3), 12);
}

static void test_a_new_disk_has_sectors_of_no_write(void **state)
{
	const uint8_t s[SECTOR] = { 0 };

	assert_int_equal(sector_seq(s, RUN, 3), 0);
}

static void test_a_sector_of_another_place_or_run_is_nobodys(void **state)
{
	uint8_t s[SECTOR];

	sector_fill(s, RUN, 3, 12);
	assert_true(sector_seq(s, RUN, 4) == NO_SEQ);
	assert_true(sector_seq(s, RUN + 1, 3) == NO_SEQ);
}

static void test_each_byte_of_a_sector_counts(void **state)
{
	uint8_t s[SECTOR];

	for (size_t i = 0; i < SECTOR; i++) {
		sector_fill(s, RUN, 3, 12);
		s[i] ^= 1;
		assert_true(sector_seq(s, RUN, 3) == NO_SEQ);
	}
}

static void test_older_than_acknowledged_is_lost(void **state)
{
	const struct entry e = { .acked = 9, .pending = 12 };

	assert_int_equal(entry_judge(&e, 9), VERDICT_GOOD);
	assert_int_equal(entry_judge(&e, 12), VERDICT_GOOD);
	assert_int_equal(entry_judge(&e, 8), VERDICT_LOST);
	assert_int_equal(entry_judge(&e, 0), VERDICT_LOST);
}

static void test_what_was_never_written_there_is_wrong(void **state)
{
	const struct entry e = { .acked = 9, .pending = 12 };

	assert_int_equal(entry_judge(&e, 10), VERDICT_WRONG);
	assert_int_equal(entry_judge(&e, 13), VERDICT_WRONG);
	assert_int_equal(entry_judge(&e, NO_SEQ), VERDICT_WRONG);
}

static void test_a_ledger_is_there_for_others(void **state)
{
	char path[] = "/tmp/test_sectors.XXXXXX";
	int fd = mkstemp(path);
	struct ledger *mine, *theirs;

	assert_true(fd >= 0);
	close(fd);
	mine = ledger_new(path, 8, 2);
	assert_non_null(mine);
	mine->sector[7].acked = 5;
	mine->worker[1].lost = 3;
	theirs = ledger_open(path);
	assert_non_null(theirs);
	assert_int_equal(theirs->sectors, 8);
	assert_int_equal(theirs->sector[7].acked, 5);
	assert_int_equal(theirs->worker[1].lost, 3);
	unlink(path);
}

static void test_a_file_of_another_kind_is_no_ledger(void **state)
{
	char path[] = "/tmp/test_sectors.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_null(ledger_open(path));
	assert_int_equal(ftruncate(fd, sizeof(struct ledger) + 100), 0);
	assert_null(ledger_open(path));
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_sector_says_which_write_it_is_of),
		cmocka_unit_test(test_a_new_disk_has_sectors_of_no_write),
		cmocka_unit_test(
			test_a_sector_of_another_place_or_run_is_nobodys),
		cmocka_unit_test(test_each_byte_of_a_sector_counts),
		cmocka_unit_test(test_older_than_acknowledged_is_lost),
		cmocka_unit_test(test_what_was_never_written_there_is_wrong),
		cmocka_unit_test(test_a_ledger_is_there_for_others),
		cmocka_unit_test(test_a_file_of_another_kind_is_no_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

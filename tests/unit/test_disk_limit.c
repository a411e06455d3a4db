/*
 * test_disk_limit - what a request and its commands may take (disk/disk.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "disk_rig.h"
#include "scsi/cdb.h"
#include "scsi/status.h"

static struct request first, second;

/* Time passes; commands stay unanswered. */
static void tick(uint64_t ms)
{
	rig.now += ms;
	disk_tick(rig.disk, rig.now);
}

static void online_with_limit(uint32_t ms)
{
	rig_online();
	disk_set_limit(rig.disk, ms, rig.now);
}

static void test_without_a_limit_nothing_is_ended(void **state)
{
	rig_online();
	submit(&first, DISK_WRITE, 0, 1);
	tick(UINT32_MAX);
	assert_false(first.done);
	assert_int_equal(fake.nexpired, 0);
	assert_int_equal(disk_next_wake(rig.disk), UINT64_MAX);
}

static void test_a_late_request_fails_when_its_command_is_over(void **state)
{
	online_with_limit(5000);
	submit(&first, DISK_WRITE, 0, 1);
	tick(4999);
	assert_int_equal(fake.nexpired, 0);
	assert_int_equal(disk_next_wake(rig.disk), rig.now + 1);
	tick(1);
	assert_int_equal(fake.nexpired, 1);
	assert_int_equal(disk_next_wake(rig.disk), UINT64_MAX);
	assert_false(first.done);
	fake_end_expired();
	tick(0);
	assert_true(first.done);
	assert_int_equal(first.err, -ETIMEDOUT);
}

static void test_an_answer_that_comes_late_counts(void **state)
{
	online_with_limit(5000);
	submit(&first, DISK_WRITE, 0, 1);
	tick(5000);
	fake_answer_all();
	assert_true(first.done);
	assert_int_equal(first.err, 0);
}

static void test_all_late_requests_are_ended(void **state)
{
	online_with_limit(5000);
	submit(&first, DISK_READ, 0, 1);
	submit(&second, DISK_READ, 1, 1);
	tick(5000);
	assert_int_equal(fake.nexpired, 2);
	fake_end_expired();
	assert_int_equal(first.err, -ETIMEDOUT);
	assert_int_equal(second.err, -ETIMEDOUT);
}

static void test_a_waiting_request_ends_at_its_time(void **state)
{
	online_with_limit(5000);
	rig_lose();
	submit(&first, DISK_READ, 0, 1);
	assert_int_equal(disk_next_wake(rig.disk), rig.now + 5000);
	tick(1000);
	submit(&second, DISK_READ, 0, 1);
	tick(4000);
	assert_int_equal(first.err, -ETIMEDOUT);
	assert_false(second.done);
	tick(1000);
	assert_int_equal(second.err, -ETIMEDOUT);
}

static void test_a_lost_command_is_not_repeated_after_its_time(void **state)
{
	online_with_limit(5000);
	submit(&first, DISK_READ, 0, 1);
	tick(4000);
	rig_lose();
	tick(1000);
	assert_true(first.done);
	assert_int_equal(first.err, -ETIMEDOUT);
}

static void test_a_busy_target_is_not_asked_for_longer(void **state)
{
	online_with_limit(5000);
	fake_status(SCSI_WRITE_10, 100, STATUS_BUSY);
	submit(&first, DISK_WRITE, 0, 1);
	rig_pass(4900);
	assert_false(first.done);
	rig_pass(200);
	assert_int_equal(first.err, -ETIMEDOUT);
}

static void test_the_limit_counts_for_those_that_are_under_way(void **state)
{
	rig_online();
	submit(&first, DISK_READ, 0, 1);
	tick(7000);
	disk_set_limit(rig.disk, 5000, rig.now);
	tick(0);
	assert_int_equal(fake.nexpired, 1);
	fake_end_expired();
	assert_int_equal(first.err, -ETIMEDOUT);
}

/* The session ended it, and the others of the LUN with it. */
static void test_ended_commands_are_sent_again_in_order(void **state)
{
	rig_online();
	submit(&first, DISK_READ, 1, 1);
	submit(&second, DISK_READ, 2, 1);
	fake_forget();
	session_expire(&fake_session, &second.io.cmd, rig.now);
	session_expire(&fake_session, &first.io.cmd, rig.now);
	fake_end_expired();
	assert_int_equal(fake_got(SCSI_READ_10, 0)[5], 2);
	assert_int_equal(fake_got(SCSI_READ_10, 1)[5], 1);
	fake_answer_all();
	assert_int_equal(first.err, 0);
	assert_int_equal(second.err, 0);
}

static void test_a_command_has_its_time_and_a_flush_twice_that(void **state)
{
	rig_online();
	disk_set_task_limit(rig.disk, 60000);
	submit(&first, DISK_READ, 0, 1);
	assert_int_equal(first.io.cmd.timeout, 60000);
	submit(&second, DISK_FLUSH, 0, 0);
	assert_int_equal(second.io.cmd.timeout, 120000);
}

static void test_each_end_doubles_the_time_of_a_command(void **state)
{
	rig_online();
	disk_set_task_limit(rig.disk, 60000);
	submit(&first, DISK_READ, 0, 1);
	for (unsigned i = 1; i < 9; i++) {
		session_expire(&fake_session, &first.io.cmd, rig.now);
		fake_end_expired();
		assert_int_equal(first.io.cmd.timeout,
				 60000u << (i < 6 ? i : 6));
	}
}

static void test_the_commands_of_a_probe_have_30_seconds(void **state)
{
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	assert_int_equal(fake.npending, 1);
	assert_int_equal(fake.pending[0]->timeout, 30000);
	session_expire(&fake_session, fake.pending[0], rig.now);
	fake_end_expired();
	fake_answer_all();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_a_reset_of_ours_is_no_news(void **state)
{
	rig_online();
	fake_sense(SCSI_READ_10, 1, 6, 0x29, 0); /* that of the nexus */
	assert_int_equal(run_request(DISK_READ, 0, 1), 0);
	disk_was_reset(rig.disk);
	fake_sense(SCSI_READ_10, 1, 6, 0x29, 3);
	assert_int_equal(run_request(DISK_READ, 0, 1), 0);
	assert_int_equal(rig.notes, 0);
	fake_sense(SCSI_READ_10, 1, 6, 0x29, 3);
	assert_int_equal(run_request(DISK_READ, 0, 1), 0);
	assert_int_equal(rig.notes, 1);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_a_limit_nothing_is_ended),
		TEST(test_a_late_request_fails_when_its_command_is_over),
		TEST(test_an_answer_that_comes_late_counts),
		TEST(test_all_late_requests_are_ended),
		TEST(test_a_waiting_request_ends_at_its_time),
		TEST(test_a_lost_command_is_not_repeated_after_its_time),
		TEST(test_a_busy_target_is_not_asked_for_longer),
		TEST(test_the_limit_counts_for_those_that_are_under_way),
		TEST(test_ended_commands_are_sent_again_in_order),
		TEST(test_a_command_has_its_time_and_a_flush_twice_that),
		TEST(test_each_end_doubles_the_time_of_a_command),
		TEST(test_the_commands_of_a_probe_have_30_seconds),
		TEST(test_a_reset_of_ours_is_no_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

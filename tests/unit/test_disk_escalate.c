/*
 * test_disk_escalate - requests that take too long, and writes that an old
 * nexus may still run (disk/disk.h).
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

static struct request a, b;

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

static void assert_sent(unsigned n, enum tmf last)
{
	assert_int_equal(fake.ntmfs, n);
	assert_int_equal(fake.tmfs[n - 1], last);
}

static void test_without_a_limit_nothing_is_aborted(void **state)
{
	rig_online();
	submit(&a, DISK_WRITE, 0, 1);
	tick(UINT32_MAX);
	assert_false(a.done);
	assert_int_equal(fake.ntmfs, 0);
	assert_int_equal(disk_next_wake(rig.disk), UINT64_MAX);
}

static void test_a_late_command_is_aborted_and_then_times_out(void **state)
{
	online_with_limit(5000);
	submit(&a, DISK_WRITE, 0, 1);
	tick(4999);
	assert_int_equal(fake.ntmfs, 0);
	assert_int_equal(disk_next_wake(rig.disk), rig.now + 1);
	tick(1);
	assert_sent(1, TMF_ABORT_TASK);
	assert_false(a.done);
	fake_answer_tmf(TMF_COMPLETE);
	assert_true(a.done);
	assert_int_equal(a.err, -ETIMEDOUT);
}

static void test_an_answer_before_the_abort_counts(void **state)
{
	online_with_limit(5000);
	submit(&a, DISK_WRITE, 0, 1);
	tick(5000);
	fake_answer_all();
	assert_true(a.done);
	assert_int_equal(a.err, 0);
	fake_answer_tmf(TMF_NO_TASK);
	tick(1000);
	assert_int_equal(fake.ntmfs, 1);
}

static void test_a_waiting_request_ends_at_its_time(void **state)
{
	online_with_limit(5000);
	rig_lose();
	submit(&a, DISK_READ, 0, 1);
	assert_int_equal(disk_next_wake(rig.disk), rig.now + 5000);
	tick(1000);
	submit(&b, DISK_READ, 0, 1);
	tick(4000);
	assert_int_equal(a.err, -ETIMEDOUT);
	assert_false(b.done);
	tick(1000);
	assert_int_equal(b.err, -ETIMEDOUT);
}

static void test_a_lost_command_is_not_repeated_after_its_time(void **state)
{
	online_with_limit(5000);
	submit(&a, DISK_READ, 0, 1);
	tick(4000);
	rig_lose();
	tick(1000);
	assert_true(a.done);
	assert_int_equal(a.err, -ETIMEDOUT);
}

static void test_a_busy_target_is_not_asked_for_longer(void **state)
{
	online_with_limit(5000);
	fake_status(SCSI_WRITE_10, 100, STATUS_BUSY);
	submit(&a, DISK_WRITE, 0, 1);
	rig_pass(4900);
	assert_false(a.done);
	rig_pass(200);
	assert_int_equal(a.err, -ETIMEDOUT);
}

static void test_the_limit_counts_for_those_that_are_under_way(void **state)
{
	rig_online();
	submit(&a, DISK_READ, 0, 1);
	tick(7000);
	disk_set_limit(rig.disk, 5000, rig.now);
	tick(0);
	assert_sent(1, TMF_ABORT_TASK);
	fake_answer_tmf(TMF_COMPLETE);
	assert_int_equal(a.err, -ETIMEDOUT);
}

static void test_each_late_command_is_aborted(void **state)
{
	online_with_limit(5000);
	submit(&a, DISK_READ, 0, 1);
	submit(&b, DISK_READ, 1, 1);
	tick(5000);
	fake_answer_tmf(TMF_COMPLETE);
	assert_true(a.done);
	assert_false(b.done);
	tick(0);
	assert_sent(2, TMF_ABORT_TASK);
	fake_answer_tmf(TMF_COMPLETE);
	assert_int_equal(b.err, -ETIMEDOUT);
}

static void test_refusals_lead_from_function_to_function(void **state)
{
	static const enum tmf ladder[] = { TMF_ABORT_TASK, TMF_ABORT_TASK_SET,
					   TMF_LUN_RESET,
					   TMF_TARGET_WARM_RESET };

	online_with_limit(5000);
	submit(&a, DISK_WRITE, 0, 1);
	tick(5000);
	for (unsigned i = 0; i < 4; i++) {
		assert_sent(i + 1, ladder[i]);
		fake_answer_tmf(i % 2 ? TMF_NOT_SUPPORTED : -ETIMEDOUT);
		assert_false(fake.dropped);
		tick(0);
	}
	assert_true(fake.dropped);
	assert_false(a.done);
	rig_lose();
	tick(0);
	assert_int_equal(a.err, -ETIMEDOUT);
}

static void test_commands_that_a_reset_hit_are_repeated(void **state)
{
	online_with_limit(5000);
	submit(&a, DISK_READ, 0, 1);
	tick(3000);
	submit(&b, DISK_READ, 1, 1);
	tick(2000);
	fake_answer_tmf(TMF_REJECTED);
	tick(0);
	fake_answer_tmf(TMF_COMPLETE); /* ABORT TASK SET */
	assert_int_equal(a.err, -ETIMEDOUT);
	fake_answer_all();
	assert_true(b.done);
	assert_int_equal(b.err, 0);
}

static void test_a_session_that_is_busy_is_asked_again(void **state)
{
	online_with_limit(5000);
	submit(&a, DISK_READ, 0, 1);
	fake.tmf_errno = -EBUSY;
	tick(5000);
	fake.tmf_errno = 0;
	assert_true(disk_next_wake(rig.disk) <= rig.now + 100);
	tick(100); /* the pause begins */
	tick(100);
	assert_sent(1, TMF_ABORT_TASK);
	fake_answer_tmf(TMF_COMPLETE);
	assert_true(a.done);
}

static void test_a_command_that_was_not_sent_is_taken_back(void **state)
{
	online_with_limit(5000);
	submit(&a, DISK_READ, 0, 1);
	fake.tmf_errno = -ENOENT;
	tick(5000);
	assert_int_equal(a.err, -ETIMEDOUT);
}

static void lose_at(int64_t place, struct request *r, enum disk_op op)
{
	disk_set_place(rig.disk, place);
	rig_online();
	submit(r, op, 0, 1);
	rig_lose();
	fake_forget();
}

static void return_at(int64_t place)
{
	disk_set_place(rig.disk, place);
	rig_return();
	tick(0);
}

static void test_lost_writes_wait_for_a_reset_elsewhere(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(2);
	assert_sent(1, TMF_LUN_RESET);
	assert_int_equal(fake.ngot, 0);
	fake_answer_tmf(TMF_COMPLETE);
	fake_answer_all();
	assert_true(a.done);
	assert_int_equal(a.err, 0);
}

static void test_at_the_same_place_no_reset_is_needed(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(1);
	assert_int_equal(fake.ntmfs, 0);
	assert_true(a.done);
}

static void test_lost_reads_need_no_reset(void **state)
{
	lose_at(1, &a, DISK_READ);
	return_at(2);
	assert_int_equal(fake.ntmfs, 0);
	assert_true(a.done);
}

static void test_after_an_orderly_end_no_reset_is_needed(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	disk_nexus_ended(rig.disk);
	return_at(2);
	assert_int_equal(fake.ntmfs, 0);
	assert_true(a.done);
}

static void test_the_doubt_stays_until_a_reset_worked(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(2);
	rig_lose();
	return_at(3);
	assert_sent(2, TMF_LUN_RESET);
	assert_false(a.done);
	fake_answer_tmf(TMF_COMPLETE);
	fake_answer_all();
	assert_true(a.done);
}

static void test_the_old_place_ends_the_doubt(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(2);
	rig_lose();
	return_at(1);
	assert_int_equal(fake.ntmfs, 1);
	assert_true(a.done);
}

static void test_a_failed_write_is_doubted_too(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	disk_expire(rig.disk, -ENOLINK, rig.now);
	assert_int_equal(a.err, -ENOLINK);
	return_at(2);
	assert_sent(1, TMF_LUN_RESET);
}

static void test_without_any_reset_nothing_is_sent(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(2);
	fake_answer_tmf(TMF_NOT_SUPPORTED);
	tick(0);
	assert_sent(2, TMF_TARGET_WARM_RESET);
	fake_answer_tmf(TMF_NOT_AUTHORIZED);
	tick(0);
	assert_true(fake.dropped);
	assert_int_equal(fake.ngot, 0);
	assert_false(a.done);
}

static void test_writes_of_an_owner_before_us_are_doubted(void **state)
{
	disk_doubt(rig.disk, 1);
	return_at(2);
	assert_sent(1, TMF_LUN_RESET);
	fake_answer_tmf(TMF_COMPLETE);
	fake_answer_all();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_a_limit_nothing_is_aborted),
		TEST(test_a_late_command_is_aborted_and_then_times_out),
		TEST(test_an_answer_before_the_abort_counts),
		TEST(test_a_waiting_request_ends_at_its_time),
		TEST(test_a_lost_command_is_not_repeated_after_its_time),
		TEST(test_a_busy_target_is_not_asked_for_longer),
		TEST(test_the_limit_counts_for_those_that_are_under_way),
		TEST(test_each_late_command_is_aborted),
		TEST(test_refusals_lead_from_function_to_function),
		TEST(test_commands_that_a_reset_hit_are_repeated),
		TEST(test_a_session_that_is_busy_is_asked_again),
		TEST(test_a_command_that_was_not_sent_is_taken_back),
		TEST(test_lost_writes_wait_for_a_reset_elsewhere),
		TEST(test_at_the_same_place_no_reset_is_needed),
		TEST(test_lost_reads_need_no_reset),
		TEST(test_after_an_orderly_end_no_reset_is_needed),
		TEST(test_the_doubt_stays_until_a_reset_worked),
		TEST(test_the_old_place_ends_the_doubt),
		TEST(test_a_failed_write_is_doubted_too),
		TEST(test_without_any_reset_nothing_is_sent),
		TEST(test_writes_of_an_owner_before_us_are_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

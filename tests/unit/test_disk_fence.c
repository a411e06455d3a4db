/*
 * test_disk_fence - late writes of an old nexus (disk/fence.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/fsm.h"
#include "disk/fence.h"
#include "disk/internal.h"
#include "disk_rig.h"
#include "scsi/status.h"

#define W      30000 /* ms */
#define SETTLE 100

static struct request first, second;
static struct fence_rules rules;

static int setup(void **state)
{
	rules = (struct fence_rules){ true, SETTLE, W };
	rig_setup(state);
	disk_set_rules(rig.disk, &rules);
	return 0;
}

static const char *fence(void)
{
	struct fence_view v;

	disk_fence(rig.disk, &v);
	return v.state;
}

#define assert_fence(name) assert_string_equal(fence(), name)

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
}

/* Passes time and answers what comes. */
static void pass(uint64_t ms)
{
	rig_pass(ms);
	fake_answer_all();
}

/* ... and answers nothing. */
static void settle_only(void)
{
	disk_tick(rig.disk, rig.now);
	rig.now += SETTLE;
	disk_tick(rig.disk, rig.now);
}

static void
test_at_the_same_place_a_pause_and_a_barrier_are_enough(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	assert_fence("SETTLE");
	assert_int_equal(fake.ngot, 0);
	pass(SETTLE - 1);
	assert_int_equal(fake.ngot, 0);
	pass(1);
	assert_int_equal(fake_got(SCSI_SYNCHRONIZE_CACHE_10, 0)[8], 1);
	assert_fence("CLEAR");
	assert_true(first.done);
	assert_int_equal(first.err, 0);
	assert_int_equal(fake.clears, 0);
}

static void test_elsewhere_nothing_is_sent_before_the_time_is_over(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	rig.now += 1000;
	return_at(2);
	assert_fence("HOLD");
	pass(W - 1001);
	assert_int_equal(fake.ngot, 0);
	pass(1);
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 1);
	assert_true(first.done);
}

static void test_the_time_counts_from_the_loss_not_from_the_return(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	rig.now += W;
	return_at(2);
	assert_true(first.done);
}

static void
test_a_target_that_keeps_old_sessions_has_no_same_place(void **state)
{
	rules.reinstates = false;
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	assert_fence("HOLD");
}

static void
test_the_barrier_is_answered_before_anything_else_is_sent(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	disk_set_place(rig.disk, 1);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	settle_only();
	assert_int_equal(fake.ngot, 1);
	assert_true(fake.pending[0]->ordered);
	disk_tick(rig.disk, rig.now + 10000);
	assert_int_equal(fake.ngot, 1);
	fake_answer_all();
	assert_true(first.done);
}

static void test_the_identity_is_checked_before_writes_go_on(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_true(fake_count(SCSI_INQUIRY) > 0);
	assert_int_equal(fake.got[0].cdb[0], SCSI_SYNCHRONIZE_CACHE_10);
	assert_int_equal(fake.got[fake.ngot - 1].cdb[0], SCSI_WRITE_10);
}

static void test_lost_reads_need_no_fence(void **state)
{
	lose_at(1, &first, DISK_READ);
	return_at(2);
	assert_true(first.done);
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 0);
}

static void test_a_write_that_never_left_needs_no_fence(void **state)
{
	fake.unsent = true;
	lose_at(1, &first, DISK_WRITE);
	return_at(2);
	assert_true(first.done);
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 0);
}

static void test_a_lost_discard_is_fenced(void **state)
{
	fake.lbpme = true;
	fake.provisioning = 0x80;
	fake.max_unmap = 1024;
	fake.max_descriptors = 1;
	lose_at(1, &first, DISK_DISCARD);
	return_at(2);
	assert_fence("HOLD");
}

static void test_after_a_logout_only_the_barrier_is_left(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	disk_nexus_ended(rig.disk);
	assert_fence("ENDED");
	return_at(2);
	assert_int_equal(fake.got[0].cdb[0], SCSI_SYNCHRONIZE_CACHE_10);
	assert_true(first.done);
}

/* Its logout says nothing of the one before it. */
static void test_the_logout_of_a_later_nexus_ends_none_before(void **state)
{
	rules.reinstates = false;
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	rig_lose();
	disk_nexus_ended(rig.disk);
	assert_fence("OPEN");
}

static void test_a_login_to_the_old_place_ends_the_wait(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	return_at(2);
	disk_place_ended(rig.disk, 3, rig.now);
	assert_fence("HOLD");
	disk_place_ended(rig.disk, 1, rig.now);
	assert_fence("SETTLE");
	pass(SETTLE);
	assert_true(first.done);
}

static void test_the_doubt_outlives_a_second_failover(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	return_at(2);
	rig.now += 5000;
	rig_lose();
	return_at(3);
	assert_fence("HOLD");
	pass(W - 5001);
	assert_false(first.done);
	pass(1);
	assert_true(first.done);
}

static void test_a_barrier_that_was_lost_is_sent_again(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	disk_set_place(rig.disk, 1);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	settle_only();
	rig_lose();
	assert_fence("ENDED");
	return_at(2);
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 2);
	assert_true(first.done);
}

static void test_an_attention_is_no_answer_to_the_barrier(void **state)
{
	fake_sense(SCSI_SYNCHRONIZE_CACHE_10, 1, 6, 0x29, 0);
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 2);
	assert_true(first.done);
}

static void test_busy_is_no_answer_to_the_barrier(void **state)
{
	fake_status(SCSI_SYNCHRONIZE_CACHE_10, 1, STATUS_BUSY);
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_fence("BARRIER");
	pass(1000);
	assert_true(first.done);
}

static void test_where_it_is_refused_a_read_takes_its_place(void **state)
{
	fake.unknown[SCSI_SYNCHRONIZE_CACHE_10] = true;
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_int_equal(fake_count(SCSI_READ_10), 1);
	assert_true(first.done);
	assert_int_equal(fake.clears, 0);
}

static void test_where_both_are_refused_the_lun_is_reset(void **state)
{
	fake_sense(SCSI_SYNCHRONIZE_CACHE_10, 1, 5, 0x20, 0);
	fake_sense(SCSI_READ_10, 1, 5, 0x20, 0);
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_fence("RESET");
	fake_clear();
	fake_answer_all();
	assert_true(first.done);
}

static void test_who_wants_it_has_the_lun_reset_first(void **state)
{
	rules.resets = true;
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_fence("RESET");
	assert_int_equal(fake.ngot, 0);
	fake_clear();
	fake_answer_all();
	assert_true(first.done);
}

static void test_a_task_set_for_each_nexus_has_the_lun_reset_first(void **state)
{
	fake.tst = 1;
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_fence("RESET");
}

/* tgt has one at LUN 0: it refuses all that disks know. */
static void test_what_is_no_disk_is_not_reset(void **state)
{
	fake.unknown[SCSI_SYNCHRONIZE_CACHE_10] = true;
	fake.unknown[SCSI_READ_10] = true;
	fake.type = 0x0c;
	disk_doubt(rig.disk, 1, rig.now);
	return_at(1);
	pass(SETTLE);
	assert_fence("CLEAR");
	assert_int_equal(fake.clears, 0);
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
}

/* It is not reset for ever. */
static void test_behind_a_reset_a_refusal_is_borne(void **state)
{
	fake.unknown[SCSI_SYNCHRONIZE_CACHE_10] = true;
	fake_sense(SCSI_READ_10, 2, 5, 0x20, 0);
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_fence("RESET");
	fake_clear();
	fake_answer_all();
	assert_true(first.done);
	assert_int_equal(fake.clears, 1);
}

static void test_a_reservation_of_others_leads_to_the_read(void **state)
{
	fake_status(SCSI_SYNCHRONIZE_CACHE_10, 1, STATUS_RESERVATION_CONFLICT);
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_int_equal(fake_count(SCSI_READ_10), 1);
}

static void test_a_write_that_was_aborted_is_fenced_by_the_barrier(void **state)
{
	disk_set_limit(rig.disk, 1000, rig.now);
	rig_online();
	first.io.since = rig.now;
	submit(&first, DISK_WRITE, 0, 1);
	rig.now += 1000;
	disk_tick(rig.disk, rig.now);
	assert_int_equal(fake.nexpired, 1);
	fake_end_expired();
	disk_tick(rig.disk, rig.now);
	assert_true(first.done);
	assert_fence("BARRIER");
	second.io.since = rig.now;
	submit(&second, DISK_WRITE, 0, 1);
	assert_int_equal(fake_count(SCSI_WRITE_10), 1);
	fake_answer_all();
	assert_int_equal(fake_count(SCSI_WRITE_10), 2);
	assert_true(second.done);
}

/* RFC 7143 11.4.3: "target failure" says nothing of what became of it. */
static void test_a_write_without_a_status_is_fenced_by_the_barrier(void **state)
{
	rig_online();
	fake_script((struct fake_answer){
		.opcode = SCSI_WRITE_10, .times = 1, .outcome = CMD_REFUSED });
	submit(&first, DISK_WRITE, 0, 1);
	assert_true(fake_answer_one());
	assert_fence("BARRIER");
	pass(2000);
	assert_fence("CLEAR");
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 1);
	assert_int_equal(fake_count(SCSI_WRITE_10), 2);
	assert_true(first.done);
	assert_int_equal(first.err, 0);
}

static void
test_a_barrier_that_is_not_carried_out_is_shown_and_bounded(void **s)
{
	struct disk_waiting w;

	disk_set_patience(rig.disk, 20000, rig.now);
	rig_online();
	fake_script((struct fake_answer){
		.opcode = -1, .times = 1000, .outcome = CMD_REFUSED });
	submit(&first, DISK_WRITE, 0, 1);
	pass(1000);
	assert_false(disk_waits(rig.disk, &w));
	pass(5000);
	assert_true(disk_waits(rig.disk, &w));
	assert_non_null(strstr(w.what, "old writes may still run"));
	assert_false(first.done);
	pass(20000);
	assert_true(first.done);
	assert_int_equal(first.err, -ENOLINK);
	assert_fence("BARRIER");
	fake.nscript = 0;
	pass(2000);
	assert_fence("CLEAR");
	assert_false(disk_waits(rig.disk, &w));
}

static void test_a_failed_write_is_fenced_too(void **state)
{
	lose_at(1, &first, DISK_WRITE);
	disk_expire(rig.disk, -ENOLINK, rig.now);
	assert_int_equal(first.err, -ENOLINK);
	return_at(2);
	assert_fence("HOLD");
}

static void test_writes_of_an_owner_before_us_are_fenced(void **state)
{
	disk_doubt(rig.disk, 1, rig.now);
	return_at(2);
	assert_fence("HOLD");
	pass(W);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_of_an_owner_before_us_no_logout_is_believed(void **state)
{
	disk_set_place(rig.disk, 1);
	disk_doubt(rig.disk, 1, rig.now);
	rig_return();
	rig_lose();
	disk_nexus_ended(rig.disk);
	assert_fence("OPEN");
}

static void test_a_lun_that_is_gone_fails_and_comes_back(void **state)
{
	fake_sense(SCSI_SYNCHRONIZE_CACHE_10, 13, 5, 0x25, 0);
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	for (int i = 0; i < 11; i++)
		pass(1000);
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
	assert_int_equal(first.err, -ENODEV);
	for (int i = 0; i < 3; i++)
		pass(1000);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

/* It asks for none of a session that is on its way out. */
static void test_a_session_may_be_lost_while_the_lun_is_reset(void **state)
{
	fake.unknown[SCSI_SYNCHRONIZE_CACHE_10] = true;
	fake_sense(SCSI_READ_10, 2, 5, 0x20, 0);
	lose_at(1, &first, DISK_WRITE);
	return_at(1);
	pass(SETTLE);
	assert_fence("RESET");
	rig_lose();
	assert_fence("ENDED");
	assert_int_equal(fake.clears, 1);
}

/* The previous owner's is not the one that was logged out of. */
static void test_a_logout_before_any_nexus_ends_no_other_owners(void **state)
{
	disk_doubt(rig.disk, 1, rig.now);
	disk_nexus_down(rig.disk, rig.now);
	disk_nexus_ended(rig.disk);
	assert_fence("OPEN");
}

/*
 * Data may have left behind the function's answer: a target that had not
 * known the task carries it out when they come.
 */
static void test_a_write_that_was_aborted_is_in_doubt_after_a_loss(void **state)
{
	disk_set_place(rig.disk, 1);
	disk_set_limit(rig.disk, 1000, rig.now);
	rig_online();
	first.io.since = rig.now;
	submit(&first, DISK_WRITE, 0, 1);
	rig.now += 1000;
	disk_tick(rig.disk, rig.now);
	fake_end_expired();
	assert_fence("BARRIER");
	rig_lose();
	return_at(2);
	assert_fence("HOLD");
}

/* Every event is foreseen in every state it can come in. */
static void test_no_loss_and_no_end_is_without_a_row(void **state)
{
	static const uint8_t any[] = { FENCE_EV_WRITE_LOST,
				       FENCE_EV_WRITE_ENDED, FENCE_EV_DOWN,
				       FENCE_EV_OLD_ENDED };

	for (unsigned s = 0; s < FENCE_STATES; s++)
		for (size_t i = 0; i < sizeof(any); i++) {
			bool found = false;

			for (size_t r = 0; r < fence_fsm.nrows; r++)
				found |= fence_fsm.rows[r].from & IN(s) &&
					 fence_fsm.rows[r].event == any[i];
			assert_true(found);
		}
}

static void test_a_fence_that_lost_its_way_waits_for_all_that_was(void **state)
{
	rig_online();
	fsm_set_strict(false);
	fsm_step(&fence_fsm, &rig.disk->fence.state, FENCE_EV_SETTLED, rig.disk,
		 NULL);
	fsm_set_strict(true);
	assert_string_equal(rig.last_note,
			    "fence: SETTLED in CLEAR is not foreseen: late "
			    "writes are waited for");
	assert_fence("HOLD");
	submit(&first, DISK_WRITE, 0, 1);
	pass(W - 1);
	assert_false(first.done);
	pass(2);
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 1);
	assert_true(first.done);
	assert_int_equal(first.err, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_at_the_same_place_a_pause_and_a_barrier_are_enough),
		TEST(test_elsewhere_nothing_is_sent_before_the_time_is_over),
		TEST(test_the_time_counts_from_the_loss_not_from_the_return),
		TEST(test_a_target_that_keeps_old_sessions_has_no_same_place),
		TEST(test_the_barrier_is_answered_before_anything_else_is_sent),
		TEST(test_the_identity_is_checked_before_writes_go_on),
		TEST(test_lost_reads_need_no_fence),
		TEST(test_a_write_that_never_left_needs_no_fence),
		TEST(test_a_lost_discard_is_fenced),
		TEST(test_after_a_logout_only_the_barrier_is_left),
		TEST(test_the_logout_of_a_later_nexus_ends_none_before),
		TEST(test_a_login_to_the_old_place_ends_the_wait),
		TEST(test_the_doubt_outlives_a_second_failover),
		TEST(test_a_barrier_that_was_lost_is_sent_again),
		TEST(test_an_attention_is_no_answer_to_the_barrier),
		TEST(test_busy_is_no_answer_to_the_barrier),
		TEST(test_where_it_is_refused_a_read_takes_its_place),
		TEST(test_where_both_are_refused_the_lun_is_reset),
		TEST(test_who_wants_it_has_the_lun_reset_first),
		TEST(test_a_task_set_for_each_nexus_has_the_lun_reset_first),
		TEST(test_what_is_no_disk_is_not_reset),
		TEST(test_behind_a_reset_a_refusal_is_borne),
		TEST(test_a_reservation_of_others_leads_to_the_read),
		TEST(test_a_write_that_was_aborted_is_fenced_by_the_barrier),
		TEST(test_a_write_without_a_status_is_fenced_by_the_barrier),
		TEST(test_a_barrier_that_is_not_carried_out_is_shown_and_bounded),
		TEST(test_a_failed_write_is_fenced_too),
		TEST(test_writes_of_an_owner_before_us_are_fenced),
		TEST(test_of_an_owner_before_us_no_logout_is_believed),
		TEST(test_a_lun_that_is_gone_fails_and_comes_back),
		TEST(test_a_session_may_be_lost_while_the_lun_is_reset),
		TEST(test_a_logout_before_any_nexus_ends_no_other_owners),
		TEST(test_a_write_that_was_aborted_is_in_doubt_after_a_loss),
		TEST(test_a_fence_that_lost_its_way_waits_for_all_that_was),
		TEST(test_no_loss_and_no_end_is_without_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

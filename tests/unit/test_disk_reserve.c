/*
 * test_disk_reserve - late writes that a reservation keeps out
 * (disk/reserve.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/fsm.h"
#include "disk/internal.h"
#include "disk/reserve.h"
#include "disk_rig.h"
#include "scsi/reservation.h"
#include "scsi/status.h"

#define W	30000 /* ms */
#define SETTLE	100
#define HOST	0xabcdef01
#define OURS(n) (UINT64_C(0x7368) << 48 | (uint64_t)HOST << 16 | (n))
#define FOREIGN 0x1234
#define OTHER	7 /* the nexus of another host */

static struct request first, second;
static struct fence_rules rules;

static int setup(void **state)
{
	rules = (struct fence_rules){ .reinstates = true,
				      .settle_ms = SETTLE,
				      .wait_ms = W,
				      .reserve = true,
				      .host = HOST };
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

/* The fake target counts a place as a port. */
static void go_to(unsigned place)
{
	fake.port = place;
	disk_set_place(rig.disk, place);
}

static void lose_at(unsigned place, struct request *r)
{
	go_to(place);
	rig_online();
	submit(r, DISK_WRITE, 0, 1);
	rig_lose();
	fake_forget();
}

static void return_at(unsigned place)
{
	go_to(place);
	rig_return();
}

static void pass(uint64_t ms)
{
	rig_pass(ms);
	fake_answer_all();
}

static unsigned count_keys(void)
{
	unsigned n = 0;

	for (int i = 0; i < FAKE_PORTS; i++)
		n += fake.keys[i] != 0;
	return n;
}

static unsigned out(uint8_t action)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fake.ngot; i++)
		n += fake.got[i].cdb[0] == SCSI_PERSISTENT_RESERVE_OUT &&
		     fake.got[i].cdb[1] == action;
	return n;
}

static void assert_held_at(int place)
{
	assert_int_equal(fake.holder, place);
	assert_int_equal(count_keys(), 1);
}

static void test_elsewhere_a_reservation_is_made_instead_of_a_wait(void **state)
{
	lose_at(1, &first);
	return_at(2);
	assert_true(first.done);
	assert_int_equal(first.err, 0);
	assert_held_at(2);
	assert_int_equal(fake.keys[2] >> 16, OURS(0) >> 16);
}

static void test_it_is_made_before_the_barrier_and_the_writes(void **state)
{
	static const uint8_t order[] = { SCSI_PERSISTENT_RESERVE_IN,
					 SCSI_PERSISTENT_RESERVE_IN,
					 SCSI_PERSISTENT_RESERVE_OUT,
					 SCSI_PERSISTENT_RESERVE_OUT,
					 SCSI_SYNCHRONIZE_CACHE_10 };

	lose_at(1, &first);
	return_at(2);
	for (size_t i = 0; i < sizeof(order); i++)
		assert_int_equal(fake.got[i].cdb[0], order[i]);
}

static void test_one_command_at_a_time_is_sent(void **state)
{
	lose_at(1, &first);
	go_to(2);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(fake.npending, 1);
		fake_answer_one();
	}
}

static void test_it_is_given_back_when_the_old_nexus_is_over(void **state)
{
	lose_at(1, &first);
	return_at(2);
	pass(W - 1);
	assert_held_at(2);
	pass(1);
	assert_int_equal(count_keys(), 0);
	assert_int_equal(fake.holder, -1);
	assert_int_equal(disk_next_wake(rig.disk), UINT64_MAX);
}

static void test_without_the_rule_nothing_of_it_is_sent(void **state)
{
	rules.reserve = false;
	lose_at(1, &first);
	return_at(2);
	assert_fence("HOLD");
	assert_int_equal(fake.ngot, 0);
}

static void test_where_nothing_is_in_doubt_nothing_of_it_is_sent(void **state)
{
	go_to(1);
	rig_online();
	rig_lose();
	fake_forget();
	return_at(2);
	assert_int_equal(fake_count(SCSI_PERSISTENT_RESERVE_IN), 0);
}

/* By the standard it is the same nexus, and has the same rights. */
static void test_at_the_same_place_it_would_keep_nothing_out(void **state)
{
	rules.reinstates = false;
	lose_at(1, &first);
	return_at(1);
	assert_fence("HOLD");
	assert_int_equal(fake.ngot, 0);
}

static void
test_an_old_nexus_nobody_knows_the_place_of_is_waited_for(void **state)
{
	disk_doubt(rig.disk, INT64_MIN, rig.now);
	return_at(2);
	assert_fence("HOLD");
}

static void test_with_a_foreign_key_it_waits(void **state)
{
	fake.keys[OTHER] = FOREIGN;
	lose_at(1, &first);
	return_at(2);
	assert_fence("HOLD");
	assert_int_equal(fake_count(SCSI_PERSISTENT_RESERVE_OUT), 0);
	assert_non_null(strstr(rig.last_note, "others use reservations"));
	pass(W);
	assert_true(first.done);
	assert_int_equal(fake.keys[OTHER], FOREIGN);
}

static void test_with_more_keys_than_fit_it_waits(void **state)
{
	fake_script((struct fake_answer){ .opcode = SCSI_PERSISTENT_RESERVE_IN,
					  .times = 1 });
	lose_at(1, &first);
	go_to(2);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	memset(fake.pending[0]->buf, 0, 8);
	fake.pending[0]->buf[6] = 0x10; /* 512 keys */
	fake_answer_all();
	assert_fence("HOLD");
}

static void test_where_it_is_refused_it_waits_and_says_nothing(void **state)
{
	fake.unknown[SCSI_PERSISTENT_RESERVE_IN] = true;
	lose_at(1, &first);
	rig.notes = 0;
	return_at(2);
	assert_fence("HOLD");
	assert_int_equal(rig.notes, 0);
	rig_lose();
	return_at(3);
	assert_int_equal(fake_count(SCSI_PERSISTENT_RESERVE_IN), 1);
}

static void test_an_attention_is_no_answer(void **state)
{
	fake_sense(SCSI_PERSISTENT_RESERVE_IN, 1, 6, 0x29, 0);
	fake_sense(SCSI_PERSISTENT_RESERVE_OUT, 1, 6, 0x2a, 0x03);
	lose_at(1, &first);
	return_at(2);
	assert_true(first.done);
	assert_held_at(2);
}

static void test_when_it_fails_halfway_the_key_is_taken_back(void **state)
{
	lose_at(1, &first);
	go_to(2);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	for (int i = 0; i < 3; i++)
		fake_answer_one();
	fake_status(SCSI_PERSISTENT_RESERVE_OUT, 1,
		    STATUS_RESERVATION_CONFLICT);
	fake_answer_all();
	assert_fence("HOLD");
	assert_int_equal(count_keys(), 0);
}

/* The barrier would get a RESERVATION CONFLICT, and the writes. */
static void test_the_next_nexus_takes_the_key_over(void **state)
{
	uint64_t key;

	lose_at(1, &first);
	return_at(2);
	key = fake.keys[2];
	submit(&second, DISK_WRITE, 8, 1);
	rig_lose();
	fake_forget();
	return_at(2);
	pass(SETTLE);
	assert_held_at(2);
	assert_int_not_equal(fake.keys[2], key);
	assert_int_equal(fake.got[0].cdb[0], SCSI_PERSISTENT_RESERVE_IN);
}

/* Two old nexuses, of which the first may have the new one's rights. */
static void test_a_second_doubt_is_not_passed_by_the_first_key(void **state)
{
	lose_at(1, &first);
	return_at(2);
	submit(&second, DISK_WRITE, 8, 1);
	rig_lose();
	return_at(1);
	assert_held_at(2);
	assert_fence("HOLD");
	pass(W);
	assert_true(second.done);
	assert_int_equal(count_keys(), 0);
}

static void test_at_the_same_place_the_key_is_taken_over_too(void **state)
{
	lose_at(1, &first);
	return_at(2);
	submit(&second, DISK_WRITE, 8, 1);
	rig_lose();
	rig.now += 5000;
	return_at(2);
	pass(SETTLE);
	assert_true(second.done);
	assert_int_equal(second.err, 0);
	assert_held_at(2);
	pass(W - 5000 - SETTLE);
	assert_int_equal(count_keys(), 0);
}

/*
 * The first nexus and the third are one, by the standard, and what the first
 * left behind has its rights.
 */
static void test_a_key_does_not_move_to_where_it_keeps_out(void **state)
{
	lose_at(1, &first);
	return_at(2);
	rig_lose();
	disk_nexus_ended(rig.disk);
	submit(&second, DISK_WRITE, 8, 1);
	return_at(1);
	assert_held_at(2);
	assert_fence("DRAIN");
	pass(W);
	assert_true(second.done);
	assert_int_equal(count_keys(), 0);
}

/* It sent no write, so the doubt is about the one before. */
static void test_a_nexus_lost_behind_the_fence_is_not_in_doubt(void **state)
{
	lose_at(1, &first);
	go_to(2);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	for (int i = 0; i < 3; i++)
		fake_answer_one();
	rig_lose();
	return_at(1);
	assert_fence("SETTLE");
	pass(SETTLE);
	assert_true(first.done);
	assert_held_at(1);
}

static void test_an_idle_nexus_leaves_its_key_as_well(void **state)
{
	lose_at(1, &first);
	return_at(2);
	rig_lose();
	return_at(2);
	pass(SETTLE);
	assert_int_equal(run_request(DISK_WRITE, 0, 1), 0);
	assert_held_at(2);
}

static void test_keys_of_an_engine_before_us_are_taken_over(void **state)
{
	fake.keys[1] = OURS(1);
	fake.keys[3] = OURS(2);
	fake.holder = 3;
	disk_doubt(rig.disk, 3, rig.now);
	return_at(3);
	pass(SETTLE);
	assert_held_at(3);
	assert_true(fake.keys[3] > OURS(0) && fake.keys[3] != OURS(1) &&
		    fake.keys[3] != OURS(2));
	pass(W);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	assert_int_equal(count_keys(), 0);
}

static void test_where_no_key_was_left_nothing_is_reserved(void **state)
{
	disk_doubt(rig.disk, 1, rig.now);
	return_at(1);
	pass(SETTLE);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	assert_int_equal(fake_count(SCSI_PERSISTENT_RESERVE_OUT), 0);
}

/* What the engine before us passed by it may not be over. */
static void test_a_key_that_cannot_be_taken_over_is_waited_for(void **state)
{
	fake.keys[1] = OURS(1);
	fake.keys[OTHER] = FOREIGN;
	fake.holder = OTHER;
	disk_doubt(rig.disk, 1, rig.now);
	return_at(1);
	pass(SETTLE);
	assert_fence("DRAIN");
	pass(W - SETTLE - 1);
	assert_fence("DRAIN");
	pass(1);
	assert_fence("CLEAR");
}

/* What they keep out is not known any more. */
static void test_keys_of_a_run_before_are_found_by_their_conflict(void **state)
{
	fake.keys[1] = OURS(9);
	fake.holder = 1;
	go_to(2);
	rig_online();
	submit(&first, DISK_WRITE, 0, 1);
	fake_answer_all();
	pass(W - 1);
	assert_held_at(1);
	assert_false(first.done);
	pass(1);
	assert_true(first.done);
	assert_int_equal(first.err, 0);
}

/* They were under way when the first of them met it. */
static void test_all_requests_that_meet_an_own_key_wait_for_it(void **state)
{
	fake.keys[1] = OURS(9);
	fake.holder = 1;
	go_to(2);
	rig_online();
	submit(&first, DISK_WRITE, 0, 1);
	submit(&second, DISK_WRITE, 8, 1);
	fake_answer_all();
	pass(W);
	assert_int_equal(first.err, 0);
	assert_int_equal(second.err, 0);
	assert_true(first.done && second.done);
}

static void test_an_error_of_the_target_is_tried_again(void **state)
{
	fake_sense(SCSI_PERSISTENT_RESERVE_OUT, 2, 4, 0x44, 0);
	lose_at(1, &first);
	return_at(2);
	pass(2000);
	assert_true(first.done);
	assert_held_at(2);
}

static void test_who_was_preempted_by_others_tells_it_and_stops(void **state)
{
	lose_at(1, &first);
	return_at(2);
	pass(W);
	fake.keys[OTHER] = FOREIGN;
	fake.holder = OTHER;
	assert_int_equal(run_request(DISK_WRITE, 0, 1), -EBADE);
	fake_forget();
	assert_int_equal(run_request(DISK_WRITE, 0, 1), -EBADE);
	assert_int_equal(fake_count(SCSI_PERSISTENT_RESERVE_IN), 0);
	assert_int_equal(fake_count(SCSI_WRITE_10), 1);
}

/* Late writes are not kept out any more. */
static void test_who_was_preempted_sends_nothing_before_the_end(void **state)
{
	lose_at(1, &first);
	return_at(2);
	memset(fake.keys, 0, sizeof(fake.keys));
	fake.keys[OTHER] = FOREIGN;
	fake.holder = OTHER;
	submit(&second, DISK_WRITE, 0, 1);
	fake_answer_all();
	assert_fence("DRAIN");
	pass(W - 1);
	assert_false(second.done);
	pass(1);
	assert_int_equal(second.err, -EBADE);
}

static void test_what_cannot_be_given_back_is_tried_slowly(void **state)
{
	lose_at(1, &first);
	return_at(2);
	fake_sense(SCSI_PERSISTENT_RESERVE_OUT, 3, 5, 0x26, 0);
	rig.notes = 0;
	pass(W);
	assert_int_equal(rig.notes, 1);
	assert_int_equal(out(PR_RELEASE), 1);
	pass(10000);
	assert_int_equal(out(PR_RELEASE), 2);
	pass(20000);
	assert_int_equal(count_keys(), 0);
	assert_int_equal(run_request(DISK_WRITE, 0, 1), 0);
}

static void test_the_old_nexus_may_end_while_it_is_made(void **state)
{
	lose_at(1, &first);
	go_to(2);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	fake_answer_one();
	disk_place_ended(rig.disk, 1, rig.now);
	fake_answer_all();
	pass(SETTLE);
	assert_true(first.done);
	pass(W);
	assert_int_equal(count_keys(), 0);
}

static void test_the_time_may_be_over_while_it_is_made(void **state)
{
	lose_at(1, &first);
	go_to(2);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	rig.now += W;
	disk_tick(rig.disk, rig.now);
	fake_answer_all();
	assert_true(first.done);
	assert_int_equal(count_keys(), 0);
}

static void test_a_loss_in_any_step_leaves_no_key_in_the_end(void **state)
{
	for (int steps = 0; steps < 8; steps++) {
		lose_at(1, &first);
		go_to(2);
		fake.down = false;
		disk_nexus_up(rig.disk, &fake_session, rig.now);
		for (int i = 0; i < steps; i++)
			fake_answer_one();
		rig_lose();
		return_at(3);
		pass(W);
		pass(W);
		assert_true(first.done);
		assert_int_equal(count_keys(), 0);
		assert_int_equal(fake.holder, -1);
		rig_lose();
		go_to(1);
		fake.down = false;
	}
}

/* Every state knows what the loss of its nexus means. */
static void test_no_loss_is_without_a_row(void **state)
{
	for (unsigned s = 0; s < RESERVE_STATES; s++) {
		bool found = false;

		for (size_t r = 0; r < reserve_fsm.nrows; r++)
			found |= reserve_fsm.rows[r].from & IN(s) &&
				 reserve_fsm.rows[r].event == RESERVE_EV_DOWN;
		assert_true(found);
	}
}

static void test_a_reservation_that_lost_its_way_is_given_up(void **state)
{
	rig_online();
	fsm_set_strict(false);
	fsm_step(&reserve_fsm, &rig.disk->reserve.state, RESERVE_EV_OURS,
		 rig.disk, NULL);
	fsm_set_strict(true);
	assert_string_equal(rig.last_note, "reserve: OURS in IDLE is not "
					   "foreseen: no reservation is made");
	assert_int_equal(rig.disk->reserve.state, RESERVE_OVER);
	assert_int_equal(run_request(DISK_WRITE, 0, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_elsewhere_a_reservation_is_made_instead_of_a_wait),
		TEST(test_it_is_made_before_the_barrier_and_the_writes),
		TEST(test_one_command_at_a_time_is_sent),
		TEST(test_it_is_given_back_when_the_old_nexus_is_over),
		TEST(test_without_the_rule_nothing_of_it_is_sent),
		TEST(test_where_nothing_is_in_doubt_nothing_of_it_is_sent),
		TEST(test_at_the_same_place_it_would_keep_nothing_out),
		TEST(test_an_old_nexus_nobody_knows_the_place_of_is_waited_for),
		TEST(test_with_a_foreign_key_it_waits),
		TEST(test_with_more_keys_than_fit_it_waits),
		TEST(test_where_it_is_refused_it_waits_and_says_nothing),
		TEST(test_an_attention_is_no_answer),
		TEST(test_when_it_fails_halfway_the_key_is_taken_back),
		TEST(test_the_next_nexus_takes_the_key_over),
		TEST(test_a_second_doubt_is_not_passed_by_the_first_key),
		TEST(test_at_the_same_place_the_key_is_taken_over_too),
		TEST(test_a_key_does_not_move_to_where_it_keeps_out),
		TEST(test_a_nexus_lost_behind_the_fence_is_not_in_doubt),
		TEST(test_an_idle_nexus_leaves_its_key_as_well),
		TEST(test_keys_of_an_engine_before_us_are_taken_over),
		TEST(test_where_no_key_was_left_nothing_is_reserved),
		TEST(test_a_key_that_cannot_be_taken_over_is_waited_for),
		TEST(test_keys_of_a_run_before_are_found_by_their_conflict),
		TEST(test_all_requests_that_meet_an_own_key_wait_for_it),
		TEST(test_an_error_of_the_target_is_tried_again),
		TEST(test_who_was_preempted_by_others_tells_it_and_stops),
		TEST(test_who_was_preempted_sends_nothing_before_the_end),
		TEST(test_what_cannot_be_given_back_is_tried_slowly),
		TEST(test_the_old_nexus_may_end_while_it_is_made),
		TEST(test_the_time_may_be_over_while_it_is_made),
		TEST(test_a_loss_in_any_step_leaves_no_key_in_the_end),
		TEST(test_a_reservation_that_lost_its_way_is_given_up),
		TEST(test_no_loss_is_without_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

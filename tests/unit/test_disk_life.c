/*
 * A disk's life: nexus lost and back, the same disk or another, giving up.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/fsm.h"
#include "disk/internal.h"
#include "disk_rig.h"
#include "scsi/cdb.h"
#include "scsi/status.h"
#include "scsi/vpd.h"

/* Requests are static: the teardown ends those that a test leaves. */

static void test_lost_requests_are_sent_again_in_order(void **state)
{
	static struct request r[5];

	rig_online();
	for (int i = 0; i < 5; i++)
		submit(&r[i], DISK_WRITE, (uint64_t)i, 1);
	/* The session may give them back in any order. */
	struct cmd *first = fake.pending[0];
	fake.pending[0] = fake.pending[3];
	fake.pending[3] = first;
	rig_lose();
	assert_int_equal(rig_inflight(), 5);
	fake_forget();
	rig_return();
	for (int i = 0; i < 5; i++) {
		assert_int_equal(r[i].err, 0);
		assert_int_equal(r[i].order, i + 1);
		assert_int_equal(
			get_be32(fake_got(SCSI_WRITE_10, (unsigned)i) + 2), i);
	}
}

static void test_requests_of_the_outage_go_behind_the_lost_ones(void **state)
{
	static struct request a, b;

	rig_online();
	submit(&a, DISK_WRITE, 0, 1);
	rig_lose();
	submit(&b, DISK_WRITE, 1, 1);
	rig_return();
	assert_int_equal(a.order, 1);
	assert_int_equal(b.order, 2);
}

static void test_finished_pieces_are_not_repeated(void **state)
{
	static struct request r;

	fake.max_transfer = 8;
	rig_online();
	submit(&r, DISK_WRITE, 0, 24);
	fake_answer_one();
	rig_lose();
	fake_forget();
	rig_return();
	assert_true(r.done);
	assert_int_equal(fake_count(SCSI_WRITE_10), 2);
	assert_int_equal(get_be32(fake_got(SCSI_WRITE_10, 0) + 2), 8);
}

static void test_identity_is_checked_before_anything_is_sent(void **state)
{
	static struct request r;

	rig_online();
	submit(&r, DISK_WRITE, 0, 8);
	rig_lose();
	fake.down = false;
	fake_forget();
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	fake_answer_one(); /* the fence's */
	assert_int_equal(disk_state(rig.disk), DISK_CHECKING);
	while (disk_state(rig.disk) == DISK_CHECKING) {
		assert_int_equal(fake_count(SCSI_WRITE_10), 0);
		assert_true(fake_answer_one());
	}
	assert_true(fake_asked_page(0x83));
	fake_answer_all();
	assert_int_equal(r.err, 0);
}

static void test_states_are_told_in_order(void **state)
{
	rig_online();
	rig_lose();
	assert_int_equal(rig.last_state, DISK_WAITING);
	fake.down = false;
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	assert_int_equal(rig.last_state, DISK_CHECKING);
	fake_answer_all();
	assert_int_equal(rig.last_state, DISK_ONLINE);
	assert_int_equal(rig.states, 3);
}

static void test_identity_of_a_forerunner_is_expected(void **state)
{
	rig_new_disk("t10.ACME____0001");
	rig_up();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_disk_of_a_forerunner_is_waited_for(void **state)
{
	rig_new_disk("t10.ACME____0001");
	fake_sense(SCSI_TEST_UNIT_READY, 3, 5, 0x25, 0);
	fake_script((struct fake_answer){
		.opcode = SCSI_INQUIRY, .times = 2, .underflow = 32 });
	rig_up();
	rig_pass(6000);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_size_changed_during_the_outage_is_told(void **state)
{
	rig_online();
	rig_lose();
	fake.blocks = 9999;
	rig_return();
	assert_int_equal(rig.resized, 1);
	assert_int_equal(disk_geometry(rig.disk)->blocks, 9999);
}

static void test_lun_that_comes_late_after_a_restart_is_waited_for(void **st)
{
	static struct request r;

	rig_online();
	submit(&r, DISK_WRITE, 0, 8);
	rig_lose();
	fake_sense(SCSI_TEST_UNIT_READY, 3, 5, 0x25, 0);
	rig_return();
	assert_int_equal(disk_state(rig.disk), DISK_CHECKING);
	rig_pass(3500);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	assert_int_equal(r.err, 0);
}

static void test_lun_that_stays_away_ends_with_enodev(void **state)
{
	static struct request r;

	rig_online();
	submit(&r, DISK_WRITE, 0, 8);
	rig_lose();
	fake_sense(-1, 1000, 5, 0x25, 0);
	rig_return();
	rig_pass(11000);
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
	assert_int_equal(r.err, -ENODEV);
}

static void test_unnamed_moment_of_a_known_disk_is_waited_for(void **state)
{
	rig_online();
	rig_lose();
	fake_sense(SCSI_INQUIRY, 2, 4, 0x44, 0);
	rig_return();
	assert_int_equal(disk_state(rig.disk), DISK_CHECKING);
	rig_pass(3000);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

/* Bytes that were lost on the way say nothing about who it is. */
static void test_pages_that_lack_bytes_are_asked_for_again(void **state)
{
	static const uint8_t pages[] = { VPD_PAGES, VPD_SERIAL, VPD_ID };

	rig_online();
	for (size_t i = 0; i < sizeof(pages); i++) {
		rig_lose();
		fake.cut_page = pages[i];
		fake.cut_bytes = 1;
		fake.cut_times = 2;
		rig_return();
		assert_int_equal(disk_state(rig.disk), DISK_CHECKING);
		rig_pass(3000);
		assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	}
}

/* Without its limits a disk would be sent what the target refuses. */
static void test_new_disk_waits_for_its_limits_to_come_whole(void **state)
{
	fake.cut_page = VPD_LIMITS;
	fake.cut_bytes = 1;
	fake.cut_times = 2;
	rig_up();
	assert_int_not_equal(disk_state(rig.disk), DISK_ONLINE);
	rig_pass(3000);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_page_that_never_comes_whole_is_read_as_it_is(void **state)
{
	rig_online();
	rig_lose();
	fake.cut_page = VPD_SERIAL;
	fake.cut_bytes = 1;
	fake.cut_times = 1000;
	rig_return();
	rig_pass(60000);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_lun_gone_and_back_serves_again_after_the_next_nexus(void **st)
{
	rig_online();
	fake_sense(SCSI_WRITE_10, 1, 5, 0x25, 0);
	assert_int_equal(run_request(DISK_WRITE, 0, 8), -ENODEV);
	rig_lose();
	rig_return();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	assert_int_equal(run_request(DISK_WRITE, 0, 8), 0);
}

static void test_nothing_is_sent_between_loss_and_nexus_down(void **state)
{
	static struct request a, b;

	rig_online();
	submit(&a, DISK_WRITE, 0, 8);
	fake_lose();
	submit(&b, DISK_WRITE, 8, 8);
	assert_int_equal(fake.ngot, 1);
	assert_int_equal(rig_inflight(), 2);
}

static void test_session_that_gives_back_at_once_is_no_loop(void **state)
{
	static struct request r;

	rig_online();
	fake.down = true;
	submit(&r, DISK_WRITE, 0, 8);
	assert_int_equal(fake.ngot, 1);
	assert_false(r.done);
	disk_nexus_down(rig.disk, rig.now);
	rig_return();
	assert_int_equal(r.err, 0);
}

static void test_expired_disk_fails_what_waits_until_the_next_nexus(void **st)
{
	static struct request a, b, c, d;

	rig_online();
	submit(&a, DISK_WRITE, 0, 8);
	rig_lose();
	submit(&b, DISK_WRITE, 8, 8);
	assert_false(a.done || b.done);
	disk_expire(rig.disk, -ENOLINK, rig.now);
	assert_int_equal(a.err, -ENOLINK);
	assert_int_equal(b.err, -ENOLINK);
	submit(&c, DISK_READ, 0, 8);
	assert_int_equal(c.err, -ENOLINK);
	assert_int_equal(disk_state(rig.disk), DISK_WAITING);
	fake_forget();
	rig_return();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
	submit(&d, DISK_READ, 0, 8);
	fake_answer_all();
	assert_int_equal(d.err, 0);
}

static void test_expiry_counts_for_one_outage_only(void **state)
{
	static struct request r;

	rig_online();
	rig_lose();
	disk_expire(rig.disk, -ENOLINK, rig.now);
	rig_return();
	rig_lose();
	submit(&r, DISK_WRITE, 0, 8);
	assert_false(r.done);
	rig_return();
	assert_int_equal(r.err, 0);
}

static void test_failed_by_its_owner_is_failed_for_good(void **state)
{
	static struct request a, b;

	rig_online();
	rig_lose();
	submit(&a, DISK_WRITE, 0, 8);
	disk_fail(rig.disk, -ENOLINK, "given up");
	assert_int_equal(a.err, -ENOLINK);
	assert_string_equal(disk_reason(rig.disk), "given up");
	rig_return();
	submit(&b, DISK_WRITE, 0, 8);
	assert_int_equal(b.err, -ENOLINK);
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
}

static void test_requests_on_their_way_end_as_they_are_answered(void **state)
{
	static struct request a, b;

	fake.max_transfer = 8;
	rig_online();
	submit(&a, DISK_WRITE, 0, 8);
	submit(&b, DISK_WRITE, 8, 16);
	disk_fail(rig.disk, -ENOLINK, "given up");
	assert_false(a.done);
	fake_answer_one();
	assert_int_equal(a.err, 0);
	fake_answer_one();
	assert_int_equal(b.err, -ENOLINK);
	assert_true(disk_idle(rig.disk));
}

static void test_idle_is_only_when_the_probe_is_back_too(void **state)
{
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	assert_false(disk_idle(rig.disk));
	disk_fail(rig.disk, -ENOLINK, "given up");
	assert_false(disk_idle(rig.disk));
	fake_answer_one();
	assert_true(disk_idle(rig.disk));
	assert_int_equal(fake.npending, 0);
}

static void test_nothing_wakes_a_disk_without_nexus(void **state)
{
	static struct request r;

	rig_online();
	fake_status(-1, 10, STATUS_BUSY);
	submit(&r, DISK_WRITE, 0, 8);
	fake_answer_all();
	disk_rescan(rig.disk, rig.now);
	fake_answer_all();
	rig_lose();
	assert_int_equal(disk_next_wake(rig.disk), UINT64_MAX);
}

static void test_event_of_the_target_counts_like_an_attention(void **state)
{
	static const uint8_t luns[18] = {
		0x70, 0, 6, [7] = 10, [12] = 0x3f, [13] = 0x0e
	};
	static const uint8_t size[18] = {
		0x70, 0, 6, [7] = 10, [12] = 0x2a, [13] = 0x09
	};

	rig_online();
	disk_event(rig.disk, luns, sizeof(luns), rig.now);
	fake_answer_all();
	assert_int_equal(rig.luns_changed, 1);
	fake.blocks = 77;
	disk_event(rig.disk, size, sizeof(size), rig.now += 2000);
	fake_answer_all();
	assert_int_equal(rig.resized, 1);
	disk_event(rig.disk, luns, 1, rig.now);
	assert_int_equal(rig.luns_changed, 1);
}

static void test_attention_during_the_check_begins_it_again(void **state)
{
	static struct request r;

	rig_online();
	submit(&r, DISK_WRITE, 0, 8);
	rig_lose();
	fake_forget();
	fake_sense(SCSI_SERVICE_ACTION_IN_16, 1, 6, 0x3f, 0x05);
	rig_return();
	assert_int_equal(fake_count(SCSI_TEST_UNIT_READY), 2);
	assert_int_equal(r.err, 0);
}

static void test_endless_attentions_begin_a_check_once_a_second(void **state)
{
	rig_online();
	rig_lose();
	fake_forget();
	fake_sense(SCSI_SERVICE_ACTION_IN_16, 1000, 6, 0x3f, 0x05);
	rig_return();
	assert_in_range(fake_count(SCSI_TEST_UNIT_READY), 3, 6);
	fake_forget();
	rig_pass(5500);
	assert_in_range(fake_count(SCSI_TEST_UNIT_READY), 5, 6);
	assert_int_equal(disk_state(rig.disk), DISK_CHECKING);
	fake.nscript = 0;
	rig_pass(1000);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_answer_from_before_an_event_does_not_count(void **state)
{
	static const uint8_t luns[18] = {
		0x70, 0, 6, [7] = 10, [12] = 0x3f, [13] = 0x0e
	};

	rig_online();
	disk_rescan(rig.disk, rig.now + 5000);
	while (fake.pending[0]->cdb[0] != SCSI_SERVICE_ACTION_IN_16)
		fake_answer_one();
	disk_event(rig.disk, luns, sizeof(luns), rig.now + 5000);
	assert_int_equal(disk_state(rig.disk), DISK_CHECKING);
	assert_int_equal(fake.npending, 1);
	fake_forget();
	fake_answer_all();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	assert_int_equal(fake.got[0].cdb[0], SCSI_TEST_UNIT_READY);
	assert_true(fake_asked_page(0x83));
}

static void test_resize_seen_by_the_check_is_not_looked_at_again(void **state)
{
	rig_online();
	rig_lose();
	fake_forget();
	fake_sense(SCSI_TEST_UNIT_READY, 1, 6, 0x2a, 0x09);
	rig_return();
	rig_pass(5000);
	assert_int_equal(fake_count(SCSI_SERVICE_ACTION_IN_16), 1);
}

static void test_refused_ways_are_tried_again_after_the_next_nexus(void **st)
{
	rig_online();
	fake.unknown[SCSI_WRITE_SAME_16] = true;
	fake.unknown[SCSI_WRITE_SAME_10] = true;
	assert_int_equal(run_request(DISK_ZERO, 0, 8), -EOPNOTSUPP);
	fake.unknown[SCSI_WRITE_SAME_16] = false;
	rig_lose();
	rig_return();
	assert_int_equal(run_request(DISK_ZERO, 0, 8), 0);
}

static void test_events_without_nexus_are_left_to_the_next_check(void **state)
{
	static const uint8_t luns[18] = {
		0x70, 0, 6, [7] = 10, [12] = 0x3f, [13] = 0x0e
	};

	rig_online();
	rig_lose();
	disk_event(rig.disk, luns, sizeof(luns), rig.now);
	assert_int_equal(disk_state(rig.disk), DISK_WAITING);
	rig_return();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_a_disk_that_lost_its_way_fails_for_good(void **state)
{
	static struct request r;

	rig_online();
	rig_lose();
	submit(&r, DISK_WRITE, 0, 1);
	fsm_set_strict(false);
	disk_step(rig.disk, PHASE_EV_WELL, NULL);
	fsm_set_strict(true);
	assert_string_equal(rig.last_note, "disk: WELL in AWAY is not "
					   "foreseen: it fails for good");
	rig_return();
	assert_int_equal(r.err, -EIO);
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
	disk_rescan(rig.disk, rig.now);
	rig_pass(3000);
	assert_int_equal(fake_count(SCSI_TEST_UNIT_READY), 0);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
	assert_int_equal(run_request(DISK_WRITE, 0, 1), -EIO);
}

static void test_what_comes_from_outside_is_foreseen_in_every_phase(void **s)
{
	static const uint8_t evs[] = { PHASE_EV_LOOK,	PHASE_EV_DOWN,
				       PHASE_EV_KNOWN,	PHASE_EV_UNSAID,
				       PHASE_EV_FAILED, PHASE_EV_ENDED };

	for (size_t e = 0; e < sizeof(evs); e++) {
		uint32_t in = 0;

		for (size_t i = 0; i < disk_fsm.nrows; i++)
			if (disk_fsm.rows[i].event == evs[e])
				in |= disk_fsm.rows[i].from;
		assert_int_equal(in, IN(PHASES) - 1);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_lost_requests_are_sent_again_in_order),
		T(test_requests_of_the_outage_go_behind_the_lost_ones),
		T(test_finished_pieces_are_not_repeated),
		T(test_identity_is_checked_before_anything_is_sent),
		T(test_states_are_told_in_order),
		T(test_identity_of_a_forerunner_is_expected),
		T(test_disk_of_a_forerunner_is_waited_for),
		T(test_size_changed_during_the_outage_is_told),
		T(test_lun_that_comes_late_after_a_restart_is_waited_for),
		T(test_lun_that_stays_away_ends_with_enodev),
		T(test_unnamed_moment_of_a_known_disk_is_waited_for),
		T(test_pages_that_lack_bytes_are_asked_for_again),
		T(test_new_disk_waits_for_its_limits_to_come_whole),
		T(test_page_that_never_comes_whole_is_read_as_it_is),
		T(test_lun_gone_and_back_serves_again_after_the_next_nexus),
		T(test_nothing_is_sent_between_loss_and_nexus_down),
		T(test_session_that_gives_back_at_once_is_no_loop),
		T(test_expired_disk_fails_what_waits_until_the_next_nexus),
		T(test_expiry_counts_for_one_outage_only),
		T(test_failed_by_its_owner_is_failed_for_good),
		T(test_requests_on_their_way_end_as_they_are_answered),
		T(test_idle_is_only_when_the_probe_is_back_too),
		T(test_nothing_wakes_a_disk_without_nexus),
		T(test_event_of_the_target_counts_like_an_attention),
		T(test_attention_during_the_check_begins_it_again),
		T(test_endless_attentions_begin_a_check_once_a_second),
		T(test_answer_from_before_an_event_does_not_count),
		T(test_resize_seen_by_the_check_is_not_looked_at_again),
		T(test_refused_ways_are_tried_again_after_the_next_nexus),
		T(test_events_without_nexus_are_left_to_the_next_check),
		T(test_a_disk_that_lost_its_way_fails_for_good),
		T(test_what_comes_from_outside_is_foreseen_in_every_phase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

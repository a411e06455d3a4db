/*
 * Requests on their way: order, repeats, slow mode, what ends them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/topic.h"
#include "disk_rig.h"
#include "scsi/cdb.h"
#include "scsi/sense.h"
#include "scsi/status.h"

/* Requests are static: the teardown ends those that a test leaves. */

static int online(void **state)
{
	rig_setup(state);
	rig_online();
	return 0;
}

static void test_requests_are_sent_at_once_and_together(void **state)
{
	static struct request a, b;

	submit(&a, DISK_WRITE, 0, 8);
	submit(&b, DISK_READ, 8, 8);
	assert_int_equal(fake.npending, 2);
	assert_int_equal(rig_inflight(), 2);
	assert_false(disk_idle(rig.disk));
	assert_int_equal(fake.pending[0]->lun[1], 3);
	fake_answer_all();
	assert_true(a.done && b.done);
	assert_int_equal(a.err, 0);
	assert_true(disk_idle(rig.disk));
}

static void test_requests_wait_for_the_probe_in_order(void **state)
{
	static struct request a, b;

	rig_setup(state);
	submit(&a, DISK_WRITE, 0, 8);
	submit(&b, DISK_WRITE, 8, 8);
	assert_int_equal(fake.npending, 0);
	rig_up();
	assert_int_equal(a.order, 1);
	assert_int_equal(b.order, 2);
	assert_int_equal(get_be32(fake_got(SCSI_WRITE_10, 0) + 2), 0);
	assert_int_equal(get_be32(fake_got(SCSI_WRITE_10, 1) + 2), 8);
}

static void test_large_request_goes_piece_by_piece(void **state)
{
	static struct request a;

	rig_lose();
	fake.max_transfer = 8;
	rig_return();
	fake_forget();
	submit(&a, DISK_READ, 0, 20);
	assert_int_equal(fake.npending, 1);
	fake_answer_all();
	assert_int_equal(fake_count(SCSI_READ_10), 3);
	assert_int_equal(a.err, 0);
}

static void test_large_requests_share_the_way(void **state)
{
	static struct request a, b;

	rig_lose();
	fake.max_transfer = 8;
	rig_return();
	submit(&a, DISK_READ, 0, 80);
	submit(&b, DISK_READ, 100, 8);
	fake_answer_one();
	fake_answer_one();
	assert_true(b.done);
	assert_false(a.done);
	fake_answer_all();
	assert_true(a.done);
}

static void test_errors_reach_the_requester(void **state)
{
	static const struct {
		uint8_t key, asc, ascq;
		int err;
	} all[] = {
		{ 3, 0x11, 0x00, ENODATA },   { 4, 0x44, 0x00, EIO },
		{ 5, 0x21, 0x00, EREMOTEIO }, { 7, 0x27, 0x07, ENOSPC },
		{ 7, 0x27, 0x00, EIO },	      { 2, 0x3a, 0x00, EIO },
		{ 0xe, 0x1d, 0x00, EIO },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		fake.nscript = 0;
		fake_sense(SCSI_WRITE_10, 100, all[i].key, all[i].asc,
			   all[i].ascq);
		assert_int_equal(run_request(DISK_WRITE, 0, 8), -all[i].err);
	}
	fake.nscript = 0;
	fake_status(SCSI_WRITE_10, 1, STATUS_RESERVATION_CONFLICT);
	assert_int_equal(run_request(DISK_WRITE, 0, 8), -EBADE);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_short_read_is_repeated_and_then_an_error(void **state)
{
	fake_script((struct fake_answer){
		.opcode = SCSI_READ_10, .times = 5, .underflow = 512 });
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	assert_int_equal(fake_count(SCSI_READ_10), 6);
	fake_script((struct fake_answer){
		.opcode = SCSI_READ_10, .times = 6, .underflow = 512 });
	assert_int_equal(run_request(DISK_READ, 0, 8), -EIO);
}

static void test_medium_error_is_tried_four_times(void **state)
{
	fake_sense(SCSI_READ_10, 3, 3, 0x11, 0);
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	assert_int_equal(fake_count(SCSI_READ_10), 4);
	fake_sense(SCSI_READ_10, 4, 3, 0x11, 0);
	assert_int_equal(run_request(DISK_READ, 0, 8), -ENODATA);
	assert_int_equal(fake_count(SCSI_READ_10), 8);
}

static void test_first_pieces_do_not_use_up_the_tries_of_later_ones(void **st)
{
	rig_lose();
	fake.max_transfer = 8;
	rig_return();
	fake_sense(SCSI_READ_10, 3, 3, 0x11, 0);
	fake_script((struct fake_answer){ .opcode = SCSI_READ_10, .times = 1 });
	fake_sense(SCSI_READ_10, 3, 3, 0x11, 0);
	assert_int_equal(run_request(DISK_READ, 0, 16), 0);
}

static void test_failed_request_is_noted_with_place_and_reason(void **state)
{
	fake_sense(SCSI_READ_10, 4, 3, 0x11, 0);
	run_request(DISK_READ, 16, 8);
	assert_int_equal(rig.notes, 1);
	assert_string_equal(rig.last_note,
			    "READ(10) failed, 4096 bytes at byte 8192: MEDIUM "
			    "ERROR (3/11/00): unrecovered read error");
}

static void test_storm_of_failures_is_summed_up(void **state)
{
	static struct request r[50];

	fake_sense(SCSI_READ_10, 1000, 4, 0x44, 0);
	for (int i = 0; i < 50; i++)
		submit(&r[i], DISK_READ, 0, 8);
	fake_answer_all();
	assert_int_equal(rig.notes, 5);
	rig_pass(5000);
	assert_int_equal(rig.notes, 6);
	assert_string_equal(rig.last_note, "45 more lines like these kept "
					   "back");
	assert_int_equal(disk_next_wake(rig.disk), UINT64_MAX);
}

static void test_patience_with_busy_leaves_the_tries_of_an_error(void **state)
{
	static struct request r;

	fake_status(-1, 20, STATUS_BUSY);
	fake_script((struct fake_answer){
		.opcode = SCSI_READ_10, .times = 5, .underflow = 512 });
	submit(&r, DISK_READ, 0, 1);
	fake_answer_all();
	rig_pass(30000);
	assert_true(r.done);
	assert_int_equal(r.err, 0);
}

static void test_busy_lun_gets_one_command_a_second(void **state)
{
	static struct request r[3];

	fake_status(-1, 1000, STATUS_BUSY);
	for (int i = 0; i < 3; i++)
		submit(&r[i], DISK_WRITE, (uint64_t)i, 1);
	fake_answer_all();
	assert_int_equal(fake.ngot, 3);
	rig_pass(10500);
	assert_int_equal(fake.ngot, 13);
	/* always the oldest */
	assert_int_equal(get_be32(fake_got(SCSI_WRITE_10, 12) + 2), 0);
	assert_int_equal(rig.notes, 1);
	assert_string_equal(rig.last_note,
			    "keeps answering BUSY (status 0x08) to WRITE(10), "
			    "trying once a second");
	fake.nscript = 0;
	rig_pass(1000);
	for (int i = 0; i < 3; i++) {
		assert_true(r[i].done);
		assert_int_equal(r[i].order, i + 1);
		assert_int_equal(r[i].err, 0);
	}
}

static void test_first_slow_repeat_comes_after_a_whole_second(void **state)
{
	static struct request r;

	rig.now += 123456; /* of which the disk was not told */
	fake_status(-1, 1, STATUS_BUSY);
	submit(&r, DISK_READ, 0, 8);
	fake_answer_all();
	rig_pass(999);
	assert_false(r.done);
	rig_pass(1);
	assert_true(r.done);
}

static void test_new_requests_wait_behind_a_busy_target(void **state)
{
	static struct request a, b;

	fake_status(-1, 1, STATUS_TASK_SET_FULL);
	submit(&a, DISK_WRITE, 0, 8);
	fake_answer_all();
	submit(&b, DISK_WRITE, 8, 8);
	assert_int_equal(fake.ngot, 1);
	rig_pass(1000);
	assert_int_equal(a.order, 1);
	assert_int_equal(b.order, 2);
}

static void test_any_success_ends_slow_mode(void **state)
{
	static struct request a, b;

	fake_status(-1, 1, STATUS_TASK_SET_FULL);
	submit(&a, DISK_WRITE, 0, 8);
	submit(&b, DISK_WRITE, 8, 8);
	fake_answer_one();
	assert_int_equal(fake.npending, 1);
	fake_answer_one();
	assert_true(b.done);
	assert_int_equal(fake.npending, 1); /* a again, at once */
	fake_answer_all();
	assert_true(a.done);
	assert_int_equal(disk_next_wake(rig.disk), UINT64_MAX);
}

static void test_becoming_ready_is_waited_for_in_order(void **state)
{
	static struct request a, b;

	fake_sense(-1, 4, 2, 0x04, 0x01);
	submit(&a, DISK_WRITE, 0, 8);
	submit(&b, DISK_WRITE, 8, 8);
	fake_answer_all();
	rig_pass(5000);
	assert_int_equal(a.order, 1);
	assert_int_equal(b.order, 2);
}

static void test_a_path_on_standby_is_left_and_the_request_kept(void **state)
{
	static const uint8_t ascq[] = { 0x0b, 0x0c, 0x12 };
	static struct request r;

	for (size_t i = 0; i < sizeof(ascq); i++) {
		rig.elsewhere = 0;
		fake_sense(-1, 2, 2, 0x04, ascq[i]);
		submit(&r, DISK_WRITE, 0, 8);
		fake_answer_all();
		assert_int_equal(rig.elsewhere, 1);
		assert_false(r.done);
		rig_pass(5000);
		assert_int_equal(rig.elsewhere, 2);
		assert_true(r.done);
		assert_int_equal(r.err, 0);
	}
}

static void test_aborted_command_is_repeated_ten_times_at_once(void **state)
{
	static struct request r;

	fake_sense(-1, 1000, 0xb, 0x47, 0);
	submit(&r, DISK_WRITE, 0, 8);
	fake_answer_all();
	assert_int_equal(fake.ngot, 11);
	rig_pass(3500);
	assert_int_equal(fake.ngot, 14);
	fake.nscript = 0;
	rig_pass(1000);
	assert_true(r.done);
	assert_int_equal(r.err, 0);
}

static void test_refused_commands_fail_after_five_seconds(void **state)
{
	static struct request r;

	fake_script((struct fake_answer){
		.opcode = -1, .times = 1000, .outcome = CMD_REFUSED });
	submit(&r, DISK_READ, 0, 8);
	fake_answer_all();
	rig_pass(4900);
	assert_false(r.done);
	rig_pass(200);
	assert_true(r.done);
	assert_int_equal(r.err, -EIO);
	assert_int_equal(fake.ngot, 6);
}

static void test_reset_is_swallowed_once_a_nexus(void **state)
{
	fake_sense(SCSI_READ_10, 1, 6, 0x29, 0);
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	assert_int_equal(fake_count(SCSI_READ_10), 2);
	assert_int_equal(rig.notes, 0);
	fake_sense(SCSI_READ_10, 1, 6, 0x29, 3);
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	assert_int_equal(rig.notes, 1);
	assert_string_equal(rig.last_note,
			    "the target reports a reset: UNIT ATTENTION "
			    "(6/29/03): device reset");
	rig_lose();
	rig_return();
	fake_sense(SCSI_READ_10, 1, 6, 0x29, 0);
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	assert_int_equal(rig.notes, 1);
}

static void test_attention_storm_is_slowed_down(void **state)
{
	static struct request r;

	fake_sense(-1, 1000, 6, 0x29, 0);
	submit(&r, DISK_READ, 0, 8);
	fake_answer_all();
	assert_int_equal(fake.ngot, 11);
	rig_pass(4500);
	assert_int_equal(fake.ngot, 15);
	assert_in_range(rig.notes, 1, 6);
}

static void test_capacity_change_resizes(void **state)
{
	fake.blocks = 4096;
	fake_sense(SCSI_READ_10, 1, 6, 0x2a, 0x09);
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	assert_int_equal(rig.resized, 1);
	assert_int_equal(disk_geometry(rig.disk)->blocks, 4096);
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_mode_change_is_looked_at(void **state)
{
	fake.wp = true;
	fake_sense(SCSI_READ_10, 1, 6, 0x2a, 0x01);
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	assert_int_equal(rig.resized, 1);
	assert_true(disk_geometry(rig.disk)->read_only);
}

static void test_storm_of_capacity_changes_is_one_look_a_second(void **state)
{
	fake_sense(SCSI_MODE_SENSE_6, 1000, 6, 0x2a, 0x09);
	fake.script[0].times = 1;
	for (int i = 0; i < 5; i++) {
		fake.script[0].times = 1;
		disk_rescan(rig.disk, rig.now);
		rig_pass(1000);
	}
	assert_in_range(fake_count(SCSI_SERVICE_ACTION_IN_16), 4, 7);
}

static void test_changed_lun_list_is_told_and_the_disk_checked(void **state)
{
	fake_sense(SCSI_WRITE_10, 1, 6, 0x3f, 0x0e);
	assert_int_equal(run_request(DISK_WRITE, 0, 8), 0);
	assert_int_equal(rig.luns_changed, 1);
	assert_true(fake_asked_page(0x83));
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

static void test_other_disk_behind_an_attention_is_not_written_to(void **state)
{
	fake.t10 = "ACME    0002";
	fake_sense(SCSI_WRITE_10, 1, 6, 0x3f, 0x0e);
	assert_int_equal(run_request(DISK_WRITE, 0, 8), -ENODEV);
	assert_int_equal(fake_count(SCSI_WRITE_10), 1);
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
}

static void test_storm_of_changed_lun_lists_is_slowed_down(void **state)
{
	static struct request r;

	fake_sense(SCSI_WRITE_10, 1000, 6, 0x3f, 0x0e);
	submit(&r, DISK_WRITE, 0, 8);
	fake_answer_all();
	assert_int_equal(fake_count(SCSI_WRITE_10), 11);
	rig_pass(2500);
	assert_in_range(fake_count(SCSI_WRITE_10), 12, 14);
}

static void test_missing_lun_ends_everything_with_enodev(void **state)
{
	static struct request a, b, c;

	fake_sense(-1, 1, 5, 0x25, 0);
	submit(&a, DISK_WRITE, 0, 8);
	submit(&b, DISK_WRITE, 8, 8);
	fake_answer_one();
	assert_int_equal(a.err, -ENODEV);
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
	assert_string_equal(disk_reason(rig.disk),
			    "the target has no such LUN");
	submit(&c, DISK_READ, 0, 8);
	assert_true(c.done);
	assert_int_equal(c.err, -ENODEV);
	fake_answer_all(); /* b was already there, and ran */
	assert_int_equal(b.err, 0);
}

static void test_flush_is_synchronize_cache(void **state)
{
	assert_int_equal(run_request(DISK_FLUSH, 0, 0), 0);
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 1);
}

static void refuse_sync(void)
{
	fake.unknown[SCSI_SYNCHRONIZE_CACHE_10] = true;
	fake.unknown[SCSI_SYNCHRONIZE_CACHE_16] = true;
}

static void test_flush_refused_with_the_cache_on_fails(void **state)
{
	refuse_sync();
	assert_int_equal(run_request(DISK_FLUSH, 0, 0), -EREMOTEIO);
	assert_int_equal(run_request(DISK_FLUSH, 0, 0), -EREMOTEIO);
}

static void test_flush_refused_with_the_cache_off_succeeds(void **state)
{
	rig_lose();
	fake.wce = false;
	rig_return();
	fake_forget();
	refuse_sync();
	assert_int_equal(run_request(DISK_FLUSH, 0, 0), 0);
	assert_int_equal(fake.ngot, 2);
	assert_int_equal(run_request(DISK_FLUSH, 0, 0), 0);
	assert_int_equal(fake.ngot, 2); /* not asked again */
}

static void test_failing_flush_is_no_success(void **state)
{
	fake_sense(SCSI_SYNCHRONIZE_CACHE_10, 1, 4, 0x44, 0);
	assert_int_equal(run_request(DISK_FLUSH, 0, 0), -EIO);
}

static int run_fua(void)
{
	static struct request r;

	memset(&r, 0, sizeof(r));
	submit(&r, DISK_READ, 0, 0); /* borrows its fields */
	r.done = false;
	r.io.op = DISK_WRITE;
	r.io.fua = true;
	r.io.len = 4096;
	disk_submit(rig.disk, &r.io);
	fake_answer_all();
	assert_true(r.done);
	return r.err;
}

static void test_refused_fua_bit_becomes_a_flush(void **state)
{
	rig_lose();
	fake.dpofua = true;
	rig_return();
	fake_forget();
	fake_sense(SCSI_WRITE_10, 1, 5, 0x24, 0);
	assert_int_equal(run_fua(), 0);
	assert_int_equal(fake_got(SCSI_WRITE_10, 0)[1], 0x08);
	assert_int_equal(fake_got(SCSI_WRITE_10, 1)[1], 0);
	assert_int_equal(fake_count(SCSI_SYNCHRONIZE_CACHE_10), 1);
}

static void test_write_same_refused_falls_to_ten_bytes_then_to_none(void **st)
{
	fake.unknown[SCSI_WRITE_SAME_16] = true;
	assert_true(disk_geometry(rig.disk)->can_zero);
	assert_int_equal(run_request(DISK_ZERO, 0, 8), 0);
	assert_int_equal(fake_count(SCSI_WRITE_SAME_16), 1);
	assert_int_equal(fake_count(SCSI_WRITE_SAME_10), 1);
	fake.unknown[SCSI_WRITE_SAME_10] = true;
	assert_int_equal(run_request(DISK_ZERO, 0, 8), -EOPNOTSUPP);
	assert_int_equal(fake_count(SCSI_WRITE_SAME_16), 1);
	assert_false(disk_geometry(rig.disk)->can_zero);
	assert_int_equal(rig.notes, 2);
}

static void test_refused_read_has_no_other_way(void **state)
{
	fake.unknown[SCSI_READ_10] = true;
	assert_int_equal(run_request(DISK_READ, 0, 8), -EREMOTEIO);
	assert_int_equal(fake.ngot, 1);
}

static void test_zeroing_carries_zeros(void **state)
{
	assert_int_equal(run_request(DISK_ZERO, 0, 8), 0);
	assert_int_equal(fake.got[0].len, 512);
	assert_true(fake.got[0].zeros);
}

static void test_discard_without_provisioning_is_not_supported(void **state)
{
	assert_int_equal(run_request(DISK_DISCARD, 0, 8), -EOPNOTSUPP);
	assert_int_equal(fake.ngot, 0);
	assert_int_equal(rig.notes, 0);
}

static void test_refused_unmap_falls_to_write_same(void **state)
{
	rig_lose();
	fake.lbpme = true;
	fake.max_unmap = fake.max_descriptors = 64;
	fake.provisioning = 0x80 | 0x40;
	rig_return();
	fake_forget();
	fake.unknown[SCSI_UNMAP] = true;
	assert_int_equal(run_request(DISK_DISCARD, 0, 8), 0);
	assert_int_equal(fake_count(SCSI_UNMAP), 1);
	assert_int_equal(fake_got(SCSI_WRITE_SAME_16, 0)[1], 0x08);
}

static void test_what_was_refused_is_not_tried_after_a_rescan(void **state)
{
	fake.unknown[SCSI_WRITE_SAME_16] = true;
	run_request(DISK_ZERO, 0, 8);
	disk_rescan(rig.disk, rig.now += 5000);
	fake_answer_all();
	run_request(DISK_ZERO, 0, 8);
	assert_int_equal(fake_count(SCSI_WRITE_SAME_16), 1);
}

/* A requester that submits from within done(). */
struct chain {
	struct disk_io io;
	unsigned left;
};

static void on_link_done(struct disk_io *io, int err)
{
	struct chain *c = container_of(io, struct chain, io);

	assert_int_equal(err, 0);
	if (c->left-- > 1)
		disk_submit(rig.disk, io);
}

static void test_done_may_submit_ten_thousand_times(void **state)
{
	struct chain c = {
		.io = { .op = DISK_READ,
			.len = 512,
			.buf = rig_buf,
			.done = on_link_done },
		.left = 900,
	};

	fake.sync = true; /* nested, this would need stack for each */
	for (int i = 0; i < 11; i++) {
		c.left = 900;
		fake_forget();
		disk_submit(rig.disk, &c.io);
		assert_int_equal(c.left, 0);
	}
	assert_true(disk_idle(rig.disk));
}

static void test_synchronous_session_repeats_without_nesting(void **state)
{
	fake.sync = true;
	fake_sense(-1, 5, 0xb, 0x47, 0);
	assert_int_equal(run_request(DISK_WRITE, 0, 8), 0);
	assert_int_equal(fake_count(SCSI_WRITE_10), 6);
}

static struct disk *freed;

static void free_when_done(struct disk_io *io, int err)
{
	assert_true(disk_idle(rig.disk));
	freed = rig.disk;
	disk_free(rig.disk);
	rig.disk = NULL;
	rig_new_disk(NULL);
	/* Its memory is still in use: we were called from there. */
	assert_ptr_not_equal(rig.disk, freed);
}

static void test_disk_may_be_freed_from_within_done(void **state)
{
	struct disk_io io = {
		.op = DISK_READ,
		.len = 512,
		.buf = rig_buf,
		.done = free_when_done,
	};

	disk_submit(rig.disk, &io);
	fake_answer_all();
	assert_non_null(freed);
}

#define T(name) cmocka_unit_test_setup_teardown(name, online, rig_teardown)

static void test_who_asks_is_told_of_sense_and_repeats(void **state)
{
	(void)state;
	fake_sense(SCSI_READ_10, 1, KEY_ABORTED_COMMAND, 0x47, 0x03);
	topics_set(TOPIC_SENSE);
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	assert_int_equal(rig.notes, 1);
	assert_non_null(strstr(rig.last_note, "sense: READ(10): "));
	assert_non_null(strstr(rig.last_note, "/47/03"));
	fake_sense(SCSI_READ_10, 1, KEY_ABORTED_COMMAND, 0x47, 0x03);
	topics_set(TOPIC_RETRY);
	assert_int_equal(run_request(DISK_READ, 0, 8), 0);
	topics_set(0);
	assert_int_equal(rig.notes, 2);
	assert_non_null(
		strstr(rig.last_note, "retry: READ(10) goes again at once: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_requests_are_sent_at_once_and_together),
		T(test_requests_wait_for_the_probe_in_order),
		T(test_large_request_goes_piece_by_piece),
		T(test_large_requests_share_the_way),
		T(test_errors_reach_the_requester),
		T(test_short_read_is_repeated_and_then_an_error),
		T(test_medium_error_is_tried_four_times),
		T(test_first_pieces_do_not_use_up_the_tries_of_later_ones),
		T(test_failed_request_is_noted_with_place_and_reason),
		T(test_storm_of_failures_is_summed_up),
		T(test_patience_with_busy_leaves_the_tries_of_an_error),
		T(test_busy_lun_gets_one_command_a_second),
		T(test_first_slow_repeat_comes_after_a_whole_second),
		T(test_new_requests_wait_behind_a_busy_target),
		T(test_any_success_ends_slow_mode),
		T(test_becoming_ready_is_waited_for_in_order),
		T(test_a_path_on_standby_is_left_and_the_request_kept),
		T(test_aborted_command_is_repeated_ten_times_at_once),
		T(test_refused_commands_fail_after_five_seconds),
		T(test_reset_is_swallowed_once_a_nexus),
		T(test_attention_storm_is_slowed_down),
		T(test_capacity_change_resizes),
		T(test_mode_change_is_looked_at),
		T(test_storm_of_capacity_changes_is_one_look_a_second),
		T(test_changed_lun_list_is_told_and_the_disk_checked),
		T(test_other_disk_behind_an_attention_is_not_written_to),
		T(test_storm_of_changed_lun_lists_is_slowed_down),
		T(test_missing_lun_ends_everything_with_enodev),
		T(test_flush_is_synchronize_cache),
		T(test_flush_refused_with_the_cache_on_fails),
		T(test_flush_refused_with_the_cache_off_succeeds),
		T(test_failing_flush_is_no_success),
		T(test_refused_fua_bit_becomes_a_flush),
		T(test_write_same_refused_falls_to_ten_bytes_then_to_none),
		T(test_refused_read_has_no_other_way),
		T(test_zeroing_carries_zeros),
		T(test_discard_without_provisioning_is_not_supported),
		T(test_refused_unmap_falls_to_write_same),
		T(test_what_was_refused_is_not_tried_after_a_rescan),
		T(test_done_may_submit_ten_thousand_times),
		T(test_synchronous_session_repeats_without_nesting),
		T(test_disk_may_be_freed_from_within_done),
		T(test_who_asks_is_told_of_sense_and_repeats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

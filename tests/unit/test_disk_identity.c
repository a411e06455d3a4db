/*
 * The same disk, another one, or one that does not say who it is.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "disk/identity.h"
#include "disk_rig.h"
#include "scsi/cdb.h"
#include "scsi/status.h"

#define ID "t10.ACME____0001"

static const struct disk_geometry shape = { .block_size = 512,
					    .physical_size = 512,
					    .blocks = 2048 };

static const struct disk_past past = { .identity = ID,
				       .serial = "S1",
				       .geometry = &shape };

static void state_is(enum disk_state s)
{
	assert_int_equal(disk_state(rig.disk), s);
}

static void becomes_another(void)
{
	rig_lose();
	fake.t10 = "ACME    0002";
	fake.product = "PEBBLE";
	rig_return();
}

static void becomes_right(void)
{
	fake.t10 = "ACME    0001";
	fake.product = "ROCKET";
}

/* The names ----------------------------------------------------------- */

static enum identity_match match(const char *should, const char *serial,
				 enum vpd_naming naming, const char *found)
{
	struct disk_identity id = { 0 };
	const struct identity_said said = { .found = &id, .naming = naming };

	strcpy(id.serial, found);
	return identity_match(should, serial, &said);
}

static void test_a_name_counts_more_than_a_serial_number(void **state)
{
	assert_int_equal(match("naa.1", "S1", VPD_NAMED_SO, "S2"),
			 IDENTITY_SAME);
	assert_int_equal(match("naa.1", "S1", VPD_NAMED_ELSE, "S1"),
			 IDENTITY_OTHER);
}

static void test_serial_number_is_no_proof_where_there_was_a_name(void **state)
{
	assert_int_equal(match("naa.1", "S1", VPD_UNNAMED, "S1"),
			 IDENTITY_ABSENT);
	assert_int_equal(match("naa.1", "S1", VPD_UNNAMED, "S2"),
			 IDENTITY_OTHER);
	assert_int_equal(match("naa.1", "", VPD_UNNAMED, "S2"),
			 IDENTITY_ABSENT);
	assert_int_equal(match("naa.1", "S1", VPD_UNNAMED, ""),
			 IDENTITY_ABSENT);
}

static void test_serial_number_is_compared_where_it_is_the_name(void **state)
{
	assert_int_equal(match("serial.S1", "S1", VPD_UNNAMED, "S1"),
			 IDENTITY_SAME);
	assert_int_equal(match("serial.S1", "", VPD_UNNAMED, "S2"),
			 IDENTITY_OTHER);
	assert_int_equal(match("serial.S1", "S1", VPD_UNNAMED, ""),
			 IDENTITY_ABSENT);
}

static void test_any_disk_is_right_that_never_had_a_name(void **state)
{
	assert_int_equal(match("", "", VPD_UNNAMED, "S2"), IDENTITY_SAME);
}

/* Absent -------------------------------------------------------------- */

static void test_identity_page_refused_once_is_asked_for_again(void **state)
{
	static const uint8_t pages[] = { VPD_PAGES, VPD_ID };
	static struct request r[2];

	rig_online();
	for (size_t i = 0; i < 2; i++) {
		rig_lose();
		submit(&r[i], DISK_WRITE, 0, 8);
		fake_forget();
		fake.refuse_page = pages[i];
		fake.refuse_times = 1;
		rig_return();
		state_is(DISK_CHECKING);
		assert_int_equal(fake_count(SCSI_WRITE_10), 0);
		rig_pass(1500);
		state_is(DISK_ONLINE);
		assert_int_equal(r[i].err, 0);
	}
	assert_int_equal(rig.notes, 0);
}

static void test_refused_serial_number_costs_no_time(void **state)
{
	rig_online();
	rig_lose();
	fake.refuse_page = VPD_SERIAL;
	fake.refuse_times = 1;
	rig_return();
	state_is(DISK_ONLINE);
	assert_string_equal(disk_identity(rig.disk)->serial, "S1");
}

static void test_missing_identity_is_waited_for_and_said_once(void **state)
{
	static struct request r;
	struct disk_waiting w;

	rig_online();
	rig_lose();
	submit(&r, DISK_WRITE, 0, 8);
	fake.t10 = fake.serial = NULL;
	fake_forget();
	rig_return();
	assert_false(disk_waits(rig.disk, &w));
	rig_pass(3600 * 1000);
	state_is(DISK_CHECKING);
	assert_int_equal(rig.notes, 1);
	assert_non_null(strstr(rig.last_note, "expected " ID ", found no "
					      "identity"));
	assert_non_null(strstr(rig.last_note, "iscsi-rescan"));
	assert_true(disk_waits(rig.disk, &w));
	assert_int_equal(rig.waits, 1);
	assert_in_range(rig.now - w.since, 3599 * 1000, 3601 * 1000);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
	assert_false(r.done);
	fake.t10 = "ACME    0001";
	fake.serial = "S1";
	rig_pass(31000);
	state_is(DISK_ONLINE);
	assert_int_equal(r.err, 0);
	assert_false(disk_waits(rig.disk, &w));
	assert_int_equal(rig.waits, 2);
	assert_int_equal(rig.notes, 2);
}

static void test_pauses_grow_and_stay_below_half_a_minute(void **state)
{
	rig_online();
	rig_lose();
	fake.t10 = NULL;
	fake_forget();
	rig_return();
	rig_pass(9500);
	assert_in_range(fake_count(SCSI_TEST_UNIT_READY), 9, 11);
	rig_pass(120000);
	fake_forget();
	rig_pass(300000);
	assert_in_range(fake_count(SCSI_TEST_UNIT_READY), 9, 11);
}

static void test_list_without_the_page_is_waited_for(void **state)
{
	rig_online();
	rig_lose();
	fake.t10 = NULL;
	rig_return();
	rig_pass(5000);
	state_is(DISK_CHECKING);
	assert_non_null(strstr(rig.last_note, "found only the serial number "
					      "S1"));
	becomes_right();
	rig_pass(2000);
	state_is(DISK_ONLINE);
}

static void test_refused_inquiry_is_waited_for(void **state)
{
	rig_online();
	rig_lose();
	fake_sense(SCSI_INQUIRY, 30, 5, 0x24, 0);
	rig_return();
	state_is(DISK_CHECKING);
	rig_pass(600000);
	state_is(DISK_ONLINE);
}

static void test_inquiry_cut_short_is_waited_for(void **state)
{
	rig_online();
	rig_lose();
	fake_script((struct fake_answer){
		.opcode = SCSI_INQUIRY, .times = 20, .underflow = 34 });
	rig_return();
	rig_pass(15000);
	state_is(DISK_CHECKING);
	rig_pass(600000);
	state_is(DISK_ONLINE);
}

static void test_rescan_asks_at_once(void **state)
{
	rig_online();
	rig_lose();
	fake.t10 = NULL;
	rig_return();
	rig_pass(200000);
	becomes_right();
	disk_rescan(rig.disk, rig.now);
	fake_answer_all();
	state_is(DISK_ONLINE);
}

static void test_new_login_asks_at_once(void **state)
{
	rig_online();
	rig_lose();
	fake.t10 = NULL;
	rig_return();
	rig_pass(200000);
	becomes_right();
	rig_lose();
	rig_return();
	state_is(DISK_ONLINE);
	assert_int_equal(rig.notes, 2); /* waits, is back */
}

static void test_request_has_its_limit_while_it_waits(void **state)
{
	static struct request r;

	rig_online();
	disk_set_limit(rig.disk, 7000, rig.now);
	rig_lose();
	submit(&r, DISK_WRITE, 0, 8);
	fake.t10 = NULL;
	rig_return();
	rig_pass(6500);
	assert_false(r.done);
	rig_pass(1000);
	assert_int_equal(r.err, -ETIMEDOUT);
	state_is(DISK_CHECKING);
}

static void test_patience_ends_what_waits_and_what_comes(void **state)
{
	static struct request a, b, c;

	rig_online();
	disk_set_patience(rig.disk, 10000, rig.now);
	rig_lose();
	submit(&a, DISK_WRITE, 0, 8);
	fake.t10 = NULL;
	fake_forget();
	rig_return();
	rig_pass(9500);
	assert_false(a.done);
	rig_pass(1000);
	assert_int_equal(a.err, -ENOLINK);
	submit(&b, DISK_READ, 0, 8);
	assert_int_equal(b.err, -ENOLINK);
	becomes_right();
	rig_pass(5000);
	state_is(DISK_ONLINE);
	submit(&c, DISK_READ, 0, 8);
	fake_answer_all();
	assert_int_equal(c.err, 0);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
}

static void test_serial_number_as_name_survives_a_better_one(void **state)
{
	fake.t10 = NULL;
	rig_online();
	assert_string_equal(disk_identity(rig.disk)->id, "serial.S1");
	rig_lose();
	becomes_right();
	rig_return();
	state_is(DISK_ONLINE);
	assert_string_equal(disk_identity(rig.disk)->id, "serial.S1");
}

static void test_name_that_comes_late_is_held_from_then_on(void **state)
{
	fake.t10 = fake.serial = NULL;
	rig_online();
	rig_lose();
	becomes_right();
	rig_return();
	state_is(DISK_ONLINE);
	assert_string_equal(disk_identity(rig.disk)->id, ID);
	assert_int_equal(rig.resized, 1); /* the owner is told */
	becomes_another();
	state_is(DISK_FAILED);
}

static void test_disk_that_never_had_a_name_needs_none(void **state)
{
	fake.t10 = fake.serial = NULL;
	rig_online();
	rig_lose();
	rig_return();
	state_is(DISK_ONLINE);
	assert_int_equal(rig.notes, 0);
}

static void test_large_disk_without_its_size_keeps_the_old_one(void **state)
{
	fake.blocks = UINT64_C(1) << 33;
	rig_online();
	rig_lose();
	fake_sense(SCSI_SERVICE_ACTION_IN_16, 1, 5, 0x20, 0);
	rig_return();
	state_is(DISK_ONLINE);
	assert_int_equal(disk_geometry(rig.disk)->blocks, UINT64_C(1) << 33);
}

static void test_size_from_the_shorter_command_forgets_nothing(void **state)
{
	fake.exponent = 3;
	rig_online();
	rig_lose();
	fake_sense(SCSI_SERVICE_ACTION_IN_16, 1, 5, 0x20, 0);
	rig_return();
	assert_int_equal(disk_geometry(rig.disk)->physical_size, 4096);
	assert_int_equal(rig.resized, 0);
}

static void test_refused_mode_pages_change_nothing(void **state)
{
	fake.wp = true;
	rig_online();
	rig_lose();
	fake.unknown[SCSI_MODE_SENSE_6] = fake.unknown[SCSI_MODE_SENSE_10] =
		true;
	rig_return();
	state_is(DISK_ONLINE);
	assert_true(disk_geometry(rig.disk)->read_only);
	assert_int_equal(rig.resized, 0);
}

/* Another ------------------------------------------------------------- */

static void test_other_disk_fails_and_is_never_written_to(void **state)
{
	static struct request a, b;

	rig_online();
	submit(&a, DISK_WRITE, 0, 8);
	fake_forget();
	becomes_another();
	state_is(DISK_FAILED);
	assert_non_null(strstr(disk_reason(rig.disk),
			       "it is another disk: expected " ID
			       ", found t10.ACME____0002 (ACME PEBBLE)"));
	assert_non_null(strstr(rig.last_note, disk_reason(rig.disk)));
	assert_int_equal(a.err, -ENODEV);
	submit(&b, DISK_WRITE, 0, 8);
	assert_int_equal(b.err, -ENODEV);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
}

static void test_right_disk_comes_back_at_a_login(void **state)
{
	static struct request r;

	rig_online();
	becomes_another();
	rig_lose();
	submit(&r, DISK_WRITE, 0, 8);
	assert_int_equal(r.err, -ENODEV);
	becomes_right();
	rig_return();
	state_is(DISK_ONLINE);
	assert_int_equal(rig.last_state, DISK_ONLINE);
	assert_int_equal(run_request(DISK_WRITE, 0, 8), 0);
}

static void test_right_disk_comes_back_at_a_rescan(void **state)
{
	rig_online();
	becomes_another();
	becomes_right();
	rig_pass(600000);
	state_is(DISK_FAILED);
	disk_rescan(rig.disk, rig.now);
	fake_answer_all();
	state_is(DISK_ONLINE);
}

static void test_right_disk_comes_back_when_it_is_listed(void **state)
{
	rig_online();
	becomes_another();
	becomes_right();
	disk_listed(rig.disk, rig.now);
	fake_answer_all();
	state_is(DISK_ONLINE);
}

static void test_lists_in_a_storm_do_not_begin_anew(void **state)
{
	rig_online();
	becomes_another();
	fake_forget();
	fake_sense(SCSI_TEST_UNIT_READY, 1000, 6, 0x3f, 0x0e);
	for (int i = 0; i < 100; i++) {
		disk_listed(rig.disk, rig.now);
		fake_answer_all();
	}
	assert_in_range(fake.ngot, 1, 15);
}

static void test_requests_fail_until_it_is_known_to_be_right(void **state)
{
	static struct request a, b;

	rig_online();
	becomes_another();
	becomes_right();
	fake_forget();
	disk_rescan(rig.disk, rig.now);
	while (!fake_asked_page(VPD_ID)) {
		submit(&a, DISK_WRITE, 0, 8);
		assert_int_equal(a.err, -ENODEV);
		assert_true(fake_answer_one());
	}
	fake_answer_all();
	submit(&b, DISK_WRITE, 0, 8);
	fake_answer_all();
	assert_int_equal(b.err, 0);
}

static void test_other_disk_is_no_news_at_each_login(void **state)
{
	rig_online();
	becomes_another();
	assert_int_equal(rig.notes, 1);
	for (int i = 0; i < 5; i++) {
		rig_lose();
		rig_return();
	}
	assert_int_equal(rig.notes, 1);
	state_is(DISK_FAILED);
}

static void test_given_up_disk_without_a_name_stays_given_up(void **state)
{
	static struct request r;

	rig_online();
	becomes_another();
	rig_lose();
	fake.t10 = fake.serial = NULL;
	rig_return();
	rig_pass(20000);
	state_is(DISK_FAILED);
	submit(&r, DISK_WRITE, 0, 8);
	assert_int_equal(r.err, -ENODEV);
	becomes_right(); /* it was asked on */
	rig_pass(31000);
	state_is(DISK_ONLINE);
}

static void test_other_serial_number_instead_of_a_name_is_another(void **state)
{
	rig_online();
	rig_lose();
	fake.t10 = NULL;
	fake.serial = "S2";
	rig_return();
	state_is(DISK_FAILED);
}

static void test_failed_by_its_owner_does_not_come_back(void **state)
{
	rig_online();
	becomes_another();
	disk_fail(rig.disk, -ENODEV, "given up");
	becomes_right();
	rig_lose();
	rig_return();
	disk_rescan(rig.disk, rig.now);
	fake_answer_all();
	state_is(DISK_FAILED);
}

/* Of an owner before us ------------------------------------------------ */

static void test_resumed_disk_has_its_shape_and_waits(void **state)
{
	static struct request r;

	disk_resume(rig.disk, &past);
	assert_int_equal(disk_geometry(rig.disk)->blocks, 2048);
	submit(&r, DISK_WRITE, 0, 8);
	fake.t10 = NULL;
	rig_up();
	rig_pass(5000);
	state_is(DISK_CHECKING);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
	becomes_right();
	rig_pass(2000);
	state_is(DISK_ONLINE);
	assert_int_equal(r.err, 0);
	assert_int_equal(rig.resized, 0);
}

static void test_resumed_disk_that_is_another_fails_and_comes_back(void **st)
{
	static struct request r;

	disk_resume(rig.disk, &past);
	submit(&r, DISK_WRITE, 0, 8);
	fake.t10 = "ACME    0002";
	rig_up();
	state_is(DISK_FAILED);
	assert_int_equal(r.err, -ENODEV);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
	assert_string_equal(disk_identity(rig.disk)->id, ID);
	becomes_right();
	rig_lose();
	rig_return();
	state_is(DISK_ONLINE);
}

static void test_disk_found_before_it_is_resumed_is_checked(void **state)
{
	fake.t10 = "ACME    0002";
	rig_online();
	disk_resume(rig.disk, &past);
	fake_answer_all();
	state_is(DISK_FAILED);
	becomes_right();
	rig_lose();
	rig_return();
	state_is(DISK_ONLINE);
}

static void test_unnamed_disk_found_before_it_is_resumed_waits(void **state)
{
	static struct request r;

	fake.t10 = fake.serial = NULL;
	rig_online();
	disk_resume(rig.disk, &past);
	submit(&r, DISK_WRITE, 0, 8);
	fake_answer_all();
	state_is(DISK_CHECKING);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
	becomes_right();
	rig_pass(2000);
	state_is(DISK_ONLINE);
	assert_int_equal(r.err, 0);
}

static void test_resumed_disk_waits_for_its_size(void **state)
{
	disk_resume(rig.disk, &past);
	fake_sense(SCSI_SERVICE_ACTION_IN_16, 1, 2, 0x3a, 0);
	fake_sense(SCSI_READ_CAPACITY_10, 1, 2, 0x3a, 0);
	rig_up();
	state_is(DISK_CHECKING);
	rig_pass(2000);
	state_is(DISK_ONLINE);
}

static void test_resumed_disk_waits_for_its_limits(void **state)
{
	disk_resume(rig.disk, &past);
	fake.refuse_page = VPD_LIMITS;
	fake.refuse_times = 2;
	rig_up();
	state_is(DISK_CHECKING);
	rig_pass(3000);
	state_is(DISK_ONLINE);
}

static void test_identity_of_another_than_the_forerunners_fails(void **state)
{
	static struct request r;

	rig_new_disk("t10.ACME____0002");
	submit(&r, DISK_WRITE, 0, 8);
	rig_up();
	state_is(DISK_FAILED);
	assert_int_equal(r.err, -ENODEV);
	assert_int_equal(fake_count(SCSI_WRITE_10), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_name_counts_more_than_a_serial_number),
		T(test_serial_number_is_no_proof_where_there_was_a_name),
		T(test_serial_number_is_compared_where_it_is_the_name),
		T(test_any_disk_is_right_that_never_had_a_name),
		T(test_identity_page_refused_once_is_asked_for_again),
		T(test_refused_serial_number_costs_no_time),
		T(test_missing_identity_is_waited_for_and_said_once),
		T(test_pauses_grow_and_stay_below_half_a_minute),
		T(test_list_without_the_page_is_waited_for),
		T(test_refused_inquiry_is_waited_for),
		T(test_inquiry_cut_short_is_waited_for),
		T(test_rescan_asks_at_once),
		T(test_new_login_asks_at_once),
		T(test_request_has_its_limit_while_it_waits),
		T(test_patience_ends_what_waits_and_what_comes),
		T(test_serial_number_as_name_survives_a_better_one),
		T(test_name_that_comes_late_is_held_from_then_on),
		T(test_disk_that_never_had_a_name_needs_none),
		T(test_large_disk_without_its_size_keeps_the_old_one),
		T(test_size_from_the_shorter_command_forgets_nothing),
		T(test_refused_mode_pages_change_nothing),
		T(test_other_disk_fails_and_is_never_written_to),
		T(test_right_disk_comes_back_at_a_login),
		T(test_right_disk_comes_back_at_a_rescan),
		T(test_right_disk_comes_back_when_it_is_listed),
		T(test_lists_in_a_storm_do_not_begin_anew),
		T(test_requests_fail_until_it_is_known_to_be_right),
		T(test_other_disk_is_no_news_at_each_login),
		T(test_given_up_disk_without_a_name_stays_given_up),
		T(test_other_serial_number_instead_of_a_name_is_another),
		T(test_failed_by_its_owner_does_not_come_back),
		T(test_resumed_disk_has_its_shape_and_waits),
		T(test_resumed_disk_that_is_another_fails_and_comes_back),
		T(test_disk_found_before_it_is_resumed_is_checked),
		T(test_unnamed_disk_found_before_it_is_resumed_waits),
		T(test_resumed_disk_waits_for_its_size),
		T(test_resumed_disk_waits_for_its_limits),
		T(test_identity_of_another_than_the_forerunners_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Each row of the table of answers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "disk/policy.h"
#include "scsi/status.h"

static struct cmd cmd;
static struct sense sense_data;

static int fill(void **state)
{
	memset(&cmd, 0, sizeof(cmd));
	cmd.cdb[0] = SCSI_READ_10;
	cmd.len = 4096;
	return 0;
}

static void sense(uint8_t format, uint8_t key, uint8_t asc, uint8_t ascq)
{
	cmd.status = STATUS_CHECK_CONDITION;
	memset(cmd.sense, 0, sizeof(cmd.sense));
	cmd.sense[0] = format;
	cmd.sense[2] = key;
	cmd.sense[7] = 10;
	cmd.sense[12] = asc;
	cmd.sense[13] = ascq;
	cmd.sense_len = 18;
}

static enum verdict after(uint32_t tries)
{
	return policy_verdict(policy_find(&cmd, &sense_data), tries);
}

/* Fails at once with err. */
static void fails(int err)
{
	assert_int_equal(after(0), VERDICT_FAIL);
	assert_int_equal(policy_find(&cmd, &sense_data)->err, err);
}

/* Repeated at once a few times, then fails with err. */
static void fails_late(int err)
{
	assert_int_equal(after(4), VERDICT_NOW);
	assert_int_equal(after(5), VERDICT_FAIL);
	assert_int_equal(policy_find(&cmd, &sense_data)->err, err);
}

/* Repeated at once `quick` times, then slowly, for ever. */
static void repeats(uint32_t quick)
{
	if (quick)
		assert_int_equal(after(quick - 1), VERDICT_NOW);
	assert_int_equal(after(quick), VERDICT_SLOW);
	assert_int_equal(after(1000000), VERDICT_SLOW);
}

static void with_sense(uint8_t key, uint8_t asc, uint8_t ascq)
{
	sense(0x70, key, asc, ascq);
}

static void has_effect(enum effect e)
{
	assert_int_equal(policy_find(&cmd, &sense_data)->effect, e);
}

static void test_good_is_done(void **state)
{
	assert_int_equal(after(0), VERDICT_OK);
	assert_int_equal(after(100), VERDICT_OK);
}

static void test_recovered_error_is_done(void **state)
{
	with_sense(KEY_RECOVERED_ERROR, 0x17, 0);
	assert_int_equal(after(0), VERDICT_OK);
}

static void test_short_transfer_is_repeated_and_never_success(void **state)
{
	cmd.underflow = 512;
	fails_late(EIO);
	with_sense(KEY_RECOVERED_ERROR, 0x17, 0);
	fails_late(EIO);
	fill(state);
	cmd.overflow = 1;
	fails_late(EIO);
}

static void test_every_command_that_moves_blocks_must_move_all(void **state)
{
	static const uint8_t moving[] = {
		SCSI_READ_10,
		SCSI_READ_16,
		SCSI_WRITE_10,
		SCSI_WRITE_16,
		SCSI_WRITE_SAME_10,
		SCSI_WRITE_SAME_16,
		SCSI_UNMAP,
		0x89 /* COMPARE AND WRITE */,
		0x9b /* WRITE ATOMIC */,
		0xfd /* nobody's */,
	};

	for (size_t i = 0; i < sizeof(moving); i++) {
		cmd.cdb[0] = moving[i];
		cmd.underflow = 1;
		cmd.overflow = 0;
		fails_late(EIO);
		cmd.underflow = 0;
		cmd.overflow = 1;
		fails_late(EIO);
	}
}

/* Its residual counts bytes of the parameter list. */
static void test_an_unmap_whose_list_was_not_taken_is_incomplete(void **state)
{
	cmd.cdb[0] = SCSI_UNMAP;
	cmd.dir = CMD_WRITE;
	cmd.len = cmd.underflow = UNMAP_LIST_LEN;
	fails_late(EIO);
	assert_string_equal(policy_find(&cmd, &sense_data)->name, "incomplete");
}

/* NDOB: no data go, so a target that misses some did not see the bit. */
static void
test_zeroing_without_data_that_misses_some_is_incomplete(void **state)
{
	cmd.cdb[0] = SCSI_WRITE_SAME_16;
	cmd.cdb[1] = 0x01;
	cmd.dir = CMD_NO_DATA;
	cmd.len = 0;
	assert_int_equal(after(0), VERDICT_OK);
	cmd.overflow = 512;
	fails_late(EIO);
}

static void test_what_is_sent_has_to_go_whatever_the_command_is(void **state)
{
	cmd.cdb[0] = SCSI_INQUIRY;
	cmd.dir = CMD_WRITE;
	cmd.underflow = 1;
	fails_late(EIO);
}

static void test_short_parameter_data_is_no_error(void **state)
{
	static const uint8_t asking[] = {
		SCSI_INQUIRY,	      SCSI_MODE_SENSE_6,
		SCSI_MODE_SENSE_10,   SCSI_READ_CAPACITY_10,
		SCSI_REPORT_LUNS,     SCSI_SERVICE_ACTION_IN_16,
		SCSI_TEST_UNIT_READY, SCSI_SYNCHRONIZE_CACHE_10,
		SCSI_START_STOP_UNIT, SCSI_SYNCHRONIZE_CACHE_16,
	};

	cmd.underflow = 200;
	cmd.overflow = 1;
	for (size_t i = 0; i < sizeof(asking); i++) {
		cmd.cdb[0] = asking[i];
		cmd.dir = CMD_READ;
		assert_int_equal(after(0), VERDICT_OK);
		cmd.dir = CMD_NO_DATA;
		assert_int_equal(after(0), VERDICT_OK);
	}
}

/* An error that comes early is an error, not a lack of data. */
static void test_an_error_may_come_before_the_data(void **state)
{
	cmd.cdb[0] = SCSI_WRITE_10;
	cmd.dir = CMD_WRITE;
	cmd.underflow = 4096;
	with_sense(KEY_DATA_PROTECT, 0x27, 0x07);
	fails(ENOSPC);
	cmd.status = STATUS_BUSY;
	repeats(0);
	cmd.status = STATUS_RESERVATION_CONFLICT;
	fails(EBADE);
}

static void test_lost_waits_for_a_nexus(void **state)
{
	cmd.outcome = CMD_LOST;
	assert_int_equal(after(1000), VERDICT_WAIT);
}

static void test_refused_by_iscsi_is_repeated_a_few_times(void **state)
{
	cmd.outcome = CMD_REFUSED;
	assert_int_equal(after(0), VERDICT_SLOW);
	assert_int_equal(after(4), VERDICT_SLOW);
	assert_int_equal(after(5), VERDICT_FAIL);
	assert_int_equal(policy_find(&cmd, &sense_data)->err, EIO);
}

static void test_aborted_by_us_is_repeated(void **state)
{
	cmd.outcome = CMD_ABORTED;
	repeats(10);
}

static void test_busy_is_repeated_slowly(void **state)
{
	cmd.status = STATUS_BUSY;
	repeats(0);
}

static void test_task_set_full_is_repeated_slowly(void **state)
{
	cmd.status = STATUS_TASK_SET_FULL;
	repeats(0);
}

static void test_aca_active_is_repeated_slowly(void **state)
{
	cmd.status = STATUS_ACA_ACTIVE;
	repeats(0);
}

static void test_task_aborted_is_repeated(void **state)
{
	cmd.status = STATUS_TASK_ABORTED;
	repeats(10);
}

static void test_reservation_conflict_is_ebade(void **state)
{
	cmd.status = STATUS_RESERVATION_CONFLICT;
	fails(EBADE);
}

static void test_unknown_status_is_eio(void **state)
{
	cmd.status = 0x7e;
	fails(EIO);
	cmd.status = STATUS_CONDITION_MET;
	fails(EIO);
}

static void test_check_condition_without_sense_is_repeated(void **state)
{
	cmd.status = STATUS_CHECK_CONDITION;
	repeats(10);
}

static void test_unreadable_sense_is_like_none(void **state)
{
	sense(0x00, KEY_MEDIUM_ERROR, 0x11, 0);
	repeats(10);
}

static void test_no_sense_key_is_repeated(void **state)
{
	with_sense(KEY_NO_SENSE, 0, 0);
	repeats(10);
}

static void test_becoming_ready_is_repeated_slowly(void **state)
{
	static const uint8_t ascq[] = {
		0x01, 0x07, 0x0a, 0x0b, 0x0c, 0x12, 0x14
	};

	for (size_t i = 0; i < sizeof(ascq); i++) {
		with_sense(KEY_NOT_READY, 0x04, ascq[i]);
		repeats(0);
	}
}

static void test_other_not_ready_is_eio(void **state)
{
	with_sense(KEY_NOT_READY, 0x3a, 0);
	fails(EIO);
	with_sense(KEY_NOT_READY, 0x04, 0x03);
	fails(EIO);
}

static void test_medium_error_is_tried_four_times_then_enodata(void **state)
{
	with_sense(KEY_MEDIUM_ERROR, 0x11, 0);
	assert_int_equal(after(2), VERDICT_NOW);
	assert_int_equal(after(3), VERDICT_FAIL);
	assert_int_equal(policy_find(&cmd, &sense_data)->err, ENODATA);
}

static void test_hardware_error_is_eio(void **state)
{
	with_sense(KEY_HARDWARE_ERROR, 0x44, 0);
	fails(EIO);
}

static void test_illegal_request_is_eremoteio(void **state)
{
	with_sense(KEY_ILLEGAL_REQUEST, 0x21, 0);
	fails(EREMOTEIO);
	has_effect(EFFECT_NONE);
}

static void test_unknown_command_or_field_teaches(void **state)
{
	static const uint8_t asc[] = { 0x20, 0x24, 0x26 };

	for (size_t i = 0; i < sizeof(asc); i++) {
		with_sense(KEY_ILLEGAL_REQUEST, asc[i], 0);
		fails(EREMOTEIO);
		has_effect(EFFECT_REFUSED);
	}
}

static void test_missing_lun_is_enodev(void **state)
{
	with_sense(KEY_ILLEGAL_REQUEST, 0x25, 0);
	fails(ENODEV);
	has_effect(EFFECT_GONE);
}

static void test_attentions_are_repeated_with_their_effects(void **state)
{
	static const struct {
		uint8_t asc, ascq;
		enum effect effect;
	} all[] = {
		{ 0x29, 0x00, EFFECT_RESET },	{ 0x29, 0x07, EFFECT_RESET },
		{ 0x2a, 0x01, EFFECT_RESCAN },	{ 0x2a, 0x09, EFFECT_RESCAN },
		{ 0x3f, 0x0e, EFFECT_LUNS },	{ 0x28, 0x00, EFFECT_RECHECK },
		{ 0x3f, 0x03, EFFECT_RECHECK }, { 0x3f, 0x05, EFFECT_RECHECK },
		{ 0x2a, 0x06, EFFECT_NONE },	{ 0x2f, 0x00, EFFECT_NONE },
		{ 0x38, 0x07, EFFECT_NONE },	{ 0xff, 0xff, EFFECT_NONE },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		with_sense(KEY_UNIT_ATTENTION, all[i].asc, all[i].ascq);
		repeats(10);
		has_effect(all[i].effect);
	}
}

static void test_space_is_enospc(void **state)
{
	with_sense(KEY_DATA_PROTECT, 0x27, 0x07);
	fails(ENOSPC);
}

static void test_write_protection_is_eio_and_looked_at(void **state)
{
	with_sense(KEY_DATA_PROTECT, 0x27, 0x00);
	fails(EIO);
	has_effect(EFFECT_RESCAN);
	with_sense(KEY_DATA_PROTECT, 0x55, 0x00);
	fails(EIO);
	has_effect(EFFECT_NONE);
}

static void test_aborted_command_is_repeated(void **state)
{
	with_sense(KEY_ABORTED_COMMAND, 0x47, 0);
	repeats(10);
}

static void test_remaining_keys_are_eio(void **state)
{
	static const uint8_t keys[] = { 0x8, 0x9, 0xa, 0xc, 0xd, 0xe, 0xf };

	for (size_t i = 0; i < sizeof(keys); i++) {
		with_sense(keys[i], 0x11, 0);
		fails(EIO);
	}
}

static void test_deferred_sense_counts_as_current(void **state)
{
	sense(0x71, KEY_MEDIUM_ERROR, 0x0c, 0);
	assert_int_equal(after(3), VERDICT_FAIL);
	assert_int_equal(policy_find(&cmd, &sense_data)->err, ENODATA);
	sense(0x71, KEY_DATA_PROTECT, 0x27, 0x07);
	fails(ENOSPC);
}

static void test_sense_does_not_count_with_another_status(void **state)
{
	with_sense(KEY_MEDIUM_ERROR, 0x11, 0);
	cmd.status = STATUS_GOOD;
	assert_int_equal(after(0), VERDICT_OK);
}

static void test_sense_length_beyond_the_buffer_is_survived(void **state)
{
	struct cmd *m = calloc(1, sizeof(*m)); /* where ASan sees its end */

	assert_non_null(m);
	m->status = STATUS_CHECK_CONDITION;
	m->sense[0] = 0x72;
	m->sense[1] = KEY_HARDWARE_ERROR;
	m->sense[7] = 247;
	m->sense_len = 255;
	m->sense[8] = 0x80; /* a descriptor that reaches nearly to the end */
	m->sense[9] = CMD_SENSE_MAX - 8 - 2 - 1;
	assert_int_equal(policy_find(m, &sense_data)->err, EIO);
	free(m);
}

static void test_texts_say_what_happened(void **state)
{
	char text[SENSE_TEXT_SIZE];

	with_sense(KEY_NOT_READY, 0x04, 0x01);
	policy_text(&cmd, text, sizeof(text));
	assert_string_equal(text, "NOT READY (2/04/01): becoming ready");
	cmd.sense_len = 0;
	policy_text(&cmd, text, sizeof(text));
	assert_string_equal(text, "CHECK CONDITION without sense data");
	cmd.status = STATUS_BUSY;
	policy_text(&cmd, text, sizeof(text));
	assert_string_equal(text, "BUSY (status 0x08)");
	cmd.outcome = CMD_REFUSED;
	cmd.response = 1;
	policy_text(&cmd, text, sizeof(text));
	assert_string_equal(text, "refused, iSCSI response 0x01");
	fill(state);
	cmd.underflow = 512;
	policy_text(&cmd, text, sizeof(text));
	assert_string_equal(text, "512 of 4096 bytes not transferred");
	cmd.underflow = 0;
	cmd.overflow = 1024;
	policy_text(&cmd, text, sizeof(text));
	assert_string_equal(text, "1024 bytes more than the 4096 transferred");
}

static void test_names_of_rows_are_unique(void **state)
{
	const struct policy *a, *b;

	for (size_t i = 0; (a = policy_row(i)); i++)
		for (size_t k = 0; k < i && (b = policy_row(k)); k++)
			assert_string_not_equal(a->name, b->name);
}

#define T(name) cmocka_unit_test_setup(name, fill)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good_is_done),
		T(test_recovered_error_is_done),
		T(test_short_transfer_is_repeated_and_never_success),
		T(test_every_command_that_moves_blocks_must_move_all),
		T(test_an_unmap_whose_list_was_not_taken_is_incomplete),
		T(test_zeroing_without_data_that_misses_some_is_incomplete),
		T(test_what_is_sent_has_to_go_whatever_the_command_is),
		T(test_short_parameter_data_is_no_error),
		T(test_an_error_may_come_before_the_data),
		T(test_lost_waits_for_a_nexus),
		T(test_refused_by_iscsi_is_repeated_a_few_times),
		T(test_aborted_by_us_is_repeated),
		T(test_busy_is_repeated_slowly),
		T(test_task_set_full_is_repeated_slowly),
		T(test_aca_active_is_repeated_slowly),
		T(test_task_aborted_is_repeated),
		T(test_reservation_conflict_is_ebade),
		T(test_unknown_status_is_eio),
		T(test_check_condition_without_sense_is_repeated),
		T(test_unreadable_sense_is_like_none),
		T(test_no_sense_key_is_repeated),
		T(test_becoming_ready_is_repeated_slowly),
		T(test_other_not_ready_is_eio),
		T(test_medium_error_is_tried_four_times_then_enodata),
		T(test_hardware_error_is_eio),
		T(test_illegal_request_is_eremoteio),
		T(test_unknown_command_or_field_teaches),
		T(test_missing_lun_is_enodev),
		T(test_attentions_are_repeated_with_their_effects),
		T(test_space_is_enospc),
		T(test_write_protection_is_eio_and_looked_at),
		T(test_aborted_command_is_repeated),
		T(test_remaining_keys_are_eio),
		T(test_deferred_sense_counts_as_current),
		T(test_sense_does_not_count_with_another_status),
		T(test_sense_length_beyond_the_buffer_is_survived),
		T(test_texts_say_what_happened),
		T(test_names_of_rows_are_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What the probe asks for, in which order, and what it makes of answers.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "disk/probe.h"
#include "disk_rig.h"
#include "base/bytes.h"
#include "base/fsm.h"
#include "base/str.h"
#include "scsi/cdb.h"
#include "scsi/status.h"

/* The opcodes (and VPD pages) that came, as text: "00 12 12/00 12/80". */
static const char *asked(void)
{
	static char text[4096];
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < fake.ngot; i++) {
		const uint8_t *c = fake.got[i].cdb;
		char item[16];

		if (c[0] == SCSI_INQUIRY && c[1] & 1)
			snprintf(item, sizeof(item), "12/%02x", c[2]);
		else if (c[0] == SCSI_MODE_SENSE_6)
			snprintf(item, sizeof(item), "1a/%02x", c[2]);
		else
			snprintf(item, sizeof(item), "%02x", c[0]);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
				      i ? " " : "", item);
	}
	return text;
}

static void is_online(void)
{
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	assert_int_equal(rig.last_state, DISK_ONLINE);
	assert_string_equal(disk_reason(rig.disk), "");
}

static void has_failed(const char *reason)
{
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
	assert_int_equal(rig.last_state, DISK_FAILED);
	assert_string_equal(disk_reason(rig.disk), reason);
}

static void test_full_target_is_asked_everything_once_in_order(void **state)
{
	rig_up();
	is_online();
	assert_int_equal(rig.states, 1);
	assert_int_equal(rig.resized, 0);
	assert_string_equal(asked(), "00 12 12/00 12/80 12/83 12/b0 12/b1 "
				     "12/b2 9e 1a/08 1a/0a");
}

static void test_identity_and_geometry_are_there_when_online(void **state)
{
	const struct disk_geometry *g = disk_geometry(rig.disk);
	const struct disk_identity *id = disk_identity(rig.disk);

	fake.exponent = 3;
	fake.rate = 1;
	fake.wp = true;
	rig_up();
	assert_int_equal(g->block_size, 512);
	assert_int_equal(g->physical_size, 4096);
	assert_int_equal(g->blocks, 2048);
	assert_true(g->read_only);
	assert_false(g->rotational);
	assert_string_equal(id->inquiry.vendor, "ACME");
	assert_string_equal(id->serial, "S1");
	assert_string_equal(id->id, "t10.ACME____0001");
}

static void test_probe_goes_to_the_lun_of_the_disk(void **state)
{
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	assert_memory_equal(fake.pending[0]->lun, disk_lun(rig.disk), LUN_LEN);
	assert_int_equal(fake.pending[0]->lun[1], 3);
}

static void test_pages_that_are_not_listed_are_not_asked_for(void **state)
{
	fake.serial = NULL;
	fake.b0 = fake.b2 = false;
	rig_up();
	is_online();
	assert_string_equal(asked(), "00 12 12/00 12/83 12/b1 9e 1a/08 1a/0a");
}

static void test_scsi1_target_gets_no_page_request_at_all(void **state)
{
	fake.version = 1;
	rig_up();
	is_online();
	assert_string_equal(asked(), "00 12 9e 1a/08 1a/0a");
	assert_string_equal(disk_identity(rig.disk)->id, "");
}

static void test_refused_page_list_means_no_pages(void **state)
{
	fake_sense(SCSI_INQUIRY, 0, 0, 0, 0);
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	fake_answer_one();
	fake_answer_one();
	fake_sense(SCSI_INQUIRY, 1, 5, 0x24, 0);
	fake_answer_all();
	is_online();
	assert_string_equal(asked(), "00 12 12/00 9e 1a/08 1a/0a");
}

static void test_serial_is_the_identity_when_there_is_no_better(void **state)
{
	fake.t10 = NULL;
	rig_up();
	assert_string_equal(disk_identity(rig.disk)->id, "serial.S1");
}

static void test_no_identity_is_said_once(void **state)
{
	fake.t10 = fake.serial = NULL;
	rig_up();
	is_online();
	assert_string_equal(disk_identity(rig.disk)->id, "");
	assert_int_equal(rig.notes, 1);
	assert_non_null(strstr(rig.last_note, "no identity"));
	rig_lose();
	rig_return();
	is_online();
	assert_int_equal(rig.notes, 1);
}

static void test_long_page_is_asked_for_again_whole(void **state)
{
	fake.id_padding = 300;
	rig_up();
	assert_string_equal(disk_identity(rig.disk)->id, "t10.ACME____0001");
	assert_string_equal(asked(), "00 12 12/00 12/80 12/83 12/83 12/b0 "
				     "12/b1 12/b2 9e 1a/08 1a/0a");
	assert_int_equal(get_be16(fake_got(SCSI_INQUIRY, 3) + 3), 255);
	assert_int_equal(get_be16(fake_got(SCSI_INQUIRY, 4) + 3),
			 300 + 4 + 4 + 12);
}

static void test_capacity_10_is_asked_when_16_is_refused(void **state)
{
	fake.unknown[SCSI_SERVICE_ACTION_IN_16] = true;
	rig_up();
	is_online();
	assert_int_equal(disk_geometry(rig.disk)->blocks, 2048);
	assert_int_equal(fake_count(SCSI_READ_CAPACITY_10), 1);
}

static void test_disk_too_large_for_capacity_10_fails(void **state)
{
	fake.unknown[SCSI_SERVICE_ACTION_IN_16] = true;
	fake.blocks = UINT64_C(1) << 32;
	rig_up();
	has_failed("READ CAPACITY(16) fails, and READ CAPACITY(10) cannot "
		   "say how large it is");
}

static void test_disk_above_two_tib_has_its_whole_size(void **state)
{
	fake.blocks = (UINT64_C(1) << 33) + 1;
	rig_up();
	assert_int_equal(disk_geometry(rig.disk)->blocks,
			 (UINT64_C(1) << 33) + 1);
}

static void test_refused_capacity_fails_with_its_reason(void **state)
{
	fake.unknown[SCSI_SERVICE_ACTION_IN_16] = true;
	fake.unknown[SCSI_READ_CAPACITY_10] = true;
	rig_up();
	has_failed("READ CAPACITY(10): ILLEGAL REQUEST (5/20/00): command "
		   "not supported");
}

static void test_missing_medium_fails_with_its_reason(void **state)
{
	fake_sense(SCSI_TEST_UNIT_READY, 1, 2, 0x3a, 0);
	fake_sense(SCSI_SERVICE_ACTION_IN_16, 1, 2, 0x3a, 0);
	fake_sense(SCSI_READ_CAPACITY_10, 1, 2, 0x3a, 0);
	rig_up();
	has_failed("READ CAPACITY(10): NOT READY (2/3A/00): no medium");
}

static void test_other_block_sizes_are_refused_by_name(void **state)
{
	fake.block_size = 520;
	rig_up();
	has_failed(
		"blocks of 520 bytes are not supported, only 512, 2048 and 4096");
}

static void test_blocks_of_4096_are_served(void **state)
{
	fake.block_size = 4096;
	rig_up();
	is_online();
	assert_int_equal(disk_geometry(rig.disk)->block_size, 4096);
}

static void test_a_cd_is_served_and_read_only(void **state)
{
	fake.type = 5;
	fake.block_size = 2048;
	rig_up();
	is_online();
	assert_int_equal(disk_geometry(rig.disk)->block_size, 2048);
	assert_true(disk_geometry(rig.disk)->read_only);
}

static void test_other_types_fail_by_name_after_two_commands(void **state)
{
	fake.type = 1;
	rig_up();
	has_failed("its type, Sequential-Access, is not supported, only "
		   "Direct-Access and CD-ROM are");
	assert_string_equal(asked(), "00 12");
	assert_int_equal(disk_identity(rig.disk)->inquiry.type, 1);
	assert_string_equal(disk_identity(rig.disk)->inquiry.vendor, "ACME");
}

static void test_empty_lun_fails(void **state)
{
	fake.qualifier = 3;
	fake.type = 0x1f;
	rig_up();
	has_failed("nothing is at this LUN");
}

static void test_lun_that_is_not_supported_fails_at_once(void **state)
{
	fake_sense(-1, 100, 5, 0x25, 0);
	rig_up();
	has_failed("TEST UNIT READY: ILLEGAL REQUEST (5/25/00): no such LUN");
	assert_string_equal(asked(), "00");
}

static void test_mode_sense_10_is_tried_when_6_is_refused(void **state)
{
	fake.unknown[SCSI_MODE_SENSE_6] = true;
	fake.wp = true;
	rig_up();
	is_online();
	assert_true(disk_geometry(rig.disk)->read_only);
}

static void test_write_protection_is_known_without_a_caching_page(void **state)
{
	fake.no_caching = true;
	fake.wp = true;
	rig_up();
	is_online();
	assert_true(disk_geometry(rig.disk)->read_only);
	assert_string_equal(asked(), "00 12 12/00 12/80 12/83 12/b0 12/b1 "
				     "12/b2 9e 1a/08 5a 1a/3f 1a/0a");
}

static void test_no_mode_sense_at_all_is_tolerated(void **state)
{
	fake.unknown[SCSI_MODE_SENSE_6] = true;
	fake.unknown[SCSI_MODE_SENSE_10] = true;
	rig_up();
	is_online();
	assert_false(disk_geometry(rig.disk)->read_only);
}

static void test_attentions_repeat_the_command(void **state)
{
	fake_sense(-1, 3, 6, 0x29, 0);
	rig_up();
	is_online();
	assert_int_equal(fake_count(SCSI_TEST_UNIT_READY), 4);
}

static void test_attention_storm_is_slowed_down(void **state)
{
	fake_sense(-1, 1000, 6, 0x29, 0);
	rig_up();
	assert_int_equal(disk_state(rig.disk), DISK_PROBING);
	assert_int_equal(fake.ngot, 11);
	rig_pass(10000);
	assert_in_range(fake.ngot, 19, 21);
}

static void test_becoming_ready_is_waited_for(void **state)
{
	fake_sense(SCSI_TEST_UNIT_READY, 3, 2, 0x04, 0x01);
	rig_up();
	assert_int_equal(fake.ngot, 1);
	rig_pass(999);
	assert_int_equal(fake.ngot, 1);
	rig_pass(1);
	assert_int_equal(fake.ngot, 2);
	rig_pass(2000);
	is_online();
}

static void test_stopped_disk_is_started_once(void **state)
{
	fake_sense(SCSI_TEST_UNIT_READY, 5, 2, 0x04, 0x02);
	rig_up();
	is_online();
	assert_int_equal(fake_count(SCSI_START_STOP_UNIT), 1);
}

static void test_busy_target_is_asked_once_a_second(void **state)
{
	fake_status(-1, 5, STATUS_BUSY);
	rig_up();
	rig_pass(4500);
	assert_int_equal(fake.ngot, 5);
	rig_pass(1000);
	is_online();
}

static void test_lost_probe_begins_again_at_the_next_nexus(void **state)
{
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	fake_answer_one();
	fake_answer_one();
	rig_lose();
	assert_int_equal(disk_state(rig.disk), DISK_WAITING);
	assert_int_equal(rig.states, 0);
	fake_forget();
	rig_return();
	is_online();
	assert_int_equal(fake.got[0].cdb[0], SCSI_TEST_UNIT_READY);
}

static void test_failed_disk_is_probed_again_by_rescan(void **state)
{
	fake.type = 1;
	rig_up();
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
	fake.type = 0;
	disk_rescan(rig.disk, rig.now);
	fake_answer_all();
	is_online();
}

static void test_failed_disk_is_probed_again_at_the_next_nexus(void **state)
{
	fake.block_size = 1024;
	rig_up();
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
	rig_lose();
	fake.block_size = 4096;
	rig_return();
	is_online();
}

static void test_synchronous_answers_work_as_well(void **state)
{
	fake.sync = true;
	fake_sense(-1, 3, 6, 0x29, 0);
	rig_up();
	is_online();
	assert_int_equal(rig.states, 1);
}

static void test_answers_of_nothing_are_survived(void **state)
{
	fake_script((struct fake_answer){
		.opcode = -1, .times = 1000, .underflow = 0xffffffff });
	rig_up();
	has_failed("INQUIRY: answer too short");
}

static void test_rescan_sees_a_new_size(void **state)
{
	rig_online();
	fake.blocks = 4096;
	disk_rescan(rig.disk, rig.now + 5000);
	fake_answer_all();
	assert_string_equal(asked(), "12/b0 12/b1 12/b2 9e 1a/08 1a/0a");
	assert_int_equal(rig.resized, 1);
	assert_int_equal(rig.states, 0);
	assert_int_equal(disk_geometry(rig.disk)->blocks, 4096);
	assert_string_equal(rig.last_note,
			    "the capacity changed from 2048 to 4096 blocks");
}

static void test_rescan_without_change_says_nothing(void **state)
{
	rig_online();
	disk_rescan(rig.disk, rig.now + 5000);
	fake_answer_all();
	assert_int_equal(rig.resized, 0);
	assert_int_equal(rig.notes, 0);
}

static void test_rescan_sees_write_protection(void **state)
{
	rig_online();
	fake.wp = true;
	disk_rescan(rig.disk, rig.now + 5000);
	fake_answer_all();
	assert_int_equal(rig.resized, 1);
	assert_true(disk_geometry(rig.disk)->read_only);
}

static void test_changed_block_size_fails_until_it_is_right_again(void **state)
{
	rig_online();
	fake.block_size = 4096;
	disk_rescan(rig.disk, rig.now + 5000);
	fake_answer_all();
	has_failed("its block size changed from 512 to 4096 bytes");
	rig_lose();
	rig_return();
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
	fake.block_size = 512;
	rig_lose();
	rig_return();
	is_online();
}

static void test_lost_size_keeps_the_old_one(void **state)
{
	rig_online();
	fake_sense(SCSI_SERVICE_ACTION_IN_16, 1, 2, 0x3a, 0);
	fake_sense(SCSI_READ_CAPACITY_10, 1, 2, 0x3a, 0);
	disk_rescan(rig.disk, rig.now + 5000);
	fake_answer_all();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	assert_int_equal(disk_geometry(rig.disk)->blocks, 2048);
}

/* The table without its deeds. */
static uint8_t next_step(uint8_t step, enum probe_event ev)
{
	struct fsm bare = probe_fsm;
	struct fsm_row rows[128];

	assert_true(bare.nrows <= 128);
	memcpy(rows, bare.rows, bare.nrows * sizeof(rows[0]));
	for (size_t i = 0; i < bare.nrows; i++)
		rows[i].act = NULL;
	bare.rows = rows;
	bare.check = NULL;
	assert_int_equal(fsm_step(&bare, &step, (uint8_t)ev, NULL, NULL), 0);
	return step;
}

/* ok -> refused -> bad of each step that is a command. */
static const char golden[] =
	"ready: inquiry inquiry inquiry\n"
	"start: inquiry inquiry inquiry\n"
	"inquiry: pages idle idle\n"
	"pages: serial serial serial\n"
	"serial: id id id\n"
	"id: identity identity identity\n"
	"limits: characteristics characteristics characteristics\n"
	"characteristics: provisioning provisioning provisioning\n"
	"provisioning: capacity16 capacity16 capacity16\n"
	"capacity16: mode6 capacity10 capacity10\n"
	"capacity10: sized sized sized\n"
	"mode6: control mode10 control\n"
	"mode10: control mode-all control\n"
	"mode-all: control control control\n"
	"control: facts facts facts\n";

static void test_every_answer_to_every_step_leads_on(void **state)
{
	const char *const *names = probe_fsm.states;
	char text[2048];
	struct strbuf sb;

	sb_init(&sb, text, sizeof(text));
	for (uint8_t step = STEP_READY; step < STEP_COUNT; step++)
		if (probe_actions[step].build)
			sb_add(&sb, "%s: %s %s %s\n", names[step],
			       names[next_step(step, EV_OK)],
			       names[next_step(step, EV_REFUSED)],
			       names[next_step(step, EV_BAD)]);
	assert_string_equal(text, golden);
}

static void test_every_decision_leads_on(void **state)
{
	assert_int_equal(next_step(STEP_IDENTITY, EV_OK), STEP_LIMITS);
	assert_int_equal(next_step(STEP_SIZED, EV_OK), STEP_MODE6);
	assert_int_equal(next_step(STEP_FACTS, EV_OK), STEP_IDLE);
	assert_int_equal(next_step(STEP_READY, EV_STOPPED), STEP_START);
}

static void test_every_step_can_end_the_probe(void **state)
{
	for (uint8_t step = STEP_READY; step < STEP_COUNT; step++)
		assert_int_equal(next_step(step, probe_actions[step].build
							 ? EV_GONE
							 : EV_UNFIT),
				 STEP_IDLE);
}

static void test_a_probe_that_lost_its_way_fails_the_disk(void **state)
{
	rig_online();
	fsm_set_strict(false);
	fsm_step(&probe_fsm, &rig.disk->probe.step, EV_OK, rig.disk, NULL);
	fsm_set_strict(true);
	assert_string_equal(rig.last_note, "probe: ok in idle is not foreseen: "
					   "it fails until the next login");
	assert_int_equal(run_request(DISK_WRITE, 0, 1), -EIO);
	rig_lose();
	rig_return();
	fake_answer_all();
	assert_int_equal(run_request(DISK_WRITE, 0, 1), 0);
}

static void test_every_step_that_may_be_skipped_leads_on(void **state)
{
	for (uint8_t step = STEP_PAGES; step <= STEP_PROVISIONING; step++)
		if (probe_actions[step].build)
			assert_int_equal(next_step(step, EV_ABSENT), step + 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_full_target_is_asked_everything_once_in_order),
		T(test_identity_and_geometry_are_there_when_online),
		T(test_probe_goes_to_the_lun_of_the_disk),
		T(test_pages_that_are_not_listed_are_not_asked_for),
		T(test_scsi1_target_gets_no_page_request_at_all),
		T(test_refused_page_list_means_no_pages),
		T(test_serial_is_the_identity_when_there_is_no_better),
		T(test_no_identity_is_said_once),
		T(test_long_page_is_asked_for_again_whole),
		T(test_capacity_10_is_asked_when_16_is_refused),
		T(test_disk_too_large_for_capacity_10_fails),
		T(test_disk_above_two_tib_has_its_whole_size),
		T(test_refused_capacity_fails_with_its_reason),
		T(test_missing_medium_fails_with_its_reason),
		T(test_other_block_sizes_are_refused_by_name),
		T(test_blocks_of_4096_are_served),
		T(test_a_cd_is_served_and_read_only),
		T(test_other_types_fail_by_name_after_two_commands),
		T(test_empty_lun_fails),
		T(test_lun_that_is_not_supported_fails_at_once),
		T(test_mode_sense_10_is_tried_when_6_is_refused),
		T(test_write_protection_is_known_without_a_caching_page),
		T(test_no_mode_sense_at_all_is_tolerated),
		T(test_attentions_repeat_the_command),
		T(test_attention_storm_is_slowed_down),
		T(test_becoming_ready_is_waited_for),
		T(test_stopped_disk_is_started_once),
		T(test_busy_target_is_asked_once_a_second),
		T(test_lost_probe_begins_again_at_the_next_nexus),
		T(test_failed_disk_is_probed_again_by_rescan),
		T(test_failed_disk_is_probed_again_at_the_next_nexus),
		T(test_synchronous_answers_work_as_well),
		T(test_answers_of_nothing_are_survived),
		T(test_rescan_sees_a_new_size),
		T(test_rescan_without_change_says_nothing),
		T(test_rescan_sees_write_protection),
		T(test_changed_block_size_fails_until_it_is_right_again),
		T(test_lost_size_keeps_the_old_one),
		T(test_every_answer_to_every_step_leads_on),
		T(test_every_decision_leads_on),
		T(test_every_step_can_end_the_probe),
		T(test_a_probe_that_lost_its_way_fails_the_disk),
		T(test_every_step_that_may_be_skipped_leads_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of target/task.c and session.c: order, window, life and death. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include "base/bytes.h"

static struct world *world;
static struct peer *peer;
static struct result result;

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static void test_unit_ready(uint32_t cmdsn, uint32_t itt)
{
	struct pdu_scsi_cmd c = { .final = true, .itt = itt, .cmdsn = cmdsn };

	peer_command_send(peer, &c, NULL, 0);
}

static void expect_answer(uint32_t itt)
{
	peer_finish(peer, itt, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static uint32_t expcmdsn(void)
{
	return get_be32(peer->bhs + 28);
}

static uint32_t maxcmdsn(void)
{
	return get_be32(peer->bhs + 32);
}

static void test_commands_run_in_order_of_cmdsn(void **state)
{
	uint32_t sn;

	peer_login(peer);
	sn = peer->cmdsn;
	test_unit_ready(sn + 2, 3);
	test_unit_ready(sn + 1, 2);
	peer_expect_silence(peer);
	test_unit_ready(sn, 1);
	expect_answer(1);
	expect_answer(2);
	expect_answer(3);
	assert_int_equal(expcmdsn(), sn + 3);
}

static void test_immediate_command_does_not_wait(void **state)
{
	struct pdu_scsi_cmd c = { .final = true, .immediate = true, .itt = 9 };

	peer_login(peer);
	c.cmdsn = peer->cmdsn;
	test_unit_ready(peer->cmdsn + 1, 3);
	peer_command_send(peer, &c, NULL, 0);
	expect_answer(9);
	assert_int_equal(expcmdsn(), peer->cmdsn);
}

static void test_command_below_the_window_is_ignored(void **state)
{
	peer_login(peer);
	test_unit_ready(peer->cmdsn - 1, 1);
	peer_expect_silence(peer);
}

static void test_command_above_the_window_is_ignored(void **state)
{
	world->tt->depth = 4;
	peer_login(peer);
	test_unit_ready(peer->cmdsn + 4, 1);
	test_unit_ready(peer->cmdsn, 2);
	expect_answer(2);
	peer_expect_silence(peer);
}

static void test_same_cmdsn_twice_is_ignored(void **state)
{
	peer_login(peer);
	test_unit_ready(peer->cmdsn + 1, 1);
	test_unit_ready(peer->cmdsn + 1, 2);
	test_unit_ready(peer->cmdsn, 3);
	expect_answer(3);
	expect_answer(1);
	peer_expect_silence(peer);
}

static void test_tag_in_use_is_rejected(void **state)
{
	struct pdu_scsi_cmd c;

	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_R2T);
	c.cmdsn = peer->cmdsn++;
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_TASK_IN_PROGRESS);
}

static void test_window_shrinks_by_what_is_queued(void **state)
{
	struct pdu_scsi_cmd c;
	uint32_t first;

	world->tt->depth = 4;
	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
	first = peer->cmdsn;
	assert_int_equal(maxcmdsn(), first + 3);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_R2T);
	assert_int_equal(expcmdsn(), first + 1);
	assert_int_equal(maxcmdsn(), first + 3);
	peer_tmf(peer, TMF_ABORT_TASK, c.itt);
	assert_int_equal(maxcmdsn(), first + 4);
}

static void test_window_can_be_closed_and_opened(void **state)
{
	world->tt->depth = 2;
	peer_login(peer);
	tgt_conn_set_depth(peer->c, 0);
	test_unit_ready(peer->cmdsn, 1);
	expect_answer(1);
	test_unit_ready(peer->cmdsn + 1, 2);
	expect_answer(2);
	assert_int_equal(maxcmdsn(), expcmdsn() - 1);
	tgt_conn_set_depth(peer->c, 2);
	tgt_conn_tell_window(peer->c);
	peer_expect(peer, OP_NOP_IN);
	assert_int_equal(get_be32(peer->bhs + 16), TAG_NONE);
	assert_int_equal(get_be32(peer->bhs + 20), TAG_NONE);
	assert_int_equal(maxcmdsn(), expcmdsn() + 1);
}

static void test_too_many_immediate_commands_are_rejected(void **state)
{
	struct pdu_scsi_cmd c;
	unsigned r2ts = 0;

	world->tt->depth = 1;
	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
	for (int i = 0; i < 18; i++) {
		peer_write10(peer, &c, 0, 1);
		c.immediate = true;
		c.cmdsn = peer->cmdsn;
		peer_command_send(peer, &c, NULL, 0);
	}
	while (peer_recv(peer) && pdu_opcode(peer->bhs) == OP_R2T)
		r2ts++;
	assert_int_equal(pdu_opcode(peer->bhs), OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_IMMEDIATE);
	assert_int_equal(r2ts, 17);
}

static void delayed_write(uint8_t byte)
{
	struct tgt_inject slow = { .opcode = 0x2a, .times = 1, .delay = 500 };
	struct pdu_scsi_cmd c;
	uint8_t data[512];

	memset(data, byte, sizeof(data));
	tgt_lun_inject(world->lun, &slow);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, data, 512);
	peer_expect_silence(peer);
}

static uint8_t byte_on_disk(void)
{
	uint8_t b;

	world->lun->backend->ops->read(world->lun->backend, 0, &b, 1);
	return b;
}

static void reconnect(void)
{
	struct peer *second = peer_new(world);

	peer_free(peer);
	peer = second;
}

static void test_slow_command_is_answered_when_it_is_due(void **state)
{
	peer_login(peer);
	delayed_write(5);
	assert_int_equal(byte_on_disk(), 0);
	assert_int_equal(tgt_next_wake(world->t), world->now + 500);
	world_pass(world, 500);
	expect_answer(0x100);
	assert_int_equal(byte_on_disk(), 5);
}

static void test_other_commands_overtake_a_slow_one(void **state)
{
	peer_login(peer);
	delayed_write(5);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_GOOD);
	world_pass(world, 500);
	expect_answer(0x100);
}

static void test_write_outlives_its_connection(void **state)
{
	peer_login(peer);
	delayed_write(5);
	reconnect();
	world_pass(world, 500);
	assert_int_equal(byte_on_disk(), 5);
}

static void test_reinstatement_ends_a_late_write(void **state)
{
	peer_login(peer);
	delayed_write(5);
	reconnect();
	peer_login(peer);
	world_pass(world, 500);
	assert_int_equal(byte_on_disk(), 0);
}

static void test_another_session_does_not_end_a_late_write(void **state)
{
	peer_login(peer);
	delayed_write(5);
	reconnect();
	peer->isid[5] = 77;
	peer_login(peer);
	world_pass(world, 500);
	assert_int_equal(byte_on_disk(), 5);
}

static void test_lun_reset_ends_the_late_write_of_another(void **state)
{
	peer_login(peer);
	delayed_write(5);
	reconnect();
	peer->isid[5] = 77;
	peer_login(peer);
	assert_int_equal(peer_tmf(peer, TMF_LUN_RESET, TAG_NONE), TMF_COMPLETE);
	world_pass(world, 500);
	assert_int_equal(byte_on_disk(), 0);
}

static void test_half_a_write_dies_with_its_connection(void **state)
{
	struct pdu_scsi_cmd c;

	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	reconnect();
	assert_false(list_empty(&world->t->sessions));
	world_pass(world, 60000);
	assert_true(list_empty(&world->t->sessions));
}

static void test_lost_session_is_kept_for_a_while(void **state)
{
	uint16_t tsih;

	assert_int_equal(
		peer_login_with(peer, TEXT(WHO "\0DefaultTime2Wait=1\0"
					       "DefaultTime2Retain=3")),
		LOGIN_OK);
	tsih = peer->tsih;
	reconnect();
	world_pass(world, 3999);
	peer->tsih = tsih;
	peer->cmdsn = 5;
	assert_int_equal(peer_login_with(peer, TEXT(WHO)), LOGIN_OK);
	assert_int_equal(peer->tsih, tsih);
	reconnect();
	world_pass(world, 4000);
	peer->tsih = tsih;
	assert_int_equal(peer_login_with(peer, TEXT(WHO)), LOGIN_NO_SESSION);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_commands_run_in_order_of_cmdsn),
		T(test_immediate_command_does_not_wait),
		T(test_command_below_the_window_is_ignored),
		T(test_command_above_the_window_is_ignored),
		T(test_same_cmdsn_twice_is_ignored),
		T(test_tag_in_use_is_rejected),
		T(test_window_shrinks_by_what_is_queued),
		T(test_window_can_be_closed_and_opened),
		T(test_too_many_immediate_commands_are_rejected),
		T(test_slow_command_is_answered_when_it_is_due),
		T(test_other_commands_overtake_a_slow_one),
		T(test_write_outlives_its_connection),
		T(test_reinstatement_ends_a_late_write),
		T(test_another_session_does_not_end_a_late_write),
		T(test_lun_reset_ends_the_late_write_of_another),
		T(test_half_a_write_dies_with_its_connection),
		T(test_lost_session_is_kept_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of target/tmf.c: task management. */
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

static uint8_t data[4096];

/* A write that waits for the data of its R2T. */
static void waiting_write(struct peer *who, struct pdu_scsi_cmd *c,
			  struct pdu_r2t *r2t)
{
	peer_write10(who, c, 0, 1);
	peer_command_send(who, c, NULL, 0);
	peer_expect(who, OP_R2T);
	assert_int_equal(pdu_get_r2t(who->bhs, r2t), 0);
}

static void login(struct peer *who)
{
	assert_int_equal(peer_login_with(who, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
}

static void test_aborted_task_gives_no_answer(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(peer);
	waiting_write(peer, &c, &r2t);
	assert_int_equal(peer_tmf(peer, TMF_ABORT_TASK, c.itt), TMF_COMPLETE);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 0, data, 512, true);
	peer_expect_silence(peer);
	assert_false(tgt_conn_over(peer->c));
}

static void test_finished_task_does_not_exist(void **state)
{
	login(peer);
	peer_run(peer, CDB(0), 0, &result);
	peer_tmf_send(peer, TMF_ABORT_TASK, peer->itt - 1, peer->cmdsn - 1);
	peer_expect(peer, OP_TMF_RSP);
	assert_int_equal(peer->bhs[2], TMF_NO_TASK);
}

static void test_task_on_another_lun_does_not_exist(void **state)
{
	struct tgt_lun_config cfg;
	struct pdu_scsi_cmd c;

	tgt_lun_defaults(&cfg);
	tgt_lun_add(world->tt, 1, tgt_mem_new(512), &cfg, NULL);
	login(peer);
	peer_write10(peer, &c, 0, 1);
	c.lun[1] = 1;
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_R2T);
	assert_int_equal(peer_tmf(peer, TMF_ABORT_TASK, c.itt), TMF_NO_TASK);
}

static void test_command_that_never_came_counts_as_aborted(void **state)
{
	login(peer);
	peer->cmdsn += 1; /* a command got lost */
	peer_tmf_send(peer, TMF_ABORT_TASK, 0x4711, peer->cmdsn - 1);
	peer_expect(peer, OP_TMF_RSP);
	assert_int_equal(peer->bhs[2], TMF_COMPLETE);
	/* and its number is spent */
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static void test_command_waiting_for_its_turn_can_be_aborted(void **state)
{
	struct pdu_scsi_cmd c = { .final = true, .itt = 0x55 };

	login(peer);
	c.cmdsn = peer->cmdsn + 1;
	peer_command_send(peer, &c, NULL, 0);
	assert_int_equal(peer_tmf(peer, TMF_ABORT_TASK, 0x55), TMF_COMPLETE);
	peer_run(peer, CDB(0), 0, &result); /* the one before */
	peer->cmdsn++;
	peer_run(peer, CDB(0), 0, &result); /* the one behind */
	assert_int_equal(result.status, TGT_GOOD);
	peer_expect_silence(peer);
}

static void test_abort_task_set_waits_for_promised_data(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(peer);
	waiting_write(peer, &c, &r2t);
	peer_tmf_send(peer, TMF_ABORT_TASK_SET, TAG_NONE, 0);
	peer_expect_silence(peer);
	memset(data, 9, 512);
	peer_data_out(peer, c.itt, r2t.ttt, 0, 0, data, 512, true);
	peer_expect(peer, OP_TMF_RSP);
	assert_int_equal(peer->bhs[2], TMF_COMPLETE);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &result);
	assert_int_equal(result.data[0], 0);
}

static void test_silent_initiator_does_not_block_task_management(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(peer);
	waiting_write(peer, &c, &r2t);
	peer_tmf_send(peer, TMF_ABORT_TASK_SET, TAG_NONE, 0);
	world_pass(world, 4999);
	peer_expect_silence(peer);
	world_pass(world, 1);
	peer_expect(peer, OP_TMF_RSP);
}

static void test_second_function_is_refused_while_one_waits(void **state)
{
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	login(peer);
	waiting_write(peer, &c, &r2t);
	peer_tmf_send(peer, TMF_ABORT_TASK_SET, TAG_NONE, 0);
	assert_int_equal(peer_tmf(peer, TMF_LUN_RESET, TAG_NONE), TMF_REJECTED);
}

static void test_clear_task_set_is_told_to_others(void **state)
{
	struct peer *other = peer_new(world);
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	other->isid[5] = 2;
	login(peer);
	login(other);
	waiting_write(other, &c, &r2t);
	assert_int_equal(peer_tmf(peer, TMF_CLEAR_TASK_SET, TAG_NONE),
			 TMF_COMPLETE);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0);
	peer_run(other, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x062f00);
	peer_free(other);
}

static void test_abort_task_set_leaves_others_alone(void **state)
{
	struct peer *other = peer_new(world);
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	other->isid[5] = 2;
	login(peer);
	login(other);
	waiting_write(other, &c, &r2t);
	assert_int_equal(peer_tmf(peer, TMF_ABORT_TASK_SET, TAG_NONE),
			 TMF_COMPLETE);
	peer_data_out(other, c.itt, r2t.ttt, 0, 0, data, 512, true);
	peer_finish(other, c.itt, &result);
	assert_int_equal(result.status, TGT_GOOD);
	peer_free(other);
}

static void test_lun_reset_is_told_to_all(void **state)
{
	login(peer);
	assert_int_equal(peer_tmf(peer, TMF_LUN_RESET, TAG_NONE), TMF_COMPLETE);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x062903);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0);
}

static void test_missing_lun_is_named(void **state)
{
	login(peer);
	tgt_lun_remove(world->lun);
	assert_int_equal(peer_tmf(peer, TMF_LUN_RESET, TAG_NONE), TMF_NO_LUN);
}

static void test_warm_reset_keeps_the_sessions(void **state)
{
	login(peer);
	assert_int_equal(peer_tmf(peer, TMF_TARGET_WARM_RESET, TAG_NONE),
			 TMF_COMPLETE);
	assert_false(tgt_conn_over(peer->c));
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x062903);
}

static void test_cold_reset_ends_all_sessions(void **state)
{
	struct peer *other = peer_new(world);

	other->isid[5] = 2;
	login(peer);
	login(other);
	assert_int_equal(peer_tmf(peer, TMF_TARGET_COLD_RESET, TAG_NONE),
			 TMF_COMPLETE);
	assert_true(tgt_conn_over(peer->c));
	assert_true(tgt_conn_over(other->c));
	peer_free(other);
}

static void test_reassignment_needs_a_higher_level(void **state)
{
	login(peer);
	assert_int_equal(peer_tmf(peer, TMF_TASK_REASSIGN, 0x100),
			 TMF_NO_REASSIGN);
}

static void test_clear_aca_is_not_supported(void **state)
{
	login(peer);
	assert_int_equal(peer_tmf(peer, TMF_CLEAR_ACA, TAG_NONE),
			 TMF_NOT_SUPPORTED);
}

static void test_unknown_function_is_not_supported(void **state)
{
	uint8_t bhs[BHS_LEN] = { OP_TMF_REQ | 0x40, 0x80 | 13 };

	login(peer);
	put_be32(bhs + 16, 0x99);
	peer_send(peer, bhs, NULL, 0);
	peer_expect(peer, OP_TMF_RSP);
	assert_int_equal(peer->bhs[2], TMF_NOT_SUPPORTED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_aborted_task_gives_no_answer),
		T(test_finished_task_does_not_exist),
		T(test_task_on_another_lun_does_not_exist),
		T(test_command_that_never_came_counts_as_aborted),
		T(test_command_waiting_for_its_turn_can_be_aborted),
		T(test_abort_task_set_waits_for_promised_data),
		T(test_silent_initiator_does_not_block_task_management),
		T(test_second_function_is_refused_while_one_waits),
		T(test_clear_task_set_is_told_to_others),
		T(test_abort_task_set_leaves_others_alone),
		T(test_lun_reset_is_told_to_all),
		T(test_missing_lun_is_named),
		T(test_warm_reset_keeps_the_sessions),
		T(test_cold_reset_ends_all_sessions),
		T(test_reassignment_needs_a_higher_level),
		T(test_clear_aca_is_not_supported),
		T(test_unknown_function_is_not_supported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

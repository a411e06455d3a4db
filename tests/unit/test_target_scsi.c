/* Tests of target/scsi.c: what is asked before a command runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "unit/target_peer.h"

static struct world *world;
static struct peer *peer;
static struct result result;

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	peer_login(peer);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static uint32_t ready(void)
{
	peer_run(peer, CDB(0), 0, &result);
	return result_sense(&result);
}

static void test_unknown_command_is_illegal(void **state)
{
	peer_run(peer, CDB(0x04), 0, &result);
	assert_int_equal(result_sense(&result), 0x052000);
}

static void test_missing_lun_is_not_supported(void **state)
{
	struct pdu_scsi_cmd c;

	peer_command(peer, &c);
	c.lun[1] = 5;
	peer_command_send(peer, &c, NULL, 0);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result_sense(&result), 0x052500);
}

static void test_lun_of_two_levels_is_not_supported(void **state)
{
	struct pdu_scsi_cmd c;

	peer_command(peer, &c);
	c.lun[3] = 1;
	peer_command_send(peer, &c, NULL, 0);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result_sense(&result), 0x052500);
}

static void test_flat_lun_is_the_same_lun(void **state)
{
	struct pdu_scsi_cmd c;

	peer_command(peer, &c);
	c.lun[0] = 0x40;
	peer_command_send(peer, &c, NULL, 0);
	peer_finish(peer, c.itt, &result);
	assert_int_equal(result_sense(&result), 0);
}

static void test_attention_is_told_once(void **state)
{
	tgt_lun_attention(world->lun, TGT_UA_CAPACITY_CHANGED);
	assert_int_equal(ready(), 0x062a09);
	assert_int_equal(ready(), 0);
}

static void test_graver_attention_comes_first(void **state)
{
	tgt_lun_attention(world->lun, TGT_UA_LUNS_CHANGED);
	tgt_lun_attention(world->lun, TGT_UA_POWER_ON);
	assert_int_equal(ready(), 0x062900);
	assert_int_equal(ready(), 0x063f0e);
	assert_int_equal(ready(), 0);
}

static void test_inquiry_leaves_the_attention_pending(void **state)
{
	tgt_lun_attention(world->lun, TGT_UA_POWER_ON);
	peer_run(peer, CDB(0x12, 0, 0, 0, 96, 0), 96, &result);
	assert_int_equal(result.status, TGT_GOOD);
	assert_int_equal(ready(), 0x062900);
}

static void test_request_sense_takes_the_attention(void **state)
{
	tgt_lun_attention(world->lun, TGT_UA_POWER_ON);
	peer_run(peer, CDB(0x03, 0, 0, 0, 18, 0), 18, &result);
	assert_int_equal(result.status, TGT_GOOD);
	assert_int_equal(result.data[2], 6);
	assert_int_equal(result.data[12], 0x29);
	assert_int_equal(ready(), 0);
}

static void test_request_sense_of_nothing_is_no_sense(void **state)
{
	peer_run(peer, CDB(0x03, 0, 0, 0, 18, 0), 18, &result);
	assert_int_equal(result.len, 18);
	assert_int_equal(result.data[0], 0x70);
	assert_int_equal(result.data[2], 0);
}

static void test_each_session_is_told(void **state)
{
	struct peer *q = peer_new(world);

	q->isid[5] = 2;
	peer_login(q);
	tgt_lun_attention(world->lun, TGT_UA_MODE_CHANGED);
	assert_int_equal(ready(), 0x062a01);
	peer_run(q, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x062a01);
	peer_free(q);
}

static void test_stopped_unit_has_no_medium_access(void **state)
{
	peer_run(peer, CDB(0x1b, 0, 0, 0, 0, 0), 0, &result);
	assert_int_equal(result_sense(&result), 0);
	assert_int_equal(ready(), 0x020402);
	peer_run(peer, CDB(0x1b, 0, 0, 0, 1, 0), 0, &result);
	assert_int_equal(ready(), 0);
}

static void inject(struct tgt_inject what)
{
	assert_int_equal(tgt_lun_inject(world->lun, &what), 0);
}

static void test_injected_status_strikes_as_often_as_said(void **state)
{
	inject((struct tgt_inject){ .opcode = 0, .times = 2, .status = 8 });
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_BUSY);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_BUSY);
	assert_int_equal(ready(), 0);
}

static void test_injected_sense_strikes_where_it_is_said(void **state)
{
	inject((struct tgt_inject){ .opcode = -1,
				    .times = UINT32_MAX,
				    .lba_first = 10,
				    .lba_last = 12,
				    .status = TGT_CHECK_CONDITION,
				    .key = 3,
				    .asc = 0x11 });
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 13, 0, 0, 1), 512, &result);
	assert_int_equal(result_sense(&result), 0);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 9, 0, 0, 1), 512, &result);
	assert_int_equal(result_sense(&result), 0);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 9, 0, 0, 2), 1024, &result);
	assert_int_equal(result_sense(&result), 0x031100);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 12, 0, 0, 9), 4608, &result);
	assert_int_equal(result_sense(&result), 0x031100);
}

static void test_injected_fault_can_wait(void **state)
{
	inject((struct tgt_inject){
		.opcode = 0, .skip = 1, .times = 1, .status = 0x28 });
	assert_int_equal(ready(), 0);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_TASK_SET_FULL);
	assert_int_equal(ready(), 0);
}

static void test_inquiry_is_spared_by_general_injection(void **state)
{
	inject((struct tgt_inject){
		.opcode = -1, .times = UINT32_MAX, .status = 8 });
	peer_run(peer, CDB(0x12, 0, 0, 0, 96, 0), 96, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static void test_injections_are_limited(void **state)
{
	struct tgt_inject busy = { .opcode = 0, .times = 1, .status = 8 };

	for (int i = 0; i < TGT_INJECT_MAX; i++)
		inject(busy);
	assert_int_equal(tgt_lun_inject(world->lun, &busy), -ENOSPC);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_unknown_command_is_illegal),
		T(test_missing_lun_is_not_supported),
		T(test_lun_of_two_levels_is_not_supported),
		T(test_flat_lun_is_the_same_lun),
		T(test_attention_is_told_once),
		T(test_graver_attention_comes_first),
		T(test_inquiry_leaves_the_attention_pending),
		T(test_request_sense_takes_the_attention),
		T(test_request_sense_of_nothing_is_no_sense),
		T(test_each_session_is_told),
		T(test_stopped_unit_has_no_medium_access),
		T(test_injected_status_strikes_as_often_as_said),
		T(test_injected_sense_strikes_where_it_is_said),
		T(test_injected_fault_can_wait),
		T(test_inquiry_is_spared_by_general_injection),
		T(test_injections_are_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of target/fault.c and of faults in rx.c and tx.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include "base/bytes.h"
#include "target/fault.h"

static struct tgt_script *script;
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

static int setup_script(void **state)
{
	setup(state);
	script = tgt_script_new();
	world->t->fault = tgt_script_hook(script);
	return 0;
}

static int teardown_script(void **state)
{
	teardown(state);
	tgt_script_free(script);
	return 0;
}

static void fault(const char *line)
{
	char err[128] = "";

	if (tgt_script_add(script, line, err, sizeof(err)) < 0)
		fail_msg("%s: %s", line, err);
}

static void ready(void)
{
	struct pdu_scsi_cmd c;

	peer_command(peer, &c);
	peer_command_send(peer, &c, NULL, 0);
}

static void test_dropped_answer_leaves_a_hole(void **state)
{
	fault("tx scsi-rsp 2 drop");
	peer_login(peer);
	for (int i = 0; i < 3; i++)
		ready();
	peer_finish(peer, 0x100, &result);
	peer_finish(peer, 0x102, &result);
	assert_int_equal(get_be32(peer->bhs + 24), peer->statsn + 3);
	peer_expect_silence(peer);
	assert_int_equal(tgt_script_hits(script), 1);
}

static void test_dropped_command_never_came(void **state)
{
	fault("rx scsi-cmd 1 drop");
	peer_login(peer);
	ready();
	ready();
	peer_expect_silence(peer);
}

static void test_close_comes_instead_of_the_answer(void **state)
{
	fault("tx scsi-rsp 2 close");
	peer_login(peer);
	ready();
	ready();
	ready();
	assert_false(tgt_conn_over(peer->c));
	peer_finish(peer, 0x100, &result);
	assert_true(tgt_conn_over(peer->c));
	peer_expect_silence(peer);
}

static void test_close_on_receipt_is_at_once(void **state)
{
	fault("rx scsi-cmd 1 close");
	peer_login(peer);
	ready();
	assert_true(tgt_conn_over(peer->c));
}

static void test_duplicate_answer_is_the_same_twice(void **state)
{
	uint8_t first[BHS_LEN];
	struct pdu_scsi_cmd c;

	fault("tx data-in 1 dup");
	peer_login(peer);
	peer_read10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_DATA_IN);
	memcpy(first, peer->bhs, BHS_LEN);
	peer_expect(peer, OP_DATA_IN);
	assert_memory_equal(peer->bhs, first, BHS_LEN);
	assert_int_equal(peer->len, 512);
	peer_expect_silence(peer);
}

static void test_duplicate_command_runs_once(void **state)
{
	fault("rx scsi-cmd 1 dup");
	peer_login(peer);
	ready();
	peer_finish(peer, 0x100, &result);
	peer_expect_silence(peer);
}

static void test_delayed_answer_holds_up_what_follows(void **state)
{
	fault("tx scsi-rsp 1 delay 250");
	peer_login(peer);
	ready();
	ready();
	peer_expect_silence(peer);
	assert_int_equal(tgt_next_wake(world->t), world->now + 250);
	world_pass(world, 250);
	peer_finish(peer, 0x100, &result);
	peer_finish(peer, 0x101, &result);
}

static void test_delayed_command_is_overtaken(void **state)
{
	fault("rx scsi-cmd 1 delay 250");
	peer_login(peer);
	ready();
	ready();
	peer_finish(peer, 0x101, &result);
	world_pass(world, 250);
	peer_finish(peer, 0x100, &result);
}

static void test_delayed_logout_holds_up_the_receiver(void **state)
{
	struct pdu_nop_out q = { .immediate = true, .itt = 7, .ttt = TAG_NONE };
	struct iovec iov[TGT_RX_IOV];
	uint8_t bhs[BHS_LEN];

	fault("rx nop-out 1 delay 100");
	peer_login(peer);
	pdu_put_nop_out(bhs, &q);
	peer_send(peer, bhs, "abc", 3);
	assert_int_equal(tgt_conn_rx_want(peer->c, iov), 0);
	peer_expect_silence(peer);
	world_pass(world, 100);
	peer_expect(peer, OP_NOP_IN);
	assert_memory_equal(peer->data, "abc", 3);
	assert_true(tgt_conn_rx_want(peer->c, iov) > 0);
}

static void test_set_changes_the_header(void **state)
{
	fault("tx login-rsp 1 set 36 0x0301 2");
	assert_int_equal(peer_login_with(peer, TEXT(WHO)), LOGIN_UNAVAILABLE);
}

static void test_set_is_under_the_digest(void **state)
{
	fault("tx scsi-rsp 1 set 3 8");
	world->tt->wishes.header_digest = TGT_DIGEST_PREFER;
	assert_int_equal(
		peer_login_with(peer, TEXT(WHO "\0HeaderDigest=CRC32C")),
		LOGIN_OK);
	peer->hdigest = true;
	ready();
	peer_finish(peer, 0x100, &result);
	assert_int_equal(result.status, TGT_BUSY);
	assert_false(peer->bad_hdigest);
}

static void test_corrupt_header_breaks_the_digest(void **state)
{
	fault("tx scsi-rsp 1 corrupt header 3");
	world->tt->wishes.header_digest = TGT_DIGEST_PREFER;
	assert_int_equal(
		peer_login_with(peer, TEXT(WHO "\0HeaderDigest=CRC32C")),
		LOGIN_OK);
	peer->hdigest = true;
	ready();
	peer_expect(peer, OP_SCSI_RSP);
	assert_true(peer->bad_hdigest);
}

static void test_corrupt_data_breaks_the_digest_not_the_disk(void **state)
{
	fault("tx data-in 1 corrupt data 5");
	world->tt->wishes.data_digest = TGT_DIGEST_PREFER;
	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0DataDigest=CRC32C")),
			 LOGIN_OK);
	peer->ddigest = true;
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &result);
	assert_true(peer->bad_ddigest);
	assert_int_equal(result.data[5], 1);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &result);
	assert_false(peer->bad_ddigest);
	assert_int_equal(result.data[5], 0);
}

static void test_received_data_can_be_corrupted(void **state)
{
	static const uint8_t zeros[512];

	fault("rx scsi-cmd 1 corrupt data 9");
	peer_login(peer);
	peer_run_out(peer, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), zeros, 512,
		     &result);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &result);
	assert_int_equal(result.data[9], 1);
}

static void test_key_is_replaced(void **state)
{
	fault("tx login-rsp 1 key TargetPortalGroupTag=99");
	peer_login(peer);
	assert_string_equal(peer_key(peer, "TargetPortalGroupTag"), "99");
}

static void test_key_is_added(void **state)
{
	fault("tx login-rsp 1 key X-a=b");
	peer_login(peer);
	assert_string_equal(peer_key(peer, "X-a"), "b");
	assert_non_null(peer_key(peer, "TargetPortalGroupTag"));
}

static void test_request_can_be_rejected(void **state)
{
	fault("rx scsi-cmd 1 reject 0x0a");
	peer_login(peer);
	ready();
	peer_expect(peer, OP_REJECT);
	assert_int_equal(peer->bhs[2], REJECT_OUT_OF_RESOURCES);
}

static void test_commands_get_wrong_status(void **state)
{
	fault("scsi test-unit-ready 1 busy");
	fault("scsi test-unit-ready 2 full");
	fault("scsi test-unit-ready 3 conflict");
	fault("scsi test-unit-ready 4 sense 3/11/00");
	fault("scsi test-unit-ready 5 deferred b/00/00");
	fault("scsi test-unit-ready 6 deferred 3/0c/01 descriptor");
	peer_login(peer);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_BUSY);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_TASK_SET_FULL);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_RESERVATION_CONFLICT);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x031100);
	assert_int_equal(result.sense[0], 0x70);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result_sense(&result), 0x0b0000);
	assert_int_equal(result.sense[0], 0x71);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.sense_len, 8);
	assert_memory_equal(result.sense, ((uint8_t[]){ 0x73, 3, 0x0c, 1 }), 4);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static void test_other_commands_are_spared(void **state)
{
	fault("scsi write all busy");
	peer_login(peer);
	peer_run(peer, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static void test_slow_command_by_script(void **state)
{
	fault("scsi 0x00 1 delay 40");
	peer_login(peer);
	ready();
	peer_expect_silence(peer);
	world_pass(world, 40);
	peer_finish(peer, 0x100, &result);
}

static void test_each_counts_by_connection(void **state)
{
	struct peer *q = peer_new(world);

	q->isid[5] = 3;
	fault("each rx scsi-cmd 2 close");
	peer_login(peer);
	ready();
	peer_login(q);
	peer_run(q, CDB(0), 0, &result);
	assert_false(tgt_conn_over(q->c));
	ready();
	assert_true(tgt_conn_over(peer->c));
	peer_free(q);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup_script, teardown_script)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_dropped_answer_leaves_a_hole),
		T(test_dropped_command_never_came),
		T(test_close_comes_instead_of_the_answer),
		T(test_close_on_receipt_is_at_once),
		T(test_duplicate_answer_is_the_same_twice),
		T(test_duplicate_command_runs_once),
		T(test_delayed_answer_holds_up_what_follows),
		T(test_delayed_command_is_overtaken),
		T(test_delayed_logout_holds_up_the_receiver),
		T(test_set_changes_the_header),
		T(test_set_is_under_the_digest),
		T(test_corrupt_header_breaks_the_digest),
		T(test_corrupt_data_breaks_the_digest_not_the_disk),
		T(test_received_data_can_be_corrupted),
		T(test_key_is_replaced),
		T(test_key_is_added),
		T(test_request_can_be_rejected),
		T(test_commands_get_wrong_status),
		T(test_other_commands_are_spared),
		T(test_slow_command_by_script),
		T(test_each_counts_by_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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
static struct world *w;
static struct peer *p;
static struct result r;

static int setup(void **state)
{
	w = world_new();
	p = peer_new(w);
	return 0;
}

static int teardown(void **state)
{
	peer_free(p);
	world_free(w);
	return 0;
}

static int setup_script(void **state)
{
	setup(state);
	script = tgt_script_new();
	w->t->fault = tgt_script_hook(script);
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

	peer_command(p, &c);
	peer_command_send(p, &c, NULL, 0);
}

static void test_dropped_answer_leaves_a_hole(void **state)
{
	fault("tx scsi-rsp 2 drop");
	peer_login(p);
	for (int i = 0; i < 3; i++)
		ready();
	peer_finish(p, 0x100, &r);
	peer_finish(p, 0x102, &r);
	assert_int_equal(get_be32(p->bhs + 24), p->statsn + 3);
	peer_expect_silence(p);
	assert_int_equal(tgt_script_hits(script), 1);
}

static void test_dropped_command_never_came(void **state)
{
	fault("rx scsi-cmd 1 drop");
	peer_login(p);
	ready();
	ready();
	peer_expect_silence(p);
}

static void test_close_comes_instead_of_the_answer(void **state)
{
	fault("tx scsi-rsp 2 close");
	peer_login(p);
	ready();
	ready();
	ready();
	assert_false(tgt_conn_over(p->c));
	peer_finish(p, 0x100, &r);
	assert_true(tgt_conn_over(p->c));
	peer_expect_silence(p);
}

static void test_close_on_receipt_is_at_once(void **state)
{
	fault("rx scsi-cmd 1 close");
	peer_login(p);
	ready();
	assert_true(tgt_conn_over(p->c));
}

static void test_duplicate_answer_is_the_same_twice(void **state)
{
	uint8_t first[BHS_LEN];
	struct pdu_scsi_cmd c;

	fault("tx data-in 1 dup");
	peer_login(p);
	peer_read10(p, &c, 0, 1);
	peer_command_send(p, &c, NULL, 0);
	peer_expect(p, OP_DATA_IN);
	memcpy(first, p->bhs, BHS_LEN);
	peer_expect(p, OP_DATA_IN);
	assert_memory_equal(p->bhs, first, BHS_LEN);
	assert_int_equal(p->len, 512);
	peer_expect_silence(p);
}

static void test_duplicate_command_runs_once(void **state)
{
	fault("rx scsi-cmd 1 dup");
	peer_login(p);
	ready();
	peer_finish(p, 0x100, &r);
	peer_expect_silence(p);
}

static void test_delayed_answer_holds_up_what_follows(void **state)
{
	fault("tx scsi-rsp 1 delay 250");
	peer_login(p);
	ready();
	ready();
	peer_expect_silence(p);
	assert_int_equal(tgt_next_wake(w->t), w->now + 250);
	world_pass(w, 250);
	peer_finish(p, 0x100, &r);
	peer_finish(p, 0x101, &r);
}

static void test_delayed_command_is_overtaken(void **state)
{
	fault("rx scsi-cmd 1 delay 250");
	peer_login(p);
	ready();
	ready();
	peer_finish(p, 0x101, &r);
	world_pass(w, 250);
	peer_finish(p, 0x100, &r);
}

static void test_delayed_logout_holds_up_the_receiver(void **state)
{
	struct pdu_nop_out q = { .immediate = true, .itt = 7, .ttt = TAG_NONE };
	struct iovec iov[TGT_RX_IOV];
	uint8_t bhs[BHS_LEN];

	fault("rx nop-out 1 delay 100");
	peer_login(p);
	pdu_put_nop_out(bhs, &q);
	peer_send(p, bhs, "abc", 3);
	assert_int_equal(tgt_conn_rx_want(p->c, iov), 0);
	peer_expect_silence(p);
	world_pass(w, 100);
	peer_expect(p, OP_NOP_IN);
	assert_memory_equal(p->data, "abc", 3);
	assert_true(tgt_conn_rx_want(p->c, iov) > 0);
}

static void test_set_changes_the_header(void **state)
{
	fault("tx login-rsp 1 set 36 0x0301 2");
	assert_int_equal(peer_login_with(p, TEXT(WHO)), LOGIN_UNAVAILABLE);
}

static void test_set_is_under_the_digest(void **state)
{
	fault("tx scsi-rsp 1 set 3 8");
	w->tt->wishes.header_digest = TGT_DIGEST_PREFER;
	assert_int_equal(peer_login_with(p, TEXT(WHO "\0HeaderDigest=CRC32C")),
			 LOGIN_OK);
	p->hdigest = true;
	ready();
	peer_finish(p, 0x100, &r);
	assert_int_equal(r.status, TGT_BUSY);
	assert_false(p->bad_hdigest);
}

static void test_corrupt_header_breaks_the_digest(void **state)
{
	fault("tx scsi-rsp 1 corrupt header 3");
	w->tt->wishes.header_digest = TGT_DIGEST_PREFER;
	assert_int_equal(peer_login_with(p, TEXT(WHO "\0HeaderDigest=CRC32C")),
			 LOGIN_OK);
	p->hdigest = true;
	ready();
	peer_expect(p, OP_SCSI_RSP);
	assert_true(p->bad_hdigest);
}

static void test_corrupt_data_breaks_the_digest_not_the_disk(void **state)
{
	fault("tx data-in 1 corrupt data 5");
	w->tt->wishes.data_digest = TGT_DIGEST_PREFER;
	assert_int_equal(peer_login_with(p, TEXT(WHO "\0DataDigest=CRC32C")),
			 LOGIN_OK);
	p->ddigest = true;
	peer_run(p, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &r);
	assert_true(p->bad_ddigest);
	assert_int_equal(r.data[5], 1);
	peer_run(p, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &r);
	assert_false(p->bad_ddigest);
	assert_int_equal(r.data[5], 0);
}

static void test_received_data_can_be_corrupted(void **state)
{
	static const uint8_t zeros[512];

	fault("rx scsi-cmd 1 corrupt data 9");
	peer_login(p);
	peer_run_out(p, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1), zeros, 512, &r);
	peer_run(p, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &r);
	assert_int_equal(r.data[9], 1);
}

static void test_key_is_replaced(void **state)
{
	fault("tx login-rsp 1 key TargetPortalGroupTag=99");
	peer_login(p);
	assert_string_equal(peer_key(p, "TargetPortalGroupTag"), "99");
}

static void test_key_is_added(void **state)
{
	fault("tx login-rsp 1 key X-a=b");
	peer_login(p);
	assert_string_equal(peer_key(p, "X-a"), "b");
	assert_non_null(peer_key(p, "TargetPortalGroupTag"));
}

static void test_request_can_be_rejected(void **state)
{
	fault("rx scsi-cmd 1 reject 0x0a");
	peer_login(p);
	ready();
	peer_expect(p, OP_REJECT);
	assert_int_equal(p->bhs[2], REJECT_OUT_OF_RESOURCES);
}

static void test_commands_get_wrong_status(void **state)
{
	fault("scsi test-unit-ready 1 busy");
	fault("scsi test-unit-ready 2 full");
	fault("scsi test-unit-ready 3 conflict");
	fault("scsi test-unit-ready 4 sense 3/11/00");
	fault("scsi test-unit-ready 5 deferred b/00/00");
	fault("scsi test-unit-ready 6 deferred 3/0c/01 descriptor");
	peer_login(p);
	peer_run(p, CDB(0), 0, &r);
	assert_int_equal(r.status, TGT_BUSY);
	peer_run(p, CDB(0), 0, &r);
	assert_int_equal(r.status, TGT_TASK_SET_FULL);
	peer_run(p, CDB(0), 0, &r);
	assert_int_equal(r.status, TGT_RESERVATION_CONFLICT);
	peer_run(p, CDB(0), 0, &r);
	assert_int_equal(result_sense(&r), 0x031100);
	assert_int_equal(r.sense[0], 0x70);
	peer_run(p, CDB(0), 0, &r);
	assert_int_equal(result_sense(&r), 0x0b0000);
	assert_int_equal(r.sense[0], 0x71);
	peer_run(p, CDB(0), 0, &r);
	assert_int_equal(r.sense_len, 8);
	assert_memory_equal(r.sense, ((uint8_t[]){ 0x73, 3, 0x0c, 1 }), 4);
	peer_run(p, CDB(0), 0, &r);
	assert_int_equal(r.status, TGT_GOOD);
}

static void test_other_commands_are_spared(void **state)
{
	fault("scsi write all busy");
	peer_login(p);
	peer_run(p, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1), 512, &r);
	assert_int_equal(r.status, TGT_GOOD);
}

static void test_slow_command_by_script(void **state)
{
	fault("scsi 0x00 1 delay 40");
	peer_login(p);
	ready();
	peer_expect_silence(p);
	world_pass(w, 40);
	peer_finish(p, 0x100, &r);
}

static void test_each_counts_by_connection(void **state)
{
	struct peer *q = peer_new(w);

	q->isid[5] = 3;
	fault("each rx scsi-cmd 2 close");
	peer_login(p);
	ready();
	peer_login(q);
	peer_run(q, CDB(0), 0, &r);
	assert_false(tgt_conn_over(q->c));
	ready();
	assert_true(tgt_conn_over(p->c));
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

/*
 * test_ffp_control - UNH-IOL Initiator Full Feature Phase, groups 14, 15 and
 * 17 to 20: events, pings, logout, discovery and task management, as far as
 * one connection at ErrorRecoveryLevel 0 is concerned.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "proto/fault.h"
#include "puppet.h"

static int setup(void **state)
{
	*state = puppet_new();
	puppet_up(*state);
	return 0;
}

static int setup_discovery(void **state)
{
	struct puppet *p = puppet_new();

	p->cfg.type = SESSION_DISCOVERY;
	p->cfg.target_name[0] = '\0';
	puppet_connect(p);
	puppet_login(p, NULL, 0);
	session_send_targets(p->s, p->now);
	puppet_expect(p, OP_TEXT_REQ);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	return 0;
}

static struct pdu_logout_req take_logout(struct puppet *p)
{
	struct pdu_logout_req req;

	puppet_expect(p, OP_LOGOUT_REQ);
	assert_int_equal(pdu_get_logout_req(p->bhs, &req), 0);
	return req;
}

static void send_logout_rsp(struct puppet *p, uint32_t itt)
{
	struct pdu_logout_rsp rsp = { .itt = itt, .sn = puppet_sn(p) };
	uint8_t bhs[BHS_LEN];

	pdu_put_logout_rsp(bhs, &rsp);
	puppet_send(p, bhs, NULL, 0);
}

/* 14, 20: asynchronous messages --------------------------------------- */

static void test_ffp_14_1_a_wish_for_a_logout_is_granted(void **state)
{
	struct puppet *p = *state;
	struct pdu_logout_req req;
	static struct order before, after;

	puppet_submit(p, &before);
	puppet_async(p, ASYNC_LOGOUT, 0, 0, 5);
	order_init(&after, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &after.cmd);
	req = take_logout(p); /* no time passed */
	assert_true(req.reason == LOGOUT_SESSION ||
		    req.reason == LOGOUT_CONNECTION);
	assert_int_equal(req.cid, 0);
	assert_false(puppet_take(p)); /* no new command */
	assert_int_equal(after.done, 1);
	assert_int_equal(after.cmd.outcome, CMD_LOST);
	send_logout_rsp(p, req.itt);
	puppet_expect_down(p, &fault_target_logout);
}

static void test_ffp_20_1_a_logout_in_a_second_is_in_time(void **state)
{
	struct puppet *p = *state;

	puppet_async(p, ASYNC_LOGOUT, 0, 0, 1);
	assert_true(take_logout(p).reason <= LOGOUT_CONNECTION);
}

static void test_ffp_20_2_a_dropped_connection_comes_back(void **state)
{
	struct puppet *p = *state;

	puppet_async(p, ASYNC_DROP_CONNECTION, 0, 0, 1);
	puppet_expect_down(p, &fault_target_drop);
	assert_int_equal(session_time2wait(p->s), 0);
	assert_int_equal(fault_target_drop.retry, RETRY_SOON);
	p->closes = p->downs = 0;
	puppet_up(p);
}

static void test_ffp_20_3_a_dropped_session_waits_as_told(void **state)
{
	struct puppet *p = *state;

	puppet_async(p, ASYNC_DROP_SESSION, 0, 1, 2);
	puppet_expect_down(p, &fault_target_drop);
	assert_int_equal(session_time2wait(p->s), 1);
}

/* A Text Request or, as here, a Logout (RFC 7143 11.9.1). */
static void test_ffp_20_4_a_wish_to_negotiate_is_answered(void **state)
{
	struct puppet *p = *state;
	struct pdu_logout_req req;

	puppet_async(p, ASYNC_NEGOTIATE, 0, 0, 3);
	req = take_logout(p);
	send_logout_rsp(p, req.itt);
	puppet_expect_down(p, &fault_target_negotiate);
	assert_int_equal(fault_target_negotiate.retry, RETRY_SOON);
}

/* 15: pings ----------------------------------------------------------- */

static void test_ffp_15_1_a_ping_is_answered_with_its_tag(void **state)
{
	struct puppet *p = *state;
	struct pdu_nop_out nop;

	puppet_nop_in(p, 0x87654321);
	puppet_expect(p, OP_NOP_OUT);
	assert_int_equal(pdu_get_nop_out(p->bhs, &nop), 0);
	assert_int_equal(nop.ttt, 0x87654321);
	assert_int_equal(nop.itt, TAG_NONE);
	assert_int_equal(nop.lun[1], 1);
}

static void test_ffp_15_2_our_ping_has_a_tag_and_no_lun(void **state)
{
	static const uint8_t no_lun[LUN_LEN];
	struct puppet *p = *state;
	struct pdu_nop_out nop;

	puppet_tick(p, 60000);
	puppet_expect(p, OP_NOP_OUT);
	assert_int_equal(pdu_get_nop_out(p->bhs, &nop), 0);
	assert_int_equal(nop.ttt, TAG_NONE);
	assert_int_not_equal(nop.itt, TAG_NONE);
	assert_memory_equal(nop.lun, no_lun, LUN_LEN);
	assert_true(nop.immediate);
	assert_int_equal(nop.cmdsn, p->expcmdsn);
	assert_int_equal(nop.expstatsn, p->statsn);
}

/* 17: logout ---------------------------------------------------------- */

static void test_ffp_17_1_after_a_logout_comes_only_the_close(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	session_logout(p->s, p->now);
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	itt = take_logout(p).itt;
	assert_false(puppet_take(p));
	assert_int_equal(p->closes, 0);
	send_logout_rsp(p, itt);
	puppet_expect_down(p, &fault_logged_out);
	p->closes = p->downs = 0;
	puppet_up(p);
}

/* 18: text ------------------------------------------------------------ */

static void answer(struct puppet *p, bool final, uint32_t ttt, const char *text,
		   size_t n)
{
	struct pdu_text_rsp rsp = {
		.final = final,
		.lun = { 0, 9 },
		.itt = get_be32(p->bhs + 16),
		.ttt = ttt,
		.data_len = (uint32_t)n,
		.sn = puppet_sn(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_text_rsp(bhs, &rsp);
	puppet_send(p, bhs, text, (uint32_t)n);
}
#define ANSWER(p, final, ttt, text) answer(p, final, ttt, text, sizeof(text))

static void test_ffp_18_1_a_request_for_targets_is_well_formed(void **state)
{
	struct puppet *p = *state;
	struct pdu_text_req req;

	assert_int_equal(pdu_get_text_req(p->bhs, &req), 0);
	assert_int_equal(req.cmdsn, p->expcmdsn);
	assert_int_equal(req.ttt, TAG_NONE);
	assert_int_not_equal(req.itt, TAG_NONE);
	assert_true(req.final);
	assert_false(req.cont);
}

static void test_ffp_18_2_more_is_asked_for_with_the_same_tags(void **state)
{
	struct puppet *p = *state;
	struct pdu_text_req first, second;

	assert_int_equal(pdu_get_text_req(p->bhs, &first), 0);
	ANSWER(p, false, 0x4711, "TargetName=iqn.2026-11.a:one");
	puppet_expect(p, OP_TEXT_REQ);
	assert_int_equal(pdu_get_text_req(p->bhs, &second), 0);
	assert_int_equal(second.itt, first.itt);
	assert_int_equal(second.ttt, 0x4711);
	assert_int_equal(second.lun[1], 9);
	assert_int_equal(p->len, 0);
}

static void test_ffp_18_3_1_the_tag_of_a_final_answer_is_ignored(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, 0x4711, "TargetName=iqn.2026-11.a:one");
	assert_int_equal(p->found_alls, 1);
	session_logout(p->s, p->now);
	assert_int_equal(take_logout(p).reason, LOGOUT_SESSION);
}

static void test_ffp_18_3_2_more_without_a_tag_ends_the_session(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, false, TAG_NONE, "TargetName=iqn.2026-11.a:one");
	puppet_expect_down(p, &fault_pdu_format);
}

static void test_ffp_18_4_a_key_out_of_place_ends_the_session(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, TAG_NONE, "MaxRecvDataSegmentLength=512");
	puppet_expect_down(p, &fault_text_refused);
}

/* 19: task management ------------------------------------------------- */

static void test_ffp_19_1_to_3_an_abort_names_what_it_means(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order o;
	struct pdu_tmf_req req;
	struct pdu_scsi_cmd cmd;

	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	cmd = puppet_command(p);
	assert_int_equal(puppet_manage(p, &t, TMF_ABORT_TASK, &o.cmd), 0);
	puppet_expect(p, OP_TMF_REQ);
	assert_int_equal(pdu_get_tmf_req(p->bhs, &req), 0);
	assert_true(req.immediate);
	assert_int_equal(req.cmdsn, cmd.cmdsn + 1);
	assert_memory_equal(req.lun, cmd.lun, LUN_LEN);
	assert_int_equal(req.ref_itt, cmd.itt);
	assert_int_equal(req.ref_cmdsn, cmd.cmdsn);
}

static void test_ffp_19_4_1_pings_are_answered_during_an_abort(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;

	assert_int_equal(puppet_manage(p, &t, TMF_ABORT_TASK_SET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	puppet_nop_in(p, 0x99);
	puppet_expect(p, OP_NOP_OUT);
	assert_int_equal(get_be32(p->bhs + 20), 0x99);
}

static void test_ffp_19_4_2_r2ts_are_answered_during_an_abort(void **state)
{
	static uint8_t data[20000];
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order o;
	uint32_t itt;

	order_init(&o, CMD_WRITE, data, sizeof(data));
	session_submit(p->s, &o.cmd);
	itt = puppet_command(p).itt;
	puppet_data_out(p);
	assert_int_equal(puppet_manage(p, &t, TMF_CLEAR_TASK_SET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	puppet_r2t(p, itt, 0x77, 0, 16384, 3616);
	assert_int_equal(puppet_data_out(p).ttt, 0x77);
	assert_int_equal(o.done, 0);
	puppet_tmf_rsp(p, t.req.itt, TMF_COMPLETE);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_ABORTED);
}

static void test_ffp_19_4_3_answers_count_during_an_abort(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order o;
	uint32_t itt = puppet_submit(p, &o);

	assert_int_equal(puppet_manage(p, &t, TMF_ABORT_TASK_SET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_DONE);
	puppet_tmf_rsp(p, t.req.itt, TMF_COMPLETE);
	assert_int_equal(o.done, 1);
	assert_int_equal(t.response, TMF_COMPLETE);
	assert_int_equal(p->closes, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define D(name) cmocka_unit_test_setup_teardown(name, setup_discovery, teardown)
	const struct CMUnitTest tests[] = {
		T(test_ffp_14_1_a_wish_for_a_logout_is_granted),
		T(test_ffp_15_1_a_ping_is_answered_with_its_tag),
		T(test_ffp_15_2_our_ping_has_a_tag_and_no_lun),
		T(test_ffp_17_1_after_a_logout_comes_only_the_close),
		D(test_ffp_18_1_a_request_for_targets_is_well_formed),
		D(test_ffp_18_2_more_is_asked_for_with_the_same_tags),
		D(test_ffp_18_3_1_the_tag_of_a_final_answer_is_ignored),
		D(test_ffp_18_3_2_more_without_a_tag_ends_the_session),
		D(test_ffp_18_4_a_key_out_of_place_ends_the_session),
		T(test_ffp_19_1_to_3_an_abort_names_what_it_means),
		T(test_ffp_19_4_1_pings_are_answered_during_an_abort),
		T(test_ffp_19_4_2_r2ts_are_answered_during_an_abort),
		T(test_ffp_19_4_3_answers_count_during_an_abort),
		T(test_ffp_20_1_a_logout_in_a_second_is_in_time),
		T(test_ffp_20_2_a_dropped_connection_comes_back),
		T(test_ffp_20_3_a_dropped_session_waits_as_told),
		T(test_ffp_20_4_a_wish_to_negotiate_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

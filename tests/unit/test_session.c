/*
 * test_session - window, keep-alive, task management, events, ends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/fsm.h"
#include "base/str.h"
#include "proto/fault.h"
#include "proto/state.h"
#include "puppet.h"

static int setup(void **state)
{
	*state = puppet_new();
	puppet_up(*state);
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	return 0;
}

static void expect_down(struct puppet *p, const struct fault *why)
{
	assert_int_equal(p->closes, 1);
	puppet_closed(p);
	assert_int_equal(p->downs, 1);
	assert_ptr_equal(p->why, why);
}

static uint32_t submit(struct puppet *p, struct order *o)
{
	struct pdu_scsi_cmd cmd;

	order_init(o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o->cmd);
	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(pdu_get_scsi_cmd(p->bhs, &cmd), 0);
	return cmd.itt;
}

/* A NOP-In that wants nothing: news of the window. */
static void send_window(struct puppet *p)
{
	struct pdu_nop_in nop = {
		.itt = TAG_NONE,
		.ttt = TAG_NONE,
		.sn = puppet_sn_peek(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_nop_in(bhs, &nop);
	puppet_send(p, bhs, NULL, 0);
}

static void send_async(struct puppet *p, uint8_t event, uint16_t p2,
		       uint16_t p3)
{
	struct pdu_async async = {
		.event = event,
		.param2 = p2,
		.param3 = p3,
		.sn = puppet_sn(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_async(bhs, &async);
	puppet_send(p, bhs, NULL, 0);
}

/* Numbers ------------------------------------------------------------- */

static void test_cmdsn_counts_commands_from_the_login_on(void **state)
{
	struct puppet *p = *state;
	static struct order o[3];

	for (uint32_t i = 0; i < 3; i++) {
		submit(p, &o[i]);
		assert_int_equal(get_be32(p->bhs + 24), 1 + i);
		assert_int_equal(get_be32(p->bhs + 28), p->statsn);
	}
}

/* 11.3.1: the fence rests on it. */
static void test_an_ordered_command_says_so_on_the_wire(void **state)
{
	struct puppet *p = *state;
	static struct order o[2];

	for (unsigned i = 0; i < 2; i++) {
		order_init(&o[i], CMD_NO_DATA, NULL, 0);
		o[i].cmd.ordered = i;
		session_submit(p->s, &o[i].cmd);
		assert_int_equal(puppet_command(p).attr,
				 i ? ATTR_ORDERED : ATTR_SIMPLE);
	}
}

static void test_a_closed_window_holds_commands_back(void **state)
{
	struct puppet *p = *state;
	static struct order o[3];

	p->maxcmdsn = 64;
	p->s->max_cmdsn = 1; /* as a login that granted one would leave it */
	submit(p, &o[0]);
	order_init(&o[1], CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o[1].cmd);
	assert_false(puppet_take(p));
	p->expcmdsn = 2;
	p->maxcmdsn = 2;
	send_window(p);
	puppet_expect(p, OP_SCSI_CMD);
	assert_false(puppet_take(p));
}

static void test_a_window_that_shrinks_in_words_does_not_shrink(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	p->maxcmdsn = 30;
	send_window(p);
	assert_int_equal(p->s->max_cmdsn, 64);
	p->expcmdsn = 100;
	p->maxcmdsn = 90; /* below ExpCmdSN - 1: void */
	send_window(p);
	assert_int_equal(p->s->exp_cmdsn, 1);
	submit(p, &o);
}

static void test_the_window_works_across_the_wrap(void **state)
{
	struct puppet *p = *state;
	static struct order o[5];

	p->s->cmdsn = 0xfffffffe;
	p->s->max_cmdsn = 0xfffffffe;
	submit(p, &o[0]);
	p->expcmdsn = 0xffffffff;
	p->maxcmdsn = 1;
	send_window(p);
	submit(p, &o[1]);
	submit(p, &o[2]);
	submit(p, &o[3]);
	assert_int_equal(get_be32(p->bhs + 24), 1);
	order_init(&o[4], CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o[4].cmd);
	assert_false(puppet_take(p));
}

static void test_a_window_closed_for_a_second_is_asked_about(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	p->s->max_cmdsn = 0;
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	assert_false(puppet_take(p));
	puppet_tick(p, 999);
	assert_false(puppet_take(p));
	puppet_tick(p, 1);
	puppet_expect(p, OP_NOP_OUT);
}

/* Answers pings as they come, second by second. */
static void pass_seconds(struct puppet *p, unsigned n)
{
	for (unsigned i = 0; i < n && !p->closes; i++) {
		puppet_tick(p, 1000);
		while (puppet_take(p)) {
			struct pdu_nop_in nop = {
				.itt = get_be32(p->bhs + 16),
				.ttt = TAG_NONE,
				.sn = puppet_sn(p),
			};
			uint8_t bhs[BHS_LEN];

			assert_int_equal(pdu_opcode(p->bhs), OP_NOP_OUT);
			pdu_put_nop_in(bhs, &nop);
			puppet_send(p, bhs, NULL, 0);
		}
	}
}

static void test_a_window_closed_for_good_ends_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	p->s->max_cmdsn = 0;
	p->maxcmdsn = 0;
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	assert_false(puppet_take(p));
	pass_seconds(p, 60);
	assert_int_equal(p->closes, 0);
	pass_seconds(p, 2);
	expect_down(p, &fault_window_stuck);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
}

static void reject(struct puppet *p, uint8_t opcode, uint8_t reason)
{
	struct pdu_reject rej = {
		.reason = reason,
		.data_len = BHS_LEN,
		.sn = puppet_sn(p),
	};
	uint8_t bhs[BHS_LEN], refused[BHS_LEN] = { opcode };

	pdu_put_reject(bhs, &rej);
	puppet_send(p, bhs, refused, BHS_LEN);
}

/* 7.8: what comes of it the response to the command says. */
static void test_data_that_arrived_damaged_cost_no_session(void **state)
{
	struct puppet *p = *state;

	reject(p, OP_DATA_OUT, REJECT_DATA_DIGEST);
	assert_int_equal(p->closes, 0);
	assert_int_equal(p->notes, 1);
	reject(p, OP_DATA_OUT, REJECT_PROTOCOL);
	expect_down(p, &fault_rejected);
}

static void test_a_command_that_arrived_damaged_ends_the_session(void **state)
{
	struct puppet *p = *state;

	reject(p, OP_SCSI_CMD, REJECT_DATA_DIGEST);
	expect_down(p, &fault_rejected);
}

static void test_a_missing_status_ends_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt = submit(p, &o);

	p->statsn++;
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	expect_down(p, &fault_sequence_gap);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
}

static void test_no_more_commands_are_sent_than_tasks_exist(void **state)
{
	static struct order o[SESSION_TASKS + 1];
	struct puppet *p = *state;
	unsigned sent = 0;
	uint32_t itt;

	p->maxcmdsn = 10000;
	send_window(p);
	for (unsigned i = 0; i <= SESSION_TASKS; i++) {
		order_init(&o[i], CMD_NO_DATA, NULL, 0);
		session_submit(p->s, &o[i].cmd);
	}
	while (puppet_take(p))
		sent++;
	assert_int_equal(sent, SESSION_TASKS);
	itt = get_be32(p->bhs + 16);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	puppet_expect(p, OP_SCSI_CMD);
	assert_false(puppet_take(p));
}

/* Keep-alive ---------------------------------------------------------- */

static void test_a_silent_idle_link_is_pinged_and_then_dropped(void **state)
{
	struct puppet *p = *state;
	struct pdu_nop_out nop;

	puppet_tick(p, 59999);
	assert_false(puppet_take(p));
	puppet_tick(p, 1);
	puppet_expect(p, OP_NOP_OUT);
	assert_int_equal(pdu_get_nop_out(p->bhs, &nop), 0);
	assert_true(nop.immediate);
	assert_int_equal(nop.ttt, TAG_NONE);
	assert_int_not_equal(nop.itt, TAG_NONE);
	puppet_tick(p, 4999);
	assert_int_equal(p->closes, 0);
	puppet_tick(p, 1);
	expect_down(p, &fault_ping_timeout);
}

static void test_tasks_on_their_way_shorten_the_patience(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	submit(p, &o);
	puppet_tick(p, 5000);
	puppet_expect(p, OP_NOP_OUT);
}

static void test_any_received_byte_counts_as_life(void **state)
{
	struct puppet *p = *state;
	uint8_t byte = 0x20;

	puppet_tick(p, 60000);
	puppet_expect(p, OP_NOP_OUT);
	puppet_tick(p, 4999);
	puppet_raw(p, &byte, 1, 1);
	puppet_tick(p, 1);
	assert_int_equal(p->closes, 0);
	puppet_tick(p, 59998);
	assert_false(puppet_take(p));
	puppet_tick(p, 1);
	puppet_expect(p, OP_NOP_OUT);
}

/* A write over a slow link: its data queue up before the ping. */
static void test_bytes_that_go_out_count_as_life(void **state)
{
	static uint8_t data[100000];
	struct puppet *p = *state;
	struct iovec iov[CONN_TX_IOV];
	static struct order o;
	struct pdu_r2t r2t = { .ttt = 1, .offset = 0, .length = 65536 };
	uint8_t bhs[BHS_LEN];

	order_init(&o, CMD_WRITE, data, sizeof(data));
	session_submit(p->s, &o.cmd);
	puppet_expect(p, OP_SCSI_CMD);
	r2t.itt = get_be32(p->bhs + 16);
	r2t.sn = puppet_sn_peek(p);
	puppet_expect(p, OP_DATA_OUT);
	pdu_put_r2t(bhs, &r2t);
	puppet_send(p, bhs, NULL, 0);
	for (int i = 0; i < 60; i++) {
		assert_true(conn_tx_want(p->c, iov, CONN_TX_IOV) > 0);
		conn_tx_done(p->c, 1000, p->now);
		puppet_tick(p, 1000);
		assert_int_equal(p->closes, 0);
	}
	/* Then nothing goes any more. */
	for (int i = 0; i < 11; i++)
		puppet_tick(p, 1000);
	expect_down(p, &fault_ping_timeout);
}

static void test_an_answer_to_no_ping_ends_the_session(void **state)
{
	struct puppet *p = *state;
	struct pdu_nop_in in = { .itt = 0x00010003, .ttt = TAG_NONE };
	uint8_t bhs[BHS_LEN];

	in.sn = puppet_sn(p);
	pdu_put_nop_in(bhs, &in);
	puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_unknown_tag);
}

static void test_a_ping_timeout_of_zero_never_drops(void **state)
{
	struct puppet *p = *state;

	p->cfg.ping_timeout = 0;
	puppet_tick(p, 60000);
	puppet_expect(p, OP_NOP_OUT);
	puppet_tick(p, 86400000);
	assert_int_equal(p->closes, 0);
}

static void test_a_ping_of_the_target_is_answered(void **state)
{
	struct puppet *p = *state;
	struct pdu_nop_in in = {
		.itt = TAG_NONE,
		.ttt = 0x1234,
		.lun = { 0, 3 },
		.data_len = 5,
		.sn = puppet_sn_peek(p),
	};
	struct pdu_nop_out out;
	uint8_t bhs[BHS_LEN];

	pdu_put_nop_in(bhs, &in);
	puppet_send(p, bhs, "hello", 5);
	puppet_expect(p, OP_NOP_OUT);
	assert_int_equal(pdu_get_nop_out(p->bhs, &out), 0);
	assert_int_equal(out.ttt, 0x1234);
	assert_int_equal(out.itt, TAG_NONE);
	assert_int_equal(out.lun[1], 3);
	assert_true(out.immediate);
	assert_int_equal(out.cmdsn, 1);
}

static void test_a_flood_of_pings_ends_the_session(void **state)
{
	struct puppet *p = *state;
	struct pdu_nop_in in = { .itt = TAG_NONE, .ttt = 1 };
	uint8_t bhs[BHS_LEN];

	in.sn = puppet_sn_peek(p);
	pdu_put_nop_in(bhs, &in);
	for (unsigned i = 0; i < 1000 && !p->closes; i++)
		puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_flooded);
}

/* Ends ---------------------------------------------------------------- */

static struct cmd *returned[8];
static unsigned returns;

static void note_return(struct cmd *c)
{
	returned[returns++ % 8] = c;
}

static void
test_lost_commands_come_back_in_the_order_they_were_sent(void **state)
{
	struct puppet *p = *state;
	static struct order o[4];
	uint32_t itt[3];

	for (int i = 0; i < 3; i++)
		itt[i] = submit(p, &o[i]);
	puppet_scsi_rsp(p, itt[1], 0, NULL, 0);
	submit(p, &o[1]);
	p->s->max_cmdsn = 0;
	order_init(&o[3], CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o[3].cmd);
	returns = 0;
	for (int i = 0; i < 4; i++)
		o[i].cmd.done = note_return;
	session_transport_lost(p->s, p->c, -ECONNRESET, p->now);
	assert_int_equal(returns, 0); /* the buffers may still be in use */
	expect_down(p, &fault_transport_lost);
	assert_int_equal(returns, 4);
	assert_ptr_equal(returned[0], &o[0].cmd);
	assert_ptr_equal(returned[1], &o[2].cmd);
	assert_ptr_equal(returned[2], &o[1].cmd);
	assert_ptr_equal(returned[3], &o[3].cmd);
	assert_int_equal(o[0].cmd.outcome, CMD_LOST);
	assert_ptr_equal(o[0].cmd.why, &fault_transport_lost);
}

/* The next attempt need not wait: nobody there was asked for long. */
static void test_a_dead_path_is_tried_again_quickly(void **state)
{
	struct puppet *p = *state;

	session_transport_lost(p->s, p->c, -ETIMEDOUT, p->now);
	expect_down(p, &fault_path_dead);
	assert_int_equal(fault_path_dead.retry, RETRY_QUICK);
}

static void test_a_session_waits_while_an_answer_is_owed(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	assert_false(session_awaits(p->s));
	itt = submit(p, &o);
	assert_true(session_awaits(p->s));
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	assert_false(session_awaits(p->s));
}

static void test_without_a_session_a_command_comes_back_at_once(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	session_transport_lost(p->s, p->c, 0, p->now);
	puppet_closed(p);
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
}

static void test_a_logout_closes_the_session(void **state)
{
	struct puppet *p = *state;
	struct pdu_logout_req req;
	struct pdu_logout_rsp rsp = { .time2wait = 3, .time2retain = 20 };
	uint8_t bhs[BHS_LEN];
	static struct order o;

	session_logout(p->s, p->now);
	assert_false(session_is_up(p->s));
	puppet_expect(p, OP_LOGOUT_REQ);
	assert_int_equal(pdu_get_logout_req(p->bhs, &req), 0);
	assert_int_equal(req.reason, LOGOUT_SESSION);
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	assert_int_equal(o.done, 1); /* nothing new after a Logout */
	rsp.itt = req.itt;
	rsp.sn = puppet_sn(p);
	pdu_put_logout_rsp(bhs, &rsp);
	puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_logged_out);
	assert_int_equal(session_time2wait(p->s), 3);
}

static void test_a_logout_without_answer_ends_all_the_same(void **state)
{
	struct puppet *p = *state;

	session_logout(p->s, p->now);
	puppet_expect(p, OP_LOGOUT_REQ);
	puppet_tick(p, 3000);
	expect_down(p, &fault_logged_out);
}

static void test_a_logout_asked_for_by_the_target_is_done(void **state)
{
	struct puppet *p = *state;

	send_async(p, ASYNC_LOGOUT, 0, 10);
	puppet_expect(p, OP_LOGOUT_REQ);
	session_transport_lost(p->s, p->c, 0, p->now);
	expect_down(p, &fault_target_logout);
	assert_int_equal(fault_target_logout.retry, RETRY_SOON);
}

static void test_a_logout_timeout_of_zero_waits_for_ever(void **state)
{
	struct puppet *p = *state;

	p->cfg.logout_timeout = 0;
	session_logout(p->s, p->now);
	assert_true(session_next_wake(p->s) == UINT64_MAX);
	puppet_tick(p, 86400000);
	assert_int_equal(p->closes, 0);
}

static void test_after_a_logout_nothing_is_asked_any_more(void **state)
{
	struct puppet *p = *state;

	p->cfg.logout_timeout = 0;
	session_logout(p->s, p->now);
	puppet_expect(p, OP_LOGOUT_REQ);
	puppet_tick(p, 3600000);
	assert_false(puppet_take(p));
}

static void test_our_own_logout_outranks_one_asked_for(void **state)
{
	struct puppet *p = *state;

	send_async(p, ASYNC_LOGOUT, 0, 10);
	puppet_expect(p, OP_LOGOUT_REQ);
	session_logout(p->s, p->now);
	assert_false(puppet_take(p));
	puppet_tick(p, 3000);
	expect_down(p, &fault_logged_out);
}

static void test_what_goes_wrong_in_a_logout_is_a_detail(void **state)
{
	struct puppet *p = *state;
	struct pdu_nop_out nop = { .itt = 1, .ttt = TAG_NONE };
	uint8_t bhs[BHS_LEN];

	session_logout(p->s, p->now);
	pdu_put_nop_out(bhs, &nop);
	puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_logged_out);
}

/* 11.9.1: commands that crossed the target's wish come back rejected. */
static void test_a_reject_that_waits_for_the_logout_ends_nothing(void **state)
{
	struct puppet *p = *state;
	struct pdu_reject rej = {
		.reason = REJECT_WAITING_FOR_LOGOUT,
		.data_len = BHS_LEN,
	};
	uint8_t bhs[BHS_LEN], refused[BHS_LEN];
	static struct order o;

	submit(p, &o);
	memcpy(refused, p->bhs, BHS_LEN);
	send_async(p, ASYNC_LOGOUT, 0, 10);
	rej.sn = puppet_sn(p);
	pdu_put_reject(bhs, &rej);
	puppet_send(p, bhs, refused, BHS_LEN);
	assert_int_equal(p->closes, 0);
	puppet_expect(p, OP_LOGOUT_REQ);
}

static void test_a_logout_response_to_nobody_ends_the_session(void **state)
{
	struct puppet *p = *state;
	struct pdu_logout_rsp rsp = { .itt = 0x00015555 };
	uint8_t bhs[BHS_LEN];

	send_async(p, ASYNC_LOGOUT, 0, 10);
	puppet_expect(p, OP_LOGOUT_REQ);
	rsp.sn = puppet_sn(p);
	pdu_put_logout_rsp(bhs, &rsp);
	puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_unknown_tag);
}

/* 7.5.1 */
static void test_after_a_lost_transport_the_agreed_time_is_waited(void **state)
{
	static const char keys[] = "DefaultTime2Wait=9";
	struct puppet *p = puppet_new();

	puppet_connect(p);
	puppet_login(p, keys, sizeof(keys));
	session_transport_lost(p->s, p->c, -ECONNRESET, p->now);
	puppet_closed(p);
	assert_int_equal(session_time2wait(p->s), 9);
	puppet_free(p);
}

static void test_a_login_that_failed_need_not_be_waited_for(void **state)
{
	struct puppet *p = puppet_new();

	puppet_connect(p);
	session_transport_lost(p->s, p->c, -ECONNRESET, p->now);
	puppet_closed(p);
	assert_int_equal(session_time2wait(p->s), 0);
	puppet_free(p);
}

static void
test_a_drop_announced_by_the_target_says_how_long_to_wait(void **state)
{
	struct puppet *p = *state;

	send_async(p, ASYNC_DROP_SESSION, 7, 20);
	assert_int_equal(p->closes, 1);
	puppet_closed(p);
	assert_ptr_equal(p->why, &fault_target_drop);
	assert_int_equal(session_time2wait(p->s), 7);
}

static void test_a_wish_to_negotiate_is_met_with_a_new_login(void **state)
{
	struct puppet *p = *state;

	send_async(p, ASYNC_NEGOTIATE, 0, 3);
	puppet_expect(p, OP_LOGOUT_REQ);
}

static void test_a_scsi_event_reaches_the_owner(void **state)
{
	static const uint8_t data[20] = { 0, 18, 0x70, 0, 6, [14] = 0x3f, 0xe };
	struct puppet *p = *state;
	struct pdu_async async = { .event = ASYNC_SCSI, .data_len = 20 };
	uint8_t bhs[BHS_LEN];

	async.sn = puppet_sn(p);
	pdu_put_async(bhs, &async);
	puppet_send(p, bhs, data, 20);
	assert_int_equal(p->events, 1);
}

static void test_a_reject_of_a_command_ends_the_session_in_words(void **state)
{
	struct puppet *p = *state;
	struct pdu_reject rej = {
		.reason = REJECT_PROTOCOL,
		.data_len = BHS_LEN,
	};
	uint8_t bhs[BHS_LEN];
	static struct order o;

	submit(p, &o);
	rej.sn = puppet_sn(p);
	pdu_put_reject(bhs, &rej);
	puppet_send(p, bhs, p->bhs, BHS_LEN);
	expect_down(p, &fault_rejected);
	assert_non_null(strstr(p->detail, "SCSI Command"));
}

static void test_a_pdu_only_initiators_send_ends_the_session(void **state)
{
	struct puppet *p = *state;
	struct pdu_nop_out nop = { .itt = 1, .ttt = TAG_NONE };
	uint8_t bhs[BHS_LEN];

	pdu_put_nop_out(bhs, &nop);
	puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_pdu_opcode);
}

static void test_a_target_cannot_fill_the_log(void **state)
{
	struct puppet *p = *state;

	for (int i = 0; i < 1000; i++)
		send_async(p, ASYNC_VENDOR, 0, 0);
	assert_int_equal(p->notes, 20);
	p->now += 10000;
	send_async(p, ASYNC_VENDOR, 0, 0);
	assert_int_equal(p->notes, 22); /* one of them says what is missing */
}

/* Whatever bytes come, in whatever state: the process goes on. */
static void test_random_bytes_never_do_more_than_end_the_session(void **state)
{
	uint32_t seed = 1;

	for (unsigned round = 0; round < 3000; round++) {
		struct puppet *p = puppet_new();
		static uint8_t data[8192];
		uint8_t junk[256];
		static struct order o, r;

		puppet_up(p);
		submit(p, &o);
		order_init(&r, CMD_READ, data, sizeof(data));
		session_submit(p->s, &r.cmd);
		puppet_take(p);
		for (size_t i = 0; i < sizeof(junk); i++) {
			seed = seed * 1664525 + 1013904223;
			junk[i] = (uint8_t)(seed >> 24);
		}
		junk[0] = (uint8_t)(0x20 | (round & 0x1f));
		junk[4] = junk[5] = junk[6] = 0;
		if (round & 32)
			memcpy(junk + 16, p->bhs + 16, 4); /* a true ITT */
		if (round & 64)
			put_be32(junk + 24, p->statsn);
		puppet_raw(p, junk, sizeof(junk), 1 + round % 200);
		puppet_free(p);
		assert_int_equal(o.done, 1);
		assert_int_equal(r.done, 1);
	}
}

/* Our own mistakes ----------------------------------------------------- */

static void test_the_impossible_ends_the_session_and_nothing_else(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	fsm_set_strict(false);
	conn_step(p->c, CONN_EV_CONNECTED);
	conn_step(p->c, CONN_EV_CONNECTED);
	fsm_set_strict(true);
	assert_int_equal(p->notes, 1);
	assert_string_equal(p->note, "connection: CONNECTED in LOGGED_IN is "
				     "not foreseen: the session is made anew");
	expect_down(p, &fault_mistake);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
	puppet_up(p);
	assert_true(session_is_up(p->s));
}

/* Faults -------------------------------------------------------------- */

static void test_every_fault_has_a_name_and_words(void **state)
{
	unsigned n = 0;

	for (const struct fault *const *f = faults; *f; f++, n++) {
		assert_true(strlen((*f)->name) > 3);
		assert_true(strlen((*f)->text) > 8);
	}
	assert_true(n > 20);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_cmdsn_counts_commands_from_the_login_on),
		T(test_an_ordered_command_says_so_on_the_wire),
		T(test_a_closed_window_holds_commands_back),
		T(test_a_window_that_shrinks_in_words_does_not_shrink),
		T(test_the_window_works_across_the_wrap),
		T(test_a_window_closed_for_a_second_is_asked_about),
		T(test_a_window_closed_for_good_ends_the_session),
		T(test_data_that_arrived_damaged_cost_no_session),
		T(test_a_command_that_arrived_damaged_ends_the_session),
		T(test_a_missing_status_ends_the_session),
		T(test_no_more_commands_are_sent_than_tasks_exist),
		T(test_a_silent_idle_link_is_pinged_and_then_dropped),
		T(test_tasks_on_their_way_shorten_the_patience),
		T(test_any_received_byte_counts_as_life),
		T(test_bytes_that_go_out_count_as_life),
		T(test_an_answer_to_no_ping_ends_the_session),
		T(test_a_ping_timeout_of_zero_never_drops),
		T(test_a_ping_of_the_target_is_answered),
		T(test_a_flood_of_pings_ends_the_session),
		T(test_lost_commands_come_back_in_the_order_they_were_sent),
		T(test_a_dead_path_is_tried_again_quickly),
		T(test_a_session_waits_while_an_answer_is_owed),
		T(test_without_a_session_a_command_comes_back_at_once),
		T(test_a_logout_closes_the_session),
		T(test_a_logout_without_answer_ends_all_the_same),
		T(test_a_logout_asked_for_by_the_target_is_done),
		T(test_a_logout_timeout_of_zero_waits_for_ever),
		T(test_after_a_logout_nothing_is_asked_any_more),
		T(test_our_own_logout_outranks_one_asked_for),
		T(test_what_goes_wrong_in_a_logout_is_a_detail),
		T(test_a_reject_that_waits_for_the_logout_ends_nothing),
		T(test_a_logout_response_to_nobody_ends_the_session),
		cmocka_unit_test(
			test_after_a_lost_transport_the_agreed_time_is_waited),
		cmocka_unit_test(
			test_a_login_that_failed_need_not_be_waited_for),
		T(test_a_drop_announced_by_the_target_says_how_long_to_wait),
		T(test_a_wish_to_negotiate_is_met_with_a_new_login),
		T(test_a_scsi_event_reaches_the_owner),
		T(test_a_reject_of_a_command_ends_the_session_in_words),
		T(test_a_pdu_only_initiators_send_ends_the_session),
		T(test_a_target_cannot_fill_the_log),
		cmocka_unit_test(
			test_random_bytes_never_do_more_than_end_the_session),
		T(test_the_impossible_ends_the_session_and_nothing_else),
		cmocka_unit_test(test_every_fault_has_a_name_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

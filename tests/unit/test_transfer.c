/*
 * test_transfer - data in both directions (RFC 7143 4.2.5, 11.3, 11.7, 11.8).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "base/bytes.h"
#include "proto/fault.h"
#include "proto/state.h"
#include "puppet.h"
#include "wire/digest.h"

static uint8_t buf[200000];

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 7 + i / 251);
	*state = puppet_new();
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	return 0;
}

static void up_with(struct puppet *p, const char *keys, size_t n)
{
	puppet_connect(p);
	puppet_login(p, keys, n);
	assert_int_equal(p->ups, 1);
	p->ups = 0;
}
#define UP(p, keys) up_with(p, keys, sizeof(keys))

static void expect_down(struct puppet *p, const struct fault *why)
{
	assert_int_equal(p->closes, 1);
	puppet_closed(p);
	assert_ptr_equal(p->why, why);
}

static struct pdu_scsi_cmd take_command(struct puppet *p)
{
	struct pdu_scsi_cmd cmd;

	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(pdu_get_scsi_cmd(p->bhs, &cmd), 0);
	return cmd;
}

static struct pdu_data_out take_data(struct puppet *p)
{
	struct pdu_data_out pdu;

	puppet_expect(p, OP_DATA_OUT);
	assert_int_equal(pdu_get_data_out(p->bhs, &pdu), 0);
	assert_memory_equal(p->data, buf + pdu.offset, p->len);
	return pdu;
}

static void send_r2t(struct puppet *p, uint32_t itt, uint32_t ttt,
		     uint32_t r2tsn, uint32_t offset, uint32_t length)
{
	struct pdu_r2t r2t = {
		.itt = itt,
		.ttt = ttt,
		.r2tsn = r2tsn,
		.offset = offset,
		.length = length,
		.sn = puppet_sn_peek(p),
	};
	uint8_t bhs[BHS_LEN];

	r2t.lun[1] = 1;
	pdu_put_r2t(bhs, &r2t);
	puppet_send(p, bhs, NULL, 0);
}

static void send_data_in(struct puppet *p, uint32_t itt, uint32_t datasn,
			 uint32_t offset, uint32_t len, bool status)
{
	struct pdu_data_in pdu = {
		.final = status,
		.has_status = status,
		.itt = itt,
		.ttt = TAG_NONE,
		.datasn = datasn,
		.offset = offset,
		.data_len = len,
		.sn = status ? puppet_sn(p) : puppet_sn_peek(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_data_in(bhs, &pdu);
	puppet_send(p, bhs, buf + offset, len);
}

/* Writes -------------------------------------------------------------- */

static void
test_immediate_and_unsolicited_data_fill_the_first_burst(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	struct pdu_data_out out;
	static struct order o;

	puppet_up(p); /* FirstBurst 16384, MaxRecv 8192 */
	order_init(&o, CMD_WRITE, buf, 100000);
	session_submit(p->s, &o.cmd);
	cmd = take_command(p);
	assert_true(cmd.write);
	assert_false(cmd.final);
	assert_int_equal(cmd.edtl, 100000);
	assert_int_equal(p->len, 8192);
	assert_memory_equal(p->data, buf, 8192);
	out = take_data(p);
	assert_int_equal(out.ttt, TAG_NONE);
	assert_int_equal(out.datasn, 0);
	assert_int_equal(out.offset, 8192);
	assert_int_equal(out.data_len, 8192);
	assert_true(out.final);
	assert_false(puppet_take(p));
}

static void test_a_small_write_goes_whole_with_its_command(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	static struct order o;

	puppet_up(p);
	order_init(&o, CMD_WRITE, buf, 4096);
	session_submit(p->s, &o.cmd);
	cmd = take_command(p);
	assert_true(cmd.final);
	assert_int_equal(p->len, 4096);
	assert_false(puppet_take(p));
	puppet_scsi_rsp(p, cmd.itt, 0, NULL, 0);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_DONE);
	assert_int_equal(o.cmd.status, 0);
}

static void test_without_immediate_data_it_comes_in_data_out(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	struct pdu_data_out out;
	static struct order o;

	UP(p, "InitialR2T=No\0ImmediateData=No\0FirstBurstLength=1024");
	order_init(&o, CMD_WRITE, buf, 4096);
	session_submit(p->s, &o.cmd);
	cmd = take_command(p);
	assert_false(cmd.final);
	assert_int_equal(p->len, 0);
	out = take_data(p);
	assert_int_equal(out.data_len, 1024);
	assert_true(out.final);
	assert_int_equal(out.lun[1], 0); /* 11.7.4: reserved without a TTT */
	assert_false(puppet_take(p));
}

static void test_initial_r2t_allows_immediate_data_only(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	static struct order o;

	UP(p, "InitialR2T=Yes\0ImmediateData=Yes\0FirstBurstLength=1024");
	order_init(&o, CMD_WRITE, buf, 4096);
	session_submit(p->s, &o.cmd);
	cmd = take_command(p);
	assert_true(cmd.final);
	assert_int_equal(p->len, 1024);
	assert_false(puppet_take(p));
}

static void test_nothing_goes_unasked_when_both_forbid_it(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	static struct order o;

	UP(p, "InitialR2T=Yes\0ImmediateData=No");
	order_init(&o, CMD_WRITE, buf, 4096);
	session_submit(p->s, &o.cmd);
	cmd = take_command(p);
	assert_true(cmd.final);
	assert_int_equal(p->len, 0);
	assert_false(puppet_take(p));
}

static void test_an_r2t_is_answered_in_pdus_the_target_can_take(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	struct pdu_data_out out;
	static struct order o;

	UP(p, "InitialR2T=Yes\0ImmediateData=No\0"
	      "MaxRecvDataSegmentLength=1024\0MaxOutstandingR2T=1");
	order_init(&o, CMD_WRITE, buf, 4096);
	session_submit(p->s, &o.cmd);
	cmd = take_command(p);
	send_r2t(p, cmd.itt, 0xabbaabba, 0, 0, 2500);
	for (uint32_t i = 0; i < 3; i++) {
		out = take_data(p);
		assert_int_equal(out.itt, cmd.itt);
		assert_int_equal(out.ttt, 0xabbaabba);
		assert_int_equal(out.datasn, i);
		assert_int_equal(out.offset, i * 1024);
		assert_int_equal(out.data_len, i < 2 ? 1024 : 452);
		assert_int_equal(out.final, i == 2);
		assert_int_equal(out.lun[1], 1);
	}
	assert_false(puppet_take(p));
	send_r2t(p, cmd.itt, 1, 1, 2500, 1596);
	out = take_data(p);
	assert_int_equal(out.datasn, 0);
	assert_int_equal(out.offset, 2500);
}

static void test_several_r2ts_are_served_in_their_order(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd first, second;
	static struct order a, b;

	UP(p, "InitialR2T=Yes\0ImmediateData=No\0MaxOutstandingR2T=4");
	order_init(&a, CMD_WRITE, buf, 9000);
	order_init(&b, CMD_WRITE, buf, 9000);
	session_submit(p->s, &a.cmd);
	session_submit(p->s, &b.cmd);
	first = take_command(p);
	second = take_command(p);
	send_r2t(p, second.itt, 1, 0, 0, 3000);
	send_r2t(p, first.itt, 2, 0, 5000, 1001);
	send_r2t(p, first.itt, 3, 1, 0, 999);
	assert_int_equal(take_data(p).itt, second.itt);
	assert_int_equal(take_data(p).offset, 5000);
	assert_int_equal(take_data(p).offset, 0);
	assert_false(puppet_take(p));
}

struct bad_r2t {
	uint32_t ttt, r2tsn, offset, length;
	const struct fault *why;
};

static void test_an_r2t_outside_the_rules_ends_the_session(void **state)
{
	const struct bad_r2t bad[] = {
		{ 1, 0, 0, 0, &fault_pdu_format },	   /* of zero length */
		{ TAG_NONE, 0, 0, 10, &fault_pdu_format }, /* without a tag */
		{ 1, 0, 90000, 10001, &fault_bad_r2t },	   /* past the end */
		{ 1, 0, 100001, 1, &fault_bad_r2t },
		{ 1, 0, 0xfffffff0, 100, &fault_pdu_format }, /* wraps */
		{ 1, 0, 0, 65537, &fault_bad_r2t },   /* above MaxBurst */
		{ 1, 1, 0, 10, &fault_sequence_gap }, /* R2TSN hole */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct puppet *p = puppet_new();
		static struct order o;

		puppet_up(p);
		order_init(&o, CMD_WRITE, buf, 100000);
		session_submit(p->s, &o.cmd);
		send_r2t(p, take_command(p).itt, bad[i].ttt, bad[i].r2tsn,
			 bad[i].offset, bad[i].length);
		expect_down(p, bad[i].why);
		assert_int_equal(o.cmd.outcome, CMD_LOST);
		puppet_free(p);
	}
}

static void test_more_r2ts_than_agreed_end_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	puppet_up(p);
	order_init(&o, CMD_WRITE, buf, 100000);
	session_submit(p->s, &o.cmd);
	itt = take_command(p).itt;
	for (uint32_t i = 0; i < 5; i++)
		send_r2t(p, itt, i + 1, i, i * 10, 10);
	expect_down(p, &fault_bad_r2t);
}

static void test_an_r2t_for_a_read_ends_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	puppet_up(p);
	order_init(&o, CMD_READ, buf, 4096);
	session_submit(p->s, &o.cmd);
	send_r2t(p, take_command(p).itt, 1, 0, 0, 512);
	expect_down(p, &fault_bad_r2t);
}

static void test_a_command_keeps_its_buffer_until_it_is_sent(void **state)
{
	struct puppet *p = *state;
	struct iovec iov[CONN_TX_IOV];
	struct pdu_scsi_cmd cmd;
	static struct order o;
	size_t sum = 0;
	int n;

	UP(p, "InitialR2T=Yes\0ImmediateData=No");
	order_init(&o, CMD_WRITE, buf, 4096);
	session_submit(p->s, &o.cmd);
	cmd = take_command(p);
	send_r2t(p, cmd.itt, 1, 0, 0, 4096);
	n = conn_tx_want(p->c, iov, CONN_TX_IOV);
	for (int i = 0; i < n; i++)
		sum += iov[i].iov_len;
	assert_int_equal(sum, BHS_LEN + 4096);
	conn_tx_done(p->c, 100, p->now);
	/* The target refuses early while our bytes are on their way. */
	puppet_scsi_rsp(p, cmd.itt, 2, NULL, 0);
	assert_int_equal(o.done, 0);
	conn_tx_done(p->c, sum - 100, p->now);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.status, 2);
}

/* A Logout ends all tasks (11.14): their data are of no use any more. */
static void test_no_data_follow_a_logout(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	static struct order o;

	UP(p, "InitialR2T=Yes\0ImmediateData=No");
	order_init(&o, CMD_WRITE, buf, 4096);
	session_submit(p->s, &o.cmd);
	cmd = take_command(p);
	send_r2t(p, cmd.itt, 1, 0, 0, 4096);
	session_logout(p->s, p->now);
	puppet_expect(p, OP_LOGOUT_REQ);
	assert_false(puppet_take(p));
}

static struct {
	struct iovec iov[CONN_TX_IOV];
	int n;
} asked;

static void ask_what_to_send(struct puppet *p)
{
	asked.n = conn_tx_want(p->c, asked.iov, CONN_TX_IOV);
}

/* One that is told, while its bytes go, of a room that this makes. */
static void test_what_went_out_is_not_offered_again(void **state)
{
	struct puppet *p = *state;
	struct iovec iov[CONN_TX_IOV];
	struct pdu_scsi_cmd cmd, other;
	static struct order a, b, c;
	size_t first = BHS_LEN + 4096, second = BHS_LEN + 100;

	UP(p, "InitialR2T=Yes\0ImmediateData=No");
	order_init(&a, CMD_WRITE, buf, 4096);
	order_init(&b, CMD_WRITE, buf, 100);
	order_init(&c, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &a.cmd);
	session_submit(p->s, &b.cmd);
	cmd = take_command(p);
	other = take_command(p);
	send_r2t(p, cmd.itt, 1, 0, 0, 4096);
	send_r2t(p, other.itt, 2, 0, 0, 100);
	assert_true(conn_tx_want(p->c, iov, CONN_TX_IOV) > 0);
	puppet_scsi_rsp(p, cmd.itt, 0, NULL, 0);
	p->s->max_cmdsn = 0; /* c waits, so that there is a kick */
	session_submit(p->s, &c.cmd);
	p->on_kick = ask_what_to_send;
	conn_tx_done(p->c, first + 10, p->now);
	assert_int_equal(a.done, 1);
	assert_int_equal(asked.iov[0].iov_len, BHS_LEN - 10);
	asked.n = conn_tx_want(p->c, asked.iov, CONN_TX_IOV);
	assert_int_equal(asked.iov[0].iov_len, BHS_LEN - 10);
	conn_tx_done(p->c, second - 10, p->now);
	assert_int_equal(conn_tx_want(p->c, asked.iov, CONN_TX_IOV), 0);
}

/* Reads --------------------------------------------------------------- */

static void test_data_in_lands_in_the_buffer_with_its_status(void **state)
{
	struct puppet *p = *state;
	static uint8_t got[100000];
	static struct order o;
	uint32_t itt;

	puppet_up(p);
	order_init(&o, CMD_READ, got, sizeof(got));
	session_submit(p->s, &o.cmd);
	itt = take_command(p).itt;
	send_data_in(p, itt, 0, 0, 65000, false);
	assert_int_equal(o.done, 0);
	send_data_in(p, itt, 1, 65000, 35000, true);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_DONE);
	assert_int_equal(o.cmd.underflow, 0);
	assert_memory_equal(got, buf, sizeof(got));
}

static void test_no_split_of_the_bytes_changes_a_read(void **state)
{
	static uint8_t got[70001], stream[80000];

	for (size_t step = 1; step < 100000; step = step * 3 + 1) {
		struct puppet *p = puppet_new();
		struct pdu_data_in pdu = {
			.final = true,
			.has_status = true,
			.ttt = TAG_NONE,
			.data_len = sizeof(got),
		};
		static struct order o;

		puppet_up(p);
		memset(got, 0, sizeof(got));
		order_init(&o, CMD_READ, got, sizeof(got));
		session_submit(p->s, &o.cmd);
		pdu.itt = take_command(p).itt;
		pdu.sn = puppet_sn(p);
		pdu_put_data_in(stream, &pdu);
		memcpy(stream + BHS_LEN, buf, sizeof(got));
		puppet_raw(p, stream, BHS_LEN + sizeof(got) + 3, step);
		assert_int_equal(o.done, 1);
		assert_memory_equal(got, buf, sizeof(got));
		puppet_free(p);
	}
}

static void test_a_missing_data_in_ends_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	puppet_up(p);
	order_init(&o, CMD_READ, buf, 8192);
	session_submit(p->s, &o.cmd);
	itt = take_command(p).itt;
	send_data_in(p, itt, 0, 0, 4096, false);
	send_data_in(p, itt, 2, 4096, 4096, true);
	expect_down(p, &fault_sequence_gap);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
}

static void test_data_in_beyond_the_buffer_ends_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	puppet_up(p);
	order_init(&o, CMD_READ, buf, 4096);
	session_submit(p->s, &o.cmd);
	send_data_in(p, take_command(p).itt, 0, 0, 4097, true);
	expect_down(p, &fault_bad_data_in);
}

static void test_data_in_out_of_order_ends_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	puppet_up(p);
	order_init(&o, CMD_READ, buf, 8192);
	session_submit(p->s, &o.cmd);
	send_data_in(p, take_command(p).itt, 0, 4096, 4096, true);
	expect_down(p, &fault_bad_data_in);
}

static void test_data_in_for_a_write_ends_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	puppet_up(p);
	order_init(&o, CMD_WRITE, buf, 4096);
	session_submit(p->s, &o.cmd);
	send_data_in(p, take_command(p).itt, 0, 0, 512, false);
	expect_down(p, &fault_bad_data_in);
}

static void test_data_in_for_an_unknown_task_ends_the_session(void **state)
{
	struct puppet *p = *state;

	puppet_up(p);
	send_data_in(p, 3, 0, 0, 512, true);
	expect_down(p, &fault_unknown_tag);
}

static void test_an_answer_to_a_task_of_before_is_not_taken(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t old;

	puppet_up(p);
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	old = take_command(p).itt;
	puppet_scsi_rsp(p, old, 0, NULL, 0);
	session_submit(p->s, &o.cmd);
	assert_int_not_equal(take_command(p).itt, old);
	puppet_scsi_rsp(p, old, 0, NULL, 0);
	assert_int_equal(o.done, 1);
	expect_down(p, &fault_unknown_tag);
}

static void test_empty_data_in_is_no_error(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	puppet_up(p);
	order_init(&o, CMD_READ, buf, 512);
	session_submit(p->s, &o.cmd);
	itt = take_command(p).itt;
	send_data_in(p, itt, 0, 0, 0, false);
	send_data_in(p, itt, 1, 0, 512, true);
	assert_int_equal(o.done, 1);
}

static void test_empty_data_in_needs_no_place(void **state)
{
	struct puppet *p = *state;
	static uint8_t got[1024];
	static struct order o;
	uint32_t itt;

	puppet_up(p);
	order_init(&o, CMD_READ, got, sizeof(got));
	session_submit(p->s, &o.cmd);
	itt = take_command(p).itt;
	send_data_in(p, itt, 0, 0, 1024, false);
	send_data_in(p, itt, 1, 0, 0, true); /* only the status */
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.underflow, 0);
}

static void test_a_short_read_without_a_word_counts_as_underflow(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	puppet_up(p);
	order_init(&o, CMD_READ, buf, 8192);
	session_submit(p->s, &o.cmd);
	itt = take_command(p).itt;
	send_data_in(p, itt, 0, 0, 4096, false);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.underflow, 4096);
}

static void test_residuals_and_sense_reach_the_owner(void **state)
{
	static const uint8_t sense[18] = { 0x70, 0, 5, [12] = 0x24 };
	struct puppet *p = *state;
	struct pdu_scsi_rsp rsp = {
		.overflow = true,
		.status = 2,
		.residual = 1000,
		.data_len = 20,
	};
	uint8_t bhs[BHS_LEN], data[20] = { 0, 18 };
	static struct order o;

	puppet_up(p);
	order_init(&o, CMD_WRITE, buf, 512);
	session_submit(p->s, &o.cmd);
	rsp.itt = take_command(p).itt;
	rsp.sn = puppet_sn(p);
	pdu_put_scsi_rsp(bhs, &rsp);
	memcpy(data + 2, sense, 18);
	puppet_send(p, bhs, data, 20);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.overflow, 1000);
	assert_int_equal(o.cmd.sense_len, 18);
	assert_memory_equal(o.cmd.sense, sense, 18);
}

static void test_a_sense_length_that_lies_is_cut(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_rsp rsp = { .status = 2, .data_len = 6 };
	static const uint8_t data[6] = { 0xff, 0xff, 0x70, 0, 3, 0 };
	uint8_t bhs[BHS_LEN];
	static struct order o;

	puppet_up(p);
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	rsp.itt = take_command(p).itt;
	rsp.sn = puppet_sn(p);
	pdu_put_scsi_rsp(bhs, &rsp);
	puppet_send(p, bhs, data, 6);
	assert_int_equal(o.cmd.sense_len, 4);
}

static void test_more_data_than_agreed_ends_the_session(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	p->cfg.max_recv_data = 4096;
	puppet_up(p);
	order_init(&o, CMD_READ, buf, 8192);
	session_submit(p->s, &o.cmd);
	send_data_in(p, take_command(p).itt, 0, 0, 4097, false);
	expect_down(p, &fault_pdu_too_long);
}

/* Digests ------------------------------------------------------------- */

static void up_with_digests(struct puppet *p)
{
	p->cfg.header_digest = p->cfg.data_digest = DIGEST_ALWAYS;
	UP(p, "HeaderDigest=CRC32C\0DataDigest=CRC32C\0InitialR2T=No");
	p->header_digest = p->data_digest = true;
}

static void test_digests_protect_both_directions(void **state)
{
	struct puppet *p = *state;
	static uint8_t got[5001];
	static struct order o;
	uint32_t itt;

	up_with_digests(p);
	order_init(&o, CMD_WRITE, buf, 5001);
	session_submit(p->s, &o.cmd);
	puppet_scsi_rsp(p, take_command(p).itt, 0, NULL, 0);
	assert_int_equal(o.done, 1);
	order_init(&o, CMD_READ, got, sizeof(got));
	session_submit(p->s, &o.cmd);
	itt = take_command(p).itt;
	send_data_in(p, itt, 0, 0, sizeof(got), true);
	assert_int_equal(o.done, 1);
	assert_memory_equal(got, buf, sizeof(got));
}

static void corrupt(struct puppet *p, size_t at, const struct fault *why)
{
	static uint8_t got[512], stream[1024];
	struct pdu_data_in pdu = {
		.final = true,
		.has_status = true,
		.ttt = TAG_NONE,
		.data_len = 512,
	};
	static struct order o;

	up_with_digests(p);
	order_init(&o, CMD_READ, got, sizeof(got));
	session_submit(p->s, &o.cmd);
	pdu.itt = take_command(p).itt;
	pdu.sn = puppet_sn(p);
	pdu_put_data_in(stream, &pdu);
	put_le32(stream + BHS_LEN, digest_of(stream, BHS_LEN));
	memcpy(stream + 52, buf, 512);
	put_le32(stream + 564, digest_of(stream + 52, 512));
	stream[at] ^= 4;
	puppet_raw(p, stream, 568, sizeof(stream));
	expect_down(p, why);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
}

static void test_a_flipped_bit_in_a_header_is_found(void **state)
{
	corrupt(*state, 40, &fault_header_digest);
}

static void test_a_flipped_bit_in_data_is_found(void **state)
{
	corrupt(*state, 300, &fault_data_digest);
}

static void test_a_flipped_bit_in_a_data_digest_is_found(void **state)
{
	corrupt(*state, 566, &fault_data_digest);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_immediate_and_unsolicited_data_fill_the_first_burst),
		T(test_a_small_write_goes_whole_with_its_command),
		T(test_without_immediate_data_it_comes_in_data_out),
		T(test_initial_r2t_allows_immediate_data_only),
		T(test_nothing_goes_unasked_when_both_forbid_it),
		T(test_an_r2t_is_answered_in_pdus_the_target_can_take),
		T(test_several_r2ts_are_served_in_their_order),
		cmocka_unit_test(
			test_an_r2t_outside_the_rules_ends_the_session),
		T(test_more_r2ts_than_agreed_end_the_session),
		T(test_an_r2t_for_a_read_ends_the_session),
		T(test_a_command_keeps_its_buffer_until_it_is_sent),
		T(test_no_data_follow_a_logout),
		T(test_what_went_out_is_not_offered_again),
		T(test_data_in_lands_in_the_buffer_with_its_status),
		cmocka_unit_test(test_no_split_of_the_bytes_changes_a_read),
		T(test_a_missing_data_in_ends_the_session),
		T(test_data_in_beyond_the_buffer_ends_the_session),
		T(test_data_in_out_of_order_ends_the_session),
		T(test_data_in_for_a_write_ends_the_session),
		T(test_data_in_for_an_unknown_task_ends_the_session),
		T(test_an_answer_to_a_task_of_before_is_not_taken),
		T(test_empty_data_in_is_no_error),
		T(test_empty_data_in_needs_no_place),
		T(test_a_short_read_without_a_word_counts_as_underflow),
		T(test_residuals_and_sense_reach_the_owner),
		T(test_a_sense_length_that_lies_is_cut),
		T(test_more_data_than_agreed_ends_the_session),
		T(test_digests_protect_both_directions),
		T(test_a_flipped_bit_in_a_header_is_found),
		T(test_a_flipped_bit_in_data_is_found),
		T(test_a_flipped_bit_in_a_data_digest_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

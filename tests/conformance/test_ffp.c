/*
 * test_ffp - UNH-IOL Initiator Full Feature Phase, groups 1 to 12 and 16:
 * numbers, windows and data, as far as one connection at ErrorRecoveryLevel 0
 * is concerned.
 *
 * The tester is the target.  Cases that only the SCSI layer can show (a
 * command repeated after its status) are shown here with the same command
 * submitted again.
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

static uint8_t buf[100000];

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 13 + i / 241);
	*state = puppet_new();
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	return 0;
}

static struct pdu_data_out take_data(struct puppet *p)
{
	struct pdu_data_out pdu = puppet_data_out(p);

	assert_memory_equal(p->data, buf + pdu.offset, p->len);
	return pdu;
}

/* Submits a write of len bytes and takes its command. */
static struct pdu_scsi_cmd write_order(struct puppet *p, struct order *o,
				       uint32_t len)
{
	order_init(o, CMD_WRITE, buf, len);
	session_submit(p->s, &o->cmd);
	return puppet_command(p);
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

/* 1 to 5: numbers ----------------------------------------------------- */

static void test_ffp_1_1_cmdsn_counts_from_the_first_login_on(void **state)
{
	struct puppet *p = *state;
	struct pdu_login_req login;
	static struct order o[3];

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_int_equal(pdu_get_login_req(p->bhs, &login), 0);
	puppet_login_rsp(p, STAGE_OPERATIONAL, true, STAGE_FULL_FEATURE, 0,
			 NULL, 0);
	for (uint32_t i = 0; i < 3; i++) {
		puppet_submit(p, &o[i]);
		assert_int_equal(get_be32(p->bhs + 24), login.cmdsn + i);
		assert_false(pdu_immediate(p->bhs));
	}
}

static void test_ffp_2_1_an_immediate_ping_spends_no_cmdsn(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t cmdsn;

	puppet_up(p);
	puppet_nop_in(p, 0x1111);
	puppet_expect(p, OP_NOP_OUT);
	assert_true(pdu_immediate(p->bhs));
	cmdsn = get_be32(p->bhs + 24);
	puppet_submit(p, &o);
	assert_int_equal(get_be32(p->bhs + 24), cmdsn);
}

static void test_ffp_2_2_an_immediate_function_spends_no_cmdsn(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order a, b;
	uint32_t cmdsn;

	puppet_up(p);
	puppet_submit(p, &a);
	assert_int_equal(puppet_manage(p, &t, TMF_ABORT_TASK, &a.cmd), 0);
	puppet_expect(p, OP_TMF_REQ);
	assert_true(pdu_immediate(p->bhs));
	cmdsn = get_be32(p->bhs + 24);
	puppet_submit(p, &b);
	assert_int_equal(get_be32(p->bhs + 24), cmdsn);
}

static void test_ffp_3_1_a_window_closed_at_login_is_kept_to(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	p->maxcmdsn = p->expcmdsn - 1;
	puppet_up(p);
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	assert_false(puppet_take(p));
	puppet_tick(p, 2000);
	puppet_expect(p, OP_NOP_OUT); /* asking is allowed */
	assert_false(puppet_take(p));
	p->maxcmdsn = p->expcmdsn;
	puppet_nop_in(p, TAG_NONE);
	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(get_be32(p->bhs + 24), p->maxcmdsn);
}

static void test_ffp_3_2_a_wide_window_is_made_use_of(void **state)
{
	struct puppet *p = *state;
	static struct order o[101];

	p->maxcmdsn = p->expcmdsn + 99;
	puppet_up(p);
	for (int i = 0; i < 100; i++)
		puppet_submit(p, &o[i]);
	order_init(&o[100], CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o[100].cmd);
	assert_false(puppet_take(p));
}

static void test_ffp_3_3_a_window_of_one_takes_one(void **state)
{
	struct puppet *p = *state;
	static struct order a, b;
	uint32_t itt;

	p->maxcmdsn = p->expcmdsn;
	puppet_up(p);
	itt = puppet_submit(p, &a);
	order_init(&b, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &b.cmd);
	assert_false(puppet_take(p));
	p->expcmdsn++;
	puppet_scsi_rsp(p, itt, 0, NULL, 0); /* done, but closed */
	assert_int_equal(a.done, 1);
	assert_false(puppet_take(p));
	p->maxcmdsn++;
	puppet_nop_in(p, TAG_NONE);
	puppet_expect(p, OP_SCSI_CMD);
}

static void test_ffp_5_1_a_statsn_half_a_circle_off_is_recovered(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	puppet_up(p);
	itt = puppet_submit(p, &o);
	p->statsn += 0x80000000;
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	puppet_expect_down(p, &fault_sequence_gap);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
}

/* 6 to 9: Data-Out ---------------------------------------------------- */

static void test_ffp_6_1_each_r2t_has_datasn_from_0(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No\0"
		     "MaxRecvDataSegmentLength=512\0MaxOutstandingR2T=1");
	itt = write_order(p, &o, 4096).itt;
	for (uint32_t r = 0; r < 2; r++) {
		puppet_r2t(p, itt, 10 + r, r, r * 2048, 2048);
		for (uint32_t i = 0; i < 4; i++)
			assert_int_equal(take_data(p).datasn, i);
		assert_false(puppet_take(p));
	}
}

static void test_ffp_8_1_first_burst_is_never_exceeded(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	struct pdu_data_out out;
	static struct order o;
	uint32_t sum;

	PUPPET_UP(p, "InitialR2T=No\0ImmediateData=Yes\0MaxBurstLength=1024\0"
		     "FirstBurstLength=512\0MaxRecvDataSegmentLength=256000\0"
		     "MaxOutstandingR2T=1");
	cmd = write_order(p, &o, 4096);
	sum = p->len;
	assert_int_equal(sum, 512);
	assert_true(cmd.final);
	assert_false(puppet_take(p));
	for (uint32_t r = 0; sum < 4096; r++) {
		uint32_t n = 4096 - sum < 1024 ? 4096 - sum : 1024;

		puppet_r2t(p, cmd.itt, 20 + r, r, sum, n);
		out = take_data(p);
		assert_int_equal(out.offset, sum);
		assert_int_equal(out.data_len, n);
		assert_true(out.final);
		sum += n;
	}
	assert_false(puppet_take(p));
}

static void test_ffp_8_1_the_first_burst_may_take_two_pdus(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;
	struct pdu_data_out out;
	static struct order o;

	PUPPET_UP(p, "InitialR2T=No\0ImmediateData=Yes\0"
		     "FirstBurstLength=700\0MaxRecvDataSegmentLength=512");
	cmd = write_order(p, &o, 4096);
	assert_int_equal(p->len, 512);
	assert_false(cmd.final);
	out = take_data(p);
	assert_int_equal(out.offset, 512);
	assert_int_equal(out.data_len, 188);
	assert_int_equal(out.ttt, TAG_NONE);
	assert_true(out.final);
	assert_false(puppet_take(p));
}

static void test_ffp_8_2_no_data_go_before_they_are_asked_for(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	struct pdu_scsi_cmd cmd;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No");
	cmd = write_order(p, &o, 4096);
	assert_int_equal(p->len, 0);
	assert_true(cmd.final);
	assert_false(puppet_take(p));
	puppet_r2t(p, cmd.itt, 1, 0, 0, 4096);
	assert_int_equal(take_data(p).data_len, 4096);
}

static void test_ffp_8_3_unsolicited_data_keep_to_first_burst(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t sum = 0;
	struct pdu_data_out out;

	PUPPET_UP(p, "InitialR2T=No\0ImmediateData=No\0"
		     "FirstBurstLength=1300\0MaxRecvDataSegmentLength=512");
	assert_false(write_order(p, &o, 4096).final);
	assert_int_equal(p->len, 0);
	do {
		out = take_data(p);
		assert_int_equal(out.ttt, TAG_NONE);
		assert_int_equal(out.offset, sum);
		sum += out.data_len;
	} while (!out.final);
	assert_int_equal(sum, 1300);
	assert_false(puppet_take(p));
}

static void test_ffp_9_1_data_carry_the_tag_that_asked(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	struct pdu_data_out out;
	uint32_t itt;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No\0"
		     "MaxRecvDataSegmentLength=512");
	itt = write_order(p, &o, 1024).itt;
	puppet_r2t(p, itt, 0xdeadbeef, 0, 0, 1024);
	for (int i = 0; i < 2; i++) {
		out = take_data(p);
		assert_int_equal(out.ttt, 0xdeadbeef);
		assert_int_equal(out.itt, itt);
		assert_int_equal(out.lun[1], 1);
	}
}

/* 10, 11: PDUs of data ------------------------------------------------ */

static void test_ffp_10_1_status_in_the_last_data_in_is_enough(void **state)
{
	struct puppet *p = *state;
	static uint8_t got[2048];
	static struct order a, b;
	uint32_t itt;

	puppet_up(p);
	order_init(&a, CMD_READ, got, sizeof(got));
	session_submit(p->s, &a.cmd);
	itt = puppet_command(p).itt;
	send_data_in(p, itt, 0, 0, 1024, false);
	send_data_in(p, itt, 1, 1024, 1024, true);
	assert_int_equal(a.done, 1);
	assert_int_equal(a.cmd.status, 0);
	puppet_submit(p, &b);
	assert_int_equal(get_be32(p->bhs + 28), p->statsn);
}

static void test_ffp_11_1_1_no_pdu_exceeds_what_the_target_takes(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	struct pdu_scsi_cmd cmd;
	struct pdu_data_out out;
	uint32_t sum;

	PUPPET_UP(p, "InitialR2T=No\0ImmediateData=Yes\0"
		     "MaxBurstLength=262144\0FirstBurstLength=65536\0"
		     "MaxRecvDataSegmentLength=512");
	cmd = write_order(p, &o, sizeof(buf));
	sum = p->len;
	assert_int_equal(sum, 512);
	do {
		out = take_data(p);
		assert_true(out.data_len <= 512);
		sum += out.data_len;
	} while (!out.final);
	assert_int_equal(sum, 65536);
	puppet_r2t(p, cmd.itt, 1, 0, sum, (uint32_t)sizeof(buf) - sum);
	do {
		out = take_data(p);
		assert_true(out.data_len <= 512);
		sum += out.data_len;
	} while (!out.final);
	assert_int_equal(sum, sizeof(buf));
}

static void test_ffp_11_2_only_the_last_pdu_of_a_burst_is_final(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	PUPPET_UP(p, "InitialR2T=No\0ImmediateData=No\0"
		     "FirstBurstLength=1024\0MaxRecvDataSegmentLength=512\0"
		     "MaxOutstandingR2T=2");
	itt = write_order(p, &o, 3072).itt;
	assert_false(take_data(p).final);
	assert_true(take_data(p).final); /* 11.2.1, unsolicited */
	puppet_r2t(p, itt, 1, 0, 1024, 1024);
	puppet_r2t(p, itt, 2, 1, 2048, 1024);
	for (int i = 0; i < 4; i++) /* 11.2.2, solicited */
		assert_int_equal(take_data(p).final, i % 2);
}

static void test_ffp_11_4_offsets_are_right_and_rise(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No\0"
		     "MaxRecvDataSegmentLength=1024\0MaxOutstandingR2T=1");
	itt = write_order(p, &o, 8192).itt;
	for (uint32_t r = 0; r < 4; r++) {
		puppet_r2t(p, itt, 1, r, r * 2048, 2048);
		assert_int_equal(take_data(p).offset, r * 2048);
		assert_int_equal(take_data(p).offset, r * 2048 + 1024);
	}
}

/* 12: R2T ------------------------------------------------------------- */

static void test_ffp_12_1_a_single_r2t_gets_what_it_asked_for(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	struct pdu_data_out out;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No");
	puppet_r2t(p, write_order(p, &o, 1024).itt, 0xabbaabba, 0, 0, 1024);
	out = take_data(p);
	assert_int_equal(out.ttt, 0xabbaabba);
	assert_int_equal(out.offset, 0);
	assert_int_equal(out.data_len, 1024);
	assert_true(out.final);
	assert_false(puppet_take(p));
}

static void test_ffp_12_2_a_split_answer_has_no_holes(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	struct pdu_data_out out;
	uint32_t at = 1000;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No\0"
		     "MaxRecvDataSegmentLength=512");
	puppet_r2t(p, write_order(p, &o, 8192).itt, 5, 0, at, 3333);
	do {
		out = take_data(p);
		assert_int_equal(out.offset, at);
		at += out.data_len;
	} while (!out.final);
	assert_int_equal(at, 4333);
	assert_false(puppet_take(p));
}

static void test_ffp_12_3_odd_r2ts_are_served_as_they_came(void **state)
{
	static const uint32_t at[3] = { 4001, 0, 2003 },
			      n[3] = { 95, 2003, 1998 };
	struct puppet *p = *state;
	static struct order o;
	struct pdu_data_out out;
	uint32_t itt;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No\0MaxOutstandingR2T=3");
	itt = write_order(p, &o, 4096).itt;
	for (uint32_t i = 0; i < 3; i++)
		puppet_r2t(p, itt, i + 1, i, at[i], n[i]);
	for (uint32_t i = 0; i < 3; i++) {
		out = take_data(p);
		assert_int_equal(out.ttt, i + 1);
		assert_int_equal(out.offset, at[i]);
		assert_int_equal(out.data_len, n[i]);
	}
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.underflow, 0);
}

/* 11.4.2: GOOD before all data were asked for is not the end of a write. */
static void test_ffp_12_3_what_no_r2t_asked_for_was_not_written(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	uint32_t itt;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No\0MaxOutstandingR2T=1");
	itt = write_order(p, &o, 4096).itt;
	puppet_r2t(p, itt, 1, 0, 1024, 2048);
	assert_int_equal(take_data(p).offset, 1024);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.underflow, 2048);
}

static void test_ffp_12_4_parallel_writes_follow_the_r2ts(void **state)
{
	struct puppet *p = *state;
	static struct order a, b;
	uint32_t first, second;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No\0MaxOutstandingR2T=1");
	order_init(&a, CMD_WRITE, buf, 1024);
	order_init(&b, CMD_WRITE, buf, 1024);
	session_submit(p->s, &a.cmd);
	session_submit(p->s, &b.cmd);
	first = puppet_command(p).itt;
	second = puppet_command(p).itt;
	puppet_r2t(p, second, 1, 0, 0, 1024);
	puppet_r2t(p, first, 2, 0, 0, 1024);
	assert_int_equal(take_data(p).itt, second);
	assert_int_equal(take_data(p).itt, first);
}

/* 16: SCSI commands --------------------------------------------------- */

static void test_ffp_16_1_1_the_first_command_follows_the_login(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	struct pdu_scsi_cmd cmd;
	uint32_t login_itt, cmdsn = p->expcmdsn;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	login_itt = get_be32(p->bhs + 16);
	puppet_login_rsp(p, STAGE_OPERATIONAL, true, STAGE_FULL_FEATURE, 0,
			 NULL, 0);
	cmd = write_order(p, &o, 512);
	assert_int_equal(cmd.cmdsn, cmdsn);
	assert_int_equal(cmd.expstatsn, p->statsn);
	assert_int_not_equal(cmd.itt, login_itt);
	assert_int_not_equal(cmd.itt, TAG_NONE);
	assert_int_equal(cmd.data_len, p->len);
}

static void test_ffp_16_1_2_without_immediate_data_there_are_none(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	PUPPET_UP(p, "ImmediateData=No");
	assert_int_equal(write_order(p, &o, 512).data_len, 0);
}

struct combination {
	const char *keys;
	size_t n;
	uint32_t immediate, unsolicited;
};
#define COMBINATION(keys, immediate, unsolicited)                              \
	{                                                                      \
		keys, sizeof(keys), immediate, unsolicited                     \
	}

/* 16.2.1 to 16.2.4 */
static void test_ffp_16_2_each_combination_sends_what_it_may(void **state)
{
	static const struct combination all[] = {
		COMBINATION("FirstBurstLength=3000\0InitialR2T=Yes\0"
			    "ImmediateData=Yes",
			    3000, 0),
		COMBINATION("FirstBurstLength=3000\0InitialR2T=Yes\0"
			    "ImmediateData=No",
			    0, 0),
		COMBINATION("FirstBurstLength=3000\0InitialR2T=No\0"
			    "ImmediateData=Yes\0MaxRecvDataSegmentLength=2048",
			    2048, 952),
		COMBINATION("FirstBurstLength=3000\0InitialR2T=No\0"
			    "ImmediateData=No",
			    0, 3000),
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct puppet *p = puppet_new();
		static struct order o;
		struct pdu_scsi_cmd cmd;

		puppet_up_with(p, all[i].keys, all[i].n);
		cmd = write_order(p, &o, 4096);
		assert_int_equal(cmd.data_len, all[i].immediate);
		assert_int_equal(cmd.final, all[i].unsolicited == 0);
		if (all[i].unsolicited)
			assert_int_equal(take_data(p).data_len,
					 all[i].unsolicited);
		assert_false(puppet_take(p));
		puppet_free(p);
	}
}

static void test_ffp_16_3_1_a_write_of_nothing_sends_nothing(void **state)
{
	struct puppet *p = *state;
	static struct order o;
	struct pdu_scsi_cmd cmd;

	puppet_up(p);
	cmd = write_order(p, &o, 0);
	assert_int_equal(cmd.data_len, 0);
	assert_int_equal(cmd.edtl, 0);
	assert_true(cmd.final);
	assert_false(puppet_take(p));
}

/* 16.4.1, 16.4.3 to 16.4.6: never a retry of the old number. */
static void test_ffp_16_4_a_repeated_command_is_a_new_one(void **state)
{
	static const uint8_t crc[18] = { 0x70, 0, 0xb, [12] = 0x47, [13] = 5 };
	static const uint8_t stati[] = { 0x02, 0x08, 0x18 };
	struct puppet *p = *state;
	static struct order o;
	struct pdu_scsi_cmd before, after;

	puppet_up(p);
	before = write_order(p, &o, 512);
	for (size_t i = 0; i < sizeof(stati); i++) {
		puppet_scsi_rsp(p, before.itt, stati[i],
				stati[i] == 2 ? crc : NULL,
				stati[i] == 2 ? sizeof(crc) : 0);
		assert_int_equal(o.done, i + 1);
		assert_int_equal(o.cmd.status, stati[i]);
		session_submit(p->s, &o.cmd);
		after = puppet_command(p);
		assert_int_equal(after.cmdsn, before.cmdsn + 1);
		assert_int_not_equal(after.itt, before.itt);
		assert_int_equal(o.cmd.sense_len, 0);
		before = after;
	}
}

static void test_ffp_16_5_a_response_may_close_the_window(void **state)
{
	struct puppet *p = *state;
	static struct order a, b;
	uint32_t itt;

	p->maxcmdsn = p->expcmdsn;
	puppet_up(p);
	itt = puppet_submit(p, &a);
	p->expcmdsn = 2;
	p->maxcmdsn = 1;
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	order_init(&b, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &b.cmd);
	assert_false(puppet_take(p));
	p->maxcmdsn = 2;
	puppet_nop_in(p, TAG_NONE);
	puppet_expect(p, OP_SCSI_CMD);
}

static void test_ffp_16_6_data_beyond_the_first_burst_wait(void **state)
{
	struct puppet *p = *state;
	static struct order a, b;
	struct pdu_scsi_cmd cmd;

	PUPPET_UP(p, "InitialR2T=No\0ImmediateData=Yes\0"
		     "FirstBurstLength=1024");
	cmd = write_order(p, &a, 1024);
	assert_int_equal(cmd.data_len, cmd.edtl);
	assert_true(cmd.final);
	cmd = write_order(p, &b, 1025);
	assert_int_equal(cmd.edtl, 1025);
	assert_int_equal(cmd.data_len, 1024);
	assert_true(cmd.final);
	assert_false(puppet_take(p));
	puppet_r2t(p, cmd.itt, 1, 0, 1024, 1);
	assert_int_equal(take_data(p).data_len, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_ffp_1_1_cmdsn_counts_from_the_first_login_on),
		T(test_ffp_2_1_an_immediate_ping_spends_no_cmdsn),
		T(test_ffp_2_2_an_immediate_function_spends_no_cmdsn),
		T(test_ffp_3_1_a_window_closed_at_login_is_kept_to),
		T(test_ffp_3_2_a_wide_window_is_made_use_of),
		T(test_ffp_3_3_a_window_of_one_takes_one),
		T(test_ffp_5_1_a_statsn_half_a_circle_off_is_recovered),
		T(test_ffp_6_1_each_r2t_has_datasn_from_0),
		T(test_ffp_8_1_first_burst_is_never_exceeded),
		T(test_ffp_8_1_the_first_burst_may_take_two_pdus),
		T(test_ffp_8_2_no_data_go_before_they_are_asked_for),
		T(test_ffp_8_3_unsolicited_data_keep_to_first_burst),
		T(test_ffp_9_1_data_carry_the_tag_that_asked),
		T(test_ffp_10_1_status_in_the_last_data_in_is_enough),
		T(test_ffp_11_1_1_no_pdu_exceeds_what_the_target_takes),
		T(test_ffp_11_2_only_the_last_pdu_of_a_burst_is_final),
		T(test_ffp_11_4_offsets_are_right_and_rise),
		T(test_ffp_12_1_a_single_r2t_gets_what_it_asked_for),
		T(test_ffp_12_2_a_split_answer_has_no_holes),
		T(test_ffp_12_3_odd_r2ts_are_served_as_they_came),
		T(test_ffp_12_3_what_no_r2t_asked_for_was_not_written),
		T(test_ffp_12_4_parallel_writes_follow_the_r2ts),
		T(test_ffp_16_1_1_the_first_command_follows_the_login),
		T(test_ffp_16_1_2_without_immediate_data_there_are_none),
		cmocka_unit_test(
			test_ffp_16_2_each_combination_sends_what_it_may),
		T(test_ffp_16_3_1_a_write_of_nothing_sends_nothing),
		T(test_ffp_16_4_a_repeated_command_is_a_new_one),
		T(test_ffp_16_5_a_response_may_close_the_window),
		T(test_ffp_16_6_data_beyond_the_first_burst_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

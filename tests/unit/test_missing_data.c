/*
 * test_missing_data - an answer says that all is done; what was counted here
 * says whether all the data moved (RFC 7143 11.4).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/conn.h"
#include "proto/fault.h"
#include "puppet.h"

static uint8_t buf[8192];
static struct order order;

static int setup(void **state)
{
	*state = puppet_new();
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	return 0;
}

static uint32_t begin(struct puppet *p, enum cmd_dir dir)
{
	order_init(&order, dir, buf, dir == CMD_NO_DATA ? 0 : sizeof(buf));
	session_submit(p->s, &order.cmd);
	return puppet_command(p).itt;
}

/* The status alone, with these residuals. */
static void answer(struct puppet *p, struct pdu_scsi_rsp rsp)
{
	uint8_t bhs[BHS_LEN];

	rsp.sn = puppet_sn(p);
	pdu_put_scsi_rsp(bhs, &rsp);
	puppet_send(p, bhs, NULL, 0);
}

static void expect(uint32_t underflow, uint32_t overflow)
{
	assert_int_equal(order.done, 1);
	assert_int_equal(order.cmd.outcome, CMD_DONE);
	assert_int_equal(order.cmd.underflow, underflow);
	assert_int_equal(order.cmd.overflow, overflow);
}

/* Reads --------------------------------------------------------------- */

static void test_data_that_were_sent_and_did_not_come_end_the_session(void **s)
{
	struct puppet *p = *s;

	puppet_up(p);
	answer(p, (struct pdu_scsi_rsp){ .itt = begin(p, CMD_READ),
					 .exp_datasn = 2 });
	puppet_expect_down(p, &fault_sequence_gap);
	assert_int_equal(order.cmd.outcome, CMD_LOST);
}

static void test_a_target_that_does_not_count_is_believed(void **s)
{
	struct puppet *p = *s;

	puppet_up(p);
	puppet_scsi_rsp(p, begin(p, CMD_READ), 0, NULL, 0);
	expect(sizeof(buf), 0);
}

/* Writes -------------------------------------------------------------- */

static void up_asking(struct puppet *p)
{
	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=No\0MaxOutstandingR2T=4");
}

static void take_data(struct puppet *p, uint32_t bytes)
{
	while (bytes)
		bytes -= puppet_data_out(p).data_len;
}

static void test_a_write_that_nobody_asked_data_for_lacks_them(void **s)
{
	struct puppet *p = *s;

	up_asking(p);
	puppet_scsi_rsp(p, begin(p, CMD_WRITE), 0, NULL, 0);
	expect(sizeof(buf), 0);
}

static void test_a_write_lacks_what_it_was_not_asked_for(void **s)
{
	struct puppet *p = *s;
	uint32_t itt;

	up_asking(p);
	itt = begin(p, CMD_WRITE);
	puppet_r2t(p, itt, 1, 0, 0, 4096);
	take_data(p, 4096);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	expect(4096, 0);
}

static void test_a_write_whose_data_all_went_lacks_nothing(void **s)
{
	struct puppet *p = *s;
	uint32_t itt;

	up_asking(p);
	itt = begin(p, CMD_WRITE);
	puppet_r2t(p, itt, 1, 0, 0, 4096);
	puppet_r2t(p, itt, 2, 1, 4096, 4096);
	take_data(p, 8192);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	expect(0, 0);
}

static void test_data_that_are_asked_for_again_count_once(void **s)
{
	struct puppet *p = *s;
	uint32_t itt;

	up_asking(p);
	itt = begin(p, CMD_WRITE);
	puppet_r2t(p, itt, 1, 0, 0, 4096);
	puppet_r2t(p, itt, 2, 1, 0, 4096);
	take_data(p, 8192);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	expect(4096, 0);
}

static void test_the_order_in_which_data_are_asked_for_is_free(void **s)
{
	struct puppet *p = *s;
	uint32_t itt;

	up_asking(p);
	itt = begin(p, CMD_WRITE);
	puppet_r2t(p, itt, 1, 0, 4096, 4096);
	puppet_r2t(p, itt, 2, 1, 0, 4096);
	take_data(p, 8192);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	expect(0, 0);
}

/* 11.4.2: a target has to wait for the last Data-Out. */
static void test_data_that_wait_here_when_the_answer_comes_are_missing(void **s)
{
	struct puppet *p = *s;
	struct iovec iov[CONN_TX_IOV];
	uint32_t itt;

	up_asking(p);
	itt = begin(p, CMD_WRITE);
	puppet_r2t(p, itt, 1, 0, 0, sizeof(buf));
	assert_true(conn_tx_want(p->c, iov, CONN_TX_IOV) > 0);
	conn_tx_done(p->c, BHS_LEN + 100, p->now);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	assert_int_equal(order.done, 0); /* its buffer is still in use */
	conn_tx_done(p->c, sizeof(buf) - 100, p->now);
	expect(sizeof(buf), 0);
}

static void test_immediate_data_that_are_all_lack_nothing(void **s)
{
	struct puppet *p = *s;

	PUPPET_UP(p, "InitialR2T=Yes\0ImmediateData=Yes\0"
		     "FirstBurstLength=65536\0MaxRecvDataSegmentLength=65536");
	puppet_scsi_rsp(p, begin(p, CMD_WRITE), 0, NULL, 0);
	expect(0, 0);
}

static void test_unsolicited_data_count(void **s)
{
	struct puppet *p = *s;
	uint32_t itt;

	PUPPET_UP(p, "InitialR2T=No\0ImmediateData=Yes\0"
		     "FirstBurstLength=4096\0MaxRecvDataSegmentLength=1024");
	itt = begin(p, CMD_WRITE);
	take_data(p, 3072);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	expect(4096, 0);
}

/* Of a tag that is used again. */
static void test_each_command_is_counted_by_itself(void **s)
{
	struct puppet *p = *s;
	uint32_t itt;

	up_asking(p);
	itt = begin(p, CMD_WRITE);
	puppet_r2t(p, itt, 1, 0, 0, sizeof(buf));
	take_data(p, sizeof(buf));
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	expect(0, 0);
	puppet_scsi_rsp(p, begin(p, CMD_WRITE), 0, NULL, 0);
	expect(sizeof(buf), 0);
}

/* What the target says ------------------------------------------------ */

static void test_the_target_may_miss_more_than_was_counted(void **s)
{
	struct puppet *p = *s;
	uint32_t itt;

	up_asking(p);
	itt = begin(p, CMD_WRITE);
	puppet_r2t(p, itt, 1, 0, 0, sizeof(buf));
	take_data(p, sizeof(buf));
	answer(p, (struct pdu_scsi_rsp){
			  .itt = itt, .underflow = true, .residual = 512 });
	expect(512, 0);
}

static void test_a_residual_is_at_most_the_command(void **s)
{
	struct puppet *p = *s;

	puppet_up(p);
	answer(p, (struct pdu_scsi_rsp){ .itt = begin(p, CMD_READ),
					 .underflow = true,
					 .residual = 0xffffffff });
	expect(sizeof(buf), 0);
}

/* 11.4.5: with neither bit set it means nothing. */
static void test_a_residual_without_its_bit_is_none(void **s)
{
	struct puppet *p = *s;

	puppet_up(p);
	answer(p, (struct pdu_scsi_rsp){ .itt = begin(p, CMD_WRITE),
					 .residual = 512 });
	expect(0, 0);
}

static void test_a_command_without_data_can_only_lack_room(void **s)
{
	struct puppet *p = *s;

	puppet_up(p);
	answer(p, (struct pdu_scsi_rsp){ .itt = begin(p, CMD_NO_DATA),
					 .underflow = true,
					 .residual = 512 });
	expect(0, 0);
	answer(p, (struct pdu_scsi_rsp){ .itt = begin(p, CMD_NO_DATA),
					 .overflow = true,
					 .residual = 512 });
	expect(0, 512);
}

/* Both bits: no such PDU (11.4.1), and who knows what it means? */
static void test_both_bits_end_the_session(void **s)
{
	struct puppet *p = *s;

	puppet_up(p);
	answer(p, (struct pdu_scsi_rsp){ .itt = begin(p, CMD_READ),
					 .underflow = true,
					 .overflow = true,
					 .residual = 512 });
	puppet_expect_down(p, &fault_pdu_format);
	assert_int_equal(order.cmd.outcome, CMD_LOST);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_data_that_were_sent_and_did_not_come_end_the_session),
		T(test_a_target_that_does_not_count_is_believed),
		T(test_a_write_that_nobody_asked_data_for_lacks_them),
		T(test_a_write_lacks_what_it_was_not_asked_for),
		T(test_a_write_whose_data_all_went_lacks_nothing),
		T(test_data_that_are_asked_for_again_count_once),
		T(test_the_order_in_which_data_are_asked_for_is_free),
		T(test_data_that_wait_here_when_the_answer_comes_are_missing),
		T(test_immediate_data_that_are_all_lack_nothing),
		T(test_unsolicited_data_count),
		T(test_each_command_is_counted_by_itself),
		T(test_the_target_may_miss_more_than_was_counted),
		T(test_a_residual_is_at_most_the_command),
		T(test_a_residual_without_its_bit_is_none),
		T(test_a_command_without_data_can_only_lack_room),
		T(test_both_bits_end_the_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

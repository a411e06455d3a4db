/*
 * test_missing_data - a SCSI Response counts the Data-In that were sent
 * (RFC 7143 11.4.8); one that did not come is noticed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "proto/fault.h"
#include "puppet.h"

static uint8_t buf[8192];

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

/* A read that is answered by a status alone, after so many Data-In. */
static void answer(struct puppet *p, struct order *o, uint32_t exp_datasn,
		   uint8_t status)
{
	struct pdu_scsi_rsp rsp = { .exp_datasn = exp_datasn,
				    .status = status };
	struct pdu_scsi_cmd cmd;
	uint8_t bhs[BHS_LEN];

	order_init(o, CMD_READ, buf, sizeof(buf));
	session_submit(p->s, &o->cmd);
	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(pdu_get_scsi_cmd(p->bhs, &cmd), 0);
	rsp.itt = cmd.itt;
	rsp.sn = puppet_sn(p);
	pdu_put_scsi_rsp(bhs, &rsp);
	puppet_send(p, bhs, NULL, 0);
}

static void test_data_that_were_sent_and_did_not_come_end_the_session(void **s)
{
	struct puppet *p = *s;
	static struct order o;

	answer(p, &o, 2, 0);
	puppet_expect_down(p, &fault_sequence_gap);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
}

static void test_a_target_that_does_not_count_is_believed(void **s)
{
	struct puppet *p = *s;
	static struct order o;

	answer(p, &o, 0, 0);
	assert_int_equal(o.cmd.outcome, CMD_DONE);
	assert_int_equal(o.cmd.underflow, sizeof(buf));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_data_that_were_sent_and_did_not_come_end_the_session),
		T(test_a_target_that_does_not_count_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

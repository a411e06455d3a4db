/*
 * test_manage - task management functions (RFC 7143 11.5, 11.6).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/topic.h"
#include "proto/fault.h"
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

static void test_abort_task_names_the_task_and_ends_it(void **state)
{
	struct puppet *p = *state;
	struct pdu_tmf_req req;
	static struct tmf_order t;
	static struct order o;
	uint32_t itt = puppet_submit(p, &o);

	assert_int_equal(puppet_manage(p, &t, TMF_ABORT_TASK, &o.cmd), 0);
	puppet_expect(p, OP_TMF_REQ);
	assert_int_equal(pdu_get_tmf_req(p->bhs, &req), 0);
	assert_int_equal(req.function, TMF_ABORT_TASK);
	assert_int_equal(req.ref_itt, itt);
	assert_int_equal(req.ref_cmdsn, 1);
	assert_int_equal(req.cmdsn, 2);
	assert_true(req.immediate);
	assert_int_equal(req.lun[1], 1);
	puppet_tmf_rsp(p, req.itt, TMF_COMPLETE);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_ABORTED);
	assert_int_equal(t.done, 1);
	assert_int_equal(t.response, TMF_COMPLETE);
}

static void test_a_task_that_ends_before_its_abort_has_its_status(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order o;
	uint32_t itt = puppet_submit(p, &o);

	puppet_manage(p, &t, TMF_ABORT_TASK, &o.cmd);
	puppet_expect(p, OP_TMF_REQ);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	puppet_tmf_rsp(p, get_be32(p->bhs + 16), TMF_NO_TASK);
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_DONE);
	assert_int_equal(t.response, TMF_NO_TASK);
}

static void test_a_lun_reset_ends_the_tasks_of_its_lun_only(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order a, b;

	puppet_submit(p, &a);
	order_init(&b, CMD_NO_DATA, NULL, 0);
	b.cmd.lun[1] = 2;
	session_submit(p->s, &b.cmd);
	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(puppet_manage(p, &t, TMF_LUN_RESET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	puppet_tmf_rsp(p, get_be32(p->bhs + 16), TMF_COMPLETE);
	assert_int_equal(a.done, 1);
	assert_int_equal(b.done, 0);
}

/* 11.5.1: whether the target ends those that come later is open. */
static void test_a_reset_holds_back_what_it_could_hit(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order a, b;
	struct pdu_scsi_cmd cmd;

	assert_int_equal(puppet_manage(p, &t, TMF_LUN_RESET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	order_init(&a, CMD_NO_DATA, NULL, 0);
	order_init(&b, CMD_NO_DATA, NULL, 0);
	b.cmd.lun[1] = 2;
	session_submit(p->s, &a.cmd);
	session_submit(p->s, &b.cmd);
	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(pdu_get_scsi_cmd(p->bhs, &cmd), 0);
	assert_int_equal(cmd.lun[1], 2);
	assert_false(puppet_take(p));
	puppet_tmf_rsp(p, t.req.itt, TMF_COMPLETE);
	assert_int_equal(t.done, 1);
	assert_int_equal(a.done, 0);
	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(pdu_get_scsi_cmd(p->bhs, &cmd), 0);
	assert_int_equal(cmd.lun[1], 1);
}

static void test_an_abort_of_one_task_holds_nothing_back(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order a, b;

	puppet_submit(p, &a);
	assert_int_equal(puppet_manage(p, &t, TMF_ABORT_TASK, &a.cmd), 0);
	puppet_expect(p, OP_TMF_REQ);
	puppet_submit(p, &b);
}

static unsigned kicks;

static void count_kick(struct puppet *p)
{
	kicks++;
}

static void test_a_reset_without_answer_lets_commands_go_again(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order o;

	p->cfg.active_timeout = p->cfg.idle_timeout = 0;
	assert_int_equal(puppet_manage(p, &t, TMF_TARGET_WARM_RESET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	assert_false(puppet_take(p));
	p->on_kick = count_kick;
	kicks = 0;
	puppet_tick(p, 30000);
	assert_int_equal(t.response, -ETIMEDOUT);
	assert_int_equal(kicks, 1);
	puppet_expect(p, OP_SCSI_CMD);
}

static void test_a_refused_function_ends_no_task(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order o;

	puppet_submit(p, &o);
	puppet_manage(p, &t, TMF_LUN_RESET, NULL);
	puppet_expect(p, OP_TMF_REQ);
	puppet_tmf_rsp(p, get_be32(p->bhs + 16), TMF_NOT_SUPPORTED);
	assert_int_equal(o.done, 0);
	assert_int_equal(t.response, TMF_NOT_SUPPORTED);
}

static void test_one_function_at_a_time(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t, u;

	assert_int_equal(puppet_manage(p, &t, TMF_LUN_RESET, NULL), 0);
	assert_int_equal(puppet_manage(p, &u, TMF_LUN_RESET, NULL), -EBUSY);
}

static void test_a_function_without_answer_times_out(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order o;

	puppet_submit(p, &o);
	puppet_manage(p, &t, TMF_ABORT_TASK, &o.cmd);
	p->cfg.ping_timeout = 0;
	puppet_tick(p, 9999);
	assert_int_equal(t.done, 0);
	puppet_tick(p, 1);
	assert_int_equal(t.done, 1);
	assert_int_equal(t.response, -ETIMEDOUT);
	/* An answer that comes now is of no interest. */
	puppet_tmf_rsp(p, t.req.itt, TMF_COMPLETE);
	assert_int_equal(t.done, 1);
	assert_int_equal(o.done, 0);
}

static void send_reject(struct puppet *p, uint8_t reason,
			const uint8_t refused[static BHS_LEN])
{
	struct pdu_reject rej = {
		.reason = reason,
		.data_len = BHS_LEN,
		.sn = puppet_sn(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_reject(bhs, &rej);
	puppet_send(p, bhs, refused, BHS_LEN);
}

static void test_a_rejected_function_is_answered(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;

	assert_int_equal(puppet_manage(p, &t, TMF_LUN_RESET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	send_reject(p, REJECT_NOT_SUPPORTED, p->bhs);
	assert_int_equal(t.done, 1);
	assert_int_equal(t.response, TMF_REJECTED);
	assert_int_equal(p->closes, 0);
}

/* 11.17.1: "Immediate command reject - too many immediate commands". */
static void test_a_function_that_found_no_room_comes_again(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	uint32_t first;

	assert_int_equal(puppet_manage(p, &t, TMF_LUN_RESET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	first = t.req.itt;
	send_reject(p, REJECT_IMMEDIATE, p->bhs);
	assert_int_equal(session_next_wake(p->s), p->now + 40);
	puppet_tick(p, 39);
	assert_false(puppet_take(p));
	puppet_tick(p, 1);
	puppet_expect(p, OP_TMF_REQ);
	assert_int_not_equal(t.req.itt, first);
	assert_int_equal(get_be32(p->bhs + 16), t.req.itt);
	puppet_tmf_rsp(p, t.req.itt, TMF_COMPLETE);
	assert_int_equal(t.response, TMF_COMPLETE);
}

static void test_a_function_that_never_finds_room_times_out(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;

	p->cfg.ping_timeout = 0;
	assert_int_equal(puppet_manage(p, &t, TMF_ABORT_TASK_SET, NULL), 0);
	for (unsigned i = 0; i < 250; i++) {
		assert_int_equal(t.done, 0);
		puppet_expect(p, OP_TMF_REQ);
		send_reject(p, REJECT_IMMEDIATE, p->bhs);
		puppet_tick(p, 40);
	}
	assert_int_equal(t.response, -ETIMEDOUT);
}

static void test_a_cold_reset_gets_10_seconds(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;

	p->cfg.ping_timeout = 0;
	puppet_manage(p, &t, TMF_TARGET_COLD_RESET, NULL);
	puppet_tick(p, 9999);
	assert_int_equal(t.done, 0);
	puppet_tick(p, 1);
	assert_int_equal(t.response, -ETIMEDOUT);
}

static void test_a_reject_of_an_earlier_function_is_ignored(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t, u;
	uint8_t first[BHS_LEN];

	p->cfg.ping_timeout = 0;
	assert_int_equal(puppet_manage(p, &t, TMF_LUN_RESET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	memcpy(first, p->bhs, BHS_LEN);
	puppet_tick(p, 30000);
	assert_int_equal(t.response, -ETIMEDOUT);
	assert_int_equal(puppet_manage(p, &u, TMF_TARGET_WARM_RESET, NULL), 0);
	send_reject(p, REJECT_IMMEDIATE, first);
	assert_int_equal(u.done, 0);
	assert_int_equal(p->closes, 0);
}

static void test_a_command_that_waits_cannot_be_aborted(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order o;

	order_init(&o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o.cmd);
	assert_int_equal(puppet_manage(p, &t, TMF_ABORT_TASK, &o.cmd), -ENOENT);
}

static void test_who_asks_is_told_of_each_function(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;

	topics_set(TOPIC_EH);
	puppet_manage(p, &t, TMF_LUN_RESET, NULL);
	assert_string_equal(p->note, "eh: sending LUN RESET for LUN "
				     "0001000000000000, task ffffffff");
	puppet_expect(p, OP_TMF_REQ);
	puppet_tmf_rsp(p, t.req.itt, TMF_NOT_SUPPORTED);
	topics_set(0);
	assert_non_null(strstr(p->note, "eh: LUN RESET: "));
	assert_int_equal(p->notes, 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_abort_task_names_the_task_and_ends_it),
		T(test_a_task_that_ends_before_its_abort_has_its_status),
		T(test_a_lun_reset_ends_the_tasks_of_its_lun_only),
		T(test_a_reset_holds_back_what_it_could_hit),
		T(test_an_abort_of_one_task_holds_nothing_back),
		T(test_a_reset_without_answer_lets_commands_go_again),
		T(test_a_refused_function_ends_no_task),
		T(test_one_function_at_a_time),
		T(test_a_function_without_answer_times_out),
		T(test_a_rejected_function_is_answered),
		T(test_a_function_that_found_no_room_comes_again),
		T(test_a_function_that_never_finds_room_times_out),
		T(test_a_cold_reset_gets_10_seconds),
		T(test_a_reject_of_an_earlier_function_is_ignored),
		T(test_a_command_that_waits_cannot_be_aborted),
		T(test_who_asks_is_told_of_each_function),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

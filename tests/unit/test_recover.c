/*
 * test_recover - commands that get no answer, and LUNs to be cleared: one
 * function after the other (docs/recovery.md).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/list.h"
#include "proto/fault.h"
#include "puppet.h"

#define TIMEOUT 60000

static struct order one, two, three;

static int setup(void **state)
{
	struct puppet *p = puppet_new();

	/* Only what is tested here shall have a time. */
	p->cfg.active_timeout = p->cfg.idle_timeout = p->cfg.ping_timeout = 0;
	puppet_up(p);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	return 0;
}

/* Submits a command that may take ms; returns its ITT. */
static uint32_t submit(struct puppet *p, struct order *o, uint8_t lun,
		       uint32_t ms)
{
	order_init(o, CMD_NO_DATA, NULL, 0);
	o->cmd.lun[1] = lun;
	o->cmd.timeout = ms;
	session_submit(p->s, &o->cmd);
	puppet_expect(p, OP_SCSI_CMD);
	return get_be32(p->bhs + 16);
}

static struct pdu_tmf_req take_function(struct puppet *p)
{
	struct pdu_tmf_req req;

	puppet_expect(p, OP_TMF_REQ);
	assert_int_equal(pdu_get_tmf_req(p->bhs, &req), 0);
	return req;
}

static uint32_t expect_function(struct puppet *p, enum tmf function)
{
	struct pdu_tmf_req req = take_function(p);

	assert_int_equal(req.function, function);
	return req.itt;
}

/* It comes, and the target answers it. */
static void answer(struct puppet *p, enum tmf function, uint8_t response)
{
	puppet_tmf_rsp(p, expect_function(p, function), response);
}

static void assert_over(const struct order *o, enum cmd_outcome outcome)
{
	assert_int_equal(o->done, 1);
	assert_int_equal(o->cmd.outcome, outcome);
}

/* The timer ----------------------------------------------------------- */

static void test_a_command_without_a_timeout_is_never_ended(void **state)
{
	struct puppet *p = *state;

	submit(p, &one, 1, 0);
	assert_int_equal(session_next_wake(p->s), UINT64_MAX);
	puppet_tick(p, UINT32_MAX);
	assert_false(puppet_take(p));
}

static void test_a_command_counts_from_when_it_is_sent(void **state)
{
	struct puppet *p = *state;
	uint32_t itt;

	order_init(&one, CMD_NO_DATA, NULL, 0);
	one.cmd.timeout = TIMEOUT;
	session_submit(p->s, &one.cmd); /* waits for the socket */
	p->now += 5 * TIMEOUT;
	puppet_expect(p, OP_SCSI_CMD);
	itt = get_be32(p->bhs + 16);
	assert_int_equal(session_next_wake(p->s), p->now + TIMEOUT);
	puppet_tick(p, TIMEOUT - 1);
	assert_false(puppet_take(p));
	puppet_tick(p, 1);
	assert_int_equal(take_function(p).ref_itt, itt);
}

static void test_an_answer_in_time_ends_the_matter(void **state)
{
	struct puppet *p = *state;

	puppet_scsi_rsp(p, submit(p, &one, 1, TIMEOUT), 0, NULL, 0);
	puppet_tick(p, TIMEOUT);
	assert_false(puppet_take(p));
	assert_int_equal(session_next_wake(p->s), UINT64_MAX);
}

static void test_other_luns_go_on_while_one_is_timing_out(void **state)
{
	struct puppet *p = *state;
	struct pdu_scsi_cmd cmd;

	submit(p, &one, 1, TIMEOUT);
	puppet_tick(p, TIMEOUT);
	expect_function(p, TMF_ABORT_TASK);
	order_init(&two, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &two.cmd); /* LUN 1, too */
	assert_false(puppet_take(p));
	order_init(&three, CMD_NO_DATA, NULL, 0);
	three.cmd.lun[1] = 2;
	session_submit(p->s, &three.cmd);
	cmd = puppet_command(p);
	assert_int_equal(cmd.lun[1], 2);
	assert_false(puppet_take(p));
}

static void test_what_was_held_back_goes_after_a_success(void **state)
{
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	puppet_tick(p, TIMEOUT);
	order_init(&two, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &two.cmd);
	answer(p, TMF_ABORT_TASK, TMF_COMPLETE);
	assert_over(&one, CMD_ABORTED);
	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(two.done, 0);
}

/* The ladder ---------------------------------------------------------- */

static const enum tmf ladder[] = { TMF_ABORT_TASK, TMF_ABORT_TASK_SET,
				   TMF_LUN_RESET };
#define RUNGS (sizeof(ladder) / sizeof(*ladder))

static void test_each_refusal_leads_to_the_next_function(void **state)
{
	static const uint8_t responses[RUNGS] = { TMF_REJECTED,
						  TMF_NOT_SUPPORTED,
						  TMF_NOT_AUTHORIZED };
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	puppet_tick(p, TIMEOUT);
	for (size_t i = 0; i < RUNGS; i++) {
		assert_int_equal(p->closes, 0);
		answer(p, ladder[i], responses[i]);
	}
	assert_int_equal(one.done, 0);
	puppet_expect_down(p, &fault_unmanageable);
	assert_over(&one, CMD_LOST);
}

static void test_each_silence_leads_to_the_next_function(void **state)
{
	static const uint32_t limits[RUNGS] = { 10000, 10000, 30000 };
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	puppet_tick(p, TIMEOUT);
	for (size_t i = 0; i < RUNGS; i++) {
		expect_function(p, ladder[i]);
		assert_int_equal(session_next_wake(p->s), p->now + limits[i]);
		puppet_tick(p, limits[i] - 1);
		assert_false(puppet_take(p));
		assert_int_equal(p->closes, 0);
		puppet_tick(p, 1);
	}
	puppet_expect_down(p, &fault_unmanageable);
}

static void test_each_function_can_be_the_last(void **state)
{
	struct puppet *p = *state;

	for (size_t last = 0; last < RUNGS; last++) {
		submit(p, &one, 1, TIMEOUT);
		puppet_tick(p, TIMEOUT);
		for (size_t i = 0; i < last; i++)
			answer(p, ladder[i], TMF_NOT_SUPPORTED);
		answer(p, ladder[last], TMF_COMPLETE);
		assert_over(&one, CMD_ABORTED);
		assert_false(puppet_take(p));
		assert_int_equal(p->closes, 0);
	}
}

/* Nothing that follows a command number would ever be carried out. */
static void test_a_command_that_never_came_costs_the_session(void **state)
{
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	p->expcmdsn--; /* the target has not seen it */
	puppet_tick(p, TIMEOUT);
	answer(p, TMF_ABORT_TASK, TMF_NOT_SUPPORTED);
	answer(p, TMF_ABORT_TASK_SET, TMF_COMPLETE);
	puppet_expect_down(p, &fault_command_lost);
	assert_int_equal(one.done, 1);
}

static void test_an_abort_that_leaves_a_gap_costs_the_session(void **state)
{
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	p->expcmdsn--;
	puppet_tick(p, TIMEOUT);
	answer(p, TMF_ABORT_TASK, TMF_NO_TASK);
	puppet_expect_down(p, &fault_command_lost);
}

static void test_an_abort_that_closes_the_gap_is_enough(void **state)
{
	struct puppet *p = *state;
	uint32_t itt;

	submit(p, &one, 1, TIMEOUT);
	p->expcmdsn--;
	puppet_tick(p, TIMEOUT);
	itt = expect_function(p, TMF_ABORT_TASK);
	p->expcmdsn++; /* RFC 7143 11.6.1: as if it had come */
	puppet_tmf_rsp(p, itt, TMF_COMPLETE);
	assert_over(&one, CMD_ABORTED);
	assert_int_equal(p->closes, 0);
}

static void test_an_abort_of_a_task_that_is_over_counts_as_done(void **state)
{
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	puppet_tick(p, TIMEOUT);
	answer(p, TMF_ABORT_TASK, TMF_NO_TASK);
	assert_over(&one, CMD_ABORTED);
	assert_false(puppet_take(p));
}

static void test_nothing_runs_on_a_lun_that_does_not_exist(void **state)
{
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	puppet_tick(p, TIMEOUT);
	answer(p, TMF_ABORT_TASK, TMF_NO_LUN);
	assert_over(&one, CMD_ABORTED);
}

static void test_an_answer_after_a_refused_abort_ends_the_matter(void **state)
{
	struct puppet *p = *state;
	uint32_t itt = submit(p, &one, 1, TIMEOUT), tmf;

	puppet_tick(p, TIMEOUT);
	tmf = expect_function(p, TMF_ABORT_TASK);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	puppet_tmf_rsp(p, tmf, TMF_REJECTED);
	assert_over(&one, CMD_DONE);
	assert_false(puppet_take(p));
}

/* Whom a success reaches ---------------------------------------------- */

static void test_the_oldest_is_aborted_first_and_one_at_a_time(void **state)
{
	struct puppet *p = *state;
	uint32_t first = submit(p, &one, 1, TIMEOUT), second;
	struct pdu_tmf_req req;

	second = submit(p, &two, 2, TIMEOUT / 2);
	puppet_tick(p, TIMEOUT);
	req = take_function(p);
	assert_int_equal(req.ref_itt, first);
	assert_false(puppet_take(p));
	puppet_tmf_rsp(p, req.itt, TMF_COMPLETE);
	req = take_function(p);
	assert_int_equal(req.function, TMF_ABORT_TASK);
	assert_int_equal(req.ref_itt, second);
	puppet_tmf_rsp(p, req.itt, TMF_COMPLETE);
	assert_over(&one, CMD_ABORTED);
	assert_over(&two, CMD_ABORTED);
	assert_false(puppet_take(p));
}

static void submit_three(struct puppet *p)
{
	submit(p, &one, 1, TIMEOUT);
	submit(p, &two, 1, 0);
	submit(p, &three, 2, 0);
	puppet_tick(p, TIMEOUT);
}

static void test_an_abort_task_set_reaches_its_lun(void **state)
{
	struct puppet *p = *state;

	submit_three(p);
	answer(p, TMF_ABORT_TASK, TMF_NOT_SUPPORTED);
	answer(p, TMF_ABORT_TASK_SET, TMF_COMPLETE);
	assert_over(&one, CMD_ABORTED);
	assert_over(&two, CMD_ABORTED);
	assert_int_equal(three.done, 0);
}

static void test_resets_are_told_with_their_reach(void **state)
{
	struct puppet *p = *state;

	submit_three(p);
	answer(p, TMF_ABORT_TASK, TMF_NOT_SUPPORTED);
	answer(p, TMF_ABORT_TASK_SET, TMF_NOT_SUPPORTED);
	assert_int_equal(p->lun_resets + p->target_resets, 0);
	answer(p, TMF_LUN_RESET, TMF_COMPLETE);
	assert_int_equal(p->lun_resets, 1);
}

/* Who asks ------------------------------------------------------------ */

static void test_an_owner_can_end_a_command_early(void **state)
{
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	session_expire(p->s, &one.cmd, p->now + 1000);
	session_expire(p->s, &one.cmd, p->now + 1000);
	answer(p, TMF_ABORT_TASK, TMF_COMPLETE);
	assert_over(&one, CMD_ABORTED);
	assert_false(puppet_take(p));
}

static void test_a_command_that_waits_comes_back_at_once(void **state)
{
	struct puppet *p = *state;

	p->maxcmdsn = 0;
	p->expcmdsn = 1;
	order_init(&one, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &one.cmd);
	session_expire(p->s, &one.cmd, p->now);
	assert_over(&one, CMD_ABORTED);
	assert_false(puppet_take(p));
}

struct wish {
	struct clear_req req;
	unsigned done;
	int err;
};

static struct wish wish, other;

static void on_cleared(struct clear_req *r, int err)
{
	struct wish *w = container_of(r, struct wish, req);

	assert_false(r->pending);
	w->done++;
	w->err = err;
}

static void ask(struct puppet *p, struct wish *w, uint8_t lun)
{
	memset(w, 0, sizeof(*w));
	w->req.lun[1] = lun;
	w->req.done = on_cleared;
	session_clear_lun(p->s, &w->req);
	assert_true(session_next_wake(p->s) <= p->now);
}

static void test_clearing_a_lun_begins_with_its_reset(void **state)
{
	struct puppet *p = *state;
	struct pdu_tmf_req req;

	ask(p, &wish, 3);
	puppet_tick(p, 0);
	req = take_function(p);
	assert_int_equal(req.function, TMF_LUN_RESET);
	assert_int_equal(req.lun[1], 3);
	assert_int_equal(wish.done, 0);
	puppet_tmf_rsp(p, req.itt, TMF_COMPLETE);
	assert_int_equal(wish.done, 1);
	assert_int_equal(wish.err, 0);
}

static void test_luns_are_cleared_one_after_the_other(void **state)
{
	struct puppet *p = *state;

	ask(p, &wish, 3);
	ask(p, &other, 4);
	puppet_tick(p, 0);
	answer(p, TMF_LUN_RESET, TMF_COMPLETE);
	assert_int_equal(wish.done, 1);
	assert_int_equal(other.done, 0);
	answer(p, TMF_LUN_RESET, TMF_COMPLETE);
	assert_int_equal(other.done, 1);
}

static void test_what_cannot_be_cleared_costs_the_session(void **state)
{
	struct puppet *p = *state;

	ask(p, &wish, 3);
	ask(p, &other, 4);
	puppet_tick(p, 0);
	for (size_t i = 2; i < RUNGS; i++)
		answer(p, ladder[i], TMF_NOT_SUPPORTED);
	assert_int_equal(wish.done, 0);
	puppet_expect_down(p, &fault_unmanageable);
	assert_int_equal(wish.err, -ENOTCONN);
	assert_int_equal(other.err, -ENOTCONN);
}

static void test_a_new_session_knows_nothing_of_the_old_trouble(void **state)
{
	struct puppet *p = *state;

	submit(p, &one, 1, TIMEOUT);
	puppet_tick(p, TIMEOUT);
	expect_function(p, TMF_ABORT_TASK);
	session_transport_lost(p->s, p->c, -ECONNRESET, p->now);
	puppet_closed(p);
	assert_over(&one, CMD_LOST);
	p->statsn = 77;
	puppet_up(p);
	assert_int_equal(session_next_wake(p->s), UINT64_MAX);
	submit(p, &two, 1, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_a_command_without_a_timeout_is_never_ended),
		T(test_a_command_counts_from_when_it_is_sent),
		T(test_an_answer_in_time_ends_the_matter),
		T(test_other_luns_go_on_while_one_is_timing_out),
		T(test_what_was_held_back_goes_after_a_success),
		T(test_each_refusal_leads_to_the_next_function),
		T(test_each_silence_leads_to_the_next_function),
		T(test_each_function_can_be_the_last),
		T(test_a_command_that_never_came_costs_the_session),
		T(test_an_abort_that_leaves_a_gap_costs_the_session),
		T(test_an_abort_that_closes_the_gap_is_enough),
		T(test_an_abort_of_a_task_that_is_over_counts_as_done),
		T(test_nothing_runs_on_a_lun_that_does_not_exist),
		T(test_an_answer_after_a_refused_abort_ends_the_matter),
		T(test_the_oldest_is_aborted_first_and_one_at_a_time),
		T(test_an_abort_task_set_reaches_its_lun),
		T(test_resets_are_told_with_their_reach),
		T(test_an_owner_can_end_a_command_early),
		T(test_a_command_that_waits_comes_back_at_once),
		T(test_clearing_a_lun_begins_with_its_reset),
		T(test_luns_are_cleared_one_after_the_other),
		T(test_what_cannot_be_cleared_costs_the_session),
		T(test_a_new_session_knows_nothing_of_the_old_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

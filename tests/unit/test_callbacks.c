/*
 * test_callbacks - owners that call the session while it calls them.
 *
 * The quickest there could be: its transport closes inside close(), and a new
 * one stands inside down().
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

static void close_at_once(struct puppet *p)
{
	puppet_closed(p);
}

static void connect_at_once(struct puppet *p)
{
	p->on_down = NULL;
	puppet_connect(p);
}

/* An owner whose transport closes in no time, and connects again. */
static void be_quick(struct puppet *p)
{
	p->on_close = close_at_once;
	p->on_down = connect_at_once;
}

static void expect_login_anew(struct puppet *p)
{
	assert_int_equal(p->closes, 1);
	assert_int_equal(p->downs, 1);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_false(puppet_take(p));
	assert_int_equal(p->closes, 1);
}

static void test_what_came_after_a_fault_is_forgotten(void **state)
{
	struct puppet *p = *state;
	uint8_t bytes[10 * BHS_LEN];
	struct pdu_async async = { .event = ASYNC_DROP_SESSION };
	static struct order o;

	puppet_submit(p, &o);
	async.sn = puppet_sn(p);
	for (int i = 0; i < 10; i++)
		pdu_put_async(bytes + i * BHS_LEN, &async);
	be_quick(p);
	puppet_raw(p, bytes, sizeof(bytes), sizeof(bytes));
	assert_int_equal(o.done, 1);
	assert_int_equal(o.cmd.outcome, CMD_LOST);
	expect_login_anew(p);
}

struct dropper {
	struct cmd cmd;
	struct puppet *p;
	unsigned done;
};

static void drop_when_done(struct cmd *c)
{
	struct dropper *d = container_of(c, struct dropper, cmd);

	d->done++;
	session_drop(d->p->s, &fault_dropped, "", d->p->now);
}

static uint32_t submit_dropper(struct puppet *p, struct dropper *d)
{
	memset(d, 0, sizeof(*d));
	d->p = p;
	d->cmd.lun[1] = 1;
	d->cmd.done = drop_when_done;
	session_submit(p->s, &d->cmd);
	puppet_expect(p, OP_SCSI_CMD);
	return get_be32(p->bhs + 16);
}

static void test_an_answer_may_make_the_owner_drop_the_session(void **state)
{
	struct puppet *p = *state;
	static struct dropper d;
	static struct order o;
	uint32_t itt = submit_dropper(p, &d);

	puppet_submit(p, &o);
	be_quick(p);
	puppet_scsi_rsp(p, itt, 0, NULL, 0);
	assert_int_equal(d.done, 1);
	assert_int_equal(d.cmd.outcome, CMD_DONE);
	assert_int_equal(o.done, 1);
	expect_login_anew(p);
}

static void test_an_abort_may_make_the_owner_drop_the_session(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct dropper d[3];

	for (int i = 0; i < 3; i++)
		submit_dropper(p, &d[i]);
	assert_int_equal(puppet_manage(p, &t, TMF_LUN_RESET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	be_quick(p);
	puppet_tmf_rsp(p, t.req.itt, TMF_COMPLETE);
	assert_int_equal(t.done, 1);
	for (int i = 0; i < 3; i++)
		assert_int_equal(d[i].done, 1);
	expect_login_anew(p);
}

static void test_a_byte_sent_may_make_the_owner_drop_the_session(void **state)
{
	struct puppet *p = *state;
	struct iovec iov[CONN_TX_IOV];
	static struct dropper d;
	static struct order o[4];

	d = (struct dropper){ .p = p, .cmd.done = drop_when_done };
	session_submit(p->s, &d.cmd);
	for (int i = 0; i < 4; i++) {
		order_init(&o[i], CMD_NO_DATA, NULL, 0);
		session_submit(p->s, &o[i].cmd);
	}
	assert_true(conn_tx_want(p->c, iov, CONN_TX_IOV) > 0);
	/* Answered before it was sent whole: not a target's custom. */
	puppet_scsi_rsp(p, get_be32((uint8_t *)iov[0].iov_base + 16), 0, NULL,
			0);
	assert_int_equal(d.done, 0);
	be_quick(p);
	conn_tx_done(p->c, 3 * BHS_LEN + 7, p->now);
	assert_int_equal(d.done, 1);
	assert_int_equal(d.cmd.outcome, CMD_DONE);
	expect_login_anew(p);
}

static void test_a_timeout_may_end_in_a_new_login(void **state)
{
	struct puppet *p = *state;
	static struct order o;

	puppet_submit(p, &o);
	be_quick(p);
	puppet_tick(p, 5000);
	puppet_expect(p, OP_NOP_OUT);
	puppet_tick(p, 5000);
	assert_int_equal(o.done, 1);
	expect_login_anew(p);
}

static void logout_in_up(struct puppet *p)
{
	session_logout(p->s, p->now);
}

static void test_an_owner_may_leave_as_soon_as_he_is_in(void **state)
{
	struct puppet *p = puppet_new();

	p->on_up = logout_in_up;
	puppet_up(p);
	puppet_expect(p, OP_LOGOUT_REQ);
	assert_false(puppet_take(p));
	puppet_tick(p, 3000);
	puppet_expect_down(p, &fault_logged_out);
	puppet_free(p);
}

static void drop_in_up(struct puppet *p)
{
	session_drop(p->s, &fault_dropped, "", p->now);
}

static void test_an_owner_may_drop_it_as_soon_as_he_is_in(void **state)
{
	struct puppet *p = puppet_new();

	p->on_up = drop_in_up;
	p->on_close = close_at_once;
	puppet_up(p);
	assert_int_equal(p->downs, 1);
	assert_ptr_equal(p->why, &fault_dropped);
	puppet_free(p);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_what_came_after_a_fault_is_forgotten),
		T(test_an_answer_may_make_the_owner_drop_the_session),
		T(test_an_abort_may_make_the_owner_drop_the_session),
		T(test_a_byte_sent_may_make_the_owner_drop_the_session),
		T(test_a_timeout_may_end_in_a_new_login),
		cmocka_unit_test(test_an_owner_may_leave_as_soon_as_he_is_in),
		cmocka_unit_test(test_an_owner_may_drop_it_as_soon_as_he_is_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

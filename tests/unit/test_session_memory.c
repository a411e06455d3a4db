/*
 * test_session_memory - a session's memory: small, and all taken at once.
 *
 * Under memory pressure the kernel waits for us to write: what allocates
 * after session_new() can wait for itself.
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

static unsigned allocations;

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
	allocations++;
	return __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
	allocations++;
	return __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
	allocations++;
	return __real_realloc(p, n);
}

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

static uint8_t data[20000];

static uint32_t send_order(struct puppet *p, struct order *o, enum cmd_dir dir)
{
	order_init(o, dir, data, sizeof(data));
	session_submit(p->s, &o->cmd);
	puppet_expect(p, OP_SCSI_CMD);
	return get_be32(p->bhs + 16);
}

static void write_some(struct puppet *p)
{
	struct pdu_r2t r2t = { .ttt = 1, .offset = 16384, .length = 3616 };
	uint8_t bhs[BHS_LEN];
	static struct order o;

	r2t.itt = send_order(p, &o, CMD_WRITE);
	puppet_expect(p, OP_DATA_OUT);
	r2t.sn = puppet_sn_peek(p);
	pdu_put_r2t(bhs, &r2t);
	puppet_send(p, bhs, NULL, 0);
	puppet_expect(p, OP_DATA_OUT);
	puppet_scsi_rsp(p, r2t.itt, 0, NULL, 0);
	assert_int_equal(o.done, 1);
}

static void read_some(struct puppet *p)
{
	struct pdu_data_in in = {
		.final = true,
		.has_status = true,
		.ttt = TAG_NONE,
		.data_len = sizeof(data),
	};
	uint8_t bhs[BHS_LEN];
	static struct order o;

	in.itt = send_order(p, &o, CMD_READ);
	in.sn = puppet_sn(p);
	pdu_put_data_in(bhs, &in);
	puppet_send(p, bhs, data, sizeof(data));
	assert_int_equal(o.done, 1);
}

static void test_a_session_allocates_only_when_it_is_made(void **state)
{
	struct puppet *p = *state;
	static struct tmf_order t;
	static struct order lost;

	assert_true(allocations > 0); /* the count works */
	allocations = 0;
	puppet_up(p);
	write_some(p);
	read_some(p);
	assert_int_equal(puppet_manage(p, &t, TMF_LUN_RESET, NULL), 0);
	puppet_expect(p, OP_TMF_REQ);
	puppet_tmf_rsp(p, t.req.itt, TMF_COMPLETE);
	puppet_tick(p, 60000);
	puppet_expect(p, OP_NOP_OUT);
	puppet_submit(p, &lost);
	session_transport_lost(p->s, p->c, -104, p->now);
	puppet_closed(p);
	assert_int_equal(lost.done, 1);
	assert_int_equal(allocations, 0);
}

/* Locked memory, once a target: a thousand targets cost 100 MiB. */
static void test_a_session_takes_less_than_100_kib(void **state)
{
	assert_true(sizeof(struct session) <= 100 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_session_allocates_only_when_it_is_made, setup,
			teardown),
		cmocka_unit_test(test_a_session_takes_less_than_100_kib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_stage - receive buffers that connections share.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "proto/stage.h"
#include "proto/state.h"
#include "puppet.h"

#define READ_LEN 4096

static struct stages stages;
static uint8_t *memory;
static uint8_t bytes[200000];

static int setup(void **state)
{
	struct puppet *p = puppet_new();

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	memory = malloc(STAGES_MEMORY);
	stages_init(&stages, memory);
	session_share(p->s, &stages);
	puppet_up(p);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	assert_int_equal(stages.nfree, STAGES);
	free(memory);
	return 0;
}

/* What the session would receive now. */
static size_t room(struct puppet *p, struct iovec iov[static CONN_RX_IOV])
{
	size_t n = 0;
	int pieces = conn_rx_want(p->c, iov);

	for (int i = 0; i < pieces; i++)
		n += iov[i].iov_len;
	return n;
}

static void ask(struct puppet *p, struct order *o, uint8_t *dst, uint32_t len)
{
	order_init(o, CMD_READ, dst, len);
	session_submit(p->s, &o->cmd);
	puppet_expect(p, OP_SCSI_CMD);
}

/* The bytes of a Data-In with status, at p; returns their number. */
static size_t answer(struct puppet *p, const struct order *o, uint8_t *at)
{
	struct pdu_data_in pdu = {
		.final = true,
		.has_status = true,
		.itt = p->c->session->tasks[o->cmd.task].itt,
		.ttt = TAG_NONE,
		.data_len = o->cmd.len,
		.sn = puppet_sn(p),
	};

	pdu_put_data_in(at, &pdu);
	memcpy(at + BHS_LEN, bytes, o->cmd.len);
	return BHS_LEN + o->cmd.len + pdu_pad(o->cmd.len);
}

static void test_what_came_back_last_is_lent_first(void **state)
{
	uint8_t *a = stage_borrow(&stages), *b = stage_borrow(&stages);

	assert_ptr_not_equal(a, b);
	stage_return(&stages, a);
	stage_return(&stages, b);
	assert_ptr_equal(stage_borrow(&stages), b);
	stage_return(&stages, b);
}

static void test_nothing_is_lent_when_all_are_out(void **state)
{
	uint8_t *lent[STAGES];

	for (unsigned i = 0; i < STAGES; i++)
		assert_non_null(lent[i] = stage_borrow(&stages));
	assert_null(stage_borrow(&stages));
	assert_null(stage_borrow(NULL));
	for (unsigned i = 0; i < STAGES; i++)
		stage_return(&stages, lent[i]);
}

static void test_many_commands_borrow_and_their_end_gives_back(void **state)
{
	static uint8_t got[8][READ_LEN], stream[8 * (BHS_LEN + READ_LEN)];
	static struct order o[8];
	struct puppet *p = *state;
	struct iovec iov[CONN_RX_IOV];
	size_t n = 0;

	assert_int_equal(room(p, iov), RX_OWN_SIZE);
	for (int i = 0; i < 8; i++)
		ask(p, &o[i], got[i], READ_LEN);
	assert_int_equal(room(p, iov), STAGE_SIZE);
	assert_int_equal(stages.nfree, STAGES - 1);
	for (int i = 0; i < 7; i++)
		n += answer(p, &o[i], stream + n);
	puppet_raw(p, stream, n, n);
	for (int i = 0; i < 7; i++) {
		assert_int_equal(o[i].done, 1);
		assert_memory_equal(got[i], bytes, READ_LEN);
	}
	n = answer(p, &o[7], stream);
	puppet_raw(p, stream, n, n);
	assert_int_equal(o[7].done, 1);
	assert_int_equal(room(p, iov), RX_OWN_SIZE);
	assert_int_equal(stages.nfree, STAGES);
}

/* The bytes of a header may come before and after the stage changes. */
static void test_no_split_of_the_bytes_changes_what_is_read(void **state)
{
	static const uint32_t lens[] = { 512, 70001, 16384, 100, 4096 };
	static uint8_t stream[100000], got[5][70001];
	struct puppet *p = *state;

	for (size_t step = 1; step < 100000; step = step * 2 + 1) {
		static struct order o[5];
		size_t n = 0;

		p->maxcmdsn += 5;
		memset(got, 0, sizeof(got));
		for (int i = 0; i < 5; i++)
			ask(p, &o[i], got[i], lens[i]);
		for (int i = 0; i < 5; i++)
			n += answer(p, &o[i], stream + n);
		puppet_raw(p, stream, n, step);
		for (int i = 0; i < 5; i++) {
			assert_int_equal(o[i].done, 1);
			assert_memory_equal(got[i], bytes, lens[i]);
		}
	}
}

static void test_large_data_are_received_where_they_belong(void **state)
{
	static uint8_t got[2][100000], stream[2 * 100048];
	static struct order o[2];
	struct puppet *p = *state;
	struct iovec iov[CONN_RX_IOV];
	size_t n;

	ask(p, &o[0], got[0], sizeof(got[0]));
	ask(p, &o[1], got[1], sizeof(got[1]));
	n = answer(p, &o[0], stream);
	puppet_raw(p, stream, BHS_LEN, BHS_LEN);
	assert_int_equal(room(p, iov), sizeof(got[0]) + BHS_LEN);
	assert_ptr_equal(iov[0].iov_base, got[0]);
	puppet_raw(p, stream + BHS_LEN, n - BHS_LEN, n);
	assert_int_equal(o[0].done, 1);
	assert_int_equal(room(p, iov), BHS_LEN); /* more of the kind */
	n = answer(p, &o[1], stream);
	puppet_raw(p, stream, n, n);
	assert_int_equal(o[1].done, 1);
	assert_memory_equal(got[1], bytes, sizeof(got[1]));
}

static void test_a_closed_connection_gives_its_stage_back(void **state)
{
	static uint8_t got[2][READ_LEN];
	static struct order o[2];
	struct puppet *p = *state;
	struct iovec iov[CONN_RX_IOV];

	ask(p, &o[0], got[0], READ_LEN);
	ask(p, &o[1], got[1], READ_LEN);
	(void)room(p, iov);
	assert_int_equal(stages.nfree, STAGES - 1);
	session_transport_lost(p->s, p->c, -104, p->now);
	/* The kernel may have it yet. */
	assert_int_equal(stages.nfree, STAGES - 1);
	puppet_closed(p);
	assert_int_equal(stages.nfree, STAGES);
}

#define STAGE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STAGE_TEST(test_what_came_back_last_is_lent_first),
		STAGE_TEST(test_nothing_is_lent_when_all_are_out),
		STAGE_TEST(test_many_commands_borrow_and_their_end_gives_back),
		STAGE_TEST(test_no_split_of_the_bytes_changes_what_is_read),
		STAGE_TEST(test_large_data_are_received_where_they_belong),
		STAGE_TEST(test_a_closed_connection_gives_its_stage_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of target/request.c and conn.c: NOP, Logout, pings, Async. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "unit/target_peer.h"

#include "base/bytes.h"

static struct world *world;
static struct peer *peer;
static struct result result;

static int setup(void **state)
{
	world = world_new();
	peer = peer_new(world);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static void ping(uint32_t itt, bool immediate, const void *data, uint32_t n)
{
	struct pdu_nop_out q = {
		.immediate = immediate,
		.itt = itt,
		.ttt = TAG_NONE,
		.cmdsn = peer->cmdsn,
	};
	uint8_t bhs[BHS_LEN];

	if (!immediate)
		peer->cmdsn++;
	pdu_put_nop_out(bhs, &q);
	peer_send(peer, bhs, data, n);
}

static void test_ping_data_comes_back(void **state)
{
	struct pdu_nop_in n;

	peer_login(peer);
	ping(0x42, true, "hello", 5);
	peer_expect(peer, OP_NOP_IN);
	assert_int_equal(pdu_get_nop_in(peer->bhs, &n), 0);
	assert_int_equal(n.itt, 0x42);
	assert_int_equal(n.ttt, TAG_NONE);
	assert_int_equal(peer->len, 5);
	assert_memory_equal(peer->data, "hello", 5);
	assert_int_equal(n.sn.expcmdsn, peer->cmdsn);
}

static void test_ping_in_order_spends_a_cmdsn(void **state)
{
	peer_login(peer);
	ping(0x42, false, NULL, 0);
	peer_expect(peer, OP_NOP_IN);
	assert_int_equal(get_be32(peer->bhs + 28), peer->cmdsn);
}

static void test_ping_data_is_cut_to_what_the_peer_takes(void **state)
{
	static const uint8_t much[2000];

	assert_int_equal(
		peer_login_with(peer,
				TEXT(WHO "\0MaxRecvDataSegmentLength=512")),
		LOGIN_OK);
	ping(1, true, much, sizeof(much));
	peer_expect(peer, OP_NOP_IN);
	assert_int_equal(peer->len, 512);
}

static void test_nop_without_tag_gets_no_answer(void **state)
{
	peer_login(peer);
	ping(TAG_NONE, true, NULL, 0);
	peer_expect_silence(peer);
	assert_false(tgt_conn_over(peer->c));
}

static void test_large_nop_without_tag_is_swallowed(void **state)
{
	static const uint8_t much[100000];

	peer_login(peer);
	ping(TAG_NONE, true, much, sizeof(much));
	peer_expect_silence(peer);
	ping(1, true, "x", 1);
	peer_expect(peer, OP_NOP_IN);
}

static uint32_t get_ping(void)
{
	struct pdu_nop_in n;

	peer_expect(peer, OP_NOP_IN);
	assert_int_equal(pdu_get_nop_in(peer->bhs, &n), 0);
	assert_int_equal(n.itt, TAG_NONE);
	assert_int_not_equal(n.ttt, TAG_NONE);
	return n.ttt;
}

static void answer_ping(uint32_t ttt)
{
	struct pdu_nop_out q = { .immediate = true,
				 .itt = TAG_NONE,
				 .ttt = ttt,
				 .cmdsn = peer->cmdsn };
	uint8_t bhs[BHS_LEN];

	pdu_put_nop_out(bhs, &q);
	peer_send(peer, bhs, NULL, 0);
}

static void test_target_pings_a_silent_initiator(void **state)
{
	world->tt->ping_every = 1000;
	world->tt->ping_timeout = 300;
	peer_login(peer);
	world_pass(world, 999);
	peer_expect_silence(peer);
	world_pass(world, 1);
	answer_ping(get_ping());
	world_pass(world, 300);
	assert_false(tgt_conn_over(peer->c));
}

static void test_target_gives_up_an_initiator_that_does_not_answer(void **state)
{
	world->tt->ping_every = 1000;
	world->tt->ping_timeout = 300;
	peer_login(peer);
	world_pass(world, 1000);
	get_ping();
	assert_int_equal(tgt_next_wake(world->t), world->now + 300);
	world_pass(world, 300);
	assert_true(tgt_conn_over(peer->c));
}

static void logout(enum logout_reason why, uint16_t cid)
{
	struct pdu_logout_req q = {
		.immediate = true,
		.reason = why,
		.cid = cid,
		.itt = 0x77,
		.cmdsn = peer->cmdsn,
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_logout_req(bhs, &q);
	peer_send(peer, bhs, NULL, 0);
	peer_expect(peer, OP_LOGOUT_RSP);
}

static void test_logout_ends_session_and_connection(void **state)
{
	peer_login(peer);
	logout(LOGOUT_SESSION, 0);
	assert_int_equal(peer->bhs[2], 0);
	assert_true(tgt_conn_over(peer->c));
	tgt_conn_free(peer->c, world->now);
	assert_true(list_empty(&world->t->sessions));
	peer->c = tgt_conn_new(world->t, 0, NULL, NULL, world->now);
}

static void test_logout_of_the_connection_names_it(void **state)
{
	peer_login(peer);
	logout(LOGOUT_CONNECTION, 99);
	assert_int_equal(peer->bhs[2], 1);
	assert_false(tgt_conn_over(peer->c));
	logout(LOGOUT_CONNECTION, peer->cid);
	assert_int_equal(peer->bhs[2], 0);
	assert_true(tgt_conn_over(peer->c));
}

static void test_logout_for_recovery_needs_a_higher_level(void **state)
{
	peer_login(peer);
	logout(LOGOUT_FOR_RECOVERY, peer->cid);
	assert_int_equal(peer->bhs[2], 2);
	assert_false(tgt_conn_over(peer->c));
}

static void test_logout_ends_waiting_tasks(void **state)
{
	struct pdu_scsi_cmd c;

	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0InitialR2T=Yes")),
			 LOGIN_OK);
	peer_write10(peer, &c, 0, 1);
	peer_command_send(peer, &c, NULL, 0);
	peer_expect(peer, OP_R2T);
	logout(LOGOUT_SESSION, 0);
	peer_expect_silence(peer);
}

static void test_async_message_spends_a_statsn(void **state)
{
	struct pdu_async want = { .event = ASYNC_LOGOUT, .param3 = 5 }, got;

	peer_login(peer);
	tgt_conn_async(peer->c, &want, NULL, 0);
	peer_expect(peer, OP_ASYNC);
	assert_int_equal(pdu_get_async(peer->bhs, &got), 0);
	assert_int_equal(got.event, ASYNC_LOGOUT);
	assert_int_equal(got.param3, 5);
	assert_int_equal(got.sn.statsn, peer->statsn + 1);
	peer_run(peer, CDB(0), 0, &result);
	assert_int_equal(get_be32(peer->bhs + 24), peer->statsn + 2);
}

static void test_nothing_is_pushed_before_full_feature_phase(void **state)
{
	struct pdu_async what = { .event = ASYNC_LOGOUT };

	tgt_conn_async(peer->c, &what, NULL, 0);
	tgt_conn_ping(peer->c);
	tgt_conn_tell_window(peer->c);
	peer_expect_silence(peer);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ping_data_comes_back),
		T(test_ping_in_order_spends_a_cmdsn),
		T(test_ping_data_is_cut_to_what_the_peer_takes),
		T(test_nop_without_tag_gets_no_answer),
		T(test_large_nop_without_tag_is_swallowed),
		T(test_target_pings_a_silent_initiator),
		T(test_target_gives_up_an_initiator_that_does_not_answer),
		T(test_logout_ends_session_and_connection),
		T(test_logout_of_the_connection_names_it),
		T(test_logout_for_recovery_needs_a_higher_level),
		T(test_logout_ends_waiting_tasks),
		T(test_async_message_spends_a_statsn),
		T(test_nothing_is_pushed_before_full_feature_phase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

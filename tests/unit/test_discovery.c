/*
 * test_discovery - SendTargets and answers of every shape
 * (RFC 7143 11.10, 11.11, appendix C).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/fault.h"
#include "puppet.h"

static int setup(void **state)
{
	struct puppet *p = puppet_new();

	p->cfg.type = SESSION_DISCOVERY;
	p->cfg.target_name[0] = '\0';
	puppet_connect(p);
	puppet_login(p, NULL, 0);
	assert_int_equal(p->ups, 1);
	session_send_targets(p->s, p->now);
	puppet_expect(p, OP_TEXT_REQ);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	return 0;
}

static void answer(struct puppet *p, bool final, uint32_t ttt, const char *text,
		   size_t n)
{
	struct pdu_text_req req;
	struct pdu_text_rsp rsp = {
		.final = final,
		.ttt = ttt,
		.data_len = (uint32_t)n,
		.sn = puppet_sn(p),
	};
	uint8_t bhs[BHS_LEN];

	assert_int_equal(pdu_get_text_req(p->bhs, &req), 0);
	rsp.itt = req.itt;
	pdu_put_text_rsp(bhs, &rsp);
	puppet_send(p, bhs, text, (uint32_t)n);
}
#define ANSWER(p, final, ttt, text) answer(p, final, ttt, text, sizeof(text))

static void expect_down(struct puppet *p, const struct fault *why)
{
	assert_int_equal(p->closes, 1);
	puppet_closed(p);
	assert_ptr_equal(p->why, why);
}

static void test_the_request_asks_for_all(void **state)
{
	struct puppet *p = *state;
	struct pdu_text_req req;

	assert_int_equal(pdu_get_text_req(p->bhs, &req), 0);
	assert_true(req.final);
	assert_int_equal(req.ttt, TAG_NONE);
	assert_true(puppet_has_key(p, "SendTargets=All"));
}

static void test_names_come_with_each_of_their_addresses(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, TAG_NONE,
	       "TargetName=iqn.2026-11.a:one\0TargetAddress=192.0.2.1:3260,1\0"
	       "TargetAddress=[2001:db8::1]:3261,2\0"
	       "TargetName=iqn.2026-11.a:two\0TargetAddress=host.example");
	assert_int_equal(p->founds, 3);
	assert_string_equal(p->found[0], "iqn.2026-11.a:one 192.0.2.1:3260,1");
	assert_string_equal(p->found[1],
			    "iqn.2026-11.a:one [2001:db8::1]:3261,2");
	assert_string_equal(p->found[2], "iqn.2026-11.a:two host.example:3260");
	assert_int_equal(p->found_alls, 1);
}

static void test_a_name_without_address_is_reported_as_such(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, TAG_NONE,
	       "TargetName=iqn.2026-11.a:one\0TargetName=iqn.2026-11.a:two");
	assert_int_equal(p->founds, 2);
	assert_string_equal(p->found[0], "iqn.2026-11.a:one -");
	assert_string_equal(p->found[1], "iqn.2026-11.a:two -");
}

static void test_no_target_at_all_is_a_complete_answer(void **state)
{
	struct puppet *p = *state;

	answer(p, true, TAG_NONE, NULL, 0);
	assert_int_equal(p->founds, 0);
	assert_int_equal(p->found_alls, 1);
}

static void test_an_answer_in_pieces_is_asked_for_and_joined(void **state)
{
	static const char whole[] =
		"TargetName=iqn.2026-11.a:one\0TargetAddress=192.0.2.1,1\0"
		"TargetName=iqn.2026-11.a:two\0TargetAddress=192.0.2.2,2";

	for (size_t cut = 1; cut < sizeof(whole); cut += 5) {
		struct puppet *p;
		struct pdu_text_req req;

		setup((void **)&p);
		answer(p, false, 0x77, whole, cut);
		puppet_expect(p, OP_TEXT_REQ);
		assert_int_equal(pdu_get_text_req(p->bhs, &req), 0);
		assert_int_equal(req.ttt, 0x77);
		assert_int_equal(p->len, 0);
		answer(p, true, TAG_NONE, whole + cut, sizeof(whole) - cut);
		assert_int_equal(p->founds, 2);
		assert_string_equal(p->found[1],
				    "iqn.2026-11.a:two 192.0.2.2:3260,2");
		assert_int_equal(p->found_alls, 1);
		puppet_free(p);
	}
}

static void test_the_tag_of_a_final_answer_is_ignored(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, 0x1234, "TargetName=iqn.2026-11.a:one");
	assert_int_equal(p->found_alls, 1);
	assert_false(puppet_take(p));
}

static void test_more_without_a_tag_cannot_be_asked_for(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, false, TAG_NONE, "TargetName=iqn.2026-11.a:one");
	assert_int_equal(p->closes, 1);
}

static void test_a_bad_record_is_skipped_and_the_rest_counts(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, TAG_NONE,
	       "TargetName=not a name\0TargetAddress=192.0.2.1,1\0"
	       "TargetName=iqn.2026-11.a:two\0TargetAddress=]:99999\0"
	       "TargetAddress=192.0.2.2,2");
	assert_int_equal(p->founds, 1);
	assert_string_equal(p->found[0], "iqn.2026-11.a:two 192.0.2.2:3260,2");
	assert_int_equal(p->notes, 2);
}

static void test_an_answer_that_ends_in_mid_pair_is_refused(void **state)
{
	struct puppet *p = *state;

	answer(p, true, TAG_NONE, "TargetName=iqn.2026", 19);
	expect_down(p, &fault_text_refused);
	assert_int_equal(p->found_alls, 0);
}

static void test_a_pair_that_never_ends_is_refused(void **state)
{
	static char endless[8000];
	struct puppet *p = *state;

	memset(endless, 'a', sizeof(endless));
	for (int i = 0; i < 10 && !p->closes; i++) {
		answer(p, false, 0x77, endless, sizeof(endless));
		puppet_take(p);
	}
	expect_down(p, &fault_text_refused);
}

static void test_what_is_no_pair_is_refused(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, TAG_NONE, "hello");
	expect_down(p, &fault_text_refused);
}

static void test_data_of_other_pdus_leave_a_cut_pair_alone(void **state)
{
	static const char whole[] = "TargetName=iqn.2026-11.a:one\0"
				    "TargetAddress=192.0.2.1,1";
	struct puppet *p = *state;
	struct pdu_nop_in nop = {
		.itt = TAG_NONE,
		.ttt = TAG_NONE,
		.data_len = 20,
	};
	uint8_t bhs[BHS_LEN];

	answer(p, false, 0x77, whole, 15);
	puppet_expect(p, OP_TEXT_REQ);
	nop.sn = puppet_sn_peek(p);
	pdu_put_nop_in(bhs, &nop);
	puppet_send(p, bhs, "twenty bytes of data", 20);
	answer(p, true, TAG_NONE, whole + 15, sizeof(whole) - 15);
	assert_int_equal(p->founds, 1);
	assert_string_equal(p->found[0], "iqn.2026-11.a:one 192.0.2.1:3260,1");
}

static void test_an_answer_without_end_is_refused(void **state)
{
	struct puppet *p = *state;

	for (unsigned i = 0; i < 100000 && !p->closes; i++) {
		answer(p, false, 0x77, NULL, 0);
		puppet_take(p);
	}
	expect_down(p, &fault_text_refused);
}

static void test_any_other_key_is_refused(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, TAG_NONE,
	       "TargetName=iqn.2026-11.a:one\0MaxRecvDataSegmentLength=512");
	expect_down(p, &fault_text_refused);
	assert_non_null(strstr(p->detail, "MaxRecvDataSegmentLength"));
}

static void enough(struct puppet *p)
{
	session_drop(p->s, &fault_dropped, "", p->now);
}

static void test_one_that_had_enough_hears_of_no_more(void **state)
{
	struct puppet *p = *state;

	p->on_found = enough;
	ANSWER(p, true, TAG_NONE,
	       "TargetName=iqn.2026-11.a:one\0TargetAddress=192.0.2.1,1\0"
	       "TargetAddress=192.0.2.2,2\0TargetName=iqn.2026-11.a:two\0"
	       "TargetName=iqn.2026-11.a:three");
	assert_int_equal(p->founds, 1);
	assert_int_equal(p->found_alls, 0);
}

static void test_nothing_is_to_be_woken_for_after_the_end(void **state)
{
	struct puppet *p = *state;

	puppet_tick(p, 15000);
	assert_int_equal(p->closes, 1);
	assert_true(session_next_wake(p->s) == UINT64_MAX);
}

static void test_a_nop_in_shows_that_the_session_is_kept(void **state)
{
	struct puppet *p = *state;

	puppet_nop_in(p, 0x55);
	assert_int_equal(p->news[NEWS_LIFE], 1);
	puppet_expect(p, OP_NOP_OUT);
}

static void test_an_event_asks_for_another_look(void **state)
{
	struct puppet *p = *state;

	puppet_async(p, 255, 0, 0, 0);
	puppet_async(p, 0xf0, 0, 0, 0);
	assert_int_equal(p->news[NEWS_CHANGED], 2);
	assert_int_equal(p->closes, 0);
}

static void test_an_event_may_name_who_went_offline(void **state)
{
	static const char data[] =
		"X-com.cisco.targetOffline=iqn.2026-11.a:one";
	struct puppet *p = *state;
	struct pdu_async async = {
		.event = 255,
		.data_len = sizeof(data),
		.sn = puppet_sn(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_async(bhs, &async);
	puppet_send(p, bhs, data, sizeof(data));
	assert_string_equal(p->note,
			    "it says: target iqn.2026-11.a:one is offline");
}

static void test_a_wish_for_the_logout_is_told(void **state)
{
	struct puppet *p = *state;

	puppet_async(p, ASYNC_LOGOUT, 0, 0, 3);
	assert_int_equal(p->news[NEWS_PARTING], 1);
	puppet_expect(p, OP_LOGOUT_REQ);
}

static void test_the_list_can_be_asked_for_again(void **state)
{
	struct puppet *p = *state;

	ANSWER(p, true, TAG_NONE, "TargetName=iqn.2026-11.a:one");
	session_send_targets(p->s, p->now);
	puppet_expect(p, OP_TEXT_REQ);
	ANSWER(p, true, TAG_NONE, "TargetName=iqn.2026-11.a:two");
	assert_int_equal(p->found_alls, 2);
	assert_string_equal(p->found[1], "iqn.2026-11.a:two -");
}

/* ActiveTimeout of 5 s, then PingTimeout of 5 s. */
static void test_silence_ends_the_discovery(void **state)
{
	struct puppet *p = *state;

	p->cfg.idle_timeout = 0; /* the ping itself is no matter here */
	puppet_tick(p, 9999);
	assert_int_equal(p->closes, 0);
	puppet_tick(p, 1);
	expect_down(p, &fault_text_timeout);
}

static void test_each_further_part_has_the_active_timeout(void **state)
{
	struct puppet *p = *state;

	p->cfg.idle_timeout = 0;
	ANSWER(p, false, 7, "TargetName=iqn.2026-11.a:one");
	puppet_expect(p, OP_TEXT_REQ);
	puppet_tick(p, 4999);
	assert_int_equal(p->closes, 0);
	puppet_tick(p, 1);
	expect_down(p, &fault_text_timeout);
}

static void test_a_timeout_of_zero_waits_for_the_answer(void **state)
{
	struct puppet *p = *state;

	p->cfg.idle_timeout = p->cfg.active_timeout = 0;
	ANSWER(p, false, 7, "TargetName=iqn.2026-11.a:one");
	puppet_expect(p, OP_TEXT_REQ);
	puppet_tick(p, 100000);
	assert_int_equal(p->closes, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_the_request_asks_for_all),
		T(test_names_come_with_each_of_their_addresses),
		T(test_a_name_without_address_is_reported_as_such),
		T(test_no_target_at_all_is_a_complete_answer),
		cmocka_unit_test(
			test_an_answer_in_pieces_is_asked_for_and_joined),
		T(test_the_tag_of_a_final_answer_is_ignored),
		T(test_more_without_a_tag_cannot_be_asked_for),
		T(test_a_bad_record_is_skipped_and_the_rest_counts),
		T(test_an_answer_that_ends_in_mid_pair_is_refused),
		T(test_a_pair_that_never_ends_is_refused),
		T(test_what_is_no_pair_is_refused),
		T(test_a_nop_in_shows_that_the_session_is_kept),
		T(test_an_event_asks_for_another_look),
		T(test_an_event_may_name_who_went_offline),
		T(test_a_wish_for_the_logout_is_told),
		T(test_the_list_can_be_asked_for_again),
		T(test_silence_ends_the_discovery),
		T(test_each_further_part_has_the_active_timeout),
		T(test_a_timeout_of_zero_waits_for_the_answer),
		T(test_data_of_other_pdus_leave_a_cut_pair_alone),
		T(test_an_answer_without_end_is_refused),
		T(test_any_other_key_is_refused),
		T(test_one_that_had_enough_hears_of_no_more),
		T(test_nothing_is_to_be_woken_for_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

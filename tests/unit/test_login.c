/*
 * test_login - the login phase against a target moved by hand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/topic.h"
#include "proto/conn.h"
#include "proto/fault.h"
#include "puppet.h"
#include "wire/status.h"

#define KEYS(text) text, sizeof(text)

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

/* The session must have given up for this reason. */
static void expect_down(struct puppet *p, const struct fault *why)
{
	assert_int_equal(p->closes, 1);
	puppet_closed(p);
	assert_int_equal(p->downs, 1);
	assert_ptr_equal(p->why, why);
	assert_int_equal(p->ups, 0);
}

static enum login_stage stage_of(struct puppet *p)
{
	struct pdu_login_req req;

	puppet_expect(p, OP_LOGIN_REQ);
	assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
	return (enum login_stage)req.csg;
}

/* tgt and IET end the old session only when a login leaves that stage. */
static void
test_without_credentials_it_starts_at_the_security_stage(void **state)
{
	struct puppet *p = *state;
	struct pdu_login_req req;

	puppet_connect_only(p);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
	assert_int_equal(req.csg, STAGE_SECURITY);
	assert_true(req.transit);
	assert_int_equal(req.nsg, STAGE_OPERATIONAL);
	assert_int_equal(req.tsih, 0);
	assert_int_equal(req.cmdsn, 1);
	assert_memory_equal(req.isid, p->cfg.isid, ISID_LEN);
	assert_true(puppet_has_key(p, "InitiatorName=iqn.2026-11.test:us"));
	assert_true(puppet_has_key(p, "TargetName=iqn.2026-11.test:them"));
	assert_true(puppet_has_key(p, "SessionType=Normal"));
	assert_true(puppet_has_key(p, "AuthMethod=None"));
	assert_false(puppet_take(p));
}

static void test_the_operational_stage_follows(void **state)
{
	struct puppet *p = *state;
	struct pdu_login_req req;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
	assert_int_equal(req.csg, STAGE_OPERATIONAL);
	assert_true(req.transit);
	assert_int_equal(req.nsg, STAGE_FULL_FEATURE);
	assert_true(puppet_has_key(p, "ErrorRecoveryLevel=0"));
	assert_false(puppet_take(p));
}

static void test_an_answer_without_the_only_method_is_taken(void **state)
{
	struct puppet *p = *state;

	puppet_connect_only(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, true, STAGE_OPERATIONAL, 0, NULL,
			 0);
	assert_int_equal(stage_of(p), STAGE_OPERATIONAL);
}

static void refuse_security(struct puppet *p, uint16_t status)
{
	puppet_connect_only(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, status, NULL, 0);
	expect_down(p, &fault_login_stage);
	p->closes = p->downs = 0;
}

static void test_who_refuses_that_stage_is_tried_without_it(void **state)
{
	struct puppet *p = *state;
	struct session_info i;

	refuse_security(p, LOGIN_AUTH_FAILED);
	puppet_connect_only(p);
	assert_int_equal(stage_of(p), STAGE_OPERATIONAL);
	puppet_login_rsp(p, STAGE_OPERATIONAL, true, STAGE_FULL_FEATURE, 0,
			 NULL, 0);
	assert_int_equal(p->ups, 1);
	session_info(p->s, &i);
	assert_true(i.skipped_security);
}

static void test_who_chooses_another_method_is_tried_without_it(void **state)
{
	struct puppet *p = *state;

	puppet_connect_only(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
			 KEYS("AuthMethod=Reject"));
	expect_down(p, &fault_login_stage);
}

static void test_who_closes_in_that_stage_is_tried_without_it(void **state)
{
	struct puppet *p = *state;

	puppet_connect_only(p);
	puppet_expect(p, OP_LOGIN_REQ);
	session_transport_lost(p->s, p->c, 0, p->now);
	expect_down(p, &fault_login_stage);
}

static void test_who_refuses_both_is_asked_with_it_again(void **state)
{
	struct puppet *p = *state;

	refuse_security(p, LOGIN_AUTH_FAILED);
	puppet_connect_only(p);
	assert_int_equal(stage_of(p), STAGE_OPERATIONAL);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, LOGIN_AUTH_FAILED,
			 NULL, 0);
	expect_down(p, &fault_login_refused);
	puppet_connect_only(p);
	assert_int_equal(stage_of(p), STAGE_SECURITY);
}

/* Or its old session would be left beside one that skips the stage. */
static void test_of_another_target_nothing_is_known(void **state)
{
	struct puppet *p = *state;

	refuse_security(p, LOGIN_AUTH_FAILED);
	session_forget(p->s);
	puppet_connect_only(p);
	assert_int_equal(stage_of(p), STAGE_SECURITY);
}

/* Else old sessions could live on beside the new one, unseen. */
static void test_who_took_it_once_is_never_tried_without_it(void **state)
{
	struct puppet *p = *state;

	puppet_up(p);
	session_transport_lost(p->s, p->c, 0, p->now);
	puppet_closed(p);
	p->closes = p->downs = 0;
	puppet_connect_only(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, LOGIN_AUTH_FAILED, NULL,
			 0);
	expect_down(p, &fault_login_refused);
}

static void test_a_name_that_is_not_there_is_no_matter_of_stages(void **state)
{
	struct puppet *p = *state;

	puppet_connect_only(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, LOGIN_NOT_FOUND, NULL, 0);
	expect_down(p, &fault_login_impossible);
}

static void test_a_final_response_brings_the_session_up(void **state)
{
	struct puppet *p = *state;
	struct session_info info;

	puppet_up(p);
	assert_true(session_is_up(p->s));
	session_info(p->s, &info);
	assert_int_equal(info.tsih, 0x1234);
	assert_int_equal(info.portal_group, 1);
	assert_int_equal(info.max_burst, 65536);
	assert_int_equal(info.max_xmit_data, 8192);
	assert_int_equal(info.max_outstanding_r2t, 4);
	assert_string_equal(info.auth, "None");
}

static void test_text_over_several_responses_is_put_together(void **state)
{
	struct puppet *p = *state;
	struct pdu_login_req req;
	struct pdu_login_rsp rsp = { .cont = true, .csg = STAGE_OPERATIONAL };
	uint8_t bhs[BHS_LEN];
	struct session_info info;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
	memcpy(rsp.isid, req.isid, ISID_LEN);
	rsp.itt = req.itt;
	rsp.data_len = 14;
	rsp.sn = puppet_sn(p);
	pdu_put_login_rsp(bhs, &rsp);
	puppet_send(p, bhs, "TargetAlias=he", 14);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
	assert_int_equal(p->len, 0);
	assert_false(req.transit);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, 0, KEYS("llo"));
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, true, STAGE_FULL_FEATURE, 0,
			 NULL, 0);
	assert_int_equal(p->ups, 1);
	session_info(p->s, &info);
	assert_string_equal(info.target_alias, "hello");
}

static void test_a_key_of_the_target_is_answered(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, 0,
			 KEYS("X-com.example.colour=blue\0IFMarker=Yes\0"
			      "iSCSIProtocolLevel=2"));
	puppet_expect(p, OP_LOGIN_REQ);
	assert_true(puppet_has_key(p, "X-com.example.colour=NotUnderstood"));
	assert_true(puppet_has_key(p, "IFMarker=Reject"));
	assert_true(puppet_has_key(p, "iSCSIProtocolLevel=1"));
}

struct refusal {
	uint16_t status;
	const struct fault *why;
};

static void test_each_class_of_status_is_its_own_fault(void **state)
{
	const struct refusal refusals[] = {
		{ LOGIN_AUTH_FAILED, &fault_login_refused },
		{ LOGIN_NOT_FOUND, &fault_login_impossible },
		{ LOGIN_UNAVAILABLE, &fault_login_unavailable },
		{ LOGIN_NO_RESOURCES, &fault_login_unavailable },
		{ 0x0777, &fault_login_impossible },
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct puppet *p = puppet_new();

		puppet_connect(p);
		puppet_expect(p, OP_LOGIN_REQ);
		puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0,
				 refusals[i].status, NULL, 0);
		expect_down(p, refusals[i].why);
		assert_non_null(
			strstr(p->detail, status_login(refusals[i].status)));
		puppet_free(p);
	}
}

static void redirect(struct puppet *p, uint16_t status, bool permanent)
{
	const struct addr *to;
	bool perm;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, status,
			 KEYS("TargetAddress=[2001:db8::7]:3261,1"));
	expect_down(p, &fault_login_redirected);
	to = session_redirect(p->s, &perm);
	assert_non_null(to);
	assert_string_equal(to->host, "2001:db8::7");
	assert_int_equal(to->port, 3261);
	assert_int_equal(perm, permanent);
}

static void test_a_temporary_redirection_tells_where_to(void **state)
{
	redirect(*state, LOGIN_MOVED_TEMP, false);
}

static void test_a_permanent_redirection_says_so(void **state)
{
	redirect(*state, LOGIN_MOVED_PERM, true);
}

static void test_a_redirection_to_nowhere_is_a_protocol_error(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, LOGIN_MOVED_TEMP, NULL,
			 0);
	expect_down(p, &fault_login_protocol);
}

/* 11.13.5: there may be more than one, and an old one does not count. */
static void test_the_first_address_of_a_redirection_counts(void **state)
{
	struct puppet *p = *state;
	const struct addr *to;
	bool perm;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, 0,
			 KEYS("TargetAddress=192.0.2.3"));
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, LOGIN_MOVED_TEMP,
			 KEYS("TargetAddress=192.0.2.1\0"
			      "TargetAddress=192.0.2.2"));
	expect_down(p, &fault_login_redirected);
	to = session_redirect(p->s, &perm);
	assert_non_null(to);
	assert_string_equal(to->host, "192.0.2.1");
}

static void test_an_address_of_before_is_no_redirection(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, 0,
			 KEYS("TargetAddress=192.0.2.3"));
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, LOGIN_MOVED_TEMP, NULL,
			 0);
	expect_down(p, &fault_login_protocol);
}

static void test_silence_ends_the_login_after_its_timeout(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	assert_int_equal(session_next_wake(p->s), p->now + 15000);
	puppet_tick(p, 14999);
	assert_int_equal(p->closes, 0);
	puppet_tick(p, 1);
	expect_down(p, &fault_login_timeout);
}

static void test_a_login_timeout_of_zero_waits_for_ever(void **state)
{
	struct puppet *p = *state;

	p->cfg.login_timeout = 0;
	puppet_connect(p);
	assert_true(session_next_wake(p->s) == UINT64_MAX);
	puppet_tick(p, 86400000);
	assert_int_equal(p->closes, 0);
}

static void test_another_portal_group_than_discovered_is_refused(void **state)
{
	struct puppet *p = *state;

	p->cfg.portal_group = 7;
	puppet_connect(p);
	puppet_login(p, KEYS("TargetPortalGroupTag=8"));
	expect_down(p, &fault_wrong_group);
}

static void test_someone_elses_name_is_refused(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_login(p, KEYS("TargetName=iqn.2026-11.test:other"));
	expect_down(p, &fault_wrong_name);
}

static void test_any_other_pdu_during_login_is_refused(void **state)
{
	struct puppet *p = *state;
	struct pdu_nop_in nop = { .itt = TAG_NONE, .ttt = TAG_NONE };
	uint8_t bhs[BHS_LEN];

	puppet_connect(p);
	pdu_put_nop_in(bhs, &nop);
	puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_login_protocol);
}

static void test_garbage_instead_of_a_login_response_is_refused(void **state)
{
	static const char http[] = "HTTP/1.1 400 Bad Request\r\nServer: x\r\n"
				   "Content-Length: 0\r\n\r\nxxxxxxxxxxxxxxxx";
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_raw(p, http, sizeof(http), 64);
	expect_down(p, &fault_not_iscsi);
}

static void test_a_stage_nobody_asked_for_is_refused(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, true, STAGE_OPERATIONAL, 0, NULL,
			 0);
	expect_down(p, &fault_login_protocol);
}

static void test_a_normal_session_needs_a_tsih(void **state)
{
	struct puppet *p = *state;
	struct pdu_login_rsp rsp = {
		.transit = true,
		.csg = STAGE_OPERATIONAL,
		.nsg = STAGE_FULL_FEATURE,
	};
	struct pdu_login_req req;
	uint8_t bhs[BHS_LEN];

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
	memcpy(rsp.isid, req.isid, ISID_LEN);
	rsp.itt = req.itt;
	pdu_put_login_rsp(bhs, &rsp);
	puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_login_protocol);
}

static void test_a_login_without_end_is_cut(void **state)
{
	struct puppet *p = *state;
	unsigned rounds = 0;

	puppet_connect(p);
	while (!p->closes && rounds++ < 1000) {
		puppet_expect(p, OP_LOGIN_REQ);
		puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, 0, NULL, 0);
	}
	assert_true(rounds < 100);
	expect_down(p, &fault_login_protocol);
}

static void test_a_login_response_over_8192_bytes_is_refused(void **state)
{
	static char big[9000];
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, false, 0, 0, big, sizeof(big));
	expect_down(p, &fault_pdu_too_long);
}

static void test_no_split_of_the_bytes_changes_the_login(void **state)
{
	for (size_t step = 1; step < 70; step += 7) {
		struct puppet *p = puppet_new();
		struct pdu_login_req req;
		struct pdu_login_rsp rsp = {
			.transit = true,
			.csg = STAGE_OPERATIONAL,
			.nsg = STAGE_FULL_FEATURE,
			.tsih = 5,
			.data_len = 23,
		};
		uint8_t out[BHS_LEN + 24] = { 0 };

		puppet_connect(p);
		puppet_expect(p, OP_LOGIN_REQ);
		assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
		memcpy(rsp.isid, req.isid, ISID_LEN);
		rsp.itt = req.itt;
		rsp.sn = puppet_sn(p);
		pdu_put_login_rsp(out, &rsp);
		memcpy(out + BHS_LEN, "TargetPortalGroupTag=1", 23);
		puppet_raw(p, out, sizeof(out), step);
		assert_int_equal(p->ups, 1);
		puppet_free(p);
	}
}

/* One that answers while our request is still on its way. */
static void test_an_answer_before_the_question_is_refused(void **state)
{
	struct puppet *p = *state;
	struct iovec iov[CONN_TX_IOV];
	struct pdu_login_rsp rsp = { .csg = STAGE_OPERATIONAL };
	struct pdu_login_req req;
	uint8_t bhs[BHS_LEN];

	puppet_connect(p);
	assert_true(conn_tx_want(p->c, iov, CONN_TX_IOV) >= 2);
	assert_int_equal(pdu_get_login_req(iov[0].iov_base, &req), 0);
	conn_tx_done(p->c, BHS_LEN + 5, p->now);
	memcpy(rsp.isid, req.isid, ISID_LEN);
	rsp.itt = req.itt;
	rsp.sn = puppet_sn(p);
	pdu_put_login_rsp(bhs, &rsp);
	puppet_send(p, bhs, NULL, 0);
	expect_down(p, &fault_login_protocol);
}

static void
test_a_lost_transport_during_login_is_told_with_its_cause(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	session_transport_lost(p->s, p->c, -104, p->now);
	expect_down(p, &fault_transport_lost);
	assert_string_equal(p->detail, strerror(104));
}

static void test_after_a_failed_login_the_next_starts_afresh(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	session_transport_lost(p->s, p->c, 0, p->now);
	expect_down(p, &fault_peer_closed);
	p->closes = p->downs = 0;
	p->statsn = 5;
	puppet_up(p);
	assert_true(session_is_up(p->s));
}

static void test_who_asks_is_told_of_each_login_pdu(void **state)
{
	struct puppet *p = *state;

	topics_set(TOPIC_LOGIN);
	puppet_connect_only(p);
	assert_int_equal(p->notes, 1);
	assert_non_null(strstr(p->note, "login: request, security stage, next "
					"operational: "
					"InitiatorName=iqn.2026-11.test:us"));
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, true, STAGE_OPERATIONAL, 0, NULL,
			 0);
	assert_int_equal(p->notes, 3);
	puppet_login(p, KEYS("TargetPortalGroupTag=1"));
	topics_set(0);
	assert_int_equal(p->notes, 4);
	assert_non_null(strstr(p->note, "login: answer, "));
	assert_non_null(strstr(p->note, " TargetPortalGroupTag=1"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_without_credentials_it_starts_at_the_security_stage),
		T(test_the_operational_stage_follows),
		T(test_an_answer_without_the_only_method_is_taken),
		T(test_who_refuses_that_stage_is_tried_without_it),
		T(test_who_chooses_another_method_is_tried_without_it),
		T(test_who_closes_in_that_stage_is_tried_without_it),
		T(test_of_another_target_nothing_is_known),
		T(test_who_refuses_both_is_asked_with_it_again),
		T(test_who_took_it_once_is_never_tried_without_it),
		T(test_a_name_that_is_not_there_is_no_matter_of_stages),
		T(test_a_final_response_brings_the_session_up),
		T(test_text_over_several_responses_is_put_together),
		T(test_a_key_of_the_target_is_answered),
		cmocka_unit_test(test_each_class_of_status_is_its_own_fault),
		T(test_a_temporary_redirection_tells_where_to),
		T(test_a_permanent_redirection_says_so),
		T(test_a_redirection_to_nowhere_is_a_protocol_error),
		T(test_the_first_address_of_a_redirection_counts),
		T(test_an_address_of_before_is_no_redirection),
		T(test_silence_ends_the_login_after_its_timeout),
		T(test_a_login_timeout_of_zero_waits_for_ever),
		T(test_another_portal_group_than_discovered_is_refused),
		T(test_someone_elses_name_is_refused),
		T(test_any_other_pdu_during_login_is_refused),
		T(test_garbage_instead_of_a_login_response_is_refused),
		T(test_a_stage_nobody_asked_for_is_refused),
		T(test_a_normal_session_needs_a_tsih),
		T(test_a_login_without_end_is_cut),
		T(test_a_login_response_over_8192_bytes_is_refused),
		cmocka_unit_test(test_no_split_of_the_bytes_changes_the_login),
		T(test_an_answer_before_the_question_is_refused),
		T(test_a_lost_transport_during_login_is_told_with_its_cause),
		T(test_after_a_failed_login_the_next_starts_afresh),
		T(test_who_asks_is_told_of_each_login_pdu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Tests of target/login.c: stages, names, sessions, redirection. */
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

static uint16_t refused(const char *text, size_t n)
{
	uint16_t status = peer_login_with(peer, text, n);

	assert_true(tgt_conn_over(peer->c));
	return status;
}

static void test_one_request_is_enough(void **state)
{
	peer_login(peer);
	assert_non_null(tgt_conn_session(peer->c));
	assert_string_equal(peer_key(peer, "TargetPortalGroupTag"), "7");
	assert_string_equal(peer_key(peer, "MaxRecvDataSegmentLength"),
			    "262144");
}

static void test_bytes_may_come_one_by_one(void **state)
{
	peer->greedy = true;
	peer_login(peer);
}

static void test_first_command_has_the_login_cmdsn(void **state)
{
	struct pdu_login_rsp r = peer_login_step(
		peer, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true, TEXT(WHO));

	assert_int_equal(r.sn.expcmdsn, peer->cmdsn);
	assert_int_equal(r.sn.maxcmdsn, peer->cmdsn + world->tt->depth - 1);
}

static void test_statsn_starts_where_it_is_told(void **state)
{
	struct pdu_login_rsp r;

	peer_free(peer);
	world->t->random_statsn = false;
	world->t->first_statsn = 0;
	peer = peer_new(world);
	r = peer_login_step(peer, STAGE_SECURITY, STAGE_OPERATIONAL, true,
			    TEXT(WHO));
	assert_int_equal(r.sn.statsn, 0);
	r = peer_login_step(peer, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true,
			    NULL, 0);
	assert_int_equal(r.sn.statsn, 1);
}

static void test_security_then_operational_then_full(void **state)
{
	struct pdu_login_rsp r;

	r = peer_login_step(peer, STAGE_SECURITY, STAGE_OPERATIONAL, true,
			    TEXT(WHO "\0AuthMethod=CHAP,None"));
	assert_int_equal(r.status, LOGIN_OK);
	assert_true(r.transit);
	assert_int_equal(r.nsg, STAGE_OPERATIONAL);
	assert_string_equal(peer_key(peer, "AuthMethod"), "None");
	assert_int_equal(r.tsih, 0);
	r = peer_login_step(peer, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true,
			    TEXT("InitialR2T=No"));
	assert_true(r.transit);
	assert_int_not_equal(r.tsih, 0);
	assert_string_equal(peer_key(peer, "InitialR2T"), "No");
}

static void test_security_straight_to_full_feature(void **state)
{
	struct pdu_login_rsp r =
		peer_login_step(peer, STAGE_SECURITY, STAGE_FULL_FEATURE, true,
				TEXT(WHO "\0AuthMethod=None"));

	assert_true(r.transit);
	assert_int_equal(r.nsg, STAGE_FULL_FEATURE);
	assert_non_null(tgt_conn_session(peer->c));
}

static void test_without_transit_the_stage_stays(void **state)
{
	struct pdu_login_rsp r = peer_login_step(
		peer, STAGE_OPERATIONAL, STAGE_SECURITY, false, TEXT(WHO));

	assert_int_equal(r.status, LOGIN_OK);
	assert_false(r.transit);
	assert_int_equal(r.csg, STAGE_OPERATIONAL);
	assert_null(tgt_conn_session(peer->c));
}

static void send_part(bool cont, const char *text, size_t n)
{
	struct pdu_login_req q = {
		.cont = cont,
		.transit = !cont,
		.csg = STAGE_OPERATIONAL,
		.nsg = cont ? STAGE_SECURITY : STAGE_FULL_FEATURE,
		.cid = 1,
		.itt = 0x77,
		.cmdsn = peer->cmdsn,
	};
	uint8_t bhs[BHS_LEN];

	memcpy(q.isid, peer->isid, ISID_LEN);
	pdu_put_login_req(bhs, &q);
	peer_send(peer, bhs, text, (uint32_t)n);
	peer_expect(peer, OP_LOGIN_RSP);
}

static void test_text_in_parts_is_answered_as_a_whole(void **state)
{
	struct pdu_login_rsp r;

	send_part(true, WHO "\0MaxBur", sizeof(WHO "\0MaxBur") - 1);
	assert_int_equal(pdu_get_login_rsp(peer->bhs, &r), 0);
	assert_int_equal(peer->len, 0);
	assert_false(r.transit);
	send_part(false, TEXT("stLength=65536"));
	assert_string_equal(peer_key(peer, "MaxBurstLength"), "65536");
	assert_non_null(tgt_conn_session(peer->c));
}

static void test_endless_text_is_cut_off(void **state)
{
	static char text[8192];

	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 8; i++)
		send_part(true, text, sizeof(text));
	send_part(true, text, sizeof(text));
	assert_int_equal(get_be16(peer->bhs + 36), LOGIN_NO_RESOURCES);
	assert_true(tgt_conn_over(peer->c));
}

static void test_initiator_must_name_itself(void **state)
{
	assert_int_equal(refused(TEXT("TargetName=" PEER_TARGET)),
			 LOGIN_MISSING_PARAM);
}

static void test_normal_session_needs_a_target_name(void **state)
{
	assert_int_equal(refused(TEXT("InitiatorName=" PEER_NAME)),
			 LOGIN_MISSING_PARAM);
}

static void test_unknown_target_is_not_found(void **state)
{
	assert_int_equal(refused(TEXT("InitiatorName=" PEER_NAME
				      "\0TargetName=iqn.2026-01.example:no")),
			 LOGIN_NOT_FOUND);
}

static void test_names_are_compared_without_case(void **state)
{
	assert_int_equal(
		peer_login_with(peer,
				TEXT("InitiatorName=" PEER_NAME
				     "\0TargetName=IQN.2026-01.Example:Disk")),
		LOGIN_OK);
}

static void test_unknown_session_type_is_refused(void **state)
{
	assert_int_equal(refused(TEXT(WHO "\0SessionType=Strange")),
			 LOGIN_SESSION_TYPE);
}

static void test_newer_version_only_is_refused(void **state)
{
	struct pdu_login_req q = { .transit = true,
				   .csg = STAGE_OPERATIONAL,
				   .nsg = STAGE_FULL_FEATURE,
				   .version_max = 2,
				   .version_min = 1 };
	uint8_t bhs[BHS_LEN];

	pdu_put_login_req(bhs, &q);
	peer_send(peer, bhs, TEXT(WHO));
	peer_expect(peer, OP_LOGIN_RSP);
	assert_int_equal(get_be16(peer->bhs + 36), LOGIN_BAD_VERSION);
}

static void test_tsih_of_no_session_is_refused(void **state)
{
	peer->tsih = 99;
	assert_int_equal(refused(TEXT(WHO)), LOGIN_NO_SESSION);
}

static void test_second_connection_of_a_session_is_refused(void **state)
{
	struct peer *second = peer_new(world);

	peer_login(peer);
	second->tsih = peer->tsih;
	second->cid = 2;
	assert_int_equal(peer_login_with(second, TEXT(WHO)),
			 LOGIN_TOO_MANY_CONNS);
	peer_free(second);
}

static void test_same_cid_reinstates_the_connection(void **state)
{
	struct peer *second = peer_new(world);

	peer_login(peer);
	second->tsih = peer->tsih;
	second->cmdsn = peer->cmdsn;
	assert_int_equal(peer_login_with(second, TEXT(WHO)), LOGIN_OK);
	assert_true(tgt_conn_over(peer->c));
	assert_int_equal(second->tsih, peer->tsih);
	peer_free(second);
}

static void test_same_isid_reinstates_the_session(void **state)
{
	struct peer *second = peer_new(world);

	peer_login(peer);
	peer_login(second);
	assert_int_not_equal(second->tsih, peer->tsih);
	assert_true(tgt_conn_over(peer->c));
	assert_null(tgt_conn_session(peer->c));
	peer_free(second);
}

static void test_other_isid_is_another_session(void **state)
{
	struct peer *second = peer_new(world);

	second->isid[5] = 9;
	peer_login(peer);
	peer_login(second);
	assert_false(tgt_conn_over(peer->c));
	peer_free(second);
}

static void test_failed_login_does_not_end_the_old_session(void **state)
{
	struct peer *second = peer_new(world);

	peer_login(peer);
	memcpy(world->tt->auth.in.user, "u", 2);
	world->tt->auth.in.secret_len = 4;
	assert_int_equal(peer_login_with(second, TEXT(WHO)), LOGIN_AUTH_FAILED);
	assert_false(tgt_conn_over(peer->c));
	peer_free(second);
}

static void test_reinstatement_is_told_as_nexus_loss(void **state)
{
	struct peer *second = peer_new(world);
	struct result r;

	world->tt->quiet_login = false;
	peer_login(peer);
	peer_run(peer, CDB(0), 0, &r);
	assert_int_equal(result_sense(&r), 0x062900);
	peer_run(peer, CDB(0), 0, &r);
	assert_int_equal(result_sense(&r), 0);
	peer_login(second);
	peer_run(second, CDB(0), 0, &r);
	assert_int_equal(result_sense(&r), 0x062907);
	peer_free(second);
}

static void test_unknown_key_is_not_understood(void **state)
{
	assert_int_equal(peer_login_with(peer, TEXT(WHO "\0X-com.example.k=1")),
			 LOGIN_OK);
	assert_string_equal(peer_key(peer, "X-com.example.k"), "NotUnderstood");
}

static void test_key_said_twice_ends_the_login(void **state)
{
	assert_int_equal(refused(TEXT(WHO "\0InitialR2T=No\0InitialR2T=No")),
			 LOGIN_INITIATOR_ERROR);
}

static void test_text_without_equals_ends_the_login(void **state)
{
	assert_int_equal(refused(TEXT(WHO "\0nonsense")),
			 LOGIN_INITIATOR_ERROR);
}

static void test_operational_key_in_security_stage_is_refused(void **state)
{
	struct pdu_login_rsp r =
		peer_login_step(peer, STAGE_SECURITY, STAGE_OPERATIONAL, true,
				TEXT(WHO "\0MaxBurstLength=512"));

	assert_int_equal(r.status, LOGIN_INITIATOR_ERROR);
}

static void test_names_may_not_be_said_later(void **state)
{
	struct pdu_login_rsp r;

	peer_login_step(peer, STAGE_SECURITY, STAGE_OPERATIONAL, true,
			TEXT(WHO));
	r = peer_login_step(peer, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true,
			    TEXT("InitiatorName=" PEER_NAME));
	assert_int_equal(r.status, LOGIN_INITIATOR_ERROR);
}

static void test_going_back_a_stage_is_refused(void **state)
{
	struct pdu_login_rsp r;

	peer_login_step(peer, STAGE_OPERATIONAL, STAGE_SECURITY, false,
			TEXT(WHO));
	r = peer_login_step(peer, STAGE_SECURITY, STAGE_OPERATIONAL, true, NULL,
			    0);
	assert_int_equal(r.status, LOGIN_INVALID_DURING);
}

static void test_stage_two_does_not_exist(void **state)
{
	uint8_t bhs[BHS_LEN] = { 0x43, 0x80 | 2 << 2 | 3 };

	peer_send(peer, bhs, TEXT(WHO));
	peer_expect(peer, OP_LOGIN_RSP);
	assert_int_equal(bhs[0] & 0x3f, OP_LOGIN_REQ);
	assert_int_equal(get_be16(peer->bhs + 36), LOGIN_INITIATOR_ERROR);
}

static void test_anything_but_login_closes_the_connection(void **state)
{
	uint8_t bhs[BHS_LEN] = { OP_NOP_OUT | 0x40, 0x80 };

	peer_send(peer, bhs, NULL, 0);
	assert_true(tgt_conn_over(peer->c));
	peer_expect_silence(peer);
}

static void test_slow_login_times_out(void **state)
{
	assert_int_equal(tgt_next_wake(world->t),
			 world->now + world->t->login_timeout);
	world_pass(world, world->t->login_timeout - 1);
	assert_false(tgt_conn_over(peer->c));
	world_pass(world, 1);
	assert_true(tgt_conn_over(peer->c));
}

static void redirect_to(const char *host)
{
	world->tt->redirect.on = true;
	strcpy(world->tt->redirect.to.host, host);
	world->tt->redirect.to.port = 3260;
	world->tt->redirect.to.tag = -1;
}

static void test_redirection_names_the_new_address(void **state)
{
	redirect_to("192.0.2.9");
	assert_int_equal(refused(TEXT(WHO)), LOGIN_MOVED_TEMP);
	assert_string_equal(peer_key(peer, "TargetAddress"), "192.0.2.9:3260");
}

static void test_permanent_redirection_has_its_own_status(void **state)
{
	redirect_to("2001:db8::1");
	world->tt->redirect.permanent = true;
	assert_int_equal(refused(TEXT(WHO)), LOGIN_MOVED_PERM);
	assert_string_equal(peer_key(peer, "TargetAddress"),
			    "[2001:db8::1]:3260");
}

static void test_redirection_may_be_for_some_logins_only(void **state)
{
	struct peer *second = peer_new(world);

	redirect_to("192.0.2.9");
	world->tt->redirect.times = 1;
	assert_int_equal(refused(TEXT(WHO)), LOGIN_MOVED_TEMP);
	peer_login(second);
	peer_free(second);
}

static void test_target_can_refuse_everybody(void **state)
{
	world->tt->refuse = LOGIN_UNAVAILABLE;
	assert_int_equal(refused(TEXT(WHO)), LOGIN_UNAVAILABLE);
}

static void test_missing_key_is_asked_for_before_full_feature(void **state)
{
	struct pdu_login_rsp r;

	world->tt->wishes.max_burst = 1024;
	r = peer_login_step(peer, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true,
			    TEXT(WHO));
	assert_false(r.transit);
	assert_string_equal(peer_key(peer, "MaxBurstLength"), "1024");
	r = peer_login_step(peer, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true,
			    TEXT("MaxBurstLength=1024"));
	assert_true(r.transit);
	assert_non_null(tgt_conn_session(peer->c));
}

static void test_discovery_needs_no_target(void **state)
{
	assert_int_equal(peer_login_with(peer, TEXT(WHO_D)), LOGIN_OK);
	assert_null(peer_key(peer, "TargetPortalGroupTag"));
	assert_non_null(tgt_conn_session(peer->c));
}

static void test_login_in_full_feature_phase_closes(void **state)
{
	peer_login(peer);
	peer_login_send(peer, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true,
			TEXT(WHO));
	assert_true(tgt_conn_over(peer->c));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_one_request_is_enough),
		T(test_bytes_may_come_one_by_one),
		T(test_first_command_has_the_login_cmdsn),
		T(test_statsn_starts_where_it_is_told),
		T(test_security_then_operational_then_full),
		T(test_security_straight_to_full_feature),
		T(test_without_transit_the_stage_stays),
		T(test_text_in_parts_is_answered_as_a_whole),
		T(test_endless_text_is_cut_off),
		T(test_initiator_must_name_itself),
		T(test_normal_session_needs_a_target_name),
		T(test_unknown_target_is_not_found),
		T(test_names_are_compared_without_case),
		T(test_unknown_session_type_is_refused),
		T(test_newer_version_only_is_refused),
		T(test_tsih_of_no_session_is_refused),
		T(test_second_connection_of_a_session_is_refused),
		T(test_same_cid_reinstates_the_connection),
		T(test_same_isid_reinstates_the_session),
		T(test_other_isid_is_another_session),
		T(test_failed_login_does_not_end_the_old_session),
		T(test_reinstatement_is_told_as_nexus_loss),
		T(test_unknown_key_is_not_understood),
		T(test_key_said_twice_ends_the_login),
		T(test_text_without_equals_ends_the_login),
		T(test_operational_key_in_security_stage_is_refused),
		T(test_names_may_not_be_said_later),
		T(test_going_back_a_stage_is_refused),
		T(test_stage_two_does_not_exist),
		T(test_anything_but_login_closes_the_connection),
		T(test_slow_login_times_out),
		T(test_redirection_names_the_new_address),
		T(test_permanent_redirection_has_its_own_status),
		T(test_redirection_may_be_for_some_logins_only),
		T(test_target_can_refuse_everybody),
		T(test_missing_key_is_asked_for_before_full_feature),
		T(test_discovery_needs_no_target),
		T(test_login_in_full_feature_phase_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

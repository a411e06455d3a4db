/*
 * test_auth - CHAP in both directions, good and bad (RFC 7143 12.1.3).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "proto/fault.h"
#include "puppet.h"
#include "wire/chap.h"
#include "wire/status.h"
#include "wire/text.h"

#define KEYS(text) text, sizeof(text)

static const uint8_t challenge[16] = "sixteen bytes...";

static void set_secret(struct chap_credentials *c, const char *user,
		       const char *secret)
{
	snprintf(c->user, sizeof(c->user), "%s", user);
	c->secret_len = strlen(secret);
	memcpy(c->secret, secret, c->secret_len);
}

static int setup(void **state)
{
	struct puppet *p = puppet_new();

	set_secret(&p->cfg.out, "alice", "wonderland-1865");
	*state = p;
	return 0;
}

static int setup_mutual(void **state)
{
	setup(state);
	set_secret(&((struct puppet *)*state)->cfg.in, "tina",
		   "turner-is-best");
	return 0;
}

static int teardown(void **state)
{
	puppet_free(*state);
	return 0;
}

static void expect_down(struct puppet *p, const struct fault *why)
{
	assert_int_equal(p->closes, 1);
	puppet_closed(p);
	assert_ptr_equal(p->why, why);
	assert_int_equal(p->ups, 0);
}

/* Up to the request that carries CHAP_A. */
static void choose_chap(struct puppet *p)
{
	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
			 KEYS("AuthMethod=CHAP"));
	puppet_expect(p, OP_LOGIN_REQ);
}

/* Sends the challenge, takes the answer. */
static void challenge_with(struct puppet *p, unsigned algorithm)
{
	char text[256], hex[64];
	struct text_out out;

	hex_put(hex, challenge, sizeof(challenge));
	text_init(&out, text, sizeof(text));
	text_add_u32(&out, "CHAP_A", algorithm);
	text_add_u32(&out, "CHAP_I", 9);
	text_add_hex(&out, "CHAP_C", challenge, sizeof(challenge));
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0, text, out.len);
}

static bool get(const struct puppet *p, const char *key, struct text_pair *kv)
{
	size_t pos = 0;

	while (text_next((const char *)p->data, p->len, &pos, kv) > 0) {
		if (text_key_is(kv, key))
			return true;
	}
	return false;
}

/* Ends security with these keys, then the operational stage. */
static void pass(struct puppet *p, const char *text, size_t n)
{
	puppet_login_rsp(p, STAGE_SECURITY, true, STAGE_OPERATIONAL, 0, text,
			 n);
	if (p->closes)
		return;
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, true, STAGE_FULL_FEATURE, 0,
			 NULL, 0);
}

static void test_credentials_offer_chap_before_none(void **state)
{
	struct puppet *p = *state;
	struct pdu_login_req req;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
	assert_int_equal(req.csg, STAGE_SECURITY);
	assert_false(req.transit);
	assert_true(puppet_has_key(p, "AuthMethod=CHAP,None"));
}

static void test_mutual_credentials_insist_on_chap(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_true(puppet_has_key(p, "AuthMethod=CHAP"));
}

static void test_the_best_algorithm_is_offered_first_and_md5_last(void **state)
{
	struct puppet *p = *state;

	choose_chap(p);
	assert_true(puppet_has_key(p, "CHAP_A=8,7,6,5"));
}

static void test_every_algorithm_gives_the_right_response(void **state)
{
	for (unsigned number = 5; number <= 8; number++) {
		const struct chap_algorithm *a = chap_find(number);
		uint8_t want[CHAP_MAX_RESPONSE], got[CHAP_MAX_RESPONSE];
		struct session_info info;
		struct text_pair kv;
		struct puppet *p;
		char name[32];

		setup((void **)&p);
		choose_chap(p);
		challenge_with(p, number);
		puppet_expect(p, OP_LOGIN_REQ);
		assert_true(puppet_has_key(p, "CHAP_N=alice"));
		assert_true(get(p, "CHAP_R", &kv));
		assert_int_equal(text_binary(&kv, got, sizeof(got)),
				 a->response_len);
		assert_int_equal(chap_response(a, 9, "wonderland-1865", 15,
					       challenge, sizeof(challenge),
					       want),
				 0);
		assert_memory_equal(got, want, a->response_len);
		pass(p, NULL, 0);
		assert_int_equal(p->ups, 1);
		session_info(p->s, &info);
		snprintf(name, sizeof(name), "CHAP %s", a->name);
		assert_string_equal(info.auth, name);
		puppet_free(p);
	}
}

static void test_an_algorithm_that_was_not_offered_is_refused(void **state)
{
	struct puppet *p = *state;

	choose_chap(p);
	challenge_with(p, 9);
	expect_down(p, &fault_auth_method);
}

static void test_a_target_may_choose_none(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
			 KEYS("AuthMethod=None"));
	puppet_expect(p, OP_LOGIN_REQ);
	pass(p, NULL, 0);
	assert_int_equal(p->ups, 1);
}

static void
test_none_is_not_enough_when_the_target_must_prove_itself(void **state)
{
	struct puppet *p = *state;

	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
			 KEYS("AuthMethod=None"));
	expect_down(p, &fault_auth_method);
}

/* A response to our challenge made with this secret, under this name. */
static void prove(struct puppet *p, const char *user, const char *secret)
{
	const struct chap_algorithm *a = chap_find(5);
	uint8_t ours[64], response[CHAP_MAX_RESPONSE];
	struct text_pair kv;
	struct text_out out;
	uint64_t id;
	char text[256];
	int n;

	choose_chap(p);
	challenge_with(p, 5);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_true(get(p, "CHAP_I", &kv));
	assert_int_equal(text_number(&kv, 0, 255, &id), 0);
	assert_true(get(p, "CHAP_C", &kv));
	n = text_binary(&kv, ours, sizeof(ours));
	assert_true(n > 0);
	assert_int_equal(chap_response(a, (uint8_t)id, secret, strlen(secret),
				       ours, (size_t)n, response),
			 0);
	text_init(&out, text, sizeof(text));
	text_add(&out, "CHAP_N", user);
	text_add_hex(&out, "CHAP_R", response, a->response_len);
	pass(p, text, out.len);
}

static void test_a_target_that_proves_itself_is_let_in(void **state)
{
	struct puppet *p = *state;

	prove(p, "tina", "turner-is-best");
	assert_int_equal(p->ups, 1);
}

/* 9.2.1: a response that we would have given ourselves is a failure. */
static void test_one_secret_for_both_directions_is_refused(void **state)
{
	struct puppet *p = *state;

	set_secret(&p->cfg.in, "tina", "wonderland-1865");
	prove(p, "tina", "wonderland-1865");
	expect_down(p, &fault_auth_reflected);
}

static void test_a_target_with_a_wrong_secret_is_refused(void **state)
{
	struct puppet *p = *state;

	prove(p, "tina", "turner-is-worst");
	expect_down(p, &fault_auth_failed);
}

static void test_a_target_under_another_name_is_refused(void **state)
{
	struct puppet *p = *state;

	prove(p, "bob", "turner-is-best");
	expect_down(p, &fault_wrong_name);
}

static void test_a_target_that_skips_its_proof_is_refused(void **state)
{
	struct puppet *p = *state;

	choose_chap(p);
	challenge_with(p, 5);
	puppet_expect(p, OP_LOGIN_REQ);
	pass(p, NULL, 0);
	expect_down(p, &fault_auth_failed);
}

static void test_our_own_response_sent_back_is_refused(void **state)
{
	struct puppet *p = *state;
	char text[256];
	struct text_out out;
	struct text_pair kv;
	uint8_t r[CHAP_MAX_RESPONSE];
	int n;

	choose_chap(p);
	challenge_with(p, 5);
	puppet_expect(p, OP_LOGIN_REQ);
	assert_true(get(p, "CHAP_R", &kv));
	n = text_binary(&kv, r, sizeof(r));
	assert_int_equal(n, 16);
	text_init(&out, text, sizeof(text));
	text_add(&out, "CHAP_N", "tina");
	text_add_hex(&out, "CHAP_R", r, (size_t)n);
	pass(p, text, out.len);
	expect_down(p, &fault_auth_reflected);
}

static void test_a_refused_response_is_tried_once_more_with_md5(void **state)
{
	struct puppet *p = *state;

	choose_chap(p);
	challenge_with(p, 7);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, LOGIN_INITIATOR_ERROR,
			 NULL, 0);
	expect_down(p, &fault_auth_retry);
	p->closes = p->downs = 0;
	choose_chap(p);
	assert_true(puppet_has_key(p, "CHAP_A=5"));
	challenge_with(p, 5);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, LOGIN_AUTH_FAILED, NULL,
			 0);
	expect_down(p, &fault_login_refused);
}

static void test_a_challenge_without_its_parts_is_refused(void **state)
{
	struct puppet *p = *state;

	choose_chap(p);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
			 KEYS("CHAP_A=5\0CHAP_I=1"));
	expect_down(p, &fault_login_protocol);
}

static void test_a_key_that_comes_twice_is_refused(void **state)
{
	struct puppet *p = *state;

	choose_chap(p);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
			 KEYS("CHAP_A=5\0CHAP_A=5"));
	expect_down(p, &fault_login_protocol);
}

static void test_an_end_of_security_before_our_response_is_refused(void **state)
{
	struct puppet *p = *state;

	choose_chap(p);
	puppet_login_rsp(p, STAGE_SECURITY, true, STAGE_OPERATIONAL, 0, NULL,
			 0);
	expect_down(p, &fault_login_protocol);
}

struct step {
	unsigned requests; /* of ours, before */
	const char *text;
	size_t n;
};
#define STEP(requests, text)                                                   \
	{                                                                      \
		requests, text, sizeof(text)                                   \
	}

/* 9.2 */
static void test_keys_of_another_step_are_refused(void **state)
{
	static const struct step steps[] = {
		STEP(0, "AuthMethod=CHAP\0CHAP_A=5\0CHAP_I=1\0CHAP_C=0x11"),
		STEP(0, "AuthMethod=CHAP\0CHAP_R=0x11"),
		STEP(1, "AuthMethod=CHAP\0CHAP_A=5\0CHAP_I=1\0CHAP_C=0x11"),
		STEP(1, "CHAP_A=5\0CHAP_I=1\0CHAP_C=0x11\0CHAP_N=tina"),
		STEP(2, "CHAP_C=0x1122"),
		STEP(2, "CHAP_A=5"),
		STEP(2, "CHAP_N=tina\0CHAP_R=0x11"), /* not asked for */
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct puppet *p;

		setup((void **)&p);
		puppet_connect(p);
		puppet_expect(p, OP_LOGIN_REQ);
		if (steps[i].requests >= 1) {
			puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
					 KEYS("AuthMethod=CHAP"));
			puppet_expect(p, OP_LOGIN_REQ);
		}
		if (steps[i].requests >= 2) {
			challenge_with(p, 5);
			puppet_expect(p, OP_LOGIN_REQ);
		}
		puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0, steps[i].text,
				 steps[i].n);
		expect_down(p, &fault_login_protocol);
		puppet_free(p);
	}
}

static void test_a_target_is_not_let_in_unproved(void **state)
{
	struct puppet *p = *state;

	p->cfg.out.secret_len = 0;
	set_secret(&p->cfg.in, "tina", "turner-is-best");
	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, true, STAGE_FULL_FEATURE, 0,
			 NULL, 0);
	assert_int_equal(p->ups, 0);
	assert_int_equal(p->closes, 1);
}

static void test_without_a_password_no_challenge_is_answered(void **state)
{
	struct puppet *p = *state;

	p->cfg.out.secret_len = 0;
	set_secret(&p->cfg.in, "tina", "turner-is-best");
	choose_chap(p);
	challenge_with(p, 5);
	expect_down(p, &fault_auth_method);
}

static void test_silence_in_authentication_has_its_own_timeout(void **state)
{
	struct puppet *p = *state;

	choose_chap(p);
	puppet_tick(p, 44999);
	assert_int_equal(p->closes, 0);
	puppet_tick(p, 1);
	expect_down(p, &fault_auth_timeout);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define M(name) cmocka_unit_test_setup_teardown(name, setup_mutual, teardown)
	const struct CMUnitTest tests[] = {
		T(test_credentials_offer_chap_before_none),
		M(test_mutual_credentials_insist_on_chap),
		T(test_the_best_algorithm_is_offered_first_and_md5_last),
		cmocka_unit_test(test_every_algorithm_gives_the_right_response),
		T(test_an_algorithm_that_was_not_offered_is_refused),
		T(test_a_target_may_choose_none),
		M(test_none_is_not_enough_when_the_target_must_prove_itself),
		M(test_a_target_that_proves_itself_is_let_in),
		M(test_one_secret_for_both_directions_is_refused),
		M(test_a_target_with_a_wrong_secret_is_refused),
		M(test_a_target_under_another_name_is_refused),
		M(test_a_target_that_skips_its_proof_is_refused),
		M(test_our_own_response_sent_back_is_refused),
		T(test_a_refused_response_is_tried_once_more_with_md5),
		T(test_a_challenge_without_its_parts_is_refused),
		T(test_a_key_that_comes_twice_is_refused),
		T(test_an_end_of_security_before_our_response_is_refused),
		cmocka_unit_test(test_keys_of_another_step_are_refused),
		T(test_a_target_is_not_let_in_unproved),
		T(test_without_a_password_no_challenge_is_answered),
		T(test_silence_in_authentication_has_its_own_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

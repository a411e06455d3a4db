/*
 * test_chap - UNH-IOL CHAP for initiators: values at and beyond their limits
 * (RFC 7143 12.1.3).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/auth.h"
#include "proto/fault.h"
#include "puppet.h"
#include "wire/chap.h"
#include "wire/text.h"

#define KEYS(text) text, sizeof(text)

static const char secret[] = "wonderland-1865";

static void set_secret(struct chap_credentials *c, const char *user,
		       const char *text)
{
	snprintf(c->user, sizeof(c->user), "%s", user);
	c->secret_len = strlen(text);
	memcpy(c->secret, text, c->secret_len);
}

static int setup(void **state)
{
	struct puppet *p = puppet_new();

	set_secret(&p->cfg.out, "alice", secret);
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

static bool get(const struct puppet *p, const char *key, struct text_pair *kv)
{
	size_t pos = 0;

	while (text_next((const char *)p->data, p->len, &pos, kv) > 0) {
		if (text_key_is(kv, key))
			return true;
	}
	return false;
}

static void choose_chap(struct puppet *p)
{
	puppet_connect(p);
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
			 KEYS("AuthMethod=CHAP"));
	puppet_expect(p, OP_LOGIN_REQ);
}

/* The target's step with these words for A, I and C. */
static void challenge(struct puppet *p, const char *a, const char *i,
		      const char *c)
{
	static char text[8192];
	struct text_out out;

	choose_chap(p);
	text_init(&out, text, sizeof(text));
	text_add(&out, "CHAP_A", a);
	text_add(&out, "CHAP_I", i);
	text_add(&out, "CHAP_C", c);
	assert_false(out.full);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0, text, out.len);
}

/* The response taken must fit identifier and challenge. */
static void expect_response(struct puppet *p, uint8_t id, const uint8_t *bytes,
			    size_t n)
{
	uint8_t want[CHAP_MAX_RESPONSE], got[CHAP_MAX_RESPONSE];
	struct text_pair kv;

	puppet_expect(p, OP_LOGIN_REQ);
	assert_true(puppet_has_key(p, "CHAP_N=alice"));
	assert_true(get(p, "CHAP_R", &kv));
	assert_int_equal(text_binary(&kv, got, sizeof(got)), 16);
	assert_int_equal(chap_response(chap_find(CHAP_MD5), id, secret,
				       strlen(secret), bytes, n, want),
			 0);
	assert_memory_equal(got, want, 16);
}

static char *hex_of(uint8_t byte, size_t n)
{
	static char text[8192];

	strcpy(text, "0x");
	for (size_t i = 0; i < n; i++)
		sprintf(text + 2 + 2 * i, "%02x", byte);
	return text;
}

/* 2: CHAP_I ----------------------------------------------------------- */

static void test_chap_2_every_identifier_of_one_byte_is_taken(void **state)
{
	static const char *const words[] = { "0", "1", "255", "0xff", "0x0" };
	static const uint8_t ids[] = { 0, 1, 255, 255, 0 };
	const uint8_t c[] = { 0x11, 0x22 };

	for (size_t i = 0; i < sizeof(ids); i++) {
		struct puppet *p;

		setup((void **)&p);
		challenge(p, "5", words[i], "0x1122");
		expect_response(p, ids[i], c, sizeof(c));
		puppet_free(p);
	}
}

static void test_chap_2_an_identifier_out_of_range_is_refused(void **state)
{
	static const char *const bad[] = { "256",   "-1", "",	 "x",
					   "0x100", "1 ", "1,2", "4294967297" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct puppet *p;

		setup((void **)&p);
		challenge(p, "5", bad[i], "0x1122");
		puppet_expect_down(p, &fault_login_protocol);
		puppet_free(p);
	}
}

static void test_chap_2_the_same_values_may_come_again(void **state)
{
	struct puppet *p = *state;
	const uint8_t c[] = { 0x11, 0x22 };

	for (int i = 0; i < 2; i++) {
		challenge(p, "5", "7", "0x1122");
		expect_response(p, 7, c, sizeof(c));
		session_transport_lost(p->s, p->c, 0, p->now);
		puppet_closed(p);
	}
}

/* 3: CHAP_C ----------------------------------------------------------- */

static void test_chap_3_1_a_challenge_of_1024_bytes_is_answered(void **state)
{
	struct puppet *p = *state;
	uint8_t c[1024];

	memset(c, 0xa5, sizeof(c));
	challenge(p, "5", "1", hex_of(0xa5, sizeof(c)));
	expect_response(p, 1, c, sizeof(c));
}

static void test_chap_3_2_a_challenge_of_1_byte_is_answered(void **state)
{
	struct puppet *p = *state;
	const uint8_t c = 0xa5;

	challenge(p, "5", "1", hex_of(c, 1));
	expect_response(p, 1, &c, 1);
}

static void test_chap_3_3_a_challenge_of_1025_bytes_is_refused(void **state)
{
	struct puppet *p = *state;

	challenge(p, "5", "1", hex_of(0xa5, 1025));
	puppet_expect_down(p, &fault_login_protocol);
}

static void test_chap_3_4_a_challenge_of_no_bytes_is_refused(void **state)
{
	static const char *const bad[] = { "0x",   "0b",   "",	   "0",
					   "1122", "0q11", "0x1g", "0b*" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct puppet *p;

		setup((void **)&p);
		challenge(p, "5", "1", bad[i]);
		puppet_expect_down(p, &fault_login_protocol);
		puppet_free(p);
	}
}

static void test_chap_3_5_the_order_of_the_keys_is_free(void **state)
{
	struct puppet *p = *state;
	const uint8_t c[] = { 0x11, 0x22 };

	choose_chap(p);
	puppet_login_rsp(p, STAGE_SECURITY, false, 0, 0,
			 KEYS("CHAP_C=0x1122\0CHAP_I=3\0CHAP_A=5"));
	expect_response(p, 3, c, sizeof(c));
}

static void test_chap_3_a_challenge_in_base64_is_answered(void **state)
{
	struct puppet *p = *state;

	challenge(p, "5", "1", "0bc2l4dGVlbiBieXRlcy4uLg==");
	expect_response(p, 1, (const uint8_t *)"sixteen bytes...", 16);
}

static void test_chap_3_7_our_challenge_is_not_the_target_s(void **state)
{
	struct puppet *p = *state;
	struct text_pair kv;
	uint8_t ours[64];

	challenge(p, "5", "1", hex_of(0xa5, AUTH_CHALLENGE));
	puppet_expect(p, OP_LOGIN_REQ);
	assert_true(get(p, "CHAP_C", &kv));
	assert_int_equal(text_binary(&kv, ours, sizeof(ours)), AUTH_CHALLENGE);
	assert_int_not_equal(ours[0], 0xa5);
}

/* 1, 4 and 5: CHAP_A, CHAP_N, CHAP_R ----------------------------------- */

static void test_chap_1_an_algorithm_not_offered_is_refused(void **state)
{
	static const char *const bad[] = { "4", "9", "0", "255" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct puppet *p;

		setup((void **)&p);
		challenge(p, bad[i], "1", "0x1122");
		puppet_expect_down(p, &fault_auth_method);
		puppet_free(p);
	}
}

static void test_chap_1_a_list_is_no_choice(void **state)
{
	struct puppet *p = *state;

	challenge(p, "5,7", "1", "0x1122");
	puppet_expect_down(p, &fault_login_protocol);
}

/* The target's proof with name and response as given, NULL: the right one. */
static void prove(struct puppet *p, const char *name, const char *response)
{
	static char text[8192];
	uint8_t ours[64], r[CHAP_MAX_RESPONSE];
	const struct chap_credentials *in = &p->cfg.in;
	struct text_pair kv;
	struct text_out out;
	uint64_t id;
	int n;

	challenge(p, "5", "1", "0x1122");
	puppet_expect(p, OP_LOGIN_REQ);
	assert_true(get(p, "CHAP_I", &kv));
	assert_int_equal(text_number(&kv, 0, 255, &id), 0);
	assert_true(get(p, "CHAP_C", &kv));
	n = text_binary(&kv, ours, sizeof(ours));
	assert_int_equal(chap_response(chap_find(CHAP_MD5), (uint8_t)id,
				       in->secret, in->secret_len, ours,
				       (size_t)n, r),
			 0);
	text_init(&out, text, sizeof(text));
	text_add(&out, "CHAP_N", name);
	if (response)
		text_add(&out, "CHAP_R", response);
	else
		text_add_hex(&out, "CHAP_R", r, 16);
	puppet_login_rsp(p, STAGE_SECURITY, true, STAGE_OPERATIONAL, 0, text,
			 out.len);
}

static void test_chap_4_a_name_of_the_wrong_length_is_refused(void **state)
{
	static char huge[7000];
	const char *bad[] = { "", "tin", "tinaa", "Tina", huge };

	memset(huge, 'n', sizeof(huge) - 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct puppet *p;

		setup_mutual((void **)&p);
		prove(p, bad[i], NULL);
		puppet_expect_down(p, &fault_wrong_name);
		puppet_free(p);
	}
}

static void test_chap_5_a_response_of_the_wrong_length_is_refused(void **state)
{
	static const size_t lengths[] = { 1, 15, 17, 32, 33, 1024, 1025 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct puppet *p;

		setup_mutual((void **)&p);
		prove(p, "tina", hex_of(0x5a, lengths[i]));
		puppet_expect_down(p, &fault_auth_failed);
		puppet_free(p);
	}
}

static void test_chap_5_a_response_that_is_no_number_is_refused(void **state)
{
	static const char *const bad[] = { "0x", "", "hello",
					   "0b====", "123456789012345678" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct puppet *p;

		setup_mutual((void **)&p);
		prove(p, "tina", bad[i]);
		puppet_expect_down(p, &fault_auth_failed);
		puppet_free(p);
	}
}

static void test_chap_5_the_right_response_lets_the_target_in(void **state)
{
	struct puppet *p = *state;

	prove(p, "tina", NULL);
	assert_int_equal(p->closes, 0);
	puppet_login(p, NULL, 0);
	assert_int_equal(p->ups, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define M(name) cmocka_unit_test_setup_teardown(name, setup_mutual, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_chap_1_an_algorithm_not_offered_is_refused),
		T(test_chap_1_a_list_is_no_choice),
		cmocka_unit_test(
			test_chap_2_every_identifier_of_one_byte_is_taken),
		cmocka_unit_test(
			test_chap_2_an_identifier_out_of_range_is_refused),
		T(test_chap_2_the_same_values_may_come_again),
		T(test_chap_3_1_a_challenge_of_1024_bytes_is_answered),
		T(test_chap_3_2_a_challenge_of_1_byte_is_answered),
		T(test_chap_3_3_a_challenge_of_1025_bytes_is_refused),
		cmocka_unit_test(
			test_chap_3_4_a_challenge_of_no_bytes_is_refused),
		T(test_chap_3_5_the_order_of_the_keys_is_free),
		T(test_chap_3_a_challenge_in_base64_is_answered),
		M(test_chap_3_7_our_challenge_is_not_the_target_s),
		cmocka_unit_test(
			test_chap_4_a_name_of_the_wrong_length_is_refused),
		cmocka_unit_test(
			test_chap_5_a_response_of_the_wrong_length_is_refused),
		cmocka_unit_test(
			test_chap_5_a_response_that_is_no_number_is_refused),
		M(test_chap_5_the_right_response_lets_the_target_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

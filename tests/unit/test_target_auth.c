/* Tests of target/auth.c: CHAP from the target's side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "unit/target_peer.h"

#include "base/codec.h"
#include "wire/chap.h"

#define SECRET "a secret of sixteen"
#define OTHER  "another one, for us"

static struct world *world;
static struct peer *peer;
static uint8_t challenge[1024];
static ssize_t challenge_len;
static unsigned id;

static void credentials(struct tgt_chap *c, const char *user,
			const char *secret)
{
	strcpy(c->user, user);
	c->secret_len = strlen(secret);
	memcpy(c->secret, secret, c->secret_len);
}

static int setup(void **state)
{
	world = world_new();
	credentials(&world->tt->auth.in, "user", SECRET);
	peer = peer_new(world);
	return 0;
}

static int teardown(void **state)
{
	peer_free(peer);
	world_free(world);
	return 0;
}

static uint16_t step(const char *text, size_t n)
{
	return peer_login_step(peer, STAGE_SECURITY, STAGE_OPERATIONAL, true,
			       text, n)
		.status;
}

/* As far as the challenge, with this CHAP_A. */
static void get_challenge(const char *a)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "CHAP_A=%s", a);

	assert_int_equal(step(TEXT(WHO "\0AuthMethod=CHAP,None")), LOGIN_OK);
	assert_string_equal(peer_key(peer, "AuthMethod"), "CHAP");
	assert_int_equal(step(text, (size_t)n + 1), LOGIN_OK);
	assert_int_equal(sscanf(peer_key(peer, "CHAP_I"), "%u", &id), 1);
	assert_memory_equal(peer_key(peer, "CHAP_C"), "0x", 2);
	challenge_len = hex_get(challenge, sizeof(challenge),
				peer_key(peer, "CHAP_C") + 2,
				strlen(peer_key(peer, "CHAP_C")) - 2);
	assert_true(challenge_len >= 16);
}

static uint16_t respond(unsigned algorithm, const char *user,
			const char *secret, const char *more, size_t more_len)
{
	const struct chap_algorithm *a = chap_find(algorithm);
	uint8_t r[CHAP_MAX_RESPONSE];
	char hex[2 * CHAP_MAX_RESPONSE + 1], text[4096];
	size_t n;

	assert_int_equal(chap_response(a, (uint8_t)id, secret, strlen(secret),
				       challenge, (size_t)challenge_len, r),
			 0);
	hex_put(hex, r, a->response_len);
	n = (size_t)snprintf(text, sizeof(text), "CHAP_N=%s%cCHAP_R=0x%s", user,
			     0, hex) +
	    1;
	memcpy(text + n, more, more_len);
	return step(text, n + more_len);
}

static void each_algorithm(const char *number)
{
	get_challenge(number);
	assert_string_equal(peer_key(peer, "CHAP_A"), number);
	assert_int_equal(respond((unsigned)atoi(number), "user", SECRET, "", 0),
			 LOGIN_OK);
	assert_int_equal(peer->bhs[1] & 0x83, 0x81);
}

static void test_md5_proof_is_accepted(void **state)
{
	each_algorithm("5");
}

static void test_sha1_proof_is_accepted(void **state)
{
	each_algorithm("6");
}

static void test_sha256_proof_is_accepted(void **state)
{
	each_algorithm("7");
}

static void test_sha3_proof_is_accepted(void **state)
{
	each_algorithm("8");
}

static void test_first_known_algorithm_of_the_list_is_taken(void **state)
{
	get_challenge("99,7,5");
	assert_string_equal(peer_key(peer, "CHAP_A"), "7");
}

static void test_algorithms_can_be_restricted(void **state)
{
	world->tt->auth.algorithms[0] = 5;
	get_challenge("8,7,6,5");
	assert_string_equal(peer_key(peer, "CHAP_A"), "5");
}

static void test_no_common_algorithm_fails(void **state)
{
	assert_int_equal(step(TEXT(WHO "\0AuthMethod=CHAP")), LOGIN_OK);
	assert_int_equal(step(TEXT("CHAP_A=1,2")), LOGIN_AUTH_FAILED);
}

static void test_wrong_secret_fails(void **state)
{
	get_challenge("5");
	assert_int_equal(respond(5, "user", "wrong", "", 0), LOGIN_AUTH_FAILED);
	assert_true(tgt_conn_over(peer->c));
}

static void test_wrong_user_fails(void **state)
{
	get_challenge("5");
	assert_int_equal(respond(5, "User", SECRET, "", 0), LOGIN_AUTH_FAILED);
}

static void test_response_of_wrong_length_fails(void **state)
{
	get_challenge("5");
	assert_int_equal(step(TEXT("CHAP_N=user\0CHAP_R=0x00")),
			 LOGIN_AUTH_FAILED);
}

static void test_initiator_without_chap_is_refused(void **state)
{
	assert_int_equal(step(TEXT(WHO "\0AuthMethod=None")),
			 LOGIN_AUTH_FAILED);
}

static void test_skipping_security_is_refused(void **state)
{
	assert_int_equal(peer_login_with(peer, TEXT(WHO)), LOGIN_AUTH_FAILED);
}

static void test_leaving_security_without_auth_is_refused(void **state)
{
	assert_int_equal(step(TEXT(WHO)), LOGIN_AUTH_FAILED);
}

static void test_response_without_name_is_missing_a_parameter(void **state)
{
	get_challenge("5");
	assert_int_equal(step(TEXT("CHAP_R=0x00")), LOGIN_MISSING_PARAM);
}

static void test_second_auth_method_is_an_error(void **state)
{
	get_challenge("5");
	assert_int_equal(step(TEXT("AuthMethod=None")), LOGIN_INITIATOR_ERROR);
}

static void test_target_proves_itself_when_asked(void **state)
{
	static const uint8_t mine[4] = { 1, 2, 3, 4 };
	uint8_t want[CHAP_MAX_RESPONSE], got[CHAP_MAX_RESPONSE];
	const char *r;

	credentials(&world->tt->auth.out, "disk", OTHER);
	get_challenge("7");
	assert_int_equal(
		respond(7, "user", SECRET, TEXT("CHAP_I=9\0CHAP_C=0x01020304")),
		LOGIN_OK);
	assert_string_equal(peer_key(peer, "CHAP_N"), "disk");
	r = peer_key(peer, "CHAP_R");
	assert_int_equal(hex_get(got, sizeof(got), r + 2, strlen(r) - 2), 32);
	chap_response(chap_find(7), 9, OTHER, strlen(OTHER), mine, sizeof(mine),
		      want);
	assert_memory_equal(got, want, 32);
}

static void test_base64_challenge_is_understood(void **state)
{
	credentials(&world->tt->auth.out, "disk", OTHER);
	get_challenge("5");
	assert_int_equal(respond(5, "user", SECRET,
				 TEXT("CHAP_I=0x09\0CHAP_C=0bAQIDBA==")),
			 LOGIN_OK);
	assert_non_null(peer_key(peer, "CHAP_R"));
}

static void test_mutual_without_a_secret_of_ours_fails(void **state)
{
	get_challenge("5");
	assert_int_equal(
		respond(5, "user", SECRET, TEXT("CHAP_I=9\0CHAP_C=0x01020304")),
		LOGIN_AUTH_FAILED);
}

static void test_our_own_challenge_is_not_answered(void **state)
{
	char text[512], hex[256];
	int n;

	credentials(&world->tt->auth.out, "disk", OTHER);
	get_challenge("5");
	hex_put(hex, challenge, (size_t)challenge_len);
	n = snprintf(text, sizeof(text), "CHAP_I=%u%cCHAP_C=0x%s", id, 0, hex);
	assert_int_equal(respond(5, "user", SECRET, text, (size_t)n + 1),
			 LOGIN_AUTH_FAILED);
}

static void test_challenge_without_identifier_is_an_error(void **state)
{
	credentials(&world->tt->auth.out, "disk", OTHER);
	get_challenge("5");
	assert_int_equal(respond(5, "user", SECRET, TEXT("CHAP_C=0x0102")),
			 LOGIN_INITIATOR_ERROR);
}

static void test_chap_keys_without_a_method_are_an_error(void **state)
{
	assert_int_equal(step(TEXT(WHO "\0CHAP_A=5")), LOGIN_INITIATOR_ERROR);
}

static void test_discovery_has_its_own_credentials(void **state)
{
	assert_int_equal(peer_login_with(peer, TEXT(WHO_D)), LOGIN_OK);
}

static void test_discovery_can_be_guarded(void **state)
{
	credentials(&world->t->discovery_auth.in, "d", SECRET);
	assert_int_equal(peer_login_with(peer, TEXT(WHO_D)), LOGIN_AUTH_FAILED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_md5_proof_is_accepted),
		T(test_sha1_proof_is_accepted),
		T(test_sha256_proof_is_accepted),
		T(test_sha3_proof_is_accepted),
		T(test_first_known_algorithm_of_the_list_is_taken),
		T(test_algorithms_can_be_restricted),
		T(test_no_common_algorithm_fails),
		T(test_wrong_secret_fails),
		T(test_wrong_user_fails),
		T(test_response_of_wrong_length_fails),
		T(test_initiator_without_chap_is_refused),
		T(test_skipping_security_is_refused),
		T(test_leaving_security_without_auth_is_refused),
		T(test_response_without_name_is_missing_a_parameter),
		T(test_second_auth_method_is_an_error),
		T(test_target_proves_itself_when_asked),
		T(test_base64_challenge_is_understood),
		T(test_mutual_without_a_secret_of_ours_fails),
		T(test_our_own_challenge_is_not_answered),
		T(test_challenge_without_identifier_is_an_error),
		T(test_chap_keys_without_a_method_are_an_error),
		T(test_discovery_has_its_own_credentials),
		T(test_discovery_can_be_guarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_chap - responses against published hashes and an independent
 * implementation.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/codec.h"
#include "wire/chap.h"

static void assert_response(unsigned number, uint8_t id, const char *secret,
			    const uint8_t *challenge, size_t n,
			    const char *expected)
{
	const struct chap_algorithm *a = chap_find(number);
	uint8_t dst[CHAP_MAX_RESPONSE];
	char hex[2 * CHAP_MAX_RESPONSE + 1];

	assert_non_null(a);
	assert_int_equal(
		chap_response(a, id, secret, strlen(secret), challenge, n, dst),
		0);
	hex_put(hex, dst, a->response_len);
	assert_string_equal(hex, expected);
}

/* Id 'a', secret "b", challenge "c": every standard's own hash of "abc". */
static void assert_abc(unsigned number, const char *expected)
{
	assert_response(number, 'a', "b", (const uint8_t *)"c", 1, expected);
}

#define MD5_ABC "900150983cd24fb0d6963f7d28e17f72"

static void test_md5_gives_the_hash_of_rfc_1321(void **state)
{
	(void)state;
	assert_abc(5, MD5_ABC);
}

static void test_sha1_gives_the_hash_of_fips_180(void **state)
{
	(void)state;
	assert_abc(6, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void test_sha256_gives_the_hash_of_fips_180(void **state)
{
	(void)state;
	assert_abc(7, "ba7816bf8f01cfea414140de5dae2223"
		      "b00361a396177a9cb410ff61f20015ad");
}

static void test_sha3_256_gives_the_hash_of_fips_202(void **state)
{
	(void)state;
	assert_abc(8, "3a985da74fe225b2045c172d6bd390bd"
		      "855f086e3e9d525b46bfe24511431532");
}

static void test_secret_and_challenge_of_some_length_are_hashed(void **state)
{
	static const char secret[] = "a secret of 21 bytes!";
	uint8_t c[32];

	(void)state;
	for (size_t i = 0; i < sizeof(c); i++)
		c[i] = (uint8_t)(i * 11 + 5);
	assert_response(8, 0x42, secret, c, sizeof(c),
			"02665ee8b634831ee8d00c806dbabb16"
			"1603c35546ea036089a09a1e14ecf277");
	assert_response(7, 0x42, secret, c, sizeof(c),
			"21e254f27336ac626cae37ad1cc4389d"
			"b46062f8af6c5f7f2b283a447b324de7");
	assert_response(6, 0x42, secret, c, sizeof(c),
			"a49a1a9b15f97c6ec966ef92dea09eaca4bea79c");
	assert_response(5, 0x42, secret, c, sizeof(c),
			"b55aef3848306d32792707b10b8ab566");
}

static void test_secret_may_hold_any_byte(void **state)
{
	uint8_t with[CHAP_MAX_RESPONSE], cut[CHAP_MAX_RESPONSE];
	const struct chap_algorithm *a = chap_find(7);

	(void)state;
	assert_int_equal(chap_response(a, 1, "x\0y", 3, cut, 0, with), 0);
	assert_int_equal(chap_response(a, 1, "x", 1, cut, 0, cut), 0);
	assert_false(chap_equal(with, cut, a->response_len));
}

/*
 * Settings of the whole library, as an administrator makes them, under which
 * MD5 cannot be had in the ordinary way.
 */
static void assert_md5_works_under(const char *properties)
{
	EVP_MD *md;

	assert_true(EVP_set_default_properties(NULL, properties));
	md = EVP_MD_fetch(NULL, "MD5", NULL);
	assert_null(md);
	ERR_clear_error();
	assert_abc(5, MD5_ABC);
	assert_int_equal(ERR_peek_error(), 0);
	assert_true(EVP_set_default_properties(NULL, ""));
}

static void test_md5_works_in_fips_mode(void **state)
{
	(void)state;
	assert_md5_works_under("fips=yes");
}

static void test_md5_works_without_any_configured_provider(void **state)
{
	(void)state;
	assert_md5_works_under("provider=none");
}

static void test_unknown_hash_is_not_supported(void **state)
{
	const struct chap_algorithm odd = { 99, 16, "no such hash" };
	const struct chap_algorithm odd_len = { 5, 20, "MD5" };
	uint8_t dst[CHAP_MAX_RESPONSE] = { 0 };

	(void)state;
	assert_int_equal(chap_response(&odd, 1, "s", 1, dst, 1, dst),
			 -EOPNOTSUPP);
	assert_int_equal(chap_response(&odd_len, 1, "s", 1, dst, 1, dst),
			 -EOPNOTSUPP);
}

static void test_offer_is_best_first_and_ends_with_md5(void **state)
{
	char offer[16];

	(void)state;
	chap_offer(offer, sizeof(offer));
	assert_string_equal(offer, "8,7,6,5");
}

static void test_unknown_algorithms_are_not_found(void **state)
{
	(void)state;
	assert_null(chap_find(0));
	assert_null(chap_find(4));
	assert_null(chap_find(9));
	assert_null(chap_find(0x100000005));
	assert_string_equal(chap_find(8)->name, "SHA3-256");
}

static void test_every_response_fits_its_buffer(void **state)
{
	(void)state;
	assert_int_equal(chap_algorithm_count, 4);
	for (size_t i = 0; i < chap_algorithm_count; i++)
		assert_true(chap_algorithms[i].response_len <=
			    CHAP_MAX_RESPONSE);
}

static void test_equality_looks_at_every_byte(void **state)
{
	uint8_t a[4] = { 1, 2, 3, 4 }, b[4] = { 1, 2, 3, 5 };

	(void)state;
	assert_false(chap_equal(a, b, 4));
	assert_true(chap_equal(a, b, 3));
	assert_true(chap_equal(a, a, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_md5_gives_the_hash_of_rfc_1321),
		cmocka_unit_test(test_sha1_gives_the_hash_of_fips_180),
		cmocka_unit_test(test_sha256_gives_the_hash_of_fips_180),
		cmocka_unit_test(test_sha3_256_gives_the_hash_of_fips_202),
		cmocka_unit_test(test_secret_and_challenge_of_some_length_are_hashed),
		cmocka_unit_test(test_secret_may_hold_any_byte),
		cmocka_unit_test(test_md5_works_in_fips_mode),
		cmocka_unit_test(test_md5_works_without_any_configured_provider),
		cmocka_unit_test(test_unknown_hash_is_not_supported),
		cmocka_unit_test(test_offer_is_best_first_and_ends_with_md5),
		cmocka_unit_test(test_unknown_algorithms_are_not_found),
		cmocka_unit_test(test_every_response_fits_its_buffer),
		cmocka_unit_test(test_equality_looks_at_every_byte),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * chap - CHAP arithmetic (RFC 1994; RFC 7143 section 12.1.3).
 *
 * Who sends what and when is the login's business, as is the length of a
 * challenge.
 */
#include "wire/chap.h"

#include <errno.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "base/str.h"

/* The names are also those OpenSSL knows the hashes by. */
const struct chap_algorithm chap_algorithms[] = {
	{ 8, 32, "SHA3-256" },
	{ 7, 32, "SHA-256" },
	{ 6, 20, "SHA1" },
	{ 5, 16, "MD5" },
};

const size_t chap_algorithm_count =
	sizeof(chap_algorithms) / sizeof(chap_algorithms[0]);

const struct chap_algorithm *chap_find(uint64_t number)
{
	for (size_t i = 0; i < chap_algorithm_count; i++)
		if (chap_algorithms[i].number == number)
			return &chap_algorithms[i];
	return NULL;
}

void chap_offer(char *dst, size_t size)
{
	struct strbuf sb;

	sb_init(&sb, dst, size);
	for (size_t i = 0; i < chap_algorithm_count; i++)
		sb_add(&sb, i ? ",%u" : "%u", chap_algorithms[i].number);
}

/* What goes into the hash, in this order (RFC 1994 section 4.1). */
struct chap_input {
	uint8_t id;
	const void *secret, *challenge;
	size_t secret_len, challenge_len;
};

static bool hash(const EVP_MD *md, const struct chap_input *in,
		 const struct chap_algorithm *a, uint8_t *dst)
{
	EVP_MD_CTX *ctx;
	bool ok;

	if (EVP_MD_get_size(md) != a->response_len)
		return false;
	ctx = EVP_MD_CTX_new();
	ok = ctx && EVP_DigestInit_ex2(ctx, md, NULL) &&
	     EVP_DigestUpdate(ctx, &in->id, 1) &&
	     EVP_DigestUpdate(ctx, in->secret, in->secret_len) &&
	     EVP_DigestUpdate(ctx, in->challenge, in->challenge_len) &&
	     EVP_DigestFinal_ex(ctx, dst, NULL);
	EVP_MD_CTX_free(ctx); /* wipes what it holds of the secret */
	return ok;
}

static bool hash_in(OSSL_LIB_CTX *lib, const char *properties,
		    const struct chap_input *in, const struct chap_algorithm *a,
		    uint8_t *dst)
{
	EVP_MD *md = EVP_MD_fetch(lib, a->name, properties);
	bool ok = md && hash(md, in, a, dst);

	EVP_MD_free(md);
	return ok;
}

/*
 * A system in FIPS mode configures MD5 away.  RFC 7143 12.1.3 still asks for
 * it in every offer, so a library context of our own, which reads no
 * configuration, has the last word.
 */
static bool hash_unconfigured(const struct chap_input *in,
			      const struct chap_algorithm *a, uint8_t *dst)
{
	OSSL_LIB_CTX *lib = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *provider;
	bool ok;

	if (!lib)
		return false;
	provider = OSSL_PROVIDER_load(lib, "default");
	ok = provider && hash_in(lib, NULL, in, a, dst);
	if (provider)
		OSSL_PROVIDER_unload(provider);
	OSSL_LIB_CTX_free(lib);
	return ok;
}

int chap_response(const struct chap_algorithm *a, uint8_t id,
		  const void *secret, size_t secret_len,
		  const uint8_t *challenge, size_t challenge_len,
		  uint8_t dst[static CHAP_MAX_RESPONSE])
{
	const struct chap_input in = { id, secret, challenge, secret_len,
				       challenge_len };
	bool ok;

	/* What one try says of its failure is of no use to anybody. */
	ERR_set_mark();
	ok = hash_in(NULL, NULL, &in, a, dst) ||
	     hash_in(NULL, "-fips", &in, a, dst) ||
	     hash_unconfigured(&in, a, dst);
	ERR_pop_to_mark();
	return ok ? 0 : -EOPNOTSUPP;
}

bool chap_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

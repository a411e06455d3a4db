/*
 * isid - a session's identity, the same at every login (RFC 7143 11.12.5).
 */
#include "conf/isid.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

#define ISID_RANDOM 0x80 /* T = 10b, A is reserved */

int conf_isid(const char *initiator, const char *target, int32_t portal_tag,
	      uint16_t index, uint8_t out[static CONF_ISID_LEN])
{
	uint8_t hash[EVP_MAX_MD_SIZE], tag[4];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	put_be32(tag, (uint32_t)portal_tag);
	/* The NULs between them keep ("ab","c") apart from ("a","bc"). */
	ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(ctx, initiator, strlen(initiator) + 1) &&
	     EVP_DigestUpdate(ctx, target, strlen(target) + 1) &&
	     EVP_DigestUpdate(ctx, tag, sizeof(tag)) &&
	     EVP_DigestFinal_ex(ctx, hash, NULL);
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return -EOPNOTSUPP;
	out[0] = ISID_RANDOM;
	memcpy(out + 1, hash, 3);
	put_be16(out + 4, index);
	return 0;
}

/*
 * chap - CHAP arithmetic (RFC 1994; RFC 7143 section 12.1.3).
 */
#ifndef WIRE_CHAP_H
#define WIRE_CHAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAP_MAX_CHALLENGE 1024 /* bytes; 12.1.3 */
#define CHAP_MAX_RESPONSE  32
#define CHAP_MD5	   5  /* the one every peer has */
#define CHAP_SECRET_WISH   12 /* shorter secrets deserve a warning (9.2.1) */

struct chap_algorithm {
	uint8_t number; /* CHAP_A value */
	uint8_t response_len;
	const char *name; /* for people: "SHA3-256" */
};

/*
 * All we have, best first: SHA3-256 (8), SHA-256 (7), SHA1 (6), MD5 (5).
 * A list of them in this order always ends with MD5 (12.1.3).
 */
extern const struct chap_algorithm chap_algorithms[];
extern const size_t chap_algorithm_count;

/* NULL when unknown. */
const struct chap_algorithm *chap_find(uint64_t number);

/* "8,7,6,5" into dst. */
void chap_offer(char *dst, size_t size);

/*
 * response = hash(id, secret, challenge); dst holds a->response_len bytes.
 * Returns 0, or -EOPNOTSUPP when the library refuses the hash.
 */
int chap_response(const struct chap_algorithm *a, uint8_t id,
		  const void *secret, size_t secret_len,
		  const uint8_t *challenge, size_t challenge_len,
		  uint8_t dst[static CHAP_MAX_RESPONSE]);

/* Constant-time comparison. */
bool chap_equal(const uint8_t *a, const uint8_t *b, size_t n);

#endif

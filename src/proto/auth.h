/*
 * auth - the initiator's side of AuthMethod and CHAP
 * (RFC 7143 sections 9.2.1, 12.1, 12.1.3).
 *
 * Pure: pairs of one answer in, pairs of the next request out.
 */
#ifndef PROTO_AUTH_H
#define PROTO_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/fault.h"
#include "proto/config.h"
#include "wire/chap.h"
#include "wire/text.h"

#define AUTH_CHALLENGE 32 /* bytes of our own challenge */

enum auth_key {
	AUTH_KEY_METHOD,
	AUTH_KEY_A,
	AUTH_KEY_I,
	AUTH_KEY_C,
	AUTH_KEY_N,
	AUTH_KEY_R,
	AUTH_KEYS,
};

enum auth_step {
	AUTH_METHOD,	/* AuthMethod is ours to send, or was sent */
	AUTH_ALGORITHM, /* CHAP_A was sent */
	AUTH_RESPONSE,	/* CHAP_N and CHAP_R were sent */
	AUTH_DONE,
};

struct auth {
	enum auth_step step;
	bool mutual;
	bool open; /* there is nothing to prove: only None is offered */
	/*
	 * Offer MD5 alone.  Targets older than the registry know SHA1 by the
	 * number that is SHA-256 today (tgt does), and choose it from the list.
	 */
	bool md5_only;
	bool chap; /* the target chose CHAP, not None */
	const struct chap_algorithm *algorithm;
	uint8_t my_id, my_challenge[AUTH_CHALLENGE];
	uint8_t my_response[CHAP_MAX_RESPONSE];
	/* of the answer at hand; borrowed from it */
	bool has[AUTH_KEYS];
	struct text_pair in[AUTH_KEYS];
	char detail[160];
};

void auth_init(struct auth *a, const struct session_config *cfg, bool md5_only);
/* Was a response given by an algorithm the target may have misread? */
bool auth_worth_md5(const struct auth *a);
/* There is no security stage: nothing is offered. */
void auth_skip(struct auth *a);
/* The AuthMethod offer of the first request. */
void auth_offer(struct auth *a, struct text_out *out);
/*
 * Keeps the pair if it is one of ours (*taken).  Returns NULL, or a fault
 * when it came twice.
 */
const struct fault *auth_take(struct auth *a, const struct text_pair *kv,
			      bool *taken);
/*
 * The answer is complete: checks it, writes the next pairs.  final: the
 * target set the T bit.
 */
const struct fault *auth_advance(struct auth *a,
				 const struct session_config *cfg, bool final,
				 struct text_out *out);
/* May the next request ask for the next stage? */
bool auth_may_transit(const struct auth *a);
/* "None", "CHAP SHA-256", "mutual CHAP MD5". */
void auth_name(const struct auth *a, char *dst, size_t size);

#endif

/*
 * nego - the negotiation of operational keys, as a table
 * (RFC 7143 sections 6.2 and 13).
 *
 * Pure: pairs in, pairs out.  When which key goes out is login.c's job.
 */
#ifndef PROTO_NEGO_H
#define PROTO_NEGO_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/fault.h"
#include "proto/params.h"
#include "wire/addr.h"
#include "proto/config.h"
#include "wire/text.h"

#define NEGO_DETAIL 160

struct nego {
	bool discovery;
	struct params params; /* defaults, then results */
	uint32_t mine;	      /* keys we offered or declared, by table row */
	uint32_t theirs;      /* keys the target sent */
	uint32_t declared;    /* of target_keys, those it sent */
	int32_t portal_group; /* TargetPortalGroupTag, -1: not told */
	char alias[256];      /* TargetAlias, printable */
	struct addr address;  /* TargetAddress of a redirection */
	bool has_address;
	char detail[NEGO_DETAIL]; /* what went wrong, in words */
};

void nego_init(struct nego *n, const struct session_config *cfg);

/* Writes all operational keys that we offer or declare. */
void nego_offer(struct nego *n, const struct session_config *cfg,
		struct text_out *out);

/*
 * Takes one pair of the target: an answer, an offer (answered into out) or a
 * declaration.  Returns NULL or what is wrong, n->detail saying which key.
 */
const struct fault *nego_take(struct nego *n, const struct session_config *cfg,
			      const struct text_pair *kv, struct text_out *out);

/* The negotiation is over: is the result one that we may use? */
const struct fault *nego_check(struct nego *n,
			       const struct session_config *cfg);

#endif

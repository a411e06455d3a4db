/*
 * params - the negotiated keys as one table (RFC 7143 section 13).
 *
 * The target's wishes and the result of a negotiation have the same shape.
 */
#ifndef TARGET_PARAMS_H
#define TARGET_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/text.h"

enum tgt_digest { /* a wish; a result is only 0 or 1 */
	TGT_DIGEST_NONE,
	TGT_DIGEST_ALLOW, /* as the initiator likes it best */
	TGT_DIGEST_PREFER,
	TGT_DIGEST_REQUIRE,
};

/* Booleans are 0 and 1; all have one type so that the table can point. */
struct tgt_params {
	uint32_t header_digest, data_digest;
	uint32_t max_connections;
	uint32_t initial_r2t, immediate_data;
	uint32_t max_recv; /* what the target declares */
	uint32_t max_xmit; /* what the initiator declared */
	uint32_t max_burst, first_burst;
	uint32_t time2wait, time2retain;
	uint32_t max_r2t;
	uint32_t pdu_in_order, seq_in_order;
	uint32_t erl;
	uint32_t protocol_level;
};

/* What the target asks for when nobody says otherwise. */
void tgt_params_wishes(struct tgt_params *p);
/* What holds before, or without, negotiation. */
void tgt_params_defaults(struct tgt_params *p);

/*
 * Sets a wish by key and value ("MaxBurstLength", "262144").  Returns 0,
 * -ENOENT for an unknown key, -EINVAL for a value that does not fit it.
 */
int tgt_params_set(struct tgt_params *p, const char *key, const char *value);

/* One login's, or text exchange's, negotiation. */
struct tgt_nego {
	const struct tgt_params *ours;
	struct tgt_params *result;
	uint32_t seen;	  /* keys the initiator sent, a bit a table row */
	uint32_t offered; /* keys we offered and have no answer to */
	bool declared;	  /* our MaxRecvDataSegmentLength is out */
	bool full_feature;
};

enum tgt_key_verdict {
	TGT_KEY_OK,	  /* taken, the answer is in out */
	TGT_KEY_UNKNOWN,  /* not one of these keys: nothing was written */
	TGT_KEY_REPEATED, /* a protocol error (RFC 7143 6.3) */
	TGT_KEY_REFUSED,  /* answered with Reject, or an answer of the peer
			     that cannot be: negotiation failure */
};

enum tgt_key_verdict tgt_nego_key(struct tgt_nego *n,
				  const struct text_pair *kv,
				  struct text_out *out);
/* Declares what the target has to declare in the operational stage. */
void tgt_nego_declare(struct tgt_nego *n, struct text_out *out);
/*
 * Offers those keys the initiator did not bring up although the target cannot
 * live with their default.  Returns whether there was one.
 */
bool tgt_nego_offer(struct tgt_nego *n, struct text_out *out);

#endif

/*
 * keys - negotiates the operational keys (RFC 7143 sections 6.2 and 13).
 */
#include "target/params.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"

#define NROWS (sizeof(rows) / sizeof(rows[0]))

enum rule {
	DIGEST,
	AND,
	OR,
	MIN,
	MAX,
	DECLARE,
	TASKS,
	OBSOLETE
};

struct row {
	const char *key;
	enum rule rule;
	uint32_t dflt, min, max, wish;
	size_t ours, result; /* offsets; they differ for declarations only */
};

#define AT(f)  offsetof(struct tgt_params, f), offsetof(struct tgt_params, f)
#define BIG    16777215
#define NOWISH 0, 0, 0, 0, 0, 0

static const struct row rows[] = {
	{ "HeaderDigest", DIGEST, 0, 0, 3, TGT_DIGEST_ALLOW,
	  AT(header_digest) },
	{ "DataDigest", DIGEST, 0, 0, 3, TGT_DIGEST_ALLOW, AT(data_digest) },
	{ "MaxConnections", MIN, 1, 1, 65535, 1, AT(max_connections) },
	{ "InitialR2T", OR, 1, 0, 1, 0, AT(initial_r2t) },
	{ "ImmediateData", AND, 1, 0, 1, 1, AT(immediate_data) },
	{ "MaxRecvDataSegmentLength", DECLARE, 8192, 512, BIG, 262144,
	  offsetof(struct tgt_params, max_recv),
	  offsetof(struct tgt_params, max_xmit) },
	{ "MaxBurstLength", MIN, 262144, 512, BIG, 1048576, AT(max_burst) },
	{ "FirstBurstLength", MIN, 65536, 512, BIG, 262144, AT(first_burst) },
	{ "DefaultTime2Wait", MAX, 2, 0, 3600, 0, AT(time2wait) },
	{ "DefaultTime2Retain", MIN, 20, 0, 3600, 20, AT(time2retain) },
	{ "MaxOutstandingR2T", MIN, 1, 1, 65535, 8, AT(max_r2t) },
	{ "DataPDUInOrder", OR, 1, 0, 1, 1, AT(pdu_in_order) },
	{ "DataSequenceInOrder", OR, 1, 0, 1, 1, AT(seq_in_order) },
	{ "ErrorRecoveryLevel", MIN, 0, 0, 2, 0, AT(erl) },
	{ "iSCSIProtocolLevel", MIN, 1, 0, 31, 1, AT(protocol_level) },
	{ "TaskReporting", TASKS, NOWISH },
	/* RFC 7143 13.25: never NotUnderstood */
	{ "IFMarker", OBSOLETE, NOWISH },
	{ "OFMarker", OBSOLETE, NOWISH },
	{ "IFMarkInt", OBSOLETE, NOWISH },
	{ "OFMarkInt", OBSOLETE, NOWISH },
};

static uint32_t *field(struct tgt_params *p, size_t off)
{
	return (uint32_t *)(void *)((char *)p + off);
}

static uint32_t value_at(const struct tgt_params *p, size_t off)
{
	return *(const uint32_t *)(const void *)((const char *)p + off);
}

static bool has_field(const struct row *r)
{
	return r->rule < TASKS;
}

static bool is_bool(const struct row *r)
{
	return r->rule == AND || r->rule == OR;
}

void tgt_params_wishes(struct tgt_params *p)
{
	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < NROWS; i++)
		if (has_field(&rows[i]))
			*field(p, rows[i].ours) = rows[i].wish;
}

void tgt_params_defaults(struct tgt_params *p)
{
	memset(p, 0, sizeof(*p));
	for (size_t i = 0; i < NROWS; i++) {
		if (!has_field(&rows[i]))
			continue;
		*field(p, rows[i].ours) = rows[i].dflt;
		*field(p, rows[i].result) = rows[i].dflt;
	}
}

static const struct row *find(const struct text_pair *kv)
{
	for (size_t i = 0; i < NROWS; i++)
		if (text_key_is(kv, rows[i].key))
			return &rows[i];
	return NULL;
}

static int parse_plain(const struct row *r, const struct text_pair *kv,
		       uint32_t *out)
{
	uint64_t v;
	bool yes;

	if (is_bool(r)) {
		if (text_bool(kv, &yes) < 0)
			return -EINVAL;
		*out = yes;
		return 0;
	}
	if (text_number(kv, r->min, r->max, &v) < 0)
		return -EINVAL;
	*out = (uint32_t)v;
	return 0;
}

static int parse_digest(const struct text_pair *kv, uint32_t *out)
{
	if (text_value_is(kv, "None"))
		*out = TGT_DIGEST_NONE;
	else if (text_value_is(kv, "CRC32C"))
		*out = TGT_DIGEST_REQUIRE;
	else if (text_value_is(kv, "CRC32C,None"))
		*out = TGT_DIGEST_PREFER;
	else if (text_value_is(kv, "None,CRC32C"))
		*out = TGT_DIGEST_ALLOW;
	else
		return -EINVAL;
	return 0;
}

int tgt_params_set(struct tgt_params *p, const char *key, const char *value)
{
	struct text_pair kv = { key, value, strlen(key), strlen(value) };
	const struct row *r = find(&kv);
	uint32_t v;
	int err;

	if (!r || !has_field(r))
		return -ENOENT;
	err = r->rule == DIGEST ? parse_digest(&kv, &v)
				: parse_plain(r, &kv, &v);
	if (err)
		return err;
	*field(p, r->ours) = v;
	return 0;
}

/* Answers with the value, or takes the peer's answer to our offer. */
static enum tgt_key_verdict settle(struct tgt_nego *n, const struct row *r,
				   uint32_t theirs, uint32_t result,
				   struct text_out *out)
{
	uint32_t bit = 1u << (r - rows);

	*field(n->result, r->result) = result;
	if (n->offered & bit) {
		n->offered &= ~bit;
		return theirs == result ? TGT_KEY_OK : TGT_KEY_REFUSED;
	}
	if (r->rule == DECLARE)
		return TGT_KEY_OK;
	if (r->rule == DIGEST)
		text_add(out, r->key, result ? "CRC32C" : "None");
	else if (is_bool(r))
		text_add_bool(out, r->key, result);
	else
		text_add_u32(out, r->key, result);
	return TGT_KEY_OK;
}

static enum tgt_key_verdict refuse(const struct row *r, struct text_out *out)
{
	text_add(out, r->key, "Reject");
	return TGT_KEY_REFUSED;
}

/* Does None stand before CRC32C in the initiator's list? */
static bool none_comes_first(const struct text_pair *kv)
{
	const char *item;
	size_t pos = 0, len;

	while (text_list_next(kv, &pos, &item, &len)) {
		if (str_is(item, len, "None"))
			return true;
		if (str_is(item, len, "CRC32C"))
			return false;
	}
	return false;
}

/* The first of the initiator's values we can live with (6.2.1). */
static enum tgt_key_verdict digest_key(struct tgt_nego *n, const struct row *r,
				       const struct text_pair *kv,
				       struct text_out *out)
{
	uint32_t wish = value_at(n->ours, r->ours);
	bool crc = text_list_has(kv, "CRC32C") && wish != TGT_DIGEST_NONE;
	bool none = text_list_has(kv, "None") && wish != TGT_DIGEST_REQUIRE;

	if (!crc && !none)
		return refuse(r, out);
	if (crc && none && wish == TGT_DIGEST_ALLOW)
		crc = !none_comes_first(kv);
	return settle(n, r, crc, crc, out);
}

static uint32_t combine(const struct row *r, uint32_t theirs, uint32_t ours)
{
	switch (r->rule) {
	case AND:
		return theirs & ours;
	case OR:
		return theirs | ours;
	case MIN:
		return theirs < ours ? theirs : ours;
	case MAX:
		return theirs > ours ? theirs : ours;
	default:
		return theirs;
	}
}

static enum tgt_key_verdict
tasks_key(const struct row *r, const struct text_pair *kv, struct text_out *out)
{
	if (!text_list_has(kv, "RFC3720"))
		return refuse(r, out);
	text_add(out, r->key, "RFC3720");
	return TGT_KEY_OK;
}

static enum tgt_key_verdict apply(struct tgt_nego *n, const struct row *r,
				  const struct text_pair *kv,
				  struct text_out *out)
{
	uint32_t theirs;

	if (r->rule == OBSOLETE) {
		text_add(out, r->key, "Reject");
		return TGT_KEY_OK;
	}
	if (r->rule == TASKS)
		return tasks_key(r, kv, out);
	if (r->rule == DIGEST)
		return digest_key(n, r, kv, out);
	if (parse_plain(r, kv, &theirs) < 0)
		return refuse(r, out);
	return settle(n, r, theirs,
		      combine(r, theirs, value_at(n->ours, r->ours)), out);
}

enum tgt_key_verdict tgt_nego_key(struct tgt_nego *n,
				  const struct text_pair *kv,
				  struct text_out *out)
{
	const struct row *r = find(kv);
	uint32_t bit;

	if (!r)
		return TGT_KEY_UNKNOWN;
	/* Only the declaration may be repeated in full feature phase. */
	if (n->full_feature && r->rule != DECLARE)
		return refuse(r, out);
	bit = 1u << (r - rows);
	if (n->seen & bit)
		return TGT_KEY_REPEATED;
	n->seen |= bit;
	return apply(n, r, kv, out);
}

void tgt_nego_declare(struct tgt_nego *n, struct text_out *out)
{
	if (n->declared)
		return;
	n->declared = true;
	n->result->max_recv = n->ours->max_recv;
	text_add_u32(out, "MaxRecvDataSegmentLength", n->ours->max_recv);
}

/* Would the default be against our wish? */
static bool must_offer(const struct row *r, uint32_t wish)
{
	switch (r->rule) {
	case DIGEST:
		return wish == TGT_DIGEST_REQUIRE;
	case AND:
	case MIN:
		return wish < r->dflt;
	case OR:
	case MAX:
		return wish > r->dflt;
	default:
		return false;
	}
}

bool tgt_nego_offer(struct tgt_nego *n, struct text_out *out)
{
	bool any = false;

	for (size_t i = 0; i < NROWS; i++) {
		const struct row *r = &rows[i];
		uint32_t wish, bit = 1u << i;

		if (!has_field(r) || ((n->seen | n->offered) & bit))
			continue;
		wish = value_at(n->ours, r->ours);
		if (!must_offer(r, wish))
			continue;
		any = true;
		n->offered |= bit;
		if (r->rule == DIGEST)
			text_add(out, r->key, "CRC32C");
		else if (is_bool(r))
			text_add_bool(out, r->key, wish);
		else
			text_add_u32(out, r->key, wish);
	}
	return any;
}

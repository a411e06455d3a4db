/*
 * nego - the negotiation of operational keys, as a table.
 */
#include "proto/nego.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum rule {
	RULE_MIN,      /* the smaller of both */
	RULE_MAX,      /* the larger of both */
	RULE_AND,      /* Yes only when both say Yes */
	RULE_OR,       /* No only when both say No */
	RULE_LIST,     /* the first of the offerer's list that both know */
	RULE_DECLARED, /* each side tells its own */
	RULE_REFUSED,  /* obsolete: answered with Reject (13.25) */
};

enum {			    /* flags of a key */
	OFFER = 1,	    /* ours to offer at every login */
	NOT_DISCOVERY = 2,  /* Irrelevant in a discovery session */
	MAY_BE_UNKNOWN = 4, /* younger than RFC 3720: old targets lack it */
};

#define F(field) offsetof(struct params, field)

/* Section 13, in its order. */
struct key {
	const char *name;
	enum rule rule;
	unsigned flags;
	uint32_t dflt, min, max;
	size_t field;
	const char *const *words; /* RULE_LIST: value 0, 1, ... */
};

static const char *const digest_words[] = { "None", "CRC32C", NULL };
static const char *const reporting_words[] = { "RFC3720", NULL };

#define M24 16777215

/* clang-format off */
static const struct key keys[] = {
	{ "HeaderDigest",         RULE_LIST, OFFER, 0, 0, 1, F(header_digest), digest_words },
	{ "DataDigest",           RULE_LIST, OFFER, 0, 0, 1, F(data_digest), digest_words },
	{ "MaxConnections",       RULE_MIN,  OFFER | NOT_DISCOVERY, 1, 1, 65535, F(max_connections), NULL },
	{ "InitialR2T",           RULE_OR,   OFFER | NOT_DISCOVERY, 1, 0, 1, F(initial_r2t), NULL },
	{ "ImmediateData",        RULE_AND,  OFFER | NOT_DISCOVERY, 1, 0, 1, F(immediate_data), NULL },
	{ "MaxRecvDataSegmentLength", RULE_DECLARED, OFFER, 8192, 512, M24, F(max_xmit_data), NULL },
	{ "MaxBurstLength",       RULE_MIN,  OFFER | NOT_DISCOVERY, 262144, 512, M24, F(max_burst), NULL },
	{ "FirstBurstLength",     RULE_MIN,  OFFER | NOT_DISCOVERY, 65536, 512, M24, F(first_burst), NULL },
	{ "DefaultTime2Wait",     RULE_MAX,  OFFER, 2, 0, 3600, F(time2wait), NULL },
	{ "DefaultTime2Retain",   RULE_MIN,  OFFER, 20, 0, 3600, F(time2retain), NULL },
	{ "MaxOutstandingR2T",    RULE_MIN,  OFFER | NOT_DISCOVERY, 1, 1, 65535, F(max_outstanding_r2t), NULL },
	{ "DataPDUInOrder",       RULE_OR,   OFFER | NOT_DISCOVERY, 1, 0, 1, F(data_pdu_in_order), NULL },
	{ "DataSequenceInOrder",  RULE_OR,   OFFER | NOT_DISCOVERY, 1, 0, 1, F(data_sequence_in_order), NULL },
	{ "ErrorRecoveryLevel",   RULE_MIN,  OFFER, 0, 0, 2, F(error_recovery_level), NULL },
	{ "TaskReporting",        RULE_LIST, NOT_DISCOVERY | MAY_BE_UNKNOWN, 0, 0, 0, F(task_reporting), reporting_words },
	{ "iSCSIProtocolLevel",   RULE_MIN,  MAY_BE_UNKNOWN, 1, 0, 31, F(protocol_level), NULL },
	{ "IFMarker",             RULE_REFUSED, 0, 0, 0, 0, 0, NULL },
	{ "OFMarker",             RULE_REFUSED, 0, 0, 0, 0, 0, NULL },
	{ "IFMarkInt",            RULE_REFUSED, 0, 0, 0, 0, 0, NULL },
	{ "OFMarkInt",            RULE_REFUSED, 0, 0, 0, 0, 0, NULL },
};
/* clang-format on */

#define KEYS (sizeof(keys) / sizeof(keys[0]))
_Static_assert(KEYS <= 32, "a bit a key");

/* 13.22: a vendor's key; who does not know it says NotUnderstood. */
static const char async_text_key[] = "X-com.cisco.sendAsyncText";

/* Discovery answers are read piece by piece: a small buffer serves. */
static uint32_t declared(const struct session_config *cfg)
{
	return cfg->type == SESSION_DISCOVERY ? 8192 : cfg->max_recv_data;
}

/* What we want of each key; the RFC's default where we have no opinion. */
static uint32_t wanted(const struct key *k, const struct session_config *cfg)
{
	switch (k->field) {
	case F(initial_r2t):
		return cfg->initial_r2t;
	case F(immediate_data):
		return cfg->immediate_data;
	case F(max_burst):
		return cfg->max_burst;
	case F(first_burst):
		/* 13.14: never above MaxBurstLength */
		return cfg->first_burst < cfg->max_burst ? cfg->first_burst
							 : cfg->max_burst;
	case F(max_outstanding_r2t):
		return cfg->max_outstanding_r2t < SESSION_R2TS
			       ? cfg->max_outstanding_r2t
			       : SESSION_R2TS;
	case F(time2wait):
	case F(time2retain):
	case F(error_recovery_level):
		return 0;
	case F(max_connections):
		return SESSION_MAX_CONNS;
	default:
		return k->dflt;
	}
}

static const char *const digest_offers[] = {
	[DIGEST_NEVER] = "None",
	[DIGEST_PREFER_OFF] = "None,CRC32C",
	[DIGEST_PREFER_ON] = "CRC32C,None",
	[DIGEST_ALWAYS] = "CRC32C",
};

/* The list we offer, or accept from, for a list key. */
static const char *wanted_list(const struct key *k,
			       const struct session_config *cfg)
{
	/* A discovery session never uses digests. */
	if (cfg->type == SESSION_DISCOVERY && k->words == digest_words)
		return "None";
	if (k->field == F(header_digest))
		return digest_offers[cfg->header_digest];
	if (k->field == F(data_digest))
		return digest_offers[cfg->data_digest];
	return k->words[0];
}

static uint32_t *slot(struct params *p, const struct key *k)
{
	return (uint32_t *)(void *)((char *)p + k->field);
}

void nego_init(struct nego *n, const struct session_config *cfg)
{
	memset(n, 0, sizeof(*n));
	n->portal_group = -1;
	n->discovery = cfg->type == SESSION_DISCOVERY;
	for (size_t i = 0; i < KEYS; i++) {
		if (keys[i].rule != RULE_REFUSED)
			*slot(&n->params, &keys[i]) = keys[i].dflt;
	}
	n->params.max_recv_data = 8192;
}

static void add_value(struct text_out *out, const struct key *k, uint32_t v)
{
	if (k->rule == RULE_AND || k->rule == RULE_OR)
		text_add_bool(out, k->name, v);
	else if (k->rule == RULE_LIST)
		text_add(out, k->name, k->words[v]);
	else
		text_add_u32(out, k->name, v);
}

/* 6.2.2: the offer alone decides. */
static bool needs_no_answer(const struct key *k, uint32_t offered)
{
	return (k->rule == RULE_AND && !offered) ||
	       (k->rule == RULE_OR && offered);
}

void nego_offer(struct nego *n, const struct session_config *cfg,
		struct text_out *out)
{
	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];

		/* What the target settled before us is settled. */
		if (!(k->flags & OFFER) || n->mine & 1u << i)
			continue;
		if (n->discovery && k->flags & NOT_DISCOVERY)
			continue;
		if (k->rule == RULE_DECLARED) {
			text_add_u32(out, k->name, declared(cfg));
			n->params.max_recv_data = declared(cfg);
		} else if (k->rule == RULE_LIST) {
			text_add(out, k->name, wanted_list(k, cfg));
		} else {
			add_value(out, k, wanted(k, cfg));
			if (needs_no_answer(k, wanted(k, cfg)))
				*slot(&n->params, k) = wanted(k, cfg);
		}
		n->mine |= 1u << i;
	}
	if (n->discovery && cfg->async_text)
		text_add_bool(out, async_text_key, true);
}

static const struct fault *complain(struct nego *n, const struct fault *f,
				    const struct text_pair *kv,
				    const char *what)
{
	char key[TEXT_KEY_MAX + 1], value[64];

	str_printable(key, sizeof(key), kv->key, kv->key_len);
	str_printable(value, sizeof(value), kv->value, kv->value_len);
	snprintf(n->detail, sizeof(n->detail), "%s=%s %s", key, value, what);
	return f;
}

static uint32_t combine(enum rule rule, uint32_t a, uint32_t b)
{
	switch (rule) {
	case RULE_MIN:
		return a < b ? a : b;
	case RULE_MAX:
		return a > b ? a : b;
	case RULE_AND:
		return a && b;
	case RULE_OR:
		return a || b;
	default:
		return b;
	}
}

/* The value's number, or -1. */
static int64_t value_of(const struct key *k, const struct text_pair *kv)
{
	uint64_t v;
	bool b;

	if (k->rule == RULE_AND || k->rule == RULE_OR)
		return text_bool(kv, &b) ? -1 : b;
	if (text_number(kv, k->min, k->max, &v))
		return -1;
	return (int64_t)v;
}

static bool in_list(const char *list, const char *word)
{
	struct text_pair kv = { .value = list, .value_len = strlen(list) };

	return text_list_has(&kv, word);
}

static const struct fault *list_answer(struct nego *n, const struct key *k,
				       const struct session_config *cfg,
				       const struct text_pair *kv)
{
	for (uint32_t v = 0; k->words[v]; v++) {
		if (!text_value_is(kv, k->words[v]))
			continue;
		if (!in_list(wanted_list(k, cfg), k->words[v]))
			break;
		*slot(&n->params, k) = v;
		return NULL;
	}
	return complain(n, &fault_negotiation, kv, "was not offered");
}

/* The target chose from what we offered. */
static const struct fault *take_answer(struct nego *n, const struct key *k,
				       const struct session_config *cfg,
				       const struct text_pair *kv)
{
	int64_t v;

	if (text_value_is(kv, "Irrelevant"))
		return NULL;
	if (text_value_is(kv, "Reject") || text_value_is(kv, "NotUnderstood")) {
		if (k->flags & MAY_BE_UNKNOWN)
			return NULL;
		/* 6.2: NotUnderstood to a key of the RFC breaks the rules. */
		return complain(n, &fault_negotiation, kv,
				"is no answer to this key");
	}
	if (k->rule == RULE_LIST)
		return list_answer(n, k, cfg, kv);
	v = value_of(k, kv);
	if (v < 0)
		return complain(n, &fault_negotiation, kv,
				"is not a legal value");
	*slot(&n->params, k) = combine(k->rule, wanted(k, cfg), (uint32_t)v);
	return NULL;
}

static const struct fault *list_choice(struct nego *n, const struct key *k,
				       const struct session_config *cfg,
				       const struct text_pair *kv,
				       struct text_out *out)
{
	const char *item;
	size_t len, pos = 0;

	/* 6.2.1: the first of their list that we can use. */
	while (text_list_next(kv, &pos, &item, &len)) {
		for (uint32_t v = 0; k->words[v]; v++) {
			if (!str_is(item, len, k->words[v]) ||
			    !in_list(wanted_list(k, cfg), k->words[v]))
				continue;
			*slot(&n->params, k) = v;
			add_value(out, k, v);
			return NULL;
		}
	}
	text_add(out, k->name, "Reject");
	return complain(n, &fault_negotiation, kv, "holds nothing we may use");
}

/* The target offers by itself: decide, and answer. */
static const struct fault *take_offer(struct nego *n, const struct key *k,
				      const struct session_config *cfg,
				      const struct text_pair *kv,
				      struct text_out *out)
{
	int64_t v;

	if (n->discovery && k->flags & NOT_DISCOVERY) {
		text_add(out, k->name, "Irrelevant");
		return NULL;
	}
	if (k->rule == RULE_LIST)
		return list_choice(n, k, cfg, kv, out);
	v = value_of(k, kv);
	if (v < 0) {
		text_add(out, k->name, "Reject");
		return complain(n, &fault_negotiation, kv,
				"is not a legal value");
	}
	*slot(&n->params, k) = combine(k->rule, wanted(k, cfg), (uint32_t)v);
	if (k->rule != RULE_DECLARED)
		add_value(out, k, *slot(&n->params, k));
	return NULL;
}

static const struct fault *take_group(struct nego *n,
				      const struct session_config *cfg,
				      const struct text_pair *kv)
{
	uint64_t tag;

	if (text_number(kv, 0, 65535, &tag))
		return complain(n, &fault_negotiation, kv,
				"is not a legal value");
	n->portal_group = (int32_t)tag;
	return NULL;
}

static const struct fault *take_alias(struct nego *n,
				      const struct session_config *cfg,
				      const struct text_pair *kv)
{
	str_printable(n->alias, sizeof(n->alias), kv->value, kv->value_len);
	return NULL;
}

static const struct fault *take_address(struct nego *n,
					const struct session_config *cfg,
					const struct text_pair *kv)
{
	if (addr_parse(kv->value, kv->value_len, &n->address))
		return complain(n, &fault_negotiation, kv, "is no address");
	n->has_address = true;
	return NULL;
}

static const struct fault *take_name(struct nego *n,
				     const struct session_config *cfg,
				     const struct text_pair *kv)
{
	if (text_value_is(kv, cfg->target_name))
		return NULL;
	return complain(n, &fault_wrong_name, kv, "is not who we asked for");
}

/* Keys that only a target declares (13.4, 13.6, 13.8, 13.9). */
static const struct target_key {
	const char *name;
	bool repeats; /* 6.3: else it may come once in a login */
	const struct fault *(*take)(struct nego *n,
				    const struct session_config *cfg,
				    const struct text_pair *kv);
} target_keys[] = {
	{ "TargetPortalGroupTag", false, take_group },
	{ "TargetAlias", false, take_alias },
	{ "TargetAddress", true, take_address },
	{ "TargetName", false, take_name },
};

static const struct fault *take_declaration(struct nego *n,
					    const struct session_config *cfg,
					    const struct text_pair *kv,
					    bool *known)
{
	*known = true;
	for (size_t i = 0; i < sizeof(target_keys) / sizeof(target_keys[0]);
	     i++) {
		const struct target_key *k = &target_keys[i];

		if (!text_key_is(kv, k->name))
			continue;
		if (n->declared & 1u << i && !k->repeats)
			return complain(n, &fault_negotiation, kv,
					"came a second time");
		n->declared |= 1u << i;
		return k->take(n, cfg, kv);
	}
	*known = false;
	return NULL;
}

/* Without an answer a list key keeps its default, which may be forbidden. */
const struct fault *nego_check(struct nego *n, const struct session_config *cfg)
{
	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];

		if (k->rule != RULE_LIST ||
		    in_list(wanted_list(k, cfg),
			    k->words[*slot(&n->params, k)]))
			continue;
		snprintf(n->detail, sizeof(n->detail), "%s=%s was not answered",
			 k->name, wanted_list(k, cfg));
		return &fault_negotiation;
	}
	return NULL;
}

const struct fault *nego_take(struct nego *n, const struct session_config *cfg,
			      const struct text_pair *kv, struct text_out *out)
{
	const struct fault *f;
	char name[TEXT_KEY_MAX + 1];
	bool known;

	f = take_declaration(n, cfg, kv, &known);
	if (known)
		return f;
	for (size_t i = 0; i < KEYS; i++) {
		const struct key *k = &keys[i];

		if (!text_key_is(kv, k->name))
			continue;
		/* 6.3: a key is negotiated once in a login. */
		if (n->theirs & 1u << i)
			return complain(n, &fault_negotiation, kv,
					"came a second time");
		n->theirs |= 1u << i;
		if (k->rule == RULE_REFUSED) {
			text_add(out, k->name, "Reject");
			return NULL;
		}
		if (n->mine & 1u << i && k->rule != RULE_DECLARED)
			return take_answer(n, k, cfg, kv);
		f = take_offer(n, k, cfg, kv, out);
		/* Answered is offered: do not offer it ourselves later. */
		if (k->rule != RULE_DECLARED)
			n->mine |= 1u << i;
		return f;
	}
	str_printable(name, sizeof(name), kv->key, kv->key_len);
	/* An answer needs no answer, also one to what we never said. */
	if (!text_value_is(kv, "NotUnderstood") &&
	    !(n->discovery && cfg->async_text &&
	      text_key_is(kv, async_text_key)))
		text_add(out, name, "NotUnderstood");
	return NULL;
}

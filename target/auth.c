/*
 * auth - CHAP, both ways, from the target's side (RFC 7143 section 12.1.3).
 */
#include "target/login.h"

#include <string.h>

#include "base/str.h"

static const struct {
	const char *key;
	size_t at;
} auth_keys[] = {
	{ "AuthMethod", offsetof(struct tgt_auth_keys, method) },
	{ "CHAP_A", offsetof(struct tgt_auth_keys, a) },
	{ "CHAP_N", offsetof(struct tgt_auth_keys, n) },
	{ "CHAP_R", offsetof(struct tgt_auth_keys, r) },
	{ "CHAP_I", offsetof(struct tgt_auth_keys, i) },
	{ "CHAP_C", offsetof(struct tgt_auth_keys, c) },
};

bool tgt_auth_take(struct tgt_auth_keys *k, const struct text_pair *kv)
{
	for (size_t i = 0; i < sizeof(auth_keys) / sizeof(auth_keys[0]); i++) {
		if (!text_key_is(kv, auth_keys[i].key))
			continue;
		memcpy((char *)k + auth_keys[i].at, kv, sizeof(*kv));
		return true;
	}
	return false;
}

bool tgt_auth_required(const struct tgt_login *l)
{
	return l->auth->in.secret_len != 0;
}

static uint16_t choose_method(struct tgt_login *l, const struct text_pair *kv,
			      struct text_out *out)
{
	if (tgt_auth_required(l) && text_list_has(kv, "CHAP")) {
		text_add(out, "AuthMethod", "CHAP");
		l->auth_state = TGT_AUTH_WANT_A;
		return LOGIN_OK;
	}
	if (!tgt_auth_required(l) && text_list_has(kv, "None")) {
		text_add(out, "AuthMethod", "None");
		l->auth_state = TGT_AUTH_DONE;
		return LOGIN_OK;
	}
	text_add(out, "AuthMethod", "Reject");
	return LOGIN_AUTH_FAILED;
}

static bool allowed(const struct tgt_auth *auth, uint8_t number)
{
	if (!auth->algorithms[0])
		return true;
	for (size_t i = 0; i < sizeof(auth->algorithms); i++)
		if (auth->algorithms[i] == number)
			return true;
	return false;
}

/* The first of the initiator's list that we have and may use. */
static const struct chap_algorithm *choose(const struct tgt_auth *auth,
					   const struct text_pair *kv)
{
	const char *item;
	size_t pos = 0, len;
	uint64_t number;

	while (text_list_next(kv, &pos, &item, &len)) {
		const struct chap_algorithm *a;

		if (str_u64(item, len, 255, &number) < 0)
			continue;
		a = chap_find(number);
		if (a && allowed(auth, a->number))
			return a;
	}
	return NULL;
}

static uint16_t send_challenge(struct tgt_conn *c, struct tgt_login *l,
			       const struct tgt_auth_keys *k,
			       struct text_out *out)
{
	struct tgt *t = c->tgt;

	if (!k->a.key_len)
		return LOGIN_MISSING_PARAM;
	l->chap = choose(l->auth, &k->a);
	if (!l->chap)
		return LOGIN_AUTH_FAILED;
	t->ops->random(t->ctx, &l->chap_id, sizeof(l->chap_id));
	t->ops->random(t->ctx, l->challenge, sizeof(l->challenge));
	text_add_u32(out, "CHAP_A", l->chap->number);
	text_add_u32(out, "CHAP_I", l->chap_id);
	text_add_hex(out, "CHAP_C", l->challenge, sizeof(l->challenge));
	l->auth_state = TGT_AUTH_WANT_R;
	return LOGIN_OK;
}

static bool response_is_right(const struct tgt_login *l,
			      const struct tgt_auth_keys *k)
{
	uint8_t want[CHAP_MAX_RESPONSE], got[CHAP_MAX_CHALLENGE];
	int n = text_binary(&k->r, got, sizeof(got));

	if (n != l->chap->response_len)
		return false;
	if (!text_value_is(&k->n, l->auth->in.user))
		return false;
	if (chap_response(l->chap, l->chap_id, l->auth->in.secret,
			  l->auth->in.secret_len, l->challenge,
			  sizeof(l->challenge), want) < 0)
		return false;
	return chap_equal(want, got, (size_t)n);
}

/* Our own proof, when the initiator asks for it. */
static uint16_t prove(struct tgt_login *l, const struct tgt_auth_keys *k,
		      struct text_out *out)
{
	uint8_t challenge[CHAP_MAX_CHALLENGE], mine[CHAP_MAX_RESPONSE];
	uint64_t id;
	int n;

	if (!k->i.key_len && !k->c.key_len)
		return LOGIN_OK;
	if (!l->auth->out.secret_len)
		return LOGIN_AUTH_FAILED;
	if (!k->i.key_len || text_number(&k->i, 0, 255, &id) < 0)
		return LOGIN_INITIATOR_ERROR;
	n = k->c.key_len ? text_binary(&k->c, challenge, sizeof(challenge)) : 0;
	if (n <= 0)
		return LOGIN_INITIATOR_ERROR;
	/* Our own challenge sent back to us (9.2.1). */
	if (n == TGT_CHALLENGE_LEN &&
	    chap_equal(challenge, l->challenge, TGT_CHALLENGE_LEN))
		return LOGIN_AUTH_FAILED;
	if (chap_response(l->chap, (uint8_t)id, l->auth->out.secret,
			  l->auth->out.secret_len, challenge, (size_t)n,
			  mine) < 0)
		return LOGIN_TARGET_ERROR;
	text_add(out, "CHAP_N", l->auth->out.user);
	text_add_hex(out, "CHAP_R", mine, l->chap->response_len);
	return LOGIN_OK;
}

static uint16_t check_response(struct tgt_login *l,
			       const struct tgt_auth_keys *k,
			       struct text_out *out)
{
	uint16_t status;

	if (!k->n.key_len || !k->r.key_len)
		return LOGIN_MISSING_PARAM;
	if (!response_is_right(l, k))
		return LOGIN_AUTH_FAILED;
	status = prove(l, k, out);
	if (status == LOGIN_OK)
		l->auth_state = TGT_AUTH_DONE;
	return status;
}

static bool any_chap_key(const struct tgt_auth_keys *k)
{
	return k->a.key_len || k->n.key_len || k->r.key_len || k->i.key_len ||
	       k->c.key_len;
}

uint16_t tgt_auth_step(struct tgt_conn *c, struct tgt_login *l,
		       const struct tgt_auth_keys *k, struct text_out *out)
{
	if (k->method.key_len) {
		if (l->auth_state != TGT_AUTH_OPEN || any_chap_key(k))
			return LOGIN_INITIATOR_ERROR;
		return choose_method(l, &k->method, out);
	}
	switch (l->auth_state) {
	case TGT_AUTH_WANT_A:
		return send_challenge(c, l, k, out);
	case TGT_AUTH_WANT_R:
		return check_response(l, k, out);
	default:
		return any_chap_key(k) ? LOGIN_INITIATOR_ERROR : LOGIN_OK;
	}
}

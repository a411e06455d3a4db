/*
 * auth - the initiator's side of AuthMethod and CHAP.
 */
#include "proto/auth.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const char *const key_names[AUTH_KEYS] = {
	[AUTH_KEY_METHOD] = "AuthMethod", [AUTH_KEY_A] = "CHAP_A",
	[AUTH_KEY_I] = "CHAP_I",	  [AUTH_KEY_C] = "CHAP_C",
	[AUTH_KEY_N] = "CHAP_N",	  [AUTH_KEY_R] = "CHAP_R",
};

/* Is there anything to prove? */
static bool is_wanted(const struct session_config *cfg)
{
	return cfg->out.secret_len > 0 || cfg->in.secret_len > 0;
}

void auth_init(struct auth *a, const struct session_config *cfg, bool md5_only)
{
	memset(a, 0, sizeof(*a));
	a->md5_only = md5_only;
	a->mutual = cfg->in.secret_len > 0;
	a->open = !is_wanted(cfg);
	a->step = AUTH_METHOD;
}

void auth_skip(struct auth *a)
{
	a->step = AUTH_DONE;
}

static const char *methods(const struct auth *a)
{
	if (a->open)
		return "None";
	/* Who wants the target to prove itself cannot do without CHAP. */
	return a->mutual ? "CHAP" : "CHAP,None";
}

void auth_offer(struct auth *a, struct text_out *out)
{
	if (a->step == AUTH_METHOD)
		text_add(out, "AuthMethod", methods(a));
}

const struct fault *auth_take(struct auth *a, const struct text_pair *kv,
			      bool *taken)
{
	*taken = false;
	for (int i = 0; i < AUTH_KEYS; i++) {
		if (!text_key_is(kv, key_names[i]))
			continue;
		*taken = true;
		if (a->has[i]) {
			snprintf(a->detail, sizeof(a->detail),
				 "%s came a second time", key_names[i]);
			return &fault_login_protocol;
		}
		a->has[i] = true;
		a->in[i] = *kv;
	}
	return NULL;
}

#define KEY(k) (1u << AUTH_KEY_##k)

/* What the target may say in answer to each step (12.1, 12.1.3). */
static const uint8_t step_keys[] = {
	[AUTH_METHOD] = KEY(METHOD),
	[AUTH_ALGORITHM] = KEY(A) | KEY(I) | KEY(C),
	[AUTH_RESPONSE] = KEY(N) | KEY(R),
	[AUTH_DONE] = 0,
};

/* 9.2: any other key ends the login; NULL when there is none. */
static const char *misplaced_key(const struct auth *a)
{
	unsigned legal = step_keys[a->step];

	if (a->step == AUTH_RESPONSE && !a->mutual)
		legal = 0;
	for (int i = 0; i < AUTH_KEYS; i++) {
		if (a->has[i] && !(legal & 1u << i))
			return key_names[i];
	}
	return NULL;
}

static const struct fault *complain(struct auth *a, const struct fault *f,
				    const char *what)
{
	snprintf(a->detail, sizeof(a->detail), "%s", what);
	return f;
}

static const struct fault *method_chosen(struct auth *a, struct text_out *out)
{
	char list[32];

	/* With one method on offer there is nothing to choose. */
	if (a->open && !a->has[AUTH_KEY_METHOD]) {
		a->step = AUTH_DONE;
		return NULL;
	}
	if (!a->has[AUTH_KEY_METHOD])
		return complain(a, &fault_login_protocol,
				"no AuthMethod in the answer");
	if (text_value_is(&a->in[AUTH_KEY_METHOD], "None") && !a->mutual) {
		a->step = AUTH_DONE;
		return NULL;
	}
	if (a->open)
		return complain(a, &fault_auth_method,
				"the target does not take AuthMethod=None");
	if (!text_value_is(&a->in[AUTH_KEY_METHOD], "CHAP"))
		return complain(a, &fault_auth_method,
				"the target does not take CHAP");
	a->chap = true;
	a->step = AUTH_ALGORITHM;
	chap_offer(list, sizeof(list));
	text_add(out, "CHAP_A", a->md5_only ? "5" : list);
	return NULL;
}

static void add_mutual_challenge(struct auth *a,
				 const struct session_config *cfg,
				 struct text_out *out)
{
	cfg->random(&a->my_id, sizeof(a->my_id));
	cfg->random(a->my_challenge, sizeof(a->my_challenge));
	text_add_u32(out, "CHAP_I", a->my_id);
	text_add_hex(out, "CHAP_C", a->my_challenge, sizeof(a->my_challenge));
}

static const struct fault *challenged(struct auth *a,
				      const struct session_config *cfg,
				      struct text_out *out)
{
	uint8_t challenge[CHAP_MAX_CHALLENGE];
	uint64_t number, id;
	int len;

	if (!a->has[AUTH_KEY_A] || !a->has[AUTH_KEY_I] || !a->has[AUTH_KEY_C])
		return complain(a, &fault_login_protocol,
				"the CHAP challenge is incomplete");
	if (!cfg->out.secret_len)
		return complain(a, &fault_auth_method,
				"it wants a password, and there is none");
	if (text_number(&a->in[AUTH_KEY_A], 0, 255, &number))
		return complain(a, &fault_login_protocol, "bad CHAP_A");
	a->algorithm = chap_find(number);
	if (!a->algorithm || (a->md5_only && number != CHAP_MD5))
		return complain(a, &fault_auth_method,
				"the target chose a CHAP algorithm that was "
				"not offered");
	if (text_number(&a->in[AUTH_KEY_I], 0, 255, &id))
		return complain(a, &fault_login_protocol, "bad CHAP_I");
	len = text_binary(&a->in[AUTH_KEY_C], challenge, sizeof(challenge));
	if (len <= 0)
		return complain(a, &fault_login_protocol, "bad CHAP_C");
	if (chap_response(a->algorithm, (uint8_t)id, cfg->out.secret,
			  cfg->out.secret_len, challenge, (size_t)len,
			  a->my_response))
		return complain(a, &fault_auth_method,
				"the crypto library refuses this algorithm");
	text_add(out, "CHAP_N", cfg->out.user);
	text_add_hex(out, "CHAP_R", a->my_response, a->algorithm->response_len);
	if (a->mutual)
		add_mutual_challenge(a, cfg, out);
	a->step = AUTH_RESPONSE;
	return NULL;
}

/*
 * 9.2.1: a response that we would give to our own challenge may come from us,
 * and shows one secret in use for both directions.
 */
static bool is_ours(const struct auth *a, const struct session_config *cfg,
		    const uint8_t *got)
{
	uint8_t ours[CHAP_MAX_RESPONSE];
	size_t n = a->algorithm->response_len;

	if (chap_equal(got, a->my_response, n))
		return true;
	return !chap_response(a->algorithm, a->my_id, cfg->out.secret,
			      cfg->out.secret_len, a->my_challenge,
			      sizeof(a->my_challenge), ours) &&
	       chap_equal(got, ours, n);
}

static const struct fault *target_proves(struct auth *a,
					 const struct session_config *cfg)
{
	uint8_t want[CHAP_MAX_RESPONSE], got[CHAP_MAX_RESPONSE];
	size_t n = a->algorithm->response_len;
	int len;

	if (!a->has[AUTH_KEY_N] || !a->has[AUTH_KEY_R])
		return complain(a, &fault_auth_failed,
				"it sent no CHAP_N and CHAP_R");
	len = text_binary(&a->in[AUTH_KEY_R], got, sizeof(got));
	if (len < 0 || (size_t)len != n)
		return complain(a, &fault_auth_failed, "bad CHAP_R");
	if (is_ours(a, cfg, got))
		return complain(a, &fault_auth_reflected, "");
	if (cfg->in.user[0] && !text_value_is(&a->in[AUTH_KEY_N], cfg->in.user))
		return complain(a, &fault_wrong_name,
				"its CHAP_N is not the IncomingUsername");
	if (chap_response(a->algorithm, a->my_id, cfg->in.secret,
			  cfg->in.secret_len, a->my_challenge,
			  sizeof(a->my_challenge), want))
		return complain(a, &fault_auth_method,
				"the crypto library refuses this algorithm");
	if (!chap_equal(got, want, n))
		return complain(a, &fault_auth_failed,
				"its CHAP response does not fit the "
				"IncomingPassword");
	a->step = AUTH_DONE;
	return NULL;
}

static const struct fault *advance(struct auth *a,
				   const struct session_config *cfg, bool final,
				   struct text_out *out)
{
	switch (a->step) {
	case AUTH_METHOD:
		return method_chosen(a, out);
	case AUTH_ALGORITHM:
		return challenged(a, cfg, out);
	case AUTH_RESPONSE:
		if (a->mutual)
			return target_proves(a, cfg);
		if (final)
			a->step = AUTH_DONE;
		return NULL;
	case AUTH_DONE:
		return NULL;
	}
	return NULL;
}

const struct fault *auth_advance(struct auth *a,
				 const struct session_config *cfg, bool final,
				 struct text_out *out)
{
	const char *misplaced = misplaced_key(a);
	const struct fault *f;

	if (misplaced) {
		snprintf(a->detail, sizeof(a->detail), "%s comes out of turn",
			 misplaced);
		return &fault_login_protocol;
	}
	f = advance(a, cfg, final, out);
	memset(a->has, 0, sizeof(a->has));
	if (!f && final && a->step != AUTH_DONE)
		return complain(a, &fault_login_protocol,
				"it ends authentication too early");
	return f;
}

bool auth_may_transit(const struct auth *a)
{
	return a->open || a->step == AUTH_RESPONSE || a->step == AUTH_DONE;
}

bool auth_worth_md5(const struct auth *a)
{
	return a->step == AUTH_RESPONSE && a->algorithm->number != CHAP_MD5;
}

void auth_name(const struct auth *a, char *dst, size_t size)
{
	if (!a->chap || !a->algorithm)
		snprintf(dst, size, "None");
	else
		snprintf(dst, size, "%sCHAP %s", a->mutual ? "mutual " : "",
			 a->algorithm->name);
}

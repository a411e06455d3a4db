/*
 * login - what login.c and auth.c share: one login in progress.
 */
#ifndef TARGET_LOGIN_H
#define TARGET_LOGIN_H

#include "target/session.h"
#include "wire/chap.h"
#include "wire/status.h"

#define TGT_CHALLENGE_LEN 32

enum tgt_auth_state {
	TGT_AUTH_OPEN,	 /* nothing agreed */
	TGT_AUTH_WANT_A, /* CHAP it is: waiting for CHAP_A */
	TGT_AUTH_WANT_R, /* challenge is out: waiting for CHAP_N, CHAP_R */
	TGT_AUTH_DONE,
};

struct tgt_login {
	bool begun; /* the first request was understood */
	bool transit;
	bool told;    /* portal group tag and alias are out */
	bool secured; /* it left the security stage */
	enum login_stage stage;
	struct pdu_login_req req; /* the latest */
	uint8_t isid[ISID_LEN];
	uint16_t tsih;
	uint32_t len; /* text so far: requests joined by the C bit */
	char *text;   /* TGT_LOGIN_TEXT bytes */

	char initiator[NAME_SIZE];
	bool discovery;
	struct tgt_target *target;   /* NULL: discovery without a name */
	struct tgt_session *session; /* TSIH was not 0: the one to join */
	struct tgt_nego nego;

	const struct tgt_auth *auth;
	enum tgt_auth_state auth_state;
	const struct chap_algorithm *chap;
	uint8_t chap_id, challenge[TGT_CHALLENGE_LEN];
};

/* The security keys of one request; key_len 0: not there. */
struct tgt_auth_keys {
	struct text_pair method, a, n, r, i, c;
};

/* Returns whether kv is a security key, and notes it. */
bool tgt_auth_take(struct tgt_auth_keys *k, const struct text_pair *kv);
/* Does the next step; returns a login status. */
uint16_t tgt_auth_step(struct tgt_conn *c, struct tgt_login *l,
		       const struct tgt_auth_keys *k, struct text_out *out);
/* Has the initiator to prove anything? */
bool tgt_auth_required(const struct tgt_login *l);

/* enter.c: LOGIN_OK, or the status to refuse it with. */
uint16_t tgt_login_enter(struct tgt_conn *c);

#endif

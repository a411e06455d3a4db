/*
 * login - the login phase from the target's side (RFC 7143 sections 6.3,
 * 11.12 and 11.13).
 */
#include "target/login.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/bytes.h"
#include "base/str.h"

#define ANSWER_SIZE 8192

static const struct tgt_auth open_door;

struct tgt_login *tgt_login_new(void)
{
	struct tgt_login *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->auth = &open_door;
	l->text = malloc(TGT_LOGIN_TEXT);
	if (!l->text) {
		free(l);
		return NULL;
	}
	return l;
}

void tgt_login_free(struct tgt_login *l)
{
	if (!l)
		return;
	free(l->text);
	free(l);
}

/* What every Login Response repeats. */
static struct pdu_login_rsp response_base(struct tgt_conn *c)
{
	const struct tgt_login *l = c->login;
	struct pdu_login_rsp r = {
		.csg = l->req.csg,
		.itt = l->req.itt,
		.tsih = l->tsih,
	};

	memcpy(r.isid, l->req.isid, ISID_LEN);
	/* Login requests are immediate: nothing is spent yet (11.12.8). */
	r.sn.statsn = c->statsn++;
	r.sn.expcmdsn = l->req.cmdsn;
	r.sn.maxcmdsn = l->req.cmdsn;
	return r;
}

static void respond(struct tgt_conn *c, struct pdu_login_rsp *r,
		    const struct text_out *text)
{
	struct tgt_pdu *p = tgt_pdu_new(c);
	struct tgt_buf *b;

	if (!p)
		return;
	r->data_len = text ? (uint32_t)text->len : 0;
	if (r->data_len) {
		b = tgt_buf_get(c->tgt, r->data_len);
		if (!b) {
			tgt_conn_fault(c, "out of memory");
			return;
		}
		memcpy(b->p, text->p, r->data_len);
		tgt_pdu_data(p, b, b->p, r->data_len);
		tgt_buf_put(c->tgt, b);
	}
	pdu_put_login_rsp(p->head, r);
	tgt_pdu_send(c, p);
}

static void refuse(struct tgt_conn *c, uint16_t status,
		   const struct text_out *text)
{
	struct pdu_login_rsp r = response_base(c);

	tgt_note(c->tgt, LOG_NOTICE, "%s: login refused: %s", c->peer,
		 status_login(status));
	r.status = status;
	respond(c, &r, text);
	tgt_conn_drain(c);
}

static void redirect(struct tgt_conn *c, struct tgt_redirect *to)
{
	char buf[ADDR_TEXT_SIZE + 32], addr[ADDR_TEXT_SIZE];
	struct text_out out;

	if (to->times && --to->times == 0)
		to->on = false;
	addr_format(&to->to, true, addr, sizeof(addr));
	text_init(&out, buf, sizeof(buf));
	text_add(&out, "TargetAddress", addr);
	refuse(c, to->permanent ? LOGIN_MOVED_PERM : LOGIN_MOVED_TEMP, &out);
}

/* Who, to whom, what for: what the first request has to say (6.3). */
struct who {
	struct text_pair initiator, target, type;
};

static int find_who(const struct tgt_login *l, struct who *w)
{
	struct text_pair kv;
	size_t pos = 0;
	int r;

	memset(w, 0, sizeof(*w));
	while ((r = text_next(l->text, l->len, &pos, &kv)) > 0) {
		if (text_key_is(&kv, "InitiatorName"))
			w->initiator = kv;
		else if (text_key_is(&kv, "TargetName"))
			w->target = kv;
		else if (text_key_is(&kv, "SessionType"))
			w->type = kv;
	}
	return r;
}

static bool take_name(char dst[static NAME_SIZE], const struct text_pair *kv)
{
	if (name_fault(kv->value, kv->value_len, NULL))
		return false;
	memcpy(dst, kv->value, kv->value_len);
	dst[kv->value_len] = '\0';
	name_normalize(dst);
	return true;
}

static uint16_t find_target(struct tgt_conn *c, const struct text_pair *kv)
{
	struct tgt_login *l = c->login;
	char name[NAME_SIZE];

	if (!kv->key_len)
		return l->discovery ? LOGIN_OK : LOGIN_MISSING_PARAM;
	if (!take_name(name, kv))
		return LOGIN_NOT_FOUND;
	l->target = tgt_target_find(c->tgt, name, strlen(name));
	if (!l->target)
		return LOGIN_NOT_FOUND;
	return l->discovery ? LOGIN_OK : l->target->refuse;
}

static uint16_t find_session(struct tgt_conn *c)
{
	struct tgt_login *l = c->login;
	struct tgt_session *s;

	if (!l->req.tsih)
		return LOGIN_OK;
	s = tgt_session_by_tsih(c->tgt, l->req.tsih);
	if (!s || s->target != l->target || s->discovery || s->ended ||
	    strcmp(s->initiator, l->initiator) != 0 ||
	    memcmp(s->isid, l->req.isid, ISID_LEN) != 0)
		return LOGIN_NO_SESSION;
	for (size_t i = 0; i < TGT_MAX_CONNS; i++)
		if (!s->conns[i] || s->conns[i]->cid == l->req.cid) {
			l->session = s;
			return LOGIN_OK;
		}
	return LOGIN_TOO_MANY_CONNS;
}

static void set_rules(struct tgt_conn *c)
{
	struct tgt_login *l = c->login;
	struct tgt *t = c->tgt;
	bool open = l->discovery || !l->target;

	l->auth = open ? &t->discovery_auth : &l->target->auth;
	l->nego.ours = open ? &t->discovery_wishes : &l->target->wishes;
	l->nego.result = &c->params;
	if (l->session) { /* session-wide keys are settled already */
		uint32_t xmit = c->params.max_xmit;

		c->params = l->session->params;
		c->params.header_digest = c->params.data_digest = 0;
		c->params.max_xmit = xmit;
	}
}

static uint16_t begin(struct tgt_conn *c)
{
	struct tgt_login *l = c->login;
	struct who w;
	uint16_t status;

	if (l->req.version_min > 0)
		return LOGIN_BAD_VERSION;
	if (find_who(l, &w) < 0)
		return LOGIN_INITIATOR_ERROR;
	if (!w.initiator.key_len)
		return LOGIN_MISSING_PARAM;
	if (!take_name(l->initiator, &w.initiator))
		return LOGIN_INITIATOR_ERROR;
	if (w.type.key_len) {
		l->discovery = text_value_is(&w.type, "Discovery");
		if (!l->discovery && !text_value_is(&w.type, "Normal"))
			return LOGIN_SESSION_TYPE;
	}
	status = find_target(c, &w.target);
	if (status != LOGIN_OK)
		return status;
	status = find_session(c);
	if (status != LOGIN_OK)
		return status;
	set_rules(c);
	l->stage = l->req.csg;
	l->tsih = l->req.tsih;
	memcpy(l->isid, l->req.isid, ISID_LEN);
	c->cid = l->req.cid;
	l->begun = true;
	return LOGIN_OK;
}

static bool is_identity(const struct text_pair *kv)
{
	return text_key_is(kv, "InitiatorName") ||
	       text_key_is(kv, "TargetName") ||
	       text_key_is(kv, "SessionType") ||
	       text_key_is(kv, "InitiatorAlias");
}

static void not_understood(const struct text_pair *kv, struct text_out *out)
{
	char key[TEXT_KEY_MAX + 1];

	memcpy(key, kv->key, kv->key_len);
	key[kv->key_len] = '\0';
	text_add(out, key, "NotUnderstood");
}

static uint16_t operational_key(struct tgt_login *l, const struct text_pair *kv,
				struct text_out *out)
{
	bool anywhere = text_key_is(kv, "MaxRecvDataSegmentLength");
	size_t before = out->len;

	if (text_value_is(kv, "NotUnderstood") || text_value_is(kv, "Reject"))
		return l->nego.offered ? LOGIN_INITIATOR_ERROR : LOGIN_OK;
	switch (tgt_nego_key(&l->nego, kv, out)) {
	case TGT_KEY_REPEATED:
		return LOGIN_INITIATOR_ERROR;
	case TGT_KEY_UNKNOWN:
		not_understood(kv, out);
		return LOGIN_OK;
	case TGT_KEY_REFUSED:
		/* Refused in words, the login may go on; an impossible
		 * answer to our own offer ends it. */
		return out->len > before ? LOGIN_OK : LOGIN_INITIATOR_ERROR;
	case TGT_KEY_OK:
		break;
	}
	if (l->stage == STAGE_SECURITY && !anywhere)
		return LOGIN_INITIATOR_ERROR;
	return LOGIN_OK;
}

static uint16_t read_keys(struct tgt_login *l, bool first,
			  struct tgt_auth_keys *auth, struct text_out *out)
{
	struct text_pair kv;
	size_t pos = 0;
	uint16_t status;
	int r;

	while ((r = text_next(l->text, l->len, &pos, &kv)) > 0) {
		if (is_identity(&kv)) {
			if (!first)
				return LOGIN_INITIATOR_ERROR;
			continue;
		}
		if (tgt_auth_take(auth, &kv)) {
			if (l->stage != STAGE_SECURITY)
				return LOGIN_INITIATOR_ERROR;
			continue;
		}
		status = operational_key(l, &kv, out);
		if (status != LOGIN_OK)
			return status;
	}
	return r < 0 ? LOGIN_INITIATOR_ERROR : LOGIN_OK;
}

static void tell_identity(struct tgt_conn *c, struct text_out *out)
{
	struct tgt_login *l = c->login;

	if (l->told || l->discovery || !l->target)
		return;
	l->told = true;
	text_add_u32(out, "TargetPortalGroupTag",
		     c->tgt->portals[c->portal].tag);
	if (l->target->alias[0])
		text_add(out, "TargetAlias", l->target->alias);
}

static bool auth_satisfied(const struct tgt_login *l)
{
	return !tgt_auth_required(l) || l->auth_state == TGT_AUTH_DONE;
}

/* Is the initiator's wish to go on to be granted in this answer? */
static bool may_transit(struct tgt_login *l, struct text_out *out)
{
	bool to_full = l->req.nsg == STAGE_FULL_FEATURE;

	if (!l->req.transit)
		return false;
	if (l->stage == STAGE_SECURITY && (l->auth_state == TGT_AUTH_WANT_A ||
					   l->auth_state == TGT_AUTH_WANT_R))
		return false;
	if (l->stage == STAGE_OPERATIONAL && to_full)
		if (tgt_nego_offer(&l->nego, out) || l->nego.offered)
			return false;
	return true;
}

static void full_feature(struct tgt_conn *c)
{
	c->state = TGT_CONN_FULL;
	c->rx_hdigest = c->params.header_digest;
	c->rx_ddigest = c->params.data_digest;
	c->tx_digests = true;
	tgt_note(c->tgt, LOG_INFO, "%s: %s logged in to %s", c->peer,
		 c->login->initiator,
		 c->session->target ? c->session->target->name : "discovery");
	tgt_login_free(c->login);
	c->login = NULL;
}

static void answer(struct tgt_conn *c, struct text_out *out)
{
	struct tgt_login *l = c->login;
	struct pdu_login_rsp r;
	uint16_t status = LOGIN_OK;
	bool to_full;

	l->transit = may_transit(l, out);
	l->secured |= l->transit && l->stage == STAGE_SECURITY;
	to_full = l->transit && l->req.nsg == STAGE_FULL_FEATURE;
	if (out->full)
		status = LOGIN_NO_RESOURCES;
	else if (to_full)
		status = tgt_login_enter(c);
	if (status != LOGIN_OK) {
		refuse(c, status, NULL);
		return;
	}
	r = response_base(c);
	r.transit = l->transit;
	if (l->transit) {
		r.nsg = l->req.nsg;
		l->stage = l->req.nsg;
	}
	if (to_full) {
		c->statsn--;
		tgt_session_sn(c, true, &r.sn);
	}
	respond(c, &r, out);
	if (to_full && c->state == TGT_CONN_LOGIN)
		full_feature(c);
}

/* Targets that will not have the security stage without credentials. */
static bool refuses_none(struct tgt_conn *c)
{
	const struct tgt_login *l = c->login;
	uint32_t how = l->target ? l->target->duties.auth_none : 0;

	if (!how || l->stage != STAGE_SECURITY || tgt_auth_required(l))
		return false;
	if (how == 1)
		tgt_conn_drop(c);
	else
		refuse(c, (uint16_t)how, NULL);
	return true;
}

/* A whole request: all its parts are in l->text. */
static void request(struct tgt_conn *c)
{
	struct tgt_login *l = c->login;
	struct tgt_auth_keys keys;
	char buf[ANSWER_SIZE];
	struct text_out out;
	bool first = !l->begun;
	uint16_t status = first ? begin(c) : LOGIN_OK;
	struct tgt_redirect *to = l->target ? &l->target->redirect : NULL;

	memset(&keys, 0, sizeof(keys));
	text_init(&out, buf, sizeof(buf));
	if (status == LOGIN_OK && first && to && to->on && !to->after_auth &&
	    !l->discovery) {
		redirect(c, to);
		return;
	}
	if (status == LOGIN_OK && refuses_none(c))
		return;
	if (status == LOGIN_OK)
		tell_identity(c, &out);
	if (status == LOGIN_OK)
		status = read_keys(l, first, &keys, &out);
	if (status == LOGIN_OK && l->stage == STAGE_SECURITY)
		status = tgt_auth_step(c, l, &keys, &out);
	if (status == LOGIN_OK && l->stage != STAGE_SECURITY &&
	    !auth_satisfied(l))
		status = LOGIN_AUTH_FAILED;
	if (status == LOGIN_OK && l->req.transit &&
	    l->auth_state == TGT_AUTH_OPEN && tgt_auth_required(l))
		status = LOGIN_AUTH_FAILED;
	if (status != LOGIN_OK) {
		refuse(c, status, NULL);
		return;
	}
	if (to && to->on && to->after_auth && l->stage != STAGE_SECURITY &&
	    !l->discovery) {
		redirect(c, to);
		return;
	}
	if (l->stage == STAGE_OPERATIONAL)
		tgt_nego_declare(&l->nego, &out);
	l->len = 0;
	answer(c, &out);
}

static bool stages_make_sense(const struct pdu_login_req *q)
{
	if (q->csg != STAGE_SECURITY && q->csg != STAGE_OPERATIONAL)
		return false;
	if (!q->transit)
		return true;
	return !q->cont && q->nsg > q->csg && q->nsg != 2;
}

/* Does a later request fit the first one? */
static bool belongs(const struct tgt_login *l, const struct pdu_login_req *q)
{
	return q->csg == l->stage && q->tsih == l->tsih &&
	       q->cid == l->req.cid && q->itt == l->req.itt &&
	       !memcmp(q->isid, l->isid, ISID_LEN);
}

void tgt_login_pdu(struct tgt_conn *c, const uint8_t *data, uint32_t len)
{
	struct tgt_login *l = c->login;
	struct pdu_login_req req;
	struct pdu_login_rsp r;

	if (pdu_get_login_req(c->bhs, &req) < 0 || !stages_make_sense(&req)) {
		l->req.itt = get_be32(c->bhs + 16);
		refuse(c, LOGIN_INITIATOR_ERROR, NULL);
		return;
	}
	if (l->begun && !belongs(l, &req)) {
		refuse(c, LOGIN_INVALID_DURING, NULL);
		return;
	}
	l->req = req;
	if (len > TGT_LOGIN_TEXT - l->len) {
		refuse(c, LOGIN_NO_RESOURCES, NULL);
		return;
	}
	if (len)
		memcpy(l->text + l->len, data, len);
	l->len += len;
	if (!req.cont) {
		request(c);
		return;
	}
	/* More is to come: an empty answer asks for it (6.2). */
	r = response_base(c);
	respond(c, &r, NULL);
}

/*
 * login - the login phase of a connection (RFC 7143 sections 6.3, 11.12,
 * 11.13): stages, C and T bits, who says what when.
 */
#include <stdio.h>
#include <string.h>

#include "proto/state.h"
#include "wire/status.h"

static uint64_t deadline(const struct session *s, uint32_t timeout)
{
	return timeout ? s->now + timeout : UINT64_MAX;
}

static void set_deadline(struct conn *c)
{
	const struct session_config *cfg = c->session->cfg;
	bool auth = c->login.stage == STAGE_SECURITY && c->login.answered;

	c->login.deadline = deadline(c->session, auth ? cfg->auth_timeout
						      : cfg->login_timeout);
}

void login_tick(struct conn *c)
{
	bool auth = c->login.stage == STAGE_SECURITY && c->login.answered;

	if (c->session->now < c->login.deadline)
		return;
	session_say(c->session, TOPIC_TIMEOUT, "no answer to a login request");
	session_end(c->session,
		    auth ? &fault_auth_timeout : &fault_login_timeout, "");
}

/* next: the stage after this one, or the same. */
static void say_stage(struct session *s, const char *what,
		      enum login_stage stage, enum login_stage next,
		      const char *p, size_t n)
{
	static const char *const names[] = {
		[STAGE_SECURITY] = "security",
		[STAGE_OPERATIONAL] = "operational",
		[STAGE_FULL_FEATURE] = "full feature",
	};
	char head[80];

	if (!topic_is_on(TOPIC_LOGIN))
		return;
	snprintf(head, sizeof(head), "%s, %s stage%s%s:", what, names[stage],
		 next != stage ? ", next " : "",
		 next != stage ? names[next] : "");
	session_say_keys(s, TOPIC_LOGIN, head, p, n);
}

/* Sends the pairs in out; next is the stage asked for (T bit) or our own. */
static void send_request(struct conn *c, const struct text_out *out,
			 enum login_stage next)
{
	struct session *s = c->session;
	struct login *l = &c->login;
	struct pdu_login_req req = {
		.transit = next != l->stage,
		.csg = l->stage,
		.nsg = next != l->stage ? next : 0,
		.tsih = 0,
		.cid = c->cid,
		.itt = l->itt,
		.cmdsn = s->cmdsn,
		.expstatsn = c->exp_statsn,
		.data_len = (uint32_t)out->len,
	};
	uint8_t bhs[BHS_LEN];

	if (out->full || ++l->rounds > LOGIN_ROUNDS) {
		session_end(s, &fault_login_protocol,
			    "the login does not come to an end");
		return;
	}
	say_stage(s, "request", l->stage, next, out->p, out->len);
	memcpy(req.isid, s->cfg->isid, ISID_LEN);
	pdu_put_login_req(bhs, &req);
	l->asked = next;
	set_deadline(c);
	if (!transmit_control(c, bhs, c->tx.text, req.data_len))
		session_end(s, &fault_flooded, "");
}

static void add_names(const struct session_config *cfg, struct text_out *out)
{
	text_add(out, "InitiatorName", cfg->initiator_name);
	if (cfg->initiator_alias[0])
		text_add(out, "InitiatorAlias", cfg->initiator_alias);
	if (cfg->type == SESSION_DISCOVERY) {
		text_add(out, "SessionType", "Discovery");
	} else {
		text_add(out, "SessionType", "Normal");
		text_add(out, "TargetName", cfg->target_name);
	}
}

/* What the stage at hand adds to out, and where it wants to go next. */
static enum login_stage add_stage(struct conn *c, struct text_out *out)
{
	struct login *l = &c->login;

	if (l->stage == STAGE_SECURITY)
		return auth_may_transit(&l->auth) ? STAGE_OPERATIONAL
						  : STAGE_SECURITY;
	if (!l->offered) {
		l->offered = true;
		nego_offer(&l->nego, c->session->cfg, out);
	}
	return STAGE_FULL_FEATURE;
}

void login_start(struct conn *c)
{
	const struct session_config *cfg = c->session->cfg;
	struct login *l = &c->login;
	struct text_out out;

	memset(l, 0, sizeof(*l));
	c->session->bad_stage = false;
	nego_init(&l->nego, cfg);
	auth_init(&l->auth, cfg, c->session->md5_only);
	/*
	 * Also where there is nothing to prove: tgt and IET look for the
	 * session to reinstate only when a login leaves this stage.
	 */
	l->stage = STAGE_SECURITY;
	if (c->session->skip_security) {
		l->stage = STAGE_OPERATIONAL;
		auth_skip(&l->auth);
	}
	l->itt = session_control_itt(c->session, TAG_LOGIN);
	c->exp_statsn = 0;
	text_init(&out, c->tx.text, sizeof(c->tx.text));
	add_names(cfg, &out);
	auth_offer(&l->auth, &out);
	send_request(c, &out, add_stage(c, &out));
}

/* How the next login begins -------------------------------------------- */

#define SKIPS 3 /* tries: a target that is just ending closes, too */

/* What a target may do with a login whose beginning it does not know. */
static bool may_be_the_stage(const struct session *s, const struct fault *why)
{
	return s->bad_stage || why == &fault_login_protocol ||
	       why == &fault_auth_method || why == &fault_peer_closed ||
	       why == &fault_transport_lost;
}

/* Statuses about who and what is asked for are not about the stage. */
static bool status_is_the_stage(uint16_t status)
{
	return status == LOGIN_INITIATOR_ERROR || status == LOGIN_AUTH_FAILED ||
	       status == LOGIN_MISSING_PARAM ||
	       status == LOGIN_CANNOT_INCLUDE || status == LOGIN_INVALID_DURING;
}

/*
 * RFC 7143 6.3: a login without credentials may begin in either stage.  A
 * target that refuses the one is tried with the other, once; but never one
 * that took the first before: there an old session may live on beside one
 * that began in the operational stage (docs/ghost-writes.md).
 */
const struct fault *login_failed(struct session *s, const struct fault *why)
{
	const struct conn *c = &s->conns[0];
	const struct login *l = &c->login;

	if (c->state != CONN_IN_LOGIN || s->leaving)
		return why;
	if (!may_be_the_stage(s, why))
		return why;
	if (s->skip_security) {
		s->skip_security = false;
		return why;
	}
	if (!l->auth.open || l->stage != STAGE_SECURITY || s->security_works ||
	    s->skips == SKIPS)
		return why;
	s->skips++;
	s->skip_security = true;
	return &fault_login_stage;
}

void session_learn(struct session *s, const struct session *from)
{
	s->md5_only = from->md5_only;
	s->skip_security = from->skip_security;
	s->security_works = from->security_works;
	s->skips = from->skips;
}

/* Answers ------------------------------------------------------------- */

static const struct fault *fail(struct conn *c, const struct fault *f,
				const char *detail)
{
	session_end(c->session, f, detail);
	return f;
}

/* Every pair of the answer to whom it concerns. */
static const struct fault *take_pairs(struct conn *c, size_t n,
				      struct text_out *out)
{
	const char *text = (const char *)c->rx.data;
	struct login *l = &c->login;
	struct text_pair kv;
	size_t pos = 0;
	int rc;

	while ((rc = text_next(text, n, &pos, &kv)) > 0) {
		const struct fault *f = NULL;
		bool taken = false;

		if (l->stage == STAGE_SECURITY)
			f = auth_take(&l->auth, &kv, &taken);
		if (f)
			return fail(c, f, l->auth.detail);
		if (taken)
			continue;
		f = nego_take(&l->nego, c->session->cfg, &kv, out);
		if (f)
			return fail(c, f, l->nego.detail);
	}
	if (rc < 0)
		return fail(c, &fault_login_protocol,
			    "its text is not key=value pairs");
	return NULL;
}

/* Class 1: TargetAddress tells where to (11.13.5). */
static void redirected(struct conn *c, const struct pdu_login_rsp *rsp,
		       size_t n)
{
	struct session *s = c->session;
	struct nego *nego = &c->login.nego;
	char scrap[256], where[ADDR_TEXT_SIZE];
	struct text_out out;
	struct text_pair kv;
	size_t pos = 0;

	text_init(&out, scrap, sizeof(scrap));
	nego->has_address = false; /* told earlier, it meant something else */
	while (!nego->has_address &&
	       text_next((const char *)c->rx.data, n, &pos, &kv) > 0) {
		if (text_key_is(&kv, "TargetAddress"))
			/* has_address tells; what it answers is not sent. */
			(void)nego_take(nego, s->cfg, &kv, &out);
	}
	if (!nego->has_address) {
		session_end(s, &fault_login_protocol,
			    "it redirects to nowhere (no TargetAddress)");
		return;
	}
	s->redirect = nego->address;
	s->has_redirect = true;
	s->redirect_permanent = rsp->status == LOGIN_MOVED_PERM;
	addr_format(&s->redirect, false, where, sizeof(where));
	session_end(s, &fault_login_redirected, where);
}

static void refused(struct conn *c, const struct pdu_login_rsp *rsp, size_t n)
{
	const struct fault *f = &fault_login_impossible;
	char detail[128];

	if (rsp->status >> 8 == 1) {
		redirected(c, rsp, n);
		return;
	}
	if (rsp->status >> 8 == 3)
		f = &fault_login_unavailable;
	else if (rsp->status == LOGIN_AUTH_FAILED ||
		 rsp->status == LOGIN_FORBIDDEN)
		f = &fault_login_refused;
	if (rsp->status >> 8 != 3 && auth_worth_md5(&c->login.auth))
		f = &fault_auth_retry;
	c->session->md5_only = f == &fault_auth_retry;
	c->session->bad_stage = status_is_the_stage(rsp->status);
	snprintf(detail, sizeof(detail), "%s (%04x)", status_login(rsp->status),
		 rsp->status);
	session_end(c->session, f, detail);
}

/* What the header alone can do wrong. */
static const char *header_fault(const struct conn *c,
				const struct pdu_login_rsp *rsp)
{
	const struct login *l = &c->login;

	if (rsp->itt != l->itt)
		return "it answers another login";
	/* What waits to be sent lies where the next request is written. */
	if (c->tx.count)
		return "it answers before it was asked";
	if (rsp->version_active != 0)
		return "it speaks another version of iSCSI";
	if (memcmp(rsp->isid, c->session->cfg->isid, ISID_LEN))
		return "it answers with another ISID";
	if (c->statsn_known && rsp->sn.statsn != c->exp_statsn)
		return "a login response is missing";
	if (rsp->csg != l->stage)
		return "it is in another stage";
	if (rsp->cont && rsp->transit)
		return "C and T are both set";
	if (rsp->transit && (l->asked == l->stage || rsp->nsg != l->asked))
		return "it goes to a stage that nobody asked for";
	return NULL;
}

static void finish(struct conn *c, const struct pdu_login_rsp *rsp)
{
	struct session *s = c->session;
	struct login *l = &c->login;
	const struct fault *f;

	if (!rsp->tsih && s->cfg->type == SESSION_NORMAL) {
		fail(c, &fault_login_protocol, "it gives no TSIH");
		return;
	}
	f = nego_check(&l->nego, s->cfg);
	if (f) {
		fail(c, f, l->nego.detail);
		return;
	}
	s->params = l->nego.params;
	if (s->params.first_burst > s->params.max_burst)
		s->params.first_burst = s->params.max_burst;
	s->time2wait = (uint16_t)s->params.time2wait; /* 7.5.1 */
	s->tsih = rsp->tsih;
	s->portal_group = l->nego.portal_group;
	s->exp_cmdsn = rsp->sn.expcmdsn;
	s->max_cmdsn = rsp->sn.maxcmdsn;
	memcpy(s->alias, l->nego.alias, sizeof(s->alias));
	auth_name(&l->auth, s->auth, sizeof(s->auth));
	s->security_works |= !s->skip_security;
	s->skips = 0;
	c->header_digest = s->params.header_digest;
	c->data_digest = s->params.data_digest;
	conn_step(c, CONN_EV_LOGIN_DONE);
}

static const struct fault *check_group(struct conn *c)
{
	int32_t want = c->session->cfg->portal_group;
	int32_t got = c->login.nego.portal_group;
	char detail[64];

	if (want < 0 || got < 0 || want == got)
		return NULL;
	snprintf(detail, sizeof(detail), "group %d, not %d", got, want);
	return fail(c, &fault_wrong_group, detail);
}

/* A whole answer, C bits over: take it, then say the next thing. */
static void answered(struct conn *c, const struct pdu_login_rsp *rsp, size_t n)
{
	struct session *s = c->session;
	struct login *l = &c->login;
	const struct fault *f;
	struct text_out out;

	say_stage(s, "answer", l->stage,
		  rsp->transit ? (enum login_stage)rsp->nsg : l->stage,
		  (const char *)c->rx.data, n);
	text_init(&out, c->tx.text, sizeof(c->tx.text));
	if (take_pairs(c, n, &out) || check_group(c))
		return;
	if (l->stage == STAGE_SECURITY) {
		f = auth_advance(&l->auth, s->cfg, rsp->transit, &out);
		if (f) {
			fail(c, f, l->auth.detail);
			return;
		}
	}
	if (rsp->transit && rsp->nsg == STAGE_FULL_FEATURE) {
		finish(c, rsp);
		return;
	}
	if (rsp->transit)
		l->stage = rsp->nsg;
	send_request(c, &out, add_stage(c, &out));
}

void login_received(struct conn *c)
{
	struct login *l = &c->login;
	struct pdu_login_rsp rsp;
	struct text_out empty;
	const char *wrong;
	size_t n;

	if (pdu_get_login_rsp(c->rx.bhs, &rsp)) {
		fail(c, &fault_login_protocol, "malformed login response");
		return;
	}
	n = l->text_len + c->rx.data_len;
	if (rsp.status) {
		refused(c, &rsp, n);
		return;
	}
	wrong = header_fault(c, &rsp);
	if (wrong) {
		fail(c, &fault_login_protocol, wrong);
		return;
	}
	c->exp_statsn = rsp.sn.statsn + 1;
	c->statsn_known = true;
	l->answered = true;
	if (!rsp.cont) {
		l->text_len = 0;
		answered(c, &rsp, n);
		return;
	}
	/* 11.13.2: more of the same text comes after an empty request. */
	l->text_len = n;
	text_init(&empty, c->tx.text, sizeof(c->tx.text));
	send_request(c, &empty, l->stage);
}

/*
 * session - a session from its birth to its end, its window and its time.
 *
 * Its states and those of its connections are in states.c.
 */
#include "proto/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sn.h"
#include "proto/state.h"

#define PING_CLOSED_WINDOW 1000 /* ms: how long a closed window is believed */

/* Birth and end ------------------------------------------------------- */

void session_config_defaults(struct session_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->portal_group = -1;
	cfg->header_digest = DIGEST_PREFER_OFF;
	cfg->data_digest = DIGEST_PREFER_OFF;
	cfg->immediate_data = true;
	cfg->max_recv_data = 131072;
	cfg->first_burst = 262144;
	cfg->max_burst = 16776192;
	cfg->max_outstanding_r2t = SESSION_R2TS;
	cfg->login_timeout = 15000;
	cfg->auth_timeout = 45000;
	cfg->active_timeout = 5000;
	cfg->idle_timeout = 60000;
	cfg->ping_timeout = 5000;
	cfg->logout_timeout = 3000;
	cfg->abort_timeout = 10000;
	cfg->reset_timeout = 30000;
}

/* A new login starts from nothing: ERL 0 (7.1.5). */
static void session_reset(struct session *s)
{
	s->tsih = 0;
	s->portal_group = -1;
	s->alias[0] = '\0';
	s->window_closed = s->stuck_since = 0;
	s->leaving = NULL;
	s->why = NULL;
	s->detail[0] = '\0';
	s->cmdsn = 1;
	discovery_reset(s);
}

struct session *session_new(const struct session_config *cfg,
			    const struct session_ops *ops, void *ctx)
{
	struct session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->cfg = cfg;
	s->ops = *ops;
	s->ctx = ctx;
	session_reset(s);
	list_init(&s->waiting);
	list_init(&s->sent);
	tasks_init(s);
	recover_init(s);
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++) {
		s->conns[i].session = s;
		s->conns[i].cid = (uint16_t)i;
	}
	return s;
}

void session_share(struct session *s, struct stages *stages)
{
	s->stages = stages;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++)
		conn_reset_stage(&s->conns[i]);
	recover_fini(s);
	tasks_give_back(s, &fault_dropped);
	free(s);
}

static void conn_reset(struct conn *c)
{
	c->epoch++;
	c->header_digest = c->data_digest = false;
	c->statsn_known = false;
	conn_reset_stage(c);
	c->rx.phase = RX_HEADER;
	c->last_life = c->session->now;
	c->ping_sent = 0;
	c->logout_deadline = 0;
	transmit_reset(c);
}

struct conn *session_connected(struct session *s, uint64_t now)
{
	s->now = now;
	if (s->state != SESSION_FREE)
		return NULL;
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++) {
		struct conn *c = &s->conns[i];

		if (c->state != CONN_FREE)
			return NULL;
		session_reset(s);
		s->has_redirect = s->ended_well = false;
		s->time2wait = 0;
		conn_reset(c);
		conn_step(c, CONN_EV_CONNECTED);
		return c;
	}
	return NULL;
}

static void end_by(struct session *s, const struct fault *why,
		   const char *detail, enum session_event sev,
		   enum conn_event cev)
{
	if (s->why)
		return;
	session_say(s, TOPIC_ERROR, "the session ends: %s%s%s", why->text,
		    detail && *detail ? ": " : "", detail ? detail : "");
	s->why = why;
	snprintf(s->detail, sizeof(s->detail), "%s", detail ? detail : "");
	session_step(s, sev);
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++)
		conn_step(&s->conns[i], cev);
}

void session_end(struct session *s, const struct fault *why, const char *detail)
{
	/* Who logs out cares little how the target takes it. */
	if (s->leaving == &fault_logged_out)
		why = s->leaving;
	if (!s->why)
		why = login_failed(s, why);
	end_by(s, why, detail, SESSION_EV_FAILED, CONN_EV_LOST);
}

void session_logout_done(struct session *s)
{
	s->ended_well = true;
	end_by(s, s->leaving, "", SESSION_EV_CLOSED, CONN_EV_LOGOUT_DONE);
}

/* The last transport is closed: nothing of ours is touched any more. */
static void session_over(struct session *s)
{
	const struct fault *why = s->why ? s->why : &fault_transport_lost;
	char detail[sizeof(s->detail)];

	memcpy(detail, s->detail, sizeof(detail));
	manage_end(s, -ENOTCONN);
	recover_fini(s);
	tasks_give_back(s, why);
	session_step(s, SESSION_EV_CLEARED);
	session_reset(s);
	s->ops.user->down(s->ctx, why, detail);
}

void session_conn_closed(struct session *s, struct conn *c, uint64_t now)
{
	s->now = now;
	conn_reset_stage(c);
	tasks_expose(s, c->tx.offered);
	transmit_reset(c);
	conn_step(c, CONN_EV_CLOSED);
	if (session_all_closed(s))
		session_over(s);
}

void session_transport_lost(struct session *s, struct conn *c, int err,
			    uint64_t now)
{
	s->now = now;
	/* After a Logout the target may close without an answer. */
	if (c->state == CONN_IN_LOGOUT && s->leaving)
		session_end(s, s->leaving, "");
	else if (err == -ETIMEDOUT)
		session_end(s, &fault_path_dead, "");
	else if (err)
		session_end(s, &fault_transport_lost, strerror(-err));
	else
		session_end(s, &fault_peer_closed, "");
}

void session_drop(struct session *s, const struct fault *why,
		  const char *detail, uint64_t now)
{
	s->now = now;
	end_by(s, why, detail, SESSION_EV_FAILED, CONN_EV_LOST);
}

/* Logout (11.14) ------------------------------------------------------ */

void session_start_logout(struct conn *c, const struct fault *why)
{
	struct session *s = c->session;
	struct pdu_logout_req req = {
		.immediate = true,
		.reason = LOGOUT_SESSION,
		.cid = c->cid,
		.itt = session_control_itt(s, TAG_LOGOUT),
		.cmdsn = s->cmdsn,
		.expstatsn = c->exp_statsn,
	};
	uint8_t bhs[BHS_LEN];

	if (s->leaving) { /* our own wish outranks the target's */
		s->leaving = why == &fault_logged_out ? why : s->leaving;
		return;
	}
	s->leaving = why;
	c->logout_deadline = s->cfg->logout_timeout
				     ? s->now + s->cfg->logout_timeout
				     : UINT64_MAX;
	conn_step(c, CONN_EV_LOGOUT_SENT);
	pdu_put_logout_req(bhs, &req);
	if (!transmit_control(c, bhs, NULL, 0))
		session_end(s, why, "");
}

void session_logout(struct session *s, uint64_t now)
{
	s->now = now;
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++) {
		if (conn_is_full_feature(s->conns[i].state)) {
			session_start_logout(&s->conns[i], &fault_logged_out);
			return;
		}
	}
	session_end(s, &fault_logged_out, "");
}

/* Commands and the window (4.2.2.1) ----------------------------------- */

void session_submit(struct session *s, struct cmd *c)
{
	c->sent = c->exposed = false;
	c->task = NO_TASK;
	if (s->state != SESSION_LOGGED_IN || s->leaving) {
		c->outcome = CMD_LOST;
		c->why = s->leaving ? s->leaving : &fault_transport_lost;
		c->done(c);
		return;
	}
	list_push_back(&s->waiting, &c->link);
	session_kick(s);
}

void session_kick(struct session *s)
{
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++) {
		if (conn_is_open(s->conns[i].state))
			s->ops.transport->kick(s->ctx, &s->conns[i]);
	}
}

void session_window(struct session *s, const struct pdu_sn *sn)
{
	bool was_open = session_window_open(s);

	/* 4.2.2.1: a MaxCmdSN below ExpCmdSN - 1 voids both. */
	if (sn_before(sn->maxcmdsn, sn->expcmdsn - 1))
		return;
	if (sn_before(s->max_cmdsn, sn->maxcmdsn))
		s->max_cmdsn = sn->maxcmdsn;
	if (sn_before(s->exp_cmdsn, sn->expcmdsn))
		s->exp_cmdsn = sn->expcmdsn;
	if (!was_open && session_window_open(s)) {
		if (s->window_closed)
			session_say(s, TOPIC_FLOW, "the window is open again");
		s->window_closed = s->stuck_since = 0;
		session_kick(s);
	}
}

bool session_window_open(const struct session *s)
{
	return sn_before_eq(s->cmdsn, s->max_cmdsn);
}

uint32_t session_control_itt(struct session *s, enum control_tag tag)
{
	return (uint32_t)++s->control_generation << 16 | tag;
}

static bool conn_awaits(const struct conn *c)
{
	if (!conn_is_open(c->state))
		return false;
	return !conn_may_request(c->state) || c->ping_sent || c->tx.count;
}

bool session_awaits(const struct session *s)
{
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++)
		if (conn_awaits(&s->conns[i]))
			return true;
	return !list_empty(&s->sent) || s->tmf || s->discovery.active;
}

/* Time ---------------------------------------------------------------- */

static uint64_t keepalive_at(const struct session *s, const struct conn *c)
{
	uint32_t limit = list_empty(&s->sent) ? s->cfg->idle_timeout
					      : s->cfg->active_timeout;

	if (c->ping_sent && s->cfg->ping_timeout)
		return (c->ping_sent > c->last_life ? c->ping_sent
						    : c->last_life) +
		       s->cfg->ping_timeout;
	if (c->ping_sent || !limit)
		return UINT64_MAX;
	return c->last_life + limit;
}

static void keepalive_tick(struct conn *c)
{
	struct session *s = c->session;

	if (s->now < keepalive_at(s, c))
		return;
	if (c->ping_sent) {
		session_say(s, TOPIC_TIMEOUT, "no answer to a ping in %u ms",
			    s->cfg->ping_timeout);
		session_end(s, &fault_ping_timeout, "");
	} else {
		session_say(s, TOPIC_TIMEOUT,
			    "nothing was received for a while, pinging");
		transmit_ping(c);
	}
}

static void conn_tick(struct conn *c)
{
	struct session *s = c->session;

	if (c->state == CONN_IN_LOGIN) {
		login_tick(c);
		return;
	}
	if (c->state == CONN_IN_LOGOUT && s->now >= c->logout_deadline)
		session_end(s, s->leaving, "");
	if (!conn_may_request(c->state))
		return;
	keepalive_tick(c);
	/* A closed window may be stale news: ask. */
	if (s->window_closed && !c->ping_sent &&
	    s->now >= s->window_closed + PING_CLOSED_WINDOW) {
		s->window_closed = s->now;
		transmit_ping(c);
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t conn_next_wake(const struct session *s, const struct conn *c)
{
	uint64_t at = UINT64_MAX;

	if (c->state == CONN_IN_LOGIN)
		return c->login.deadline;
	if (c->state == CONN_IN_LOGOUT)
		return c->logout_deadline;
	if (!conn_may_request(c->state))
		return at;
	if (s->window_closed && !c->ping_sent)
		at = earlier(at, s->window_closed + PING_CLOSED_WINDOW);
	return earlier(at, keepalive_at(s, c));
}

uint64_t session_next_wake(const struct session *s)
{
	uint64_t at = earlier(manage_wake(s), recover_wake(s));

	if (s->discovery.active)
		at = earlier(at, s->discovery.deadline);
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++)
		at = earlier(at, conn_next_wake(s, &s->conns[i]));
	return at;
}

void session_tick(struct session *s, uint64_t now)
{
	s->now = now;
	manage_tick(s);
	recover_tick(s);
	if (s->discovery.active && now >= s->discovery.deadline) {
		s->discovery.active = false;
		session_say(s, TOPIC_TIMEOUT, "no answer to SendTargets");
		session_end(s, &fault_text_timeout, "");
	}
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++)
		conn_tick(&s->conns[i]);
}

/* Questions ----------------------------------------------------------- */

bool session_is_up(const struct session *s)
{
	return s->state == SESSION_LOGGED_IN && !s->leaving;
}

const struct addr *session_redirect(const struct session *s, bool *permanent)
{
	if (!s->has_redirect)
		return NULL;
	*permanent = s->redirect_permanent;
	return &s->redirect;
}

bool session_ended_well(const struct session *s)
{
	return s->ended_well;
}

uint16_t session_time2wait(const struct session *s)
{
	return s->time2wait;
}

void session_info(const struct session *s, struct session_info *out)
{
	const struct params *p = &s->params;

	*out = (struct session_info){
		.target_alias = s->alias,
		.tsih = s->tsih,
		.portal_group = s->portal_group,
		.auth = s->auth,
		.skipped_security = s->skip_security,
		.header_digest = p->header_digest,
		.data_digest = p->data_digest,
		.initial_r2t = p->initial_r2t,
		.immediate_data = p->immediate_data,
		.max_recv_data = p->max_recv_data,
		.max_xmit_data = p->max_xmit_data,
		.first_burst = p->first_burst,
		.max_burst = p->max_burst,
		.max_outstanding_r2t = (uint16_t)p->max_outstanding_r2t,
		.tasks = SESSION_TASKS - s->free_count,
	};
}

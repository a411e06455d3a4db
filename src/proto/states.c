/*
 * states - life of a session and of its connections, as tables
 * (RFC 7143 sections 8.1.3 and 8.3.1), and what must hold in each state.
 */
#include "proto/session.h"

#include <syslog.h>

#include "proto/state.h"

/* What must hold ------------------------------------------------------ */

static bool owes_nothing(const struct session *s)
{
	return list_empty(&s->waiting) && list_empty(&s->sent) &&
	       s->free_count == SESSION_TASKS && !s->tmf;
}

/* The next login starts with what a new session would have. */
static const char *check_free_conn(const struct conn *c)
{
	if (c->tx.count || c->tx.burst_count)
		return "PDUs wait for a transport that is closed";
	return c->rx.stage == c->rx.own ? NULL : "a borrowed buffer is kept";
}

static const char *conn_check(const void *obj)
{
	const struct conn *c = obj;
	const struct session *s = c->session;

	if (c->state == CONN_FREE)
		return check_free_conn(c);
	if (!conn_is_open(c->state))
		return s->why ? NULL : "it is closed for no reason";
	if (s->why)
		return "the session ends, and it is open";
	if (conn_is_full_feature(c->state) != (s->state == SESSION_LOGGED_IN))
		return "it and the session differ about the login";
	if (c->state == CONN_IN_LOGOUT && !(s->leaving && c->logout_deadline))
		return "the logout has no reason or no end";
	return NULL;
}

bool session_all_closed(const struct session *s)
{
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++) {
		if (s->conns[i].state != CONN_FREE)
			return false;
	}
	return true;
}

static const char *session_check(const void *obj)
{
	const struct session *s = obj;

	if (s->state == SESSION_LOGGED_IN && session_all_closed(s))
		return "it is up without a connection";
	if (s->state == SESSION_FAILED && !s->why)
		return "it failed for no reason";
	if (s->state == SESSION_FREE && session_all_closed(s) &&
	    !owes_nothing(s))
		return "commands of a session that is over are kept";
	return NULL;
}

/* All that we believe of it may be wrong: the next one is another. */
static void session_broken(void *obj, const char *what)
{
	struct session *s = obj;

	if (!s->why)
		session_note(s, LOG_ERR, "%s: the session is made anew", what);
	session_drop(s, &fault_mistake, what, s->now);
}

static void conn_broken(void *obj, const char *what)
{
	struct conn *c = obj;

	session_broken(c->session, what);
}

/* Connection states (8.1.3) ------------------------------------------- */

static void act_login(void *obj, const void *arg)
{
	login_start(obj);
}

static void act_logged_in(void *obj, const void *arg)
{
	struct conn *c = obj;

	session_step(c->session, SESSION_EV_LOGGED_IN);
}

static void act_close(void *obj, const void *arg)
{
	struct conn *c = obj;

	c->session->ops.transport->close(c->session->ctx, c);
}

#define ROW(from, ev, to, act, label)                                          \
	{                                                                      \
		from, CONN_EV_##ev, CONN_##to, act, label                      \
	}
#define IGNORED(from, ev, why)                                                 \
	{                                                                      \
		from, CONN_EV_##ev, FSM_IGNORED, NULL, why                     \
	}
#define ON_THE_WAY_DOWN (IN(CONN_CLEANUP_WAIT) | IN(CONN_CLOSING))

/*
 * T1 and T2, the connection attempt, are the owner's.  Where the RFC goes to
 * FREE with the transport closed, we pass through CLOSING until the owner
 * has closed it.
 */
static const struct fsm_row conn_rows[] = {
	ROW(IN(CONN_FREE), CONNECTED, IN_LOGIN, act_login, "T4"),
	ROW(IN(CONN_IN_LOGIN), LOGIN_DONE, LOGGED_IN, act_logged_in, "T5"),
	ROW(IN(CONN_IN_LOGIN), LOST, CLOSING, act_close, "T7"),
	ROW(IN(CONN_LOGGED_IN), LOGOUT_SENT, IN_LOGOUT, NULL, "T9"),
	ROW(IN(CONN_LOGOUT_REQUESTED), LOGOUT_SENT, IN_LOGOUT, NULL, "T10"),
	ROW(IN(CONN_LOGGED_IN), LOGOUT_ASKED, LOGOUT_REQUESTED, NULL, "T11"),
	ROW(IN(CONN_LOGOUT_REQUESTED), LOGOUT_ASKED, LOGOUT_REQUESTED, NULL,
	    "T12"),
	ROW(IN(CONN_IN_LOGOUT), LOGOUT_DONE, CLOSING, act_close, "T13"),
	ROW(IN(CONN_IN_LOGOUT), LOGOUT_ASKED, IN_LOGOUT, NULL, "T14"),
	ROW(IN(CONN_LOGGED_IN), LOST, CLEANUP_WAIT, act_close, "T15"),
	ROW(IN(CONN_LOGOUT_REQUESTED), LOST, CLEANUP_WAIT, act_close, "T16"),
	ROW(IN(CONN_IN_LOGOUT), LOST, CLEANUP_WAIT, act_close, "T17"),
	/* ErrorRecoveryLevel 0 knows no cleanup beyond the closed transport. */
	ROW(IN(CONN_CLEANUP_WAIT), CLOSED, FREE, NULL, "M1"),
	ROW(IN(CONN_CLOSING), CLOSED, FREE, NULL, "closed"),

	IGNORED(IN(CONN_FREE), LOST, "there is none that could be"),
	IGNORED(ON_THE_WAY_DOWN, LOGOUT_ASKED, "the owner ended it meanwhile"),
	IGNORED(ON_THE_WAY_DOWN, LOGOUT_SENT, "the owner ended it meanwhile"),
};

static const char *const conn_state_names[CONN_STATES + 1] = {
	"FREE",
	"IN_LOGIN",
	"LOGGED_IN",
	"IN_LOGOUT",
	"LOGOUT_REQUESTED",
	"CLEANUP_WAIT",
	"CLOSING",
	NULL,
};

static const char *const conn_event_names[CONN_EVENTS + 1] = {
	"CONNECTED",   "LOGIN_DONE", "LOGOUT_ASKED", "LOGOUT_SENT",
	"LOGOUT_DONE", "LOST",	     "CLOSED",	     NULL,
};

const struct fsm conn_fsm = {
	.name = "connection",
	.states = conn_state_names,
	.events = conn_event_names,
	.rows = conn_rows,
	.nrows = sizeof(conn_rows) / sizeof(conn_rows[0]),
	.nstates = CONN_STATES,
	.nevents = CONN_EVENTS,
	.check = conn_check,
	.broken = conn_broken,
};

void conn_step(struct conn *c, enum conn_event ev)
{
	/* A failure of it has been dealt with: conn_broken(). */
	(void)fsm_step(&conn_fsm, &c->state, (uint8_t)ev, c, NULL);
}

/* Session states (8.3.1) ---------------------------------------------- */

static void act_up(void *obj, const void *arg)
{
	struct session *s = obj;

	s->ops.user->up(s->ctx);
}

#undef ROW
#define ROW(from, ev, to, act, label)                                          \
	{                                                                      \
		IN(SESSION_##from), SESSION_EV_##ev, SESSION_##to, act, label  \
	}
#undef IGNORED
#define IGNORED(from, ev, why)                                                 \
	{                                                                      \
		IN(SESSION_##from), SESSION_EV_##ev, FSM_IGNORED, NULL, why    \
	}

static const struct fsm_row session_rows[] = {
	ROW(FREE, LOGGED_IN, LOGGED_IN, act_up, "N1"),
	ROW(LOGGED_IN, CLOSED, FREE, NULL, "N3"),
	ROW(LOGGED_IN, FAILED, FAILED, NULL, "N5"),
	ROW(FAILED, CLEARED, FREE, NULL, "N6"),

	IGNORED(FREE, FAILED, "a login came to nothing"),
	IGNORED(FREE, CLEARED, "nothing stood, or it was logged out of"),
};

static const char *const session_state_names[SESSION_STATES + 1] = {
	"FREE",
	"LOGGED_IN",
	"FAILED",
	NULL,
};

static const char *const session_event_names[SESSION_EVENTS + 1] = {
	"LOGGED_IN", "CLOSED", "FAILED", "CLEARED", NULL,
};

const struct fsm session_fsm = {
	.name = "session",
	.states = session_state_names,
	.events = session_event_names,
	.rows = session_rows,
	.nrows = sizeof(session_rows) / sizeof(session_rows[0]),
	.nstates = SESSION_STATES,
	.nevents = SESSION_EVENTS,
	.check = session_check,
	.broken = session_broken,
};

void session_step(struct session *s, enum session_event ev)
{
	/* As of connections. */
	(void)fsm_step(&session_fsm, &s->state, (uint8_t)ev, s, NULL);
}

/*
 * attempt - one try after another to have a session.
 */
#include "engine/target/attempt.h"

#include "base/fsm.h"
#include "base/list.h"
#include "base/log.h"
#include "base/topic.h"
#include "engine/target/fence_rules.h"
#include "engine/target/tell.h"

static uint64_t now_of(const struct engine_target *t)
{
	return io_now(t->engine->loop);
}

/* Attempts ------------------------------------------------------------ */

/*
 * With disks in use a portal in the old session's group is better: there the
 * new session ends the old one and its commands (RFC 7143 6.3.5, session
 * reinstatement).  Elsewhere each disk has to do that itself
 * (docs/ghost-writes.md).  Returns whether all had their turn.
 */
static bool next_portal(struct engine_target *t, bool was_up)
{
	int32_t group = t->luns.attached ? t->group : -1;

	return portals_next(&t->portals, was_up, group);
}

static void say_attempt(const struct engine_target *t)
{
	char portal[ADDR_TEXT_SIZE];

	if (!topic_is_on(TOPIC_LOGIN))
		return;
	addr_format(&t->at, true, portal, sizeof(portal));
	log_debug(t->settings.session.target_name, "login: trying portal %s",
		  portal);
}

static uint32_t connect_ms(uint32_t login_timeout)
{
	return login_timeout && login_timeout < TARGET_CONNECT_MS
		       ? login_timeout
		       : TARGET_CONNECT_MS;
}

#define PORT_TRIES 2 /* a firewall may mind; then any port will do */

void attempt_keep_port(struct engine_target *t, const struct addr *at,
		       uint16_t port)
{
	t->lost_at = *at;
	t->lost_port = port;
	t->lost_tries = port ? PORT_TRIES : 0;
}

static uint16_t port_again(struct engine_target *t)
{
	if (!t->lost_tries || !addr_same(&t->at, &t->lost_at))
		return 0;
	t->lost_tries--;
	return t->lost_port;
}

void attempt_connect(struct engine_target *t)
{
	struct settings *s = &t->settings;
	struct sock_options opt = {
		.local_port = port_again(t),
		.keepalive = true,
		.window = s->window,
		.connect_ms = connect_ms(s->session.login_timeout),
	};

	t->began = now_of(t);
	link_open(&t->nexus->link, &t->at, &opt);
}

static void on_retry(struct io_timer *timer)
{
	attempt_step(container_of(timer, struct engine_target, retry),
		     ATTEMPT_EV_TIME);
}

static bool is_hopeless(struct engine_target *t, const struct fault *why)
{
	const struct hopeless_case c = {
		.failover = t->portals.failover,
		.portals = t->portals.count,
		.was_up = t->ever_up,
		.in_use = t->luns.attached,
	};

	return hopeless_after(&t->hopeless, why, &c);
}

/* An attempt that took long needs no pause after it. */
static uint32_t rest_of(uint32_t wait, uint64_t took, uint16_t time2wait)
{
	uint32_t rest = took < wait ? wait - (uint32_t)took : 0;
	uint32_t least = time2wait * 1000u;

	return rest > least ? rest : least;
}

/* What the manager is told of the one that ended. */
struct outcome {
	const struct fault *why;
	const char *detail;
	uint32_t wait; /* ms */
};

static void step(struct engine_target *t, enum attempt_event ev,
		 const struct outcome *o)
{
	/* A failure of it has been dealt with: engine_target_break(). */
	(void)fsm_step(&attempt_fsm, &t->attempt, (uint8_t)ev, t, o);
}

void attempt_step(struct engine_target *t, enum attempt_event ev)
{
	step(t, ev, NULL);
}

void attempt_again(struct engine_target *t, enum fault_retry retry,
		   const struct fault *why, const char *detail,
		   const struct attempt_end *end)
{
	struct outcome o = { .why = why, .detail = detail };
	bool over = false;
	uint32_t random;

	if (retry != RETRY_NOW)
		over = next_portal(t, end->was_up);
	if (!t->switching && is_hopeless(t, why)) {
		step(t, ATTEMPT_EV_NO_USE, &o);
		return;
	}
	engine_random(&random, sizeof(random));
	o.wait = backoff_next(&t->backoff, retry, over, end->time2wait, random);
	if (retry == RETRY_QUICK)
		o.wait = rest_of(o.wait, now_of(t) - t->began, end->time2wait);
	if (t->switching)
		o.wait = 0;
	step(t, ATTEMPT_EV_AGAIN, &o);
}

/* How long requests wait ---------------------------------------------- */

/* Waiting requests have connfail-timeout from when the session was lost. */
void attempt_set_expiry(struct engine_target *t)
{
	struct io_loop *loop = t->engine->loop;

	if (t->settings.connfail_timeout)
		io_timer_set(loop, &t->expire,
			     t->down_since + t->settings.connfail_timeout);
	else
		io_timer_cancel(loop, &t->expire);
}

void attempt_bear(struct engine_target *t, uint32_t ms)
{
	uint64_t until = now_of(t) + ms;

	if (t->expire.set &&
	    until > t->down_since + t->settings.connfail_timeout)
		io_timer_set(t->engine->loop, &t->expire, until);
}

void attempt_start_expiry(struct engine_target *t)
{
	t->down_since = now_of(t);
	attempt_set_expiry(t);
}

static void on_expire(struct io_timer *timer)
{
	struct engine_target *t =
		container_of(timer, struct engine_target, expire);

	if (topic_is_on(TOPIC_TIMEOUT))
		log_debug(t->settings.session.target_name,
			  "timeout: no session for %u ms, what waits fails",
			  t->settings.connfail_timeout);
	luns_expire(&t->luns, now_of(t));
}

void attempt_init(struct engine_target *t)
{
	t->retry.fn = on_retry;
	t->expire.fn = on_expire;
}

/* The machine --------------------------------------------------------- */

static void act_begin(void *obj, const void *arg)
{
	struct engine_target *t = obj;
	struct settings *s = &t->settings;

	t->at = *portals_at(&t->portals);
	portal_settings_apply(&t->by_portal, &t->at, s);
	/* The session reads it at its next login; now it has none. */
	s->session.portal_group = t->at.tag;
	t->switching = false;
	engine_target_set_rules(t);
	say_attempt(t);
	attempt_connect(t);
}

static void act_stands(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	t->ever_up = true;
	t->up_since = now_of(t);
	hopeless_reset(&t->hopeless);
	io_timer_cancel(t->engine->loop, &t->expire);
}

static void act_pause(void *obj, const void *arg)
{
	struct engine_target *t = obj;
	const struct outcome *o = arg;

	engine_target_tell_down(t, o->why, o->detail, o->wait);
	io_timer_after(t->engine->loop, &t->retry, o->wait);
}

static void act_give_up(void *obj, const void *arg)
{
	const struct outcome *o = arg;

	engine_target_tell_down(obj, o->why, o->detail, BACKOFF_NEVER);
}

static void act_hope(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	hopeless_reset(&t->hopeless);
	backoff_reset(&t->backoff);
	io_timer_after(t->engine->loop, &t->retry, 0);
}

/* Nothing is open: the next begins in the next turn. */
static void now(struct engine_target *t)
{
	t->switching = true;
	lookup_stop(&t->lookup);
	hopeless_reset(&t->hopeless);
	io_timer_after(t->engine->loop, &t->retry, 0);
}

static void act_now(void *obj, const void *arg)
{
	now(obj);
}

static void act_move_now(void *obj, const void *arg)
{
	/* Whether it is another one: it is tried either way. */
	(void)next_portal(obj, false);
	now(obj);
}

/* What is open ends in order; ATTEMPT_EV_CLOSED follows. */
static void end(struct engine_target *t)
{
	lookup_stop(&t->lookup);
	if (t->nexus->link.conn) {
		session_logout(t->nexus->session, now_of(t));
		link_touch(&t->nexus->link);
	} else {
		link_give_up(&t->nexus->link);
	}
}

static void act_end(void *obj, const void *arg)
{
	end(obj);
}

static void act_move(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	t->switching = true;
	end(t);
}

/* An attempt that began with other settings than it would have now. */
static void act_drop(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	t->switching = true;
	hopeless_reset(&t->hopeless);
	lookup_stop(&t->lookup);
	portals_stay(&t->portals);
	if (t->nexus->link.conn)
		session_drop(t->nexus->session, &fault_dropped, "", now_of(t));
	else
		link_give_up(&t->nexus->link);
	link_touch(&t->nexus->link);
}

static void act_over(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	lookup_stop(&t->lookup);
	io_timer_cancel(t->engine->loop, &t->retry);
	t->ops->over(t);
}

#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		from, ATTEMPT_EV_##ev, ATTEMPT_##to, act, NULL                 \
	}
#define IGNORED(from, ev, why)                                                 \
	{                                                                      \
		from, ATTEMPT_EV_##ev, FSM_IGNORED, NULL, why                  \
	}
#define PAUSED	 IN(ATTEMPT_PAUSED)
#define TRYING	 IN(ATTEMPT_TRYING)
#define UP	 IN(ATTEMPT_UP)
#define ENDED	 IN(ATTEMPT_ENDED)
#define ASKING	 IN(ATTEMPT_ASKING)
#define GIVEN_UP IN(ATTEMPT_GIVEN_UP)
#define OVER	 IN(ATTEMPT_OVER)

static const struct fsm_row rows[] = {
	ROW(PAUSED, TIME, TRYING, act_begin),
	ROW(TRYING, STANDS, UP, act_stands),
	ROW(TRYING | UP, CLOSED, ENDED, NULL),
	ROW(ENDED, ASK, ASKING, NULL),
	ROW(ENDED | ASKING, AGAIN, PAUSED, act_pause),
	ROW(ENDED, NO_USE, GIVEN_UP, act_give_up),
	ROW(GIVEN_UP, RETRY, PAUSED, act_hope),
	ROW(PAUSED | ASKING | GIVEN_UP, MOVE, PAUSED, act_move_now),
	ROW(TRYING, MOVE, TRYING, act_move),
	ROW(UP, MOVE, UP, act_move),
	ROW(PAUSED | ASKING | GIVEN_UP, ANEW, PAUSED, act_now),
	ROW(TRYING, ANEW, TRYING, act_drop),
	ROW(TRYING, LEAVE, TRYING, act_end),
	ROW(UP, LEAVE, UP, act_end),
	ROW(PAUSED | ENDED | ASKING | GIVEN_UP, LEAVE, OVER, act_over),

	IGNORED(PAUSED | TRYING | ENDED | ASKING, RETRY, "there is one anyway"),
	IGNORED(UP, RETRY, "the session stands"),
	IGNORED(UP, ANEW, "an open session keeps what it has"),
	IGNORED(OVER, RETRY, "the target is on its way out"),
	IGNORED(OVER, LEAVE, "the last disk went while the session was lost"),
};

static const char *const state_names[] = {
	"PAUSED", "TRYING", "UP", "ENDED", "ASKING", "GIVEN_UP", "OVER", NULL,
};

static const char *const event_names[] = {
	"TIME",	 "STANDS", "CLOSED", "ASK",   "AGAIN", "NO_USE",
	"RETRY", "MOVE",   "ANEW",   "LEAVE", NULL,
};

/* Of timer, connection and question there is one, or none. */
static const char *check(const void *obj)
{
	const struct engine_target *t = obj;
	bool tries = t->attempt == ATTEMPT_TRYING || t->attempt == ATTEMPT_UP;

	if (t->retry.set != (t->attempt == ATTEMPT_PAUSED))
		return "the timer is not as it should be";
	if (t->nexus->link.open != tries)
		return "the connection is not as it should be";
	if (t->lookup.pending != (t->attempt == ATTEMPT_ASKING))
		return "a question to the manager is not as it should be";
	if (t->attempt == ATTEMPT_UP && t->expire.set)
		return "requests have no time while the session stands";
	if (t->attempt == ATTEMPT_GIVEN_UP && t->luns.attached)
		return "a disk in use is given up";
	return NULL;
}

static void broken(void *obj, const char *what)
{
	engine_target_break(obj, what);
}

const struct fsm attempt_fsm = {
	.name = "engine-attempt",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = ATTEMPT_STATES,
	.nevents = ATTEMPT_EVENTS,
	.check = check,
	.broken = broken,
};

/*
 * attempt - one try after another to have a session.
 */
#include "engine/target/attempt.h"

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
 * (docs/ghost-writes.md).
 */
bool attempt_next_portal(struct engine_target *t, bool was_up)
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

static void attempt(struct engine_target *t)
{
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

static void on_retry(struct io_timer *timer)
{
	attempt(container_of(timer, struct engine_target, retry));
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

void attempt_again(struct engine_target *t, enum fault_retry retry,
		   const struct fault *why, const char *detail,
		   const struct attempt_end *end)
{
	bool over = false;
	uint32_t random, wait;

	if (retry != RETRY_NOW)
		over = attempt_next_portal(t, end->was_up);
	if (!t->switching && is_hopeless(t, why)) {
		t->given_up = true;
		engine_target_tell_down(t, why, detail, BACKOFF_NEVER);
		return;
	}
	engine_random(&random, sizeof(random));
	wait = backoff_next(&t->backoff, retry, over, end->time2wait, random);
	if (retry == RETRY_QUICK)
		wait = rest_of(wait, now_of(t) - t->began, end->time2wait);
	if (t->switching)
		wait = 0;
	engine_target_tell_down(t, why, detail, wait);
	io_timer_after(t->engine->loop, &t->retry, wait);
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

/*
 * target - attempts, portals, redirections, and the end.
 */
#include "engine/target/target.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "base/topic.h"
#include "engine/target/tell.h"

static struct engine_target *of_link(void *ctx)
{
	return nexus_of(ctx)->owner;
}

/* One that is on its way out counts for nothing. */
static bool is_present(void *ctx)
{
	return of_link(ctx)->nexus == nexus_of(ctx);
}

static uint64_t now_of(const struct engine_target *t)
{
	return io_now(t->engine->loop);
}

/* Attempts ------------------------------------------------------------ */

/*
 * Turns to the next portal; returns whether all had their turn.  With disks
 * in use one in the old session's group is better: there the new session ends
 * the old one and its commands (RFC 7143 6.3.5, session reinstatement).
 * Elsewhere each disk has to do that itself (docs/ghost-writes.md).
 */
bool engine_target_next_portal(struct engine_target *t, bool was_up)
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

static void keep_port(struct engine_target *t, const struct addr *at,
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

void engine_target_connect(struct engine_target *t)
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
	engine_target_connect(t);
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

struct attempt_end {
	bool was_up;
	uint16_t time2wait; /* s */
};

static void try_after(struct engine_target *t, enum fault_retry retry,
		      const struct fault *why, const char *detail,
		      const struct attempt_end *end)
{
	bool over = false;
	uint32_t random, wait;

	if (retry != RETRY_NOW)
		over = engine_target_next_portal(t, end->was_up);
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

/* Redirections (RFC 7143 11.13.5) ------------------------------------- */

/* Moves in a row are one, from where it was asked first. */
static void note_move(struct engine_target *t, const struct addr *to)
{
	const struct addr *at = portals_at(&t->portals);

	if (!t->moved || !addr_same(&t->moved_to, at))
		t->moved_from = *at;
	t->moved = true;
	t->moved_to = *to;
}

static void move_to(struct engine_target *t, const struct addr *to)
{
	bool permanent;

	if (!session_redirect(t->nexus->session, &permanent))
		return;
	if (!portal_settings_has(&t->by_portal, to) &&
	    portals_find(&t->portals, to) < 0)
		engine_target_tell_redirected(t, to);
	/* Only what was asked itself can speak for good. */
	if (permanent && !t->portals.elsewhere)
		note_move(t, to);
	portals_redirect(&t->portals, to, permanent);
}

/* Its words are "the target moved: <where>", and what it came to. */
static void end_redirection(struct engine_target *t, enum fault_retry retry,
			    const char *outcome, const char *more)
{
	const struct attempt_end end = {
		.time2wait = session_time2wait(t->nexus->session),
	};
	char where[ADDR_TEXT_SIZE], detail[ADDR_TEXT_SIZE + 320];
	bool permanent;
	struct strbuf sb;

	addr_format(session_redirect(t->nexus->session, &permanent), false,
		    where, sizeof(where));
	sb_init(&sb, detail, sizeof(detail));
	sb_add(&sb, "%s%s%s", where, outcome, more);
	try_after(t, retry, &fault_login_redirected, detail, &end);
}

static void on_looked_up(struct lookup *l, const char *why)
{
	struct engine_target *t = container_of(l, struct engine_target, lookup);
	const struct addr *to = lookup_next(l);

	if (!to) {
		end_redirection(t, RETRY_SOON,
				", a name without address: ", why);
		return;
	}
	t->before = t->portals;
	move_to(t, to);
	end_redirection(t, RETRY_NOW, ", that is ", to->host);
}

/* A name can have several addresses: those that answer nothing are left. */
static bool next_address(struct engine_target *t)
{
	const struct addr *to = lookup_next(&t->lookup);

	if (to) {
		t->portals = t->before;
		move_to(t, to);
	}
	return to;
}

static void redirected(struct engine_target *t, const struct addr *to)
{
	if (backoff_is_circle(&t->backoff)) {
		end_redirection(t, RETRY_SOON,
				", after too many redirections in a row", "");
	} else if (addr_is_numeric(to)) {
		move_to(t, to);
		end_redirection(t, RETRY_NOW, "", "");
	} else if (!lookup_start(&t->lookup, to)) {
		end_redirection(t, RETRY_SOON,
				", a name that nobody is here to look up", "");
	}
}

static void try_again(struct engine_target *t, const struct fault *why,
		      const char *detail, const struct attempt_end *end)
{
	const struct addr *to = NULL;
	bool permanent;

	if (why == &fault_login_redirected)
		to = session_redirect(t->nexus->session, &permanent);
	/* What we end ourselves is either a removal or worth a new attempt. */
	if (to)
		redirected(t, to);
	else
		try_after(t,
			  why->retry == RETRY_NEVER ? RETRY_SOON : why->retry,
			  why, detail, end);
}

/* The connection is closed: try again, or that was all. */
static void after_attempt(struct engine_target *t, const struct fault *why,
			  const char *detail, const struct attempt_end *end)
{
	if (t->removing && !t->luns.attached)
		io_soon(t->engine->loop, &t->end);
	else
		try_again(t, why, detail, end);
}

/* Waiting requests have connfail-timeout from when the session was lost. */
void engine_target_set_expiry(struct engine_target *t)
{
	struct io_loop *loop = t->engine->loop;

	if (t->settings.connfail_timeout)
		io_timer_set(loop, &t->expire,
			     t->down_since + t->settings.connfail_timeout);
	else
		io_timer_cancel(loop, &t->expire);
}

void engine_target_bear(struct engine_target *t, uint32_t ms)
{
	uint64_t until = now_of(t) + ms;

	if (t->expire.set &&
	    until > t->down_since + t->settings.connfail_timeout)
		io_timer_set(t->engine->loop, &t->expire, until);
}

static void start_expiry(struct engine_target *t)
{
	t->down_since = now_of(t);
	engine_target_set_expiry(t);
}

/* The session's callbacks --------------------------------------------- */

/*
 * A target that does not tell (RFC 7143 13.9 wants it to) is believed to have
 * the group it was discovered with.
 */
static int32_t group_of(const struct engine_target *t,
			const struct session_info *i)
{
	return i->portal_group >= 0 ? i->portal_group : t->at.tag;
}

/* The session is there, and disks may use it. */
static void stands(struct engine_target *t)
{
	struct session_info i;

	session_info(t->nexus->session, &i);
	t->settled &= t->group == group_of(t, &i);
	t->group = group_of(t, &i);
	if (!t->addresses || !addr_same(&t->at, &t->last))
		t->addresses++;
	t->last = t->at;
	portals_up(&t->portals);
	t->up = t->ever_up = true;
	t->up_since = now_of(t);
	hopeless_reset(&t->hopeless);
	io_timer_cancel(t->engine->loop, &t->expire);
	engine_target_tell_up(t);
	if (t->moved && addr_same(&t->at, &t->moved_to))
		engine_target_tell_moved(t);
	luns_set_limit(&t->luns, t->settings.disk_timeout, now_of(t));
	luns_set_patience(&t->luns, t->settings.connfail_timeout, now_of(t));
	witness_stood(t);
	luns_up(&t->luns, now_of(t));
	engine_target_settle(t);
	evict_consider(t);
	link_touch(&t->nexus->link);
}

static void on_up(void *ctx)
{
	struct engine_target *t = of_link(ctx);

	if (!is_present(ctx))
		return;
	t->lost_tries = 0; /* also for a second login: the port is in use */
	if (!witness_begin(t))
		stands(t);
}

static void on_failed(struct link *l, const struct fault *why,
		      const char *detail)
{
	const struct attempt_end end = { 0 };
	struct engine_target *t = of_link(l);

	if (witness_takes_back(t, why)) {
		stands(t);
		return;
	}
	if (!t->leaving && next_address(t))
		try_after(t, RETRY_NOW, why, detail, &end);
	else
		after_attempt(t, why, detail, &end);
}

static void present_down(struct engine_target *t, const struct fault *why,
			 const char *detail)
{
	const struct attempt_end end = {
		.was_up = t->up,
		.time2wait = session_time2wait(t->nexus->session),
	};

	if (t->up) {
		keep_port(t, &t->at, t->nexus->link.sock.local_port);
		start_expiry(t);
		backoff_lasted(&t->backoff, now_of(t) - t->up_since);
	}
	t->up = false;
	evict_forget(t);
	luns_down(&t->luns, session_ended_well(t->nexus->session), now_of(t));
	lookup_stop(&t->lookup); /* one of its addresses answered */
	after_attempt(t, why, detail, &end);
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	struct engine_target *t = of_link(ctx);

	if (!is_present(ctx))
		witness_first_down(t, why);
	else if (witness_takes_back(t, why))
		stands(t);
	else
		present_down(t, why, detail);
}

static void on_scsi_event(void *ctx, const uint8_t lun[LUN_LEN],
			  const uint8_t *sense, size_t n)
{
	struct engine_target *t = of_link(ctx);

	if (is_present(ctx))
		luns_event(&t->luns, lun, sense, n, now_of(t));
}

static void on_was_reset(void *ctx, const uint8_t *lun)
{
	luns_were_reset(&of_link(ctx)->luns, lun);
}

static void on_note(void *ctx, int level, const char *line)
{
	log_line(level, of_link(ctx)->settings.session.target_name, "%s", line);
}

static const struct session_user submitter = {
	.up = on_up,
	.down = on_down,
	.scsi_event = on_scsi_event,
	.was_reset = on_was_reset,
	.note = on_note,
};

/* Time ---------------------------------------------------------------- */

static uint64_t on_next_wake(struct link *l)
{
	return is_present(l) ? luns_next_wake(&of_link(l)->luns) : UINT64_MAX;
}

static void on_tick(struct link *l, uint64_t now)
{
	if (is_present(l))
		luns_tick(&of_link(l)->luns, now);
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

static const struct link_ops link_ops = {
	.failed = on_failed,
	.next_wake = on_next_wake,
	.tick = on_tick,
};

/* Life ---------------------------------------------------------------- */

/* t is on its way out: nothing of it is in flight any more. */
static void engine_target_free(struct engine_target *t)
{
	struct io_loop *loop = t->engine->loop;

	evict_forget(t);
	io_soon_cancel(loop, &t->fence_op);

	io_timer_cancel(loop, &t->retry);
	io_timer_cancel(loop, &t->expire);
	lookup_stop(&t->lookup);
	luns_fini(&t->luns);
	witness_fini(t);
	nexus_free(t->nexus);
	settings_wipe(&t->settings);
	portal_settings_fini(&t->by_portal);
	arena_free(t, sizeof(*t));
}

static void on_end(struct io_op *op, int res)
{
	struct engine_target *t = container_of(op, struct engine_target, end);
	struct engine *e = t->engine;

	t->ending = true;
	if (!witness_stop(t))
		return;
	engine_target_tell_removed(t);
	idmap_del(&e->targets, &t->node);
	engine_target_free(t);
	engine_end_if_idle(e);
}

void engine_target_buried(struct engine_target *t)
{
	if (t->ending)
		io_soon(t->engine->loop, &t->end);
}

struct nexus *engine_target_nexus(struct engine_target *t)
{
	struct engine *e = t->engine;
	struct nexus *n = nexus_new(e->loop, &t->settings.session, &link_ops,
				    &submitter, engine_stages(e));

	if (n)
		n->owner = t;
	return n;
}

int engine_target_start(struct engine *e, const struct settings *s)
{
	/* Locked, because of the secrets. */
	struct engine_target *t = arena_alloc(sizeof(*t));
	int err;

	if (!e->evict)
		e->evict = evict_new(e);
	if (!t)
		return -ENOMEM;
	t->engine = e;
	t->settings = *s;
	portal_settings_init(&t->by_portal, s);
	t->group = s->group == SETTINGS_NO_GROUP ? -1 : (int32_t)s->group;
	portals_init(&t->portals, s->portals, s->nportals, s->preferred,
		     s->failover);
	t->old_group = t->group;
	t->settled = t->group >= 0;
	t->resumes = s->resumes;
	/* Disks that are not resumed may have been let go of just before. */
	t->inherits = s->resumes || s->doubt || t->group >= 0;
	keep_port(t, &s->old_portal, (uint16_t)s->old_port);
	portals_follow(&t->portals, t->old_group);
	t->retry.fn = on_retry;
	t->expire.fn = on_expire;
	t->end.fn = on_end;
	engine_target_fence_init(t);
	t->born = now_of(t);
	lookup_init(&t->lookup, e, s->id, on_looked_up);
	luns_init(&t->luns, t);
	witness_init(t);
	engine_target_set_rules(t);
	t->nexus = engine_target_nexus(t);
	err = t->nexus ? idmap_add(&e->targets, &t->node, s->id) : -ENOMEM;
	if (err) {
		engine_target_free(t);
		return err;
	}
	start_expiry(t);
	io_timer_after(e->loop, &t->retry, 0);
	return 0;
}

struct engine_target *engine_target_find(const struct engine *e, uint64_t id)
{
	struct idmap_node *n = idmap_get(&e->targets, id);

	return n ? container_of(n, struct engine_target, node) : NULL;
}

static void leave(struct engine_target *t)
{
	struct io_loop *loop = t->engine->loop;

	if (t->leaving)
		return;
	t->leaving = true;
	lookup_stop(&t->lookup);
	io_timer_cancel(loop, &t->retry);
	if (!t->nexus->link.open) {
		io_soon(loop, &t->end);
	} else if (t->nexus->link.conn) {
		session_logout(t->nexus->session, now_of(t));
		link_touch(&t->nexus->link);
	} else {
		link_give_up(&t->nexus->link);
	}
}

/* The end ------------------------------------------------------------- */

void engine_target_remove(struct engine_target *t)
{
	if (t->removing)
		return;
	t->removing = true;
	luns_detach_all(&t->luns);
	engine_target_lun_gone(t);
}

void engine_target_lun_gone(struct engine_target *t)
{
	if (t->removing && !t->luns.attached)
		leave(t);
}

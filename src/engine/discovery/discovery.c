/*
 * discovery - a discovery session, from connecting to the logout.
 *
 * When to ask again and when to leave is stay.h's to say.  A session that
 * is lost after its first answer is the manager's to replace.
 */
#include "engine/discovery/discovery.h"

#include <errno.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/session/backoff.h"
#include "engine/discovery/stay.h"
#include "engine/session/link.h"

struct discovery {
	struct idmap_node node;
	struct engine *engine; /* borrowed */
	struct settings settings;
	struct session *session;
	struct link link;
	struct lookup lookup; /* of a redirection to a name */
	struct io_timer next; /* the next portal */
	struct io_op end;     /* frees it, outside of all callbacks */
	struct addr at;
	unsigned portal, hops;
	struct stay stay;
	uint64_t count; /* of records */
	bool removing;
	bool moved; /* permanent redirections led to where it is */
};

static struct discovery *of_link(void *ctx)
{
	return container_of((struct link *)ctx, struct discovery, link);
}

static const char *retry_word(enum fault_retry retry)
{
	switch (retry) {
	case RETRY_NOW:
	case RETRY_QUICK:
	case RETRY_SOON:
		return "soon";
	case RETRY_RARELY:
		return "rarely";
	case RETRY_NEVER:
		break;
	}
	return "never";
}

static void tell_failed(struct discovery *d, const struct fault *why,
			const char *detail)
{
	struct msg_out *m = engine_begin(d->engine, "failed");
	char reason[512], portal[ADDR_TEXT_SIZE];
	struct strbuf sb;

	sb_init(&sb, reason, sizeof(reason));
	sb_add(&sb, *detail ? "%s: %s" : "%s", why->text, detail);
	addr_format(&d->at, false, portal, sizeof(portal));
	msg_u64(m, "id", d->settings.id);
	msg_str(m, "portal", portal);
	msg_str(m, "name", why->name);
	msg_str(m, "reason", reason);
	msg_str(m, "retry", retry_word(why->retry));
	engine_post(d->engine);
}

/* The session was answered and is over; it need not come back. */
static void tell_ended(struct discovery *d)
{
	msg_u64(engine_begin(d->engine, "ended"), "id", d->settings.id);
	engine_post(d->engine);
}

static void attempt(struct discovery *d)
{
	struct sock_options opt = {
		.window = d->settings.window,
		.connect_ms = d->settings.session.login_timeout,
	};

	link_open(&d->link, &d->at, &opt);
}

static void on_next(struct io_timer *timer)
{
	attempt(container_of(timer, struct discovery, next));
}

static void try_now(struct discovery *d)
{
	d->count = 0;
	io_timer_after(d->engine->loop, &d->next, 0);
}

static void try_next_portal(struct discovery *d, const struct fault *why,
			    const char *detail)
{
	if (++d->portal < d->settings.nportals) {
		d->at = d->settings.portals[d->portal];
		d->moved = false;
		try_now(d);
	} else {
		tell_failed(d, why, detail);
		io_soon(d->engine->loop, &d->end);
	}
}

static bool try_next_address(struct discovery *d)
{
	const struct addr *to = lookup_next(&d->lookup);

	if (to) {
		d->at = *to;
		try_now(d);
	}
	return to;
}

static void on_looked_up(struct lookup *l, const char *why)
{
	struct discovery *d = container_of(l, struct discovery, lookup);
	char where[ADDR_TEXT_SIZE], detail[ADDR_TEXT_SIZE + 320];
	struct strbuf sb;

	if (try_next_address(d))
		return;
	addr_format(&l->asked, false, where, sizeof(where));
	sb_init(&sb, detail, sizeof(detail));
	sb_add(&sb, "%s, a name without address: %s", where, why);
	try_next_portal(d, &fault_login_redirected, detail);
}

static bool is_home(const struct discovery *d)
{
	return addr_same(&d->at, &d->settings.portals[d->portal]);
}

/* Is there somewhere else, or the same place again, at once? */
static bool follow(struct discovery *d, const struct fault *why)
{
	const struct addr *to;
	bool permanent;

	if (why->retry != RETRY_NOW || d->hops++ >= BACKOFF_HOPS)
		return false;
	to = session_redirect(d->session, &permanent);
	if (to)
		d->moved = permanent && (d->moved || is_home(d));
	if (to && !addr_is_numeric(to))
		return lookup_start(&d->lookup, to);
	if (to)
		d->at = *to;
	try_now(d);
	return true;
}

static void after_attempt(struct discovery *d, const struct fault *why,
			  const char *detail)
{
	if (d->removing) {
		io_soon(d->engine->loop, &d->end);
	} else if (d->stay.answered) {
		if (d->stay.lasting)
			tell_failed(d, why, detail);
		else
			tell_ended(d);
		io_soon(d->engine->loop, &d->end);
	} else if (!follow(d, why)) {
		try_next_portal(d, why, detail);
	}
}

static void on_failed(struct link *l, const struct fault *why,
		      const char *detail)
{
	struct discovery *d = of_link(l);

	if (d->removing || !try_next_address(d))
		after_attempt(d, why, detail);
}

/* What the session's life asks for ------------------------------------ */

static void ask(struct discovery *d, uint64_t now)
{
	d->count = 0;
	session_send_targets(d->session, now);
	link_touch(&d->link);
}

static uint64_t on_next_wake(struct link *l)
{
	return stay_next_wake(&of_link(l)->stay);
}

static void on_tick(struct link *l, uint64_t now)
{
	struct discovery *d = of_link(l);

	switch (stay_tick(&d->stay, now)) {
	case STAY_WAIT:
		break;
	case STAY_ASK:
		ask(d, now);
		break;
	case STAY_LEAVE:
		session_logout(d->session, now);
		link_touch(l);
		break;
	}
}

static const struct link_ops link_ops = {
	.failed = on_failed,
	.next_wake = on_next_wake,
	.tick = on_tick,
};

/* The session's callbacks --------------------------------------------- */

static uint64_t now_of(const struct discovery *d)
{
	return io_now(d->engine->loop);
}

static void on_up(void *ctx)
{
	struct discovery *d = of_link(ctx);

	stay_begin(&d->stay);
	ask(d, now_of(d));
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	struct discovery *d = of_link(ctx);

	lookup_stop(&d->lookup); /* one of its addresses answered */
	after_attempt(d, why, detail);
}

static void on_note(void *ctx, int level, const char *line)
{
	char portal[ADDR_TEXT_SIZE];

	addr_format(&of_link(ctx)->at, false, portal, sizeof(portal));
	log_line(level, portal, "%s", line);
}

static void on_found(void *ctx, const char *name, const struct addr *addr)
{
	struct discovery *d = of_link(ctx);
	struct msg_out *m = engine_begin(d->engine, "found");
	char text[ADDR_TEXT_SIZE];

	msg_u64(m, "id", d->settings.id);
	msg_str(m, "name", name);
	if (addr) {
		addr_format(addr, true, text, sizeof(text));
		msg_str(m, "addr", text);
	}
	engine_post(d->engine);
	d->count++;
}

/* It answered there: that is where to ask from now on. */
static void tell_moved(struct discovery *d)
{
	struct msg_out *m = engine_begin(d->engine, "moved");
	char portal[ADDR_TEXT_SIZE];

	d->moved = false;
	addr_format(&d->at, false, portal, sizeof(portal));
	msg_u64(m, "id", d->settings.id);
	msg_str(m, "portal", portal);
	engine_post(d->engine);
}

static void on_found_all(void *ctx)
{
	struct discovery *d = of_link(ctx);
	struct msg_out *m;

	if (d->moved)
		tell_moved(d);
	m = engine_begin(d->engine, "discovered");
	msg_u64(m, "id", d->settings.id);
	msg_u64(m, "count", d->count);
	engine_post(d->engine);
	stay_answered(&d->stay, now_of(d));
	link_touch(&d->link);
}

static void on_news(void *ctx, enum session_news news)
{
	struct discovery *d = of_link(ctx);

	stay_news(&d->stay, news, now_of(d));
	link_touch(&d->link);
}

static const struct session_user submitter = {
	.up = on_up,
	.down = on_down,
	.note = on_note,
};

static const struct session_discovery asker = {
	.found = on_found,
	.found_all = on_found_all,
	.news = on_news,
};

static const struct session_ops session_ops = {
	.transport = &link_transport,
	.user = &submitter,
	.discovery = &asker,
};

/* Life ---------------------------------------------------------------- */

static void discovery_free(struct discovery *d)
{
	io_timer_cancel(d->engine->loop, &d->next);
	lookup_stop(&d->lookup);
	link_fini(&d->link);
	session_free(d->session);
	settings_wipe(&d->settings);
	arena_free(d, sizeof(*d));
}

static void on_end(struct io_op *op, int res)
{
	struct discovery *d = container_of(op, struct discovery, end);
	struct engine *e = d->engine;

	if (d->removing) {
		msg_u64(engine_begin(e, "removed"), "id", d->settings.id);
		engine_post(e);
	}
	idmap_del(&e->discoveries, &d->node);
	discovery_free(d);
	engine_end_if_idle(e);
}

int discovery_start(struct engine *e, const struct settings *s)
{
	/* Locked, because of the secrets. */
	struct discovery *d = arena_alloc(sizeof(*d));
	int err;

	if (!d)
		return -ENOMEM;
	d->engine = e;
	d->settings = *s;
	d->at = s->portals[0];
	d->next.fn = on_next;
	d->end.fn = on_end;
	lookup_init(&d->lookup, e, s->id, on_looked_up);
	stay_init(&d->stay, s->continuous, s->linger);
	d->session = session_new(&d->settings.session, &session_ops, &d->link);
	link_init(&d->link, e->loop, &link_ops, d->session);
	err = d->session ? idmap_add(&e->discoveries, &d->node, s->id)
			 : -ENOMEM;
	if (err) {
		discovery_free(d);
		return err;
	}
	io_timer_after(e->loop, &d->next, 0);
	return 0;
}

static struct discovery *find(const struct engine *e, uint64_t id)
{
	struct idmap_node *n = idmap_get(&e->discoveries, id);

	return n ? container_of(n, struct discovery, node) : NULL;
}

struct lookup *discovery_lookup(const struct engine *e, uint64_t id)
{
	struct discovery *d = find(e, id);

	return d ? &d->lookup : NULL;
}

bool discovery_remove(struct engine *e, uint64_t id)
{
	struct discovery *d = find(e, id);

	if (!d)
		return false;
	if (d->removing)
		return true;
	d->removing = true;
	lookup_stop(&d->lookup);
	io_timer_cancel(e->loop, &d->next);
	if (!d->link.open)
		io_soon(e->loop, &d->end);
	else if (d->link.conn)
		session_logout(d->session, io_now(e->loop));
	else
		link_give_up(&d->link);
	link_touch(&d->link);
	return true;
}

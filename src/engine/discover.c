/*
 * discover - a discovery session, from connecting to the logout.
 *
 * When to ask again and when to leave is lasting.h's to say.  A session that
 * is lost after its first answer is the manager's to replace.
 */
#include "engine/discover.h"

#include <errno.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/backoff.h"
#include "engine/lasting.h"
#include "engine/link.h"

struct discovery {
	struct idmap_node node;
	struct engine *engine; /* borrowed */
	struct settings settings;
	struct session *session;
	struct link link;
	struct io_timer next; /* the next portal */
	struct io_op end;     /* frees it, outside of all callbacks */
	struct addr at;
	unsigned portal, hops;
	struct lasting lasting;
	uint64_t count; /* of records */
	bool removing;
};

static struct discovery *of_link(void *ctx)
{
	return container_of((struct link *)ctx, struct discovery, link);
}

static const char *retry_word(enum fault_retry retry)
{
	switch (retry) {
	case RETRY_NOW:
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

/* Turns to where the exchange may still be had; false: nowhere is left. */
static bool elsewhere(struct discovery *d, const struct fault *why)
{
	const struct addr *to;
	bool permanent;

	if (why->retry == RETRY_NOW && d->hops++ < BACKOFF_HOPS) {
		to = session_redirect(d->session, &permanent);
		if (to && addr_is_numeric(to))
			d->at = *to;
		if (!to || addr_is_numeric(to))
			return true;
	}
	if (++d->portal >= d->settings.nportals)
		return false;
	d->at = d->settings.portals[d->portal];
	return true;
}

static void after_attempt(struct discovery *d, const struct fault *why,
			  const char *detail)
{
	struct io_loop *loop = d->engine->loop;

	if (d->removing) {
		io_soon(loop, &d->end);
	} else if (d->lasting.answered) {
		if (d->lasting.lasting)
			tell_failed(d, why, detail);
		else
			tell_ended(d);
		io_soon(loop, &d->end);
	} else if (elsewhere(d, why)) {
		d->count = 0;
		io_timer_after(loop, &d->next, 0);
	} else {
		tell_failed(d, why, detail);
		io_soon(loop, &d->end);
	}
}

static void on_failed(struct link *l, const struct fault *why,
		      const char *detail)
{
	after_attempt(of_link(l), why, detail);
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
	return lasting_next_wake(&of_link(l)->lasting);
}

static void on_tick(struct link *l, uint64_t now)
{
	struct discovery *d = of_link(l);

	switch (lasting_tick(&d->lasting, now)) {
	case LASTING_STAY:
		break;
	case LASTING_ASK:
		ask(d, now);
		break;
	case LASTING_LEAVE:
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

	lasting_begin(&d->lasting);
	ask(d, now_of(d));
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	after_attempt(of_link(ctx), why, detail);
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

static void on_found_all(void *ctx)
{
	struct discovery *d = of_link(ctx);
	struct msg_out *m = engine_begin(d->engine, "discovered");

	msg_u64(m, "id", d->settings.id);
	msg_u64(m, "count", d->count);
	engine_post(d->engine);
	lasting_answered(&d->lasting, now_of(d));
	link_touch(&d->link);
}

static void on_news(void *ctx, enum session_news news)
{
	struct discovery *d = of_link(ctx);

	lasting_news(&d->lasting, news, now_of(d));
	link_touch(&d->link);
}

static const struct session_ops session_ops = {
	.up = on_up,
	.close = link_session_close,
	.down = on_down,
	.note = on_note,
	.kick = link_session_kick,
	.found = on_found,
	.found_all = on_found_all,
	.news = on_news,
};

/* Life ---------------------------------------------------------------- */

static void discovery_free(struct discovery *d)
{
	io_timer_cancel(d->engine->loop, &d->next);
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
	engine_less(e);
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
	lasting_init(&d->lasting, s->continuous, s->linger);
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

bool discovery_remove(struct engine *e, uint64_t id)
{
	struct idmap_node *n = idmap_get(&e->discoveries, id);
	struct discovery *d;

	if (!n)
		return false;
	d = container_of(n, struct discovery, node);
	if (d->removing)
		return true;
	d->removing = true;
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

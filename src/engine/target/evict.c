/*
 * evict - ending an old session from outside its connection.
 */
#include "engine/target/evict.h"

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "engine/target/engine_target.h"

#define ROUND_MS 1000 /* from round to round of the portals */

struct evict {
	struct engine *engine; /* borrowed */
	struct nexus *nexus;
	struct settings settings;     /* of the present attempt */
	struct engine_target *target; /* borrowed; NULL: nobody's turn */
	int32_t group;		      /* where the old session is */
	unsigned at;		      /* index of the portal */
	bool done;		      /* it was ended */
	struct io_timer next;
};

static uint64_t now_of(const struct evict *v)
{
	return io_now(v->engine->loop);
}

/* Does the target still wait for the end of a session in another group? */
static bool is_wanted(const struct engine_target *t, int32_t *group)
{
	struct luns_fence f;

	luns_fence(&t->luns, &f);
	*group = f.holds && f.place >= 0 ? (int32_t)f.place : -1;
	return engine_target_is_up(t) && engine_target_is_wanted(t) &&
	       t->rules.reinstates && *group >= 0 && *group != t->group;
}

static void let_next(struct evict *v)
{
	struct idmap_node *n = NULL;

	v->target = NULL;
	while (!v->target && (n = idmap_next(&v->engine->targets, n)))
		evict_consider(container_of(n, struct engine_target, node));
}

static void try_portal(struct evict *v, const struct addr *to)
{
	struct sock_options opt = { .connect_ms = TARGET_CONNECT_MS };

	portal_settings_apply(&v->target->by_portal, to, &v->settings);
	v->settings.session.portal_group = v->group;
	session_learn(v->nexus->session, v->target->nexus->session);
	link_open(&v->nexus->link, to, &opt);
}

static void on_next(struct io_timer *timer)
{
	struct evict *v = container_of(timer, struct evict, next);
	const struct portals *p;
	int32_t group;

	if (!v->target || v->nexus->link.open)
		return;
	if (!is_wanted(v->target, &group) || group != v->group) {
		let_next(v);
		return;
	}
	p = &v->target->portals;
	while (v->at < p->count && p->list[v->at].tag != group)
		v->at++;
	if (v->at < p->count) {
		try_portal(v, &p->list[v->at++]);
		return;
	}
	v->at = 0;
	io_timer_after(v->engine->loop, &v->next, ROUND_MS);
}

static struct evict *of(void *link)
{
	return nexus_of(link)->owner;
}

/* One that begins otherwise may leave an old session where it is. */
static bool began_alike(const struct evict *v, const struct engine_target *t)
{
	struct session_info i;

	session_info(v->nexus->session, &i);
	return i.skipped_security == t->witness.skipped;
}

static void on_up(void *ctx)
{
	struct evict *v = of(ctx);
	struct engine_target *t = v->target;

	if (t && began_alike(v, t)) {
		v->done = true;
		log_info(t->settings.session.target_name,
			 "a login to portal group %d ended the old session "
			 "there",
			 v->group);
		luns_place_ended(&t->luns, v->group, now_of(v));
		link_touch(&t->nexus->link);
	}
	session_logout(v->nexus->session, now_of(v));
	link_touch(&v->nexus->link);
}

static void go_on(struct evict *v)
{
	engine_end_if_idle(v->engine); /* it may have been all that was left */
	if (!v->target || v->done)
		let_next(v);
	else
		io_timer_after(v->engine->loop, &v->next, 0);
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	go_on(of(ctx));
}

static void on_failed(struct link *l, const struct fault *why,
		      const char *detail)
{
	go_on(of(l));
}

static void on_note(void *ctx, int level, const char *line)
{
	log_line(level, of(ctx)->settings.session.target_name, "%s", line);
}

static const struct session_user submitter = {
	.up = on_up,
	.down = on_down,
	.note = on_note,
};

static const struct link_ops link_ops = { .failed = on_failed };

struct evict *evict_new(struct engine *e)
{
	struct evict *v = arena_alloc(sizeof(*v)); /* because of secrets */

	if (!v)
		return NULL;
	v->engine = e;
	v->next.fn = on_next;
	v->nexus = nexus_new(e->loop, &v->settings.session, &link_ops,
			     &submitter, engine_stages(e));
	if (v->nexus) {
		v->nexus->owner = v;
		return v;
	}
	arena_free(v, sizeof(*v));
	return NULL;
}

void evict_free(struct evict *v)
{
	if (!v)
		return;
	io_timer_cancel(v->engine->loop, &v->next);
	nexus_free(v->nexus);
	settings_wipe(&v->settings);
	arena_free(v, sizeof(*v));
}

bool evict_is_busy(const struct evict *v)
{
	return v && v->nexus->link.open;
}

void evict_consider(struct engine_target *t)
{
	struct evict *v = t->engine->evict;
	int32_t group;

	if (!v || v->target || v->nexus->link.open || t->no_evict ||
	    !is_wanted(t, &group))
		return;
	v->target = t;
	v->group = group;
	v->at = 0;
	v->done = false;
	io_timer_after(v->engine->loop, &v->next, 0);
}

void evict_forget(struct engine_target *t)
{
	struct evict *v = t->engine->evict;

	if (!v || v->target != t)
		return;
	/* A target that looks at all groups ends the session in the new one. */
	t->no_evict |= v->nexus->link.conn && !engine_target_is_leaving(t);
	v->target = NULL;
	if (v->nexus->link.conn) {
		session_logout(v->nexus->session, now_of(v));
		link_touch(&v->nexus->link);
	} else if (v->nexus->link.open) {
		link_give_up(&v->nexus->link);
	} else {
		let_next(v);
	}
}

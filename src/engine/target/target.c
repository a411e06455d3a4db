/*
 * target - attempts, portals, redirections, and the end.
 */
#include "engine/target/target.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/fsm.h"
#include "base/list.h"
#include "base/log.h"
#include "base/topic.h"
#include "engine/target/attempt.h"
#include "engine/target/evict.h"
#include "engine/target/fence_rules.h"
#include "engine/target/reconfigure.h"
#include "engine/target/redirect.h"
#include "engine/target/tell.h"
#include "engine/target/witness.h"

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

static void try_again(struct engine_target *t, const struct fault *why,
		      const char *detail, const struct attempt_end *end)
{
	const struct addr *to = NULL;
	bool permanent;

	if (why == &fault_login_redirected)
		to = session_redirect(t->nexus->session, &permanent);
	/* What we end ourselves is either a removal or worth a new attempt. */
	if (to)
		redirect_follow(t, to);
	else
		attempt_again(
			t, why->retry == RETRY_NEVER ? RETRY_SOON : why->retry,
			why, detail, end);
}

/* The connection is closed: try again, or that was all. */
static void after_attempt(struct engine_target *t, const struct fault *why,
			  const char *detail, const struct attempt_end *end)
{
	if (engine_target_is_leaving(t))
		attempt_step(t, ATTEMPT_EV_LEAVE);
	else
		try_again(t, why, detail, end);
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

/*
 * A portal group is a place: a new session there ends the old one.  Where no
 * group is known each address counts as one.
 */
static int64_t place_of(const struct engine_target *t)
{
	return t->group >= 0 ? t->group : -(int64_t)t->addresses;
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
	attempt_step(t, ATTEMPT_EV_STANDS);
	if (t->broken)
		return; /* its disks have failed, and stay so */
	engine_target_tell_up(t);
	if (t->moved && addr_same(&t->at, &t->moved_to))
		engine_target_tell_moved(t);
	luns_set_limit(&t->luns, t->settings.disk_timeout, now_of(t));
	luns_set_patience(&t->luns, t->settings.connfail_timeout, now_of(t));
	witness_stood(t);
	luns_up(&t->luns, t->nexus->session, place_of(t), now_of(t));
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
	attempt_step(t, ATTEMPT_EV_CLOSED);
	if (!engine_target_is_leaving(t) && redirect_next_address(t))
		attempt_again(t, RETRY_NOW, why, detail, &end);
	else
		after_attempt(t, why, detail, &end);
}

static void present_down(struct engine_target *t, const struct fault *why,
			 const char *detail)
{
	const struct attempt_end end = {
		.was_up = engine_target_is_up(t),
		.time2wait = session_time2wait(t->nexus->session),
	};

	if (engine_target_is_up(t)) {
		attempt_keep_port(t, &t->at, t->nexus->link.sock.local_port);
		attempt_start_expiry(t);
		backoff_lasted(&t->backoff, now_of(t) - t->up_since);
	}
	attempt_step(t, ATTEMPT_EV_CLOSED);
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

static const struct link_ops link_ops = {
	.failed = on_failed,
	.next_wake = on_next_wake,
	.tick = on_tick,
};

/* The end ------------------------------------------------------------- */

static void step(struct engine_target *t, enum engine_target_event ev)
{
	/* A failure of it has been dealt with: engine_target_break(). */
	(void)fsm_step(&engine_target_fsm, &t->state, (uint8_t)ev, t, NULL);
}

void engine_target_break(struct engine_target *t, const char *what)
{
	if (t->broken)
		return;
	t->broken = true;
	log_err(t->settings.session.target_name, "%s: its disks fail", what);
	luns_break(&t->luns);
}

/* The LUNs' callbacks ------------------------------------------------- */

static struct engine_target *of_luns(struct lun_owner *o)
{
	return container_of(o, struct engine_target, luns.owner);
}

static void on_lun_attached(struct lun_owner *o)
{
	engine_target_retry(of_luns(o)); /* now something waits for it */
}

static void on_lun_detached(struct lun_owner *o)
{
	struct engine_target *t = of_luns(o);

	if (!t->luns.attached)
		step(t, ENGINE_TARGET_EV_UNUSED);
}

static void on_lun_settled(struct lun_owner *o)
{
	engine_target_settle(of_luns(o));
}

static void on_lun_fence(struct lun_owner *o)
{
	engine_target_fence_changed(of_luns(o));
}

static void on_lun_elsewhere(struct lun_owner *o)
{
	engine_target_elsewhere(of_luns(o));
}

static void on_lun_wake(struct lun_owner *o)
{
	link_touch(&of_luns(o)->nexus->link);
}

static const struct lun_owner_ops lun_owner_ops = {
	.attached = on_lun_attached,
	.detached = on_lun_detached,
	.settled = on_lun_settled,
	.fence = on_lun_fence,
	.elsewhere = on_lun_elsewhere,
	.wake = on_lun_wake,
};

/* Life ---------------------------------------------------------------- */

/* t is on its way out: nothing of it is in flight any more. */
static void target_free(struct engine_target *t)
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

	if (!witness_stop(t))
		return;
	engine_target_tell_removed(t);
	idmap_del(&e->targets, &t->node);
	target_free(t);
	engine_end_if_idle(e);
}

static void on_buried(struct engine_target *t)
{
	step(t, ENGINE_TARGET_EV_BURIED);
}

static void on_over(struct engine_target *t)
{
	step(t, ENGINE_TARGET_EV_OVER);
}

static struct nexus *new_nexus(struct engine_target *t)
{
	struct engine *e = t->engine;
	struct nexus *n = nexus_new(e->loop, &t->settings.session, &link_ops,
				    &submitter, engine_stages(e));

	if (n)
		n->owner = t;
	return n;
}

static const struct engine_target_ops ops = {
	.nexus = new_nexus,
	.buried = on_buried,
	.over = on_over,
};

/* Disks that are not resumed may have been let go of just before. */
static void init_luns(struct engine_target *t)
{
	const struct settings *s = &t->settings;
	const struct lun_owner owner = {
		.engine = t->engine,
		.settings = s,
		.rules = &t->rules,
		.ops = &lun_owner_ops,
	};
	const struct luns_past past = {
		.writes = s->resumes || s->doubt || t->group >= 0,
		.place = t->group >= 0 ? t->group : INT64_MIN,
		.since = now_of(t),
		.resumes = s->resumes,
	};

	luns_init(&t->luns, &owner, &past);
}

static void init(struct engine_target *t, struct engine *e,
		 const struct settings *s)
{
	t->engine = e;
	t->ops = &ops;
	t->settings = *s;
	portal_settings_init(&t->by_portal, s);
	t->group = s->group == SETTINGS_NO_GROUP ? -1 : (int32_t)s->group;
	portals_init(&t->portals, s->portals, s->nportals, s->preferred,
		     s->failover);
	t->settled = t->group >= 0;
	attempt_keep_port(t, &s->old_portal, (uint16_t)s->old_port);
	portals_follow(&t->portals, t->group);
	t->end.fn = on_end;
	attempt_init(t);
	redirect_init(t);
	engine_target_fence_init(t);
	init_luns(t);
	witness_init(t);
	engine_target_set_rules(t);
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
	init(t, e, s);
	t->nexus = new_nexus(t);
	err = t->nexus ? idmap_add(&e->targets, &t->node, s->id) : -ENOMEM;
	if (err) {
		target_free(t);
		return err;
	}
	attempt_start_expiry(t);
	io_timer_after(e->loop, &t->retry, 0);
	return 0;
}

struct engine_target *engine_target_find(const struct engine *e, uint64_t id)
{
	struct idmap_node *n = idmap_get(&e->targets, id);

	return n ? container_of(n, struct engine_target, node) : NULL;
}

int engine_target_attach(struct engine_target *t,
			 const uint8_t lun[static LUN_LEN],
			 const struct lun_attach *a)
{
	int err;

	if (!engine_target_is_wanted(t))
		return -ESHUTDOWN;
	/* Its writes, if any are left, are where the engine before us was. */
	if (a->resume && !luns_find(&t->luns, lun))
		t->settled &= t->luns.past.place == t->group;
	err = luns_attach(&t->luns, lun, a);
	engine_target_settle(t);
	return err;
}

void engine_target_remove(struct engine_target *t)
{
	step(t, ENGINE_TARGET_EV_REMOVE);
	if (!t->luns.attached)
		step(t, ENGINE_TARGET_EV_UNUSED);
}

/* The machine --------------------------------------------------------- */

static void act_detach(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	luns_detach_all(&t->luns);
}

static void act_leave(void *obj, const void *arg)
{
	attempt_step(obj, ATTEMPT_EV_LEAVE);
}

static void act_end(void *obj, const void *arg)
{
	struct engine_target *t = obj;

	io_soon(t->engine->loop, &t->end);
}

#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		from, ENGINE_TARGET_EV_##ev, ENGINE_TARGET_##to, act, NULL     \
	}
#define IGNORED(from, ev, why)                                                 \
	{                                                                      \
		from, ENGINE_TARGET_EV_##ev, FSM_IGNORED, NULL, why            \
	}
#define WANTED	 IN(ENGINE_TARGET_WANTED)
#define REMOVING IN(ENGINE_TARGET_REMOVING)
#define LEAVING	 IN(ENGINE_TARGET_LEAVING)
#define ENDING	 IN(ENGINE_TARGET_ENDING)

static const struct fsm_row rows[] = {
	ROW(WANTED, REMOVE, REMOVING, act_detach),
	ROW(REMOVING, UNUSED, LEAVING, act_leave),
	ROW(LEAVING, OVER, ENDING, act_end),
	ROW(ENDING, BURIED, ENDING, act_end),

	IGNORED(WANTED, UNUSED, "it is wanted without disks in use, too"),
	IGNORED(REMOVING | LEAVING | ENDING, REMOVE, "it is on its way out"),
	IGNORED(LEAVING | ENDING, UNUSED, "it is on its way out"),
	IGNORED(WANTED | REMOVING | LEAVING, BURIED, "a session is left"),
};

static const char *const state_names[] = { "WANTED", "REMOVING", "LEAVING",
					   "ENDING", NULL };

static const char *const event_names[] = { "REMOVE", "UNUSED", "OVER", "BURIED",
					   NULL };

static const char *check(const void *obj)
{
	const struct engine_target *t = obj;

	if (engine_target_is_leaving(t) && t->luns.attached)
		return "it leaves a disk in use";
	if ((t->attempt == ATTEMPT_OVER) != (t->state == ENGINE_TARGET_ENDING))
		return "attempts end when the target does";
	return NULL;
}

static void broken(void *obj, const char *what)
{
	engine_target_break(obj, what);
}

const struct fsm engine_target_fsm = {
	.name = "engine-target",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = ENGINE_TARGET_STATES,
	.nevents = ENGINE_TARGET_EVENTS,
	.check = check,
	.broken = broken,
};

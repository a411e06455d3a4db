/*
 * lun - a disk, told about and exported.
 */
#include "engine/lun/lun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/fsm.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/lun/geometry_keys.h"
#include "export/export.h"

#define FLUSH_PATIENCE 10000 /* ms, at a detach */

static struct engine *engine_of(const struct lun *u)
{
	return u->owner->engine;
}

static struct msg_out *begin(const struct lun *u, const char *verb)
{
	struct msg_out *m = engine_begin(engine_of(u), verb);
	char lun[2 * LUN_LEN + 1];

	hex_put(lun, disk_lun(u->disk), LUN_LEN);
	msg_u64(m, "id", u->owner->settings->id);
	msg_str(m, "lun", lun);
	return m;
}

/* Telling ------------------------------------------------------------- */

static void add_identity(struct msg_out *m, const struct disk_identity *i)
{
	msg_str(m, "vendor", i->inquiry.vendor);
	msg_str(m, "model", i->inquiry.product);
	msg_str(m, "rev", i->inquiry.revision);
	msg_u64(m, "type", i->inquiry.type);
	msg_u64(m, "ansi", i->inquiry.version);
	msg_str(m, "serial", i->serial);
	msg_str(m, "identity", i->id);
}

static void tell(struct lun *u)
{
	bool failed = disk_state(u->disk) == DISK_FAILED;
	struct msg_out *m = begin(u, "lun");
	uint32_t number;

	if (!lun_number(disk_lun(u->disk), &number))
		msg_u64(m, "number", number);
	msg_str(m, "state", failed ? "failed" : "online");
	if (failed)
		msg_str(m, "reason", disk_reason(u->disk));
	if (disk_is_no_disk(u->disk))
		msg_u64(m, "cdbs", 1);
	add_identity(m, disk_identity(u->disk));
	geometry_keys_put(m, disk_geometry(u->disk));
	engine_post(engine_of(u));
}

/* "" ends it. */
static void tell_waits(struct lun *u)
{
	struct msg_out *m = begin(u, "waits");
	uint64_t now = io_now(engine_of(u)->loop);
	struct disk_waiting w = { .what = "", .since = now };

	(void)disk_waits(u->disk, &w); /* "" and now, when it does not */
	msg_str(m, "reason", w.what);
	msg_u64(m, "age", (now - w.since) / 1000);
	engine_post(engine_of(u));
}

void lun_tell_vanished(struct lun *u)
{
	begin(u, "vanished");
	engine_post(engine_of(u));
}

void lun_tell_back(struct lun *u)
{
	if (u->told != LUN_UNTOLD)
		tell(u);
}

static void tell_detached(struct lun *u, int err)
{
	struct msg_out *m = begin(u, "detached");

	msg_u64(m, "error", (uint64_t)-err);
	engine_post(engine_of(u));
}

static void tell_held(struct lun *u)
{
	int handle = u->export ? export_handle(u->export) : u->fd;
	struct msg_out *m;

	if (u->via->shared && handle < 0)
		return;
	m = begin(u, "held");
	if (!u->via->implied)
		msg_str(m, "export", u->via->name);
	if (u->via->shared)
		engine_post_handle(engine_of(u), handle);
	else
		engine_post(engine_of(u));
}

void lun_tell_all(struct lun *u)
{
	struct disk_waiting w;

	if (lun_is_attached(u) && u->state != LUN_DETACHING)
		tell_held(u);
	if (u->told != LUN_UNTOLD)
		tell(u);
	if (disk_waits(u->disk, &w))
		tell_waits(u);
	if (u->listing == LUN_VANISHED || u->listing == LUN_GONE)
		lun_tell_vanished(u);
}

/* The exporter -------------------------------------------------------- */

static void step(struct lun *u, enum lun_event ev)
{
	/* A failure of it has been dealt with: lun_break(). */
	(void)fsm_step(&lun_fsm, &u->state, (uint8_t)ev, u, NULL);
}

static void on_started(void *ctx, int err)
{
	struct lun *u = ctx;

	u->error = err;
	step(u, err ? LUN_EV_OVER : LUN_EV_SERVES);
}

static void on_hung_up(void *ctx)
{
	step(ctx, LUN_EV_OVER);
}

static void on_stopped(void *ctx, int err)
{
	struct lun *u = ctx;

	u->export = NULL;
	u->error = u->error ? u->error : err;
	step(u, LUN_EV_STOPPED);
}

static const struct export_events export_events = {
	.started = on_started,
	.hung_up = on_hung_up,
	.stopped = on_stopped,
};

static unsigned depth_for(const struct lun *u)
{
	unsigned disks = engine_of(u)->attached, depth = export_depth(disks);

	if (u->depth)
		return u->depth;
	if (disks && export_depth(disks - 1) != depth)
		log_info(NULL,
			 "%u disks: the next ones take %u requests at once",
			 disks, depth);
	return depth;
}

/* CDBs of others never reach a disk: its fence would not know of them. */
static int check_kind(const struct lun *u)
{
	if (u->via->takes == EXPORT_BLOCKS || disk_is_no_disk(u->disk))
		return 0;
	return disk_state(u->disk) == DISK_ONLINE ? -EOPNOTSUPP : -EAGAIN;
}

/* 0, -EAGAIN (the disk is not probed yet) or another -errno. */
static int start_export(struct lun *u)
{
	bool blocks = u->via->takes == EXPORT_BLOCKS;
	struct export_config cfg = {
		.loop = engine_of(u)->loop,
		.fd = u->fd,
		.disk = blocks ? u->disk : NULL,
		.pass = blocks ? NULL : &u->pass,
		.resume = u->resume,
		.depth = depth_for(u),
		.events = &export_events,
		.ctx = u,
	};
	int err = check_kind(u);

	if (!err)
		err = export_start(u->via, &cfg, &u->export);
	if (!err)
		u->fd = -1;
	else if (err == -EAGAIN && disk_state(u->disk) == DISK_FAILED)
		err = -ENODEV;
	return err;
}

/* The probe is over, and somebody waits for the disk. */
static void start_late(struct lun *u)
{
	int err = start_export(u);

	if (err == -EAGAIN)
		return;
	u->error = err;
	step(u, err ? LUN_EV_FAIL : LUN_EV_START);
}

/* The kernel has had it: whatever it is now, it is the same or nothing. */
static void resume(struct lun *u, const struct lun_attach *a)
{
	const struct disk_past past = {
		.identity = a->expect,
		.serial = a->serial,
		.geometry = &a->geometry,
	};

	u->served = true;
	disk_resume(u->disk, &past);
}

int lun_attach(struct lun *u, const struct lun_attach *a)
{
	bool resumes = a->resume && a->geometry.block_size;
	int err;

	if (lun_is_attached(u))
		return -EBUSY;
	if (resumes)
		resume(u, a);
	else if (*a->expect && u->told != LUN_UNTOLD &&
		 strcmp(a->expect, disk_identity(u->disk)->id) != 0)
		return -ESTALE;
	u->via = a->via;
	u->fd = a->fd;
	u->depth = a->depth;
	u->resume = a->resume;
	u->error = 0;
	err = start_export(u);
	if (err && err != -EAGAIN) {
		u->fd = -1;
		return err;
	}
	step(u, err ? LUN_EV_WAIT : LUN_EV_START);
	return 0;
}

/* The target is away: what was not flushed by now is given up. */
static void on_patience_over(struct io_timer *t)
{
	struct lun *u = container_of(t, struct lun, patience);

	disk_expire(u->disk, -ENOLINK, io_now(engine_of(u)->loop));
}

void lun_detach(struct lun *u)
{
	step(u, LUN_EV_DETACH);
}

/* The disk's callbacks ------------------------------------------------ */

static void count(struct lun *u)
{
	if (u->probed)
		return;
	u->probed = true;
	u->ops->probed(u);
}

static void on_state(void *ctx, struct disk *d)
{
	struct lun *u = ctx;
	enum disk_state state = disk_state(d);
	enum lun_told news =
		state == DISK_FAILED ? LUN_TOLD_FAILED : LUN_TOLD_ONLINE;

	if (state != DISK_ONLINE && state != DISK_FAILED)
		return;
	u->served |= state == DISK_ONLINE;
	passthrough_open(&u->pass, disk_is_no_disk(d));
	u->owner->ops->settled(u->owner);
	if (u->told != news) {
		u->told = news;
		tell(u);
	}
	if (u->state == LUN_WAITING)
		start_late(u);
	else if (u->export && check_kind(u))
		step(u, LUN_EV_OVER);
	count(u);
}

/* Nobody has to wait for a target that does not answer. */
static void on_waits(void *ctx, struct disk *d)
{
	struct lun *u = ctx;

	tell_waits(u);
	count(u);
}

static void on_resized(void *ctx, struct disk *d)
{
	struct lun *u = ctx;

	if (u->told != LUN_UNTOLD)
		tell(u);
	if (u->export)
		export_resized(u->export);
}

static void on_luns_changed(void *ctx, struct disk *d)
{
	struct lun *u = ctx;

	u->ops->changed(u);
}

static void on_elsewhere(void *ctx, struct disk *d)
{
	struct lun *u = ctx;

	u->owner->ops->elsewhere(u->owner);
}

static void on_fence(void *ctx, struct disk *d)
{
	struct lun *u = ctx;

	u->owner->ops->fence(u->owner);
	u->owner->ops->settled(u->owner);
}

static void on_note(void *ctx, struct disk *d, int level, const char *line)
{
	struct lun *u = ctx;
	char object[NAME_SIZE + 32], hex[2 * LUN_LEN + 1];
	struct strbuf sb;
	uint32_t number;

	sb_init(&sb, object, sizeof(object));
	sb_add(&sb, "%s LUN ", u->owner->settings->session.target_name);
	if (!lun_number(disk_lun(d), &number)) {
		sb_add(&sb, "%u", (unsigned)number);
	} else {
		hex_put(hex, disk_lun(d), LUN_LEN);
		sb_add(&sb, "%s", hex);
	}
	log_line(level, object, "%s", line);
}

static void on_wake(void *ctx, struct disk *d)
{
	struct lun *u = ctx;

	u->owner->ops->wake(u->owner);
}

/* A command of the passthrough. */
static void on_command(void *ctx)
{
	struct lun *u = ctx;

	u->owner->ops->wake(u->owner);
}

static const struct disk_ops disk_ops = {
	.state = on_state,
	.resized = on_resized,
	.luns_changed = on_luns_changed,
	.elsewhere = on_elsewhere,
	.fence = on_fence,
	.note = on_note,
	.wake = on_wake,
	.waits = on_waits,
};

/* Life ---------------------------------------------------------------- */

struct lun *lun_new(struct lun_owner *owner, const struct lun_ops *ops,
		    const uint8_t lun[static LUN_LEN], const char *expect)
{
	struct lun *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->owner = owner;
	u->ops = ops;
	u->fd = -1;
	u->patience.fn = on_patience_over;
	passthrough_init(&u->pass, lun, on_command, u);
	u->disk = disk_new(lun, expect, &disk_ops, u);
	if (!u->disk) {
		free(u);
		return NULL;
	}
	return u;
}

void lun_free(struct lun *u)
{
	disk_free(u->disk);
	free(u);
}

bool lun_is_forgettable(const struct lun *u)
{
	return !lun_is_attached(u) && disk_idle(u->disk) &&
	       passthrough_is_idle(&u->pass);
}

void lun_break(struct lun *u, const char *what)
{
	if (u->broken)
		return;
	u->broken = true;
	on_note(u, u->disk, LOG_ERR, what);
	disk_fail(u->disk, -EIO, "the driver made a mistake");
}

/* The machine --------------------------------------------------------- */

static void act_attached(void *obj, const void *arg)
{
	struct lun *u = obj;

	u->ops->attached(u);
}

static void act_serves(void *obj, const void *arg)
{
	struct lun *u = obj;

	begin(u, "attached");
	engine_post(engine_of(u));
}

static void act_stop(void *obj, const void *arg)
{
	struct lun *u = obj;

	export_stop(u->export);
}

static void act_detach(void *obj, const void *arg)
{
	struct lun *u = obj;

	io_timer_after(engine_of(u)->loop, &u->patience, FLUSH_PATIENCE);
	export_stop(u->export);
}

static void act_answer(void *obj, const void *arg)
{
	tell_detached(obj, 0);
}

/* Nothing of the handle is left here. */
static void act_stopped(void *obj, const void *arg)
{
	struct lun *u = obj;

	io_timer_cancel(engine_of(u)->loop, &u->patience);
	tell_detached(u, u->error);
	u->ops->detached(u);
}

/* It was never served. */
static void act_let_go(void *obj, const void *arg)
{
	struct lun *u = obj;

	close(u->fd);
	u->fd = -1;
	act_stopped(u, NULL);
}

#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		from, LUN_EV_##ev, LUN_##to, act, NULL                         \
	}
#define IGNORED(from, ev, why)                                                 \
	{                                                                      \
		from, LUN_EV_##ev, FSM_IGNORED, NULL, why                      \
	}
#define FREE	  IN(LUN_FREE)
#define WAITING	  IN(LUN_WAITING)
#define STARTING  IN(LUN_STARTING)
#define SERVING	  IN(LUN_SERVING)
#define STOPPING  IN(LUN_STOPPING)
#define DETACHING IN(LUN_DETACHING)

static const struct fsm_row rows[] = {
	ROW(FREE, WAIT, WAITING, act_attached),
	ROW(FREE, START, STARTING, act_attached),
	ROW(FREE, DETACH, FREE, act_answer),
	ROW(WAITING, START, STARTING, NULL),
	ROW(WAITING, FAIL, FREE, act_let_go),
	ROW(WAITING, DETACH, FREE, act_let_go),
	ROW(STARTING, SERVES, SERVING, act_serves),
	ROW(STARTING | SERVING, OVER, STOPPING, act_stop),
	ROW(STARTING | SERVING | STOPPING, DETACH, DETACHING, act_detach),
	ROW(STOPPING | DETACHING, STOPPED, FREE, act_stopped),

	IGNORED(STOPPING | DETACHING, OVER, "it stops already"),
	IGNORED(DETACHING, DETACH, "it is asked for already"),
};

static const char *const state_names[] = {
	"FREE", "WAITING", "STARTING", "SERVING", "STOPPING", "DETACHING", NULL,
};

static const char *const event_names[] = {
	"WAIT", "START", "FAIL", "SERVES", "OVER", "DETACH", "STOPPED", NULL,
};

static const char *check(const void *obj)
{
	const struct lun *u = obj;

	if ((u->fd >= 0) != (u->state == LUN_WAITING))
		return "the handle is not as it should be";
	if (!!u->export != (u->state >= LUN_STARTING))
		return "the exporter is not as it should be";
	if (u->patience.set && u->state != LUN_DETACHING)
		return "nobody waits for a flush";
	return NULL;
}

static void broken(void *obj, const char *what)
{
	lun_break(obj, what);
}

const struct fsm lun_fsm = {
	.name = "engine-lun",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = LUN_STATES,
	.nevents = LUN_EVENTS,
	.check = check,
	.broken = broken,
};

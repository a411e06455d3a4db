/*
 * lun - a disk, told about and exported.
 */
#include "engine/lun/lun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
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
	u->missing = true;
	begin(u, "vanished");
	engine_post(engine_of(u));
}

void lun_tell_back(struct lun *u)
{
	u->missing = false;
	u->back = true;
	if (u->told)
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

	if (u->attached && !u->detaching)
		tell_held(u);
	if (u->told)
		tell(u);
	if (disk_waits(u->disk, &w))
		tell_waits(u);
	if (u->missing)
		lun_tell_vanished(u);
}

/* The exporter -------------------------------------------------------- */

/* Nothing of the handle is left here. */
static void end_attach(struct lun *u, int err)
{
	io_timer_cancel(engine_of(u)->loop, &u->patience);
	u->attached = u->detaching = false;
	tell_detached(u, err);
	u->ops->detached(u);
}

static void on_started(void *ctx, int err)
{
	struct lun *u = ctx;

	if (!err) {
		begin(u, "attached");
		engine_post(engine_of(u));
		return;
	}
	u->error = err;
	export_stop(u->export);
}

static void on_hung_up(void *ctx)
{
	struct lun *u = ctx;

	export_stop(u->export);
}

static void on_stopped(void *ctx, int err)
{
	struct lun *u = ctx;

	u->export = NULL;
	end_attach(u, u->error ? u->error : err);
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

	if (!err || err == -EAGAIN)
		return;
	close(u->fd);
	u->fd = -1;
	end_attach(u, err);
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

	if (u->attached)
		return -EBUSY;
	if (resumes)
		resume(u, a);
	else if (*a->expect && u->told &&
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
	u->attached = true;
	u->ops->attached(u);
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
	if (!u->attached) {
		tell_detached(u, 0);
		return;
	}
	if (u->detaching)
		return;
	u->detaching = true;
	if (u->export) {
		io_timer_after(engine_of(u)->loop, &u->patience,
			       FLUSH_PATIENCE);
		export_stop(u->export);
		return;
	}
	close(u->fd);
	u->fd = -1;
	end_attach(u, 0);
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
	bool first = !u->told;

	if (state != DISK_ONLINE && state != DISK_FAILED)
		return;
	u->served |= state == DISK_ONLINE;
	u->owner->ops->settled(u->owner);
	if (first || u->failed != (state == DISK_FAILED)) {
		u->told = true;
		u->failed = state == DISK_FAILED;
		tell(u);
	}
	if (u->fd >= 0)
		start_late(u);
	else if (u->export && check_kind(u))
		export_stop(u->export);
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

	if (u->told)
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
	return !u->attached && disk_idle(u->disk) &&
	       passthrough_is_idle(&u->pass);
}

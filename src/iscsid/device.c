/*
 * device - the machine: what is done in each state, and the table.
 */
#include "iscsid/device_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/announce.h"
#include "iscsid/held.h"
#include "iscsid/manager.h"
#include "iscsid/order.h"
#include "iscsid/steps.h"
#include "iscsid/target.h"
#include "scsi/inquiry.h"

void device_step(struct device *d, enum device_event ev, const void *arg)
{
	fsm_step(&device_fsm, &d->state, (uint8_t)ev, d, arg);
}

void device_name(const struct device *d, char *dst, size_t size)
{
	if (d->loop >= 0)
		snprintf(dst, size, "loop%d", d->loop);
	else
		snprintf(dst, size, "%s", "");
}

struct link_place device_place(const struct device *d)
{
	const struct options *o = d->t->m->opt;

	return (struct link_place){ .base = o->linkdir,
				    .mode = o->mode,
				    .bus = d->t->bus,
				    .target = d->t->number,
				    .lun = d->said.number,
				    .cd = d->said.type == TYPE_CDROM };
}

/* The steps ----------------------------------------------------------- */

static void take_parts(struct device *d, const struct step_result *r)
{
	unsigned n = r->parts.count;

	d->reparted = n != d->nparts;
	d->nparts = n;
	for (unsigned i = 0; i < n; i++) {
		if (d->parts[i] != r->parts.part[i].number)
			d->reparted = true;
		d->parts[i] = r->parts.part[i].number;
	}
}

/* What a step brought, before the table hears of it. */
static void take_result(struct device *d, enum step_kind kind,
			const struct step_result *r)
{
	switch (kind) {
	case STEP_MOUNT:
		d->fuse = r->handle;
		break;
	case STEP_LOOP:
		d->loop = r->loop;
		break;
	case STEP_PARSE:
		take_parts(d, r);
		break;
	case STEP_CLEAR:
		if (r->lost)
			log_err(d->label, "late writes to loop%d failed: %s",
				d->loop, strerror(-r->lost));
		d->loop = -1;
		d->nparts = 0;
		break;
	default:
		break;
	}
}

static void note_failure(struct device *d, enum step_kind kind, int err)
{
	snprintf(d->failure, sizeof(d->failure), "%s failed: %s",
		 step_words(kind), strerror(-err));
	log_err(d->label, "%s", d->failure);
}

/* The event that ends a step; the table decides what it means. */
static enum device_event outcome(const struct device *d, enum step_kind kind,
				 int err, const struct step_result *r)
{
	if (kind == STEP_CLEAR && err == -EBUSY)
		return d->force ? DEVICE_FORCE : DEVICE_BUSY;
	if (kind == STEP_USERS && d->force)
		return DEVICE_FORCE;
	if (kind == STEP_USERS)
		return err || r->users.count ? DEVICE_BUSY : DEVICE_OK;
	if (kind == STEP_CLEAR)
		return err ? DEVICE_FAILED : DEVICE_OK;
	if (d->stop || d->lost)
		return DEVICE_STOP;
	return err ? DEVICE_FAILED : DEVICE_OK;
}

static void on_step(void *ctx, enum step_kind kind, int err,
		    const struct step_result *r)
{
	struct device *d = ctx;
	enum device_event ev = outcome(d, kind, err, r);

	d->worker = NULL;
	if (err == -ECANCELED)
		return;
	if (!err)
		take_result(d, kind, r);
	else if (!(kind == STEP_CLEAR && err == -EBUSY))
		note_failure(d, kind, err);
	device_step(d, ev, r);
}

static void run(struct device *d, enum step_kind kind,
		const struct partition_table *parts)
{
	static struct step s;
	struct manager *m = d->t->m;
	char name[HELD_NAME];

	memset(&s, 0, sizeof(s));
	s.kind = kind;
	s.loop = d->loop;
	s.block_size = d->said.block_size;
	s.size = d->bytes;
	s.optimal_io = d->said.optimal_io;
	s.read_only = d->said.read_only;
	s.rotational = d->said.rotational;
	s.force = d->force;
	held_disk_name(d->t->bus, d->t->number, d->said.number, name);
	snprintf(s.path, sizeof(s.path), "%s/lun/%s", m->opt->rundir, name);
	if (parts)
		s.parts = *parts;
	d->worker = step_start(&m->workers, &s, on_step, d);
	if (!d->worker) {
		note_failure(d, kind, -ENOMEM);
		device_step(d, DEVICE_FAILED, NULL);
	}
}

/* The engine ---------------------------------------------------------- */

static bool tell(struct device *d, struct msg_out *m, int handle)
{
	return d->t->engine && engine_tell(d->t->engine, m, handle);
}

bool device_tell_attach(struct device *d, bool resume)
{
	static struct msg_out m;

	order_lun(&m, "attach", d->t->id, d->lun);
	msg_u64(&m, "resume", resume);
	if (*d->said.identity)
		msg_str(&m, "expect", d->said.identity);
	return tell(d, &m, d->fuse);
}

static void set_timer(struct device *d, uint64_t ms)
{
	io_timer_after(d->t->m->loop, &d->timer, ms);
}

static void clear_timer(struct device *d)
{
	io_timer_cancel(d->t->m->loop, &d->timer);
}

/* Up ------------------------------------------------------------------ */

static void act_mount(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	*d->failure = '\0';
	run(d, STEP_MOUNT, NULL);
}

static void act_attach(void *obj, const void *arg)
{
	struct device *d = obj;

	device_record(d);
	if (device_tell_attach(d, false))
		set_timer(d, DEVICE_ATTACH_WITHIN);
	else
		device_step(d, DEVICE_NO_ENGINE, NULL);
}

static void act_loop(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	d->bytes = d->said.blocks * d->said.block_size;
	device_keep_fuse(d);
	run(d, STEP_LOOP, NULL);
}

static void act_parse(void *obj, const void *arg)
{
	((struct device *)obj)->written = false;
	run(obj, STEP_PARSE, NULL);
}

static void act_add(void *obj, const void *arg)
{
	const struct step_result *r = arg;

	run(obj, STEP_ADD, &r->parts);
}

/* From line first on; the last is the one of the partitions. */
static void announce(struct device *d, unsigned first)
{
	char dev[LINK_DEV_SIZE], line[ANNOUNCE_LINE];
	const struct announce a = {
		.vendor = d->said.vendor,
		.model = d->said.model,
		.rev = d->said.rev,
		.type = d->said.type,
		.ansi = d->said.ansi,
		.dev = dev,
		.bus = d->t->bus,
		.target = d->t->number,
		.lun = d->said.number,
		.block_size = d->said.block_size,
		.blocks = d->said.blocks,
		.parts = d->parts,
		.nparts = d->nparts,
	};

	device_name(d, dev, sizeof(dev));
	for (unsigned i = first; i < ANNOUNCE_LINES; i++) {
		announce_line(&a, i, line, sizeof(line));
		log_info(NULL, "%s", line);
	}
	if (d->said.read_only && first == 0)
		log_info(NULL, "%s: write protected", dev);
}

static void make_links(struct device *d)
{
	struct link_place at = device_place(d);
	char dev[LINK_DEV_SIZE], path[PATH_MAX];
	int err;

	device_name(d, dev, sizeof(dev));
	links_path(&at, "", path, sizeof(path));
	err = links_make(&at, dev);
	if (err == -EEXIST)
		log_warn(d->label,
			 "a name below %s is not ours and stays as it is",
			 path);
	else if (err)
		log_err(d->label, "no links at %s: %s", path, strerror(-err));
	d->linked = true;
}

/* Says and handles what the engine reported while we were busy. */
void device_catch_up(struct device *d)
{
	if (d->said.online && d->said.blocks * d->said.block_size != d->bytes)
		device_step(d, DEVICE_SIZED, NULL);
	else if (d->written)
		device_step(d, DEVICE_WRITTEN, NULL);
}

static void watch_device(struct device *d)
{
	char dev[LINK_DEV_SIZE], path[LINK_DEV_SIZE + 5];

	device_name(d, dev, sizeof(dev));
	snprintf(path, sizeof(path), "/dev/%s", dev);
	d->watch = watch_add(&d->t->m->watch, path);
}

static void act_online(void *obj, const void *arg)
{
	struct device *d = obj;

	if (!d->linked)
		make_links(d);
	if (d->watch < 0)
		watch_device(d);
	if (!d->announced)
		announce(d, 0);
	else if (d->reparted)
		announce(d, ANNOUNCE_LINES - 1);
	d->announced = true;
	d->reparted = false;
	device_catch_up(d);
}

static void act_resize(void *obj, const void *arg)
{
	struct device *d = obj;
	char from[32], to[32];

	str_size(from, sizeof(from), d->bytes);
	d->bytes = d->said.blocks * d->said.block_size;
	str_size(to, sizeof(to), d->bytes);
	log_info(d->label, "loop%d: capacity changed from %s to %s", d->loop,
		 from, to);
	run(d, STEP_RESIZE, NULL);
}

/* Back ---------------------------------------------------------------- */

static void act_check(void *obj, const void *arg)
{
	run(obj, STEP_USERS, NULL);
}

static void say_users(struct device *d, const struct users *u)
{
	for (unsigned i = 0; u && i < u->count; i++)
		log_warn(d->label, "loop%d is %s%s", d->loop, u->words[i],
			 d->forget ? "" : "; waiting for its end");
}

static void act_in_use(void *obj, const void *arg)
{
	const struct step_result *r = arg;
	struct device *d = obj;

	str_copy(d->user, sizeof(d->user),
		 r && r->users.count ? r->users.words[0] : "");
	if (d->waited++ % 60 == 0) /* looks; a line a minute is enough */
		say_users(d, r ? &r->users : NULL);
	set_timer(d, DEVICE_LOOK_EVERY);
}

static void act_stay(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	d->waited = 0;
	act_online(obj, arg);
}

static void act_clear(void *obj, const void *arg)
{
	struct device *d = obj;
	struct link_place at = device_place(d);
	char dev[LINK_DEV_SIZE];

	clear_timer(d);
	device_name(d, dev, sizeof(dev));
	watch_remove(&d->t->m->watch, d->watch);
	d->watch = -1;
	if (d->linked)
		links_remove(&at, dev);
	d->linked = false;
	if (d->loop < 0) {
		device_step(d, DEVICE_OK, NULL);
		return;
	}
	set_timer(d, DEVICE_SLOW_AFTER);
	run(d, STEP_CLEAR, NULL);
}

static void act_slow(void *obj, const void *arg)
{
	struct device *d = obj;

	log_warn(d->label,
		 "waiting for the target to take the last writes to loop%d",
		 d->loop);
}

static void act_force(void *obj, const void *arg)
{
	struct device *d = obj;

	log_err(d->label, "loop%d is taken away from its users", d->loop);
	act_clear(obj, arg);
}

static void act_detach(void *obj, const void *arg)
{
	static struct msg_out m;
	struct device *d = obj;

	clear_timer(d);
	order_lun(&m, "detach", d->t->id, d->lun);
	if (tell(d, &m, -1))
		set_timer(d, DEVICE_DETACH_WITHIN);
	else
		device_step(d, DEVICE_NO_ENGINE, NULL);
}

static void act_refused(void *obj, const void *arg)
{
	struct device *d = obj;

	str_copy(d->failure, sizeof(d->failure),
		 "the engine did not take it in time");
	log_err(d->label, "%s", d->failure);
	act_detach(obj, arg);
}

static void act_unmount(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	device_close_fuse(d);
	device_drop_record(d);
	run(d, STEP_UNMOUNT, NULL);
}

static void act_not_flushed(void *obj, const void *arg)
{
	struct device *d = obj;

	log_warn(d->label,
		 "nobody can flush the target's cache, it goes without");
	act_unmount(obj, arg);
}

static void act_down(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	d->announced = d->lost = false;
	d->waited = 0;
	if (d->stop)
		device_step(d, DEVICE_STOP, NULL);
	else
		set_timer(d, *d->failure ? DEVICE_RETRY_AFTER : 0);
}

static void act_gone(void *obj, const void *arg)
{
	struct device *d = obj;
	struct target *t = d->t;

	clear_timer(d);
	list_remove(&d->link);
	t->ndevices--;
	if (d->forget && !manager_is_stopping(t->m))
		d->forget(t, d);
	free(d);
	manager_check_stop(t->m);
}

/* The table ----------------------------------------------------------- */

static const char *const state_names[] = {
	"down",	    "mounting",	 "attaching",  "looping",  "parsing",
	"adding",   "online",	 "resizing",   "checking", "in-use",
	"clearing", "detaching", "unmounting", "gone",
};
static const char *const event_names[] = {
	"reported", "ok",	"failed",   "busy",	 "stop",
	"force",    "attached", "detached", "sized",	 "written",
	"stay",	    "kept",	"begun",    "no-engine", "timer",
};

#define S(state) IN(DEVICE_##state)
#define E(event) DEVICE_##event
#define ROW(from, ev, to, act, label)                                          \
	{                                                                      \
		from, E(ev), DEVICE_##to, act, label                           \
	}

/* clang-format off */
static const struct fsm_row rows[] = {
ROW(S(DOWN),       REPORTED,  MOUNTING,   act_mount,       "a disk appears"),
ROW(S(DOWN),       KEPT,      PARSING,    act_parse,       "outlived a manager"),
ROW(S(DOWN),       BEGUN,     LOOPING,    act_loop,        "outlived a manager"),
ROW(S(DOWN),       STOP,      GONE,       act_gone,        "nothing to undo"),
ROW(S(MOUNTING),   OK,        ATTACHING,  act_attach,      "file is there"),
ROW(S(MOUNTING),   FAILED,    UNMOUNTING, act_unmount,     "no file"),
ROW(S(MOUNTING),   STOP,      UNMOUNTING, act_unmount,     "not any more"),
ROW(S(ATTACHING),  ATTACHED,  LOOPING,    act_loop,        "engine serves it"),
ROW(S(ATTACHING),  DETACHED,  UNMOUNTING, act_unmount,     "engine refuses"),
ROW(S(ATTACHING),  TIMER,     DETACHING,  act_refused,     "engine is silent"),
ROW(S(ATTACHING),  STOP,      DETACHING,  act_detach,      "not any more"),
ROW(S(ATTACHING),  NO_ENGINE, UNMOUNTING, act_unmount,     "start afresh"),
ROW(S(LOOPING),    OK,        PARSING,    act_parse,       "block device is there"),
ROW(S(LOOPING),    FAILED,    DETACHING,  act_detach,      "no block device"),
ROW(S(LOOPING),    STOP,      CLEARING,   act_clear,       "not any more"),
ROW(S(PARSING),    OK,        ADDING,     act_add,         "table read"),
ROW(S(PARSING),    FAILED,    ONLINE,     act_online,      "no partitions"),
ROW(S(ADDING),     OK,        ONLINE,     act_online,      "partitions known"),
ROW(S(ADDING),     FAILED,    ONLINE,     act_online,      "some are missing"),
ROW(S(PARSING) | S(ADDING) | S(RESIZING),
                   STOP,      CHECKING,   act_check,       "not any more"),
ROW(S(ONLINE),     SIZED,     RESIZING,   act_resize,      "capacity changed"),
ROW(S(ONLINE),     WRITTEN,   PARSING,    act_parse,       "table may be new"),
ROW(S(RESIZING),   OK,        PARSING,    act_parse,       "kernel knows"),
ROW(S(RESIZING),   FAILED,    ONLINE,     act_online,      "kernel refuses"),
ROW(S(ONLINE),     STOP,      CHECKING,   act_check,       "the way back"),
ROW(S(CHECKING),   OK,        CLEARING,   act_clear,       "idle"),
ROW(S(CHECKING),   BUSY,      IN_USE,     act_in_use,      "wait for users"),
ROW(S(IN_USE),     TIMER,     CHECKING,   act_check,       "look again"),
ROW(S(IN_USE),     STAY,      ONLINE,     act_stay,        "let it be"),
ROW(S(CLEARING),   OK,        DETACHING,  act_detach,      "block device is gone"),
ROW(S(CLEARING),   TIMER,     CLEARING,   act_slow,        "target is slow"),
ROW(S(CLEARING),   FAILED,    DETACHING,  act_detach,      "left behind"),
ROW(S(CLEARING),   BUSY,      IN_USE,     act_in_use,      "opened meanwhile"),
ROW(S(MOUNTING),   FORCE,     UNMOUNTING, act_unmount,     "in no case"),
ROW(S(ATTACHING),  FORCE,     DETACHING,  act_detach,      "in no case"),
ROW(DEVICE_SERVED & ~S(CLEARING),
                   FORCE,     CLEARING,   act_force,       "whoever uses it"),
ROW(S(CLEARING),   FORCE,     DETACHING,  act_detach,      "goes with its users"),
ROW(S(DETACHING),  FORCE,     UNMOUNTING, act_not_flushed, "no time to flush"),
ROW(S(DETACHING),  DETACHED,  UNMOUNTING, act_unmount,     "flushed"),
ROW(S(DETACHING),  TIMER,     UNMOUNTING, act_not_flushed, "engine is silent"),
ROW(S(DETACHING),  NO_ENGINE, UNMOUNTING, act_not_flushed, "engine is dead"),
ROW(S(UNMOUNTING), OK,        DOWN,       act_down,        "undone"),
ROW(S(UNMOUNTING), FAILED,    DOWN,       act_down,        "left behind"),
ROW(S(UNMOUNTING), STOP,      DOWN,       act_down,        "undone"),
};
/* clang-format on */

const struct fsm device_fsm = {
	"device", state_names, event_names, rows, sizeof(rows) / sizeof(*rows),
};

const char *device_state_name(const struct device *d)
{
	return state_names[d->state];
}

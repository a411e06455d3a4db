/*
 * device - the machine: what is done in each state, and the table.
 */
#include "iscsid/device/device_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/device/announce.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "iscsid/device/recovery.h"
#include "iscsid/host/steps.h"
#include "iscsid/host/udev.h"
#include "scsi/inquiry.h"

void device_step(struct device *d, enum device_event ev, const void *arg)
{
	/* A failure of it has been dealt with: device_broken(). */
	(void)fsm_step(&device_fsm, &d->state, (uint8_t)ev, d, arg);
}

void device_name(const struct device *d, char *dst, size_t size)
{
	if (d->disk >= 0)
		exporter_disk_name(d->via, d->disk, dst, size);
	else
		snprintf(dst, size, "%s", "");
}

/* Time ---------------------------------------------------------------- */

static void set_timer(struct device *d, uint64_t ms)
{
	manager_set_timer(d->bay->m, &d->timer, ms);
}

static void clear_timer(struct device *d)
{
	manager_clear_timer(d->bay->m, &d->timer);
}

/* Up ------------------------------------------------------------------ */

static void act_mount(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	d->let_go = false;
	if (!device_choose(d)) {
		device_step(d, DEVICE_FAILED, NULL);
		return;
	}
	device_run(d, STEP_MOUNT, NULL);
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
	device_keep_handle(d);
	device_run(d, STEP_LOOP, NULL);
}

static void act_parse(void *obj, const void *arg)
{
	clear_timer(obj); /* of a renewal: it is looked at again after this */
	((struct device *)obj)->written = false;
	device_run(obj, STEP_PARSE, NULL);
}

static void act_add(void *obj, const void *arg)
{
	const struct step_result *r = arg;

	device_run(obj, STEP_ADD, &r->parts);
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
		.bus = d->bay->bus,
		.target = d->bay->number,
		.lun = d->said.number,
		.block_size = d->said.block_size,
		.blocks = d->said.blocks,
		.parts = d->parts,
		.nparts = d->nparts,
	};

	device_name(d, dev, sizeof(dev));
	for (unsigned i = first; i < ANNOUNCE_LINES; i++) {
		announce_line(&a, i, line, sizeof(line));
		if (*line)
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
	err = d->bay->m->out->link(d->bay->m->out, &at, dev);
	if (err == -EEXIST)
		log_warn(d->label,
			 "a name below %s is not ours and stays as it is",
			 path);
	else if (err)
		log_err(d->label, "no links at %s: %s", path, strerror(-err));
	d->linked = true;
}

/* Without udev nobody reads it, and nothing is lost. */
static void tell_udev(const struct device *d)
{
	const struct bay *b = d->bay;
	struct udev_disk u = {
		.vendor = d->said.vendor,
		.model = d->said.model,
		.rev = d->said.rev,
		.serial = d->said.serial,
		.identity = d->said.identity,
		.cd = d->said.type == TYPE_CDROM,
		.lun = d->lun,
	};
	char dev[LINK_DEV_SIZE];
	int err;

	b->ops->describe(b, &u);
	device_name(d, dev, sizeof(dev));
	err = b->m->out->publish(b->m->out, &u, dev, d->parts, d->nparts);
	if (err)
		log_warn(d->label, "no properties for udev: %s",
			 strerror(-err));
}

static bool is_changed(const struct device *d)
{
	return d->said.blocks * d->said.block_size != d->bytes ||
	       d->said.read_only != d->read_only;
}

/* The kernel refused just that. */
static bool is_as_tried(const struct device *d)
{
	return d->said.blocks * d->said.block_size == d->tried_bytes &&
	       d->said.read_only == d->tried_read_only;
}

static void drop_renewal(struct device *d)
{
	if (d->renew == DEVICE_CHANGED || d->renew == DEVICE_CONFUSED)
		*d->failure = '\0';
	d->renew = DEVICE_KEEPS;
	d->renew_told = false;
	clear_timer(d);
}

/* Says and handles what the engine reported while we were busy. */
void device_catch_up(struct device *d)
{
	bool changed = d->said.online && is_changed(d);

	if (d->said.online && d->renew && d->renew != DEVICE_CONFUSED &&
	    (!changed || d->renew == DEVICE_REPLACED))
		drop_renewal(d);
	if (changed && !(d->renew && is_as_tried(d)))
		device_step(d, DEVICE_SIZED, NULL);
	else if (d->written)
		device_step(d, DEVICE_WRITTEN, NULL);
	else if (d->renew)
		set_timer(d, DEVICE_RENEW_EVERY);
}

static void watch_device(struct device *d)
{
	char dev[LINK_DEV_SIZE];

	device_name(d, dev, sizeof(dev));
	d->watch = d->bay->m->out->watch(d->bay->m->out, dev);
}

static void act_online(void *obj, const void *arg)
{
	struct device *d = obj;

	if (!d->linked) {
		make_links(d);
		if (d->via->block)
			tell_udev(d);
	}
	if (d->watch < 0 && d->via->block)
		watch_device(d);
	if (!d->announced)
		announce(d, 0);
	else if (d->reparted)
		announce(d, ANNOUNCE_LINES - 1);
	d->announced = true;
	d->reparted = false;
	if (d->resumed && *d->failure)
		d->bay->m->not_back++;
	d->resumed = false;
	device_catch_up(d);
}

static void say_sizes(const struct device *d, uint64_t bytes)
{
	char from[32], to[32];

	str_size(from, sizeof(from), d->bytes);
	str_size(to, sizeof(to), bytes);
	log_info(d->label, "%s: capacity changed from %s to %s", device_dev(d),
		 from, to);
}

static void act_resize(void *obj, const void *arg)
{
	struct device *d = obj;
	uint64_t bytes = d->said.blocks * d->said.block_size;

	clear_timer(d);
	if (bytes != d->bytes && bytes != d->tried_bytes)
		say_sizes(d, bytes);
	d->tried_bytes = bytes;
	d->tried_read_only = d->said.read_only;
	device_run(d, STEP_RESIZE, NULL);
}

static void act_not_resized(void *obj, const void *arg)
{
	struct device *d = obj;

	if (!d->renew)
		log_warn(d->label,
			 "the kernel keeps %s as it was as long as it is used, "
			 "and it is made anew then",
			 device_dev(d));
	str_copy(d->failure, sizeof(d->failure),
		 "what changed of it is taken over when nobody uses it");
	d->renew = DEVICE_CHANGED;
	act_online(obj, arg);
	if (d->renew && d->state == DEVICE_ONLINE)
		set_timer(d, DEVICE_LOOK_EVERY);
}

/* Back ---------------------------------------------------------------- */

static void act_check(void *obj, const void *arg)
{
	clear_timer(obj);
	device_run(obj, STEP_USERS, NULL);
}

static void note_user(struct device *d, const struct step_result *r)
{
	str_copy(d->user, sizeof(d->user),
		 r && r->users.count ? r->users.words[0]
				     : "somebody who is not seen here");
}

static void say_renewal(struct device *d)
{
	if (!d->renew_told)
		log_warn(d->label,
			 "%s is made anew when nobody uses it: it is %s",
			 device_dev(d), d->user);
	d->renew_told = true;
}

static void say_users(struct device *d, const struct users *u)
{
	for (unsigned i = 0; u && i < u->count; i++)
		log_warn(d->label, "%s is %s%s", device_dev(d), u->words[i],
			 d->forget ? "" : "; waiting for its end");
}

static void act_in_use(void *obj, const void *arg)
{
	const struct step_result *r = arg;
	struct device *d = obj;

	note_user(d, r);
	/* Whoever wished it would have been answered by now. */
	if (d->forget && !d->vanished && d->waited >= 2 &&
	    !manager_is_stopping(d->bay->m)) {
		log_warn(d->label, "is not removed: it is %s", d->user);
		device_stay(d);
		return;
	}
	if (d->waited++ % 60 == 0) /* looks; a line a minute is enough */
		say_users(d, r ? &r->users : NULL);
	set_timer(d, DEVICE_LOOK_EVERY);
}

static void act_stay(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	d->waited = 0;
	d->written |= !d->linked; /* its partitions were dropped, too */
	if (arg)
		note_user(d, arg);
	if (arg && device_wants_renewal(d))
		say_renewal(d);
	act_online(obj, arg);
}

static void act_clear(void *obj, const void *arg)
{
	struct device *d = obj;
	const struct outside *out = d->bay->m->out;
	struct link_place at = device_place(d);
	char dev[LINK_DEV_SIZE];

	clear_timer(d);
	device_name(d, dev, sizeof(dev));
	out->unwatch(out, d->watch);
	d->watch = -1;
	out->hide(out, &at, dev); /* also the names of a manager before */
	d->linked = false;
	if (d->disk < 0 && !d->via->stop_ends_it) {
		device_step(d, DEVICE_OK, NULL);
		return;
	}
	set_timer(d, DEVICE_SLOW_AFTER);
	device_run(d, STEP_CLEAR, NULL);
}

/* What its engine had asked for is lost with it. */
static void act_orphaned(void *obj, const void *arg)
{
	struct device *d = obj;
	struct worker *w = d->worker;

	d->worker = NULL;
	manager_abandon(d->bay->m, w);
	act_clear(obj, arg);
}

static void act_slow(void *obj, const void *arg)
{
	struct device *d = obj;

	log_warn(d->label,
		 "waiting for the target to take the last writes to %s",
		 device_dev(d));
}

static bool tell_detach(struct device *d)
{
	static struct msg_out m;

	request_lun(&m, "detach", d->bay->id, d->lun);
	return d->bay->engine && engine_tell(d->bay->engine, &m, -1);
}

static void act_force(void *obj, const void *arg)
{
	struct device *d = obj;

	log_err(d->label, "%s is taken away from its users", device_dev(d));
	/* Else the device goes at once, and its engine gets more time. */
	if (d->via->stop_ends_it)
		tell_detach(d);
	act_clear(obj, arg);
}

static void act_detach(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	if (d->let_go)
		device_step(d, DEVICE_DETACHED, NULL);
	else if (tell_detach(d))
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
	device_fall_back(d, d->failure);
	act_clear(obj, arg);
}

static void act_unmount(void *obj, const void *arg)
{
	struct device *d = obj;

	clear_timer(d);
	recovery_stop(d);
	device_close_handle(d);
	device_drop_record(d);
	device_run(d, STEP_UNMOUNT, NULL);
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
	bool replaced = d->renew == DEVICE_REPLACED;

	drop_renewal(d);
	d->announced = d->lost = false;
	d->waited = 0;
	if (d->stop)
		device_step(d, DEVICE_STOP, NULL); /* the last of it */
	else if (replaced && !(d->said.online && d->known))
		device_look_anew(d);
	else
		set_timer(d, *d->failure ? DEVICE_RETRY_AFTER : 0);
}

static void act_gone(void *obj, const void *arg)
{
	struct device *d = obj;
	struct bay *b = d->bay;

	clear_timer(d);
	if (d->resumed)
		b->m->not_back++;
	list_remove(&d->link);
	b->ndevices--;
	if (d->forget && !manager_is_stopping(b->m))
		d->forget(b, d);
	free(d->file);
	free(d);
	manager_check_stop(b->m);
}

/* The table ----------------------------------------------------------- */

static const char *const state_names[DEVICE_STATES] = {
	"down",	    "mounting",	 "attaching",  "looping",  "parsing",
	"adding",   "online",	 "resizing",   "checking", "in-use",
	"clearing", "detaching", "unmounting", "gone",
};
static const char *const event_names[DEVICE_EVENTS] = {
	"reported", "ok",	 "failed",   "busy",	"stop", "force",
	"attached", "detached",	 "sized",    "written", "stay", "kept",
	"begun",    "no-engine", "orphaned", "timer",
};

#define S(state) IN(DEVICE_##state)
#define E(event) DEVICE_##event
#define ROW(from, ev, to, act, label)                                          \
	{                                                                      \
		from, E(ev), DEVICE_##to, act, label                           \
	}
#define IGNORED(in, ev, why)                                                   \
	{                                                                      \
		in, E(ev), FSM_IGNORED, NULL, why                              \
	}
/* Behind the rows that say more, and without GONE, where nothing is left. */
#define ELSE (IN(DEVICE_GONE) - 1)

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
ROW(S(ATTACHING),  TIMER,     CLEARING,   act_refused,     "engine is silent"),
ROW(S(ATTACHING),  STOP,      CLEARING,   act_clear,       "not any more"),
ROW(S(ATTACHING),  NO_ENGINE, UNMOUNTING, act_unmount,     "start afresh"),
ROW(S(LOOPING),    OK,        PARSING,    act_parse,       "block device is there"),
ROW(S(LOOPING),    FAILED,    CLEARING,   act_clear,       "no block device"),
ROW(S(LOOPING),    ORPHANED,  CLEARING,   act_orphaned,    "start afresh"),
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
ROW(S(RESIZING),   FAILED,    ONLINE,     act_not_resized, "kernel refuses"),
ROW(S(ONLINE),     TIMER,     CHECKING,   act_check,       "to be made anew"),
ROW(S(CHECKING) | S(CLEARING),
                   STAY,      ONLINE,     act_stay,        "not yet anew"),
ROW(S(ONLINE),     STOP,      CHECKING,   act_check,       "the way back"),
ROW(S(CHECKING),   OK,        CLEARING,   act_clear,       "idle"),
ROW(S(CHECKING),   BUSY,      IN_USE,     act_in_use,      "wait for users"),
ROW(S(CHECKING),   FAILED,    IN_USE,     act_in_use,      "nobody could look"),
ROW(S(IN_USE),     TIMER,     CHECKING,   act_check,       "look again"),
ROW(S(IN_USE),     STAY,      ONLINE,     act_stay,        "let it be"),
ROW(S(CLEARING),   OK,        DETACHING,  act_detach,      "block device is gone"),
ROW(S(CLEARING),   TIMER,     CLEARING,   act_slow,        "target is slow"),
ROW(S(CLEARING),   FAILED,    DETACHING,  act_detach,      "left behind"),
ROW(S(CLEARING),   BUSY,      IN_USE,     act_in_use,      "opened meanwhile"),
ROW(S(MOUNTING),   FORCE,     UNMOUNTING, act_unmount,     "in no case"),
ROW(S(ATTACHING),  FORCE,     CLEARING,   act_clear,       "in no case"),
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

IGNORED(S(IN_USE),     STOP,      "it waits for its users"),
IGNORED(S(DETACHING),  STOP,      "it is going"),
IGNORED(S(UNMOUNTING), FORCE,     "it is going, and nobody waits for it"),
IGNORED(S(DOWN) | S(ATTACHING) | S(ONLINE),
                       STAY,      "it did not begin to go"),
IGNORED(S(DETACHING),  STAY,      "it is too late"),
IGNORED(ELSE,          ATTACHED,  "an engine may say so at any time"),
IGNORED(ELSE,          DETACHED,  "an engine may say so at any time"),
IGNORED(ELSE,          WRITTEN,   "it is looked at when it is online"),
IGNORED(ELSE,          NO_ENGINE, "the next one is told what there is"),
IGNORED(ELSE,          ORPHANED,  "it waits for the next engine, or for none"),
};
/* clang-format on */

const struct fsm device_fsm = {
	.name = "device",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(*rows),
	.nstates = DEVICE_STATES,
	.nevents = DEVICE_EVENTS,
	.ends = IN(DEVICE_GONE),
	.check = device_check,
	.broken = device_broken,
};

const char *device_state_name(const struct device *d)
{
	return state_names[d->state];
}

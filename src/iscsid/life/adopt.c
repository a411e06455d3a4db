/*
 * adopt - at the start: goes on with what a manager before us left running.
 */
#include "iscsid/life/adopt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/log.h"
#include "export/fuse_mount.h"
#include "export/loopdev.h"
#include "export/ublk_control.h"
#include "export/ublk_proto.h"
#include "iscsid/device/device.h"
#include "iscsid/device/devices.h"
#include "iscsid/host/records.h"
#include "iscsid/host/lunfile.h"
#include "iscsid/core/core.h"
#include "iscsid/engines/request.h"
#include "iscsid/daemon/service.h"
#include "iscsid/target/target.h"

struct disk {
	struct record_disk record;
	int loop;      /* number of its loop device, or -1 */
	char *file;    /* that one's, as the kernel has it; owned, or NULL */
	int kept;      /* the handle that the service manager kept, or -1 */
	int ublk;      /* number of its ublk device, or -1 */
	bool quiesced; /* that one's requests wait */
	bool taken;
};

struct adopt {
	struct manager *m;
	struct record_target *targets;
	struct disk *disks;
	size_t ntargets, ndisks;
	unsigned going_on;
	bool failed; /* no memory for all of it */
};

/* What is left -------------------------------------------------------- */

static void *grow(struct adopt *a, void *list, size_t n, size_t size)
{
	void *more = list;

	/* By half each time it is full: 1, 2, 4, 8 ... */
	if (!(n & (n - 1)))
		more = reallocarray(list, n ? 2 * n : 1, size);
	a->failed |= !more;
	return more;
}

static void add_target(void *ctx, const struct record_target *t)
{
	struct adopt *a = ctx;
	struct record_target *more =
		grow(a, a->targets, a->ntargets, sizeof(*more));

	if (!more)
		return;
	a->targets = more;
	a->targets[a->ntargets++] = *t;
	manager_skip_id(a->m, t->id);
}

static void add_disk(void *ctx, const struct record_disk *d)
{
	struct adopt *a = ctx;
	struct disk *more = grow(a, a->disks, a->ndisks, sizeof(*more));

	if (!more)
		return;
	a->disks = more;
	a->disks[a->ndisks++] = (struct disk){
		.record = *d, .loop = -1, .kept = -1, .ublk = -1
	};
}

static struct disk *find_file(struct adopt *a, const char *name)
{
	char own[RECORD_NAME];

	for (size_t i = 0; i < a->ndisks; i++) {
		const struct record_disk *d = &a->disks[i].record;

		records_disk_name(d->bus, d->number, d->lun.number, own);
		if (strcmp(own, name) == 0)
			return &a->disks[i];
	}
	return NULL;
}

/* Whose file it is, the first time it is heard of; else NULL. */
static struct disk *note_file(struct adopt *a, const char *path)
{
	char name[RECORD_NAME];
	struct disk *d;

	if (!lunfile_is_ours(a->m->opt, path, name))
		return NULL;
	d = find_file(a, name);
	if (!d || d->file)
		return NULL;
	d->file = strdup(path);
	a->failed |= !d->file;
	return d->file ? d : NULL;
}

static void note_loop(void *ctx, unsigned n, const char *path)
{
	struct disk *d = note_file(ctx, path);

	if (d)
		d->loop = (int)n;
}

/* It may have no loop device yet. */
static void note_mount(void *ctx, const char *path, unsigned number)
{
	(void)note_file(ctx, path); /* that it is noted is all */
}

/* /dev/fuse: an engine may have been taken over. */
static bool is_fuse(int handle)
{
	struct stat have, want;

	return !fstat(handle, &have) && !stat("/dev/fuse", &want) &&
	       S_ISCHR(have.st_mode) && have.st_rdev == want.st_rdev;
}

static void note_kept(void *ctx, const char *name, int handle)
{
	struct disk *d = find_file(ctx, name);

	if (!d || d->kept >= 0 || !is_fuse(handle)) {
		service_drop(name);
		close(handle);
		return;
	}
	d->kept = handle;
}

static void note_ublk(void *ctx, const struct ublk_info *info)
{
	struct adopt *a = ctx;
	struct ublk_place at;

	if (!exporter_is_ours(a->m->opt, info, &at))
		return;
	for (size_t i = 0; i < a->ndisks; i++) {
		const struct record_disk *d = &a->disks[i].record;

		if (d->bus == at.bus && d->number == at.target &&
		    d->lun.number == at.lun) {
			a->disks[i].ublk = (int)info->number;
			a->disks[i].quiesced = info->state == UBLK_QUIESCED;
		}
	}
}

/* -ENOENT: nothing was left. */
static void tell(const char *where, int err)
{
	if (err && err != -ENOENT)
		log_err(where,
			"cannot be looked through (%s): disks of a "
			"manager before this one may end",
			strerror(-err));
}

struct adopt *adopt_begin(struct manager *m)
{
	static const struct records_ops ops = { add_target, add_disk };
	struct adopt *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->m = m;
	tell(m->held, records_each(m->held, &ops, a));
	if (a->failed)
		log_err(NULL, "no memory for all that is left of a manager "
			      "before this one");
	tell("loop devices", loop_each(note_loop, a));
	tell("mounts", fuse_mounts(note_mount, a));
	tell("ublk", ublk_each(note_ublk, a));
	service_kept(note_kept, a);
	return a;
}

/* What engines say ---------------------------------------------------- */

void adopt_has(struct adopt *a, struct engine_process *e,
	       const struct reported *s)
{
	static struct msg_out msg;
	struct target *t = NULL;

	for (size_t i = 0; i < a->ntargets && !t; i++)
		if (a->targets[i].id == s->id &&
		    strcmp(a->targets[i].name, s->has.name) == 0)
			t = target_restore(a->m, &a->targets[i], e);
	if (t) {
		t->since = time(NULL) - (time_t)s->has.age;
		target_set_group(t, s->has.group);
		return;
	}
	/* It is found again, and then it gets another session. */
	log_warn(e->name, "has a session to %s that is not known, it ends",
		 s->has.name);
	request_simple(&msg, "remove", s->id);
	engine_tell(e, &msg, -1);
}

static bool go_on(struct adopt *a, struct target *t, struct disk *d,
		  const struct device_left *left)
{
	if (d->taken || !devices_adopt(t, left))
		return false;
	d->taken = true;
	a->going_on++;
	return true;
}

/* served: by the target's engine. */
static bool go_on_by_fuse(struct adopt *a, struct target *t, struct disk *d,
			  int handle, bool served)
{
	const struct device_left left = {
		.said = d->record.lun,
		.served = served,
		.via = EXPORTER_FUSE,
		.file = d->file,
		.fuse = handle,
		.ublk = -1,
		.disk = d->loop,
	};

	return go_on(a, t, d, &left);
}

static bool is_started(int ublk)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/ublkb%d", ublk);
	return access(path, F_OK) == 0;
}

static bool go_on_by_ublk(struct adopt *a, struct target *t, struct disk *d,
			  bool served)
{
	const struct device_left left = {
		.said = d->record.lun,
		.served = served,
		.quiesced = d->quiesced,
		.via = EXPORTER_UBLK,
		.fuse = -1,
		.ublk = d->ublk,
		.disk = is_started(d->ublk) ? d->ublk : -1,
	};

	return d->ublk >= 0 && go_on(a, t, d, &left);
}

static struct disk *find_lun(struct adopt *a, const struct target *t,
			     const uint8_t lun[LUN_LEN])
{
	for (size_t i = 0; i < a->ndisks; i++) {
		const struct record_disk *d = &a->disks[i].record;

		if (d->bus == t->bus && d->number == t->number &&
		    memcmp(d->lun.lun, lun, LUN_LEN) == 0)
			return &a->disks[i];
	}
	return NULL;
}

void adopt_held(struct adopt *a, struct engine_process *e,
		const struct reported *s, int *handle)
{
	static struct msg_out msg;
	struct target *t = target_find(a->m, e, s->id);
	struct disk *d = t ? find_lun(a, t, s->event.lun) : NULL;

	if (d && *handle < 0 && go_on_by_ublk(a, t, d, true))
		return;
	if (d && *handle >= 0 && is_fuse(*handle) &&
	    go_on_by_fuse(a, t, d, *handle, true)) {
		*handle = -1;
		return;
	}
	/* Nobody can have used it: its block device came after its record. */
	request_lun(&msg, "detach", s->id, s->event.lun);
	engine_tell(e, &msg, -1);
}

/* What has no engine -------------------------------------------------- */

static struct target *target_of(struct adopt *a, const struct record_disk *d)
{
	struct target *t = target_at(a->m, d->bus, d->number);

	for (size_t i = 0; i < a->ntargets && !t; i++)
		if (a->targets[i].bus == d->bus &&
		    a->targets[i].number == d->number)
			t = target_restore(a->m, &a->targets[i], NULL);
	return t;
}

static bool revive_ublk(struct adopt *a, struct disk *d)
{
	struct target *t;

	if (d->taken || d->ublk < 0 || !is_started(d->ublk))
		return false;
	t = target_of(a, &d->record);
	return t && go_on_by_ublk(a, t, d, false);
}

/* Its engine is dead; the kernel waits for the next one. */
static void revive(struct adopt *a, struct disk *d)
{
	struct target *t;

	if (revive_ublk(a, d))
		return;
	if (!d->taken && d->kept >= 0 && d->loop >= 0) {
		t = target_of(a, &d->record);
		if (t && go_on_by_fuse(a, t, d, d->kept, false))
			return;
	}
	if (d->kept >= 0) /* the engine's is the same, or it is of no use */
		close(d->kept);
}

/* Nothing says how its session ended, or when. */
static void doubt_target(struct adopt *a, const struct record_target *t)
{
	if (doubts_note(&a->m->doubts, t->key, t->group, io_now(a->m->loop)))
		log_err(t->name, "no memory to know that writes of an old "
				 "session may still arrive");
	records_drop_target(a->m->held, t->bus, t->number);
}

static void drop_records(struct adopt *a)
{
	for (size_t i = 0; i < a->ndisks; i++) {
		const struct record_disk *d = &a->disks[i].record;

		if (!a->disks[i].taken)
			records_drop_disk(a->m->held, d->bus, d->number,
					  d->lun.number);
	}
	for (size_t i = 0; i < a->ntargets; i++)
		if (!target_at(a->m, a->targets[i].bus, a->targets[i].number))
			doubt_target(a, &a->targets[i]);
}

unsigned adopt_end(struct adopt *a)
{
	unsigned n;

	for (size_t i = 0; i < a->ndisks; i++)
		revive(a, &a->disks[i]);
	drop_records(a);
	n = a->going_on;
	for (size_t i = 0; i < a->ndisks; i++)
		free(a->disks[i].file);
	free(a->targets);
	free(a->disks);
	free(a);
	return n;
}

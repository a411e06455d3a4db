/*
 * adopt - at the start: goes on with what a manager before us left running.
 */
#include "iscsid/life/adopt.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/device/device.h"
#include "iscsid/device/devices.h"
#include "iscsid/host/records.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "iscsid/target/target.h"

#define UNKNOWN_MAX 256 /* more are an engine's invention */

/* What of a disk is there by one exporter. */
struct left {
	bool there;
	int number; /* of the kernel's end, or -1 */
	int disk;   /* number of its block device, or -1 */
	char *file; /* as the kernel has it; owned, or NULL */
	bool quiesced;
};

struct disk {
	struct record_disk record;
	struct left left[EXPORTERS_MAX]; /* by number */
	int kept; /* the handle that the service manager kept, or -1 */
	bool taken;
};

struct adopt {
	struct manager *m;
	struct record_target *targets;
	struct disk *disks;
	size_t ntargets, ndisks;
	unsigned going_on;
	unsigned unknown; /* sessions of engines that no record tells of */
	bool failed;	  /* no memory for all of it */
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
	a->disks[a->ndisks++] = (struct disk){ .record = *d, .kept = -1 };
}

static struct disk *find_place(struct adopt *a, unsigned bus, unsigned number,
			       unsigned lun)
{
	for (size_t i = 0; i < a->ndisks; i++) {
		const struct record_disk *d = &a->disks[i].record;

		if (d->bus == bus && d->number == number &&
		    d->lun.number == lun)
			return &a->disks[i];
	}
	return NULL;
}

/* One that could not be removed was made anew: that one has the users. */
static bool is_better(const struct adopt *a, unsigned via,
		      const struct via_found *f, const struct left *l)
{
	const struct via_ops *ops = exporter_at(via);
	const struct outside *out = a->m->out;

	return ops->is_started && out->is_started(out, ops, f->number) &&
	       !out->is_started(out, ops, l->number);
}

static void note_found(void *ctx, unsigned via, const struct via_found *f)
{
	struct adopt *a = ctx;
	struct disk *d = find_place(a, f->bus, f->target, f->lun);
	struct left *l = d ? &d->left[via] : NULL;

	if (!d || (l->there && !is_better(a, via, f, l)))
		return;
	free(l->file);
	*l = (struct left){ .there = true,
			    .number = f->number,
			    .disk = f->disk,
			    .file = f->file ? strdup(f->file) : NULL,
			    .quiesced = f->quiesced };
	l->there = !f->file || l->file;
	a->failed |= !l->there;
}

/* Of an exporter that shares its handles: an engine may have been taken over.
 */
static bool is_handle(const struct adopt *a, const struct via_ops *via,
		      int handle)
{
	const struct outside *out = a->m->out;

	return via->shared && out->is_handle(out, via, handle);
}

static bool is_of_any(const struct adopt *a, int handle)
{
	const struct via_ops *via;

	for (unsigned i = 0; (via = exporter_at(i)); i++)
		if (is_handle(a, via, handle))
			return true;
	return false;
}

static void note_kept(void *ctx, const char *name, int handle)
{
	struct adopt *a = ctx;
	const struct outside *out = a->m->out;
	unsigned bus, target, lun;
	struct disk *d = NULL;

	if (records_disk_number(name, &bus, &target, &lun))
		d = find_place(a, bus, target, lun);
	if (!d || d->kept >= 0 || !is_of_any(a, handle)) {
		out->unkeep(out, name);
		out->close(out, handle);
		return;
	}
	d->kept = handle;
}

struct adopt *adopt_begin(struct manager *m)
{
	static const struct outside_left each = { add_target, add_disk,
						  note_found, note_kept };
	struct adopt *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->m = m;
	m->out->each_left(m->out, &each, a);
	if (a->failed)
		log_err(NULL, "no memory for all that is left of a manager "
			      "before this one");
	return a;
}

/* What engines say ---------------------------------------------------- */

static void note_doubt(struct adopt *a, struct doubt *d, const char *name,
		       const char *group)
{
	str_copy(d->group, sizeof(d->group), group);
	if (doubts_note(&a->m->doubts, d))
		log_err(name, "no memory to know that writes of an old session "
			      "may still arrive");
}

static void doubt_unknown(struct adopt *a, const struct reported_has *has)
{
	struct doubt d = { .unrecorded = true };

	str_copy(d.key, sizeof(d.key), has->name);
	note_doubt(a, &d, has->name, has->group);
}

void adopt_has(struct adopt *a, struct engine_process *e,
	       const struct reported *s)
{
	static struct msg_out msg;
	struct target *t = NULL;

	manager_skip_id(a->m, s->id);
	if (target_find(a->m, e, s->id))
		return; /* it said so before */
	for (size_t i = 0; i < a->ntargets && !t; i++)
		if (a->targets[i].id == s->id &&
		    strcmp(a->targets[i].name, s->has.name) == 0)
			t = target_restore(a->m, &a->targets[i], e);
	if (t) {
		t->since = manager_date(a->m) - (time_t)s->has.age;
		target_set_group(t, s->has.group);
		return;
	}
	/*
	 * It is found again, and then it gets another session, while writes of
	 * this one may still run.
	 */
	if (a->unknown++ < UNKNOWN_MAX)
		doubt_unknown(a, &s->has);
	log_warn(e->name, "has a session to %s that is not known, it ends",
		 s->has.name);
	request_simple(&msg, "remove", s->id);
	engine_tell(e, &msg, -1);
}

static bool go_on(struct adopt *a, struct target *t, struct disk *d,
		  const struct device_left *left)
{
	if (d->taken || !devices_adopt(&t->bay, left))
		return false;
	d->taken = true;
	a->going_on++;
	return true;
}

/* A block device may have come since it was looked for. */
static int disk_of(const struct adopt *a, const struct via_ops *via,
		   const struct left *l)
{
	const struct outside *out = a->m->out;

	if (l->there && via->is_started)
		return out->is_started(out, via, l->number) ? l->number : -1;
	return l->there ? l->disk : -1;
}

/* served: by the target's engine. */
static bool go_on_by(struct adopt *a, struct target *t, struct disk *d,
		     const struct via_ops *via, int handle, bool served)
{
	const struct left *l = &d->left[exporter_number(via)];
	const struct device_left left = {
		.said = d->record.lun,
		.served = served,
		.quiesced = l->there && l->quiesced,
		.via = via,
		.file = l->there ? l->file : NULL,
		.handle = handle,
		.number = l->there ? l->number : -1,
		.disk = disk_of(a, via, l),
	};

	return (via->shared || l->there) && go_on(a, t, d, &left);
}

static struct disk *find_lun(struct adopt *a, const struct target *t,
			     const uint8_t lun[LUN_LEN])
{
	for (size_t i = 0; i < a->ndisks; i++) {
		const struct record_disk *d = &a->disks[i].record;

		if (d->bus == t->bay.bus && d->number == t->bay.number &&
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
	const struct via_ops *via = exporter_find(s->event.export);

	if (d && via && (*handle < 0 || is_handle(a, via, *handle)) &&
	    go_on_by(a, t, d, via, *handle, true)) {
		*handle = -1;
		return;
	}
	/* Nobody can have used it: its block device came after its record. */
	request_lun(&msg, "detach", s->id, s->event.lun);
	engine_tell(e, &msg, -1);
}

/* What has no engine -------------------------------------------------- */

static struct target *target_of_disk(struct adopt *a,
				     const struct record_disk *d)
{
	struct target *t = target_at(a->m, d->bus, d->number);

	for (size_t i = 0; i < a->ntargets && !t; i++)
		if (a->targets[i].bus == d->bus &&
		    a->targets[i].number == d->number)
			t = target_restore(a->m, &a->targets[i], NULL);
	return t;
}

static bool revive_by(struct adopt *a, struct disk *d,
		      const struct via_ops *via)
{
	const struct left *l = &d->left[exporter_number(via)];
	int handle = via->shared ? d->kept : -1;
	struct target *t;

	if (d->taken || !l->there || disk_of(a, via, l) < 0)
		return false;
	if (via->shared && (handle < 0 || !is_handle(a, via, handle)))
		return false;
	t = target_of_disk(a, &d->record);
	if (!t || !go_on_by(a, t, d, via, handle, false))
		return false;
	if (via->shared)
		d->kept = -1;
	return true;
}

/* Its engine is dead; the kernel waits for the next one. */
static void revive(struct adopt *a, struct disk *d)
{
	const struct via_ops *via;

	for (unsigned i = 0; (via = exporter_at(i)); i++)
		if (revive_by(a, d, via))
			break;
	if (d->kept >= 0) /* the engine's is the same, or it is of no use */
		a->m->out->close(a->m->out, d->kept);
	d->kept = -1;
}

/*
 * The manager before us died before it had handed this one over: now, or its
 * LUN gets a new device.
 */
void adopt_lun(struct adopt *a, struct engine_process *e,
	       const struct reported *s)
{
	struct target *t = target_find(a->m, e, s->id);
	struct disk *d = t ? find_lun(a, t, s->lun.lun) : NULL;

	if (d && !d->taken)
		revive(a, d);
}

/*
 * Nothing says how its session ended, or when.  Its record stays until an
 * engine knows: this manager may end before the target is found.
 */
static void doubt_target(struct adopt *a, const struct record_target *t)
{
	struct doubt d = { .bus = t->bus, .number = t->number };

	str_copy(d.key, sizeof(d.key), t->key);
	note_doubt(a, &d, t->name, t->group);
}

/* By a report of its LUN: then the record is that one's. */
static bool is_made_anew(const struct adopt *a, const struct record_disk *d)
{
	struct target *t = target_at(a->m, d->bus, d->number);

	return t && device_at(&t->bay, d->lun.number);
}

static void drop_records(struct adopt *a)
{
	for (size_t i = 0; i < a->ndisks; i++) {
		const struct record_disk *d = &a->disks[i].record;

		if (!a->disks[i].taken && !is_made_anew(a, d))
			a->m->out->drop_disk(a->m->out, d->bus, d->number,
					     d->lun.number);
	}
	for (size_t i = 0; i < a->ntargets; i++)
		if (!target_at(a->m, a->targets[i].bus, a->targets[i].number))
			doubt_target(a, &a->targets[i]);
}

static void forget(struct disk *d)
{
	for (unsigned i = 0; i < EXPORTERS_MAX; i++)
		free(d->left[i].file);
}

static void adopt_free(struct adopt *a)
{
	for (size_t i = 0; i < a->ndisks; i++)
		forget(&a->disks[i]);
	free(a->targets);
	free(a->disks);
	free(a);
}

void adopt_abort(struct adopt *a)
{
	for (size_t i = 0; i < a->ndisks; i++)
		if (a->disks[i].kept >= 0)
			a->m->out->close(a->m->out, a->disks[i].kept);
	adopt_free(a);
}

unsigned adopt_end(struct adopt *a)
{
	unsigned n;

	for (size_t i = 0; i < a->ndisks; i++)
		revive(a, &a->disks[i]);
	drop_records(a);
	n = a->going_on;
	adopt_free(a);
	return n;
}

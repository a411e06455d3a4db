/*
 * kernel - what the simulated host's kernel does for the manager.
 */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "heap.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/records.h"
#include "records.h"
#include "sim.h"

#define HANDLES	     64
#define FIRST_HANDLE 2000000
#define DISKS	     (MAX_BOXES * MAX_LUNS)
#define DEADLINE     (30 * SEC)
#define FIRST_BYTES  4096 /* that a reader of partition tables asks for */

struct disk {		   /* of one place, by its file */
	struct kdev *kdev; /* NULL: not mounted */
	int loop;	   /* or -1 */
	uint64_t size;
	bool linked;
	bool left; /* undoing it was made to fail */
	struct kdev *kept;
};

struct job {
	struct list link;
	struct io_timer timer, deadline;
	struct step step;
	step_done *done;
	resolve_done *resolved; /* instead */
	void *ctx;
	struct request read; /* of a partition table */
	bool reads, abandoned;
};

static struct {
	struct disk disks[MAX_BOXES][MAX_LUNS];
	struct kdev *handles[HANDLES];
	struct list jobs;
} kernel;

struct held *kernel_held(unsigned bus, unsigned target, unsigned lun)
{
	int box = bus ? -1 : records_box(target);

	return box < 0 || lun >= config.luns ? NULL : &held[box][lun];
}

static struct disk *disk_of(const struct held *h)
{
	return &kernel.disks[h->box->number][h->lun];
}

static struct held *held_at(const char *disk)
{
	unsigned bus, target, lun;

	if (!records_disk_number(disk, &bus, &target, &lun))
		return NULL;
	return kernel_held(bus, target, lun);
}

/* Of "/lun/b0t0l1". */
static struct held *held_of(const struct step *s)
{
	return kernel_held(s->at.bus, s->at.target, s->at.lun);
}

/* Handles ------------------------------------------------------------- */

int kernel_handle(struct kdev *d)
{
	int i = 0;

	while (kernel.handles[i])
		if (++i == HANDLES)
			abort();
	kernel.handles[i] = d;
	kdev_get(d);
	return FIRST_HANDLE + i;
}

struct kdev *kernel_of(int handle)
{
	int i = handle - FIRST_HANDLE;

	return i >= 0 && i < HANDLES ? kernel.handles[i] : NULL;
}

void kernel_close(int handle)
{
	struct kdev *d = kernel_of(handle);

	if (!d)
		return;
	kernel.handles[handle - FIRST_HANDLE] = NULL;
	kdev_put(d);
}

void kernel_close_all(void)
{
	for (int i = 0; i < HANDLES; i++)
		kernel_close(FIRST_HANDLE + i);
}

/* The service manager ------------------------------------------------- */

void kernel_unkeep(const char *disk)
{
	struct held *h = held_at(disk);
	struct kdev *d = h ? disk_of(h)->kept : NULL;

	if (!d)
		return;
	disk_of(h)->kept = NULL;
	kdev_put(d);
}

void kernel_keep(const char *disk, int handle)
{
	struct held *h = held_at(disk);

	if (!h || !kernel_of(handle))
		return;
	kernel_unkeep(disk);
	disk_of(h)->kept = kernel_of(handle);
	kdev_get(disk_of(h)->kept);
}

static void tell_left(struct held *h, const struct outside_left *each,
		      void *ctx)
{
	const struct disk *d = disk_of(h);
	unsigned target = (unsigned)records_number(h->box);
	char name[RECORD_NAME], path[64];
	struct via_found f = { .target = target,
			       .lun = h->lun,
			       .number = -1,
			       .disk = d->loop,
			       .file = path };

	records_disk_name(0, target, h->lun, name);
	snprintf(path, sizeof(path), "/lun/%s", name);
	if (d->kdev)
		each->found(ctx, exporter_number(exporter_find("")), &f);
	if (d->kept)
		each->kept(ctx, name, kernel_handle(d->kept));
}

void kernel_left(const struct outside_left *each, void *ctx)
{
	for (unsigned i = 0; i < config.boxes; i++)
		for (unsigned j = 0; j < config.luns; j++)
			if (records_number(&boxes[i]) >= 0)
				tell_left(&held[i][j], each, ctx);
}

static void sweep(struct held *h, bool (*is_known)(void *, const char *),
		  void *ctx)
{
	struct disk *d = disk_of(h);
	char name[RECORD_NAME];

	records_disk_name(0, (unsigned)records_number(h->box), h->lun, name);
	if (!d->kdev || is_known(ctx, name))
		return;
	sim_trace("kernel", "%s is left over, and goes", name);
	d->loop = -1;
	h->device = NULL;
	kernel_unkeep(name);
	kdev_abort(d->kdev);
	d->kdev = NULL;
}

void kernel_sweep(bool (*is_known)(void *ctx, const char *disk), void *ctx)
{
	for (unsigned i = 0; i < config.boxes; i++)
		for (unsigned j = 0; j < config.luns; j++)
			if (records_number(&boxes[i]) >= 0)
				sweep(&held[i][j], is_known, ctx);
}

/* Block devices ------------------------------------------------------- */

static struct disk *of_dev(const char *dev)
{
	for (unsigned i = 0; i < config.boxes; i++)
		for (unsigned j = 0; j < config.luns; j++) {
			struct disk *d = &kernel.disks[i][j];
			char name[32];

			snprintf(name, sizeof(name), "loop%d", d->loop);
			if (d->loop >= 0 && strcmp(name, dev) == 0)
				return d;
		}
	return NULL;
}

uint64_t kernel_size(const char *dev)
{
	const struct disk *d = of_dev(dev);

	return d ? d->size : 0;
}

bool kernel_has_io(const char *dev)
{
	const struct disk *d = of_dev(dev);

	return d && kdev_waiting(d->kdev);
}

void kernel_link(const char *dev, bool there)
{
	struct disk *d = of_dev(dev);

	if (d)
		d->linked = there;
}

bool kernel_is_linked(const struct held *h)
{
	return disk_of(h)->linked;
}

bool kernel_is_whole(const struct held *h)
{
	const struct disk *d = disk_of(h);

	return d->linked && d->size == h->blocks * 512;
}

unsigned kernel_links(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DISKS; i++)
		n += kernel.disks[i / MAX_LUNS][i % MAX_LUNS].linked;
	return n;
}

unsigned kernel_devices(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DISKS; i++) {
		const struct disk *d =
			&kernel.disks[i / MAX_LUNS][i % MAX_LUNS];

		n += !d->left && (d->kdev || d->loop >= 0);
	}
	return n;
}

/* Jobs ---------------------------------------------------------------- */

static void drop(struct job *j)
{
	list_remove(&j->link);
	sim_cancel(&j->timer);
	sim_cancel(&j->deadline);
	j->abandoned = true; /* what it reads may come yet */
}

static void end(struct job *j, int err, const struct step_result *r)
{
	enum step_kind kind = j->step.kind;

	drop(j);
	sim_trace("kernel", "%s of target %u LUN %u: %s",
		  step_words(j->step.via, kind), j->step.at.target,
		  j->step.at.lun, err ? strerror(-err) : "done");
	host_enter();
	j->done(j->ctx, kind, err, r);
	host_leave_core();
}

static void fail(struct job *j, int err)
{
	static const struct step_result none = { .handle = -1,
						 .number = -1,
						 .disk = -1 };

	end(j, err, &none);
}

static int do_mount(struct held *h, struct step_result *r)
{
	struct disk *d = disk_of(h);

	if (d->kdev) /* over one that is left */
		kdev_abort(d->kdev);
	d->left = false;
	d->loop = -1;
	h->device = NULL;
	d->kdev = kdev_new(h->box->disks[h->lun].name);
	r->handle = kernel_handle(d->kdev);
	return 0;
}

static int do_loop(struct held *h, const struct step *s, struct step_result *r)
{
	struct disk *d = disk_of(h);

	if (!d->kdev || d->loop >= 0)
		return -EBUSY;
	d->loop = (int)(h->box->number * MAX_LUNS + h->lun);
	d->size = s->geometry.blocks * s->geometry.block_size;
	r->disk = d->loop;
	r->size = d->size;
	r->read_only = s->geometry.read_only;
	h->device = d->kdev;
	return 0;
}

static int do_clear(struct held *h, const struct step *s)
{
	struct disk *d = disk_of(h);

	if (d->loop >= 0 && app_uses(h) && !s->force)
		return -EBUSY;
	d->loop = -1;
	h->device = NULL;
	return 0;
}

static int do_unmount(struct held *h)
{
	struct disk *d = disk_of(h);

	if (d->kdev)
		kdev_abort(d->kdev);
	d->kdev = NULL;
	return 0;
}

static void find_users(const struct held *h, struct step_result *r)
{
	if (!app_uses(h))
		return;
	r->users.count = 1;
	snprintf(r->users.words[0], USER_WORDS, "open by an application");
}

static int act(struct held *h, const struct step *s, struct step_result *r)
{
	switch (s->kind) {
	case STEP_MOUNT:
		return do_mount(h, r);
	case STEP_LOOP:
		return do_loop(h, s, r);
	case STEP_RESIZE:
		disk_of(h)->size = s->size;
		r->size = s->size;
		r->read_only = s->geometry.read_only;
		return 0;
	case STEP_USERS:
		find_users(h, r);
		return 0;
	case STEP_CLEAR:
		return do_clear(h, s);
	case STEP_UNMOUNT:
		return do_unmount(h);
	default:
		return 0;
	}
}

static void on_read(struct request *q, int err, const uint8_t *data, size_t n)
{
	struct job *j = container_of(q, struct job, read);
	struct step_result r = { .handle = -1, .disk = -1, .number = -1 };

	j->reads = false;
	if (!j->abandoned)
		end(j, err ? -EIO : 0, &r);
}

/* A disk that nobody serves answers nobody. */
static void read_table(struct job *j, struct held *h)
{
	struct kdev *d = disk_of(h)->kdev;

	j->reads = true;
	j->read = (struct request){
		.kind = REQ_READ,
		.len = config.block_size > FIRST_BYTES ? config.block_size
						       : FIRST_BYTES,
		.done = on_read,
	};
	kdev_ask(d, &j->read);
}

static void on_time(struct io_timer *t)
{
	struct job *j = container_of(t, struct job, timer);
	struct step_result r = { .handle = -1, .disk = -1, .number = -1 };
	struct held *h = held_of(&j->step);
	int err;

	if (!h) {
		end(j, -ENODEV, &r);
	} else if (j->step.kind == STEP_LOOP && disk_of(h)->kdev &&
		   !kdev_is_ready(disk_of(h)->kdev)) {
		sim_after(t, MS); /* opening it waits for the engine */
	} else if (j->step.kind == STEP_PARSE) {
		if (disk_of(h)->kdev)
			read_table(j, h);
		else
			end(j, -ENODEV, &r);
	} else {
		err = act(h, &j->step, &r);
		end(j, err, &r);
	}
}

/* What could not be undone, nobody takes for forgotten. */
static void leave_behind(const struct job *j)
{
	bool undoes =
		j->step.kind == STEP_CLEAR || j->step.kind == STEP_UNMOUNT;

	if (undoes && held_of(&j->step))
		disk_of(held_of(&j->step))->left = true;
}

static void on_failure(struct io_timer *t)
{
	static const int errors[] = { EIO, ENOMEM, ENODEV, EAGAIN, ECHILD };
	struct job *j = container_of(t, struct job, timer);

	leave_behind(j);
	fail(j, -errors[dice_below(&sim.host, 5)]);
}

static void on_deadline(struct io_timer *t)
{
	struct job *j = container_of(t, struct job, deadline);

	leave_behind(j);
	fail(j, -ETIMEDOUT);
}

static struct job *new_job(void *ctx)
{
	struct job *j = world_alloc(sizeof(*j));

	list_init(&j->link);
	list_push_back(&kernel.jobs, &j->link);
	j->ctx = ctx;
	j->timer.fn = on_time;
	j->deadline.fn = on_deadline;
	return j;
}

struct worker *kernel_step(const struct step *s, step_done *done, void *ctx)
{
	struct job *j = new_job(ctx);
	uint64_t us = dice_skewed(&sim.host, 50, 5 * MS);

	j->step = *s;
	j->done = done;
	if (dice_chance(&sim.host, config.steps_fail))
		j->timer.fn = on_failure;
	if (dice_chance(&sim.host, config.steps_slow))
		us = dice_skewed(&sim.host, 10 * MS, DEADLINE + SEC);
	sim_after(&j->timer, us);
	sim_after(&j->deadline, DEADLINE);
	return (struct worker *)(void *)j;
}

/* There is no name service: what is a name is not found. */
static void on_resolved(struct io_timer *t)
{
	struct job *j = container_of(t, struct job, timer);

	drop(j);
	host_enter();
	j->resolved(j->ctx, -ENOENT, NULL, 0);
	host_leave_core();
}

struct worker *kernel_resolve(const struct addr *addrs, size_t n,
			      resolve_done *done, void *ctx)
{
	struct job *j;

	for (size_t i = 0; i < n; i++) {
		if (addr_is_numeric(&addrs[i]))
			continue;
		j = new_job(ctx);
		j->resolved = done;
		j->timer.fn = on_resolved;
		sim_after(&j->timer, MS);
		return (struct worker *)(void *)j;
	}
	return NULL;
}

void kernel_abandon(struct worker *w)
{
	static const struct step_result none = { .handle = -1 };
	struct job *j = (struct job *)(void *)w;

	if (!j)
		return;
	if (host_is_forced()) /* it had begun to undo it */
		leave_behind(j);
	drop(j);
	if (j->resolved)
		j->resolved(j->ctx, -ECANCELED, NULL, 0);
	else
		j->done(j->ctx, j->step.kind, -ECANCELED, &none);
}

void kernel_init(void)
{
	memset(&kernel, 0, sizeof(kernel));
	list_init(&kernel.jobs);
	for (unsigned i = 0; i < DISKS; i++)
		kernel.disks[i / MAX_LUNS][i % MAX_LUNS].loop = -1;
}

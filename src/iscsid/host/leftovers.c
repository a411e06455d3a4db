/*
 * leftovers - what a dead manager of the same run directory left behind.
 */
#include "iscsid/host/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "export/blockdev.h"
#include "export/fuse_mount.h"
#include "export/loopdev.h"
#include "export/partition.h"
#include "export/ublk_control.h"
#include "export/ublk_proto.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/records.h"
#include "iscsid/host/links.h"
#include "iscsid/host/lunfile.h"
#include "iscsid/daemon/options.h"
#include "iscsid/host/udev.h"
#include "iscsid/host/users.h"

struct places {
	char rundir[PATH_MAX], lundir[PATH_MAX];
	const struct options *opt; /* of the process that we are a copy of */
	char linkdir[PATH_MAX];
	bool (*keep)(void *ctx, const char *name);
	void *ctx;
};

struct search {
	const struct places *at;
	struct msg_out *m; /* takes lines */
};

static void say(struct msg_out *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct msg_out *m, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (m->len < MSG_MAX / 2) /* enough is known by then */
		msg_str(m, "line", line);
}

static void say_users(struct msg_out *m, const char *dev, const char *fate)
{
	static struct users u;

	users_find("", dev, &u);
	say(m, "%s of a former run %s; all its I/O fails", dev, fate);
	for (unsigned i = 0; i < u.count; i++)
		say(m, "%s is %s", dev, u.words[i]);
}

static void drop_partitions(const char *dev)
{
	static const struct partition_table none;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", dev);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)partition_apply(fd, dev, &none); /* those in use stay */
	close(fd);
}

/* A file of ours, of a disk that does not go on. */
static bool is_left(const struct places *at, const char *path)
{
	char disk[RECORD_NAME];

	return lunfile_is_ours(at->opt, path, disk) && !at->keep(at->ctx, disk);
}

static void clear_loop(void *ctx, unsigned n, const char *path)
{
	struct search *s = ctx;
	char dev[16];
	int err;

	if (!is_left(s->at, path))
		return;
	snprintf(dev, sizeof(dev), "loop%u", n);
	drop_partitions(dev);
	err = loop_detach(n, path);
	if (err == -EBUSY) {
		/* Its number outlives it, and what was set of it. */
		(void)blockdev_set_read_only(dev, false); /* or stays so */
		say_users(s->m, dev, "stays as long as it is used");
	} else if (err) {
		say(s->m, "%s of a former run cannot be cleared: %s", dev,
		    strerror(-err));
	} else {
		say(s->m, "%s of a former run cleared", dev);
	}
}

static bool is_kept_place(const struct places *at, const struct ublk_place *p)
{
	char name[RECORD_NAME];

	records_disk_name(p->bus, p->target, p->lun, name);
	return at->keep(at->ctx, name);
}

static void unlink_ublk(const struct places *at, const char *dev)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", at->lundir, dev);
	(void)unlink(path); /* remove_files() looks at it once more */
}

/* Its users keep a device that is gone: each request is an error. */
static void clear_ublk(void *ctx, const struct ublk_info *info)
{
	struct search *s = ctx;
	struct ublk_place p;
	struct users u;
	char dev[24], hidden[48];
	int err;

	if (!exporter_is_ours(s->at->opt, info, &p))
		return;
	if (is_kept_place(s->at, &p))
		return;
	snprintf(dev, sizeof(dev), "ublkb%u", info->number);
	/* It has a server, and only its name says that it was ours. */
	if (info->state == UBLK_LIVE &&
	    !ublk_mark_is_of(info->mark, s->at->opt->owner, &p)) {
		say(s->m, "%s is served by another process and stays", dev);
		return;
	}
	users_find("", dev, &u);
	if (u.count)
		say_users(s->m, dev, "is taken away from its users");
	snprintf(hidden, sizeof(hidden), "/dev/%s" USERS_HIDDEN, dev);
	(void)unlink(hidden); /* there is one where a stop was ended */
	err = ublk_delete(info->number);
	if (err)
		say(s->m, "%s of a former run cannot be deleted: %s", dev,
		    strerror(-err));
	else
		say(s->m, "%s of a former run cleared", dev);
	unlink_ublk(s->at, dev);
}

/* Whoever waits for it gets his error, so that nothing below waits. */
static void end_connection(void *ctx, const char *path, unsigned number)
{
	struct search *s = ctx;
	int err = is_left(s->at, path) ? fuse_abort(number) : 0;

	if (err && err != -ENOENT)
		say(s->m, "%s of a former run cannot be ended: %s", path,
		    strerror(-err));
}

static void drop_mount(void *ctx, const char *path, unsigned number)
{
	struct search *s = ctx;
	int err = is_left(s->at, path) ? fuse_unmount_file(path) : 0;

	if (err)
		say(s->m, "%s of a former run cannot be unmounted: %s", path,
		    strerror(-err));
}

/* In our own directory it is ours, with whatever token. */
static bool is_left_file(const struct places *at, const char *name)
{
	char disk[RECORD_NAME], token[LUNFILE_TOKEN];

	return lunfile_split(name, disk, token) && !at->keep(at->ctx, disk);
}

/* Named "ublkb3", see iscsid/host/steps_ublk.c; where to, does not matter. */
static bool is_stale_link(const char *name)
{
	char path[PATH_MAX + 64];
	enum exporter via;
	unsigned n;

	if (!exporter_disk_number(name, &via, &n) || via != EXPORTER_UBLK)
		return false;
	snprintf(path, sizeof(path), "/sys/block/%s", name);
	return access(path, F_OK) < 0;
}

static void remove_files(const struct places *at)
{
	DIR *dir = opendir(at->lundir);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (is_left_file(at, e->d_name) || is_stale_link(e->d_name))
			/* Where it stays, it is found again. */
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
}

/* Of no file at all, or of one of ours (then it could not be cleared). */
static bool is_gone(void *ctx, const char *dev)
{
	const struct places *at = ctx;
	char path[PATH_MAX];
	enum exporter via;
	unsigned n;

	if (!exporter_disk_number(dev, &via, &n))
		return false;
	if (via == EXPORTER_UBLK) {
		snprintf(path, sizeof(path), "/sys/block/%s", dev);
		return access(path, F_OK) < 0 && errno == ENOENT;
	}
	if (loop_backing(n, path, sizeof(path)) == -ENOENT)
		return true;
	return is_left(at, path);
}

/* Whoever has a loop device with this number next must not get our names. */
static bool is_not_ours(void *ctx, const char *dev)
{
	const struct places *at = ctx;
	char path[PATH_MAX], disk[RECORD_NAME];
	uint64_t n;

	if (strncmp(dev, "loop", 4) ||
	    str_u64(dev + 4, strlen(dev + 4), INT32_MAX, &n)) {
		snprintf(path, sizeof(path), "/sys/block/%s", dev);
		return access(path, F_OK) < 0;
	}
	return loop_backing((unsigned)n, path, sizeof(path)) ||
	       !lunfile_is_ours(at->opt, path, disk) ||
	       !at->keep(at->ctx, disk);
}

/* -ENOENT: there are none. */
static void tell(struct search *s, const char *what, int err)
{
	if (err && err != -ENOENT)
		say(s->m, "%s of a former run cannot be listed: %s", what,
		    strerror(-err));
}

static int clean(const struct worker_job *job, void *arg, struct msg_out *m,
		 int *handle)
{
	struct places *at = arg;
	struct search s = { at, m };
	unsigned links;

	tell(&s, "mounts", fuse_mounts(end_connection, &s));
	/* Before the mounts go: by them a loop device's file is known. */
	tell(&s, "loop devices", loop_each(clear_loop, &s));
	tell(&s, "ublk devices", ublk_each(clear_ublk, &s));
	tell(&s, "mounts", fuse_mounts(drop_mount, &s));
	remove_files(at);
	links = links_sweep(at->linkdir, is_gone, at);
	udev_sweep(at->rundir, is_not_ours, at);
	if (links)
		say(m, "%u links of a former run removed", links);
	return 0;
}

static void clean_over(void *ctx, int err, const struct msg_in *m, int handle)
{
	bool *over = ctx;
	char line[512];

	*over = true;
	if (err)
		log_warn(NULL,
			 "cleaning up after a former run did not work: %s",
			 strerror(-err));
	for (unsigned i = 0; m; i++) {
		if (msg_get_nth(m, "line", i, line, sizeof(line)) < 0)
			break;
		log_info(NULL, "%s", line);
	}
}

void leftovers_remove(struct workers *ws, const struct options *o,
		      bool (*keep)(void *ctx, const char *name), void *ctx)
{
	struct places at = { .opt = o, .keep = keep, .ctx = ctx };
	bool over = false;
	const struct worker_job job = {
		.name = "cleaning up",
		.work = WORK_HOST, /* the start waits for it */
		.fn = clean,
		.arg = &at,
		.arg_size = sizeof(at),
		.handle = -1,
		.deadline = LEFTOVERS_WITHIN,
		.done = clean_over,
		.ctx = &over,
	};

	str_copy(at.rundir, sizeof(at.rundir), o->rundir);
	snprintf(at.lundir, sizeof(at.lundir), "%s/lun", o->rundir);
	str_copy(at.linkdir, sizeof(at.linkdir), o->linkdir);
	if (!worker_start(ws, &job))
		return;
	while (!over)
		if (io_loop_run_once(ws->loop, UINT64_MAX))
			return;
}

struct count {
	const struct options *opt;
	unsigned n;
};

static void count_loop(void *ctx, unsigned n, const char *path)
{
	struct count *c = ctx;
	char disk[RECORD_NAME];

	c->n += lunfile_is_ours(c->opt, path, disk);
}

static void count_ublk(void *ctx, const struct ublk_info *info)
{
	struct count *c = ctx;
	struct ublk_place p;

	c->n += exporter_is_ours(c->opt, info, &p);
}

unsigned leftovers_count(const struct options *o)
{
	struct count c = { .opt = o };

	/* What cannot be listed: it was said when it was cleared. */
	(void)loop_each(count_loop, &c); /* as it was then */
	(void)ublk_each(count_ublk, &c); /* as it was then */
	return c.n;
}

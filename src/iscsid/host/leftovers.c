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
#include "export/partition.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/links.h"
#include "iscsid/daemon/options.h"
#include "iscsid/host/udev.h"
#include "iscsid/host/users.h"

struct places {
	struct via_sweep sweep;
	char rundir[PATH_MAX], lundir[PATH_MAX];
	char linkdir[PATH_MAX];
};

void leftovers_say(struct msg_out *m, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (m->len < MSG_MAX / 2) /* enough is known by then */
		msg_str(m, "line", line);
}

void leftovers_say_users(struct msg_out *m, const char *dev, const char *fate)
{
	static struct users u;

	users_find("", dev, &u);
	leftovers_say(m, "%s of a former run %s; all its I/O fails", dev, fate);
	for (unsigned i = 0; i < u.count; i++)
		leftovers_say(m, "%s is %s", dev, u.words[i]);
}

void leftovers_drop_partitions(const char *dev)
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

void leftovers_tell(struct msg_out *m, const char *what, int err)
{
	if (err && err != -ENOENT) /* there are none */
		leftovers_say(m, "%s of a former run cannot be listed: %s",
			      what, strerror(-err));
}

static bool is_left_file(const struct via_sweep *s, const char *name)
{
	const struct via_ops *via;

	for (unsigned i = 0; (via = exporter_at(i)); i++)
		if (via->is_left_file && via->is_left_file(s, name))
			return true;
	return false;
}

static void remove_files(const struct via_sweep *s)
{
	DIR *dir = opendir(s->lundir);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (is_left_file(s, e->d_name))
			/* Where it stays, it is found again. */
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		closedir(dir);
}

static bool is_gone(void *ctx, const char *dev)
{
	unsigned n;
	const struct via_ops *via = exporter_of_disk(dev, &n);

	return via && via->is_gone && via->is_gone(ctx, n);
}

/* Whoever has a device with this number next must not get our names. */
static bool is_not_ours(void *ctx, const char *dev)
{
	char path[PATH_MAX];
	unsigned n;
	const struct via_ops *via = exporter_of_disk(dev, &n);

	if (via && via->is_not_ours)
		return via->is_not_ours(ctx, n);
	snprintf(path, sizeof(path), "/sys/block/%s", dev);
	return access(path, F_OK) < 0;
}

static void clear_all(const struct via_sweep *s)
{
	const struct via_ops *via;

	for (unsigned i = 0; (via = exporter_at(i)); i++)
		if (via->end_left)
			via->end_left(s);
	for (unsigned i = 0; (via = exporter_at(i)); i++)
		if (via->clear_left)
			via->clear_left(s);
}

static int clean(const struct worker_job *job, void *arg, struct msg_out *m,
		 int *handle)
{
	struct places *at = arg;
	struct via_sweep *s = &at->sweep;
	unsigned links;

	s->lundir = at->lundir;
	s->m = m;
	clear_all(s);
	remove_files(s);
	links = links_sweep(at->linkdir, is_gone, s);
	udev_sweep(at->rundir, is_not_ours, s);
	if (links)
		leftovers_say(m, "%u links of a former run removed", links);
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
	struct places at = { .sweep = { .opt = o, .keep = keep, .ctx = ctx } };
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
	unsigned n;
};

static void count(void *ctx, const struct via_found *f)
{
	struct count *c = ctx;

	c->n += f->disk >= 0 || f->number >= 0;
}

/* It was said when it was cleared. */
static void ignore(void *ctx, const char *what, int err)
{
}

unsigned leftovers_count(const struct options *o)
{
	struct count c = { 0 };
	const struct via_look l = { o, count, ignore, &c };
	const struct via_ops *via;

	for (unsigned i = 0; (via = exporter_at(i)); i++)
		if (via->look)
			via->look(&l);
	return c.n;
}

/*
 * linux - the outside of the manager's core on Linux.
 *
 * Nothing is decided here: each function is a call of a part of host/, run/,
 * daemon/ or conf/.
 */
#include "iscsid/run/linux.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/conf.h"
#include "export/blockdev.h"
#include "export/sysfs.h"
#include "io/pulse.h"
#include "iscsid/core/core.h"
#include "iscsid/daemon/daemon.h"
#include "iscsid/daemon/service.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/lunfile.h"
#include "iscsid/host/process.h"
#include "iscsid/host/seen.h"

struct linux_side *linux_of(const struct outside *o)
{
	return container_of((struct outside *)o, struct linux_side, out);
}

static struct linux_side *of(const struct outside *o)
{
	return linux_of(o);
}

/* Time ----------------------------------------------------------------- */

static uint64_t now(const struct outside *o)
{
	return io_now(of(o)->loop);
}

static time_t date(const struct outside *o)
{
	return time(NULL);
}

static void set_timer(const struct outside *o, struct io_timer *t, uint64_t ms)
{
	io_timer_after(of(o)->loop, t, ms);
}

static void clear_timer(const struct outside *o, struct io_timer *t)
{
	io_timer_cancel(of(o)->loop, t);
}

/* Engines -------------------------------------------------------------- */

static int start(const struct outside *o, struct engine_process *e)
{
	return processes_start(&of(o)->processes, e);
}

static int find(const struct outside *o, struct engine_process *e)
{
	return processes_find(&of(o)->processes, e);
}

static int send_to(const struct outside *o, struct engine_process *e,
		   const struct msg_out *m, int handle)
{
	return processes_send(&of(o)->processes, e, m, handle);
}

static int end(const struct outside *o, struct engine_process *e)
{
	return processes_kill(&of(o)->processes, e);
}

static void hang_up(const struct outside *o, struct engine_process *e)
{
	processes_hang_up(&of(o)->processes, e);
}

static void retire(const struct outside *o, struct engine_process *e)
{
	processes_retire(&of(o)->processes, e);
}

static int make_page(const struct outside *o, int *handle,
		     const struct pulse **page)
{
	return pulse_make(handle, page);
}

static void free_page(const struct outside *o, const struct pulse *page)
{
	pulse_free(page);
}

static void look(const struct outside *o, pid_t pid, struct process_state *out)
{
	process_look(pid, out);
}

static uint64_t cpu(const struct outside *o, pid_t pid)
{
	return process_cpu(pid);
}

static uint64_t suspended(const struct outside *o)
{
	return process_suspended();
}

/* Workers -------------------------------------------------------------- */

static struct worker *step(const struct outside *o, struct step *s,
			   step_done *done, void *ctx)
{
	s->pid = (int)getpid();
	return step_start(&of(o)->workers, s, done, ctx);
}

static struct worker *resolve(const struct outside *o, const struct addr *addrs,
			      size_t n, resolve_done *done, void *ctx, int *err)
{
	return resolve_start(&of(o)->workers, addrs, n, done, ctx, err);
}

static void abandon(const struct outside *o, struct worker *w)
{
	worker_abandon(w);
}

/* Files ---------------------------------------------------------------- */

static int read_conf(const struct outside *o, struct report *r,
		     struct conf **out)
{
	return conf_load(of(o)->opt->conf, r, out);
}

static int bind_all(const struct outside *o, const char *const *keys, size_t n,
		    struct binding *out)
{
	struct report r = manager_report();

	return bindings_assign(of(o)->bindings, keys, n, &r, out);
}

static int put_target(const struct outside *o, const struct record_target *t)
{
	return records_put_target(of(o)->held, t);
}

static int put_disk(const struct outside *o, const struct record_disk *d)
{
	return records_put_disk(of(o)->held, d);
}

static void drop_target(const struct outside *o, unsigned bus, unsigned number)
{
	records_drop_target(of(o)->held, bus, number);
}

static void drop_disk(const struct outside *o, unsigned bus, unsigned number,
		      unsigned lun)
{
	records_drop_disk(of(o)->held, bus, number, lun);
}

static int put_seen(const struct outside *o, unsigned bus, unsigned number,
		    const char *name, const struct reported_fence *f)
{
	return seen_put(of(o)->seen, bus, number, name, f);
}

static bool get_seen(const struct outside *o, unsigned bus, unsigned number,
		     const char *name, struct reported_fence *f)
{
	return seen_get(of(o)->seen, bus, number, name, f);
}

/* What is left --------------------------------------------------------- */

struct looking {
	const struct outside_left *each;
	void *ctx;
	unsigned via;
};

static void on_found(void *ctx, const struct via_found *f)
{
	const struct looking *l = ctx;

	l->each->found(l->ctx, l->via, f);
}

/* -ENOENT: nothing was left. */
static void tell(void *ctx, const char *where, int err)
{
	if (err && err != -ENOENT)
		log_err(where,
			"cannot be looked through (%s): disks of a "
			"manager before this one may end",
			strerror(-err));
}

static void each_left(const struct outside *o, const struct outside_left *each,
		      void *ctx)
{
	const struct records_ops records = { each->target, each->disk };
	struct looking l = { each, ctx, 0 };
	const struct via_look look = { of(o)->opt, on_found, tell, &l };
	const struct via_ops *via;

	tell(NULL, of(o)->held, records_each(of(o)->held, &records, ctx));
	for (; (via = exporter_at(l.via)); l.via++)
		if (via->look)
			via->look(&look);
	service_kept(each->kept, ctx);
}

/* Handles -------------------------------------------------------------- */

static void keep(const struct outside *o, const char *disk, int handle)
{
	service_keep(disk, handle);
}

static void unkeep(const struct outside *o, const char *disk)
{
	service_drop(disk);
}

static void close_handle(const struct outside *o, int handle)
{
	close(handle);
}

static bool is_handle(const struct outside *o, const struct via_ops *via,
		      int handle)
{
	return via->is_handle(handle);
}

static bool is_started(const struct outside *o, const struct via_ops *via,
		       int number)
{
	return via->is_started(number);
}

static int open_handle(const struct outside *o, const struct via_ops *via,
		       int number)
{
	return via->open(number);
}

/* See via_ops.shared. */
static bool is_unread(const struct outside *o, int handle)
{
	struct pollfd p = { .fd = handle, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* Block devices -------------------------------------------------------- */

static void file_path(const struct outside *o, const char *disk, char *dst,
		      size_t size)
{
	lunfile_path(of(o)->opt, disk, dst, size);
}

static uint64_t size_of(const struct outside *o, const char *dev)
{
	return blockdev_size(dev);
}

static bool is_read_only(const struct outside *o, const char *dev)
{
	return blockdev_is_read_only(dev);
}

/* As iostat(1) has them. */
static bool has_io(const struct outside *o, const char *dev)
{
	char path[LINK_DEV_SIZE + 32], text[64];
	unsigned reads, writes;

	snprintf(path, sizeof(path), "/sys/block/%s/inflight", dev);
	return !sysfs_get(path, text, sizeof(text)) &&
	       sscanf(text, "%u %u", &reads, &writes) == 2 && reads + writes;
}

static int link_disk(const struct outside *o, const struct link_place *at,
		     const char *dev)
{
	return links_make(at, dev);
}

static int publish(const struct outside *o, const struct udev_disk *u,
		   const char *dev, const uint32_t *parts, size_t nparts)
{
	int err = udev_put(of(o)->opt->rundir, dev, u);

	udev_announce(dev, parts, nparts);
	return err;
}

static void hide(const struct outside *o, const struct link_place *at,
		 const char *dev)
{
	links_remove(at, dev);
	udev_drop(of(o)->opt->rundir, dev);
}

static int watch(const struct outside *o, const char *dev)
{
	char path[LINK_DEV_SIZE + 5];

	snprintf(path, sizeof(path), "/dev/%s", dev);
	return watch_add(&of(o)->watch, path);
}

static void unwatch(const struct outside *o, int id)
{
	watch_remove(&of(o)->watch, id);
}

/* The process ---------------------------------------------------------- */

static bool is_sole(const struct outside *o, const char *initiator)
{
	struct linux_side *l = of(o);

	if (l->name_fd >= 0)
		return true;
	l->name_fd = daemon_take_name(initiator);
	if (l->name_fd != -EADDRINUSE)
		return true; /* as far as can be known */
	if (!l->told_other)
		log_warn(NULL,
			 "another daemon of this host is %s, too: how targets "
			 "treat old sessions is not looked at",
			 initiator);
	l->told_other = true;
	return false;
}

static void ready(const struct outside *o, int status)
{
	daemon_ready(status);
}

static void over(const struct outside *o)
{
	io_loop_stop(of(o)->loop);
}

static const struct outside outside = {
	.now = now,
	.date = date,
	.set_timer = set_timer,
	.clear_timer = clear_timer,
	.start = start,
	.find = find,
	.send = send_to,
	.kill = end,
	.hang_up = hang_up,
	.retire = retire,
	.make_page = make_page,
	.free_page = free_page,
	.look = look,
	.cpu = cpu,
	.suspended = suspended,
	.step = step,
	.resolve = resolve,
	.abandon = abandon,
	.read_conf = read_conf,
	.bind = bind_all,
	.put_target = put_target,
	.put_disk = put_disk,
	.drop_target = drop_target,
	.drop_disk = drop_disk,
	.put_seen = put_seen,
	.get_seen = get_seen,
	.each_left = each_left,
	.keep = keep,
	.unkeep = unkeep,
	.close = close_handle,
	.is_handle = is_handle,
	.is_started = is_started,
	.open = open_handle,
	.is_unread = is_unread,
	.file_path = file_path,
	.size = size_of,
	.is_read_only = is_read_only,
	.has_io = has_io,
	.link = link_disk,
	.publish = publish,
	.hide = hide,
	.watch = watch,
	.unwatch = unwatch,
	.is_sole = is_sole,
	.ready = ready,
	.over = over,
};

void linux_init(struct linux_side *l, const struct options *opt)
{
	memset(l, 0, sizeof(*l));
	l->out = outside;
	l->opt = opt;
	l->watch.fd = l->name_fd = -1;
}

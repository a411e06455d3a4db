/*
 * side - the outside of the manager's core, in this world.
 */
#include <errno.h>
#include <stdio.h>

#include "host_side.h"
#include "iscsid/host/process.h"
#include "kdev.h"
#include "kernel.h"
#include "records.h"
#include "sim.h"

#define DATE 1800000000 /* s: when each world begins */

static uint64_t now(const struct outside *o)
{
	return sim_ms();
}

static time_t date(const struct outside *o)
{
	return DATE + (time_t)(sim.now / SEC);
}

static void set_timer(const struct outside *o, struct io_timer *t, uint64_t ms)
{
	side_set_timer(t, ms);
}

static void clear_timer(const struct outside *o, struct io_timer *t)
{
	side_clear_timer(t);
}

/* Engines ------------------------------------------------------------- */

static int start(const struct outside *o, struct engine_process *e)
{
	return side_is_dead() ? -EAGAIN : side_start(e);
}

static int find(const struct outside *o, struct engine_process *e)
{
	return side_is_dead() ? -ENOENT : side_find(e);
}

static int send_to(const struct outside *o, struct engine_process *e,
		   const struct msg_out *m, int handle)
{
	return side_is_dead() ? -EPIPE : side_send(m, handle);
}

static int end(const struct outside *o, struct engine_process *e)
{
	return side_is_dead() ? 0 : side_kill();
}

static void hang_up(const struct outside *o, struct engine_process *e)
{
	if (!side_is_dead())
		side_hang_up();
}

static void retire(const struct outside *o, struct engine_process *e)
{
}

static int make_page(const struct outside *o, int *handle,
		     const struct pulse **page)
{
	return -ENOSYS; /* engines are watched by their words */
}

static void free_page(const struct outside *o, const struct pulse *page)
{
}

static void look(const struct outside *o, pid_t pid, struct process_state *out)
{
	*out = (struct process_state){ .state = 'S' };
}

static uint64_t cpu(const struct outside *o, pid_t pid)
{
	return 0;
}

static uint64_t suspended(const struct outside *o)
{
	return 0;
}

/* Jobs ---------------------------------------------------------------- */

static struct worker *step(const struct outside *o, struct step *s,
			   step_done *done, void *ctx)
{
	return side_is_dead() ? NULL : kernel_step(s, done, ctx);
}

static struct worker *resolve(const struct outside *o, const struct addr *addrs,
			      size_t n, resolve_done *done, void *ctx, int *err)
{
	*err = 0;
	return side_is_dead() ? NULL : kernel_resolve(addrs, n, done, ctx);
}

static void abandon(const struct outside *o, struct worker *w)
{
	kernel_abandon(w);
}

/* Files --------------------------------------------------------------- */

static int read_conf(const struct outside *o, struct report *r,
		     struct conf **out)
{
	return files_conf(r, out);
}

static int bind_all(const struct outside *o, const char *const *keys, size_t n,
		    struct binding *out)
{
	if (!side_is_dead())
		return files_bind(keys, n, out);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct binding){ .error = -EIO };
	return -EIO;
}

static int put_target(const struct outside *o, const struct record_target *t)
{
	return side_is_dead() ? -EIO : files_put_target(t);
}

static int put_disk(const struct outside *o, const struct record_disk *d)
{
	return side_is_dead() ? -EIO : files_put_disk(d);
}

static void drop_target(const struct outside *o, unsigned bus, unsigned number)
{
	if (!side_is_dead())
		files_drop_target(number);
}

static void drop_disk(const struct outside *o, unsigned bus, unsigned number,
		      unsigned lun)
{
	if (!side_is_dead())
		files_drop_disk(number, lun);
}

static int put_seen(const struct outside *o, unsigned bus, unsigned number,
		    const char *name, const struct reported_fence *f)
{
	return side_is_dead() ? -EIO : files_put_seen(number, f);
}

static bool get_seen(const struct outside *o, unsigned bus, unsigned number,
		     const char *name, struct reported_fence *f)
{
	return files_get_seen(number, f);
}

static void each_left(const struct outside *o, const struct outside_left *each,
		      void *ctx)
{
	files_left(each, ctx);
	kernel_left(each, ctx);
}

/* Handles ------------------------------------------------------------- */

static void keep(const struct outside *o, const char *disk, int handle)
{
	if (!side_is_dead())
		kernel_keep(disk, handle);
}

static void unkeep(const struct outside *o, const char *disk)
{
	if (!side_is_dead())
		kernel_unkeep(disk);
}

static void close_handle(const struct outside *o, int handle)
{
	if (!side_is_dead())
		kernel_close(handle);
}

static bool is_handle(const struct outside *o, const struct via_ops *via,
		      int handle)
{
	return kernel_of(handle);
}

static bool is_started(const struct outside *o, const struct via_ops *via,
		       int number)
{
	return false;
}

static int open_handle(const struct outside *o, const struct via_ops *via,
		       int number)
{
	return -ENODEV;
}

static bool is_unread(const struct outside *o, int handle)
{
	return kernel_of(handle) && kdev_is_unread(kernel_of(handle));
}

/* Block devices ------------------------------------------------------- */

static void file_path(const struct outside *o, const char *disk, char *dst,
		      size_t size)
{
	snprintf(dst, size, "/lun/%s", disk);
}

static uint64_t size_of(const struct outside *o, const char *dev)
{
	return kernel_size(dev);
}

static bool is_read_only(const struct outside *o, const char *dev)
{
	return false;
}

static bool has_io(const struct outside *o, const char *dev)
{
	return kernel_has_io(dev);
}

static int link_disk(const struct outside *o, const struct link_place *at,
		     const char *dev)
{
	if (!side_is_dead())
		kernel_link(dev, true);
	return 0;
}

static int publish(const struct outside *o, const struct udev_disk *u,
		   const char *dev, const uint32_t *parts, size_t nparts)
{
	return 0;
}

static void hide(const struct outside *o, const struct link_place *at,
		 const char *dev)
{
	if (!side_is_dead())
		kernel_link(dev, false);
}

static int watch(const struct outside *o, const char *dev)
{
	return -1;
}

static void unwatch(const struct outside *o, int id)
{
}

/* The process --------------------------------------------------------- */

static bool is_sole(const struct outside *o, const char *initiator)
{
	return true;
}

static void ready(const struct outside *o, int status)
{
}

static void over(const struct outside *o)
{
	if (!side_is_dead())
		side_over();
}

const struct outside *side_outside(void)
{
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

	return &outside;
}

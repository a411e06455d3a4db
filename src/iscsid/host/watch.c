/*
 * watch - hears when a writer closes a block device.
 */
#include "iscsid/host/watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/list.h"

static void listen_on(struct watch *w)
{
	io_poll(w->loop, &w->op, w->fd, POLLIN);
}

/* Several closes of one device in a row are one piece of news. */
static void take(struct watch *w, size_t n)
{
	struct inotify_event ev;
	int last = -1;

	for (size_t at = 0; at + sizeof(ev) <= n; at += sizeof(ev) + ev.len) {
		memcpy(&ev, w->buf + at, sizeof(ev));
		if (ev.mask & IN_CLOSE_WRITE && ev.wd != last)
			w->written(w->ctx, ev.wd);
		last = ev.wd;
	}
}

static void on_event(struct io_op *op, int res)
{
	struct watch *w = container_of(op, struct watch, op);
	ssize_t n;

	if (w->fd < 0 || res < 0)
		return;
	while ((n = read(w->fd, w->buf, sizeof(w->buf))) > 0)
		take(w, (size_t)n);
	listen_on(w);
}

int watch_open(struct watch *w, struct io_loop *loop,
	       void (*written)(void *ctx, int id), void *ctx)
{
	w->loop = loop;
	w->op.fn = on_event;
	w->written = written;
	w->ctx = ctx;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0)
		return -errno;
	listen_on(w);
	return 0;
}

int watch_add(struct watch *w, const char *path)
{
	if (w->fd < 0)
		return -1;
	return inotify_add_watch(w->fd, path, IN_CLOSE_WRITE);
}

void watch_remove(struct watch *w, int id)
{
	if (w->fd >= 0 && id >= 0)
		(void)inotify_rm_watch(w->fd, id); /* it went with its file */
}

/*
 * server - the manager's end of the control socket.
 */
#include "ctl/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "ctl/chan.h"

#define ACCEPT_PAUSE 1000 /* ms, when there are no handles left */

struct ctl_server {
	struct io_loop *loop;
	ctl_request *request;
	void *ctx;
	int fd;
	struct io_op accept;
	bool accept_busy, closing;
	struct io_timer pause;
	struct list peers;
	unsigned npeers;
	struct sockaddr_un addr;
};

struct ctl_peer {
	struct ctl_server *server;
	struct list link;
	struct chan chan;
	struct io_timer idle;
	bool dropped;
	void (*gone)(void *ctx); /* set while an answer is owed */
	void *gone_ctx;
};

static void free_when_over(struct ctl_server *s)
{
	if (!s->closing || s->accept_busy || s->npeers)
		return;
	close(s->fd);
	free(s);
}

static void drop(struct ctl_peer *p)
{
	if (p->dropped)
		return;
	p->dropped = true;
	io_timer_cancel(p->server->loop, &p->idle);
	chan_close(&p->chan);
	if (p->gone)
		p->gone(p->gone_ctx);
	p->gone = NULL;
}

static void on_idle(struct io_timer *t)
{
	drop(container_of(t, struct ctl_peer, idle));
}

/* One timer for both limits: reading what waits, and asking something. */
static void watch_peer(struct ctl_peer *p)
{
	bool waits = chan_waiting(&p->chan) > 0;

	io_timer_after(p->server->loop, &p->idle,
		       waits ? CTL_READ_WITHIN : CTL_IDLE);
}

void ctl_answer(struct ctl_peer *p, const struct msg_out *m)
{
	if (p->dropped)
		return;
	if (chan_send(&p->chan, m, -1))
		drop(p);
}

void ctl_hold(struct ctl_peer *p, void (*gone)(void *ctx), void *ctx)
{
	p->gone = gone;
	p->gone_ctx = ctx;
}

void ctl_release(struct ctl_peer *p)
{
	p->gone = NULL;
}

static void refuse(struct ctl_peer *p, const char *text)
{
	static struct msg_out m;

	msg_begin(&m, "error");
	msg_str(&m, "text", text);
	ctl_answer(p, &m);
}

static void on_msg(struct chan *c, const struct msg_in *m, int fd)
{
	struct ctl_peer *p = container_of(c, struct ctl_peer, chan);

	if (fd >= 0)
		close(fd);
	if (p->gone)
		refuse(p, "the answer to the last request comes first");
	else if (!p->dropped)
		p->server->request(p->server->ctx, p, m);
	if (!p->dropped)
		watch_peer(p);
}

static void on_garbage(struct chan *c)
{
	refuse(container_of(c, struct ctl_peer, chan), "not a message");
}

static void on_end(struct chan *c, int err)
{
	drop(container_of(c, struct ctl_peer, chan));
}

static void on_closed(struct chan *c)
{
	struct ctl_peer *p = container_of(c, struct ctl_peer, chan);
	struct ctl_server *s = p->server;

	list_remove(&p->link);
	s->npeers--;
	free(p);
	free_when_over(s);
}

static const struct chan_ops peer_ops = { on_msg, on_garbage, on_end,
					  on_closed };

static void greet(struct ctl_peer *p)
{
	static struct msg_out m;

	msg_begin(&m, "hello");
	msg_u64(&m, "version", CTL_VERSION);
	msg_str(&m, "product", SOFTHBA_VERSION);
	ctl_answer(p, &m);
}

static void add_peer(struct ctl_server *s, int fd)
{
	struct ctl_peer *p;

	if (s->npeers >= CTL_CLIENTS) {
		close(fd);
		return;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		close(fd);
		return;
	}
	p->server = s;
	p->idle.fn = on_idle;
	list_push_back(&s->peers, &p->link);
	s->npeers++;
	chan_open(&p->chan, s->loop, fd, &peer_ops, CTL_QUEUE);
	greet(p);
	if (!p->dropped)
		watch_peer(p);
}

static void wait_client(struct ctl_server *s)
{
	s->accept_busy = true;
	io_poll(s->loop, &s->accept, s->fd, POLLIN);
}

static void after_pause(struct io_timer *t)
{
	wait_client(container_of(t, struct ctl_server, pause));
}

static void on_accept(struct io_op *op, int res)
{
	struct ctl_server *s = container_of(op, struct ctl_server, accept);
	int fd;

	s->accept_busy = false;
	if (s->closing) {
		free_when_over(s);
		return;
	}
	fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		add_peer(s, fd);
	/* Out of handles, the socket stays readable: do not spin on it. */
	if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED)
		io_timer_after(s->loop, &s->pause, ACCEPT_PAUSE);
	else
		wait_client(s);
}

static int listen_at(struct ctl_server *s)
{
	mode_t old;
	int err = 0;

	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0);
	if (s->fd < 0)
		return -errno;
	/* Whoever owns the run directory alone is here: the old one is dead. */
	(void)unlink(s->addr.sun_path); /* else bind() tells */
	old = umask(0177);
	if (bind(s->fd, (struct sockaddr *)&s->addr, sizeof(s->addr)) < 0 ||
	    listen(s->fd, CTL_CLIENTS) < 0)
		err = -errno;
	umask(old);
	if (err)
		close(s->fd);
	return err;
}

int ctl_server_open(struct io_loop *loop, const char *rundir, ctl_request *fn,
		    void *ctx, struct ctl_server **out)
{
	struct ctl_server *s = calloc(1, sizeof(*s));
	int err, n;

	if (!s)
		return -ENOMEM;
	s->addr.sun_family = AF_UNIX;
	n = snprintf(s->addr.sun_path, sizeof(s->addr.sun_path), "%s/%s",
		     rundir, CTL_SOCKET);
	err = n < (int)sizeof(s->addr.sun_path) ? listen_at(s) : -ENAMETOOLONG;
	if (err) {
		free(s);
		return err;
	}
	s->loop = loop;
	s->request = fn;
	s->ctx = ctx;
	s->accept.fn = on_accept;
	s->pause.fn = after_pause;
	list_init(&s->peers);
	wait_client(s);
	*out = s;
	return 0;
}

void ctl_server_close(struct ctl_server *s)
{
	struct list *pos, *tmp;

	if (!s)
		return;
	s->closing = true;
	(void)unlink(s->addr.sun_path); /* the next one takes it away */
	io_timer_cancel(s->loop, &s->pause);
	if (s->accept_busy)
		io_cancel(s->loop, &s->accept);
	list_for_each_safe (pos, tmp, &s->peers) {
		drop(container_of(pos, struct ctl_peer, link));
	}
	free_when_over(s);
}

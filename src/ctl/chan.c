/*
 * chan - a message socket in the loop, with a bounded queue of what could
 * not be sent yet.
 *
 * Waits with poll operations and moves the records with plain non-blocking
 * calls: control traffic is rare, and handles travel with it.
 */
#include "ctl/chan.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Records taken in one turn, so that a talkative peer cannot starve others. */
#define CHAN_BURST 32

struct record { /* one that waits in chan.out */
	struct list link;
	int fd; /* ours, or -1 */
	size_t len;
	char text[];
};

static void record_free(struct record *r)
{
	if (r->fd >= 0)
		close(r->fd);
	explicit_bzero(r->text, r->len); /* it may have been a secret */
	free(r);
}

static void drop_waiting(struct chan *c)
{
	struct list *n;

	while ((n = list_pop_front(&c->out)))
		record_free(container_of(n, struct record, link));
	c->out_bytes = 0;
}

/* The last operation came back: now nobody but the owner knows c. */
static void finish_close(struct chan *c)
{
	if (c->rx_busy || c->tx_busy)
		return;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->ops->closed(c);
}

static void end(struct chan *c, int err)
{
	if (c->ended)
		return;
	c->ended = true;
	drop_waiting(c);
	c->ops->end(c, err);
}

static void wait_readable(struct chan *c)
{
	c->rx_busy = true;
	io_poll(c->loop, &c->rx, c->fd, POLLIN);
}

/* Takes one record; false when there is nothing more to take now. */
static bool take_one(struct chan *c)
{
	/* One thread, and no callback comes back here: so one is enough. */
	static char text[MSG_MAX];
	struct msg_in m;
	int fd, n = msg_recv(c->fd, text, sizeof(text), &fd);

	if (n == -EAGAIN)
		return false;
	if (n == 0 || (n < 0 && n != -EMSGSIZE)) {
		end(c, n);
		return false;
	}
	if (n > 0 && msg_read(&m, text, (size_t)n) == 0) {
		c->ops->msg(c, &m, fd);
		return true;
	}
	if (fd >= 0)
		close(fd);
	c->ops->garbage(c);
	return true;
}

static void on_readable(struct io_op *op, int res)
{
	struct chan *c = container_of(op, struct chan, rx);

	c->rx_busy = false;
	c->in_rx = true;
	for (int i = 0; i < CHAN_BURST; i++) {
		if (c->closing || c->ended || !take_one(c))
			break;
	}
	c->in_rx = false;
	if (c->closing) {
		finish_close(c);
		return;
	}
	if (!c->ended)
		wait_readable(c);
}

static void wait_writable(struct chan *c)
{
	if (c->tx_busy)
		return;
	c->tx_busy = true;
	io_poll(c->loop, &c->tx, c->fd, POLLOUT);
}

/* msg_send() reads only text and len: a record stands in for a message. */
static int send_record(struct chan *c, const struct record *r)
{
	static struct msg_out m;

	memcpy(m.text, r->text, r->len);
	m.len = r->len;
	m.full = false;
	return msg_send(c->fd, &m, r->fd);
}

static void on_writable(struct io_op *op, int res)
{
	struct chan *c = container_of(op, struct chan, tx);
	struct record *r;
	int err = 0;

	c->tx_busy = false;
	if (c->closing) {
		finish_close(c);
		return;
	}
	while (!err && !list_empty(&c->out)) {
		r = container_of(c->out.next, struct record, link);
		err = send_record(c, r);
		if (err)
			break;
		list_remove(&r->link);
		c->out_bytes -= r->len;
		record_free(r);
	}
	if (err == -EAGAIN)
		wait_writable(c);
	else if (err)
		end(c, err);
}

void chan_open(struct chan *c, struct io_loop *loop, int fd,
	       const struct chan_ops *ops, size_t out_max)
{
	memset(c, 0, sizeof(*c));
	c->loop = loop;
	c->ops = ops;
	c->fd = fd;
	c->out_max = out_max;
	c->rx.fn = on_readable;
	c->tx.fn = on_writable;
	list_init(&c->out);
	wait_readable(c);
}

static int keep(struct chan *c, const struct msg_out *m, int fd)
{
	struct record *r;

	if (c->out_bytes + m->len > c->out_max)
		return -ENOBUFS;
	r = malloc(sizeof(*r) + m->len);
	if (!r)
		return -ENOMEM;
	r->fd = -1;
	if (fd >= 0) {
		r->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (r->fd < 0) {
			free(r);
			return -errno;
		}
	}
	r->len = m->len;
	memcpy(r->text, m->text, m->len);
	c->out_bytes += m->len;
	list_push_back(&c->out, &r->link);
	wait_writable(c);
	return 0;
}

int chan_send(struct chan *c, const struct msg_out *m, int fd)
{
	int err;

	if (c->closing || c->ended)
		return -EPIPE;
	if (m->full)
		return -EMSGSIZE;
	if (!list_empty(&c->out))
		return keep(c, m, fd);
	err = msg_send(c->fd, m, fd);
	return err == -EAGAIN ? keep(c, m, fd) : err;
}

size_t chan_waiting(const struct chan *c)
{
	return c->out_bytes;
}

/* Nothing is in flight: the owner still hears of the end from the loop. */
static void on_soon(struct io_op *op, int res)
{
	finish_close(container_of(op, struct chan, rx));
}

void chan_close(struct chan *c)
{
	if (c->closing)
		return;
	c->closing = true;
	drop_waiting(c);
	if (c->rx_busy)
		io_cancel(c->loop, &c->rx);
	if (c->tx_busy)
		io_cancel(c->loop, &c->tx);
	if (!c->rx_busy && !c->tx_busy && !c->in_rx) {
		c->rx.fn = on_soon;
		io_soon(c->loop, &c->rx);
	}
}

/*
 * loop - io/loop.h on the virtual clock, in place of src/io/loop.c.
 *
 * A turn is an event of the world.  As with io_uring, what is asked for in a
 * turn reaches the kernel at its end, and what is done is told in the next.
 */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "fds.h"
#include "heap.h"
#include "io/loop.h"
#include "sim.h"

struct done {
	struct list link;
	struct io_op *io;
	int res;
};

struct request { /* of the turn: an operation, or to cancel one */
	struct list link;
	struct op *op;
	int fd;
	struct io_op *cancel;
};

struct io_loop {
	struct timer_heap timers; /* ms */
	struct io_op *soon, **soon_end;
	unsigned nsoon;
	uint64_t now, turn; /* ms */
	bool stop;
};

/* Outside of the engine's memory: what the kernel has of it. */
static struct {
	struct io_loop *loop;
	struct list done, requests;
	struct io_timer turn;
	uint64_t not_before; /* us */
	unsigned strike_in;
	void (*strike)(void);
	void (*stopped)(void);
} ring;

static void run_turn(struct io_timer *t);

int io_loop_new(unsigned entries, unsigned flags, struct io_loop **out)
{
	struct io_loop *l = calloc(1, sizeof(*l));

	l->soon_end = &l->soon;
	l->now = sim_ms();
	*out = l;
	return 0;
}

void io_loop_free(struct io_loop *l)
{
	free(l);
}

struct io_loop *loop_new(void (*stopped)(void))
{
	heap_engine_in();
	io_loop_new(0, 0, &ring.loop);
	heap_engine_out();
	list_init(&ring.done);
	list_init(&ring.requests);
	ring.turn.fn = run_turn;
	ring.not_before = 0;
	ring.strike = NULL;
	ring.stopped = stopped;
	sim_after(&ring.turn, 0);
	return ring.loop;
}

void loop_kill(void)
{
	struct list *n;

	while ((n = list_pop_front(&ring.done)))
		world_free(container_of(n, struct done, link));
	while ((n = list_pop_front(&ring.requests))) {
		struct request *r = container_of(n, struct request, link);

		world_free(r->op);
		world_free(r);
	}
	sim_cancel(&ring.turn);
	ring.loop = NULL;
}

void loop_free(void)
{
	struct io_loop *l = ring.loop;

	loop_kill();
	io_loop_free(l);
}

/* When the engine would wake up by itself; us. */
static uint64_t next_turn(void)
{
	uint64_t due = timer_next(&ring.loop->timers);

	if (!list_empty(&ring.done) || ring.loop->soon)
		return sim.now + 1;
	return due == TIMER_NEVER ? TIMER_NEVER : due * MS;
}

static void plan_turn(uint64_t at)
{
	if (at < ring.not_before)
		at = ring.not_before;
	if (at == TIMER_NEVER)
		sim_cancel(&ring.turn);
	else if (!ring.turn.set || at < ring.turn.when)
		sim_at(&ring.turn, at);
}

void loop_complete(struct io_op *io, int res)
{
	struct done *d = world_alloc(sizeof(*d));

	d->io = io;
	d->res = res;
	list_push_back(&ring.done, &d->link);
	plan_turn(sim.now + dice_skewed(&sim.net, 1, 100));
}

void loop_stall(uint64_t us)
{
	ring.not_before = sim.now + us;
	if (ring.turn.set && ring.turn.when < ring.not_before)
		sim_at(&ring.turn, ring.not_before);
}

void loop_strike(unsigned n, void (*fn)(void))
{
	ring.strike_in = n;
	ring.strike = fn;
	if (fn)
		plan_turn(sim.now + 1);
}

/* A turn -------------------------------------------------------------- */

static bool is_struck(void)
{
	return ring.strike && ring.strike_in-- == 0;
}

static bool reap(void)
{
	struct list mine, *n;

	list_init(&mine);
	while ((n = list_pop_front(&ring.done)))
		list_push_back(&mine, n);
	while ((n = list_pop_front(&mine))) {
		struct done *d = container_of(n, struct done, link);
		struct io_op *io = d->io;
		int res = d->res;

		world_free(d);
		io->fn(io, res);
		if (is_struck()) {
			while ((n = list_pop_front(&mine)))
				world_free(container_of(n, struct done, link));
			return false;
		}
	}
	return true;
}

static bool run_soon(struct io_loop *l)
{
	unsigned n = l->nsoon;
	struct io_op *op;

	while (n-- > 0 && (op = l->soon)) {
		io_soon_cancel(l, op);
		op->fn(op, 0);
		if (is_struck())
			return false;
	}
	return true;
}

static void cancel(struct io_op *io)
{
	struct op *o = op_find(io);

	if (o)
		op_done(o, -ECANCELED);
}

/* What was asked for in this turn reaches the kernel. */
static void submit(void)
{
	struct list *n;

	while ((n = list_pop_front(&ring.requests))) {
		struct request *r = container_of(n, struct request, link);
		struct fd *fd = fd_find(r->fd);

		if (r->cancel) {
			cancel(r->cancel);
		} else if (!fd) {
			loop_complete(r->op->io, -EBADF);
			world_free(r->op);
		} else {
			r->op->fd = fd;
			list_push_back(&fd->pending, &r->op->link);
			fd->ops->start(fd, r->op);
		}
		world_free(r);
	}
}

static bool run_engine(struct io_loop *l)
{
	bool whole;

	heap_engine_in();
	l->turn++;
	l->now = sim_ms();
	timer_run(&l->timers, l->now);
	whole = !is_struck() && reap() && run_soon(l);
	heap_engine_out();
	return whole;
}

static void run_turn(struct io_timer *t)
{
	void (*strike)(void);

	if (!run_engine(ring.loop)) {
		strike = ring.strike;
		ring.strike = NULL;
		strike();
		return;
	}
	submit();
	if (!ring.loop->stop)
		plan_turn(next_turn());
	else
		ring.stopped();
}

/* io/loop.h ----------------------------------------------------------- */

const char *io_loop_strerror(int err)
{
	return strerror(-err);
}

int io_loop_run_once(struct io_loop *l, uint64_t max_wait)
{
	return -ENOSYS; /* the world runs it */
}

int io_loop_run(struct io_loop *l)
{
	return -ENOSYS;
}

void io_loop_stop(struct io_loop *l)
{
	l->stop = true;
}

uint64_t io_now(const struct io_loop *l)
{
	return l->now;
}

uint64_t io_turn(const struct io_loop *l)
{
	return l->turn;
}

void io_timer_set(struct io_loop *l, struct io_timer *t, uint64_t when)
{
	timer_set(&l->timers, t, when);
}

void io_timer_after(struct io_loop *l, struct io_timer *t, uint64_t ms)
{
	timer_set(&l->timers, t, l->now + ms);
}

void io_timer_cancel(struct io_loop *l, struct io_timer *t)
{
	timer_cancel(&l->timers, t);
}

void io_soon(struct io_loop *l, struct io_op *op)
{
	if (op->soon)
		return;
	op->soon = true;
	op->next = NULL;
	*l->soon_end = op;
	l->soon_end = &op->next;
	l->nsoon++;
}

void io_soon_cancel(struct io_loop *l, struct io_op *op)
{
	struct io_op **p;

	if (!op->soon)
		return;
	for (p = &l->soon; *p != op; p = &(*p)->next)
		;
	*p = op->next;
	if (!*p)
		l->soon_end = p;
	op->soon = false;
	l->nsoon--;
}

static struct request *ask(void)
{
	struct request *r = world_alloc(sizeof(*r));

	list_push_back(&ring.requests, &r->link);
	return r;
}

static struct op *ask_op(struct io_op *io, int fd, enum op_kind kind)
{
	struct request *r = ask();
	struct op *o = world_alloc(sizeof(*o));

	r->op = o;
	r->fd = fd;
	o->io = io;
	o->kind = kind;
	list_init(&o->link);
	return o;
}

static void ask_iov(struct io_op *io, int fd, enum op_kind kind,
		    const struct iovec *iov, size_t n)
{
	struct op *o = ask_op(io, fd, kind);

	o->iov = iov;
	o->n = n;
}

static void ask_one(struct io_op *io, int fd, enum op_kind kind, const void *p,
		    size_t n)
{
	struct op *o = ask_op(io, fd, kind);

	o->one = (struct iovec){ (void *)(uintptr_t)p, n };
	o->iov = &o->one;
	o->n = 1;
}

void io_read(struct io_loop *l, struct io_op *op, int fd, void *buf,
	     unsigned len, int64_t off)
{
	ask_one(op, fd, OP_KIND_READ, buf, len);
}

void io_write(struct io_loop *l, struct io_op *op, int fd, const void *buf,
	      unsigned len, int64_t off)
{
	ask_one(op, fd, OP_KIND_WRITE, buf, len);
}

void io_recvmsg(struct io_loop *l, struct io_op *op, int fd, struct msghdr *m,
		int flags)
{
	ask_iov(op, fd, OP_KIND_READ, m->msg_iov, m->msg_iovlen);
}

void io_sendmsg(struct io_loop *l, struct io_op *op, int fd,
		const struct msghdr *m, int flags)
{
	ask_iov(op, fd, OP_KIND_WRITE, m->msg_iov, m->msg_iovlen);
}

void io_connect(struct io_loop *l, struct io_op *op, int fd,
		const struct sockaddr *to, socklen_t len)
{
	ask_op(op, fd, OP_KIND_CONNECT)->to = to;
}

void io_accept(struct io_loop *l, struct io_op *op, int fd)
{
	ask_op(op, fd, OP_KIND_ACCEPT);
}

void io_poll(struct io_loop *l, struct io_op *op, int fd, unsigned events)
{
	ask_op(op, fd, OP_KIND_POLL)->events = events;
}

void io_cancel(struct io_loop *l, struct io_op *op)
{
	ask()->cancel = op;
}

/* No disk of the simulation is a ublk device. */
void io_command(struct io_loop *l, struct io_op *op, int fd, uint32_t command,
		const void *arg)
{
	loop_complete(op, -EOPNOTSUPP);
}

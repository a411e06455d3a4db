/*
 * kdev - the kernel's side of a FUSE handle (fs/fuse/dev.c).
 */
#include "kdev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fuse.h>
#include <string.h>

#include "fds.h"
#include "heap.h"
#include "sim.h"

/* Newer than the headers of Debian 12. */
#define HAS_RESEND     (1u << 7) /* of flags2: bit 39 */
#define NOTIFY_RESEND  7
#define UNIQUE_RESEND  (UINT64_C(1) << 63)
#define MAX_REQUEST    (1u << 20)
#define MAX_BACKGROUND 64

struct kdev {
	const char *name;
	struct list held;	/* not sent before INIT is over, or too many */
	struct list pending;	/* to be read by the engine */
	struct list processing; /* read, not answered */
	struct fd *fd;		/* that the engine reads from */
	unsigned fds, others;	/* handles */
	bool dead;
	uint64_t last_unique;
	bool ready;
	struct request init;
};

/* Requests as bytes --------------------------------------------------- */

struct message {
	struct fuse_in_header head;
	union {
		struct fuse_init_in init;
		struct fuse_read_in read;
		struct fuse_write_in write;
		struct fuse_fsync_in fsync;
		struct fuse_fallocate_in fallocate;
	};
};

static size_t body(const struct kdev *d, const struct request *r,
		   struct message *m)
{
	if (r == &d->init) {
		m->head.opcode = FUSE_INIT;
		m->init.major = FUSE_KERNEL_VERSION;
		m->init.minor = 40;
		m->init.flags = FUSE_ASYNC_READ | FUSE_BIG_WRITES |
				FUSE_ASYNC_DIO | FUSE_MAX_PAGES | FUSE_INIT_EXT;
		m->init.flags2 = HAS_RESEND;
		return sizeof(m->init);
	}
	switch (r->kind) {
	case REQ_READ:
		m->head.opcode = FUSE_READ;
		m->read.offset = r->off;
		m->read.size = (uint32_t)r->len;
		return sizeof(m->read);
	case REQ_WRITE:
		m->head.opcode = FUSE_WRITE;
		m->write.offset = r->off;
		m->write.size = (uint32_t)r->len;
		m->write.flags = r->fua ? O_DSYNC : 0;
		return sizeof(m->write);
	case REQ_FLUSH:
		m->head.opcode = FUSE_FSYNC;
		return sizeof(m->fsync);
	case REQ_ZERO:
	case REQ_PUNCH:
		m->head.opcode = FUSE_FALLOCATE;
		m->fallocate.offset = r->off;
		m->fallocate.length = r->len;
		m->fallocate.mode =
			FALLOC_FL_KEEP_SIZE |
			(r->kind == REQ_PUNCH ? FALLOC_FL_PUNCH_HOLE
					      : FALLOC_FL_ZERO_RANGE);
		return sizeof(m->fallocate);
	}
	return 0;
}

static void hand_out(struct kdev *d, struct op *o, struct request *r)
{
	struct message m;
	size_t n;

	memset(&m, 0, sizeof(m));
	n = sizeof(m.head) + body(d, r, &m);
	m.head.unique = r->unique;
	m.head.nodeid = FUSE_ROOT_ID;
	m.head.len = (uint32_t)n;
	if (r->kind == REQ_WRITE && r != &d->init)
		m.head.len += (uint32_t)r->len;
	op_put(o, 0, &m, n);
	if (m.head.len > n)
		op_put(o, n, r->data, r->len);
	list_remove(&r->link);
	list_push_back(&d->processing, &r->link);
	r->sent++;
	op_done(o, (int)m.head.len);
}

static void feed(struct kdev *d)
{
	struct op *o;

	while (d->fd && !list_empty(&d->pending) &&
	       (o = fd_pending(d->fd, OP_KIND_READ)))
		hand_out(d, o,
			 container_of(d->pending.next, struct request, link));
}

static unsigned length(const struct list *l)
{
	struct list *pos;
	unsigned n = 0;

	list_for_each (pos, l)
		n++;
	return n;
}

/* What may go to the engine does. */
static void push(struct kdev *d)
{
	struct list *l;

	while (d->ready &&
	       length(&d->pending) + length(&d->processing) < MAX_BACKGROUND &&
	       (l = list_pop_front(&d->held)))
		list_push_back(&d->pending, l);
	feed(d);
}

static void enqueue(struct kdev *d, struct request *r)
{
	r->unique = d->last_unique += 2;
	r->since = sim.now;
	r->sent = 0;
	if (r == &d->init)
		list_push_back(&d->pending, &r->link);
	else
		list_push_back(&d->held, &r->link);
	push(d);
}

void kdev_ask(struct kdev *d, struct request *r)
{
	list_init(&r->link);
	r->since = sim.now;
	if (d->dead) {
		r->done(r, -ENOTCONN, NULL, 0);
		return;
	}
	enqueue(d, r);
}

/* Answers ------------------------------------------------------------- */

static int resend(struct kdev *d)
{
	struct list *l;
	unsigned n = length(&d->processing);

	sim_trace(d->name, "%u requests are sent again", n);
	while (!list_empty(&d->processing)) {
		l = d->processing.prev;
		list_remove(l);
		container_of(l, struct request, link)->unique |= UNIQUE_RESEND;
		list_push_front(&d->pending, l);
	}
	feed(d);
	return 0;
}

static struct request *find(const struct kdev *d, uint64_t unique)
{
	struct list *pos;

	list_for_each (pos, &d->processing) {
		struct request *r = container_of(pos, struct request, link);

		if (r->unique == unique)
			return r;
	}
	return NULL;
}

static void init_done(struct request *r, int err, const uint8_t *data, size_t n)
{
	struct kdev *d = container_of(r, struct kdev, init);

	if (err)
		return;
	d->ready = true;
	sim_trace(d->name, "INIT is answered (%d)", err);
	push(d);
}

/* A body that does not fit the request is the engine's fault. */
static bool fits(const struct kdev *d, const struct request *r, size_t n)
{
	struct fuse_write_out out;

	if (r == &d->init)
		return n >= sizeof(struct fuse_init_out) || n == 64;
	if (r->kind == REQ_WRITE)
		return n == sizeof(out);
	return r->kind == REQ_READ ? n == r->len : n == 0;
}

static int answer(struct kdev *d, const struct op *o)
{
	static uint8_t data[MAX_REQUEST];
	struct fuse_out_header h;
	struct request *r;
	size_t n = op_room(o);

	if (n < sizeof(h))
		return -EINVAL;
	op_get(o, 0, &h, sizeof(h));
	if (h.len != n)
		return -EINVAL;
	if (h.unique == 0)
		return h.error == NOTIFY_RESEND ? resend(d) : -EINVAL;
	if (h.error > 0 || h.error <= -512)
		return -EINVAL;
	r = find(d, h.unique);
	if (!r)
		return -ENOENT;
	n -= sizeof(h);
	if (n > sizeof(data) || (!h.error && !fits(d, r, n))) {
		sim_fail(FIG_WRONG, "%s: an answer of %zu bytes does not fit",
			 d->name, n);
		return -EINVAL;
	}
	op_get(o, sizeof(h), data, n);
	list_remove(&r->link);
	r->done(r, h.error, data, n);
	push(d);
	return (int)(n + sizeof(h));
}

static void start(struct fd *fd, struct op *o)
{
	struct kdev *d = fd->obj;
	int res;

	if (o->kind == OP_KIND_READ) {
		feed(d);
	} else if (o->kind == OP_KIND_WRITE) {
		/* The answer is gone before what it sets off comes back. */
		res = answer(d, o);
		op_done(o, res);
	}
}

static void check_handles(struct kdev *d)
{
	if (d->fds || d->others || d->dead)
		return;
	sim_trace(d->name, "nobody has a handle any more");
	kdev_abort(d);
}

static void closed(struct fd *fd, bool killed)
{
	struct kdev *d = fd->obj;

	if (d->fd == fd)
		d->fd = NULL;
	d->fds--;
	check_handles(d);
}

static const struct fd_ops ops = { start, closed };

struct kdev *kdev_new(const char *name)
{
	struct kdev *d = world_alloc(sizeof(*d));

	d->name = name;
	list_init(&d->held);
	list_init(&d->pending);
	list_init(&d->processing);
	d->init.done = init_done;
	list_init(&d->init.link);
	enqueue(d, &d->init);
	return d;
}

int kdev_handle(struct kdev *d)
{
	d->fd = fd_new(&ops, d);
	d->fds++;
	return d->fd->number;
}

int kdev_dup(struct kdev *d)
{
	d->fds++;
	return fd_new(&ops, d)->number;
}

struct kdev *kdev_of(int handle)
{
	struct fd *fd = fd_find(handle);

	return fd && fd->ops == &ops ? fd->obj : NULL;
}

void kdev_get(struct kdev *d)
{
	d->others++;
}

void kdev_put(struct kdev *d)
{
	d->others--;
	check_handles(d);
}

bool kdev_is_unread(const struct kdev *d)
{
	return !list_empty(&d->pending);
}

static void abort_all(struct kdev *d, struct list *l)
{
	struct request *r;

	while (!list_empty(l)) {
		r = container_of(l->next, struct request, link);
		list_remove(&r->link);
		r->done(r, -ECONNABORTED, NULL, 0);
	}
}

void kdev_abort(struct kdev *d)
{
	d->ready = false;
	d->dead = true;
	abort_all(d, &d->processing);
	abort_all(d, &d->pending);
	abort_all(d, &d->held);
}

bool kdev_is_ready(const struct kdev *d)
{
	return d->ready;
}

unsigned kdev_waiting(const struct kdev *d)
{
	return length(&d->held) + length(&d->pending) + length(&d->processing);
}

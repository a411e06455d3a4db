/*
 * net - TCP as the engine and the targets see it.
 *
 * A wire has two flows of chunks, each with the time at which it arrives.
 * The engine's end is a handle (fds.h), the host's end a set of calls.
 */
#include "net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "config.h"
#include "fds.h"
#include "heap.h"
#include "net_flow.h"
#include "sim.h"

#define BUFFER (64u << 10) /* bytes in a flow */

#define FIRST_PORT 32768 /* of those the kernel gives */

struct list net_wires;

void net_init(void)
{
	paths_init();
	list_init(&net_wires);
}

/* Flows --------------------------------------------------------------- */

static struct chunk *first_of(const struct flow *f)
{
	return list_empty(&f->chunks)
		       ? NULL
		       : container_of(f->chunks.next, struct chunk, link);
}

void flow_drop_chunk(struct flow *f, struct chunk *c)
{
	f->bytes -= c->len - c->off;
	*(c->sent ? &f->in_net : &f->unsent) -= c->len - c->off;
	list_remove(&c->link);
	world_free(c);
}

void flow_drop_chunks(struct flow *f)
{
	struct chunk *c;

	while ((c = first_of(f)))
		flow_drop_chunk(f, c);
}

static uint64_t travel(const struct path *p)
{
	uint64_t t = p->latency + dice_skewed(&sim.net, 0, p->jitter);

	if (sim.now < p->spike_until)
		t += dice_between(&sim.net, 0, p->spike);
	return t;
}

void flow_plan(struct flow *f, const struct path *p)
{
	struct chunk *c = first_of(f);
	uint64_t at = c ? c->at : f->last;

	if (p->silent || f->mute || (!c && !f->ended))
		sim_cancel(&f->arrival);
	else
		sim_at(&f->arrival, at > sim.now ? at : sim.now);
}

uint64_t flow_arrival(struct flow *f, const struct path *p)
{
	uint64_t at = sim.now + travel(p);

	if (at < f->held_until)
		at = f->held_until;
	if (at < f->last)
		at = f->last;
	return f->last = at;
}

static struct chunk *new_chunk(struct flow *f, const struct path *p, size_t n)
{
	struct chunk *c = world_alloc(sizeof(*c) + n);

	c->len = n;
	f->bytes += n;
	list_push_back(&f->chunks, &c->link);
	flow_take(f, p, c);
	flow_plan(f, p);
	return c;
}

static void end_flow(struct flow *f, const struct path *p, int err)
{
	if (f->ended)
		return;
	f->ended = true;
	f->err = err;
	flow_arrival(f, p);
	flow_plan(f, p);
}

/* Wires --------------------------------------------------------------- */

static void to_host(struct io_timer *t);
static void to_engine(struct io_timer *t);
static void on_connecting(struct io_timer *t);

static struct wire *wire_new(struct path *p, struct fd *fd)
{
	struct wire *w = world_alloc(sizeof(*w));

	w->path = p;
	w->fd = fd;
	list_init(&w->up.chunks);
	list_init(&w->down.chunks);
	w->up.arrival.fn = to_host;
	w->down.arrival.fn = to_engine;
	w->connecting.fn = on_connecting;
	list_push_back(&net_wires, &w->link);
	return w;
}

static void free_when_over(struct wire *w)
{
	if (w->fd || w->hosted || w->connecting.set)
		return;
	flow_drop_chunks(&w->up);
	flow_drop_chunks(&w->down);
	sim_cancel(&w->up.arrival);
	sim_cancel(&w->down.arrival);
	list_remove(&w->link);
	world_free(w);
}

/* The host's end breaks. */
static void lose_host(struct wire *w)
{
	if (!w->hosted)
		return;
	w->hosted = false;
	w->path->host->gone(w);
	free_when_over(w);
}

/* Up: to the host ----------------------------------------------------- */

static void resume_writer(struct wire *w);

static void up_end(struct wire *w)
{
	sim_trace(w->path->name, "the initiator's end is gone (%s)",
		  w->up.err ? "reset" : "closed");
	lose_host(w);
}

/* Returns false when the host takes no more for now. */
static bool hand_over(struct wire *w, struct chunk *c)
{
	size_t n = c->len - c->off, took;

	if (!c->acked) {
		c->acked = true;
		w->up.acked += n;
	}
	if (dice_chance(&sim.net, 100))
		n = dice_between(&sim.net, 1, n);
	took = w->path->host->receive(w, c->data + c->off, n);
	c->off += took;
	w->up.bytes -= took;
	flow_gone(&w->up, w->path, took);
	if (c->off == c->len)
		flow_drop_chunk(&w->up, c);
	return took > 0;
}

static void to_host(struct io_timer *t)
{
	struct wire *w = container_of(t, struct wire, up.arrival);
	struct chunk *c = first_of(&w->up);

	if (!w->hosted) {
		flow_drop_chunks(&w->up);
		if (w->fd)
			end_flow(&w->down, w->path, -ECONNRESET);
		free_when_over(w);
		return;
	}
	if (c && !hand_over(w, c))
		return; /* until wire_more() */
	if (!c && w->up.ended) {
		up_end(w);
		return;
	}
	flow_plan(&w->up, w->path);
	resume_writer(w);
}

void wire_more(struct wire *w)
{
	flow_plan(&w->up, w->path);
}

/* Down: to the engine ------------------------------------------------- */

static bool has_arrived(const struct chunk *c)
{
	return c && c->at <= sim.now;
}

/* Fills the operation with what has arrived. */
static size_t take(struct wire *w, const struct op *o)
{
	size_t room = op_room(o), got = 0, n;
	struct chunk *c;

	if (dice_chance(&sim.net, 50))
		room = dice_between(&sim.net, 1, room);
	while (got < room && has_arrived(c = first_of(&w->down))) {
		n = c->len - c->off < room - got ? c->len - c->off : room - got;
		op_put(o, got, c->data + c->off, n);
		got += n;
		c->off += n;
		w->down.bytes -= n;
		w->down.in_net -= n;
		if (c->off == c->len)
			flow_drop_chunk(&w->down, c);
	}
	return got;
}

static void down_end(struct wire *w)
{
	struct op *o;

	while ((o = fd_pending(w->fd, OP_KIND_READ)))
		op_done(o, w->down.err);
	while (w->down.err && (o = fd_pending(w->fd, OP_KIND_WRITE)))
		op_done(o, w->down.err);
}

static bool at_end(const struct wire *w)
{
	return w->down.ended && !w->down.mute && list_empty(&w->down.chunks) &&
	       w->down.last <= sim.now;
}

static void feed(struct wire *w)
{
	struct op *o = fd_pending(w->fd, OP_KIND_READ);
	size_t n;

	if (o && has_arrived(first_of(&w->down)) && !w->path->silent &&
	    !w->down.mute) {
		n = take(w, o);
		op_done(o, (int)n);
		if (w->hosted)
			w->path->host->room(w);
	}
	if (at_end(w))
		down_end(w);
}

/* What is there already waits for a read, not for a time. */
static void plan_down(struct wire *w)
{
	if (!has_arrived(first_of(&w->down)))
		flow_plan(&w->down, w->path);
}

static void to_engine(struct io_timer *t)
{
	struct wire *w = container_of(t, struct wire, down.arrival);

	if (!w->fd) { /* answered with a reset */
		flow_drop_chunks(&w->down);
		lose_host(w);
		return;
	}
	feed(w);
	plan_down(w);
	if (at_end(w))
		sim_cancel(&w->down.arrival);
}

/* The engine's calls -------------------------------------------------- */

static void accept_write(struct wire *w, struct op *o)
{
	size_t n = op_room(o), room = BUFFER - w->up.bytes, at = 0, part;

	if (n > room)
		n = room;
	if (n == 0)
		return; /* waits */
	if (dice_chance(&sim.net, 100))
		n = dice_between(&sim.net, 1, n);
	while (at < n && !w->up.ended) { /* else it vanishes */
		part = n - at;
		if (part > 1 && dice_chance(&sim.net, 200))
			part = dice_between(&sim.net, 1, part);
		op_get(o, at, new_chunk(&w->up, w->path, part)->data, part);
		at += part;
	}
	w->up.taken += n - at;
	op_done(o, (int)n);
}

static void resume_writer(struct wire *w)
{
	struct op *o = w->fd ? fd_pending(w->fd, OP_KIND_WRITE) : NULL;

	if (o && w->up.bytes < BUFFER)
		accept_write(w, o);
}

static void from_sockaddr(const struct sockaddr *sa, struct addr *a)
{
	const struct sockaddr_in *in = (const void *)sa;

	memset(a, 0, sizeof(*a));
	a->tag = -1;
	inet_ntop(AF_INET, &in->sin_addr, a->host, sizeof(a->host));
	a->port = ntohs(in->sin_port);
}

/*
 * A SYN between the ends of a connection that the host has: it asks, the
 * engine's kernel knows of none and resets it, and repeats the SYN.
 */
static void end_older(struct wire *w)
{
	struct wire *old = wire_of_same_ends(w);

	if (!old)
		return;
	sim_trace(w->path->name, "another connection takes its place");
	flow_drop_chunks(&old->up);
	lose_host(old);
}

/* A SYN came, or is repeated. */
static void on_connecting(struct io_timer *t)
{
	struct wire *w = container_of(t, struct wire, connecting);
	struct op *o;

	if (!w->fd) {
		free_when_over(w);
		return;
	}
	if (w->path->silent) {
		sim_after(t, SEC);
		return;
	}
	if (sim.now < w->up.held_until) {
		sim_at(t, w->up.held_until);
		return;
	}
	o = fd_pending(w->fd, OP_KIND_CONNECT);
	end_older(w);
	if (!w->path->refusing && w->path->host->accept(w->path, w)) {
		w->hosted = w->established = true;
		if (o)
			op_done(o, 0);
	} else if (o) {
		op_done(o, -ECONNREFUSED);
	}
}

static uint16_t next_port(void)
{
	static uint16_t port;

	port = port < FIRST_PORT ? FIRST_PORT : port + 1;
	return port;
}

static void start_connect(struct fd *fd, struct op *o)
{
	struct addr a;
	struct path *p;
	struct wire *w;

	from_sockaddr(o->to, &a);
	p = net_path_find(&a);
	if (!p) {
		sim_trace("net", "nobody has %s", a.host);
		op_done(o, -EHOSTUNREACH);
		return;
	}
	w = wire_new(p, fd);
	w->port = fd->port = fd->port ? fd->port : next_port();
	if (config.nat)
		w->port = next_port();
	w->up.window = config.window;
	net_queue_of(w);
	fd->obj = w;
	sim_after(&w->connecting, 2 * travel(p));
}

static void socket_start(struct fd *fd, struct op *o)
{
	struct wire *w = fd->obj;

	switch (o->kind) {
	case OP_KIND_CONNECT:
		start_connect(fd, o);
		break;
	case OP_KIND_READ:
		feed(w);
		plan_down(w);
		break;
	case OP_KIND_WRITE:
		if (w->down.ended && at_end(w) && w->down.err)
			op_done(o, -EPIPE);
		else
			accept_write(w, o);
		break;
	case OP_KIND_ACCEPT:
	case OP_KIND_POLL:
		break;
	}
}

static void socket_close(struct fd *fd, bool killed)
{
	struct wire *w = fd->obj;

	if (!w)
		return;
	w->fd = NULL;
	flow_drop_chunks(&w->down);
	sim_cancel(&w->down.arrival);
	if (fd->linger0)
		wire_reset_up(w);
	else
		end_flow(&w->up, w->path, 0);
	sim_trace(w->path->name, "closed by the engine, %zu bytes on their way",
		  w->up.bytes);
	free_when_over(w);
}

static const struct fd_ops socket_ops = { socket_start, socket_close };

struct fd *net_socket(void)
{
	return fd_new(&socket_ops, NULL);
}

/* The host's calls ---------------------------------------------------- */

void *wire_obj(const struct wire *w)
{
	return w->obj;
}

void wire_set_obj(struct wire *w, void *obj)
{
	w->obj = obj;
}

struct path *wire_path(const struct wire *w)
{
	return w->path;
}

size_t wire_room(const struct wire *w)
{
	return w->down.bytes < BUFFER ? BUFFER - w->down.bytes : 0;
}

void wire_send(struct wire *w, const void *p, size_t n)
{
	const uint8_t *at = p;
	size_t part;

	while (n > 0 && !w->down.ended) { /* else it vanishes */
		part = n;
		if (n > 1 && dice_chance(&sim.net, 100))
			part = dice_between(&sim.net, 1, n);
		memcpy(new_chunk(&w->down, w->path, part)->data, at, part);
		at += part;
		n -= part;
	}
}

void wire_close(struct wire *w, enum wire_end how)
{
	w->hosted = false;
	w->obj = NULL;
	if (how == WIRE_MUTE)
		flow_drop_chunks(&w->down);
	else if (w->fd)
		end_flow(&w->down, w->path,
			 how == WIRE_RESET ? -ECONNRESET : 0);
	flow_drop_chunks(&w->up);
	free_when_over(w);
}

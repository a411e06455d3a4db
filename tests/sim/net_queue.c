/*
 * net_queue - what a kernel keeps of a connection, what it has given to the
 * network, and queues there that stand still.
 */
#include "net_flow.h"

#include <linux/tcp.h>
#include <errno.h>
#include <string.h>

#include "config.h"
#include "fds.h"
#include "sim.h"

/* pdu_fault.c holds a PDU for as long, at most. */
#define READ_LATE (4 * SEC)

/* The window ---------------------------------------------------------- */

static bool has_window(const struct flow *f, size_t n)
{
	return !f->window || !f->in_net || f->in_net + n <= f->window;
}

static void send_chunk(struct flow *f, const struct path *p, struct chunk *c)
{
	c->sent = true;
	c->in_flight = !p->silent;
	c->at = flow_arrival(f, p);
	f->in_net += c->len;
}

void flow_take(struct flow *f, const struct path *p, struct chunk *c)
{
	f->taken += c->len;
	if (!f->unsent && has_window(f, c->len))
		send_chunk(f, p, c);
	else
		f->unsent += c->len;
}

static struct chunk *first_unsent(const struct flow *f)
{
	struct list *pos;

	list_for_each (pos, &f->chunks) {
		struct chunk *c = container_of(pos, struct chunk, link);

		if (!c->sent)
			return c;
	}
	return NULL;
}

void flow_gone(struct flow *f, const struct path *p, size_t n)
{
	struct chunk *c;

	f->in_net -= n;
	while (f->unsent && (c = first_unsent(f)) && has_window(f, c->len)) {
		f->unsent -= c->len;
		send_chunk(f, p, c);
	}
}

/* Queues that stand still --------------------------------------------- */

void flow_hold(struct flow *f, const struct path *p, uint64_t until)
{
	struct list *pos;

	if (f->held_until < sim.now)
		f->held_since = sim.now;
	if (f->held_until < until)
		f->held_until = until;
	list_for_each (pos, &f->chunks) {
		struct chunk *c = container_of(pos, struct chunk, link);

		if (c->sent && c->at > sim.now && c->at < until)
			c->at = until;
	}
	if (f->last > sim.now && f->last < until)
		f->last = until;
	flow_plan(f, p);
}

/* What nobody repeats does not outlive such a queue. */
static void hold_wire(struct wire *w, uint64_t until)
{
	if (w->up.latest && w->up.latest < until) {
		flow_drop_chunks(&w->up);
		w->up.ended = false;
		return;
	}
	flow_hold(&w->up, w->path, until);
}

void wire_stall(struct wire *w, uint64_t us)
{
	sim_trace(w->path->name,
		  "a connection's queue stands still for %llu ms, with %zu "
		  "bytes",
		  (unsigned long long)(us / MS), w->up.in_net);
	hold_wire(w, sim.now + us);
}

void path_stall(struct path *p, uint64_t us, bool both_ways)
{
	uint64_t until = sim.now + us;
	struct list *pos;

	sim_trace(p->name, "its queue stands still for %llu ms",
		  (unsigned long long)(us / MS));
	if (p->held_until < until)
		p->held_until = until;
	list_for_each (pos, &net_wires) {
		struct wire *w = container_of(pos, struct wire, link);

		if (w->path != p)
			continue;
		hold_wire(w, until);
		if (both_ways)
			flow_hold(&w->down, p, until);
	}
}

void net_queue_of(struct wire *w)
{
	const struct wire *old = wire_of_same_ends(w);

	w->up.held_until = w->path->held_until;
	if (old && old->up.held_until > w->up.held_until)
		w->up.held_until = old->up.held_until;
}

struct wire *wire_of_same_ends(const struct wire *w)
{
	struct list *pos;

	list_for_each (pos, &net_wires) {
		struct wire *o = container_of(pos, struct wire, link);

		if (o != w && o->path == w->path && o->port == w->port &&
		    o->hosted)
			return o;
	}
	return NULL;
}

/* Resets -------------------------------------------------------------- */

/* A target may take READ_LATE to read what came. */
static uint64_t latest(void)
{
	uint64_t most = config.fence_timeout * MS;

	if (config.beyond)
		return UINT64_MAX;
	if (config.pdu_rate)
		most -= most < READ_LATE ? most : READ_LATE;
	return sim.now + most;
}

/* Some queues are long, for once. */
static void maybe_late(struct wire *w)
{
	if (dice_chance(&sim.fence, config.late))
		flow_hold(&w->up, w->path,
			  sim.now + dice_skewed(&sim.fence, 0,
						config.fence_timeout * MS));
}

/* A gap is filled by nobody, and what is behind it is of no use. */
static void drop_lost(struct flow *f, bool keep, uint32_t of_1000)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &f->chunks) {
		struct chunk *c = container_of(pos, struct chunk, link);

		keep = keep && c->sent && c->in_flight && c->at <= latest() &&
		       !dice_chance(&sim.net, of_1000);
		if (!keep)
			flow_drop_chunk(f, c);
	}
}

void wire_reset_up(struct wire *w)
{
	struct flow *f = &w->up;
	bool silent = w->path->silent || f->mute;
	bool keep = dice_chance(&sim.net, 500);

	maybe_late(w);
	if (f->held_until > sim.now) /* a queue mostly keeps what it has */
		drop_lost(f, !silent && dice_chance(&sim.fence, 900), 1);
	else
		drop_lost(f, !silent && keep, 100);
	flow_arrival(f, w->path);
	/* Else nobody tells the host. */
	f->ended = !silent && f->last <= latest();
	f->err = -ECONNRESET;
	f->latest = latest();
	flow_plan(f, w->path);
}

/* What the kernel tells of it ----------------------------------------- */

static uint8_t unanswered(const struct wire *w)
{
	uint64_t n, since = sim.now;

	if (w->path->silent)
		since = w->path->silent_since;
	else if (sim.now < w->up.held_until)
		since = w->up.held_since;
	n = (sim.now - since) / SEC;
	return n < UINT8_MAX ? (uint8_t)n : UINT8_MAX;
}

size_t net_tcp_info(const struct fd *fd, void *dst, size_t n)
{
	const struct wire *w = fd->obj;
	struct tcp_info i = { 0 };

	if (w) {
		i.tcpi_probes = unanswered(w);
		/* The SYN counts: as Linux has it. */
		i.tcpi_bytes_acked = w->up.acked + w->established;
		i.tcpi_bytes_sent = w->up.taken - w->up.unsent;
		i.tcpi_notsent_bytes = (uint32_t)w->up.unsent;
		i.tcpi_unacked =
			(uint32_t)((i.tcpi_bytes_sent - w->up.acked + 1459) /
				   1460);
	}
	if (n > sizeof(i))
		n = sizeof(i);
	memcpy(dst, &i, n);
	return n;
}

int net_outq(const struct fd *fd)
{
	const struct wire *w = fd->obj;

	return w ? (int)(w->up.taken - w->up.acked) : 0;
}

/*
 * path - what goes wrong between the engine and a portal: cuts and silence.
 */
#include "net_flow.h"

#include <errno.h>

#include "sim.h"

#define RETRANSMIT (2 * SEC) /* after a silence, at most */

static struct list paths;

void paths_init(void)
{
	list_init(&paths);
}

/* Faults -------------------------------------------------------------- */

/* Keeps a random beginning of what is on its way. */
static void cut_flow(struct flow *f)
{
	size_t keep = dice_between(&sim.net, 0, f->in_net), n;
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &f->chunks) {
		struct chunk *c = container_of(pos, struct chunk, link);

		n = c->len - c->off;
		if (keep >= n) {
			keep -= n;
			continue;
		}
		f->bytes -= n - keep;
		*(c->sent ? &f->in_net : &f->unsent) -= n - keep;
		c->len = c->off + keep;
		keep = 0;
		if (c->len == c->off)
			flow_drop_chunk(f, c);
	}
	f->ended = true;
	f->err = dice_chance(&sim.net, 800) ? -ECONNRESET : -ETIMEDOUT;
	f->last = sim.now + dice_skewed(&sim.net, 0, 5 * SEC);
}

void wire_cut(struct wire *w)
{
	sim_trace(w->path->name, "cut: %zu bytes up, %zu down on their way",
		  w->up.bytes, w->down.bytes);
	cut_flow(&w->up);
	cut_flow(&w->down);
	flow_plan(&w->up, w->path);
	flow_plan(&w->down, w->path);
}

/* As when a firewall forgot it. */
void wire_mute(struct wire *w)
{
	sim_trace(w->path->name, "a connection is forgotten on the way");
	w->up.mute = w->down.mute = true;
	flow_plan(&w->up, w->path);
	flow_plan(&w->down, w->path);
}

struct wire *path_wire(struct path *p, uint32_t pick)
{
	struct wire *found = NULL;
	struct list *pos;

	list_for_each (pos, &net_wires) {
		struct wire *w = container_of(pos, struct wire, link);

		if (w->path != p || !w->established || w->up.ended)
			continue;
		found = w;
		if (pick-- == 0)
			break;
	}
	return found;
}

/* Paths --------------------------------------------------------------- */

static void on_heal(struct io_timer *t)
{
	path_heal(container_of(t, struct path, heal));
}

void net_path_add(struct path *p)
{
	p->heal.fn = on_heal;
	list_push_back(&paths, &p->link);
}

struct path *net_path_find(const struct addr *a)
{
	struct list *pos;

	list_for_each (pos, &paths) {
		struct path *p = container_of(pos, struct path, link);

		if (addr_same(&p->addr, a))
			return p;
	}
	return NULL;
}

/* What was sent before a reset is repeated by nobody: it is lost. */
static void silence(struct wire *w)
{
	sim_cancel(&w->up.arrival);
	sim_cancel(&w->down.arrival);
	if (w->fd || !w->up.err)
		return;
	flow_drop_chunks(&w->up);
	w->up.ended = false;
}

void path_silence(struct path *p, uint64_t us)
{
	struct list *pos;

	sim_trace(p->name, "silent for %llu ms", (unsigned long long)(us / MS));
	if (!p->silent)
		p->silent_since = sim.now;
	p->silent = true;
	list_for_each (pos, &net_wires) {
		struct wire *w = container_of(pos, struct wire, link);

		if (w->path == p)
			silence(w);
	}
	sim_after(&p->heal, us);
}

static void repeat(struct flow *f, const struct path *p)
{
	uint64_t at = sim.now + dice_skewed(&sim.net, 0, RETRANSMIT);
	struct list *pos;

	list_for_each (pos, &f->chunks) {
		struct chunk *c = container_of(pos, struct chunk, link);

		c->in_flight = true;
		if (c->at < at)
			c->at = at;
	}
	if (f->last < at)
		f->last = at;
	flow_plan(f, p);
}

void path_heal(struct path *p)
{
	struct list *pos;

	if (!p->silent)
		return;
	sim_cancel(&p->heal);
	sim_trace(p->name, "heard again");
	p->silent = false;
	list_for_each (pos, &net_wires) {
		struct wire *w = container_of(pos, struct wire, link);

		if (w->path != p)
			continue;
		repeat(&w->up, p);
		repeat(&w->down, p);
	}
}

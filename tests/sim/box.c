/*
 * box - a machine that is a target.
 */
#include "box.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "heap.h"
#include "sim.h"
#include "target/conn.h"

#define VALUES 1000000 /* of a disk: none is another's, too */

struct box boxes[MAX_BOXES];
void (*box_started)(struct box *b);

static struct box *box_of(const struct wire *w)
{
	return wire_path(w)->obj;
}

void box_touch(struct box *b)
{
	if (b->t && !b->pump.set)
		sim_after(&b->pump, 0);
}

/* The library's wishes ------------------------------------------------ */

static void on_random(void *ctx, void *dst, size_t n)
{
	uint8_t *p = dst;

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(dice_roll(&sim.net) >> 32);
}

static void on_kick(void *ctx, struct tgt_conn *c)
{
	box_touch(ctx);
}

static void on_note(void *ctx, int level, const char *line)
{
	sim_trace(((struct box *)ctx)->name, "%s", line);
}

static const struct tgt_ops tgt_ops = { on_random, on_kick, on_note };

/* Bytes --------------------------------------------------------------- */

static void send_some(struct tgt_conn *c, struct wire *w)
{
	struct iovec iov[TGT_TX_IOV];
	size_t room, n;
	int count;

	while ((room = wire_room(w)) > 0) {
		count = tgt_conn_tx_want(c, iov, TGT_TX_IOV);
		if (count == 0)
			return;
		n = iov[0].iov_len < room ? iov[0].iov_len : room;
		wire_send(w, iov[0].iov_base, n);
		tgt_conn_tx_done(c, n, sim_ms());
	}
}

static void settle(struct box *b, struct tgt_conn *c)
{
	struct wire *w = tgt_conn_owner(c);

	send_some(c, w);
	if (tgt_conn_over(c)) {
		tgt_conn_free(c, sim_ms());
		wire_close(w, WIRE_ORDERLY);
	} else {
		wire_more(w);
	}
}

static void plan_wake(struct box *b)
{
	uint64_t at = tgt_next_wake(b->t);

	if (at == UINT64_MAX)
		sim_cancel(&b->wake);
	else
		sim_at(&b->wake, at * MS);
}

static void on_pump(struct io_timer *t)
{
	struct box *b = container_of(t, struct box, pump);
	struct tgt_conn *c, *next;

	if (!b->t)
		return;
	for (c = tgt_conn_next(b->t, NULL); c; c = next) {
		next = tgt_conn_next(b->t, c);
		settle(b, c);
	}
	plan_wake(b);
}

static void on_wake(struct io_timer *t)
{
	struct box *b = container_of(t, struct box, wake);

	tgt_tick(b->t, sim_ms());
	box_touch(b);
	plan_wake(b);
}

/* The network's calls ------------------------------------------------- */

static bool on_accept(struct path *p, struct wire *w)
{
	struct box *b = p->obj;
	struct tgt_conn *c;

	if (!b->t)
		return false;
	c = tgt_conn_new(b->t, p->portal, &p->addr, p->name, sim_ms());
	tgt_conn_set_owner(c, w);
	wire_set_obj(w, c);
	plan_wake(b);
	return true;
}

static size_t on_receive(struct wire *w, const void *p, size_t n)
{
	size_t took = tgt_conn_rx(wire_obj(w), p, n, sim_ms());

	box_touch(box_of(w));
	return took;
}

static void on_gone(struct wire *w)
{
	struct box *b = box_of(w);

	tgt_conn_free(wire_obj(w), sim_ms());
	box_touch(b);
	plan_wake(b);
}

static void on_room(struct wire *w)
{
	box_touch(box_of(w));
}

static const struct net_host host = { on_accept, on_receive, on_gone, on_room };

/* Life ---------------------------------------------------------------- */

void box_lun_add(struct box *b, unsigned i)
{
	struct disk_of_box *d = &b->disks[i];
	struct tgt_lun_config cfg;
	struct tgt_lun *l;

	tgt_lun_defaults(&cfg);
	cfg.block_size = config.block_size;
	cfg.write_cache = config.write_cache;
	cfg.thin = config.thin;
	cfg.max_transfer = config.max_transfer;
	cfg.identity = 1000 + b->number * 100 + i + (d->exchanged ? 50 : 0);
	if (tgt_lun_add(b->tt, i,
			store_open(d->exchanged ? &d->other : &d->store), &cfg,
			&l))
		abort();
}

static void power_on(struct box *b)
{
	b->t = tgt_new(&tgt_ops, b);
	tgt_target_add(b->t, b->iqn, &b->tt);
	b->tt->wishes = config.wishes;
	b->tt->depth = config.depth;
	b->tt->ping_every = config.ping_every;
	b->tt->ping_timeout = 5000;
	b->tt->split_status = config.split_status;
	b->tt->no_residual = config.no_residual;
	b->tt->no_tmf = (uint16_t)config.no_tmf;
	b->tt->r2t_size = config.r2t_size;
	b->tt->duties = config.duties;
	b->tt->redirect = b->redirect;
	b->t->fault = &b->hook;
	for (unsigned i = 0; i < config.portals; i++)
		if (tgt_portal_add(b->t, &b->paths[i].addr) != (int)i)
			abort();
	for (unsigned i = 0; i < config.luns; i++)
		box_lun_add(b, i);
	if (box_started)
		box_started(b);
}

static void on_start(struct io_timer *t)
{
	struct box *b = container_of(t, struct box, start);

	sim_trace(b->name, "runs again");
	power_on(b);
	for (unsigned i = 0; i < config.portals; i++) {
		b->paths[i].refusing = false;
		path_heal(&b->paths[i]);
	}
}

static void drop_conns(struct box *b, bool power)
{
	struct tgt_conn *c;

	while ((c = tgt_conn_next(b->t, NULL))) {
		struct wire *w = tgt_conn_owner(c);

		tgt_conn_free(c, sim_ms());
		wire_close(w, power			    ? WIRE_MUTE
			      : dice_chance(&sim.dice, 500) ? WIRE_RESET
							    : WIRE_ORDERLY);
	}
}

static void cut_power(struct box *b)
{
	for (unsigned i = 0; i < config.luns; i++) {
		struct disk_of_box *d = &b->disks[i];

		store_power_cut(d->exchanged ? &d->other : &d->store);
		if (config.write_cache && !d->exchanged)
			model_power_cut(d->model);
	}
}

void box_restart(struct box *b, uint64_t us, bool power)
{
	if (!b->t)
		return;
	sim_trace(b->name, power ? "loses power" : "crashes");
	drop_conns(b, power);
	sim_cancel(&b->wake);
	sim_cancel(&b->pump);
	tgt_free(b->t);
	b->t = NULL;
	for (unsigned i = 0; i < config.portals; i++) {
		b->paths[i].refusing = !power;
		if (power)
			path_silence(&b->paths[i], us);
	}
	if (power)
		cut_power(b);
	sim_after(&b->start, us);
}

void box_exchange(struct box *b, unsigned lun)
{
	struct disk_of_box *d = &b->disks[lun];

	if (!b->t || d->exchanged)
		return;
	sim_trace(d->name, "is exchanged for another disk");
	d->exchanged = true;
	d->exchanged_at = sim_stamp();
	d->other.touched = false;
	box_restart(b, MS, false);
}

struct tgt_lun *box_lun(struct box *b, unsigned lun)
{
	return b->t ? tgt_lun_find(b->tt, lun) : NULL;
}

struct tgt_conn *box_conn(struct box *b, uint32_t pick)
{
	struct tgt_conn *c = NULL, *found = NULL;

	while (b->t && (c = tgt_conn_next(b->t, c))) {
		if (!tgt_conn_session(c))
			continue;
		found = c;
		if (pick-- == 0)
			break;
	}
	return found;
}

static void add_path(struct box *b, unsigned i)
{
	struct path *p = &b->paths[i];

	snprintf(p->name, sizeof(p->name), "t%u.p%u", b->number, i);
	snprintf(p->addr.host, sizeof(p->addr.host), "10.0.%u.%u",
		 b->number + 1, i + 1);
	p->addr.port = 3260;
	p->addr.tag = (int32_t)(1 + i % config.groups);
	p->host = &host;
	p->obj = b;
	p->portal = (int)i;
	p->latency = config.latency;
	p->jitter = config.jitter;
	net_path_add(p);
}

static void add_disk(struct box *b, unsigned i)
{
	struct disk_of_box *d = &b->disks[i];
	uint64_t room = (uint64_t)config.block_size * config.max_blocks;

	snprintf(d->name, sizeof(d->name), "t%u.d%u", b->number, i);
	store_init(&d->store, config.block_size,
		   (uint64_t)config.block_size * config.blocks, room);
	store_init(&d->other, config.block_size,
		   (uint64_t)config.block_size * config.blocks, room);
	d->model = model_new(d->name, config.block_size, config.max_blocks,
			     (b->number * MAX_LUNS + i) * VALUES);
}

static void box_init(struct box *b, unsigned number)
{
	memset(b, 0, sizeof(*b));
	b->number = number;
	snprintf(b->name, sizeof(b->name), "t%u", number);
	snprintf(b->iqn, sizeof(b->iqn), "iqn.2026-01.example:t%u", number);
	b->wake.fn = on_wake;
	b->pump.fn = on_pump;
	b->start.fn = on_start;
	b->script = tgt_script_new();
	b->hook.see = pdu_fault_see;
	for (unsigned i = 0; i < config.portals; i++)
		add_path(b, i);
	for (unsigned i = 0; i < config.luns; i++)
		add_disk(b, i);
	power_on(b);
}

void boxes_init(void)
{
	for (unsigned i = 0; i < config.boxes; i++)
		box_init(&boxes[i], i);
}

/*
 * fault - what goes wrong with networks, targets and engines, and when.
 *
 * A table of kinds; which of them a run may draw, and how often, its config
 * says.
 */
#include "fault.h"

#include <string.h>

#include "box.h"
#include "loop.h"
#include "host.h"
#include "pdu_fault.h"
#include "sim.h"
#include "target/conn.h"
#include "target/session.h"
#include "trouble.h"

static struct io_timer next;

/* Nothing is drawn while the first sessions come up. */
#define QUIET (500 * MS)

static struct box *any_box(void)
{
	return &boxes[dice_below(&sim.dice, config.boxes)];
}

static struct path *any_path(void)
{
	return &any_box()->paths[dice_below(&sim.dice, config.portals)];
}

static uint64_t skewed_ms(uint64_t a, uint64_t b)
{
	return dice_skewed(&sim.dice, a, b) * MS;
}

/* The network --------------------------------------------------------- */

static bool do_cut(void)
{
	struct wire *w = path_wire(any_path(), dice_below(&sim.dice, 3));

	if (w)
		wire_cut(w);
	return w;
}

static bool do_mute(void)
{
	struct wire *w = path_wire(any_path(), dice_below(&sim.dice, 3));

	if (w)
		wire_mute(w);
	return w;
}

static bool do_silence(void)
{
	struct path *p = any_path();

	if (p->silent)
		return false;
	path_silence(p, dice_chance(&sim.dice, 500)
				? skewed_ms(100, 40000)
				: dice_between(&sim.dice, 5 * SEC, 40 * SEC));
	return true;
}

static bool do_silence_all(void)
{
	struct box *b = any_box();
	uint64_t us = skewed_ms(100, 20000);

	for (unsigned i = 0; i < config.portals; i++)
		if (!b->paths[i].silent)
			path_silence(&b->paths[i], us);
	return true;
}

static bool do_spike(void)
{
	struct path *p = any_path();

	p->spike = skewed_ms(1, 5000);
	p->spike_until = sim.now + skewed_ms(100, 10000);
	sim_trace(p->name, "slow: up to %llu ms",
		  (unsigned long long)(p->spike / MS));
	return true;
}

static bool do_refuse(void)
{
	struct path *p = any_path();

	p->refusing = !p->refusing;
	sim_trace(p->name,
		  p->refusing ? "refuses connections" : "takes connections");
	return true;
}

/* Targets ------------------------------------------------------------- */

static bool do_crash(void)
{
	struct box *b = any_box();

	if (!b->t)
		return false;
	box_restart(b, skewed_ms(1, 15000), false);
	return true;
}

static bool do_power_cut(void)
{
	struct box *b = any_box();

	if (!b->t)
		return false;
	box_restart(b, skewed_ms(1, 15000), true);
	return true;
}

static bool do_drop(void)
{
	struct box *b = any_box();
	struct tgt_conn *c = box_conn(b, dice_below(&sim.dice, 3));

	if (!c)
		return false;
	sim_trace(b->name, "drops a connection");
	tgt_conn_drop(c);
	box_touch(b);
	return true;
}

static bool do_async(void)
{
	struct pdu_async m = { .event = (uint8_t)dice_below(&sim.dice, 5) };
	struct box *b = any_box();
	struct tgt_conn *c = box_conn(b, dice_below(&sim.dice, 3));

	if (!c)
		return false;
	m.param1 = (uint16_t)c->cid;
	m.param2 = (uint16_t)dice_below(&sim.dice, 4);
	m.param3 = (uint16_t)dice_below(&sim.dice, 10);
	if (m.event == 1) /* asks for a logout within so many seconds */
		m.param3 = 3;
	sim_trace(b->name, "sends asynchronous event %u", m.event);
	tgt_conn_async(c, &m, NULL, 0);
	box_touch(b);
	return true;
}

static bool do_ping(void)
{
	struct box *b = any_box();
	struct tgt_conn *c = box_conn(b, dice_below(&sim.dice, 3));

	if (c)
		tgt_conn_ping(c);
	box_touch(b);
	return c;
}

static bool do_window(void)
{
	struct box *b = any_box();
	struct tgt_conn *c = box_conn(b, dice_below(&sim.dice, 3));
	uint32_t depth = dice_below(&sim.dice, config.depth + 1);

	if (!c)
		return false;
	sim_trace(b->name, "window of %u", depth);
	tgt_conn_set_depth(c, depth);
	tgt_conn_tell_window(c);
	box_touch(b);
	return true;
}

static bool do_attention(void)
{
	struct box *b = any_box();
	struct tgt_lun *l = box_lun(b, dice_below(&sim.dice, config.luns));
	enum tgt_ua ua = (enum tgt_ua)dice_below(&sim.dice, TGT_UA_COUNT);

	if (!l)
		return false;
	sim_trace(b->name, "LUN %u: attention %d", l->number, ua);
	tgt_lun_attention(l, ua);
	return true;
}

static bool do_resize(void)
{
	struct box *b = any_box();
	struct tgt_lun *l = box_lun(b, dice_below(&sim.dice, config.luns));
	uint64_t blocks =
		dice_between(&sim.dice, config.blocks, config.max_blocks);

	if (!l)
		return false;
	sim_trace(b->name, "LUN %u has %llu blocks now", l->number,
		  (unsigned long long)blocks);
	tgt_lun_resize(l, blocks * config.block_size);
	return true;
}

static bool do_exchange(void)
{
	struct box *b = any_box();
	unsigned lun = dice_below(&sim.dice, config.luns);

	/* It is the end of that disk. */
	if (!b->t || !held[b->number][lun].device ||
	    !dice_chance(&sim.dice, 100))
		return false;
	box_exchange(b, lun);
	return true;
}

static bool is_known_by_name(const struct box *b, unsigned lun)
{
	const struct held *h = &held[b->number][lun];

	return b->t && h->device && h->named && !h->gone;
}

static void hide(struct tgt_pages *pages, unsigned code)
{
	pages->bits[code / 8] |= (uint8_t)(1u << code % 8);
}

/* With the list of pages or the one with the name nothing is said. */
static void draw_unsaid(struct tgt_pages *pages)
{
	hide(pages, dice_chance(&sim.dice, 500) ? 0x00 : 0x83);
	if (dice_chance(&sim.dice, 500))
		hide(pages, 0x80);
}

static bool do_lend(void)
{
	struct box *b = any_box();
	unsigned lun = dice_below(&sim.dice, config.luns);
	struct tgt_pages pages = { 0 };

	if (!is_known_by_name(b, lun) || b->disks[lun].back.set)
		return false;
	if (dice_chance(&sim.dice, 300))
		draw_unsaid(&pages);
	box_lend(b, lun, &pages, skewed_ms(1, 20000));
	return true;
}

static bool do_unsay(void)
{
	struct box *b = any_box();
	unsigned lun = dice_below(&sim.dice, config.luns);
	struct tgt_pages pages = { 0 };

	if (!is_known_by_name(b, lun))
		return false;
	draw_unsaid(&pages);
	box_unsay(b, lun, &pages, skewed_ms(1, 60000));
	if (dice_chance(&sim.dice, 700)) /* it is seen at a login */
		do_drop();
	return true;
}

static bool do_redirect(void)
{
	struct box *b = any_box();
	struct tgt_redirect *r = &b->redirect;

	r->on = !r->on;
	r->permanent = dice_chance(&sim.dice, 300);
	r->after_auth = dice_chance(&sim.dice, 500);
	r->times = dice_below(&sim.dice, 4) + 1;
	r->to = b->paths[dice_below(&sim.dice, config.portals)].addr;
	if (b->t)
		b->tt->redirect = *r;
	sim_trace(b->name, r->on ? "redirects" : "does not redirect");
	return true;
}

static bool do_refuse_login(void)
{
	static const uint16_t status[] = { 0x0300, 0x0301, 0x0302, 0x0203,
					   0x0201 };
	struct box *b = any_box();

	if (!b->t)
		return false;
	b->tt->refuse = b->tt->refuse ? 0 : status[dice_below(&sim.dice, 5)];
	sim_trace(b->name, "login status 0x%04x", b->tt->refuse);
	return true;
}

static bool do_storm(void)
{
	struct box *b = any_box();

	b->storm = pdu_fault_storm();
	b->storm_until = sim.now + skewed_ms(100, 20000);
	sim_trace(b->name, "%s for %llu ms", pdu_fault_name(b->storm),
		  (unsigned long long)((b->storm_until - sim.now) / MS));
	return true;
}

static bool do_hang(void)
{
	struct box *b = any_box();

	b->hangs_until = sim.now + skewed_ms(100, 90000);
	sim_trace(b->name, "hangs for %llu ms",
		  (unsigned long long)((b->hangs_until - sim.now) / MS));
	return true;
}

/* Engines ------------------------------------------------------------- */

static bool do_kill(void)
{
	host_kill_engine();
	return true;
}

static bool do_stall(void)
{
	uint64_t us = skewed_ms(1, 8000);

	sim_trace("engine", "does not run for %llu ms",
		  (unsigned long long)(us / MS));
	loop_stall(us);
	return true;
}

static bool do_deaf(void)
{
	host_deaf(skewed_ms(10, 5000));
	return true;
}

static bool do_switch(void)
{
	struct box *b = any_box();
	struct path *p = &b->paths[dice_below(&sim.dice, config.portals)];

	host_switch(b, p);
	return true;
}

static bool do_rescan(void)
{
	host_rescan();
	return true;
}

static const struct kind {
	const char *name;
	bool (*fn)(void);
} kinds[] = {
	{ "connection cut", do_cut },
	{ "connection forgotten", do_mute },
	{ "path silent", do_silence },
	{ "target unreachable", do_silence_all },
	{ "path slow", do_spike },
	{ "connections refused", do_refuse },
	{ "target crash", do_crash },
	{ "power cut", do_power_cut },
	{ "connection dropped", do_drop },
	{ "asynchronous message", do_async },
	{ "ping by the target", do_ping },
	{ "window change", do_window },
	{ "attention", do_attention },
	{ "resize", do_resize },
	{ "disk exchanged", do_exchange },
	{ "disk exchanged for a while", do_lend },
	{ "disk without a name", do_unsay },
	{ "storm of one answer", do_storm },
	{ "target hangs", do_hang },
	{ "redirection", do_redirect },
	{ "login refused", do_refuse_login },
	{ "engine killed", do_kill },
	{ "engine stalled", do_stall },
	{ "manager deaf", do_deaf },
	{ "portal switch", do_switch },
	{ "rescan", do_rescan },
};

_Static_assert(sizeof(kinds) / sizeof(kinds[0]) <= PDU_FAULT_FIRST,
	       "the figures of PDU faults come behind these");

unsigned fault_kinds(void)
{
	return sizeof(kinds) / sizeof(kinds[0]);
}

const char *fault_name(unsigned i)
{
	return kinds[i].name;
}

uint64_t fault_bit(const char *name)
{
	unsigned i = 0;

	while (strcmp(kinds[i].name, name) != 0)
		i++;
	return UINT64_C(1) << i;
}

static void on_next(struct io_timer *t)
{
	unsigned i = dice_below(&sim.dice, fault_kinds());

	if (config.kinds >> i & 1) {
		sim_trace("fault", "%s", kinds[i].name);
		if (kinds[i].fn())
			sim.figures->faults[i]++;
	}
	sim_after(t, dice_skewed(&sim.dice, 1, 2 * config.mean_gap));
}

/* Queues that stand still have a time and dice of their own. */

static struct io_timer next_stall;

static uint64_t stall_time(void)
{
	uint64_t w = config.fence_timeout * MS, us;

	switch (dice_below(&sim.fence, 4)) {
	case 0: /* about as long as can be borne */
		us = w - w / 16 + dice_between(&sim.fence, 0, w / 8);
		break;
	case 1:
		us = dice_skewed(&sim.fence, 100 * MS, 6 * SEC);
		break;
	default:
		us = dice_between(&sim.fence, SEC, 20 * SEC);
	}
	return us < config.stall_most ? us : config.stall_most;
}

static void on_stall(struct io_timer *t)
{
	struct box *b = &boxes[dice_below(&sim.fence, config.boxes)];
	struct path *p = &b->paths[dice_below(&sim.fence, config.portals)];
	struct wire *w = path_wire(p, dice_below(&sim.fence, 3));

	if (dice_chance(&sim.fence, 500))
		path_stall(p, stall_time(), dice_chance(&sim.fence, 300));
	else if (w)
		wire_stall(w, stall_time());
	sim_after(t, dice_between(&sim.fence, 1, 2 * config.stall_gap));
}

void faults_init(void)
{
	next.fn = on_next;
	next_stall.fn = on_stall;
	if (config.duration && config.stall_gap)
		sim_after(&next_stall, QUIET);
	if (config.duration)
		sim_after(&next, QUIET);
	troubles_init();
}

static void heal(struct box *b)
{
	b->redirect.on = false;
	b->storm_until = b->hangs_until = 0;
	for (unsigned i = 0; i < config.portals; i++) {
		path_heal(&b->paths[i]);
		b->paths[i].refusing = !b->t;
		b->paths[i].spike_until = 0;
	}
	if (b->t) {
		b->tt->refuse = 0;
		b->tt->redirect.on = false;
		for (struct tgt_conn *c = NULL; (c = tgt_conn_next(b->t, c));) {
			tgt_conn_set_depth(c, config.depth);
			tgt_conn_tell_window(c);
		}
		box_touch(b);
	}
	for (unsigned i = 0; i < config.luns; i++)
		if (b->disks[i].back.set)
			box_right(b, i);
	if (b->start.set)
		sim_after(&b->start, 0);
}

void faults_end(void)
{
	sim_trace("fault", "no more from here on");
	sim_cancel(&next);
	sim_cancel(&next_stall);
	config.pdu_rate = config.cmd_rate = 0;
	troubles_end();
	for (unsigned i = 0; i < config.boxes; i++)
		heal(&boxes[i]);
}

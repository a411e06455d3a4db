/*
 * fence - runs about writes that are late: targets that do not end old
 * sessions as they should, and networks that deliver what was given up.
 *
 * Drawn by dice of its own: what else a seed decides stays as it is.
 */
#include "config.h"

#include "fault.h"
#include "pdu_fault.h"
#include "sim.h"

static uint32_t pick(const uint32_t *list, size_t n)
{
	return list[dice_below(&sim.fence, (uint32_t)n)];
}

/* One of these. */
#define PICK(...)                                                              \
	pick((const uint32_t[]){ __VA_ARGS__ },                                \
	     sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* Few blocks, many writes, and nothing else that goes wrong. */
static void theme(unsigned groups)
{
	config.boxes = config.luns = 1;
	config.portals = 2;
	config.groups = groups;
	config.blocks = 16;
	config.overlap = 800;
	config.failover = true;
	config.threads = PICK(1, 4, 8);
	config.think = 30000;
	config.depth = 32;
	config.request_blocks = PICK(1, 8);
	if (dice_chance(&sim.fence, 800)) { /* whole writes in one PDU */
		config.immediate_data = true;
		config.wishes.immediate_data = 1;
		config.first_burst = config.wishes.first_burst = 65536;
		config.max_burst = config.wishes.max_burst = 65536;
		config.wishes.max_recv = 65536;
	}
	config.active_timeout = config.ping_timeout = 1000;
	config.connfail_timeout = config.disk_timeout = 0;
	config.no_tmf = 0;
	config.duration = 60 * SEC;
	config.mean_gap = SEC;
	config.kinds =
		dice_chance(&sim.fence, 500) ? fault_bit("engine killed") : 0;
	config.pdu_rate = 0;
	config.cmd_rate = PICK(0, 0, 20000, 200000);
	config.pdu_kinds = pdu_fault_bit("command slow");
	config.slow_least = 1;
	config.kill_at_move = PICK(0, 0, 300);
	config.stall_gap = 8 * SEC;
}

static void draw_reinstatement(struct tgt_duties *d)
{
	d->reinstate = PICK(TGT_REINSTATE_ALWAYS, TGT_REINSTATE_SECURITY,
			    TGT_REINSTATE_SECURITY, TGT_REINSTATE_LATE,
			    TGT_REINSTATE_NEVER);
	d->reinstate_after = PICK(100, 1000);
	d->any_group = PICK(0, 0, 1);
	d->run_on = PICK(0, 0, 1000, 20000);
}

static void draw_network(void)
{
	config.window = PICK(2048, 16384, 65536);
	config.late = PICK(0, 100, 500);
	config.nat = dice_chance(&sim.fence, 200);
	config.bind_refused = dice_chance(&sim.fence, 100);
	config.stall_most = 60 * SEC;
	config.fence_timeout =
		config.pdu_rate ? PICK(5000, 30000) : PICK(2000, 5000, 30000);
}

/* The other duties: one of them is not done. */

static void no_lun_reset(struct tgt_duties *d)
{
	d->lun_reset = dice_below(&sim.duty, TGT_ENDING_ARRIVED) + 1;
	d->tmf_hang = 5000;
	config.reset_timeout = 10000;
}

static void no_abort_task(struct tgt_duties *d)
{
	d->abort_task = dice_below(&sim.duty, TGT_ENDING_HANGS) + 1;
	d->tmf_hang = 5000;
	config.abort_timeout = 10000;
}

/* Nobody can help a flush of a cache then. */
static void no_sync(struct tgt_duties *d)
{
	d->no_sync = 1;
	config.write_cache = false;
}

/* Only a time limit ends it. */
static void no_r2t(struct tgt_duties *d)
{
	d->no_r2t = 20;
	config.task_timeout = 3000;
}

static void short_good(struct tgt_duties *d)
{
	d->short_good = 20;
}

/* It closes in half of the cases. */
static void no_security_stage(struct tgt_duties *d)
{
	d->auth_none = dice_chance(&sim.duty, 500) ? 1 : 0x0201;
}

/* Sessions of dead connections end only where it pings. */
static void few_sessions(struct tgt_duties *d)
{
	d->sessions = 1;
	config.ping_every = 2000;
}

static void draw_other_duty(void)
{
	static void (*const others[])(struct tgt_duties * d) = {
		no_lun_reset, no_abort_task, no_sync,		no_r2t,
		short_good,   few_sessions,  no_security_stage,
	};
	uint32_t what = dice_below(&sim.duty, 20);

	if (what < sizeof(others) / sizeof(*others))
		others[what](&config.duties);
}

void fence_draw(void)
{
	uint32_t what = dice_below(&sim.fence, 10);

	if (what < 3)
		theme(what < 2 ? 2 : 1);
	draw_network();
	if (what > 0 && what < 4)
		draw_reinstatement(&config.duties);
	if (what == 3)
		config.stall_gap = PICK(5, 20) * SEC;
	draw_other_duty();
	/* Then zeroes and trims go by UNMAP, or as writes. */
	config.duties.no_same = dice_chance(&sim.quirk, 250);
}

/*
 * config - what a run is like.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "fault.h"
#include "pdu_fault.h"
#include "sim.h"
#include "trouble.h"
#include "wire/pdu.h"

struct config config;

static const char *const digests[DIGEST_WORDS] = { "never", "prefer-off",
						   "prefer-on", "always" };

void config_calm(void)
{
	config = (struct config){
		.boxes = 1,
		.portals = 1,
		.groups = 1,
		.luns = 1,
		.block_size = 512,
		.blocks = 64,
		.max_blocks = 128,
		.depth = 32,
		.header_digest = "never",
		.data_digest = "never",
		.immediate_data = true,
		.failover = true,
		.max_recv = 131072,
		.first_burst = 262144,
		.max_burst = 262144,
		.login_timeout = 15000,
		.active_timeout = 5000,
		.idle_timeout = 60000,
		.ping_timeout = 5000,
		.abort_timeout = 10000,
		.reset_timeout = 30000,
		.reinstatement = "see",
		.knows_groups = true,
		.fence_timeout = 30000,
		.window = 65536,
		.latency = 100,
		.jitter = 100,
		.threads = 1,
		.think = 20 * MS,
		.zeroing = 12,
		.slow_least = 1,
		.request_blocks = 16,
	};
	tgt_params_wishes(&config.wishes);
}

/* One of these. */
#define PICK(...)                                                              \
	pick((const uint32_t[]){ __VA_ARGS__ },                                \
	     sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

static uint32_t pick(const uint32_t *list, size_t n)
{
	return list[dice_below(&sim.dice, (uint32_t)n)];
}

static void draw_targets(void)
{
	config.boxes = PICK(1, 1, 1, 2);
	config.portals = PICK(1, 1, 2, 2, 3);
	config.groups = PICK(1, 1, 2);
	if (config.groups > config.portals)
		config.groups = config.portals;
	config.luns = PICK(1, 1, 2, 3);
	config.block_size = PICK(512, 512, 512, 4096);
	config.blocks = PICK(16, 64, 128);
	config.max_blocks = 256;
	config.write_cache = dice_chance(&sim.dice, 500);
	config.thin = dice_chance(&sim.dice, 500);
	config.max_transfer = PICK(0, 0, 4096, 65536);
	config.depth = PICK(1, 4, 32, 128);
	config.ping_every = PICK(0, 0, 2000);
	config.split_status = dice_chance(&sim.dice, 300);
	config.no_residual = dice_chance(&sim.dice, 500);
	config.r2t_size = PICK(0, 0, 1024, 8192);
	if (dice_chance(&sim.dice, 300))
		config.no_tmf = dice_below(&sim.dice, 1u << TMF_LUN_RESET);
	/* One way to end what runs on a LUN is there. */
	if (dice_chance(&sim.dice, 150))
		config.no_tmf |= 1u << TMF_LUN_RESET;
}

/* Small lengths, so that small requests already need many PDUs. */
static void draw_params(void)
{
	struct tgt_params *w = &config.wishes;

	w->header_digest =
		PICK(TGT_DIGEST_NONE, TGT_DIGEST_ALLOW, TGT_DIGEST_PREFER);
	w->data_digest =
		PICK(TGT_DIGEST_NONE, TGT_DIGEST_ALLOW, TGT_DIGEST_PREFER);
	w->initial_r2t = dice_chance(&sim.dice, 300);
	w->immediate_data = dice_chance(&sim.dice, 700);
	w->max_recv = PICK(512, 1024, 8192, 262144);
	w->max_burst = PICK(1024, 8192, 262144);
	w->first_burst = PICK(512, 1024, 65536);
	if (w->first_burst > w->max_burst)
		w->first_burst = w->max_burst;
	w->time2wait = PICK(0, 0, 2);
	w->time2retain = PICK(0, 20, 60);
	w->max_r2t = PICK(1, 1, 4);
}

static void draw_settings(void)
{
	config.header_digest = digests[dice_below(&sim.dice, 3)];
	config.data_digest = digests[dice_below(&sim.dice, 3)];
	config.initial_r2t = dice_chance(&sim.dice, 300);
	config.immediate_data = dice_chance(&sim.dice, 700);
	config.failover = dice_chance(&sim.dice, 850);
	config.max_recv = PICK(512, 4096, 131072);
	config.max_burst = PICK(1024, 8192, 262144);
	config.first_burst = PICK(512, 1024, 65536);
	config.login_timeout = PICK(2000, 15000);
	config.active_timeout = PICK(1000, 5000);
	config.idle_timeout = PICK(2000, 10000, 60000);
	config.ping_timeout = PICK(1000, 5000);
	config.abort_timeout = PICK(1000, 10000);
	config.reset_timeout = PICK(1000, 10000);
	config.connfail_timeout = PICK(0, 0, 0, 1000, 10000);
	config.disk_timeout = PICK(0, 0, 3000, 20000);
	config.task_timeout = PICK(0, 3000, 20000, FOR_EVER);
	config.knows_groups = dice_chance(&sim.dice, 800);
}

static void draw_rest(void)
{
	config.latency = PICK(50, 100, 1000, 10000);
	config.jitter = PICK(0, 100, 5000);
	config.threads = PICK(1, 2, 4, 8);
	config.think = PICK(30000, 100000, 500000);
	config.request_blocks = PICK(1, 8, 32) * 512 / config.block_size;
	config.request_blocks += !config.request_blocks;
	config.overlap = PICK(0, 200, 800);
	config.duration = dice_between(&sim.dice, 5, 60) * SEC;
	config.mean_gap = PICK(300, 1000, 5000) * MS;
	config.pdu_rate = PICK(0, 1000, 5000, 20000);
	config.cmd_rate = PICK(0, 1000, 10000, 40000);
	/* Some kinds only: rare ones get their turn, too. */
	config.kinds = dice_roll(&sim.dice) & dice_roll(&sim.dice);
	if (dice_chance(&sim.dice, 300))
		config.kinds |= dice_roll(&sim.dice);
	config.pdu_kinds = dice_roll(&sim.dice) & dice_roll(&sim.dice);
}

/* Some runs are about one thing, so that no other fault mends it. */

/* Paths that fall silent while the target works on. */
static void theme_failover(void)
{
	config.portals = config.groups = 2;
	config.failover = true;
	config.boxes = config.luns = 1;
	config.blocks = 16;
	config.overlap = 800;
	config.active_timeout = config.ping_timeout = 1000;
	config.connfail_timeout = config.disk_timeout = 0;
	config.kinds = fault_bit("path silent") |
		       fault_bit("connection forgotten") |
		       (fault_bit("engine killed") & dice_roll(&sim.dice));
	config.threads = PICK(1, 4, 8);
	config.think = 30000;
	config.mean_gap = SEC; /* most are of kinds that are not on */
	config.duration = 60 * SEC;
	config.pdu_rate = 0;
	config.cmd_rate = PICK(0, 2000, 200000);
	config.pdu_kinds = pdu_fault_bit("command slow");
	if (config.threads == 1) { /* a zeroing that is alone, and late */
		config.thin = true;
		config.zeroing = 40;
		config.cmd_rate = 20000;
		config.slow_least = 4000;
		if (config.kinds & fault_bit("engine killed"))
			config.kill_at_move = 700;
	}
}

/* One kind of trouble with PDUs and commands. */
static void theme_wire(void)
{
	config.kinds = 0;
	config.connfail_timeout = config.disk_timeout = 0;
	config.task_timeout = FOR_EVER;
	config.pdu_rate = PICK(2000, 20000);
	config.cmd_rate = PICK(10000, 100000);
	config.pdu_kinds = 1u << dice_below(&sim.dice, pdu_fault_kinds());
	config.header_digest = config.data_digest = "prefer-on";
	config.wishes.header_digest = config.wishes.data_digest =
		TGT_DIGEST_PREFER;
}

/* One kind of trouble with networks, targets and engines. */
static void theme_world(void)
{
	config.kinds = UINT64_C(1) << dice_below(&sim.dice, fault_kinds());
	config.pdu_rate = config.cmd_rate = 0;
	config.mean_gap = PICK(50, 200) * MS;
}

static void draw_theme(void)
{
	static void (*const themes[])(void) = { theme_failover, theme_failover,
						theme_wire, theme_world };

	config.themed = dice_chance(&sim.dice, 600);
	if (config.themed)
		themes[dice_below(&sim.dice, 4)]();
}

void config_draw(void)
{
	config_calm();
	draw_targets();
	draw_params();
	draw_settings();
	draw_rest();
	draw_theme();
	fence_draw();
	troubles_draw();
}

/* Words --------------------------------------------------------------- */

enum kind {
	K_UINT,
	K_U32,
	K_U64,
	K_BOOL,
	K_DIGEST
};

#define AT(field) offsetof(struct config, field)

static const struct row {
	const char *name;
	enum kind kind;
	size_t at;
} rows[] = {
	{ "targets", K_UINT, AT(boxes) },
	{ "portals", K_UINT, AT(portals) },
	{ "groups", K_UINT, AT(groups) },
	{ "luns", K_UINT, AT(luns) },
	{ "block-size", K_U32, AT(block_size) },
	{ "blocks", K_U32, AT(blocks) },
	{ "write-cache", K_BOOL, AT(write_cache) },
	{ "thin", K_BOOL, AT(thin) },
	{ "depth", K_U32, AT(depth) },
	{ "max-transfer", K_U32, AT(max_transfer) },
	{ "no-residual", K_BOOL, AT(no_residual) },
	{ "no-tmf", K_U32, AT(no_tmf) },
	{ "header-digest", K_DIGEST, AT(header_digest) },
	{ "data-digest", K_DIGEST, AT(data_digest) },
	{ "initial-r2t", K_BOOL, AT(initial_r2t) },
	{ "immediate-data", K_BOOL, AT(immediate_data) },
	{ "failover", K_BOOL, AT(failover) },
	{ "max-recv-data", K_U32, AT(max_recv) },
	{ "first-burst", K_U32, AT(first_burst) },
	{ "max-burst", K_U32, AT(max_burst) },
	{ "login-timeout", K_U32, AT(login_timeout) },
	{ "active-timeout", K_U32, AT(active_timeout) },
	{ "idle-timeout", K_U32, AT(idle_timeout) },
	{ "ping-timeout", K_U32, AT(ping_timeout) },
	{ "abort-timeout", K_U32, AT(abort_timeout) },
	{ "reset-timeout", K_U32, AT(reset_timeout) },
	{ "connfail-timeout", K_U32, AT(connfail_timeout) },
	{ "disk-command-timeout", K_U32, AT(disk_timeout) },
	{ "task-timeout", K_U32, AT(task_timeout) },
	{ "fence-timeout", K_U32, AT(fence_timeout) },
	{ "reserve-luns", K_BOOL, AT(reserve) },
	{ "window", K_U32, AT(window) },
	{ "late", K_U32, AT(late) },
	{ "beyond", K_BOOL, AT(beyond) },
	{ "nat", K_BOOL, AT(nat) },
	{ "linger-refused", K_BOOL, AT(linger_refused) },
	{ "bind-refused", K_BOOL, AT(bind_refused) },
	{ "stall-gap", K_U64, AT(stall_gap) },
	{ "stall-most", K_U64, AT(stall_most) },
	{ "reinstate", K_U32, AT(duties.reinstate) },
	{ "reinstate-after", K_U32, AT(duties.reinstate_after) },
	{ "any-group", K_U32, AT(duties.any_group) },
	{ "run-on", K_U32, AT(duties.run_on) },
	{ "sessions", K_U32, AT(duties.sessions) },
	{ "auth-none", K_U32, AT(duties.auth_none) },
	{ "lun-reset", K_U32, AT(duties.lun_reset) },
	{ "abort-task", K_U32, AT(duties.abort_task) },
	{ "tmf-hang", K_U32, AT(duties.tmf_hang) },
	{ "unordered", K_U32, AT(duties.unordered) },
	{ "no-sync", K_U32, AT(duties.no_sync) },
	{ "no-same", K_U32, AT(duties.no_same) },
	{ "r2t-never", K_U32, AT(duties.no_r2t) },
	{ "short-good", K_U32, AT(duties.short_good) },
	{ "overlap", K_U32, AT(overlap) },
	{ "latency", K_U64, AT(latency) },
	{ "threads", K_UINT, AT(threads) },
	{ "zeroing", K_U32, AT(zeroing) },
	{ "duration", K_U64, AT(duration) },
	{ "gap", K_U64, AT(mean_gap) },
	{ "kinds", K_U64, AT(kinds) },
	{ "slow-least", K_U32, AT(slow_least) },
	{ "kill-at-move", K_U32, AT(kill_at_move) },
	{ "pdu-rate", K_U32, AT(pdu_rate) },
	{ "cmd-rate", K_U32, AT(cmd_rate) },
	{ "pdu-kinds", K_U64, AT(pdu_kinds) },
	{ "troubles", K_U64, AT(troubles) },
	{ "trouble-gap", K_U64, AT(trouble_gap) },
	{ "steps-fail", K_U32, AT(steps_fail) },
	{ "steps-slow", K_U32, AT(steps_slow) },
	{ "leaves-for", K_U64, AT(leaves_for) },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

bool config_set(const char *name, const char *value)
{
	uint64_t v = strtoull(value, NULL, 0);

	for (size_t i = 0; i < ROWS; i++) {
		void *field = (char *)&config + rows[i].at;

		if (strcmp(rows[i].name, name) != 0)
			continue;
		switch (rows[i].kind) {
		case K_UINT:
		case K_U32:
			*(uint32_t *)field = (uint32_t)v;
			return true;
		case K_U64:
			*(uint64_t *)field = v;
			return true;
		case K_BOOL:
			*(bool *)field = v;
			return true;
		case K_DIGEST:
			return false;
		}
	}
	return false;
}

static void describe_row(const struct row *r, struct strbuf *sb)
{
	const void *field = (const char *)&config + r->at;

	switch (r->kind) {
	case K_DIGEST:
		sb_add(sb, " %s=%s", r->name, *(const char *const *)field);
		break;
	case K_BOOL:
		sb_add(sb, " %s=%d", r->name, *(const bool *)field);
		break;
	case K_U64:
		sb_add(sb, " %s=%llu", r->name,
		       (unsigned long long)*(const uint64_t *)field);
		break;
	case K_UINT:
	case K_U32:
		sb_add(sb, " %s=%u", r->name, *(const uint32_t *)field);
		break;
	}
}

void config_describe(void)
{
	char text[2048];
	struct strbuf sb;

	for (size_t i = 0; i < ROWS; i += 8) {
		sb_init(&sb, text, sizeof(text));
		for (size_t j = i; j < i + 8 && j < ROWS; j++)
			describe_row(&rows[j], &sb);
		sim_trace("config", "%s", text);
	}
}

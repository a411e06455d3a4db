/*
 * stage_sim - a script in the simulated world of tests/sim.
 */
#include "stage.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "conf/conf.h"
#include "main.h"
#include "sim/box.h"
#include "sim/config.h"
#include "sim/kdev.h"
#include "sim/fault.h"
#include "sim/host.h"
#include "sim/sim.h"
#include "sim/world.h"
#include "target/conn.h"
#include "target/control.h"
#include "target/journal.h"
#include "target/options.h"

#define LONG	   (10000 * SEC) /* a silence without an end */
#define LOGGED_OUT (60 * SEC)

static struct {
	const struct setup *setup;
	struct figures figures;
	struct lines journal, log;
	struct box *box;
	bool wanted; /* the driver was started */
} stage;

/* Lines --------------------------------------------------------------- */

static void add_line(struct lines *l, const char *text)
{
	l->line = realloc(l->line, (l->n + 1) * sizeof(*l->line));
	l->line[l->n++] = strdup(text);
}

const struct lines *stage_journal(void)
{
	return &stage.journal;
}

const struct lines *stage_log(void)
{
	return &stage.log;
}

static void on_log(const char *object, const char *text)
{
	char line[1024];

	snprintf(line, sizeof(line), "%s: %s", object, text);
	add_line(&stage.log, line);
}

static void on_event(struct tgt_fault_hook *h, const struct tgt_pdu_event *e,
		     struct tgt_verdict *out)
{
	char line[TGT_JOURNAL_LINE];
	struct strbuf text;

	sb_init(&text, line, sizeof(line));
	tgt_journal_line(e, &text);
	add_line(&stage.journal, line);
	pdu_fault_see(h, e, out);
}

/* The setup ----------------------------------------------------------- */

static void to_config(const struct conf_settings *s)
{
	static const char *const digests[] = { "never", "prefer-off",
					       "prefer-on", "always" };

	static const char *const reinstatements[] = { "see", "yes", "no" };

	config.reinstatement = reinstatements[s->reinstatement];
	config.header_digest = digests[s->header_digest];
	config.data_digest = digests[s->data_digest];
	config.initial_r2t = s->initial_r2t;
	config.immediate_data = s->immediate_data;
	config.failover = s->portal_failover;
	config.max_recv = s->max_recv_data;
	config.first_burst = s->first_burst;
	config.max_burst = s->max_burst;
	config.login_timeout = s->login_timeout;
	config.active_timeout = s->active_timeout;
	config.idle_timeout = s->idle_timeout;
	config.ping_timeout = s->ping_timeout;
	config.abort_timeout = s->abort_timeout;
	config.reset_timeout = s->reset_timeout;
	config.connfail_timeout = s->connfail_timeout;
	config.fence_timeout = s->fence_timeout;
	config.reserve = s->fence_reservation;
	config.disk_timeout = conf_disk_timeout(s);
}

static void complain(void *ctx, int level, const char *line)
{
	fprintf(stderr, "%s\n", line);
}

static bool read_conf(const char *text)
{
	static struct conf_settings s;
	struct report r = { .put = complain };
	struct conf *conf;

	if (conf_parse("conf", text, strlen(text), &r, &conf) || r.errors)
		return false;
	conf_target_settings(conf, "iqn.2026-01.example:t0", NULL, NULL, &s);
	to_config(&s);
	conf_free(conf);
	return true;
}

/* The target's command line is read at each of its starts. */
static void on_started(struct box *b)
{
	const struct setup *s = stage.setup;
	struct options o = { .tgt = b->t,
			     .target = b->tt,
			     .script = b->script };
	char *argv[SCRIPT_OPTIONS + 2] = { (char[]){ "target" } };
	int n = 1;

	for (size_t i = 0; i < s->noptions; i++)
		argv[n++] = (char *)(uintptr_t)s->option[i];
	optind = 0;
	if (options_read(&o, n, argv))
		exit(1);
}

bool stage_open(const struct setup *s, const char *dir, unsigned index)
{
	stage.setup = s;
	sim_init(1, asked.trace, &stage.figures);
	log_set_level(LOG_INFO);
	config_calm();
	config.threads = 0;
	config.portals = s->portals;
	config.groups = s->groups;
	config.luns = s->luns;
	config.blocks = config.max_blocks = s->blocks;
	config.max_blocks *= 2;
	config.write_cache = s->cache;
	config.thin = s->thin;
	config.task_timeout = s->command_timeout;
	if (!read_conf(s->conf))
		return false;
	box_started = on_started;
	host_log = on_log;
	net_init();
	boxes_init();
	stage.box = &boxes[0];
	stage.box->hook.see = on_event;
	return true;
}

void stage_start(void)
{
	stage.wanted = true;
	host_init();
}

bool stage_has_disk(unsigned lun)
{
	return host_is_online(&held[0][lun]);
}

bool stage_is_quiet(void)
{
	return true;
}

const bool stage_is_real = false;
/* Time ---------------------------------------------------------------- */

uint64_t stage_now(void)
{
	return sim_ms();
}

uint64_t stage_limit(uint64_t ms)
{
	return ms;
}

uint64_t stage_early(void)
{
	return 1; /* clocks of ms begin anywhere in one */
}

bool stage_until(bool (*done)(void *ctx), void *ctx, uint64_t ms)
{
	uint64_t until = sim.now + ms * MS;

	while (!sim.failed && !done(ctx))
		if (!sim_step(until))
			return done(ctx);
	return !sim.failed;
}

/* Requests ------------------------------------------------------------ */

struct bridge { /* the device's request, and ours */
	struct request r;
	struct ask *ask;
};

static void on_done(struct request *r, int err, const uint8_t *data, size_t n)
{
	struct bridge *b = (struct bridge *)(void *)r;
	struct ask *a = b->ask;

	a->done = true;
	a->err = -err;
	a->ended = stage_now();
	if (r->kind == REQ_READ && !err)
		memcpy(a->data, data, n);
	sim_trace("user", "a request ends: %s", err ? strerror(-err) : "ok");
	free(b);
}

void stage_ask(struct ask *a)
{
	static const enum request_kind kinds[] = {
		[ASK_READ] = REQ_READ,
		[ASK_WRITE] = REQ_WRITE,
		[ASK_FLUSH] = REQ_FLUSH,
		[ASK_TRIM] = REQ_PUNCH,
	};
	struct bridge *b = calloc(1, sizeof(*b));

	b->ask = a;
	b->r.kind = kinds[a->want->kind];
	b->r.fua = a->want->fua;
	b->r.off = (uint64_t)a->want->first * 512;
	b->r.len = (uint64_t)a->want->n * 512;
	b->r.data = a->data;
	b->r.done = on_done;
	sim_trace("user", "asks for blocks %u+%u", a->want->first, a->want->n);
	if (held[0][a->want->lun].device)
		kdev_ask(held[0][a->want->lun].device, &b->r);
	else
		on_done(&b->r, -ENODEV, NULL, 0);
}

/* The target and the engine ------------------------------------------- */

static void end_conns(struct box *b, const struct path *p)
{
	struct tgt_conn *c = NULL;

	while (b->t && (c = tgt_conn_next(b->t, c)))
		if (wire_path(tgt_conn_owner(c)) == p)
			tgt_conn_drop(c);
	box_touch(b);
}

static int set_portal(void *ctx, size_t i, enum portal_state state)
{
	struct box *b = ctx;
	struct path *p = &b->paths[i];

	p->refusing = state == PORTAL_DOWN;
	if (state == PORTAL_SILENT)
		path_silence(p, LONG);
	else
		path_heal(p);
	if (state == PORTAL_DOWN)
		end_conns(b, p);
	return 0;
}

int stage_target(const char *line, char *err, size_t size)
{
	struct box *b = stage.box;
	struct control c = { b->t, b->script, set_portal, b };
	int r;

	sim_trace("target", "%s", line);
	if (!b->t) {
		snprintf(err, size, "the target is down");
		return -EINVAL;
	}
	r = control_run(&c, line, err, size);
	box_touch(b);
	return r;
}

/* A process that starts anew has no faults. */
void stage_crash(uint64_t ms, bool lose_cache)
{
	struct box *b = stage.box;

	tgt_script_clear(b->script);
	box_restart(b, ms * MS, false);
	for (unsigned i = 0; lose_cache && i < config.luns; i++)
		store_lose_cache(&b->disks[i].store);
}

void stage_kill_manager(void)
{
	host_kill_manager_now(100 * MS);
}

void stage_kill_engine(void)
{
	host_kill_engine();
}

void stage_lun(unsigned lun, bool there)
{
	struct box *b = stage.box;

	if (there)
		box_lun_add(b, lun);
	else
		tgt_lun_remove(box_lun(b, lun));
	box_touch(b);
}

uint64_t stage_blocks(unsigned lun)
{
	return held[0][lun].blocks;
}

/* The end ------------------------------------------------------------- */

const char *stage_close(void)
{
	if (sim.failed || !stage.wanted)
		return sim.failed;
	tgt_script_clear(stage.box->script);
	faults_end();
	host_leave();
	if (!world_until(host_is_over, LOGGED_OUT) && !sim.failed)
		return "the engine does not end";
	if (!sim.failed)
		host_bury();
	return sim.failed;
}

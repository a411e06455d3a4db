/*
 * manager - the life of the manager's core: start, reload, end; not the stop.
 */
#include "iscsid/life/manager.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "iscsid/life/adopt.h"
#include "iscsid/life/comeback.h"
#include "iscsid/device/devices.h"
#include "iscsid/host/records.h"
#include "iscsid/source/sources.h"
#include "iscsid/life/stop.h"
#include "iscsid/target/demand.h"
#include "iscsid/target/target.h"

#define READY_EVERY  100   /* ms: is everything settled? */
#define READY_WITHIN 20000 /* ms, then the start counts as over anyway */

/* The engines --------------------------------------------------------- */

/* Not from here: an engine is in the middle of a step. */
static void check_adopted(struct manager *m)
{
	if (m->adopt && engines_are_adopted(&m->engines))
		manager_set_timer(m, &m->begin, 0);
}

static void on_ready(void *ctx, struct engine_process *e)
{
	targets_place(ctx);
	sources_place(ctx);
	check_adopted(ctx);
}

static void on_lost(void *ctx, struct engine_process *e)
{
	targets_engine_lost(ctx, e);
	sources_engine_lost(ctx, e);
	manager_check_stop(ctx);
	check_adopted(ctx);
}

static void on_said(void *ctx, struct engine_process *e,
		    const struct reported *s)
{
	struct manager *m = ctx;
	struct target *t = target_find(m, e, s->id);
	struct source *src = t ? NULL : source_find(m, e, s->id);

	if (s->kind == REPORTED_LUN && m->adopt)
		adopt_lun(m->adopt, e, s);
	if (s->kind == REPORTED_HAS && m->adopt)
		adopt_has(m->adopt, e, s);
	else if (t)
		target_said(t, s);
	else if (src)
		source_said(src, s);
	/* Else it is about something that ended meanwhile. */
}

static void on_held(void *ctx, struct engine_process *e,
		    const struct reported *s, int *handle)
{
	struct manager *m = ctx;

	if (m->adopt)
		adopt_held(m->adopt, e, s, handle);
}

static void on_gone(void *ctx, struct engine_process *e)
{
	manager_check_stop(ctx);
	check_adopted(ctx);
}

static unsigned on_demand(void *ctx, const struct engine_process *e,
			  unsigned wanted)
{
	return demand_of(ctx, e, wanted);
}

static const struct engine_process_ops engine_ops = { on_ready, on_lost,
						      on_said,	on_held,
						      on_gone,	on_demand };

/* They may hang for so long, by the configuration as it is now. */
static void set_timeout(struct manager *m)
{
	m->engines.timeout = conf_engine_timeout(m->conf);
}

static int start_engines(struct manager *m, unsigned count)
{
	m->engines.out = m->out;
	m->engines.ops = &engine_ops;
	m->engines.ctx = m;
	set_timeout(m);
	return engines_start(&m->engines, count);
}

/* Reading again ------------------------------------------------------- */

int manager_reload(struct manager *m, unsigned *faulty)
{
	struct report r = manager_report();
	struct conf *fresh;
	int err;

	if (manager_is_stopping(m))
		return -ESHUTDOWN;
	log_info(NULL, "reading %s again", m->opt->conf);
	err = m->out->read_conf(m->out, &r, &fresh);
	*faulty = r.errors;
	if (err) {
		log_err(NULL, "the configuration stays as it was");
		return err;
	}
	conf_free(m->conf);
	m->conf = fresh;
	m->generation++;
	set_timeout(m);
	targets_reload(m);
	targets_forget_moves(m);
	sources_forget_moves(m);
	sources_load(m);
	return 0;
}

/* The start ----------------------------------------------------------- */

/* Waits, for the one at the terminal, until what can be up is up. */
static void on_settle(struct io_timer *t)
{
	struct manager *m = container_of(t, struct manager, settle);

	m->settling += READY_EVERY;
	if (m->settling < READY_WITHIN &&
	    !(sources_are_settled(m) && targets_are_settled(m)))
		manager_set_timer(m, &m->settle, READY_EVERY);
	else
		m->out->ready(m->out, 0);
}

static void on_begin(struct io_timer *t)
{
	struct manager *m = container_of(t, struct manager, begin);
	unsigned n;

	/* Another one may have been found since. */
	if (!m->adopt || !engines_are_adopted(&m->engines))
		return;
	n = adopt_end(m->adopt);
	m->adopt = NULL;
	if (n)
		log_info(NULL, n == 1 ? "%u disk goes on" : "%u disks go on",
			 n);
	comeback_begin(m, n);
	targets_place(m); /* readers of disks wait for that */
	m->begun(m, n);
}

/* A manager that dies leaves nothing else of what it holds. */
static void on_unrecorded(struct io_timer *t)
{
	struct manager *m = container_of(t, struct manager, unrecorded);
	struct list *pos;

	list_for_each (pos, &m->targets) {
		target_record_again(container_of(pos, struct target, link));
	}
}

void manager_init(struct manager *m, const struct options *opt,
		  const struct outside *out)
{
	memset(m, 0, sizeof(*m));
	m->opt = opt;
	m->out = out;
	list_init(&m->sources);
	list_init(&m->targets);
	stop_init(m);
	m->begin.fn = on_begin;
	m->unrecorded.fn = on_unrecorded;
	m->settle.fn = on_settle;
	m->generation = 1;
}

int manager_begin(struct manager *m, unsigned engines,
		  void (*begun)(struct manager *m, unsigned n))
{
	int err;

	m->begun = begun;
	m->adopt = adopt_begin(m);
	err = m->adopt ? start_engines(m, engines) : -ENOMEM;
	if (!err)
		check_adopted(m);
	return err;
}

void manager_go(struct manager *m)
{
	sources_load(m);
	if (list_empty(&m->sources))
		log_warn(NULL, "%s names no DiscoveryAddress: nothing to do",
			 m->opt->conf);
	manager_set_timer(m, &m->settle, READY_EVERY);
}

/* The end ------------------------------------------------------------- */

void manager_fini(struct manager *m)
{
	comeback_end(m);
	if (m->adopt)
		adopt_abort(m->adopt); /* a start that failed */
	m->adopt = NULL;
	sources_free(m);
	targets_free(m);
	engines_free(&m->engines);
	doubts_free(&m->doubts);
	conf_free(m->conf);
	m->conf = NULL;
}

/* Others ask ---------------------------------------------------------- */

void manager_written(struct manager *m, int watch)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		devices_written(&container_of(pos, struct target, link)->bay,
				watch);
	}
}

void manager_forget_secrets(struct manager *m)
{
	targets_forget_secrets(m);
	conf_free(m->conf);
	m->conf = NULL;
}

bool manager_has_disk(struct manager *m, const char *disk)
{
	unsigned b, t, l;
	struct target *at;

	if (!records_disk_number(disk, &b, &t, &l))
		return false;
	at = target_at(m, b, t);
	return at && device_at(&at->bay, l);
}

/*
 * manager - the life of iscsid: start, reload, end; not the stop.
 */
#include "iscsid/life/manager.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/life/adopt.h"
#include "iscsid/life/comeback.h"
#include "iscsid/daemon/daemon.h"
#include "iscsid/target/demand.h"
#include "iscsid/device/devices.h"
#include "iscsid/host/records.h"
#include "iscsid/host/leftovers.h"
#include "iscsid/source/sources.h"
#include "iscsid/life/stop.h"
#include "iscsid/target/target.h"
#include "iscsid/life/upgrade.h"

#define LOOP_ENTRIES 256
#define LOW_ID	     65534 /* nobody, when even that has no entry */
#define READY_EVERY  100   /* ms: is everything settled? */
#define READY_WITHIN 20000 /* ms, then the start counts as over anyway */

/* The engines --------------------------------------------------------- */

static void on_ready(void *ctx, struct engine_process *e)
{
	targets_place(ctx);
	sources_place(ctx);
}

static void on_lost(void *ctx, struct engine_process *e)
{
	targets_engine_lost(ctx, e);
	sources_engine_lost(ctx, e);
	manager_check_stop(ctx);
}

static void on_said(void *ctx, struct engine_process *e,
		    const struct reported *s)
{
	struct manager *m = ctx;
	struct target *t = target_find(m, e, s->id);
	struct source *src = t ? NULL : source_find(m, e, s->id);

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
}

static unsigned on_demand(void *ctx, const struct engine_process *e,
			  unsigned wanted)
{
	return demand_of(ctx, e, wanted);
}

static const struct engine_ops engine_ops = { on_ready, on_lost, on_said,
					      on_held,	on_gone, on_demand };

/* They may hang for so long, by the configuration as it is now. */
static void set_timeout(struct manager *m)
{
	m->engines.timeout = conf_engine_timeout(m->conf);
}

/* Signals ------------------------------------------------------------- */

int manager_reload(struct manager *m, unsigned *faulty)
{
	struct report r = manager_report();
	struct conf *fresh;
	int err;

	if (manager_is_stopping(m))
		return -ESHUTDOWN;
	log_info(NULL, "reading %s again", m->opt->conf);
	err = conf_load(m->opt->conf, &r, &fresh);
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

static void heed_signal(struct manager *m, uint32_t signal)
{
	unsigned faulty; /* the log says it */

	switch (signal) {
	case SIGHUP:
		manager_reload(m, &faulty);
		break;
	case SIGTERM:
	case SIGINT:
		manager_stop(m);
		break;
	}
}

static void wait_signal(struct manager *m)
{
	io_poll(m->loop, &m->signalled, m->signals, POLLIN);
}

static void on_signal(struct io_op *op, int res)
{
	struct manager *m = container_of(op, struct manager, signalled);
	struct signalfd_siginfo info;

	while (read(m->signals, &info, sizeof(info)) == sizeof(info))
		heed_signal(m, info.ssi_signo);
	wait_signal(m);
}

static int catch_signals(struct manager *m)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN); /* no signal is unknown */
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	m->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (m->signals < 0)
		return -errno;
	m->signalled.fn = on_signal;
	wait_signal(m);
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
		io_timer_after(m->loop, &m->settle, READY_EVERY);
	else
		daemon_ready(0);
}

static void forget_secrets(void *ctx)
{
	struct manager *m = ctx;

	targets_forget_secrets(m);
	conf_free(m->conf);
	m->conf = NULL;
}

static void pick_low_user(struct workers *ws)
{
	const struct passwd *pw = getpwnam("iscsi");

	if (!pw)
		pw = getpwnam("nobody");
	ws->low_uid = pw ? pw->pw_uid : LOW_ID;
	ws->low_gid = pw ? pw->pw_gid : LOW_ID;
}

static void default_alias(struct initiator *who)
{
	char host[INITIATOR_ALIAS_SIZE] = "";

	if (*who->alias || gethostname(host, sizeof(host) - 1) < 0)
		return;
	str_printable(who->alias, sizeof(who->alias), host, strlen(host));
}

static int read_files(struct manager *m)
{
	struct report r = manager_report();
	const struct options *o = m->opt;
	int err = initiatorname_get(o->initiatorname, &r, &m->initiator);

	if (err)
		return err;
	default_alias(&m->initiator);
	m->generation = 1;
	/* Without a configuration there is nothing to do, but a reload. */
	if (conf_load(o->conf, &r, &m->conf)) {
		m->conf = conf_empty(o->conf);
		if (!m->conf)
			return -ENOMEM;
	}
	return bindings_open(o->bindings,
			     o->custom_bindings ? NULL : BINDINGS_OLD_PATH, &r,
			     &m->bindings);
}

static void on_written(void *ctx, int id)
{
	struct manager *m = ctx;
	struct list *pos;

	list_for_each (pos, &m->targets) {
		devices_written(container_of(pos, struct target, link), id);
	}
}

#define LOG_FLUSH_EVERY 5000 /* ms, while lines are held back */

static void on_log_held(void *ctx)
{
	struct manager *m = ctx;

	if (!m->log_flush.set)
		io_timer_after(m->loop, &m->log_flush, LOG_FLUSH_EVERY);
}

static void on_log_flush(struct io_timer *t)
{
	struct manager *m = container_of(t, struct manager, log_flush);

	if (daemon_log_flush())
		on_log_held(m);
}

static int start_loop(struct manager *m)
{
	int err = io_loop_new(LOOP_ENTRIES, 0, &m->loop);

	if (err) {
		log_err(NULL, "no io_uring: %s", io_loop_strerror(err));
		return err;
	}
	workers_init(&m->workers, m->loop);
	m->workers.forget = forget_secrets;
	m->workers.ctx = m;
	pick_low_user(&m->workers);
	stop_init(m);
	m->settle.fn = on_settle;
	m->log_flush.fn = on_log_flush;
	daemon_log_held(on_log_held, m);
	err = watch_open(&m->watch, m->loop, on_written, m);
	if (err)
		log_warn(NULL, "new partition tables will not be noticed: %s",
			 strerror(-err));
	return catch_signals(m);
}

static unsigned engine_count(const struct options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (o->engines)
		return o->engines;
	if (cpus < 1)
		return 1;
	return cpus > ENGINES_MAX ? ENGINES_MAX : (unsigned)cpus;
}

static int start_engines(struct manager *m)
{
	int err;

	m->engines.loop = m->loop;
	m->engines.ops = &engine_ops;
	m->engines.ctx = m;
	m->engines.dir = m->sockets;
	m->engines.keep_stderr = m->opt->foreground;
	set_timeout(m);
	err = engines_start(&m->engines, engine_count(m->opt));
	if (err)
		log_err(NULL, "no engine to execute (%s): %s",
			m->engines.program, strerror(-err));
	return err;
}

static int make_places(struct manager *m)
{
	const struct options *o = m->opt;
	char lundir[PATH_MAX];
	int err = daemon_make_dir(o->rundir, 0755);

	snprintf(lundir, sizeof(lundir), "%s/lun", o->rundir);
	snprintf(m->held, sizeof(m->held), "%s/held", o->rundir);
	snprintf(m->seen, sizeof(m->seen), "%s/seen", o->rundir);
	snprintf(m->sockets, sizeof(m->sockets), "%s/engine", o->rundir);
	if (!err)
		err = daemon_make_dir(lundir, 0700);
	if (!err)
		err = daemon_make_dir(m->held, 0700);
	if (!err)
		err = daemon_make_dir(m->seen, 0700);
	if (!err)
		err = daemon_make_dir(m->sockets, 0700);
	if (err)
		log_err(o->rundir, "no run directory: %s", strerror(-err));
	return err;
}

/* The run directory itself may be somebody else's, and holds the lock. */
static void remove_places(struct manager *m)
{
	char lundir[PATH_MAX];

	snprintf(lundir, sizeof(lundir), "%s/lun", m->opt->rundir);
	/* What is not empty is meant to stay. */
	(void)rmdir(lundir);
	(void)rmdir(m->held);
	(void)rmdir(m->sockets);
}

static bool is_ours(void *ctx, const char *name)
{
	struct manager *m = ctx;
	unsigned b, t, l;
	struct target *at;

	if (!records_disk_number(name, &b, &t, &l))
		return false;
	at = target_at(m, b, t);
	return at && device_at(at, l);
}

/* Goes on with what is left of a manager before us, and removes the rest. */
static int take_over(struct manager *m)
{
	unsigned n;
	int err;

	m->adopt = adopt_begin(m);
	err = m->adopt ? start_engines(m) : -ENOMEM;
	while (!err && !engines_are_adopted(&m->engines))
		err = io_loop_run_once(m->loop, UINT64_MAX);
	n = m->adopt ? adopt_end(m->adopt) : 0;
	m->adopt = NULL;
	if (err)
		return err;
	if (n)
		log_info(NULL, n == 1 ? "%u disk goes on" : "%u disks go on",
			 n);
	comeback_begin(m, n);
	targets_place(m); /* readers of disks wait for that */
	leftovers_remove(&m->workers, m->opt, is_ours, m);
	if (upgrade_is_one())
		engines_renew(&m->engines);
	return 0;
}

int manager_start(struct manager *m, const struct options *opt,
		  const struct manager_doors *doors)
{
	int err;

	memset(m, 0, sizeof(*m));
	m->opt = opt;
	m->doors = doors;
	m->signals = m->watch.fd = m->name_fd = -1;
	list_init(&m->sources);
	list_init(&m->targets);
	err = make_places(m);
	if (!err)
		err = read_files(m);
	if (!err)
		err = start_loop(m);
	if (err)
		return err;
	log_info(NULL, "iSCSI driver version " SOFTHBA_VERSION ", I am %s",
		 m->initiator.name);
	/* Before the engines start: they look once what there is, too. */
	exporters_probe(m->conf, &m->workers, &m->exporters);
	err = take_over(m);
	if (!err)
		err = doors->open(m);
	if (err)
		return err;
	if (opt->verb == OPTIONS_FREE) {
		stop_begin_free(m);
		return 0;
	}
	sources_load(m);
	if (list_empty(&m->sources))
		log_warn(NULL, "%s names no DiscoveryAddress: nothing to do",
			 opt->conf);
	io_timer_after(m->loop, &m->settle, READY_EVERY);
	return 0;
}

int manager_run(struct manager *m)
{
	int err = io_loop_run(m->loop);

	if (err)
		log_err(NULL, "the event loop failed: %s", strerror(-err));
	return err;
}

/*
 * The process ends: what the kernel still holds goes with it.  After an
 * orderly stop no engine is left; else they go on for the next manager, those
 * without a disk end.
 */
void manager_end(struct manager *m)
{
	daemon_log_end();
	if (m->loop) {
		workers_kill(&m->workers);
		m->doors->close(m);
		/* Clients are dropped in a last turn, or by our end. */
		(void)io_loop_run_once(m->loop, 0);
	}
	sources_free(m);
	targets_free(m);
	doubts_free(&m->doubts);
	if (m->name_fd >= 0)
		close(m->name_fd);
	bindings_close(m->bindings);
	conf_free(m->conf);
	remove_places(m);
}

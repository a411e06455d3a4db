/*
 * run - the manager as a program on Linux.
 */
#include "iscsid/run/run.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/daemon/daemon.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/leftovers.h"
#include "iscsid/life/stop.h"
#include "iscsid/run/linux.h"
#include "iscsid/run/upgrade.h"

#define LOOP_ENTRIES 256
#define LOW_ID	     65534 /* nobody, when even that has no entry */

/* There is one manager in a process. */
static struct {
	struct linux_side side;
	struct manager *m;
	bool begun;
	int signals; /* signalfd */
	struct io_op signalled;
	struct io_timer log_flush; /* repeated lines wait */
} run;

/* Signals ------------------------------------------------------------- */

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

static void wait_signal(void)
{
	io_poll(run.side.loop, &run.signalled, run.signals, POLLIN);
}

static void on_signal(struct io_op *op, int res)
{
	struct signalfd_siginfo info;

	while (read(run.signals, &info, sizeof(info)) == sizeof(info))
		heed_signal(run.m, info.ssi_signo);
	wait_signal();
}

static int catch_signals(void)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN); /* no signal is unknown */
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	run.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (run.signals < 0)
		return -errno;
	run.signalled.fn = on_signal;
	return 0;
}

/* The loop ------------------------------------------------------------ */

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
	/* Without a configuration there is nothing to do, but a reload. */
	if (conf_load(o->conf, &r, &m->conf)) {
		m->conf = conf_empty(o->conf);
		if (!m->conf)
			return -ENOMEM;
	}
	return bindings_open(o->bindings,
			     o->custom_bindings ? NULL : BINDINGS_OLD_PATH, &r,
			     &run.side.bindings);
}

static void on_written(void *ctx, int id)
{
	manager_written(ctx, id);
}

static void forget_secrets(void *ctx)
{
	manager_forget_secrets(ctx);
}

#define LOG_FLUSH_EVERY 5000 /* ms, while lines are held back */

static void on_log_held(void *ctx)
{
	if (!run.log_flush.set)
		io_timer_after(run.side.loop, &run.log_flush, LOG_FLUSH_EVERY);
}

static void on_log_flush(struct io_timer *t)
{
	if (daemon_log_flush())
		on_log_held(NULL);
}

static int start_loop(struct manager *m)
{
	struct linux_side *l = &run.side;
	int err = io_loop_new(LOOP_ENTRIES, 0, &l->loop);

	if (err) {
		log_err(NULL, "no io_uring: %s", io_loop_strerror(err));
		return err;
	}
	m->loop = l->loop;
	workers_init(&l->workers, l->loop);
	l->workers.forget = forget_secrets;
	l->workers.ctx = m;
	pick_low_user(&l->workers);
	run.log_flush.fn = on_log_flush;
	daemon_log_held(on_log_held, NULL);
	err = watch_open(&l->watch, l->loop, on_written, m);
	if (err)
		log_warn(NULL, "new partition tables will not be noticed: %s",
			 strerror(-err));
	return catch_signals();
}

/* The start ----------------------------------------------------------- */

static unsigned engine_count(const struct options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (o->engines)
		return o->engines;
	if (cpus < 1)
		return 1;
	return cpus > ENGINES_MAX ? ENGINES_MAX : (unsigned)cpus;
}

static int make_places(struct manager *m)
{
	const struct options *o = m->opt;
	struct linux_side *l = &run.side;
	char lundir[PATH_MAX];
	int err = daemon_make_dir(o->rundir, 0755);

	snprintf(lundir, sizeof(lundir), "%s/lun", o->rundir);
	snprintf(l->held, sizeof(l->held), "%s/held", o->rundir);
	snprintf(l->seen, sizeof(l->seen), "%s/seen", o->rundir);
	snprintf(l->sockets, sizeof(l->sockets), "%s/engine", o->rundir);
	if (!err)
		err = daemon_make_dir(lundir, 0700);
	if (!err)
		err = daemon_make_dir(l->held, 0700);
	if (!err)
		err = daemon_make_dir(l->seen, 0700);
	if (!err)
		err = daemon_make_dir(l->sockets, 0700);
	if (err)
		log_err(o->rundir, "no run directory: %s", strerror(-err));
	return err;
}

/* The run directory itself may be somebody else's, and holds the lock. */
static void remove_places(struct manager *m)
{
	const struct linux_side *l = &run.side;
	char lundir[PATH_MAX];

	snprintf(lundir, sizeof(lundir), "%s/lun", m->opt->rundir);
	/* What is not empty is meant to stay. */
	(void)rmdir(lundir);
	(void)rmdir(l->held);
	(void)rmdir(l->sockets);
}

static bool is_ours(void *ctx, const char *name)
{
	return manager_has_disk(ctx, name);
}

static void on_begun(struct manager *m, unsigned n)
{
	run.begun = true;
}

static int find_engine(struct manager *m)
{
	struct linux_side *l = &run.side;
	int err = processes_init(&l->processes, l->loop, l->sockets,
				 m->opt->foreground);

	if (err)
		log_err(NULL, "no engine to execute (%s): %s",
			l->processes.program, strerror(-err));
	return err;
}

/* Goes on with what is left of a manager before us, and removes the rest. */
static int take_over(struct manager *m)
{
	int err = find_engine(m);

	if (!err)
		err = manager_begin(m, engine_count(m->opt), on_begun);
	while (!err && !run.begun)
		err = io_loop_run_once(run.side.loop, UINT64_MAX);
	if (err)
		return err;
	/* One that came before waits: what is left is not known by half. */
	wait_signal();
	leftovers_remove(&run.side.workers, m->opt, is_ours, m);
	if (upgrade_is_one())
		engines_renew(&m->engines);
	return 0;
}

int run_start(struct manager *m, const struct options *opt,
	      const struct manager_doors *doors)
{
	int err;

	memset(&run, 0, sizeof(run));
	linux_init(&run.side, opt);
	run.m = m;
	run.signals = -1;
	manager_init(m, opt, &run.side.out);
	m->doors = doors;
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
	exporters_probe(m->conf, &run.side.workers, &m->exporters);
	err = take_over(m);
	if (!err)
		err = doors->open(m);
	if (err)
		return err;
	if (opt->verb == OPTIONS_FREE)
		stop_begin_free(m);
	else
		manager_go(m);
	return 0;
}

int run_loop(struct manager *m)
{
	int err = io_loop_run(run.side.loop);

	if (err)
		log_err(NULL, "the event loop failed: %s", strerror(-err));
	return err;
}

/*
 * The process ends: what the kernel still holds goes with it.  After an
 * orderly stop no engine is left; else they go on for the next manager, those
 * without a disk end.
 */
void run_end(struct manager *m)
{
	struct linux_side *l = &run.side;

	daemon_log_end();
	if (l->loop) {
		workers_kill(&l->workers);
		m->doors->close(m);
		/* Clients are dropped in a last turn, or by our end. */
		(void)io_loop_run_once(l->loop, 0);
		manager_fini(m);
	}
	if (l->name_fd >= 0)
		close(l->name_fd);
	bindings_close(l->bindings);
	remove_places(m);
}

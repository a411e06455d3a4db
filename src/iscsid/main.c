/*
 * iscsid - the manager: finds targets and makes their disks appear.
 */
#include <errno.h>
#include <stdio.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/conf.h"
#include "conf/initiatorname.h"
#include "iscsid/admin/admin.h"
#include "iscsid/daemon/daemon.h"
#include "export/owner.h"
#include "iscsid/host/leftovers.h"
#include "iscsid/run/run.h"
#include "iscsid/daemon/options.h"
#include "iscsid/run/upgrade.h"

enum {
	EXIT_OK,
	EXIT_TROUBLE,
	EXIT_USAGE
};

static int check_only(const struct options *o)
{
	struct report conf_faults = manager_report();
	struct report name_faults = manager_report();
	struct initiator who;
	struct conf *conf = NULL;
	int err = 0;

	if (access(o->initiatorname, F_OK) < 0 && errno == ENOENT)
		log_info(NULL, "there is no %s, a start makes it",
			 o->initiatorname);
	else
		err = initiatorname_read(o->initiatorname, &name_faults, &who);
	if (conf_load(o->conf, &conf_faults, &conf))
		err = -EINVAL;
	conf_free(conf);
	if (err || conf_faults.errors || name_faults.errors)
		return EXIT_TROUBLE;
	log_info(NULL, "%s is fine", o->conf);
	return EXIT_OK;
}

/* The only daemon of this run directory, or a line saying who is. */
static int lock_rundir(const struct options *o)
{
	int other, lock, err = daemon_make_dir(o->rundir, 0755);

	lock = err ? err : daemon_lock(o->rundir, &other);
	if (lock == -EWOULDBLOCK)
		log_err(o->rundir, "another iscsid (process %d) runs here%s",
			other,
			o->verb == OPTIONS_FREE
				? "; \"iscsictl shutdown\" ends it, asked "
				  "twice whoever uses its disks"
				: "");
	else if (lock < 0)
		log_err(o->rundir, "cannot be used: %s", strerror(-lock));
	return lock;
}

static void raise_limits(void)
{
	struct rlimit r;

	/* A handle for each disk, socket and child. */
	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &r) < 0)
			log_warn(NULL, "the limit of handles stays low: %s",
				 strerror(errno));
	}
}

/* Of a loop device the kernel lets go when its last user does. */
static int end_free(const struct options *o)
{
	unsigned n = leftovers_count(o);

	if (n)
		log_err(NULL, "%u device%s left: see the lines above", n,
			n == 1 ? " is" : "s are");
	else
		log_info(NULL, "all disks of this run directory are given up");
	return n ? EXIT_TROUBLE : EXIT_OK;
}

static int serve(const struct options *o, int lock)
{
	static struct manager m;
	int err = daemon_write_pid(lock);

	if (err)
		log_err(o->rundir, "cannot write the pid file: %s",
			strerror(-err));
	else
		err = run_start(&m, o, &admin_doors);
	if (!err)
		err = run_loop(&m);
	run_end(&m);
	daemon_unlock(o->rundir, lock);
	log_info(NULL, err ? "ended by an error" : "stopped");
	if (!err && o->verb == OPTIONS_FREE)
		return end_free(o);
	daemon_ready(err ? EXIT_TROUBLE : EXIT_OK);
	return err ? EXIT_TROUBLE : EXIT_OK;
}

/*
 * Mounts and loop devices are found again by the path that the kernel gives
 * them: however it is spelled, it is one directory.
 */
static void name_rundir(struct options *o)
{
	static char path[PATH_MAX], owner[OWNER_SIZE];
	int err = owner_of(o->rundir, owner);

	if (err)
		log_warn(o->rundir, "cannot be told from others: %s",
			 strerror(-err));
	o->owner = err ? o->rundir : owner;
	o->asked_rundir = o->rundir;
	if (realpath(o->rundir, path))
		o->rundir = path;
}

static int run(struct options *o)
{
	int lock, err;

	if (geteuid() != 0) {
		log_err(NULL, "has to run as root");
		return EXIT_TROUBLE;
	}
	lock = lock_rundir(o);
	if (lock < 0)
		return EXIT_TROUBLE;
	name_rundir(o);
	raise_limits();
	if (!o->foreground) {
		/* The image before us went to the background already. */
		err = upgrade_is_one() ? 0 : daemon_fork();
		if (err) {
			log_err(NULL, "cannot go to the background: %s",
				strerror(-err));
			return EXIT_TROUBLE;
		}
		daemon_log_to_syslog();
	}
	return serve(o, lock);
}

int main(int argc, char **argv)
{
	struct options o;

	upgrade_remember(argv);
	options_read(argc, argv, stderr, &o);
	daemon_log_to_stderr();
	log_set_level(o.debug ? LOG_DEBUG : LOG_INFO);
	switch (o.verb) {
	case OPTIONS_RUN:
	case OPTIONS_FREE:
		return run(&o);
	case OPTIONS_CHECK:
		return check_only(&o);
	case OPTIONS_HELP:
		options_help(stdout);
		return EXIT_OK;
	case OPTIONS_VERSION:
		printf("iscsid (softhba) " SOFTHBA_VERSION "\n");
		return EXIT_OK;
	case OPTIONS_WRONG:
		options_help(stderr);
		return EXIT_USAGE;
	}
	return EXIT_USAGE;
}

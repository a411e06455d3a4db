/*
 * via_ublk - disks as ublk devices (via_ublk of iscsid/host/via.h).
 *
 * One is known by the mark that it was made with: export/ublk_proto.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "export/sysfs.h"
#include "export/ublk_control.h"
#include "export/ublk_proto.h"
#include "iscsid/daemon/options.h"
#include "iscsid/host/leftovers.h"
#include "iscsid/host/records.h"
#include "iscsid/host/steps.h"
#include "iscsid/host/users.h"
#include "iscsid/host/via.h"
#include "scsi/inquiry.h"

#define NEEDED (UBLK_CAN_RECOVER | UBLK_CAN_REISSUE | UBLK_CAN_ENCODE)

#define PAUSE	      20000000 /* ns between two looks */
#define RECOVER_TRIES 1500     /* 30 s: the dead engine's memory goes first */
#define EXITING	      4	       /* PF_EXITING in /proc/PID/stat */

/* What this machine can ----------------------------------------------- */

/* Nothing asks for this module when its device is opened. */
static void load_module(void)
{
	pid_t pid;

	if (access(UBLK_CONTROL, F_OK) == 0)
		return;
	pid = fork();
	if (pid == 0) {
		execl("/sbin/modprobe", "modprobe", "-q", "ublk_drv",
		      (char *)NULL);
		_exit(127);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0); /* the device tells of success */
}

static int find(uint64_t *features)
{
	load_module();
	return ublk_get_features(features);
}

static void judge(int err, uint64_t features, struct via_host *out)
{
	uint64_t lacking = NEEDED & ~features;

	*out = (struct via_host){ .features = err ? 0 : features };
	if (err == -ENOENT || err == -ENXIO)
		str_copy(out->why, sizeof(out->why),
			 "there is no " UBLK_CONTROL " (module ublk_drv)");
	else if (err == -EACCES || err == -EPERM)
		snprintf(out->why, sizeof(out->why),
			 UBLK_CONTROL " is not permitted: %s", strerror(-err));
	else if (err == -EOPNOTSUPP)
		str_copy(out->why, sizeof(out->why),
			 "this kernel's ublk cannot tell what it can "
			 "(Linux 6.5 can)");
	else if (err)
		snprintf(out->why, sizeof(out->why), UBLK_CONTROL ": %s",
			 strerror(-err));
	else if (lacking)
		snprintf(out->why, sizeof(out->why),
			 "this kernel's ublk lacks the recovery of requests "
			 "(features %#" PRIx64 ")",
			 lacking);
}

/* The steps ----------------------------------------------------------- */

static unsigned number(const struct step *s)
{
	return (unsigned)s->number;
}

static void rest(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE };

	nanosleep(&pause, NULL);
}

static int make(const struct step *s, struct msg_out *m, int *handle)
{
	const struct ublk_place at = { s->at.bus, s->at.target, s->at.lun };
	struct ublk_params p;
	unsigned n;
	int err;

	ublk_make_params(&s->geometry, &p);
	err = ublk_add(&p, s->depth, ublk_mark(s->whose, &at), &n);
	if (!err)
		msg_u64(m, "number", n);
	return err;
}

/* As it is now: a number may have been another device's before. */
static int number_of(unsigned n, dev_t *dev)
{
	char sys[64];

	snprintf(sys, sizeof(sys), "/sys/block/ublkb%u/dev", n);
	return sysfs_get_dev(sys, dev) ? -ENOENT : 0;
}

/*
 * Where /dev is not the kernel's (devtmpfs), or has a node of a device before
 * this one, which the kernel leaves alone.
 */
static int make_node(unsigned n)
{
	char path[32];
	struct stat st;
	dev_t dev;
	int err = number_of(n, &dev);

	if (err)
		return err;
	snprintf(path, sizeof(path), "/dev/ublkb%u", n);
	if (lstat(path, &st) == 0) {
		if (S_ISBLK(st.st_mode) && st.st_rdev == dev)
			return 0;
		if (unlink(path) < 0)
			return -errno;
	}
	return mknod(path, S_IFBLK | 0660, dev) < 0 ? -errno : 0;
}

/*
 * <rundir>/lun/ublkb3 names the place, "b0t3l1", as the file behind a loop
 * device does; programs that ask whose a device is go by it.
 */
static void name_link(const struct step *s, char *dst, size_t size)
{
	const char *slash = strrchr(s->path, '/');
	char name[24];

	snprintf(name, sizeof(name), "ublkb%d", s->number);
	snprintf(dst, size, "%.*s/%s", (int)(slash - s->path), s->path, name);
}

static int make_link(const struct step *s)
{
	char path[PATH_MAX + 32];

	name_link(s, path, sizeof(path));
	(void)unlink(path); /* else symlink() tells */
	return symlink(strrchr(s->path, '/') + 1, path) < 0 ? -errno : 0;
}

static void remove_link(const struct step *s)
{
	char path[PATH_MAX + 32];

	name_link(s, path, sizeof(path));
	(void)unlink(path); /* the next start sees that it leads nowhere */
}

static int start(const struct step *s)
{
	int err = make_link(s);

	if (!err)
		err = ublk_start(number(s), s->pid);
	if (!err)
		err = make_node(number(s));
	return err ? err : s->number;
}

static int resize(const struct step *s)
{
	if (!(s->features & UBLK_CAN_RESIZE)) /* Linux before 6.16 */
		return -EOPNOTSUPP;
	return ublk_resize(number(s), s->size);
}

static void name_nodes(const struct step *s, char shown[32], char hidden[48])
{
	snprintf(shown, 32, "/dev/ublkb%d", s->number);
	snprintf(hidden, 48, "/dev/ublkb%d" USERS_HIDDEN, s->number);
}

static int show(const struct step *s)
{
	char shown[32], hidden[48];

	name_nodes(s, shown, hidden);
	if (rename(hidden, shown) < 0)
		return -errno;
	return make_node(number(s)); /* is it still this one's? */
}

static void drop_hidden(const struct step *s)
{
	char shown[32], hidden[48];

	name_nodes(s, shown, hidden);
	(void)unlink(hidden); /* mostly there is none */
}

/*
 * Older kernels take it away from its users, so they are looked for.  Who
 * mounts it is kept out by us having claimed it.
 */
static int stop_unused(const struct step *s, const char *path)
{
	static struct users u;
	char name[24];
	int err, fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);

	if (fd < 0)
		return errno == ENXIO ? -ENODEV : -errno;
	snprintf(name, sizeof(name), "ublkb%d", s->number);
	users_find("", name, &u);
	err = u.count ? -EBUSY : ublk_stop(number(s));
	close(fd);
	return err;
}

/*
 * Nobody may open it meanwhile: its node has another name, and gets its own
 * back when somebody has.  Kernels that refuse to stop what is open (7.3) still
 * fail the requests of one who opens it just then.
 */
static int stop_idle(const struct step *s)
{
	char shown[32], hidden[48];
	int err = make_node(number(s)); /* somebody may have removed it */

	if (err == -ENOENT) /* it was never started */
		return ublk_stop(number(s));
	name_nodes(s, shown, hidden);
	if (!err && rename(shown, hidden) < 0)
		err = -errno;
	if (err)
		return err;
	rest(); /* who is just opening it */
	err = s->features & UBLK_CAN_SAFE_STOP ? ublk_stop_idle(number(s))
					       : stop_unused(s, hidden);
	if (err && err != -ENODEV)
		(void)show(s); /* who opens it next tries again */
	else
		drop_hidden(s); /* the kernel looked for the other name */
	return err;
}

static int stop(const struct step *s, struct msg_out *m, int *handle)
{
	int err = s->force ? ublk_stop(number(s)) : stop_idle(s);

	return err == -ENODEV ? 0 : err;
}

static int delete (const struct step *s, struct msg_out *m, int *handle)
{
	int err = 0;

	if (s->number >= 0) {
		err = ublk_delete(number(s));
		drop_hidden(s);
		remove_link(s);
	}
	return err == -ENODEV ? 0 : err;
}

/*
 * One process at a time can have it open, and each command of a server has it
 * open until it ends.  0, or -EBUSY: somebody has it.
 */
static int open_by_nobody(unsigned n)
{
	int fd = ublk_open(n);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Linux before 6.15 refuses to begin what began and came to nothing. */
static bool is_begun(int err, const struct ublk_info *info)
{
	return err == -EINVAL && info->state == UBLK_QUIESCED;
}

/* Does this kernel (6.7) end the commands of a server that dies early? */
static bool ends_commands(void)
{
	struct utsname u;
	unsigned major, minor;

	return uname(&u) == 0 &&
	       sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 7));
}

/*
 * -EBUSY as long as a server that died is not gone from the kernel.  One that
 * had begun may still become ready while it dies: what the kernel says of a
 * beginning counts when nobody has the device open any more.
 */
static int begin_recovery(unsigned n, struct ublk_info *info)
{
	int err = ublk_begin_recovery(n);

	if (ublk_get_info(n, info) < 0 || info->state == UBLK_DEAD)
		return -ENODEV;
	if (!is_begun(err, info))
		return err;
	err = open_by_nobody(n);
	if (!err)
		err = ublk_begin_recovery(n);
	if (!is_begun(err, info))
		return err;
	if (!ends_commands())
		return 0; /* it may be that the server did not begin, either */
	err = ublk_finish_server(n, info->depth);
	return err ? err : -EBUSY;
}

static int recover(const struct step *s, struct msg_out *m, int *handle)
{
	struct ublk_info info = { 0 };
	int err = -EBUSY;

	for (int i = 0; i < RECOVER_TRIES && err == -EBUSY; i++) {
		if (i)
			rest();
		err = begin_recovery(number(s), &info);
	}
	msg_u64(m, "depth", info.depth);
	return err;
}

/*
 * Some kernels would go on with a server that is just dying, and then wait
 * for it for ever.
 */
static bool is_alive(int pid)
{
	char path[64], text[512];
	const char *p;
	unsigned flags;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (sysfs_get(path, text, sizeof(text)))
		return false;
	p = strrchr(text, ')'); /* its name may hold anything */
	/* proc(5): state ppid pgrp session tty tpgid flags */
	return p && sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) == 1 &&
	       !(flags & EXITING);
}

static int recovered(const struct step *s, struct msg_out *m, int *handle)
{
	struct ublk_info info;
	int err;

	if (!is_alive(s->engine))
		return -ESRCH;
	err = ublk_end_recovery(number(s), s->pid);
	/* A manager before us may have got that far. */
	if (err == -EBUSY && ublk_get_info(number(s), &info) == 0 &&
	    info.state == UBLK_LIVE)
		return 0;
	return err;
}

/* What is there ------------------------------------------------------- */

static int open_handle(int number)
{
	return ublk_open((unsigned)number);
}

static bool is_started(int number)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/ublkb%d", number);
	return access(path, F_OK) == 0;
}

/*
 * Is it one of this run directory?  Then of which place.  Older managers
 * marked theirs with the directory's name, which a directory in another mount
 * namespace may have, too.
 */
static bool is_ours(const struct options *o, const struct ublk_info *info,
		    struct ublk_place *at)
{
	return ublk_mark_is_of(info->mark, o->owner, at) ||
	       ublk_mark_is_of(info->mark, o->rundir, at) ||
	       ublk_mark_is_of(info->mark, o->asked_rundir, at);
}

static void find_one(void *ctx, const struct ublk_info *info)
{
	const struct via_look *l = ctx;
	struct ublk_place at;
	struct via_found f = { .number = (int)info->number, .disk = -1 };

	if (!is_ours(l->opt, info, &at))
		return;
	f.bus = at.bus;
	f.target = at.target;
	f.lun = at.lun;
	f.quiesced = info->state == UBLK_QUIESCED;
	if (is_started(f.number))
		f.disk = f.number;
	l->found(l->ctx, &f);
}

static void look(const struct via_look *l)
{
	int err = ublk_each(find_one, (void *)(uintptr_t)l);

	if (err)
		l->fails(l->ctx, "ublk", err);
}

/* What a former run left ---------------------------------------------- */

static bool is_kept_place(const struct via_sweep *s, const struct ublk_place *p)
{
	char name[RECORD_NAME];

	records_disk_name(p->bus, p->target, p->lun, name);
	return s->keep(s->ctx, name);
}

static void unlink_name(const struct via_sweep *s, const char *dev)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", s->lundir, dev);
	(void)unlink(path); /* is_left_file() looks at it once more */
}

/* Its users keep a device that is gone: each request is an error. */
static void clear_one(void *ctx, const struct ublk_info *info)
{
	const struct via_sweep *s = ctx;
	struct ublk_place p;
	struct users u;
	char dev[24], hidden[48];
	int err;

	if (!is_ours(s->opt, info, &p) || is_kept_place(s, &p))
		return;
	snprintf(dev, sizeof(dev), "ublkb%u", info->number);
	/* It has a server, and only its name says that it was ours. */
	if (info->state == UBLK_LIVE &&
	    !ublk_mark_is_of(info->mark, s->opt->owner, &p)) {
		leftovers_say(s->m, "%s is served by another process and stays",
			      dev);
		return;
	}
	users_find("", dev, &u);
	if (u.count)
		leftovers_say_users(s->m, dev, "is taken away from its users");
	snprintf(hidden, sizeof(hidden), "/dev/%s" USERS_HIDDEN, dev);
	(void)unlink(hidden); /* there is one where a stop was ended */
	err = ublk_delete(info->number);
	if (err)
		leftovers_say(s->m, "%s of a former run cannot be deleted: %s",
			      dev, strerror(-err));
	else
		leftovers_say(s->m, "%s of a former run cleared", dev);
	unlink_name(s, dev);
}

static void clear_left(const struct via_sweep *s)
{
	leftovers_tell(s->m, "ublk devices",
		       ublk_each(clear_one, (void *)(uintptr_t)s));
}

/* Links, see name_link(); where to, does not matter. */
static bool is_left_file(const struct via_sweep *s, const char *name)
{
	uint64_t n;

	return strncmp(name, "ublkb", 5) == 0 &&
	       !str_u64(name + 5, strlen(name + 5), INT32_MAX, &n) &&
	       !is_started((int)n);
}

static bool is_gone(const struct via_sweep *s, unsigned n)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/ublkb%u", n);
	return access(path, F_OK) < 0 && errno == ENOENT;
}

static bool is_not_ours(const struct via_sweep *s, unsigned n)
{
	return !is_started((int)n);
}

const struct via_ops via_ublk = {
	.word = "ublk",
	.name = "ublk",
	.disk = "ublkb",
	.block = true,
	.types = VIA_TYPE(TYPE_DISK) | VIA_TYPE(TYPE_CDROM),
	.recovers = true,
	.stop_ends_it = true,
	.has_depth = true,
	.words = { [STEP_MOUNT] = "making a ublk device",
		   [STEP_LOOP] = "starting its ublk device",
		   [STEP_CLEAR] = "stopping its ublk device",
		   [STEP_UNMOUNT] = "deleting its ublk device",
		   [STEP_RECOVER] = "recovering its ublk device",
		   [STEP_RECOVERED] = "going on with its ublk device" },
	.open = open_handle,
	.is_started = is_started,
	.look = look,
	.judge = judge,
	.find = find,
	.asking = "asking for ublk",
	.make = make,
	.start = start,
	.resize = resize,
	.stop = stop,
	.remove = delete,
	.recover = recover,
	.recovered = recovered,
	.fail = stop,
	.show = show,
	.clear_left = clear_left,
	.is_left_file = is_left_file,
	.is_gone = is_gone,
	.is_not_ours = is_not_ours,
};

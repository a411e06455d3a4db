/*
 * steps_ublk - the steps of iscsid/host/steps.h that differ for a ublk device.
 */
#include "iscsid/host/steps_ublk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "export/sysfs.h"
#include "export/ublk_control.h"
#include "export/ublk_proto.h"
#include "iscsid/host/exporter.h"

#define PAUSE	      20000000 /* ns between two looks */
#define RECOVER_TRIES 1500     /* 30 s: the dead engine's memory goes first */
#define EXITING	      4	       /* PF_EXITING in /proc/PID/stat */

static unsigned number(const struct step *s)
{
	return (unsigned)s->ublk;
}

static void rest(void)
{
	const struct timespec pause = { .tv_nsec = PAUSE };

	nanosleep(&pause, NULL);
}

int ublk_step_add(const struct step *s, struct msg_out *m, int *handle)
{
	struct ublk_params p;
	unsigned n;
	int err;

	ublk_make_params(&s->geometry, &p);
	err = ublk_add(&p, s->depth, s->mark, &n);
	if (!err)
		msg_u64(m, "ublk", n);
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

	exporter_disk_name(EXPORTER_UBLK, s->ublk, name, sizeof(name));
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

int ublk_step_start(const struct step *s)
{
	int err = make_link(s);

	if (!err)
		err = ublk_start(number(s), s->pid);
	if (!err)
		err = make_node(number(s));
	return err ? err : s->ublk;
}

int ublk_step_resize(const struct step *s)
{
	if (!(s->features & UBLK_CAN_RESIZE)) /* Linux before 6.16 */
		return -EOPNOTSUPP;
	return ublk_resize(number(s), s->size);
}

static void name_nodes(const struct step *s, char shown[32], char hidden[48])
{
	snprintf(shown, 32, "/dev/ublkb%d", s->ublk);
	snprintf(hidden, 48, "/dev/ublkb%d" USERS_HIDDEN, s->ublk);
}

int ublk_step_show(const struct step *s)
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
	exporter_disk_name(EXPORTER_UBLK, s->ublk, name, sizeof(name));
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
		(void)ublk_step_show(s); /* who opens it next tries again */
	else
		drop_hidden(s); /* the kernel looked for the other name */
	return err;
}

int ublk_step_stop(const struct step *s, struct msg_out *m, int *handle)
{
	int err = s->force ? ublk_stop(number(s)) : stop_idle(s);

	return err == -ENODEV ? 0 : err;
}

int ublk_step_delete(const struct step *s, struct msg_out *m, int *handle)
{
	int err = 0;

	if (s->ublk >= 0) {
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

int ublk_step_recover(const struct step *s, struct msg_out *m, int *handle)
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

int ublk_step_recovered(const struct step *s, struct msg_out *m, int *handle)
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

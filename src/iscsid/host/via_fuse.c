/*
 * via_fuse - disks as FUSE files with a loop device on each.
 *
 * A mount is known by its place below the run directory, a loop device by the
 * file of that mount: see iscsid/host/lunfile.h.
 */
#include "iscsid/host/via_fuse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "export/blockdev.h"
#include "export/fuse_mount.h"
#include "export/loopdev.h"
#include "export/mountinfo.h"
#include "iscsid/daemon/options.h"
#include "iscsid/host/leftovers.h"
#include "iscsid/host/lunfile.h"
#include "iscsid/host/steps.h"
#include "iscsid/host/via.h"
#include "scsi/inquiry.h"

#define STALE_MOUNTS 8	       /* above one another, at most */
#define MAX_IO	     (1 << 20) /* bytes: one FUSE request */

/* The steps ----------------------------------------------------------- */

static int mount_file(const struct step *s, struct msg_out *m, int *handle)
{
	const char *name = strrchr(s->path, '/');
	int fd;

	for (int i = 0; i < STALE_MOUNTS; i++)
		if (fuse_unmount_file(s->path))
			break;
	fd = fuse_mount_file(s->path, name ? name + 1 : s->path);
	if (fd < 0)
		return fd;
	*handle = fd;
	return 0;
}

static int attach(const struct step *s)
{
	const struct disk_geometry *g = &s->geometry;
	const struct loop_options opt = {
		.block_size = g->block_size,
		.rotational = g->rotational,
		.max_io = MAX_IO,
		.optimal_io = g->optimal_io,
	};
	int n, fd = open(s->path, O_RDWR | O_CLOEXEC);

	/* An engine before this version. */
	if (fd < 0 && errno == EROFS)
		fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = loop_attach(fd, &opt);
	close(fd);
	return n;
}

static void unattach(const struct step *s, int disk)
{
	(void)loop_detach((unsigned)disk, s->path); /* what failed tells */
}

/* The kernel may have detached ours, and somebody has the number now. */
static bool is_same(const struct step *s)
{
	return loop_is_on((unsigned)s->disk, s->path);
}

static int resize(const struct step *s)
{
	return loop_resize((unsigned)s->disk);
}

/* A loop device's number outlives it, and what was set of it, too. */
static void make_writable(unsigned n)
{
	char name[24];

	snprintf(name, sizeof(name), "loop%u", n);
	(void)blockdev_set_read_only(name, false); /* its engine refuses */
}

static int detach(const struct step *s, struct msg_out *m, int *handle)
{
	unsigned n = (unsigned)s->disk;
	int err = loop_detach(n, s->path);

	/* It goes with its user, and then nobody is left to do that. */
	if (err == -EBUSY && s->force)
		make_writable(n);
	/* Else it would go with its user, although it was refused. */
	if (err == -EBUSY && !s->force && loop_stay(n, s->path) == -ENXIO) {
		make_writable(n);
		err = 0;
	}
	return err;
}

static int unmount_file(const struct step *s, struct msg_out *m, int *handle)
{
	int err = fuse_unmount_file(s->path);

	if (err && err != -EINVAL && err != -ENOENT)
		return err;
	if (unlink(s->path) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/* What is there ------------------------------------------------------- */

static bool is_here(const struct options *o, const char *path)
{
	char lundir[PATH_MAX];

	snprintf(lundir, sizeof(lundir), "%s/lun", o->rundir);
	return mountinfo_is_below(path, lundir) && fuse_is_here(path, lundir);
}

bool via_fuse_is_ours(const struct options *o, const char *path,
		      char disk[static RECORD_NAME])
{
	const char *name = strrchr(path, '/');
	char token[LUNFILE_TOKEN];

	if (!lunfile_split(name ? name + 1 : path, disk, token))
		return false;
	return *token ? lunfile_has_token(o, token) : is_here(o, path);
}

static void find(const struct via_look *l, const char *path, int disk)
{
	struct via_found f = { .number = -1, .disk = disk, .file = path };
	char name[RECORD_NAME];

	if (via_fuse_is_ours(l->opt, path, name) &&
	    records_disk_number(name, &f.bus, &f.target, &f.lun))
		l->found(l->ctx, &f);
}

static void find_loop(void *ctx, unsigned n, const char *path)
{
	find(ctx, path, (int)n);
}

/* It may have no loop device yet. */
static void find_mount(void *ctx, const char *path, unsigned number)
{
	find(ctx, path, -1);
}

static void look(const struct via_look *l)
{
	void *ctx = (void *)(uintptr_t)l;
	int err = loop_each(find_loop, ctx);

	if (err)
		l->fails(l->ctx, "loop devices", err);
	err = fuse_mounts(find_mount, ctx);
	if (err)
		l->fails(l->ctx, "mounts", err);
}

static bool is_handle(int handle)
{
	struct stat have, want;

	return !fstat(handle, &have) && !stat("/dev/fuse", &want) &&
	       S_ISCHR(have.st_mode) && have.st_rdev == want.st_rdev;
}

/* What a former run left ---------------------------------------------- */

/* A file of ours, of a disk that does not go on. */
static bool is_left(const struct via_sweep *s, const char *path)
{
	char disk[RECORD_NAME];

	return via_fuse_is_ours(s->opt, path, disk) && !s->keep(s->ctx, disk);
}

/* Whoever waits for it gets his error, so that nothing below waits. */
static void end_connection(void *ctx, const char *path, unsigned number)
{
	const struct via_sweep *s = ctx;
	int err = is_left(s, path) ? fuse_abort(number) : 0;

	if (err && err != -ENOENT)
		leftovers_say(s->m, "%s of a former run cannot be ended: %s",
			      path, strerror(-err));
}

static void end_left(const struct via_sweep *s)
{
	leftovers_tell(s->m, "mounts",
		       fuse_mounts(end_connection, (void *)(uintptr_t)s));
}

static void clear_loop(void *ctx, unsigned n, const char *path)
{
	const struct via_sweep *s = ctx;
	char dev[16];
	int err;

	if (!is_left(s, path))
		return;
	snprintf(dev, sizeof(dev), "loop%u", n);
	leftovers_drop_partitions(dev);
	err = loop_detach(n, path);
	if (err == -EBUSY) {
		make_writable(n);
		leftovers_say_users(s->m, dev, "stays as long as it is used");
	} else if (err) {
		leftovers_say(s->m, "%s of a former run cannot be cleared: %s",
			      dev, strerror(-err));
	} else {
		leftovers_say(s->m, "%s of a former run cleared", dev);
	}
}

static void drop_mount(void *ctx, const char *path, unsigned number)
{
	const struct via_sweep *s = ctx;
	int err = is_left(s, path) ? fuse_unmount_file(path) : 0;

	if (err)
		leftovers_say(s->m,
			      "%s of a former run cannot be unmounted: %s",
			      path, strerror(-err));
}

static void clear_left(const struct via_sweep *s)
{
	void *ctx = (void *)(uintptr_t)s;

	/* Before the mounts go: by them a loop device's file is known. */
	leftovers_tell(s->m, "loop devices", loop_each(clear_loop, ctx));
	leftovers_tell(s->m, "mounts", fuse_mounts(drop_mount, ctx));
}

/* In our own directory it is ours, with whatever token. */
static bool is_left_file(const struct via_sweep *s, const char *name)
{
	char disk[RECORD_NAME], token[LUNFILE_TOKEN];

	return lunfile_split(name, disk, token) && !s->keep(s->ctx, disk);
}

/* By its name: of this run directory or of another manager's. */
static bool is_lun_file(const char *path)
{
	const char *name = strrchr(path, '/');
	char disk[RECORD_NAME], token[LUNFILE_TOKEN];

	return name && lunfile_split(name + 1, disk, token);
}

/*
 * On no file at all, on one of ours (then it could not be cleared), or on
 * somebody else's: a number that is free is given to whoever asks next.
 */
static bool is_gone(const struct via_sweep *s, unsigned n)
{
	char path[PATH_MAX];
	int err = loop_backing(n, path, sizeof(path));

	return err == -ENOENT ||
	       (!err && (is_left(s, path) || !is_lun_file(path)));
}

static bool is_not_ours(const struct via_sweep *s, unsigned n)
{
	char path[PATH_MAX], disk[RECORD_NAME];

	return loop_backing(n, path, sizeof(path)) ||
	       !via_fuse_is_ours(s->opt, path, disk) || !s->keep(s->ctx, disk);
}

const struct via_ops via_fuse = {
	.word = "fuse",
	.name = "FUSE and loop",
	.disk = "loop",
	.block = true,
	.types = VIA_TYPE(TYPE_DISK) | VIA_TYPE(TYPE_CDROM),
	.implied = true,
	.shared = true,
	.words = { [STEP_MOUNT] = "mounting its file",
		   [STEP_LOOP] = "setting up a loop device",
		   [STEP_CLEAR] = "clearing the loop device",
		   [STEP_UNMOUNT] = "unmounting its file" },
	.is_handle = is_handle,
	.look = look,
	.make = mount_file,
	.start = attach,
	.unstart = unattach,
	.resize = resize,
	.stop = detach,
	.remove = unmount_file,
	.is_same = is_same,
	.end_left = end_left,
	.clear_left = clear_left,
	.is_left_file = is_left_file,
	.is_gone = is_gone,
	.is_not_ours = is_not_ours,
};

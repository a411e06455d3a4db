/*
 * fuse_mount - one FUSE file mounted over a regular file, and its end.
 */
#include "export/fuse_mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export/fuse_proto.h"
#include "export/mountinfo.h"

#define CONNECTIONS "/sys/fs/fuse/connections"
#define FSTYPE	    "fuse.iscsi"

/* max_read keeps READ to a slot where pages are larger than 4 KiB. */
#define OPTIONS "fd=%d,rootmode=%o,user_id=0,group_id=0,max_read=%u"

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	close(fd);
	return 0;
}

/* Writable, whatever the disk is now: that may change. */
static int mount_on(int fd, const char *path, const char *source)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME;
	char options[128];

	snprintf(options, sizeof(options), OPTIONS, fd, S_IFREG | 0600,
		 FUSE_DATA_MAX);
	return mount(source, path, FSTYPE, flags, options) < 0 ? -errno : 0;
}

int fuse_mount_file(const char *path, const char *source)
{
	int fd, err = make_file(path);

	if (err)
		return err;
	fd = open("/dev/fuse", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = mount_on(fd, path, source);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int fuse_unmount_file(const char *path)
{
	/* UMOUNT_NOFOLLOW: the last part of path may be anybody's link. */
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

/* Not every machine mounts the control file system at boot. */
static void mount_control(void)
{
	struct stat up, dir;

	if (stat(CONNECTIONS, &dir) < 0 || stat(CONNECTIONS "/..", &up) < 0)
		return;
	if (dir.st_dev == up.st_dev)
		/* Who opens a file in it is told. */
		(void)mount("none", CONNECTIONS, "fusectl",
			    MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

int fuse_abort(unsigned number)
{
	char path[64];
	int fd, err = 0;

	mount_control();
	snprintf(path, sizeof(path), CONNECTIONS "/%u/abort", number);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) < 0)
		err = -errno;
	close(fd);
	return err;
}

struct listing {
	void (*each)(void *ctx, const char *path, unsigned number);
	void *ctx;
};

static bool match_type(void *ctx, const struct mountinfo *m)
{
	const struct listing *l = ctx;

	if (!strcmp(m->fstype, FSTYPE))
		l->each(l->ctx, m->path, m->minor);
	return true;
}

int fuse_mounts(void (*each)(void *ctx, const char *path, unsigned number),
		void *ctx)
{
	struct listing l = { each, ctx };

	return mountinfo_each(match_type, &l);
}

struct place {
	const char *path;
	uint64_t mount; /* id of the one that path's directory is in */
	bool found;
};

static bool match_place(void *ctx, const struct mountinfo *m)
{
	struct place *p = ctx;

	p->found = strncmp(m->fstype, "fuse", 4) == 0 &&
		   strcmp(m->path, p->path) == 0 && m->parent == p->mount;
	return !p->found;
}

bool fuse_is_here(const char *path, const char *dir)
{
	struct place p = { .path = path };
	struct statx st;

	if (statx(AT_FDCWD, dir, 0, STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID)) /* Linux 5.8 */
		return false;
	p.mount = st.stx_mnt_id;
	return mountinfo_each(match_place, &p) == 0 && p.found;
}

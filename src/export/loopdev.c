/*
 * loopdev - loop devices on files that an engine serves (linux/loop.h).
 */
#include "export/loopdev.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "export/blockdev.h"
#include "export/sysfs.h"

#define FREE_TRIES   64 /* others take the free one between our two calls */
#define DETACH_TRIES 50 /* udev has the device open for a moment */
#define DETACH_PAUSE 20000000 /* ns */
#define SYS_LOOP     "/sys/block/loop%u/"

/* Where /dev is not the kernel's (devtmpfs), the node may be missing. */
static int open_loop(unsigned n, int flags)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/loop%u", n);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT &&
	    mknod(path, S_IFBLK | 0660, makedev(LOOP_MAJOR, n)) == 0)
		fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int free_loop(void)
{
	int fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC), n;

	if (fd < 0)
		return -errno;
	n = ioctl(fd, LOOP_CTL_GET_FREE);
	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}

/* For losetup of old; it has room for 63 bytes. */
static void name_file(struct loop_config *c, int file)
{
	char proc[32], path[PATH_MAX];
	ssize_t n;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", file);
	n = readlink(proc, path, sizeof(path) - 1);
	if (n < 0)
		return;
	path[n] = '\0';
	str_copy((char *)c->info.lo_file_name, LO_NAME_SIZE, path);
}

/*
 * In Linux 6.12 a loop device gets the size that the kernel last heard of,
 * which for a file that nobody looked at is 0; 6.18 asks.
 */
static void ask_size(int file)
{
	struct stat st;

	(void)fstat(file, &st); /* asking is what counts */
}

static void ask_size_behind(unsigned n)
{
	char path[PATH_MAX];
	struct stat st;

	if (loop_backing(n, path, sizeof(path)) == 0)
		(void)stat(path, &st); /* asking is what counts */
}

static int configure(unsigned n, int file, const struct loop_options *opt)
{
	struct loop_config c = { .fd = (uint32_t)file,
				 .block_size = opt->block_size };
	int err = 0, fd = open_loop(n, O_RDWR);

	if (fd < 0)
		return fd;
	c.info.lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_PARTSCAN;
	name_file(&c, file);
	ask_size(file);
	if (ioctl(fd, LOOP_CONFIGURE, &c) < 0)
		err = -errno;
	close(fd);
	return err;
}

static void put_queue(unsigned n, const char *name, uint64_t value)
{
	char path[96], text[24];

	snprintf(path, sizeof(path), SYS_LOOP "queue/%s", n, name);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	(void)sysfs_put(path, text); /* a wish, as tune() says */
}

/*
 * Wishes; a kernel that does not know one works without.  discard_max_bytes
 * is left alone: a 0 stays there for the device's next users, and Linux 6.18
 * then accepts no other value.
 */
static void tune(unsigned n, const struct loop_options *opt)
{
	put_queue(n, "rotational", opt->rotational);
	if (opt->max_io)
		put_queue(n, "max_sectors_kb", opt->max_io / 1024);
	/* As the kernel does for disks: two optimal requests ahead. */
	if (opt->optimal_io >= 64 * 1024)
		put_queue(n, "read_ahead_kb", opt->optimal_io / 1024 * 2ull);
}

int loop_attach(int file, const struct loop_options *opt)
{
	int n, err = -EBUSY;

	for (int i = 0; i < FREE_TRIES && err == -EBUSY; i++) {
		n = free_loop();
		if (n < 0)
			return n;
		err = configure((unsigned)n, file, opt);
	}
	if (err)
		return err;
	tune((unsigned)n, opt);
	return n;
}

int loop_backing(unsigned n, char *path, size_t size)
{
	char name[64];

	snprintf(name, sizeof(name), SYS_LOOP "loop/backing_file", n);
	return sysfs_get(name, path, size);
}

/* The directory as the kernel names it; the file itself is not looked at. */
static bool is_same_file(const char *path, const char *kernels)
{
	const char *name = strrchr(path, '/'), *end = strrchr(kernels, '/');
	char dir[PATH_MAX], real[PATH_MAX];

	if (strcmp(path, kernels) == 0)
		return true;
	if (!name || !end || strcmp(name, end) != 0)
		return false;
	snprintf(dir, sizeof(dir), "%.*s/.", (int)(name - path), path);
	return realpath(dir, real) && strlen(real) == (size_t)(end - kernels) &&
	       strncmp(real, kernels, (size_t)(end - kernels)) == 0;
}

bool loop_is_on(unsigned n, const char *path)
{
	char at[PATH_MAX];

	return loop_backing(n, at, sizeof(at)) == 0 && is_same_file(path, at);
}

/*
 * As the kernel makes one, for the next user.  Not before it is free: the
 * kernel waits with the first for the end of all I/O.
 */
static void leave(unsigned n)
{
	char name[24];

	put_queue(n, "max_sectors_kb", 0);
	snprintf(name, sizeof(name), "loop%u", n);
	if (blockdev_is_read_only(name))
		/* One that is made read-only is so anyway. */
		(void)blockdev_set_read_only(name, false);
}

/* The kernel detaches at the last close, ours or somebody else's. */
int loop_detach(unsigned n, const char *path)
{
	const struct timespec pause = { .tv_nsec = DETACH_PAUSE };
	int err = 0, fd = open_loop(n, O_RDONLY);

	if (fd < 0)
		return fd == -ENXIO ? 0 : fd;
	if (!loop_is_on(n, path)) {
		close(fd);
		return 0;
	}
	if (ioctl(fd, LOOP_CLR_FD) < 0)
		err = errno == ENXIO ? 0 : -errno;
	close(fd);
	for (int i = 0; !err && loop_is_on(n, path); i++) {
		if (i == DETACH_TRIES)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	if (!err)
		leave(n);
	return err;
}

static int clear_autoclear(int fd)
{
	struct loop_info64 info;

	if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
		return -errno;
	info.lo_flags &= ~(uint32_t)LO_FLAGS_AUTOCLEAR;
	return ioctl(fd, LOOP_SET_STATUS64, &info) < 0 ? -errno : 0;
}

int loop_stay(unsigned n, const char *path)
{
	int err, fd = open_loop(n, O_RDONLY);

	if (fd < 0)
		return fd;
	/* As long as this is open nobody's close is the last. */
	err = loop_is_on(n, path) ? clear_autoclear(fd) : -ENXIO;
	close(fd);
	return err;
}

int loop_resize(unsigned n)
{
	int err = 0, fd = open_loop(n, O_RDONLY);

	if (fd < 0)
		return fd;
	ask_size_behind(n);
	if (ioctl(fd, LOOP_SET_CAPACITY) < 0)
		err = -errno;
	close(fd);
	return err;
}

struct listing {
	void (*each)(void *ctx, unsigned n, const char *path);
	void *ctx;
};

static bool look(void *ctx, const char *name)
{
	struct listing *l = ctx;
	char path[PATH_MAX];
	uint64_t n;

	if (strncmp(name, "loop", 4) ||
	    str_u64(name + 4, strlen(name + 4), UINT32_MAX, &n))
		return true;
	if (loop_backing((unsigned)n, path, sizeof(path)) == 0)
		l->each(l->ctx, (unsigned)n, path);
	return true;
}

int loop_each(void (*each)(void *ctx, unsigned n, const char *path), void *ctx)
{
	struct listing l = { each, ctx };

	return sysfs_list("/sys/block", look, &l);
}

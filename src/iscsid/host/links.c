/*
 * links - the tree of stable names, bus<B>/target<T>/lun<L>/{disk,part1..}.
 *
 * Every step is taken relative to an open directory (openat with O_NOFOLLOW),
 * a link changes by rename, and what has another form than ours is left alone.
 */
#include "iscsid/host/links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "iscsid/host/exporter.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define NAME_TMP  ".softhba-new" /* a link before its rename */
#define NAME_ROOM 16		 /* "target255", "part15" */
/* In the place of a partition's number. */
#define WHOLE(names)                                                           \
	((names) == LINK_DISK ? 0u : LINK_PARTS + (unsigned)(names))

const char *links_name(enum link_names names)
{
	static const char *const words[] = {
		[LINK_DISK] = "disk",
		[LINK_CD] = "cd",
		[LINK_GENERIC] = "generic",
	};

	return words[names];
}

static bool is_part(unsigned part)
{
	return part > 0 && part <= LINK_PARTS;
}

static void link_name(char dst[NAME_ROOM], unsigned part)
{
	if (is_part(part))
		snprintf(dst, NAME_ROOM, "part%u", part);
	else
		snprintf(dst, NAME_ROOM, "%s",
			 links_name(part ? part - LINK_PARTS : LINK_DISK));
}

static void link_value(char *dst, size_t size, const char *dev, unsigned part)
{
	if (is_part(part))
		snprintf(dst, size, "/dev/%sp%u", dev, part);
	else
		snprintf(dst, size, "/dev/%s", dev);
}

void links_path(const struct link_place *at, const char *name, char *dst,
		size_t size)
{
	snprintf(dst, size, "%s/bus%u/target%u/lun%u%s%s", at->base, at->bus,
		 at->target, at->lun, *name ? "/" : "", name);
}

/* Opens name below dir, made with mode when it is not there. */
static int open_dir(int dir, const char *name, bool make, mode_t mode)
{
	int fd = openat(dir, name, DIR_FLAGS);

	if (fd >= 0 || errno != ENOENT || !make)
		return fd >= 0 ? fd : -errno;
	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir, name, DIR_FLAGS);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) < 0) { /* past the umask */
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* The base and what is above it are the operator's: links there are fine. */
static int open_base(const char *base, bool make, mode_t mode)
{
	char path[PATH_MAX], *slash;

	if (!str_copy(path, sizeof(path), base))
		return -ENAMETOOLONG;
	for (slash = path + 1; make && (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return open_dir(AT_FDCWD, path, make, mode);
}

static const char *const level_word[] = { "bus", "target", "lun" };
#define LEVELS 3

static unsigned level_number(const struct link_place *at, unsigned level)
{
	const unsigned numbers[LEVELS] = { at->bus, at->target, at->lun };

	return numbers[level];
}

static void level_name(const struct link_place *at, unsigned level,
		       char dst[NAME_ROOM])
{
	snprintf(dst, NAME_ROOM, "%s%u", level_word[level],
		 level_number(at, level));
}

/* Opens the base (depth 0), the bus (1), the target (2) or the LUN (3). */
static int open_depth(const struct link_place *at, unsigned depth, bool make)
{
	int fd = open_base(at->base, make, at->mode);

	for (unsigned level = 0; level < depth && fd >= 0; level++) {
		char name[NAME_ROOM];
		int below;

		level_name(at, level, name);
		below = open_dir(fd, name, make, at->mode);
		close(fd);
		fd = below;
	}
	return fd;
}

/*
 * The device a link of ours points to: "loop3" out of "/dev/loop3p1".
 * False when name is no link or its value has another form.
 */
static bool read_link(int dir, const char *name, unsigned part, char *dev,
		      size_t size)
{
	char value[64], want[64];
	ssize_t n = readlinkat(dir, name, value, sizeof(value) - 1);
	size_t len;

	if (n < 0 || (size_t)n >= sizeof(value) - 1)
		return false;
	value[n] = '\0';
	if (strncmp(value, "/dev/", 5) != 0)
		return false;
	len = exporter_disk_length(value + 5);
	if (!len)
		return false;
	snprintf(dev, size, "%.*s", (int)len, value + 5);
	link_value(want, sizeof(want), dev, part);
	return strcmp(value, want) == 0;
}

static int make_link(int dir, const char *dev, unsigned part)
{
	char name[NAME_ROOM], value[64], old[LINK_DEV_SIZE];
	unsigned flags = RENAME_NOREPLACE;

	link_name(name, part);
	link_value(value, sizeof(value), dev, part);
	if (read_link(dir, name, part, old, sizeof(old))) {
		if (strcmp(old, dev) == 0)
			return 0;
		flags = 0;
	}
	(void)unlinkat(dir, NAME_TMP, 0); /* else symlinkat() tells */
	if (symlinkat(value, dir, NAME_TMP) < 0)
		return -errno;
	if (renameat2(dir, NAME_TMP, dir, name, flags) < 0) {
		int err = -errno;

		(void)unlinkat(dir, NAME_TMP, 0); /* the next one does */
		return err;
	}
	return 0;
}

int links_make(const struct link_place *at, const char *dev)
{
	unsigned first = WHOLE(at->names);
	unsigned last = at->names == LINK_DISK ? LINK_PARTS : first;
	int dir = open_depth(at, LEVELS, true), err = 0;

	if (dir < 0)
		return dir;
	for (unsigned part = first; part <= last; part++) {
		int e = make_link(dir, dev, part);

		if (e && !err)
			err = e;
	}
	close(dir);
	return err;
}

/* Removes the directories of a place from below as far as they are empty. */
static void prune(const struct link_place *at)
{
	for (unsigned depth = LEVELS; depth-- > 0;) {
		int dir = open_depth(at, depth, false);
		char name[NAME_ROOM];

		if (dir < 0)
			return;
		level_name(at, depth, name);
		(void)unlinkat(dir, name, AT_REMOVEDIR); /* if it is empty */
		close(dir);
	}
}

/* Removes the links of one LUN whose device gone() approves of. */
static unsigned remove_links(const struct link_place *at,
			     bool (*gone)(void *ctx, const char *dev),
			     void *ctx)
{
	int dir = open_depth(at, LEVELS, false);
	char name[NAME_ROOM], dev[LINK_DEV_SIZE];
	unsigned removed = 0;

	if (dir < 0)
		return 0;
	for (unsigned part = 0; part <= WHOLE(LINK_GENERIC); part++) {
		link_name(name, part);
		if (read_link(dir, name, part, dev, sizeof(dev)) &&
		    gone(ctx, dev) && unlinkat(dir, name, 0) == 0)
			removed++;
	}
	close(dir);
	if (removed)
		prune(at);
	return removed;
}

static bool is_dev(void *ctx, const char *dev)
{
	return strcmp(dev, ctx) == 0;
}

void links_remove(const struct link_place *at, const char *dev)
{
	remove_links(at, is_dev, (void *)(uintptr_t)dev);
}

struct sweep {
	struct link_place at;
	bool (*gone)(void *ctx, const char *dev);
	void *ctx;
	unsigned removed;
};

/* The number of "bus7" when it is written as we write it, else -1. */
static int entry_number(const char *entry, unsigned level)
{
	size_t skip = strlen(level_word[level]);
	char again[NAME_ROOM];
	uint64_t n;

	if (strncmp(entry, level_word[level], skip) != 0 ||
	    str_u64(entry + skip, strlen(entry + skip), 65535, &n))
		return -1;
	snprintf(again, sizeof(again), "%s%u", level_word[level], (unsigned)n);
	return strcmp(again, entry) == 0 ? (int)n : -1;
}

static void sweep_level(struct sweep *s, unsigned level)
{
	unsigned *const place[LEVELS] = { &s->at.bus, &s->at.target,
					  &s->at.lun };
	int fd = open_depth(&s->at, level, false), number;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		number = entry_number(entry->d_name, level);
		if (number < 0)
			continue;
		*place[level] = (unsigned)number;
		if (level + 1 < LEVELS)
			sweep_level(s, level + 1);
		else
			s->removed += remove_links(&s->at, s->gone, s->ctx);
	}
	closedir(dir);
}

unsigned links_sweep(const char *base, bool (*gone)(void *ctx, const char *dev),
		     void *ctx)
{
	struct sweep s = { .at = { .base = base }, .gone = gone, .ctx = ctx };

	sweep_level(&s, 0);
	return s.removed;
}

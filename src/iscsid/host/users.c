/*
 * users - who uses a block device.
 */
#include "iscsid/host/users.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define NUMBERS 64 /* of the disk and its partitions */

struct search {
	const char *root, *dev;
	struct users *out;
	unsigned nnumbers;
	struct devno {
		unsigned major, minor;
		char name[32];
	} numbers[NUMBERS];
};

static void add(struct users *u, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct users *u, const char *fmt, ...)
{
	char words[USER_WORDS];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	for (unsigned i = 0; i < u->count; i++)
		if (strcmp(u->words[i], words) == 0)
			return;
	if (u->count < USERS_MAX)
		str_copy(u->words[u->count++], USER_WORDS, words);
}

/* A path cut short names nothing, and nothing is found there. */
static void path_of(char dst[PATH_MAX], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void path_of(char dst[PATH_MAX], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(dst, PATH_MAX, fmt, ap);
	va_end(ap);
}

bool users_is_part_of(const char *name, const char *dev)
{
	size_t n = strlen(dev);

	if (strncmp(name, dev, n) != 0)
		return false;
	name += n;
	if (!*name || strcmp(name, USERS_HIDDEN) == 0)
		return true;
	return name[0] == 'p' && isdigit((unsigned char)name[1]) &&
	       !name[1 + strspn(name + 1, "0123456789")];
}

bool users_mount_of(const char *line, unsigned major, unsigned minor, char *dst,
		    size_t size)
{
	unsigned ma, mi;
	int at = 0, n = 0;

	/* id parent major:minor root mountpoint ..., proc(5) */
	if (sscanf(line, "%*u %*u %u:%u %*s %n", &ma, &mi, &at) != 2 || !at ||
	    ma != major || mi != minor)
		return false;
	sscanf(line + at, "%*s%n", &n);
	str_printable(dst, size, line + at, (size_t)n);
	return true;
}

/* Calls fn for every line of a file; false when it cannot be read. */
static bool each_line(struct search *s, const char *path,
		      void (*fn)(struct search *s, const char *line,
				 const void *arg),
		      const void *arg)
{
	char full[PATH_MAX], *line = NULL;
	size_t room = 0;
	FILE *f;

	path_of(full, "%s%s", s->root, path);
	f = fopen(full, "re");
	if (!f)
		return false;
	while (getline(&line, &room, f) > 0)
		fn(s, line, arg);
	free(line);
	fclose(f);
	return true;
}

static void each_entry(struct search *s, const char *path,
		       void (*fn)(struct search *s, const char *path,
				  const char *name))
{
	char full[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	path_of(full, "%s%s", s->root, path);
	dir = opendir(full);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			fn(s, path, e->d_name);
	if (dir)
		closedir(dir);
}

static void see_mount(struct search *s, const char *line, const void *arg)
{
	const struct devno *d = arg;
	char where[128];

	if (!users_mount_of(line, d->major, d->minor, where, sizeof(where)))
		return;
	if (strcmp(d->name, s->dev) == 0)
		add(s->out, "mounted at %s", where);
	else
		add(s->out, "%s mounted at %s", d->name, where);
}

static void see_number(struct search *s, const char *line, const void *arg)
{
	struct devno d;

	str_copy(d.name, sizeof(d.name), arg);
	if (sscanf(line, "%u:%u", &d.major, &d.minor) != 2)
		return;
	if (s->nnumbers < NUMBERS)
		s->numbers[s->nnumbers++] = d;
	each_line(s, "/proc/self/mountinfo", see_mount, &d);
}

static void see_holder(struct search *s, const char *path, const char *name)
{
	add(s->out, "used by %s", name);
}

/* path is the directory of the disk, or of its partition, in /sys. */
static void see_block(struct search *s, const char *path, const char *name)
{
	char file[PATH_MAX];

	path_of(file, "%s/dev", path);
	each_line(s, file, see_number, name);
	path_of(file, "%s/holders", path);
	each_entry(s, file, see_holder);
}

static void see_partition(struct search *s, const char *path, const char *name)
{
	char dir[PATH_MAX];

	if (!users_is_part_of(name, s->dev))
		return;
	path_of(dir, "%s/%s", path, name);
	see_block(s, dir, name);
}

static void see_swap(struct search *s, const char *line, const void *arg)
{
	char name[64];

	if (sscanf(line, "/dev/%63s", name) == 1 &&
	    users_is_part_of(name, s->dev))
		add(s->out, "%s is swap space", name);
}

static void see_backing(struct search *s, const char *line, const void *arg)
{
	char name[64];

	if (sscanf(line, "/dev/%63s", name) == 1 &&
	    users_is_part_of(name, s->dev))
		add(s->out, "used by %s", (const char *)arg);
}

/* The kernel alone has it open then. */
static void see_loop(struct search *s, const char *path, const char *name)
{
	char file[PATH_MAX];

	path_of(file, "%s/%s/loop/backing_file", path, name);
	each_line(s, file, see_backing, name);
}

struct process {
	const char *how; /* it uses the device: "open in" */
	const char *pid;
};

static void see_name(struct search *s, const char *line, const void *arg)
{
	const struct process *p = arg;
	char name[32];

	str_printable(name, sizeof(name), line, strcspn(line, "\n"));
	add(s->out, "%s process %s (%s)", p->how, p->pid, name);
}

static void add_process(struct search *s, const char *how, const char *pid)
{
	const struct process p = { how, pid };
	char comm[PATH_MAX];

	path_of(comm, "/proc/%s/comm", pid);
	each_line(s, comm, see_name, &p);
}

static bool is_name_of(struct search *s, const char *path)
{
	return strncmp(path, "/dev/", 5) == 0 &&
	       users_is_part_of(path + 5, s->dev);
}

/* A node of another name, or one that was removed; nobody is asked. */
static bool is_node_of(struct search *s, const char *link)
{
	struct statx st;

	if (statx(AT_FDCWD, link, AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0 ||
	    !S_ISBLK(st.stx_mode))
		return false;
	for (unsigned i = 0; i < s->nnumbers; i++)
		if (s->numbers[i].major == st.stx_rdev_major &&
		    s->numbers[i].minor == st.stx_rdev_minor)
			return true;
	return false;
}

/* path is /proc/<pid>/fd. */
static void see_handle(struct search *s, const char *path, const char *name)
{
	char link[PATH_MAX], to[PATH_MAX], pid[16];
	ssize_t n;

	path_of(link, "%s%s/%s", s->root, path, name);
	n = readlink(link, to, sizeof(to) - 1);
	if (n < 1 || *to != '/') /* a socket, a pipe */
		return;
	to[n] = '\0';
	if (!is_name_of(s, to) && !is_node_of(s, link))
		return;
	snprintf(pid, sizeof(pid), "%.*s", (int)strcspn(path + 6, "/"),
		 path + 6);
	add_process(s, "open in", pid);
}

/* The handle may be closed by now; the pages are still the device's. */
static void see_map(struct search *s, const char *line, const void *arg)
{
	char name[64];

	/* address perms offset dev inode path, proc(5) */
	if (sscanf(line, "%*s %*s %*s %*s %*s /dev/%63s", name) == 1 &&
	    users_is_part_of(name, s->dev))
		add_process(s, "mapped by", arg);
}

static void see_process(struct search *s, const char *path, const char *name)
{
	char dir[PATH_MAX];

	if (name[strspn(name, "0123456789")] ||
	    strtol(name, NULL, 10) == (long)getpid())
		return;
	path_of(dir, "%s/%s/fd", path, name);
	each_entry(s, dir, see_handle);
	path_of(dir, "%s/%s/maps", path, name);
	each_line(s, dir, see_map, name);
}

static void see_mount_of(struct search *s, const char *line, const void *arg)
{
	char where[96];

	for (unsigned i = 0; i < s->nnumbers; i++)
		if (users_mount_of(line, s->numbers[i].major,
				   s->numbers[i].minor, where, sizeof(where)))
			add(s->out, "mounted at %s for process %s", where,
			    (const char *)arg);
}

static void see_namespace(struct search *s, const char *path, const char *name)
{
	char file[PATH_MAX];

	if (name[strspn(name, "0123456789")] || s->out->count)
		return;
	path_of(file, "%s/%s/mountinfo", path, name);
	each_line(s, file, see_mount_of, name);
}

/* Mounts of other namespaces are in no list of ours, but they claim it. */
static bool is_claimed(struct search *s)
{
	char path[PATH_MAX];
	int fd;

	path_of(path, "%s/dev/%s", s->root, s->dev);
	fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EBUSY;
}

void users_find(const char *root, const char *dev, struct users *out)
{
	struct search s = { root, dev, out, 0, { { 0 } } };
	char path[PATH_MAX];

	out->count = 0;
	path_of(path, "/sys/block/%s", dev);
	see_block(&s, path, dev);
	each_entry(&s, path, see_partition);
	each_line(&s, "/proc/swaps", see_swap, NULL);
	each_entry(&s, "/sys/block", see_loop);
	each_entry(&s, "/proc", see_process);
	if (out->count || !is_claimed(&s))
		return;
	each_entry(&s, "/proc", see_namespace);
	if (!out->count)
		add(out,
		    "claimed in the kernel, as the journal of a file system "
		    "is");
}

/*
 * process - what the kernel says about a process that may hang.
 */
#include "iscsid/host/process.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT 4096 /* bytes of a file that are looked at */

/* As much of it as fits; "" when there is none. */
static void read_text(const char *path, char *dst, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, dst, size - 1);

	dst[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

static void read_of(pid_t pid, const char *file, char *dst, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	read_text(path, dst, size);
}

/* What follows "\nKEY:" and blanks; "" when it is not there. */
static const char *value_of(const char *text, const char *key)
{
	char begin[32];
	const char *at;

	snprintf(begin, sizeof(begin), "\n%s:", key);
	at = strstr(text, begin);
	if (!at)
		return "";
	at += strlen(begin);
	return at + strspn(at, " \t");
}

/* Frozen? --------------------------------------------------------------- */

/* Where the hierarchies are mounted, by systemd or in a container. */
static const struct place {
	const char *controller, *root, *file, *frozen;
} places[] = {
	{ "", "/sys/fs/cgroup", "cgroup.events", "\nfrozen 1" },
	{ "", "/sys/fs/cgroup/unified", "cgroup.events", "\nfrozen 1" },
	/* Also FREEZING, while another process of the group does not yet. */
	{ "freezer", "/sys/fs/cgroup/freezer", "freezer.state", "\nFR" },
};

bool process_group(const char *text, const char *controller, char *dst,
		   size_t size)
{
	char want[64];
	const char *line = text, *at;

	snprintf(want, sizeof(want), ":%s:/", controller);
	while (line && *line) {
		size_t n = strcspn(line, "\n");

		at = memchr(line, ':', n);
		if (at && strncmp(at, want, strlen(want)) == 0) {
			at += strlen(want) - 1;
			n -= (size_t)(at - line);
			if (n >= size)
				return false;
			memcpy(dst, at, n);
			dst[n] = '\0';
			return true;
		}
		line = line[n] ? line + n + 1 : NULL;
	}
	return false;
}

static bool is_frozen_at(const struct place *p, const char *groups)
{
	char path[PATH_MAX], group[PATH_MAX], text[256] = "\n";

	if (!process_group(groups, p->controller, group, sizeof(group)) ||
	    snprintf(path, sizeof(path), "%s%s/%s", p->root, group, p->file) >=
		    (int)sizeof(path))
		return false;
	read_text(path, text + 1, sizeof(text) - 1);
	return strstr(text, p->frozen) != NULL;
}

static bool is_frozen(pid_t pid)
{
	char groups[TEXT];

	read_of(pid, "cgroup", groups, sizeof(groups));
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (is_frozen_at(&places[i], groups))
			return true;
	return false;
}

/* ----------------------------------------------------------------------- */

void process_look(pid_t pid, struct process_state *out)
{
	char text[TEXT];

	read_of(pid, "status", text, sizeof(text));
	out->state = *value_of(text, "State");
	out->tracer = atoi(value_of(text, "TracerPid"));
	out->frozen = is_frozen(pid);
}

/*
 * Of the thread that has its number, the loop's: what the kernel does for it in
 * threads of its own does not count.  The program's name, in brackets, may
 * hold anything; fields 14 and 15 are utime and stime.
 */
uint64_t process_cpu(pid_t pid)
{
	long ticks = sysconf(_SC_CLK_TCK); /* a second */
	unsigned long user, system;
	char file[32], text[1024];
	const char *at;

	snprintf(file, sizeof(file), "task/%d/stat", (int)pid);
	read_of(pid, file, text, sizeof(text));
	at = strrchr(text, ')');
	if (!at || ticks <= 0 ||
	    sscanf(at + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &user, &system) != 2)
		return 0;
	return (uint64_t)(user + system) * 1000 / (uint64_t)ticks;
}

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t process_suspended(void)
{
	uint64_t awake = clock_ms(CLOCK_MONOTONIC);

	return clock_ms(CLOCK_BOOTTIME) - awake;
}

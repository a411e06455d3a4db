/*
 * seen - how targets were seen to treat old sessions.
 */
#include "iscsid/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define VERB	   "seen"
#define RECORD_MAX 1024 /* bytes */

static void path_of(char *dst, size_t size, const char *dir, unsigned bus,
		    unsigned number, const char *suffix)
{
	snprintf(dst, size, "%s/b%ut%u%s", dir, bus, number, suffix);
}

static int write_all(const char *path, const struct msg_out *m)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, m->text, m->len);
	if (n != (ssize_t)m->len)
		err = n < 0 ? -errno : -ENOSPC;
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

int seen_put(const char *dir, unsigned bus, unsigned number, const char *name,
	     const struct said_fence *f)
{
	static struct msg_out m;
	char path[PATH_MAX], fresh[PATH_MAX];
	int err;

	path_of(path, sizeof(path), dir, bus, number, "");
	if (strcmp(f->reinstates, "unknown") == 0)
		return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	path_of(fresh, sizeof(fresh), dir, bus, number, ".new");
	msg_begin(&m, VERB);
	msg_str(&m, "name", name);
	msg_str(&m, "reinstates", f->reinstates);
	msg_u64(&m, "reinstates-ms", f->reinstates_ms);
	err = write_all(fresh, &m);
	if (!err && rename(fresh, path) < 0)
		err = -errno;
	return err;
}

static ssize_t read_all(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size);
	close(fd); /* it was only read */
	return n;
}

bool seen_get(const char *dir, unsigned bus, unsigned number, const char *name,
	      struct said_fence *f)
{
	char path[PATH_MAX], text[RECORD_MAX], known[NAME_SIZE];
	uint64_t ms = 0;
	struct msg_in m;
	ssize_t n;

	path_of(path, sizeof(path), dir, bus, number, "");
	n = read_all(path, text, sizeof(text));
	if (n <= 0 || msg_read(&m, text, (size_t)n) < 0 || !msg_is(&m, VERB) ||
	    msg_get(&m, "name", known, sizeof(known)) < 0 ||
	    strcmp(known, name) != 0 ||
	    msg_get(&m, "reinstates", f->reinstates, sizeof(f->reinstates)) <
		    0 ||
	    msg_get_u64(&m, "reinstates-ms", SAID_REINSTATES_MS, &ms) ||
	    !said_is_seen(f->reinstates)) {
		f->reinstates[0] = '\0';
		return false;
	}
	f->reinstates_ms = (uint32_t)ms;
	return true;
}

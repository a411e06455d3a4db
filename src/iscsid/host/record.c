/*
 * record - one message in a file of the run directory.
 */
#include "iscsid/host/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int write_all(const char *path, const struct msg_out *m)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, m->text, m->len);
	if (n != (ssize_t)m->len)
		err = n < 0 ? -errno : -ENOSPC;
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

int record_put(const char *dir, const char *name, const struct msg_out *m)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	int err;

	if (m->full)
		return -EMSGSIZE;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(fresh, sizeof(fresh), "%s/%s.new", dir, name);
	err = write_all(fresh, m);
	if (!err && rename(fresh, path) < 0)
		err = -errno;
	if (err)
		(void)unlink(fresh); /* what is no record is swept away */
	return err;
}

bool record_get(int dir, const char *name, char *text, size_t size,
		struct msg_in *m)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, size);
	close(fd); /* it was only read */
	return n > 0 && msg_read(m, text, (size_t)n) == 0;
}

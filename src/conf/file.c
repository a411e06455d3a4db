/*
 * file - small text files, read whole and replaced whole.
 */
#include "conf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define FIRST_SIZE 4096

/* Not realloc: it would leave a copy of secrets behind. */
static int grow(struct file_text *t, size_t *cap, size_t max)
{
	size_t want = *cap ? *cap * 2 : FIRST_SIZE;
	char *p;

	if (*cap > max)
		return -EFBIG;
	p = malloc(want);
	if (!p)
		return -ENOMEM;
	if (t->n)
		memcpy(p, t->p, t->n);
	if (t->p)
		explicit_bzero(t->p, t->n);
	free(t->p);
	t->p = p;
	*cap = want;
	return 0;
}

static int read_all(int fd, size_t max, struct file_text *t)
{
	size_t cap = 0;

	for (;;) {
		ssize_t n;
		int err = t->n < cap ? 0 : grow(t, &cap, max);

		if (err)
			return err;
		n = pread(fd, t->p + t->n, cap - t->n, (off_t)t->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return t->n > max ? -EFBIG : 0;
		t->n += (size_t)n;
	}
}

int file_read_fd(int fd, size_t max, struct file_text *out)
{
	struct file_text t = { 0 };
	int err = 0;

	if (fstat(fd, &t.st) < 0)
		return -errno;
	if (S_ISDIR(t.st.st_mode))
		return -EISDIR;
	if (!S_ISREG(t.st.st_mode) && !S_ISCHR(t.st.st_mode))
		return -EINVAL;
	err = read_all(fd, max, &t);
	if (err)
		file_text_free(&t);
	else
		*out = t;
	return err;
}

int file_read(const char *path, size_t max, struct file_text *out)
{
	/* Not to hang on a FIFO that nobody writes to. */
	int err, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	err = file_read_fd(fd, max, out);
	close(fd);
	return err;
}

void file_text_free(struct file_text *t)
{
	if (t->p)
		explicit_bzero(t->p, t->n);
	free(t->p);
	t->p = NULL;
	t->n = 0;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t did = write(fd, p, n);

		if (did < 0 && errno == EINTR)
			continue;
		if (did < 0)
			return -errno;
		p += did;
		n -= (size_t)did;
	}
	return 0;
}

static int fill(int fd, struct file_new *f)
{
	int err = write_all(fd, f->p, f->n);

	if (err)
		return err;
	if (fchmod(fd, f->mode) < 0 || fsync(fd) < 0 || fstat(fd, &f->st) < 0)
		return -errno;
	return 0;
}

int file_sync_dir(const char *path)
{
	char copy[PATH_MAX];
	int fd, err = 0;

	if (!str_copy(copy, sizeof(copy), path))
		return -ENAMETOOLONG;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int put_in_place(const char *tmp, const char *path, enum file_how how)
{
	if (how == FILE_REPLACE)
		return rename(tmp, path) < 0 ? -errno : 0;
	if (link(tmp, path) < 0)
		return -errno;
	(void)unlink(tmp); /* a second name of the new file, and no harm */
	return 0;
}

int file_write(const char *path, struct file_new *f)
{
	char tmp[PATH_MAX];
	int fd, err;

	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fill(fd, f);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err)
		err = put_in_place(tmp, path, f->how);
	if (err) {
		(void)unlink(tmp); /* what went wrong first is told */
		return err;
	}
	return file_sync_dir(path);
}

/*
 * file - a backend in a file or on a block device, through the page cache.
 */
#include "target/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct file {
	struct tgt_backend b;
	int fd;
};

static int fd_of(struct tgt_backend *b)
{
	return ((struct file *)(void *)b)->fd;
}

static int file_read(struct tgt_backend *b, uint64_t off, void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len) {
		ssize_t n = pread(fd_of(b), p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int file_write(struct tgt_backend *b, uint64_t off, const void *buf,
		      size_t len)
{
	const uint8_t *p = buf;

	while (len) {
		ssize_t n = pwrite(fd_of(b), p, len, (off_t)off);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		p += n;
		off += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int file_flush(struct tgt_backend *b)
{
	return fdatasync(fd_of(b)) < 0 ? -errno : 0;
}

static int write_zeros(struct tgt_backend *b, uint64_t off, uint64_t len)
{
	static const uint8_t zeros[65536];
	int err = 0;

	while (len && !err) {
		size_t n = len < sizeof(zeros) ? len : sizeof(zeros);

		err = file_write(b, off, zeros, n);
		off += n;
		len -= n;
	}
	return err;
}

static int change(struct tgt_backend *b, int mode, uint64_t off, uint64_t len)
{
	if (fallocate(fd_of(b), mode | FALLOC_FL_KEEP_SIZE, (off_t)off,
		      (off_t)len) == 0)
		return 0;
	return errno == EOPNOTSUPP ? write_zeros(b, off, len) : -errno;
}

static int file_discard(struct tgt_backend *b, uint64_t off, uint64_t len)
{
	return change(b, FALLOC_FL_PUNCH_HOLE, off, len);
}

static int file_zero(struct tgt_backend *b, uint64_t off, uint64_t len)
{
	return change(b, FALLOC_FL_ZERO_RANGE, off, len);
}

static int file_resize(struct tgt_backend *b, uint64_t size)
{
	if (ftruncate(fd_of(b), (off_t)size) < 0)
		return -errno;
	b->size = size;
	return 0;
}

static void file_free(struct tgt_backend *b)
{
	close(fd_of(b));
	free(b);
}

static const struct tgt_backend_ops file_ops = {
	.read = file_read,
	.write = file_write,
	.flush = file_flush,
	.discard = file_discard,
	.zero = file_zero,
	.resize = file_resize,
	.free = file_free,
};

/* The size it has, after making it what was asked for. */
static int settle_size(int fd, uint64_t wish, uint64_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISBLK(st.st_mode))
		return ioctl(fd, BLKGETSIZE64, size) < 0 ? -errno : 0;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (wish && (uint64_t)st.st_size != wish &&
	    ftruncate(fd, (off_t)wish) < 0)
		return -errno;
	*size = wish ? wish : (uint64_t)st.st_size;
	return 0;
}

int tgt_file_new(const char *path, uint64_t size, bool read_only,
		 struct tgt_backend **out)
{
	int flags = read_only ? O_RDONLY : size ? O_RDWR | O_CREAT : O_RDWR;
	int fd = open(path, flags | O_CLOEXEC, 0600);
	struct file *f;
	int err;

	if (fd < 0)
		return -errno;
	f = calloc(1, sizeof(*f));
	err = f ? settle_size(fd, read_only ? 0 : size, &f->b.size) : -ENOMEM;
	if (err) {
		free(f);
		close(fd);
		return err;
	}
	f->b.ops = &file_ops;
	f->fd = fd;
	*out = &f->b;
	return 0;
}

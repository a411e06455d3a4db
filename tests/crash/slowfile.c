/*
 * slowfile - a file whose writes take their time, some of them: what a target
 * with a busy array behind it has as its backing store.
 *
 *	slowfile FILE BACKING PERCENT MS
 *
 * Mounts FILE, which shows what BACKING has.  So many of a hundred writes
 * wait, up to MS, before they reach BACKING; those that come later overtake
 * them.  Prints "ready", and serves it until SIGTERM.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "export/fuse_mount.h"

#define THREADS	     32 /* so many requests at once */
#define PAYLOAD	     (256u << 10)
#define REQUEST_SIZE (4096 + PAYLOAD)

struct request { /* what a thread works on */
	union {
		struct fuse_in_header in;
		uint8_t bytes[REQUEST_SIZE];
	};
	uint8_t data[PAYLOAD];
	unsigned chance;
};

static struct request requests[THREADS];
static int fuse, backing;
static unsigned percent, most_ms;
static uint64_t size;

static void reply(const struct request *r, int err, const void *body, size_t n)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + n),
				       .error = err,
				       .unique = r->in.unique };
	struct iovec iov[2] = { { &out, sizeof(out) },
				{ (void *)(uintptr_t)body, n } };

	if (writev(fuse, iov, n ? 2 : 1) < 0 && errno != ENOENT)
		perror("slowfile: answer");
}

static void on_init(const struct request *r)
{
	const struct fuse_init_in *ask = (const void *)(&r->in + 1);
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = ask->minor < FUSE_KERNEL_MINOR_VERSION
				 ? ask->minor
				 : FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = ask->max_readahead,
		.flags = ask->flags &
			 (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_MAX_PAGES),
		.max_background = 64,
		.congestion_threshold = 48,
		.max_write = PAYLOAD,
		.max_pages = PAYLOAD / 4096,
		.time_gran = 1,
	};

	reply(r, 0, &out, sizeof(out));
}

static void on_getattr(const struct request *r)
{
	struct fuse_attr_out out = { .attr = { .ino = 1,
					       .size = size,
					       .mode = S_IFREG | 0600,
					       .nlink = 1,
					       .blksize = 4096 } };

	reply(r, 0, &out, sizeof(out));
}

/*
 * Without parallel writes the kernel would keep them in order; it does so,
 * too, until somebody asked for the size of the file.
 */
static void on_open(const struct request *r)
{
	struct fuse_open_out out = {
		.open_flags = FOPEN_DIRECT_IO | FOPEN_PARALLEL_DIRECT_WRITES,
	};

	reply(r, 0, &out, sizeof(out));
}

static void on_read(struct request *r)
{
	const struct fuse_read_in *in = (const void *)(&r->in + 1);
	uint32_t len = in->size < PAYLOAD ? in->size : PAYLOAD;
	ssize_t n = pread(backing, r->data, len, (off_t)in->offset);

	reply(r, n < 0 ? -errno : 0, r->data, n < 0 ? 0 : (size_t)n);
}

static void on_write(struct request *r)
{
	const struct fuse_write_in *in = (const void *)(&r->in + 1);
	struct fuse_write_out out = { .size = in->size };
	ssize_t n;

	if ((unsigned)rand_r(&r->chance) % 100 < percent)
		usleep((unsigned)rand_r(&r->chance) % (most_ms * 1000) + 1);
	n = pwrite(backing, in + 1, in->size, (off_t)in->offset);
	reply(r, n == (ssize_t)in->size ? 0 : -EIO, &out,
	      n == (ssize_t)in->size ? sizeof(out) : 0);
}

static void on_request(struct request *r)
{
	switch (r->in.opcode) {
	case FUSE_INIT:
		on_init(r);
		break;
	case FUSE_GETATTR:
		on_getattr(r);
		break;
	case FUSE_OPEN:
		on_open(r);
		break;
	case FUSE_READ:
		on_read(r);
		break;
	case FUSE_WRITE:
		on_write(r);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;	 /* have no answer */
	case FUSE_FSYNC: /* what was answered is in BACKING */
	case FUSE_FLUSH:
	case FUSE_RELEASE:
	case FUSE_ACCESS:
		reply(r, 0, NULL, 0);
		break;
	default:
		reply(r, -ENOSYS, NULL, 0);
	}
}

static void *serve(void *arg)
{
	struct request *r = arg;
	ssize_t n;

	for (;;) {
		n = read(fuse, r->bytes, sizeof(r->bytes));
		if (n > 0)
			on_request(r);
		else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
			return NULL; /* unmounted */
	}
}

static int start(const char *file, const char *behind)
{
	struct stat st;
	pthread_t thread;
	int err = 0;

	backing = open(behind, O_RDWR | O_CLOEXEC);
	if (backing < 0 || fstat(backing, &st))
		return -errno;
	size = (uint64_t)st.st_size;
	fuse = fuse_mount_file(file, "slowfile");
	if (fuse < 0)
		return fuse;
	if (fcntl(fuse, F_SETFL, 0) < 0) /* blocking */
		return -errno;
	for (unsigned i = 0; i < THREADS && !err; i++) {
		requests[i].chance = i + 1;
		err = -pthread_create(&thread, NULL, serve, &requests[i]);
	}
	return err;
}

int main(int argc, char **argv)
{
	sigset_t term;
	int err, sig;

	if (argc != 5)
		return 2;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL); /* of all threads */
	percent = (unsigned)strtoul(argv[3], NULL, 10);
	most_ms = (unsigned)strtoul(argv[4], NULL, 10);
	err = percent > 100 || most_ms == 0 || most_ms > 60000
		      ? -EINVAL
		      : start(argv[1], argv[2]);
	if (err) {
		fprintf(stderr, "slowfile: %s: %s\n", argv[1], strerror(-err));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	sigwait(&term, &sig);
	return fuse_unmount_file(argv[1]) ? 1 : 0;
}

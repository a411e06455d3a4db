/*
 * floor-fuse - a block device (loop on FUSE) answered from memory: the least
 * that this way into the kernel costs, with no network and no driver behind.
 *
 * floor-fuse FILE MIB: mounts FILE, attaches a loop device to it, prints its
 * name, and serves it until standard input ends.
 */
#include <errno.h>
#include <linux/fuse.h>
#include <fcntl.h>
#include <stdint.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "export/fuse_mount.h"
#include "export/loopdev.h"

#define HEAD	     80 /* in front of a WRITE's payload */
#define PAYLOAD	     (1u << 20)
#define REQUEST_SIZE (4096 + PAYLOAD)

static uint8_t *memory, *request;
static uint64_t size;
static int fuse;

static void die(const char *what, int err)
{
	fprintf(stderr, "floor-fuse: %s: %s\n", what, strerror(err));
	exit(1);
}

static void reply(const struct fuse_in_header *in, int err, const void *body,
		  size_t n)
{
	struct fuse_out_header out = { .len = (uint32_t)(sizeof(out) + n),
				       .error = err,
				       .unique = in->unique };
	struct iovec iov[2] = { { &out, sizeof(out) },
				{ (void *)(uintptr_t)body, n } };

	(void)!writev(fuse, iov, n ? 2 : 1);
}

static void on_init(const struct fuse_in_header *in)
{
	const struct fuse_init_in *ask = (const void *)(in + 1);
	struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = ask->minor < FUSE_KERNEL_MINOR_VERSION
				 ? ask->minor
				 : FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = ask->max_readahead,
		.flags = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_MAX_PAGES |
			 FUSE_ASYNC_DIO,
		.max_background = 64,
		.congestion_threshold = 48,
		.max_write = PAYLOAD,
		.max_pages = PAYLOAD / 4096,
		.time_gran = 1,
	};

	out.flags &= ask->flags;
	reply(in, 0, &out, sizeof(out));
}

static void on_getattr(const struct fuse_in_header *in)
{
	struct fuse_attr_out out = { .attr = { .ino = 1,
					       .size = size,
					       .mode = S_IFREG | 0600,
					       .nlink = 1,
					       .blksize = 4096 } };

	reply(in, 0, &out, sizeof(out));
}

static void on_request(const struct fuse_in_header *in)
{
	const struct fuse_read_in *r = (const void *)(in + 1);
	const struct fuse_write_in *w = (const void *)(in + 1);
	struct fuse_open_out open = { .open_flags = FOPEN_DIRECT_IO };
	struct fuse_write_out wrote = { 0 };

	switch (in->opcode) {
	case FUSE_INIT:
		on_init(in);
		break;
	case FUSE_GETATTR:
		on_getattr(in);
		break;
	case FUSE_OPEN:
		reply(in, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		reply(in, 0, memory + r->offset, r->size);
		break;
	case FUSE_WRITE:
		memcpy(memory + w->offset, (const uint8_t *)in + HEAD, w->size);
		wrote.size = w->size;
		reply(in, 0, &wrote, sizeof(wrote));
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break;
	case FUSE_FSYNC:
	case FUSE_RELEASE:
	case FUSE_ACCESS:
		reply(in, 0, NULL, 0);
		break;
	default:
		reply(in, -ENOSYS, NULL, 0);
	}
}

static void *serve(void *arg)
{
	/* The payload of a WRITE begins on a page. */
	uint8_t *head = request + 4096 - HEAD;
	ssize_t n;

	for (;;) {
		n = read(fuse, head, HEAD + PAYLOAD);
		if (n > 0)
			on_request((const void *)head);
		else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
			return NULL;
	}
}

int main(int argc, char **argv)
{
	struct loop_options opt = { .block_size = 512, .max_io = PAYLOAD };
	pthread_t thread;
	int file, n;
	char end;

	if (argc != 3)
		return 2;
	size = strtoull(argv[2], NULL, 0) << 20;
	memory = aligned_alloc(4096, size);
	request = aligned_alloc(4096, REQUEST_SIZE);
	if (!memory || !request)
		die("memory", errno);
	memset(memory, 1, size);
	memset(request, 0, REQUEST_SIZE);
	fuse = fuse_mount_file(argv[1], "floor");
	if (fuse < 0)
		die(argv[1], -fuse);
	fcntl(fuse, F_SETFL, 0); /* blocking */
	if (pthread_create(&thread, NULL, serve, NULL))
		die("thread", errno);
	file = open(argv[1], O_RDWR | O_CLOEXEC | O_DIRECT);
	n = file < 0 ? -errno : loop_attach(file, &opt);
	if (n < 0) {
		fuse_unmount_file(argv[1]);
		die("loop", -n);
	}
	close(file);
	printf("/dev/loop%d\n", n);
	fflush(stdout);
	while (read(0, &end, 1) > 0)
		;
	n = loop_detach((unsigned)n, argv[1]);
	fuse_unmount_file(argv[1]);
	return n ? 1 : 0;
}

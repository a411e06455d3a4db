/*
 * ublk_control - ublk devices made, started, stopped, found again.
 */
#include "export/ublk_control.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "export/sysfs.h"
#include "export/ublk_proto.h"

#define OP_COMMAND     46 /* IORING_OP_URING_CMD; see io/loop.c */
#define AT_COMMAND     8
#define AT_COMMAND_ARG 48
#define SYS_CHAR       "/sys/class/ublk-char"

/* The node ------------------------------------------------------------ */

/* Where /dev is not the kernel's (devtmpfs), the node may be missing. */
static int open_node(const char *path, const char *sys)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	dev_t dev;

	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : -errno;
	if (sysfs_get_dev(sys, &dev))
		return -ENOENT;
	if (mknod(path, S_IFCHR | 0600, dev) < 0)
		return -errno;
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int ublk_open(unsigned number)
{
	char path[32], sys[64];

	snprintf(path, sizeof(path), "/dev/ublkc%u", number);
	snprintf(sys, sizeof(sys), SYS_CHAR "/ublkc%u/dev", number);
	return open_node(path, sys);
}

/* Commands ------------------------------------------------------------ */

/* One command of the driver; see io_command() of io/loop.c. */
static bool put_command(struct io_uring *ring, int fd, uint32_t command,
			const void *arg, size_t n)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return false;
	io_uring_prep_nop(sqe);
	sqe->opcode = OP_COMMAND;
	sqe->fd = fd;
	memcpy((char *)sqe + AT_COMMAND, &command, sizeof(command));
	memcpy((char *)sqe + AT_COMMAND_ARG, arg, n);
	return true;
}

static int run(struct io_uring *ring, int fd, unsigned command,
	       const struct ublk_control *c)
{
	struct io_uring_cqe *cqe;
	int err;

	if (!put_command(ring, fd, command, c, sizeof(*c)))
		return -EBUSY;
	do {
		err = io_uring_submit_and_wait(ring, 1);
	} while (err == -EINTR);
	if (err < 0)
		return err;
	err = io_uring_wait_cqe(ring, &cqe);
	return err ? err : cqe->res;
}

/* Rarely enough for a ring of its own each time. */
static int control(unsigned command, const struct ublk_control *c)
{
	struct io_uring_params p = { .flags = IORING_SETUP_SQE128 };
	struct io_uring ring;
	int err, fd = open_node(UBLK_CONTROL,
				"/sys/class/misc/ublk-control/dev");

	if (fd < 0)
		return fd;
	err = io_uring_queue_init_params(4, &ring, &p);
	if (!err) {
		err = run(&ring, fd, command, c);
		io_uring_queue_exit(&ring);
	}
	close(fd);
	return err;
}

static int with_data(unsigned number, unsigned command, uint64_t data)
{
	const struct ublk_control c = {
		.number = number,
		.queue = UBLK_NO_QUEUE,
		.data = data,
	};

	return control(command, &c);
}

static int with_memory(unsigned number, unsigned command, void *p, size_t n)
{
	const struct ublk_control c = {
		.number = number,
		.queue = UBLK_NO_QUEUE,
		.len = (uint16_t)n,
		.addr = (uint64_t)(uintptr_t)p,
	};

	return control(command, &c);
}

int ublk_get_features(uint64_t *out)
{
	uint64_t features = 0;
	int err = with_memory(UBLK_ANY_NUMBER, UBLK_GET_FEATURES, &features,
			      sizeof(features));

	if (err == -EINVAL || err == -ENODEV) /* Linux before 6.5 */
		return -EOPNOTSUPP;
	if (!err)
		*out = features;
	return err;
}

int ublk_add(const struct ublk_params *p, unsigned depth, uint64_t mark,
	     unsigned *number)
{
	struct ublk_params params = *p;
	struct ublk_info info = {
		.queues = 1,
		.depth = (uint16_t)depth,
		.max_io = UBLK_DATA_MAX,
		.number = UBLK_ANY_NUMBER,
		.pid = -1,
		.flags = UBLK_CAN_RECOVER | UBLK_CAN_REISSUE | UBLK_CAN_ENCODE,
		.mark = mark,
	};
	int err = with_memory(UBLK_ANY_NUMBER, UBLK_ADD, &info, sizeof(info));

	if (err)
		return err;
	/* What it takes out of the flags it cannot do. */
	if ((info.flags & UBLK_CAN_REISSUE) == 0)
		err = -EOPNOTSUPP;
	else
		err = with_memory(info.number, UBLK_SET_PARAMS, &params,
				  sizeof(params));
	if (err)
		(void)ublk_delete(info.number); /* or the next start does */
	else
		*number = info.number;
	return err;
}

int ublk_start(unsigned number, int pid)
{
	return with_data(number, UBLK_START, (uint64_t)pid);
}

int ublk_stop(unsigned number)
{
	return with_data(number, UBLK_STOP, 0);
}

int ublk_stop_idle(unsigned number)
{
	return with_data(number, UBLK_TRY_STOP, 0);
}

/* Not waiting for the last handle (Linux 6.7), which may be a dead one's. */
int ublk_delete(unsigned number)
{
	int err = with_data(number, UBLK_DELETE_ASYNC, 0);

	if (err == -EOPNOTSUPP || err == -EINVAL || err == -ENOTTY)
		err = with_data(number, UBLK_DELETE, 0);
	return err;
}

int ublk_begin_recovery(unsigned number)
{
	return with_data(number, UBLK_BEGIN_RECOVERY, 0);
}

int ublk_end_recovery(unsigned number, int pid)
{
	return with_data(number, UBLK_END_RECOVERY, (uint64_t)pid);
}

/* As a server does; some were asked for by the one before, and are refused. */
static int ask_for_all(struct io_uring *ring, int fd, unsigned depth)
{
	static uint8_t room[1]; /* for no request: none comes */

	for (unsigned i = 0; i < depth; i++) {
		const struct ublk_io io = {
			.tag = (uint16_t)i,
			.addr = (uint64_t)(uintptr_t)room,
		};

		if (!put_command(ring, fd, UBLK_FETCH, &io, sizeof(io)))
			return -EBUSY;
	}
	return io_uring_submit(ring);
}

static _Noreturn void be_a_server(unsigned number, unsigned depth, pid_t parent)
{
	struct io_uring ring;
	int fd;

	/* Later it would be in the way of the real one. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    getppid() != parent)
		_exit(1);
	fd = ublk_open(number);
	if (fd < 0 || io_uring_queue_init(depth, &ring, 0) < 0)
		_exit(1);
	_exit(ask_for_all(&ring, fd, depth) < 0);
}

int ublk_finish_server(unsigned number, unsigned depth)
{
	pid_t child, parent = getpid();
	int status;

	if (!depth || depth > UBLK_DEPTH_MAX)
		return -EINVAL;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		be_a_server(number, depth, parent);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EBUSY;
}

int ublk_resize(unsigned number, uint64_t bytes)
{
	return with_data(number, UBLK_UPDATE_SIZE, bytes / 512);
}

int ublk_get_info(unsigned number, struct ublk_info *out)
{
	return with_memory(number, UBLK_GET_INFO, out, sizeof(*out));
}

/* All of them --------------------------------------------------------- */

struct listing {
	void (*each)(void *ctx, const struct ublk_info *info);
	void *ctx;
};

static bool look(void *ctx, const char *name)
{
	struct listing *l = ctx;
	struct ublk_info info;
	uint64_t n;

	if (strncmp(name, "ublkc", 5) ||
	    str_u64(name + 5, strlen(name + 5), INT32_MAX, &n))
		return true;
	if (ublk_get_info((unsigned)n, &info) == 0)
		l->each(l->ctx, &info);
	return true;
}

int ublk_each(void (*each)(void *ctx, const struct ublk_info *info), void *ctx)
{
	struct listing l = { each, ctx };

	return sysfs_list(SYS_CHAR, look, &l);
}

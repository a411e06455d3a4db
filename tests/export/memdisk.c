/*
 * memdisk - a disk in memory behind the real exporter, moved by commands.
 *
 * memdisk DIR MIB BLOCKSIZE [ro] [nodiscard]
 *
 * The parent is a small manager: it mounts DIR/lun and keeps the handle.
 * A child is a small engine: export/ on an io_uring loop, over a stand-in
 * for disk/ that answers some requests at once and others later, last come
 * first.  The memory is shared, like a target that outlives the engine.
 * Each line of standard input is a command, answered by one line: "ok ..." or
 * "error ...".
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/list.h"
#include "disk/disk.h"
#include "export/export.h"
#include "export/blockdev.h"
#include "export/fuse_mount.h"
#include "export/loopdev.h"
#include "export/mountinfo.h"
#include "export/partition.h"
#include "export/sysfs.h"
#include "io/loop.h"

#define OPS 5 /* enum disk_op */

struct disk { /* shared by both processes */
	struct disk_geometry geometry;
	int err[OPS]; /* what requests end with */
	bool hold;    /* requests wait */
	unsigned long count[OPS], fua, unmap, held, resumed;
	bool stop;
};

static struct disk *disk;
static uint8_t *memory;

/* The engine: a stand-in for disk/ ------------------------------------- */

static struct io_loop *loop;
static struct list waiting;
static struct io_op drain_op;
static struct io_timer poll_timer;
static struct export *served;
static unsigned long nsubmitted;
static int to_parent;

const struct disk_geometry *disk_geometry(const struct disk *d)
{
	return &d->geometry;
}

static void move_data(const struct disk_io *io)
{
	if (io->op == DISK_READ)
		memcpy(io->buf, memory + io->off, io->len);
	else if (io->op == DISK_WRITE)
		memcpy(memory + io->off, io->buf, io->len);
	else if (io->op == DISK_ZERO)
		memset(memory + io->off, 0, io->len);
}

static void complete(struct disk_io *io)
{
	int err = disk->err[io->op];

	disk->count[io->op]++;
	disk->fua += io->fua;
	disk->unmap += io->unmap;
	if (!err)
		move_data(io);
	io->done(io, err);
}

void disk_submit(struct disk *d, struct disk_io *io)
{
	if (!d->hold && nsubmitted++ % 4 == 0) {
		complete(io);
		return;
	}
	list_push_front(&waiting, &io->link);
	d->held++;
	io_soon(loop, &drain_op);
}

/* Half of them, the last first; the others in the next turn. */
static void on_drain(struct io_op *op, int res)
{
	unsigned long n = (disk->held + 1) / 2;
	struct list *l;

	if (disk->hold)
		return;
	while (n-- > 0 && (l = list_pop_front(&waiting))) {
		disk->held--;
		complete(container_of(l, struct disk_io, link));
	}
	if (!list_empty(&waiting))
		io_soon(loop, &drain_op);
}

/* The parent's wishes stand in the shared memory. */
static void on_poll(struct io_timer *t)
{
	if (!disk->hold && !list_empty(&waiting))
		io_soon(loop, &drain_op);
	if (disk->stop)
		export_stop(served);
	io_timer_after(loop, t, 2);
}

static void tell_parent(int err)
{
	char c = (char)-err;

	if (write(to_parent, &c, 1) != 1)
		_exit(3);
}

static void on_started(void *ctx, int err)
{
	tell_parent(err);
}

static void on_hung_up(void *ctx)
{
	disk->stop = true;
}

static void on_stopped(void *ctx, int err)
{
	_exit(err ? 2 : 0);
}

static const struct export_events events = {
	.started = on_started,
	.hung_up = on_hung_up,
	.stopped = on_stopped,
};

static int engine(int fd, bool resume)
{
	struct export_config cfg = {
		.fd = fd, .disk = disk, .resume = resume, .events = &events
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	disk->held = 0;
	disk->stop = false;
	disk->resumed += resume;
	list_init(&waiting);
	drain_op.fn = on_drain;
	poll_timer.fn = on_poll;
	if (io_loop_new(256, IO_LOOP_RESTRICTED, &loop))
		return 4;
	cfg.loop = loop;
	io_timer_after(loop, &poll_timer, 2);
	if (export_start(&export_fuse, &cfg, &served))
		return 5;
	return io_loop_run(loop) ? 6 : 0;
}

/* The manager ---------------------------------------------------------- */

static char file[512];
static int fuse_fd = -1, loop_number = -1;
static pid_t child = -1;

static int wait_started(int fd)
{
	char c;

	return read(fd, &c, 1) == 1 ? -c : -EPIPE;
}

static int serve(bool resume)
{
	int p[2], err;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	child = fork();
	if (child == 0) {
		close(p[0]);
		to_parent = p[1];
		_exit(engine(fuse_fd, resume));
	}
	close(p[1]);
	err = wait_started(p[0]);
	close(p[0]);
	return err;
}

static int reap(void)
{
	int status = 0;

	if (child <= 0)
		return -ECHILD;
	waitpid(child, &status, 0);
	child = -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int do_kill(const char *arg)
{
	kill(child, SIGKILL);
	reap();
	return 0;
}

static int do_serve(const char *arg)
{
	return serve(true);
}

static int do_attach(const char *arg)
{
	struct loop_options opt = { .block_size = disk->geometry.block_size,
				    .max_io = 1 << 20 };
	int fd = open(file, O_RDWR), err;
	char name[16];

	if (fd < 0)
		return -errno;
	loop_number = loop_attach(fd, &opt);
	close(fd);
	if (loop_number < 0)
		return loop_number;
	snprintf(name, sizeof(name), "loop%d", loop_number);
	err = blockdev_set_read_only(name, disk->geometry.read_only);
	if (err)
		return err;
	printf("ok /dev/loop%d\n", loop_number);
	return 1;
}

static int do_detach(const char *arg)
{
	return loop_detach((unsigned)loop_number, file);
}

static int do_size(const char *arg)
{
	disk->geometry.blocks =
		strtoull(arg, NULL, 0) * (1 << 20) / disk->geometry.block_size;
	return loop_resize((unsigned)loop_number);
}

static const struct {
	const char *name;
	enum disk_op op;
} op_names[] = {
	{ "read", DISK_READ },
	{ "write", DISK_WRITE },
	{ "flush", DISK_FLUSH },
	{ "zero", DISK_ZERO },
};

/* fail OP ERRNO */
static int do_fail(const char *arg)
{
	char name[16];
	int err;

	if (sscanf(arg, "%15s %d", name, &err) != 2)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(op_names) / sizeof(*op_names); i++)
		if (!strcmp(op_names[i].name, name))
			disk->err[op_names[i].op] = -err;
	return 0;
}

static int do_hold(const char *arg)
{
	disk->hold = atoi(arg);
	return 0;
}

static int do_count(const char *arg)
{
	printf("ok read=%lu write=%lu flush=%lu zero=%lu unmap=%lu fua=%lu "
	       "held=%lu resumed=%lu\n",
	       disk->count[DISK_READ], disk->count[DISK_WRITE],
	       disk->count[DISK_FLUSH], disk->count[DISK_ZERO], disk->unmap,
	       disk->fua, disk->held, disk->resumed);
	return 1;
}

static int do_stop(const char *arg)
{
	disk->stop = true;
	return reap();
}

static int do_pid(const char *arg)
{
	printf("ok %d\n", (int)child);
	return 1;
}

static int do_unmount(const char *arg)
{
	return fuse_unmount_file(file);
}

struct wanted {
	const char *path;
	unsigned number;
	bool found;
};

/* The last one that matches is the topmost. */
static bool match_path(void *ctx, const struct mountinfo *m)
{
	struct wanted *w = ctx;

	if (strncmp(m->fstype, "fuse", 4) == 0 && !strcmp(m->path, w->path)) {
		w->number = m->minor;
		w->found = true;
	}
	return true;
}

/* The connection behind the topmost mount at path. */
static int fuse_connection(const char *path, unsigned *number)
{
	struct wanted w = { .path = path };
	int err = mountinfo_each(match_path, &w);

	if (err)
		return err;
	if (!w.found)
		return -ENOENT;
	*number = w.number;
	return 0;
}

static int do_abort(const char *arg)
{
	unsigned number;
	int err = fuse_connection(file, &number);

	return err ? err : fuse_abort(number);
}

/* Reads the table as nobody; only numbers come back. */
static int read_table(int fd, struct partition_table *t)
{
	int p[2], err = 0;
	pid_t pid;

	if (pipe(p) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534))
			_exit(1);
		err = -partition_read(fd, t);
		if (!err && write(p[1], t, sizeof(*t)) != sizeof(*t))
			err = EPIPE;
		_exit(err);
	}
	close(p[1]);
	if (read(p[0], t, sizeof(*t)) != sizeof(*t))
		err = -EIO;
	close(p[0]);
	waitpid(pid, NULL, 0);
	return err;
}

static int get_dev(const char *name, const char *part, dev_t *out)
{
	char path[PATH_MAX], text[32];
	unsigned major, minor;
	int err;

	snprintf(path, sizeof(path), "/sys/block/%s/%s/dev", name, part);
	err = sysfs_get(path, text, sizeof(text));
	if (err)
		return err;
	if (sscanf(text, "%u:%u", &major, &minor) != 2)
		return -EINVAL;
	*out = makedev(major, minor);
	return 0;
}

/* The device node; made, when /dev is not made by the kernel. */
static int partition_node(const char *name, uint32_t number, char *path,
			  size_t size)
{
	char part[64];
	struct stat st;
	dev_t dev;
	int err;

	snprintf(part, sizeof(part), "%sp%u", name, number);
	err = get_dev(name, part, &dev);
	if (err)
		return err;
	if ((size_t)snprintf(path, size, "/dev/%s", part) >= size)
		return -ENAMETOOLONG;
	if (stat(path, &st) < 0)
		return mknod(path, S_IFBLK | 0660, dev) < 0 ? -errno : 0;
	return S_ISBLK(st.st_mode) && st.st_rdev == dev ? 0 : -EEXIST;
}

static int apply(int fd, const char *name, const struct partition_table *t)
{
	char node[64];
	int err = -EBADMSG;

	if (partition_table_ok(
		    t, disk->geometry.blocks * disk->geometry.block_size,
		    disk->geometry.block_size))
		err = partition_apply(fd, name, t);
	if (err)
		return err;
	printf("ok %s", t->type[0] ? t->type : "none");
	for (unsigned i = 0; i < t->count; i++)
		if (!partition_node(name, t->part[i].number, node,
				    sizeof(node)))
			printf(" %s", node);
	printf("\n");
	return 1;
}

static int do_partitions(const char *arg)
{
	struct partition_table t;
	char name[32], dev[64];
	int fd, err;

	snprintf(name, sizeof(name), "loop%d", loop_number);
	snprintf(dev, sizeof(dev), "/dev/%s", name);
	fd = open(dev, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = read_table(fd, &t);
	if (!err)
		err = apply(fd, name, &t);
	close(fd);
	return err;
}

static const struct {
	const char *name;
	int (*run)(const char *arg); /* -errno; 0; > 0: it printed itself */
} commands[] = {
	{ "attach", do_attach },
	{ "detach", do_detach },
	{ "size", do_size },
	{ "fail", do_fail },
	{ "hold", do_hold },
	{ "kill", do_kill },
	{ "serve", do_serve },
	{ "count", do_count },
	{ "stop", do_stop },
	{ "unmount", do_unmount },
	{ "abort", do_abort },
	{ "pid", do_pid },
	{ "partitions", do_partitions },
};

static int run(char *line)
{
	char *arg;

	line[strcspn(line, "\n")] = '\0';
	arg = line + strcspn(line, " ");
	if (*arg)
		*arg++ = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(commands[i].name, line))
			return commands[i].run(arg);
	return -ENOSYS;
}

static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	return p;
}

static void set_up(int argc, char **argv)
{
	struct disk_geometry *g;
	uint64_t size = strtoull(argv[2], NULL, 0) << 20;

	disk = share(sizeof(*disk));
	memory = share(2 * size); /* room to grow */
	g = &disk->geometry;
	g->block_size = g->physical_size = (uint32_t)atoi(argv[3]);
	g->blocks = size / g->block_size;
	g->can_discard = g->can_zero = true;
	g->discard_granularity = 65536;
	for (int i = 4; i < argc; i++) {
		g->read_only |= !strcmp(argv[i], "ro");
		if (!strcmp(argv[i], "nodiscard"))
			g->can_discard = g->can_zero = false;
	}
}

static void answer(int res)
{
	if (res < 0)
		printf("error %d %s\n", -res, strerror(-res));
	else if (res == 0)
		printf("ok\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[256];
	int err;

	if (argc < 4) {
		fprintf(stderr,
			"usage: memdisk DIR MIB BLOCKSIZE [ro] [nodiscard]\n");
		return 2;
	}
	set_up(argc, argv);
	snprintf(file, sizeof(file), "%s/lun", argv[1]);
	fuse_fd = fuse_mount_file(file, "memdisk");
	err = fuse_fd < 0 ? fuse_fd : serve(false);
	answer(err);
	while (!err && fgets(line, sizeof(line), stdin))
		answer(run(line));
	return err ? 1 : 0;
}

/*
 * steps - what is done to the kernel for a device, each as a worker's job.
 */
#include "iscsid/host/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "export/blockdev.h"
#include "export/fuse_mount.h"
#include "export/loopdev.h"
#include "iscsid/host/steps_ublk.h"

#define STALE_MOUNTS 8	       /* above one another, at most */
#define MAX_IO	     (1 << 20) /* bytes: one FUSE request */

static void disk_name(const struct step *s, char *dst, size_t size)
{
	exporter_disk_name(s->via, s->disk, dst, size);
}

/* The kernel detached our loop device, and somebody has the number now. */
static bool is_taken(const struct step *s)
{
	return s->via == EXPORTER_FUSE &&
	       !loop_is_on((unsigned)s->disk, s->path);
}

/* As long as it is open, its number is nobody else's. */
static int open_disk(const struct step *s, int flags)
{
	char name[24], path[32];
	int fd;

	disk_name(s, name, sizeof(name));
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && s->via == EXPORTER_UBLK &&
	    ublk_step_show(s) == 0)
		fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (is_taken(s)) {
		close(fd);
		return -ENODEV;
	}
	return fd;
}

/* In the child -------------------------------------------------------- */

static int do_mount(const struct step *s, struct msg_out *m, int *handle)
{
	const char *name = strrchr(s->path, '/');
	int fd;

	for (int i = 0; i < STALE_MOUNTS; i++)
		if (fuse_unmount_file(s->path))
			break;
	fd = fuse_mount_file(s->path, name ? name + 1 : s->path);
	if (fd < 0)
		return fd;
	*handle = fd;
	return 0;
}

/* Its number, or -errno. */
static int attach_loop(const struct step *s)
{
	const struct disk_geometry *g = &s->geometry;
	const struct loop_options opt = {
		.block_size = g->block_size,
		.rotational = g->rotational,
		.max_io = MAX_IO,
		.optimal_io = g->optimal_io,
	};
	int n, fd = open(s->path, O_RDWR | O_CLOEXEC);

	/* An engine before this version. */
	if (fd < 0 && errno == EROFS)
		fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = loop_attach(fd, &opt);
	close(fd);
	return n;
}

/* As the kernel has them now: others may have been wished for. */
static void answer_size(const char *name, struct msg_out *m)
{
	msg_u64(m, "size", blockdev_size(name));
	msg_u64(m, "read-only", blockdev_is_read_only(name));
}

static int do_start(const struct step *s, struct msg_out *m, int *handle)
{
	bool ublk = s->via == EXPORTER_UBLK;
	int err, n = ublk ? ublk_step_start(s) : attach_loop(s);
	char name[24];

	if (n < 0)
		return n;
	exporter_disk_name(s->via, n, name, sizeof(name));
	err = blockdev_set_read_only(name, s->geometry.read_only);
	if (err && !ublk) /* a ublk device is found by its own number */
		(void)loop_detach((unsigned)n, s->path); /* err tells */
	msg_u64(m, "disk", (uint64_t)n);
	answer_size(name, m);
	return err;
}

/* While still privileged: the handle that do_parse() reads. */
static int open_for_parse(const void *arg)
{
	return open_disk(arg, O_RDONLY);
}

static int do_parse(int fd, struct msg_out *m)
{
	static struct partition_table t;
	char text[64];
	int err = partition_read(fd, &t);

	for (unsigned i = 0; !err && i < t.count; i++) {
		snprintf(text, sizeof(text), "%u,%" PRIu64 ",%" PRIu64,
			 t.part[i].number, t.part[i].start, t.part[i].length);
		msg_str(m, "part", text);
	}
	return err;
}

static int do_add(const struct step *s, struct msg_out *m, int *handle)
{
	char name[24];
	int fd = open_disk(s, O_RDONLY), err;

	if (fd < 0)
		return fd;
	disk_name(s, name, sizeof(name));
	err = partition_apply(fd, name, &s->parts);
	close(fd);
	return err;
}

static int change_size(const struct step *s, const char *name)
{
	int err = 0;

	if (blockdev_size(name) == s->size)
		return 0;
	err = s->via == EXPORTER_UBLK ? ublk_step_resize(s)
				      : loop_resize((unsigned)s->disk);
	return !err && blockdev_size(name) != s->size ? -ERANGE : err;
}

static int do_resize(const struct step *s, struct msg_out *m, int *handle)
{
	char name[24];
	int err, ro, fd = open_disk(s, O_RDONLY);

	if (fd < 0)
		return fd;
	disk_name(s, name, sizeof(name));
	err = change_size(s, name);
	ro = blockdev_set_read_only(name, s->geometry.read_only);
	answer_size(name, m);
	close(fd);
	if (err || ro)
		msg_u64(m, "kept", (uint64_t)(err ? -err : -ro));
	return 0;
}

static int do_users(const struct step *s, struct msg_out *m, int *handle)
{
	static struct users u;
	char name[24];
	int fd = open_disk(s, O_RDONLY);

	/* It is gone, or somebody else's; a node that lacks says nothing. */
	if (fd == -ENXIO || fd == -ENODEV)
		return 0;
	disk_name(s, name, sizeof(name));
	users_find("", name, &u);
	for (unsigned i = 0; i < u.count; i++)
		msg_str(m, "by", u.words[i]);
	if (fd >= 0)
		close(fd);
	return 0;
}

/* Writes what is cached and drops the partitions. */
static int empty_disk(const struct step *s, struct msg_out *m)
{
	static const struct partition_table none;
	int fd = open_disk(s, s->geometry.read_only ? O_RDONLY : O_RDWR), err;
	char name[24];

	if (fd < 0)
		return 0; /* then whoever takes it away has the word */
	if (!s->force && fsync(fd) < 0)
		msg_u64(m, "lost", (uint64_t)errno);
	disk_name(s, name, sizeof(name));
	err = partition_apply(fd, name, &none);
	close(fd);
	return s->force ? 0 : err;
}

/* A loop device's number outlives it, and what was set of it, too. */
static void make_writable(const struct step *s)
{
	char name[24];

	disk_name(s, name, sizeof(name));
	(void)blockdev_set_read_only(name, false); /* its engine refuses */
}

static int do_clear(const struct step *s, struct msg_out *m, int *handle)
{
	int err = s->disk < 0 ? 0 : empty_disk(s, m);

	if (err)
		return err;
	if (s->via == EXPORTER_UBLK)
		return ublk_step_stop(s, m, handle);
	err = loop_detach((unsigned)s->disk, s->path);
	/* It goes with its user, and then nobody is left to do that. */
	if (err == -EBUSY && s->force)
		make_writable(s);
	/* Else it would go with its user, although it was refused. */
	if (err == -EBUSY && !s->force &&
	    loop_stay((unsigned)s->disk, s->path) == -ENXIO) {
		make_writable(s);
		err = 0;
	}
	return err;
}

static int do_unmount(const struct step *s, struct msg_out *m, int *handle)
{
	int err = fuse_unmount_file(s->path);

	if (err && err != -EINVAL && err != -ENOENT)
		return err;
	if (unlink(s->path) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

/* The table ----------------------------------------------------------- */

#define EITHER(fn)                                                             \
	{                                                                      \
		fn, fn                                                         \
	}

static const struct kind {
	const char *words[2]; /* by enum exporter, as is act */
	int (*act[2])(const struct step *s, struct msg_out *m, int *handle);
	enum work work;
	unsigned deadline; /* ms */
} kinds[STEP_KINDS] = {
	/*
	 * Those that read, write or open a disk wait for a target that may be
	 * away, and for the recovery of a ublk device.
	 */
	[STEP_MOUNT] = { { "mounting its file", "making a ublk device" },
			 { do_mount, ublk_step_add },
			 WORK_KERNEL,
			 10000 },
	[STEP_LOOP] = { { "setting up a loop device",
			  "starting its ublk device" },
			EITHER(do_start),
			WORK_DISK,
			600000 },
	[STEP_PARSE] = { EITHER("reading the partition table"), EITHER(NULL),
			 WORK_DISK, 600000 },
	[STEP_ADD] = { EITHER("adding the partitions"), EITHER(do_add),
		       WORK_DISK, 60000 },
	[STEP_RESIZE] = { EITHER("changing its size or write protection"),
			  EITHER(do_resize), WORK_DISK, 600000 },
	[STEP_USERS] = { EITHER("looking for users"), EITHER(do_users),
			 WORK_DISK, 30000 },
	[STEP_CLEAR] = { { "clearing the loop device",
			   "stopping its ublk device" },
			 EITHER(do_clear),
			 WORK_DISK,
			 60000 },
	[STEP_UNMOUNT] = { { "unmounting its file",
			     "deleting its ublk device" },
			   { do_unmount, ublk_step_delete },
			   WORK_KERNEL,
			   10000 },
	[STEP_RECOVER] = { EITHER("recovering its ublk device"),
			   { NULL, ublk_step_recover },
			   WORK_KERNEL,
			   60000 },
	[STEP_RECOVERED] = { EITHER("going on with its ublk device"),
			     { NULL, ublk_step_recovered },
			     WORK_KERNEL,
			     600000 },
	[STEP_FAIL] = { EITHER("ending its requests"),
			{ NULL, ublk_step_stop },
			WORK_KERNEL,
			60000 },
};

const char *step_words(enum exporter via, enum step_kind kind)
{
	return kinds[kind].words[via];
}

static int run_step(const struct worker_job *job, void *arg, struct msg_out *m,
		    int *handle)
{
	const struct step *s = arg;

	if (s->kind == STEP_PARSE)
		return do_parse(job->handle, m);
	return kinds[s->kind].act[s->via](s, m, handle);
}

/* In the manager ------------------------------------------------------ */

struct running {
	enum step_kind kind;
	enum exporter via;
	uint64_t size;
	uint32_t block_size;
	step_done *done;
	void *ctx;
};

static bool read_number(char **p, uint64_t *out)
{
	char *comma = strchr(*p, ',');
	size_t n = comma ? (size_t)(comma - *p) : strlen(*p);
	const char *s = *p;

	*p += comma ? n + 1 : n;
	return str_u64(s, n, INT64_MAX, out) == 0;
}

/* The list comes from a process that read foreign bytes. */
static int read_parts(const struct running *r, const struct msg_in *m,
		      struct partition_table *t)
{
	char text[64], *p;
	uint64_t number, start, length;

	for (t->count = 0; t->count < PARTITION_MAX; t->count++) {
		if (msg_get_nth(m, "part", t->count, text, sizeof(text)) < 0)
			break;
		p = text;
		if (!read_number(&p, &number) || !read_number(&p, &start) ||
		    !read_number(&p, &length) || number > PARTITION_MAX)
			return -EBADMSG;
		t->part[t->count] =
			(struct partition){ (uint32_t)number, start, length };
	}
	return partition_table_ok(t, r->size, r->block_size) ? 0 : -EBADMSG;
}

/* The number that a step answers with. */
static int read_numbers(const struct running *r, const struct msg_in *m,
			struct step_result *out)
{
	uint64_t n = 0;
	bool makes_ublk = r->kind == STEP_MOUNT && r->via == EXPORTER_UBLK;

	if (r->kind == STEP_LOOP && msg_get_u64(m, "disk", (1 << 20) - 1, &n))
		return -EBADMSG;
	out->disk = (int)n;
	if (makes_ublk && msg_get_u64(m, "ublk", (1 << 20) - 1, &n))
		return -EBADMSG;
	out->ublk = (int)n;
	if (r->kind == STEP_LOOP || r->kind == STEP_RESIZE) {
		if (msg_get_u64(m, "size", INT64_MAX, &out->size) ||
		    msg_get_u64(m, "read-only", 1, &n))
			return -EBADMSG;
		out->read_only = n;
	}
	if (r->kind == STEP_RESIZE && !msg_get_u64(m, "kept", 4095, &n))
		out->kept = -(int)n;
	if (r->kind == STEP_RECOVER && msg_get_u64(m, "depth", UINT16_MAX, &n))
		return -EBADMSG;
	out->depth = (unsigned)n;
	return 0;
}

static int read_result(const struct running *r, const struct msg_in *m,
		       struct step_result *out)
{
	uint64_t n = 0;
	int err = read_numbers(r, m, out);

	if (err)
		return err;
	if (r->kind == STEP_CLEAR && !msg_get_u64(m, "lost", 4095, &n))
		out->lost = -(int)n;
	if (r->kind == STEP_PARSE)
		return read_parts(r, m, &out->parts);
	while (out->users.count < USERS_MAX &&
	       msg_get_nth(m, "by", out->users.count,
			   out->users.words[out->users.count], USER_WORDS) >= 0)
		out->users.count++;
	return r->kind == STEP_MOUNT && r->via == EXPORTER_FUSE &&
			       out->handle < 0
		       ? -EBADMSG
		       : 0;
}

static void step_over(void *ctx, int err, const struct msg_in *m, int handle)
{
	static struct step_result result;
	struct running *r = ctx;

	memset(&result, 0, sizeof(result));
	result.handle = handle;
	if (!err)
		err = read_result(r, m, &result);
	if (err && handle >= 0)
		close(handle);
	r->done(r->ctx, r->kind, err, &result);
	free(r);
}

struct worker *step_start(struct workers *ws, const struct step *s,
			  step_done *done, void *ctx)
{
	struct running *r = calloc(1, sizeof(*r));
	struct worker_job job = {
		.name = kinds[s->kind].words[s->via],
		.work = kinds[s->kind].work,
		.owner = s->owner,
		.fn = run_step,
		.arg = s,
		.arg_size = sizeof(*s),
		.handle = -1,
		.low = s->kind == STEP_PARSE,
		.low_open = s->kind == STEP_PARSE ? open_for_parse : NULL,
		.deadline = kinds[s->kind].deadline,
		.done = step_over,
		.ctx = r,
	};
	struct worker *w;

	if (!r)
		return NULL;
	*r = (struct running){ s->kind, s->via, s->size, s->geometry.block_size,
			       done,	ctx };
	w = worker_start(ws, &job);
	if (!w)
		free(r);
	return w;
}

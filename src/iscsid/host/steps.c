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
#include "iscsid/host/exporter.h"

static void disk_name(const struct step *s, char *dst, size_t size)
{
	exporter_disk_name(s->via, s->disk, dst, size);
}

/* As long as it is open, its number is nobody else's. */
static int open_disk(const struct step *s, int flags)
{
	char name[24], path[32];
	int fd;

	disk_name(s, name, sizeof(name));
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && s->via->show && s->via->show(s) == 0)
		fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (s->via->is_same && !s->via->is_same(s)) {
		close(fd);
		return -ENODEV;
	}
	return fd;
}

/* In the child -------------------------------------------------------- */

static int do_mount(const struct step *s, struct msg_out *m, int *handle)
{
	return s->via->make ? s->via->make(s, m, handle) : 0;
}

/* As the kernel has them now: others may have been wished for. */
static void answer_size(const char *name, struct msg_out *m)
{
	msg_u64(m, "size", blockdev_size(name));
	msg_u64(m, "read-only", blockdev_is_read_only(name));
}

/* Where nothing of the kernel has a size. */
static void answer_wishes(const struct step *s, struct msg_out *m)
{
	const struct disk_geometry *g = &s->geometry;

	msg_u64(m, "size", g->blocks * g->block_size);
	msg_u64(m, "read-only", g->read_only);
}

static int do_start(const struct step *s, struct msg_out *m, int *handle)
{
	int err, n = s->via->start(s);
	char name[24];

	if (n < 0)
		return n;
	msg_u64(m, "disk", (uint64_t)n);
	if (!s->via->block) {
		answer_wishes(s, m);
		return 0;
	}
	exporter_disk_name(s->via, n, name, sizeof(name));
	err = blockdev_set_read_only(name, s->geometry.read_only);
	if (err && s->via->unstart)
		s->via->unstart(s, n);
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
	err = s->via->resize ? s->via->resize(s) : -EOPNOTSUPP;
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

static int do_clear(const struct step *s, struct msg_out *m, int *handle)
{
	int err = s->disk < 0 || !s->via->block ? 0 : empty_disk(s, m);

	if (err || !s->via->stop)
		return err;
	return s->via->stop(s, m, handle);
}

static int do_unmount(const struct step *s, struct msg_out *m, int *handle)
{
	return s->via->remove ? s->via->remove(s, m, handle) : 0;
}

static int do_recover(const struct step *s, struct msg_out *m, int *handle)
{
	return s->via->recover(s, m, handle);
}

static int do_recovered(const struct step *s, struct msg_out *m, int *handle)
{
	return s->via->recovered(s, m, handle);
}

static int do_fail(const struct step *s, struct msg_out *m, int *handle)
{
	return s->via->fail(s, m, handle);
}

/* The table ----------------------------------------------------------- */

static const struct kind {
	const char *words; /* where the exporter has no others */
	step_act *act;
	enum work work;
	unsigned deadline; /* ms */
	bool of_block;	   /* it comes to nothing without a block device */
} kinds[STEP_KINDS] = {
	/*
	 * Those that read, write or open a disk wait for a target that may be
	 * away, and for the recovery of a device.
	 */
	[STEP_MOUNT] = { "making its device", do_mount, WORK_KERNEL, 10000 },
	[STEP_LOOP] = { "starting its device", do_start, WORK_DISK, 600000 },
	[STEP_PARSE] = { "reading the partition table", NULL, WORK_DISK, 600000,
			 true },
	[STEP_ADD] = { "adding the partitions", do_add, WORK_DISK, 60000,
		       true },
	[STEP_RESIZE] = { "changing its size or write protection", do_resize,
			  WORK_DISK, 600000, true },
	[STEP_USERS] = { "looking for users", do_users, WORK_DISK, 30000,
			 true },
	[STEP_CLEAR] = { "stopping its device", do_clear, WORK_DISK, 60000 },
	[STEP_UNMOUNT] = { "removing its device", do_unmount, WORK_KERNEL,
			   10000 },
	[STEP_RECOVER] = { "recovering its device", do_recover, WORK_KERNEL,
			   60000 },
	[STEP_RECOVERED] = { "going on with its device", do_recovered,
			     WORK_KERNEL, 600000 },
	[STEP_FAIL] = { "ending its requests", do_fail, WORK_KERNEL, 60000 },
};

const char *step_words(const struct via_ops *via, enum step_kind kind)
{
	return via->words[kind] ? via->words[kind] : kinds[kind].words;
}

static bool comes_to_nothing(const struct step *s)
{
	return kinds[s->kind].of_block && !s->via->block;
}

static int run_step(const struct worker_job *job, void *arg, struct msg_out *m,
		    int *handle)
{
	const struct step *s = arg;

	if (comes_to_nothing(s)) {
		answer_wishes(s, m);
		return 0;
	}
	if (s->kind == STEP_PARSE)
		return do_parse(job->handle, m);
	return kinds[s->kind].act(s, m, handle);
}

/* In the manager ------------------------------------------------------ */

struct running {
	enum step_kind kind;
	const struct via_ops *via;
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

	if (r->kind == STEP_LOOP && msg_get_u64(m, "disk", (1 << 20) - 1, &n))
		return -EBADMSG;
	out->disk = (int)n;
	if (r->kind == STEP_MOUNT) {
		if (!msg_get_u64(m, "number", (1 << 20) - 1, &n))
			out->number = (int)n;
		else if (!r->via->shared)
			return -EBADMSG;
	}
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
	return r->kind == STEP_MOUNT && r->via->shared && out->handle < 0
		       ? -EBADMSG
		       : 0;
}

static void step_over(void *ctx, int err, const struct msg_in *m, int handle)
{
	static struct step_result result;
	struct running *r = ctx;

	memset(&result, 0, sizeof(result));
	result.handle = handle;
	result.number = -1;
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
	bool parses = s->kind == STEP_PARSE && !comes_to_nothing(s);
	struct worker_job job = {
		.name = step_words(s->via, s->kind),
		.work = kinds[s->kind].work,
		.owner = s->owner,
		.fn = run_step,
		.arg = s,
		.arg_size = sizeof(*s),
		.handle = -1,
		.low = parses,
		.low_open = parses ? open_for_parse : NULL,
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

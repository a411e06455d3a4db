/*
 * fuse_proto - requests and answers of the FUSE device, as bytes.
 *
 * The structs of linux/fuse.h are in the machine's own byte order; they are
 * copied in and out, because a request may be shorter than the struct.
 */
#include "export/fuse_proto.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Newer than the headers of Debian 12 (7.38): protocol 7.40, Linux 6.9. */
#define INIT_HAS_RESEND (1ULL << 39)
#define NOTIFY_RESEND	7
#define PARALLEL_WRITES (1u << 6) /* FOPEN_PARALLEL_DIRECT_WRITES, 7.38 */

/*
 * close(2) must not wait for us: the process that starts the next engine may
 * have the file open, and its child would wait, before exec(2) is over, for
 * the engine it is about to become.  FUSE_FLUSH promises nothing about stable
 * storage, so nothing is lost without it.
 */
#define OPEN_FLAGS (FOPEN_DIRECT_IO | FOPEN_NOFLUSH | PARALLEL_WRITES)

#define INIT_WANTED                                                            \
	(FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO | FUSE_MAX_PAGES | \
	 FUSE_INIT_EXT | INIT_HAS_RESEND)

#define ERRNO_LIMIT  512  /* the kernel refuses answers from here on */
#define PREFERRED_IO 4096 /* st_blksize is at least this, as of a disk */

_Static_assert(FUSE_HEAD_SIZE == sizeof(struct fuse_in_header) +
					 sizeof(struct fuse_write_in),
	       "the payload of a WRITE lies where a slot expects it");
_Static_assert(FUSE_ANSWER_MAX >= sizeof(struct fuse_out_header) +
					  sizeof(struct fuse_attr_out),
	       "every answer fits");

struct request {
	const uint8_t *body;
	size_t len; /* of the body */
	const struct disk_geometry *g;
	struct fuse_job *job;
};

/*
 * Only what the kernel may hand on to a program: EINTR and ERESTART* make
 * libc repeat for ever, and ENOSYS makes the kernel never ask again - after
 * it each fsync would succeed without reaching the disk.
 */
static int fit_errno(int err)
{
	if (err > 0 || err <= -ERRNO_LIMIT || err == -EINTR || err == -ENOSYS)
		return -EIO;
	return err;
}

static enum fuse_todo answer(struct fuse_job *job, int err, const void *body,
			     size_t len)
{
	struct fuse_out_header h = { .unique = job->unique, .error = err };

	job->payload = 0;
	if (err)
		len = 0;
	h.len = (uint32_t)(sizeof(h) + len);
	memcpy(job->answer, &h, sizeof(h));
	if (len)
		memcpy(job->answer + sizeof(h), body, len);
	job->answer_len = h.len;
	return FUSE_NEXT_ANSWER;
}

static enum fuse_todo refuse(const struct request *r, int err)
{
	return answer(r->job, err, NULL, 0);
}

static enum fuse_todo do_io(const struct request *r, enum disk_op op,
			    uint64_t off, uint64_t len)
{
	r->job->op = op;
	r->job->off = off;
	r->job->len = len;
	return FUSE_NEXT_IO;
}

uint64_t fuse_file_size(const struct disk_geometry *g)
{
	uint64_t size;

	if (__builtin_mul_overflow(g->blocks, g->block_size, &size) ||
	    size > INT64_MAX)
		return INT64_MAX / g->block_size * g->block_size;
	return size;
}

static bool is_aligned(const struct request *r, uint64_t off, uint64_t len)
{
	return (off | len) % r->g->block_size == 0;
}

/*
 * The edges are those of a block device: a read at the end gives nothing, a
 * write there ENOSPC, and both stop short at it.
 */
static uint64_t cut_at_end(const struct request *r, uint64_t off, uint64_t len)
{
	uint64_t size = fuse_file_size(r->g);

	if (off >= size)
		return 0;
	return len < size - off ? len : size - off;
}

static enum fuse_todo on_read(const struct request *r)
{
	struct fuse_read_in in;
	uint64_t len;

	memcpy(&in, r->body, sizeof(in));
	if (in.size > FUSE_DATA_MAX || !is_aligned(r, in.offset, in.size))
		return refuse(r, -EINVAL);
	len = cut_at_end(r, in.offset, in.size);
	return len ? do_io(r, DISK_READ, in.offset, len) : refuse(r, 0);
}

static enum fuse_todo on_write(const struct request *r)
{
	struct fuse_write_in in;
	uint64_t len;

	memcpy(&in, r->body, sizeof(in));
	if (in.size > FUSE_DATA_MAX || in.size != r->len - sizeof(in) ||
	    !is_aligned(r, in.offset, in.size))
		return refuse(r, -EINVAL);
	len = cut_at_end(r, in.offset, in.size);
	if (len == 0)
		return refuse(r, -ENOSPC);
	r->job->fua = in.flags & O_DSYNC;
	return do_io(r, DISK_WRITE, in.offset, len);
}

static enum fuse_todo on_fsync(const struct request *r)
{
	return do_io(r, DISK_FLUSH, 0, 0);
}

/*
 * A punched hole must read back as zeros: the loop driver uses it for
 * "write zeroes, may unmap" too, and nobody can tell that from a discard.
 */
static enum fuse_todo on_fallocate(const struct request *r)
{
	const struct disk_geometry *g = r->g;
	struct fuse_fallocate_in in;
	bool punch;
	uint64_t len;

	memcpy(&in, r->body, sizeof(in));
	punch = in.mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
	if (!punch && in.mode != (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE))
		return refuse(r, -EOPNOTSUPP);
	if (punch ? !g->can_discard : !g->can_zero)
		return refuse(r, -EOPNOTSUPP);
	len = cut_at_end(r, in.offset, in.length);
	if (len == 0 || !is_aligned(r, in.offset, in.length))
		return refuse(r, -EINVAL);
	r->job->unmap = punch;
	return do_io(r, DISK_ZERO, in.offset, len);
}

static uint32_t at_least(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* attr_valid stays 0: the size is asked for each time, and may change. */
static enum fuse_todo answer_attr(const struct request *r)
{
	struct fuse_attr_out out = { 0 };

	out.attr.ino = FUSE_ROOT_ID;
	out.attr.size = fuse_file_size(r->g);
	out.attr.blocks = out.attr.size / 512;
	out.attr.mode = S_IFREG | (r->g->read_only ? 0400 : 0600);
	out.attr.nlink = 1;
	out.attr.blksize = at_least(r->g->physical_size, PREFERRED_IO);
	return answer(r->job, 0, &out, sizeof(out));
}

static enum fuse_todo on_setattr(const struct request *r)
{
	struct fuse_setattr_in in;

	memcpy(&in, r->body, sizeof(in));
	if (in.valid & (FATTR_MODE | FATTR_UID | FATTR_GID))
		return refuse(r, -EPERM);
	if ((in.valid & FATTR_SIZE) && in.size != fuse_file_size(r->g))
		return refuse(r, -EPERM);
	return answer_attr(r);
}

static enum fuse_todo on_open(const struct request *r)
{
	struct fuse_open_out out = {
		.open_flags = OPEN_FLAGS,
	};

	return answer(r->job, 0, &out, sizeof(out));
}

/* f_bsize becomes the loop device's discard granularity. */
static enum fuse_todo on_statfs(const struct request *r)
{
	struct fuse_statfs_out out = { 0 };

	out.st.bsize = at_least(r->g->discard_granularity, r->g->block_size);
	out.st.frsize = out.st.bsize;
	out.st.blocks = fuse_file_size(r->g) / out.st.bsize;
	out.st.namelen = 255;
	return answer(r->job, 0, &out, sizeof(out));
}

static uint64_t kernel_flags(const struct request *r,
			     const struct fuse_init_in *in)
{
	size_t end = offsetof(struct fuse_init_in, flags2) + sizeof(in->flags2);

	if (!(in->flags & FUSE_INIT_EXT) || r->len < end)
		return in->flags;
	return in->flags | (uint64_t)in->flags2 << 32;
}

/* A kernel of a later major version asks again with ours. */
static enum fuse_todo on_init(const struct request *r)
{
	struct fuse_init_in in = { 0 };
	struct fuse_init_out out = { 0 };
	uint64_t flags;

	memcpy(&in, r->body, r->len < sizeof(in) ? r->len : sizeof(in));
	out.major = FUSE_KERNEL_VERSION;
	out.minor = FUSE_KERNEL_MINOR_VERSION;
	if (in.major < FUSE_KERNEL_VERSION)
		return refuse(r, -EPROTO);
	if (in.major > FUSE_KERNEL_VERSION)
		return answer(r->job, 0, &out, sizeof(out));
	if (in.minor < out.minor)
		out.minor = in.minor;
	flags = kernel_flags(r, &in) & INIT_WANTED;
	out.flags = (uint32_t)flags;
	out.flags2 = (uint32_t)(flags >> 32);
	out.max_readahead = in.max_readahead;
	out.max_write = FUSE_DATA_MAX;
	out.max_pages = (uint16_t)(FUSE_DATA_MAX / (size_t)getpagesize());
	out.max_background = FUSE_BACKGROUND;
	out.congestion_threshold = FUSE_BACKGROUND * 3 / 4;
	out.time_gran = 1;
	r->job->init_done = true;
	r->job->can_resend = flags & INIT_HAS_RESEND;
	return answer(r->job, 0, &out, sizeof(out));
}

static enum fuse_todo on_success(const struct request *r)
{
	return refuse(r, 0);
}

static enum fuse_todo on_ignore(const struct request *r)
{
	return FUSE_NEXT_NOTHING;
}

static enum fuse_todo on_ioctl(const struct request *r)
{
	return refuse(r, -ENOTTY);
}

/*
 * All requests with an answer other than ENOSYS, by which the kernel learns
 * to do without (INTERRUPT too: what was asked of a disk is not taken back).
 */
static const struct row {
	enum fuse_todo (*run)(const struct request *r);
	size_t min_body;
} rows[] = {
	[FUSE_FORGET] = { on_ignore, 0 },
	[FUSE_GETATTR] = { answer_attr, 0 },
	[FUSE_SETATTR] = { on_setattr, sizeof(struct fuse_setattr_in) },
	[FUSE_OPEN] = { on_open, sizeof(struct fuse_open_in) },
	[FUSE_READ] = { on_read, sizeof(struct fuse_read_in) },
	[FUSE_WRITE] = { on_write, sizeof(struct fuse_write_in) },
	[FUSE_STATFS] = { on_statfs, 0 },
	[FUSE_RELEASE] = { on_success, 0 },
	[FUSE_FSYNC] = { on_fsync, 0 },
	[FUSE_INIT] = { on_init, offsetof(struct fuse_init_in, flags2) },
	[FUSE_ACCESS] = { on_success, 0 },
	[FUSE_DESTROY] = { on_success, 0 },
	[FUSE_IOCTL] = { on_ioctl, 0 },
	[FUSE_BATCH_FORGET] = { on_ignore, 0 },
	[FUSE_FALLOCATE] = { on_fallocate, sizeof(struct fuse_fallocate_in) },
	[FUSE_SYNCFS] = { on_fsync, 0 },
};

enum fuse_todo fuse_decode(const uint8_t *req, size_t n,
			   const struct disk_geometry *g, struct fuse_job *job)
{
	struct fuse_in_header h;
	struct request r = { .g = g, .job = job };
	const struct row *row;

	memset(job, 0, offsetof(struct fuse_job, answer));
	job->answer_len = job->payload = 0;
	job->init_done = job->can_resend = false;
	if (n < sizeof(h))
		return FUSE_NEXT_NOTHING;
	memcpy(&h, req, sizeof(h));
	job->unique = h.unique;
	job->opcode = h.opcode;
	if (h.opcode >= sizeof(rows) / sizeof(*rows) || !rows[h.opcode].run)
		return refuse(&r, -ENOSYS);
	row = &rows[h.opcode];
	r.body = req + sizeof(h);
	r.len = n - sizeof(h);
	if (r.len < row->min_body)
		return refuse(&r, -EINVAL);
	return row->run(&r);
}

void fuse_finish(struct fuse_job *job, int err)
{
	struct fuse_write_out out = { .size = (uint32_t)job->len };
	struct fuse_out_header h;

	if (err || job->opcode != FUSE_WRITE)
		answer(job, fit_errno(err), NULL, 0);
	else
		answer(job, 0, &out, sizeof(out));
	if (err || job->opcode != FUSE_READ)
		return;
	job->payload = (uint32_t)job->len;
	memcpy(&h, job->answer, sizeof(h));
	h.len += job->payload;
	memcpy(job->answer, &h, sizeof(h));
}

size_t fuse_resend_message(uint8_t out[static FUSE_ANSWER_MAX])
{
	struct fuse_out_header h = { .len = sizeof(h), .error = NOTIFY_RESEND };

	memcpy(out, &h, sizeof(h));
	return sizeof(h);
}

/*
 * hba_proto - the FUSE requests of the HBA file as bytes.
 */
#include "iscsid/admin/hba_proto.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>

#include "iscsid/admin/hba.h"

/*
 * No cache: what is read is what was opened.  No FLUSH: close(2) never waits
 * for the manager.
 */
#define OPEN_FLAGS (FOPEN_DIRECT_IO | FOPEN_NOFLUSH)

_Static_assert(sizeof(((struct hba_body *)0)->bytes) >=
		       sizeof(struct fuse_attr_out),
	       "the largest body fits");
_Static_assert(sizeof(((struct hba_answer *)0)->head) ==
		       sizeof(struct fuse_out_header),
	       "the head is FUSE's");
_Static_assert(HBA_REQUEST_MAX >= sizeof(struct fuse_in_header) +
					  sizeof(struct fuse_write_in) +
					  HBA_WRITE,
	       "a command fits");

struct reading {
	const uint8_t *body;
	size_t len;
	struct hba_request *out;
};

static void refuse(struct hba_request *out, int err)
{
	out->kind = HBA_IS_SIMPLE;
	out->error = err;
}

static void read_init(const struct reading *r)
{
	struct fuse_init_in in;

	memcpy(&in, r->body, 8); /* major, minor: all versions have them */
	r->out->minor = in.minor;
	refuse(r->out, in.major < FUSE_KERNEL_VERSION ? -EPROTO : 0);
}

static void read_read(const struct reading *r)
{
	struct fuse_read_in in;

	memcpy(&in, r->body, sizeof(in));
	r->out->kind = HBA_IS_READ;
	r->out->fh = in.fh;
	r->out->off = in.offset;
	r->out->size = in.size;
}

/* A command is one write(2): where it lies in the file means nothing. */
static void read_write(const struct reading *r)
{
	struct fuse_write_in in;

	memcpy(&in, r->body, sizeof(in));
	if (in.size > HBA_WRITE || in.size > r->len - sizeof(in)) {
		refuse(r->out, -EINVAL);
		return;
	}
	r->out->kind = HBA_IS_WRITE;
	r->out->fh = in.fh;
	r->out->size = in.size;
	r->out->data = r->body + sizeof(in);
}

static void read_release(const struct reading *r)
{
	struct fuse_release_in in;

	memcpy(&in, r->body, sizeof(in));
	r->out->kind = HBA_IS_RELEASE;
	r->out->fh = in.fh;
}

static void read_open(const struct reading *r)
{
	r->out->kind = HBA_IS_OPEN;
}

/* The shell's ">" cuts the file first: that is no change. */
static void read_setattr(const struct reading *r)
{
	struct fuse_setattr_in in;

	memcpy(&in, r->body, sizeof(in));
	refuse(r->out,
	       in.valid & (FATTR_MODE | FATTR_UID | FATTR_GID) ? -EPERM : 0);
}

static void read_fine(const struct reading *r)
{
	refuse(r->out, 0);
}

static void read_nothing(const struct reading *r)
{
}

/* Else ENOSYS, by which the kernel learns to do without. */
static const struct row {
	void (*fn)(const struct reading *r);
	size_t min_body;
} rows[] = {
	[FUSE_FORGET] = { read_nothing, 0 },
	[FUSE_BATCH_FORGET] = { read_nothing, 0 },
	[FUSE_INTERRUPT] = { read_nothing, 0 }, /* answers come anyway */
	[FUSE_GETATTR] = { read_fine, 0 },
	[FUSE_SETATTR] = { read_setattr, sizeof(struct fuse_setattr_in) },
	[FUSE_OPEN] = { read_open, sizeof(struct fuse_open_in) },
	[FUSE_READ] = { read_read, sizeof(struct fuse_read_in) },
	[FUSE_WRITE] = { read_write, sizeof(struct fuse_write_in) },
	[FUSE_RELEASE] = { read_release, sizeof(struct fuse_release_in) },
	[FUSE_STATFS] = { read_fine, 0 },
	[FUSE_INIT] = { read_init, 8 },
	[FUSE_DESTROY] = { read_fine, 0 },
};

void hba_proto_read(const uint8_t *req, size_t n, struct hba_request *out)
{
	struct fuse_in_header h;
	struct reading r = { .out = out };
	const struct row *row;

	memset(out, 0, sizeof(*out));
	if (n < sizeof(h))
		return;
	memcpy(&h, req, sizeof(h));
	out->unique = h.unique;
	out->opcode = h.opcode;
	if (h.opcode >= sizeof(rows) / sizeof(*rows) || !rows[h.opcode].fn) {
		refuse(out, -ENOSYS);
		return;
	}
	row = &rows[h.opcode];
	r.body = req + sizeof(h);
	r.len = n - sizeof(h);
	if (r.len < row->min_body)
		refuse(out, -EINVAL);
	else
		row->fn(&r);
}

static void put(struct hba_body *out, const void *p, size_t n)
{
	memcpy(out->bytes, p, n);
	out->len = n;
}

static void put_init(const struct hba_request *r, struct hba_body *out)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = r->minor < FUSE_KERNEL_MINOR_VERSION
				 ? r->minor
				 : FUSE_KERNEL_MINOR_VERSION,
		.max_write = HBA_WRITE,
		.max_background = 16,
		.congestion_threshold = 12,
		.time_gran = 1,
	};

	put(out, &init, sizeof(init));
}

/* attr_valid stays 0, and the size too: as files of /proc. */
static void put_attr(struct hba_body *out)
{
	struct fuse_attr_out attr = {
		.attr = {
			.ino = FUSE_ROOT_ID,
			.mode = S_IFREG | 0600,
			.nlink = 1,
			.blksize = 4096,
		},
	};

	put(out, &attr, sizeof(attr));
}

void hba_proto_simple(const struct hba_request *r, struct hba_body *out)
{
	const struct fuse_statfs_out none = { .st = { .bsize = 4096,
						      .namelen = 255 } };

	out->len = 0;
	switch (r->opcode) {
	case FUSE_INIT:
		put_init(r, out);
		break;
	case FUSE_GETATTR:
	case FUSE_SETATTR:
		put_attr(out);
		break;
	case FUSE_STATFS:
		put(out, &none, sizeof(none));
		break;
	}
}

void hba_proto_open(struct hba_body *out, uint64_t fh)
{
	const struct fuse_open_out o = { .fh = fh, .open_flags = OPEN_FLAGS };

	put(out, &o, sizeof(o));
}

void hba_proto_written(struct hba_body *out, uint32_t size)
{
	const struct fuse_write_out w = { .size = size };

	put(out, &w, sizeof(w));
}

void hba_proto_answer(struct hba_answer *a, uint64_t unique, int err,
		      const void *body, size_t len)
{
	struct fuse_out_header h = { .unique = unique, .error = err };

	if (err)
		len = 0;
	h.len = (uint32_t)(sizeof(h) + len);
	memcpy(a->head, &h, sizeof(h));
	a->iov[0] = (struct iovec){ a->head, sizeof(a->head) };
	a->iov[1] = (struct iovec){ (void *)(uintptr_t)body, len };
}

/*
 * fuse_bytes - FUSE requests laid out by hand, for tests.
 *
 * Offsets are those of linux/fuse.h, protocol 7.x, written down again here
 * on purpose: the code under test uses the structs.
 */
#ifndef TESTS_FUSE_BYTES_H
#define TESTS_FUSE_BYTES_H

#include <stdint.h>
#include <string.h>

#define REQ_HEAD 40 /* len, opcode, unique, nodeid, uid, gid, pid, 2 x 16 */

enum {
	OP_LOOKUP = 1,
	OP_FORGET = 2,
	OP_GETATTR = 3,
	OP_SETATTR = 4,
	OP_OPEN = 14,
	OP_READ = 15,
	OP_WRITE = 16,
	OP_STATFS = 17,
	OP_RELEASE = 18,
	OP_FSYNC = 20,
	OP_FLUSH = 25,
	OP_INIT = 26,
	OP_ACCESS = 34,
	OP_INTERRUPT = 36,
	OP_DESTROY = 38,
	OP_IOCTL = 39,
	OP_BATCH_FORGET = 42,
	OP_FALLOCATE = 43,
	OP_SYNCFS = 50,
};

struct req {
	uint8_t p[4096];
	uint32_t n;
};

static inline void put32(struct req *r, uint32_t at, uint32_t v)
{
	memcpy(r->p + at, &v, 4);
}

static inline void put64(struct req *r, uint32_t at, uint64_t v)
{
	memcpy(r->p + at, &v, 8);
}

static inline uint32_t at32(const uint8_t *p, uint32_t at)
{
	uint32_t v;

	memcpy(&v, p + at, 4);
	return v;
}

static inline uint64_t at64(const uint8_t *p, uint32_t at)
{
	uint64_t v;

	memcpy(&v, p + at, 8);
	return v;
}

/* A request with a body of zeros. */
static inline struct req req(uint32_t opcode, uint64_t unique, uint32_t body)
{
	struct req r;

	memset(&r, 0, sizeof(r));
	r.n = REQ_HEAD + body;
	put32(&r, 0, r.n);
	put32(&r, 4, opcode);
	put64(&r, 8, unique);
	put64(&r, 16, 1);
	return r;
}

/* READ: fh, offset, size, read_flags, lock_owner, flags, padding */
static inline struct req req_read(uint64_t unique, uint64_t off, uint32_t size)
{
	struct req r = req(OP_READ, unique, 40);

	put64(&r, REQ_HEAD + 8, off);
	put32(&r, REQ_HEAD + 16, size);
	return r;
}

/* WRITE: fh, offset, size, write_flags, lock_owner, flags, padding, data */
static inline struct req req_write(uint64_t unique, uint64_t off, uint32_t size,
				   uint32_t flags)
{
	struct req r = req(OP_WRITE, unique, 40);

	put64(&r, REQ_HEAD + 8, off);
	put32(&r, REQ_HEAD + 16, size);
	put32(&r, REQ_HEAD + 32, flags);
	memset(r.p + REQ_HEAD + 40, 0x5a, sizeof(r.p) - REQ_HEAD - 40);
	r.n += size;
	return r;
}

/* FALLOCATE: fh, offset, length, mode, padding */
static inline struct req req_fallocate(uint64_t off, uint64_t len,
				       uint32_t mode)
{
	struct req r = req(OP_FALLOCATE, 1, 32);

	put64(&r, REQ_HEAD + 8, off);
	put64(&r, REQ_HEAD + 16, len);
	put32(&r, REQ_HEAD + 24, mode);
	return r;
}

/* INIT: major, minor, max_readahead, flags, flags2, 11 x unused */
static inline struct req req_init(uint32_t major, uint32_t minor,
				  uint64_t flags)
{
	struct req r = req(OP_INIT, 2, 64);

	put32(&r, REQ_HEAD, major);
	put32(&r, REQ_HEAD + 4, minor);
	put32(&r, REQ_HEAD + 8, 131072);
	put32(&r, REQ_HEAD + 12, (uint32_t)flags);
	put32(&r, REQ_HEAD + 16, (uint32_t)(flags >> 32));
	return r;
}

#endif

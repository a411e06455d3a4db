/*
 * fuse_proto - requests and answers of the FUSE device, as bytes
 * (linux/fuse.h, protocol 7.x).
 *
 * The file system is one regular file, node 1.  Pure functions: no handles,
 * no allocation, no state but the caller's.  Answers most requests at once;
 * what the disk must do comes out as a disk operation.
 */
#ifndef EXPORT_FUSE_PROTO_H
#define EXPORT_FUSE_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk/geometry.h"
#include "disk/io.h"

#define FUSE_DATA_MAX	 (1u << 20) /* payload of one READ or WRITE */
#define FUSE_HEAD_SIZE	 80 /* in front of a WRITE's payload: two structs */
#define FUSE_BUFFER_SIZE (FUSE_HEAD_SIZE + FUSE_DATA_MAX)
#define FUSE_ANSWER_MAX	 144 /* header and the largest body, of GETATTR */
#define FUSE_BACKGROUND	 64  /* asynchronous requests the kernel keeps */

enum fuse_todo {
	FUSE_NEXT_NOTHING, /* this request gets no answer */
	FUSE_NEXT_ANSWER,  /* job->answer is complete */
	FUSE_NEXT_IO,	   /* do the operation, then fuse_finish() */
};

struct fuse_job {
	uint64_t unique; /* echoed as it came: bit 63 marks a resent one */
	uint32_t opcode;

	/* FUSE_NEXT_IO: for struct disk_io; within the disk, whole blocks */
	enum disk_op op;
	bool fua, unmap;
	uint64_t off, len;

	/* complete when answer_len > 0 */
	uint8_t answer[FUSE_ANSWER_MAX];
	uint32_t answer_len;
	uint32_t payload; /* bytes of read data that go behind the answer */

	/* FUSE_INIT only, after success */
	bool init_done, can_resend;
};

/*
 * What the request req[0..n) asks for, of a file that is a disk of this
 * geometry.  Every field of *job is set.  The payload of a WRITE is
 * req[FUSE_HEAD_SIZE..], job->len bytes of it.
 */
enum fuse_todo fuse_decode(const uint8_t *req, size_t n,
			   const struct disk_geometry *g, struct fuse_job *job);

/* Completes the answer to a FUSE_NEXT_IO; err as the disk gave it. */
void fuse_finish(struct fuse_job *job, int err);

/*
 * The message that makes the kernel send again what was read from this
 * handle and not answered (Linux 6.9).  Returns its length.
 */
size_t fuse_resend_message(uint8_t out[static FUSE_ANSWER_MAX]);

/* Bytes of the file: the disk's, if they fit off_t. */
uint64_t fuse_file_size(const struct disk_geometry *g);

#endif

/*
 * hba_proto - the FUSE requests of the HBA file as bytes (linux/fuse.h).
 *
 * Pure functions.  export/fuse_proto.h is about a file that is a disk; this
 * is one whose content is text, read as it is asked for.
 */
#ifndef ISCSID_HBA_PROTO_H
#define ISCSID_HBA_PROTO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define HBA_REQUEST_MAX 8192 /* FUSE_MIN_READ_BUFFER; HBA_WRITE fits */

enum hba_kind {
	HBA_IS_NOTHING, /* gets no answer */
	HBA_IS_SIMPLE,	/* hba_proto_simple() and error make its answer */
	HBA_IS_OPEN,
	HBA_IS_READ,
	HBA_IS_WRITE,
	HBA_IS_RELEASE,
};

struct hba_request {
	enum hba_kind kind;
	uint64_t unique;
	uint32_t opcode;
	int error; /* HBA_IS_SIMPLE: 0 or -errno */
	uint64_t fh, off;
	uint32_t size;
	const uint8_t *data; /* HBA_IS_WRITE; size bytes of the request */
	uint32_t minor;	     /* of the kernel's protocol, FUSE_INIT */
};

struct hba_body {
	uint8_t bytes[128];
	size_t len;
};

/* An answer for writev(2); body is borrowed. */
struct hba_answer {
	uint8_t head[16];
	struct iovec iov[2];
};

/* Every field of *out is set. */
void hba_proto_read(const uint8_t *req, size_t n, struct hba_request *out);
void hba_proto_simple(const struct hba_request *r, struct hba_body *out);
void hba_proto_open(struct hba_body *out, uint64_t fh);
void hba_proto_written(struct hba_body *out, uint32_t size);
/* With an error the body is left out. */
void hba_proto_answer(struct hba_answer *a, uint64_t unique, int err,
		      const void *body, size_t len);

#endif

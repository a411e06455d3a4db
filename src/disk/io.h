/*
 * io - one block request: what an exporter asks of a disk.
 */
#ifndef DISK_IO_H
#define DISK_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "proto/cmd.h"

struct disk;

enum disk_op {
	DISK_READ,
	DISK_WRITE,
	DISK_FLUSH,
	DISK_DISCARD, /* afterwards the contents are anything */
	DISK_ZERO,    /* afterwards the contents read as zeros */
};

/*
 * Owned by the exporter, which keeps it still until done() was called.
 * off and len are bytes, multiples of the block size (else -EINVAL comes
 * back).  done() may be called from within disk_submit().
 */
struct disk_io {
	enum disk_op op;
	bool fua;   /* WRITE: not done before it is on stable storage */
	bool unmap; /* ZERO: the target may deallocate */
	uint64_t off, len;
	uint8_t *buf; /* READ, WRITE: len bytes */
	void (*done)(struct disk_io *io, int err); /* 0 or -errno */

	/* below: the disk's own */
	struct list link;
	struct cmd cmd;     /* the piece that is on its way */
	uint64_t seq;       /* order of arrival, kept across requeues */
	uint64_t done_len;  /* bytes finished so far */
	uint64_t since;     /* when it arrived, ms */
	uint64_t not_before; /* retry not earlier, ms */
	uint32_t tries;
	uint8_t state;
	struct disk *disk;
};

void disk_submit(struct disk *d, struct disk_io *io);

#endif

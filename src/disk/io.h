/*
 * io - one block request: what an exporter asks of a disk.
 */
#ifndef DISK_IO_H
#define DISK_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "proto/cmd.h"
#include "scsi/cdb.h"

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
 * back); FLUSH ignores them.  done() may be called from within
 * disk_submit(), and may submit.
 *
 * Errors: ENODATA medium error, EBADE reservation conflict, ENOSPC no space
 * left in the target, EREMOTEIO refused by the target or beyond its end,
 * ENODEV the LUN is gone or another one, EOPNOTSUPP no such command there
 * (DISCARD and ZERO only), ETIMEDOUT it took longer than it may, EIO everything
 * else, write protection too: to the kernel's block layer EROFS is no error of
 * its own.  Whatever disk_fail() was given comes as it was given.
 */
struct disk_io {
	enum disk_op op;
	bool fua;   /* WRITE: not done before it is on stable storage */
	bool unmap; /* ZERO: the target may deallocate */
	uint64_t off, len;
	uint8_t *buf;				   /* READ, WRITE: len bytes */
	void (*done)(struct disk_io *io, int err); /* 0 or -errno */
	uint64_t since; /* ms: when it came; counts for disk_set_limit() */

	/* below: the disk's own */
	struct list link;
	struct cmd cmd;	    /* the piece that is on its way */
	uint64_t seq;	    /* order of arrival, kept across requeues */
	uint64_t done_len;  /* bytes finished so far */
	uint64_t piece;	    /* bytes the piece on its way stands for */
	uint32_t tries;	    /* repeats of this piece */
	uint32_t bad_tries; /* ... by answers not borne for ever */
	uint8_t way;	    /* enum disk_way of the piece */
	bool synced;	    /* the cache was flushed behind the data */
	uint8_t ended;	    /* how often its command was ended unanswered */
	bool ending;	    /* the session was told that it is too late */
	uint8_t param[UNMAP_LIST_LEN];
	struct disk *disk;
};

/* Any time; what comes while there is no nexus waits for one. */
void disk_submit(struct disk *d, struct disk_io *io);

#endif

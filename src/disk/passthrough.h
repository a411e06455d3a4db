/*
 * passthrough - a LUN that is no disk, for those who bring their own CDBs.
 *
 * Commands go to the target as they are, and what it answers comes back as it
 * is: nothing is understood, split or repeated.  One that was lost with its
 * nexus may have run, run still, or never; only who sent it knows what that
 * means.  So none goes to a disk, whose writes wait for a fence (disk/fence.h).
 */
#ifndef DISK_PASSTHROUGH_H
#define DISK_PASSTHROUGH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/cmd.h"
#include "wire/lun.h"

struct session;

struct passthrough {
	uint8_t lun[LUN_LEN];
	struct session *session; /* borrowed; NULL: there is no nexus */
	bool open;		 /* it was seen there, and is no disk */
	unsigned inflight;
	/* The first command since it was idle: timers may be others. */
	void (*wake)(void *ctx);
	void *ctx;
};

/*
 * Owned by the exporter, which keeps it still until done() was called.  It sets
 * cdb, dir, buf, len, timeout and ordered of cmd.  With err 0 the target
 * answered, and status, sense, sense_len, underflow and overflow of cmd are its
 * answer.  Else: -EIO the target refused it (cmd.response), -ETIMEDOUT it was
 * ended there after its timeout, -ENOTCONN there is no nexus, or no more; after
 * the last two cmd.exposed says whether the target may have something of it to
 * carry out.  done() may be called from within passthrough_submit().
 */
struct scsi_io {
	struct cmd cmd;
	void (*done)(struct scsi_io *io, int err);

	/* below: the passthrough's own */
	struct passthrough *pass;
};

void passthrough_init(struct passthrough *p, const uint8_t lun[static LUN_LEN],
		      void (*wake)(void *ctx), void *ctx);
/*
 * A session is in full feature phase; NULL: it is gone.  Nothing is sent before
 * the next passthrough_open(): another LUN may be there now.
 */
void passthrough_set_session(struct passthrough *p, struct session *s);
/* What is there was seen: is it still no disk? */
void passthrough_open(struct passthrough *p, bool open);
void passthrough_submit(struct passthrough *p, struct scsi_io *io);
/* No command is with it. */
bool passthrough_is_idle(const struct passthrough *p);

#endif

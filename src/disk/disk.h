/*
 * disk - a LUN as a block device.
 *
 * Takes block requests from an exporter (disk/io.h), splits them by the
 * target's limits, turns them into commands, repeats what deserves
 * repeating and gives the rest of the world an errno.  Knows neither how it
 * is exported nor how the session does its work.  No clock: time is a
 * parameter, in milliseconds of any monotonic clock.
 *
 * Life: probing -> online, and after each loss of the nexus: checking (is it
 * still the same disk?) -> online.  Requests wait, in order, in every state
 * but online; in failed they end at once.  A disk that was served and does not
 * say who it is stays in checking, and is asked again.  A failed disk is looked
 * at again at the next nexus or rescan; one that turned out to be another stays
 * failed meanwhile, until it is the right one.  One that its owner failed is
 * never touched again.
 *
 * Any call into a disk or into its session may change when the disk wants to
 * be woken: ask disk_next_wake() after it.
 */
#ifndef DISK_DISK_H
#define DISK_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk/geometry.h"
#include "disk/io.h"
#include "scsi/inquiry.h"

struct session;
struct disk;

enum disk_state {
	DISK_WAITING,  /* no nexus */
	DISK_PROBING,  /* never seen before */
	DISK_CHECKING, /* seen before: identity first, then the queue */
	DISK_ONLINE,
	DISK_FAILED, /* not a disk we can or may serve; see disk_reason() */
};

/*
 * How disks tell their owner; ctx is what disk_new() was given.  The first
 * four are needed.  All but note() may call back into the disk, also
 * disk_free() when it is idle.
 */
struct disk_ops {
	/* First probe over (online or failed), or state changed later. */
	void (*state)(void *ctx, struct disk *d);
	/* Capacity or read-only changed; the geometry is already the new. */
	void (*resized)(void *ctx, struct disk *d);
	/* The target says its list of LUNs changed (3F/0E). */
	void (*luns_changed)(void *ctx, struct disk *d);
	/* A line worth logging, whole, for people. */
	void (*note)(void *ctx, struct disk *d, int level, const char *line);
	/*
	 * May be NULL: the target says that this path does not serve the disk
	 * now, and another may (SPC-4 5.16.2: standby, unavailable,
	 * offline).  Comes again with each answer of this kind, once a second.
	 */
	void (*elsewhere)(void *ctx, struct disk *d);
	/* May be NULL: disk_fence() has other things to say. */
	void (*fence)(void *ctx, struct disk *d);
	/*
	 * May be NULL: the first request came since the disk was idle, so
	 * disk_next_wake() may be another.  Calls nothing of the disk.
	 */
	void (*wake)(void *ctx, struct disk *d);
	/* May be NULL: disk_waits() has another answer. */
	void (*waits)(void *ctx, struct disk *d);
};

/* What a disk is, for messages and listings; valid after the first probe. */
struct disk_identity {
	struct inquiry inquiry; /* vendor, product, revision, type, version */
	char serial[128];	/* VPD 80, printable; "" when none */
	/*
	 * What must not change: the best designator of VPD 83 as text
	 * ("naa.600...", "eui.", "t10.", ...), else "serial.<VPD 80>", else ""
	 * (the target names nothing: then nothing is checked, and a note says
	 * so).
	 */
	char id[300];
};

/*
 * expect_id may be NULL; else the very first probe already has to find this
 * identity (an engine that replaces a dead one knows it).  NULL on ENOMEM.
 */
struct disk *disk_new(const uint8_t lun[static LUN_LEN], const char *expect_id,
		      const struct disk_ops *ops, void *ctx);
/* How it was when an owner before us served it. */
struct disk_past {
	const char *identity; /* disk_identity.id */
	const char *serial;
	const struct disk_geometry *geometry; /* whole */
};
/*
 * It was served then: requests may come, and wait until it is known to be the
 * same disk, as after the loss of a nexus.
 */
void disk_resume(struct disk *d, const struct disk_past *past);
/* Only when no request and no command is with the disk (disk_idle). */
void disk_free(struct disk *d);

/* The session is in full feature phase: probe or check, then serve. */
void disk_nexus_up(struct disk *d, struct session *s, uint64_t now);
/*
 * The session is gone; all commands were already given back as CMD_LOST and
 * wait here again, in order.
 */
void disk_nexus_down(struct disk *d, uint64_t now);
/*
 * The nexus is away for longer than requests may wait (ConnFailTimeout): ends
 * those that wait with err (-errno), and each that comes, until
 * disk_nexus_up(); with err 0 they may wait again.
 */
void disk_expire(struct disk *d, int err, uint64_t now);
/*
 * A request gets ms in all, from io->since on, 0: for ever.  One that waits
 * then ends with -ETIMEDOUT; one that was sent does so when the target
 * confirmed that it is over, or the session is.
 */
void disk_set_limit(struct disk *d, uint32_t ms, uint64_t now);

/*
 * A READ or WRITE that gets no answer in ms from when it was sent is ended at
 * the target and sent again, each time with twice as long; the other commands
 * have twice the time.  0, the default: it may take for ever.
 */
void disk_set_task_limit(struct disk *d, uint32_t ms);
/*
 * A disk that waits for an answer about itself (disk_waits) for longer than ms
 * ends its requests with -ENOLINK; 0, the default: it may for ever.
 */
void disk_set_patience(struct disk *d, uint32_t ms, uint64_t now);
/* We reset the LUN: the unit attention to come is no news. */
void disk_was_reset(struct disk *d);

/*
 * What is known of the target's way with old nexuses, and how long one may
 * deliver: docs/ghost-writes.md.
 */
struct fence_rules {
	bool reinstates;    /* was seen: a new one ends the old at its place */
	uint32_t settle_ms; /* ... so long after it stands, at most */
	uint32_t wait_ms;   /* the network delivers within this, or never */
	bool resets;	    /* a LUN RESET goes before each barrier */
	bool reserve;	    /* no other host uses it: see reserve.h */
	uint32_t host;	    /* ... and our initiator port, hashed */
};
/* Before anything else; borrowed, and may change while the disk lives. */
void disk_set_rules(struct disk *d, const struct fence_rules *rules);
/*
 * Where the next nexus will be: a portal group, where a new nexus may end the
 * old one.  Places are 0 until this is called.
 */
void disk_set_place(struct disk *d, int64_t place);
/*
 * A nexus at this place, of an owner before us, may still deliver writes; it
 * sends nothing any more from now on.
 */
void disk_doubt(struct disk *d, int64_t place, uint64_t now);
/* May writes of a nexus at another place than the present still run? */
bool disk_is_in_doubt(const struct disk *d);
/* After disk_nexus_down(): the target ended that nexus in good order. */
void disk_nexus_ended(struct disk *d);
/* Another session of ours stood at this place: it ended those before. */
void disk_place_ended(struct disk *d, int64_t place, uint64_t now);

struct fence_view {	   /* for listings */
	const char *state; /* "CLEAR", ... */
	bool clear, holds;
	int64_t place;	/* of the old nexus */
	uint64_t since; /* ms: when it ended here */
	uint64_t until; /* ms: when it counts as over, while it holds */
};
void disk_fence(const struct disk *d, struct fence_view *out);

/* The same with everything that comes, for good; the disk has failed. */
void disk_fail(struct disk *d, int err, const char *reason);
/*
 * Looks again at capacity and mode; at everything when the disk has failed.
 */
void disk_rescan(struct disk *d, uint64_t now);
/* The target lists it: one that has failed may be right again. */
void disk_listed(struct disk *d, uint64_t now);
/* The target sent sense data for this LUN on its own (11.9.1 event 0). */
void disk_event(struct disk *d, const uint8_t *sense, size_t n, uint64_t now);

/* When disk_tick must be called next; UINT64_MAX: never. */
uint64_t disk_next_wake(const struct disk *d);
void disk_tick(struct disk *d, uint64_t now);

enum disk_state disk_state(const struct disk *d);
const char *disk_reason(const struct disk *d); /* why it failed; "" */
/* It failed because there is another type of device: see passthrough.h. */
bool disk_is_no_disk(const struct disk *d);
/*
 * It was served, and the target does not answer what has to be known before it
 * is again: since when, and what, for people, until the next call into the
 * disk.  False: it does not wait, or not for long yet.
 */
struct disk_waiting {
	const char *what;
	uint64_t since; /* ms, of the owner's clock */
};
bool disk_waits(const struct disk *d, struct disk_waiting *out);
const struct disk_geometry *disk_geometry(const struct disk *d);
const struct disk_identity *disk_identity(const struct disk *d);
const uint8_t *disk_lun(const struct disk *d); /* LUN_LEN bytes */
bool disk_idle(const struct disk *d);

/*
 * REPORT LUNS once per session, with a fallback to INQUIRY on LUNs 0..7 for
 * targets that refuse it.  done gets count LUN fields of LUN_LEN bytes, valid
 * during the call, or count 0 and err: -ENOTCONN (the nexus was lost), -EAGAIN
 * (worth another scan later), -EHOSTUNREACH (the same, and another portal group
 * may know more), -EIO, -ENOMEM.  It may be called before this returns.  NULL
 * on ENOMEM.
 */
struct lun_scan;
struct lun_scan *lun_scan_start(struct session *s,
				void (*done)(void *ctx, const uint8_t *luns,
					     size_t count, int err),
				void *ctx);
/*
 * Ends every scan that was started, before, after or within done (which is
 * not called any more).  NULL is fine.
 */
void lun_scan_cancel(struct lun_scan *scan);

#endif

/*
 * device - one LUN on its way to a block device of this host, and back.
 *
 * Up: make the kernel's end, have the engine serve it, start its block device,
 * read its partition table, link it.  Back: wait until nobody uses it, unlink,
 * stop the block device, have the engine flush and let go, remove the kernel's
 * end.  What these are its exporter knows (iscsid/host/via.h): a FUSE mount and
 * a loop device, say.
 */
#ifndef ISCSID_DEVICE_H
#define ISCSID_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/fsm.h"
#include "base/list.h"
#include "export/partition.h"
#include "io/loop.h"
#include "iscsid/device/bay.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/links.h"
#include "iscsid/messages/reported.h"
#include "iscsid/host/users.h"

#define DEVICE_ATTACH_WITHIN 30000 /* ms for the engine */
#define DEVICE_DETACH_WITHIN 30000 /* ms: it flushes */
#define DEVICE_SLOW_AFTER    5000  /* ms, then a line says what it waits for */
#define DEVICE_LOOK_EVERY    1000  /* ms, while waiting for users */
#define DEVICE_RENEW_EVERY   10000 /* ms, while waiting to be made anew */
#define DEVICE_RETRY_AFTER   30000 /* ms, when it could not be brought up */

enum device_state {
	DEVICE_DOWN,
	DEVICE_MOUNTING,
	DEVICE_ATTACHING,
	DEVICE_LOOPING,
	DEVICE_PARSING, /* reads the partition table */
	DEVICE_ADDING,	/* tells the kernel the partitions */
	DEVICE_ONLINE,
	DEVICE_RESIZING,
	DEVICE_CHECKING, /* does anybody use it? */
	DEVICE_IN_USE,
	DEVICE_CLEARING,
	DEVICE_DETACHING,
	DEVICE_UNMOUNTING,
	DEVICE_GONE,
	DEVICE_STATES
};

enum device_event {
	DEVICE_REPORTED, /* the engine knows it as online */
	DEVICE_OK,	 /* the step that runs succeeded */
	DEVICE_FAILED,	 /* it did not */
	DEVICE_BUSY,	 /* somebody uses the device */
	DEVICE_STOP,	 /* it shall go (or: the step is over, and it shall) */
	DEVICE_FORCE,	 /* it shall go whoever uses it */
	DEVICE_ATTACHED,
	DEVICE_DETACHED,
	DEVICE_SIZED,	/* its size or its write protection changed */
	DEVICE_WRITTEN, /* somebody who wrote to it closed it */
	DEVICE_STAY,	/* it shall not go after all */
	DEVICE_KEPT,	/* a manager before us had brought it up */
	DEVICE_BEGUN,	/* it had only begun to: no block device yet */
	DEVICE_NO_ENGINE,
	DEVICE_ORPHANED, /* the same, and what it served cannot go on */
	DEVICE_TIMER,
	DEVICE_EVENTS
};

extern const struct fsm device_fsm;

/* Why a device is to be made anew, as soon as nobody uses it. */
enum device_renew {
	DEVICE_KEEPS,
	DEVICE_CHANGED,	 /* the kernel cannot change what is in use */
	DEVICE_REPLACED, /* another disk is behind it, or none */
	DEVICE_CONFUSED, /* its machine met what is impossible */
};

struct worker;

struct device {
	struct bay *bay;
	struct list link;
	uint8_t lun[LUN_LEN];
	uint8_t state;
	char label[48];		  /* "bus 0 target 3 lun 1", for messages */
	struct reported_lun said; /* the newest */
	uint64_t bytes;		  /* the size the kernel knows */
	bool read_only;		  /* as the kernel knows it */
	uint64_t tried_bytes;	  /* the kernel was asked for that last, */
	bool tried_read_only;	  /* and for that */
	uint8_t renew;		  /* enum device_renew */
	bool renew_told;	  /* ... and who is in the way */
	const struct via_ops *via;
	char via_why[EXPORTER_WHY];    /* why by this one */
	uint32_t failed;	       /* exporters that did not work for it */
	char why_failed[EXPORTER_WHY]; /* the last of them */
	char *file;	/* the path of its file in <rundir>/lun; owned */
	int handle;	/* that its engine has, too (via_ops.shared), or -1 */
	int number;	/* of the kernel's end, or -1 */
	unsigned depth; /* requests at once (via_ops.has_depth) */
	int disk;	/* N of its /dev/loopN, say, or -1 */
	struct worker *worker;
	struct worker *recovery; /* see iscsid/device/recovery.h */
	bool recovering;	 /* the engine was asked to serve it again */
	bool let_go;		 /* the engine did, when it was stopped */
	struct io_timer timer;
	bool stop, force; /* it shall go; even in use */
	bool lost;	  /* the engine gave it up: no I/O any more */
	bool known;	  /* to the engine that has the target now */
	bool serving;	  /* that one said so; not to a manager before us */
	bool vanished;	  /* goes because the target does not list it */
	bool linked, announced;
	bool unrecorded; /* its record could not be written */
	bool resumed;	 /* from a manager before, and not online here yet */
	int watch;	 /* of iscsid/host/watch.h, -1: none */
	bool written;	 /* closed by a writer while a step ran */
	bool reparted;	 /* its partitions are others than were announced */
	unsigned waited; /* times we looked at its users */
	uint32_t parts[PARTITION_MAX]; /* their numbers */
	unsigned nparts;
	char failure[REPORTED_TEXT]; /* why it is down, or fails; "" */
	struct reported_waits waits; /* what its requests wait for, or "" */
	time_t waits_since;
	char user[USER_WORDS]; /* one of those who use it; "" */
	/* Called when it is gone, unless the manager stops; may be NULL. */
	void (*forget)(struct bay *b, const struct device *d);
};

/* What a manager before us left of a disk that is served. */
struct device_left {
	struct reported_lun said;
	const struct via_ops *via;
	const char *file; /* its path; NULL: as we name it */
	int handle;	  /* or -1 */
	int number;	  /* of the kernel's end, or -1 */
	int disk;	  /* number of its block device, or -1 */
	bool served;	  /* its engine lives, and has it */
	bool quiesced;	  /* its requests wait for a recovery to end */
};

/* It is in no list yet.  NULL on ENOMEM. */
struct device *device_new(struct bay *b, const uint8_t lun[LUN_LEN],
			  uint32_t number);
/* In whatever state it is: what the kernel has of it stays. */
void device_free(struct device *d);

/* The kernel may have requests for it. */
bool device_is_served(const struct device *d);
/* An engine that replaces a dead one is to serve it on. */
bool device_can_resume(const struct device *d);
/* It goes on where that manager was; d is new, the handle becomes its own. */
void device_go_on(struct device *d, const struct device_left *left);
/* d->said is new, for those who come after us. */
void device_record(struct device *d);
/* What its engine, or the lack of one, did. */
void device_served(struct device *d);
void device_orphan(struct device *d);
/* It let go, before or after its time as a device; error is an errno or 0. */
void device_gone_from_engine(struct device *d, int error);
/* d->said is new, and online. */
void device_heed_report(struct device *d);
/* To the target's new engine: the handle that the dead one had. */
void device_hand_over(struct device *d);
/* Whoever wrote to its block device closed it. */
void device_written(struct device *d);
/* The engine gave up what it served (errno): its I/O fails from now on. */
void device_lose(struct device *d, int error);
/* It shall go as soon as it is idle; with force at once. */
void device_stop(struct device *d, bool force);
/*
 * LUNs were looked for, as an administrator wished: one that has failed is
 * made anew as soon as nobody uses it.
 */
void device_renew(struct device *d);
/* It stays, unless it is gone by the end of the step that runs. */
void device_stay(struct device *d);

/* The engine let go of a device that is just being stopped. */
void device_let_go(struct device *d, int error);

/* "loop3", or "" when it has none. */
void device_name(const struct device *d, char *dst, size_t size);
/* Where its links are, or would be. */
struct link_place device_place(const struct device *d);
const char *device_state_name(const struct device *d);
/* What it does now, or waits for, in words; until the next call. */
const char *device_doing(const struct device *d);

#endif

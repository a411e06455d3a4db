/*
 * lun - one LUN of a target: its disk and its exporter.
 */
#ifndef ENGINE_LUN_H
#define ENGINE_LUN_H

#include <stdbool.h>
#include <stdint.h>

#include "disk/disk.h"
#include "disk/passthrough.h"
#include "engine/core/idmap.h"
#include "engine/lun/owner.h"
#include "io/timer.h"
#include "wire/lun.h"
#include "words/words.h"

struct export_ops;
struct fsm;
struct lun;

/* What a LUN tells those it is one of. */
struct lun_ops {
	void (*probed)(struct lun *u); /* for the first time; see lun.probed */
	void (*attached)(struct lun *u);
	void (*detached)(struct lun *u);
	/* The target may have others now. */
	void (*changed)(struct lun *u);
};

struct lun_attach {
	const struct export_ops *via;
	int fd;		/* the kernel's end, ours on success */
	unsigned depth; /* requests at once; 0: what is best */
	bool resume;	/* it was served before: ask for its requests again */
	char expect[WORDS_IDENTITY]; /* the identity it must have, or "" */
	/* resume: the rest of how it was; block size 0: not known */
	char serial[WORDS_SERIAL];
	struct disk_geometry geometry;
};

/* Who uses it; the table is in lun.c. */
enum lun_state {
	LUN_FREE,
	LUN_WAITING,   /* the handle is here, and the disk not known yet */
	LUN_STARTING,  /* the exporter does */
	LUN_SERVING,   /* the kernel has it */
	LUN_STOPPING,  /* the kernel let go, or refused */
	LUN_DETACHING, /* the manager asked for it */
	LUN_STATES
};

enum lun_event {
	LUN_EV_WAIT,	/* it is attached before it is known */
	LUN_EV_START,	/* the exporter was started */
	LUN_EV_FAIL,	/* ... and could not be, in the end */
	LUN_EV_SERVES,	/* the kernel says so */
	LUN_EV_OVER,	/* it does not, or not any more */
	LUN_EV_DETACH,	/* the manager wants that */
	LUN_EV_STOPPED, /* nothing of the exporter is left */
	LUN_EVENTS
};

extern const struct fsm lun_fsm; /* for the tests */

/* What the scans made of it; the table is in listing.c. */
enum lun_listing {
	LUN_KNOWN,    /* it was listed, or not looked for yet */
	LUN_UNLISTED, /* not any more, and not in use: it failed */
	LUN_VANISHED, /* not any more, and in use: the manager knows */
	LUN_GONE,     /* ... and not in use by now: it failed */
	LUN_BACK,     /* listed again after it vanished */
	LUN_LISTINGS
};

enum lun_told {
	LUN_UNTOLD,
	LUN_TOLD_ONLINE,
	LUN_TOLD_FAILED
};

/* The booleans are facts of what was, whatever the states are. */
struct lun {
	struct idmap_node node;
	uint8_t state;	 /* enum lun_state */
	uint8_t listing; /* enum lun_listing */
	enum lun_told told;
	struct lun_owner *owner; /* borrowed */
	const struct lun_ops *ops;
	struct disk *disk;
	struct passthrough pass; /* used when that turns out to be none */
	struct export *export;	 /* NULL while the kernel does not see it */
	const struct export_ops *via;
	int fd; /* waits for the first probe, else -1 */
	unsigned depth;
	bool resume;
	bool probed;		  /* as far as it can be: see luns.probing */
	bool listed;		  /* by the scan that is under way */
	bool served;		  /* it was online once */
	bool broken;		  /* a machine was in a state that cannot be */
	int error;		  /* why the exporter did not start */
	struct io_timer patience; /* with a flush that does not end */
};

/* expect as in disk_new(); NULL on ENOMEM. */
struct lun *lun_new(struct lun_owner *owner, const struct lun_ops *ops,
		    const uint8_t lun[static LUN_LEN], const char *expect);
/* It is in use, and the target does not list it; or lists it again. */
void lun_tell_vanished(struct lun *u);
void lun_tell_back(struct lun *u);
/* For a new manager: what is known of it, and the kernel's handle. */
void lun_tell_all(struct lun *u);
/* Only when it has no exporter and the session is down or it is idle. */
void lun_free(struct lun *u);
static inline bool lun_is_attached(const struct lun *u)
{
	return u->state != LUN_FREE;
}

/* For their fsm.broken: this one fails, and nothing else. */
void lun_break(struct lun *u, const char *what);
/* Nobody uses it, and lun_free() may be called. */
bool lun_is_forgettable(const struct lun *u);

/* Takes the handle and exports the disk, once it is probed.  0 or -errno. */
int lun_attach(struct lun *u, const struct lun_attach *a);
/*
 * Flushes, ends the exporter and tells "detached".  A flush that does not
 * end, because the target is away, is given up after a while.
 */
void lun_detach(struct lun *u);

#endif

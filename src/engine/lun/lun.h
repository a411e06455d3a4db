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

struct lun {
	struct idmap_node node;
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
	bool told;		  /* the manager knows it */
	bool failed;		  /* ... as such */
	bool listed;		  /* by the last scan */
	bool unlisted;		  /* ... and therefore failed, not in use */
	bool missing;		  /* told as vanished, and not back yet */
	bool back;		  /* listed again after that */
	bool served;		  /* it was online once */
	bool attached;		  /* counts in luns.attached */
	bool detaching;		  /* "detached" is owed */
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

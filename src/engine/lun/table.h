/*
 * table - the LUNs of a target by number: made, found, dropped.
 */
#ifndef ENGINE_LUN_TABLE_H
#define ENGINE_LUN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/core/idmap.h"
#include "engine/lun/lun.h"
#include "engine/lun/owner.h"
#include "wire/lun.h"

#define LUNS_MOST 256 /* of one target; more are left alone, with a line */

struct lun_scan;
struct session;

/* What an engine before us may have left behind at the target. */
struct luns_past {
	bool writes;	  /* of its session may still arrive, on any LUN */
	int64_t place;	  /* of that session; INT64_MIN: not known */
	uint64_t since;	  /* ms: it was dead by then */
	uint32_t resumes; /* its disks that are not here yet */
};

struct luns {
	struct lun_owner owner;
	const struct lun_ops *ops; /* of each of them */
	struct luns_past past;
	struct idmap map;
	struct session *session; /* borrowed; NULL while none stands */
	int64_t place;		 /* of the last session */
	struct lun_scan *scan;
	uint8_t scan_state;	/* enum scan_state: scan.h */
	bool busy;		/* one that is to be new has a command yet */
	uint64_t scan_at;	/* ms, when the next try is due; 0: none is */
	unsigned refusals;	/* of scans, in a row */
	bool listed;		/* once: what there is, is known */
	bool counting;		/* "luns" follows when all are probed */
	bool expired;		/* luns_expire() since the last session */
	unsigned attached;	/* with an exporter, or waiting for one */
	unsigned probing;	/* not told about yet */
	bool doubted;		/* a LUN was forgotten whose old nexus ended, */
	uint64_t doubted_since; /* at the latest, then (ms) */
};

/* NULL when there is none. */
struct lun *luns_find(const struct luns *l, const uint8_t lun[static LUN_LEN]);
/* Begins with NULL, ends with NULL.  No LUN is dropped while a walk is on. */
struct lun *luns_next(const struct luns *l, struct lun *at);

/* One that is not there; expect as in disk_new().  NULL: *err says why. */
struct lun *luns_add(struct luns *l, const uint8_t lun[static LUN_LEN],
		     const char *expect, int *err);
/* Only one that lun_free() takes. */
void luns_drop(struct luns *l, struct lun *u);
/* It may have writes of an engine before us. */
void luns_inherit(const struct luns *l, struct lun *u);

/* It is in the place of the session from now on; it has the session. */
void luns_set_place(struct luns *l, struct lun *u);
void luns_give_session(struct luns *l, struct lun *u, uint64_t now);

uint64_t luns_now(const struct luns *l);

#endif

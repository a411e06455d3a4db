/*
 * policy - what an answer means: done, repeat, or which errno.
 *
 * One table; pure functions.
 */
#ifndef DISK_POLICY_H
#define DISK_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/cmd.h"
#include "scsi/cdb.h"
#include "scsi/sense.h"

#define FOREVER 255

enum effect { /* what an answer says beyond its own command */
	EFFECT_NONE,
	EFFECT_RESET,	  /* the target was reset, or we are new to it */
	EFFECT_RESCAN,	  /* capacity or mode may be others now */
	EFFECT_RECHECK,	  /* it may be another disk now */
	EFFECT_LUNS,	  /* the list of LUNs changed, so RECHECK too */
	EFFECT_REFUSED,	  /* the target does not know this kind of command */
	EFFECT_GONE,	  /* there is no such LUN any more */
	EFFECT_ELSEWHERE, /* this path does not serve it, another may (ALUA) */
};

struct policy {
	const char *name; /* for the tests and for messages */
	/* repeats: first so many at once, then so many at one a second */
	uint8_t quick, slow;
	int err; /* then this; 0 with quick and slow 0: success */
	enum effect effect;
	bool next_nexus; /* to be sent again when there is a nexus */
};

/*
 * The row that fits, never NULL.  *s is the sense data where status is CHECK
 * CONDITION and there is any, else zero.
 */
const struct policy *policy_find(const struct cmd *c, struct sense *s);
/* The row for sense data that came by itself. */
const struct policy *policy_find_sense(const struct sense *s);

enum verdict {
	VERDICT_OK,
	VERDICT_NOW,
	VERDICT_SLOW,
	VERDICT_WAIT,
	VERDICT_FAIL
};
/* tries: how often the command was repeated for an answer of this kind. */
enum verdict policy_verdict(const struct policy *p, uint32_t tries);

/* "NOT READY (2/04/01): becoming ready", "BUSY", "lost", ... */
void policy_text(const struct cmd *c, char *dst, size_t size);

/* For a dump of the table: NULL at the end. */
const struct policy *policy_row(size_t i);

#endif

/*
 * seen - how targets were seen to treat old sessions (docs/ghost-writes.md),
 * for the managers after this one.
 *
 * A file for each target ("b0t3") in a directory of the run directory, one
 * message in each.  It outlives the daemon, not the host: after a restart of
 * the host targets are looked at again.
 */
#ifndef ISCSID_SEEN_H
#define ISCSID_SEEN_H

#include "iscsid/messages/reported.h"

/* 0 or -errno; "unknown" removes the file. */
int seen_put(const char *dir, unsigned bus, unsigned number, const char *name,
	     const struct reported_fence *f);
/* Fills reinstates and its ms; false: nothing is known of this name there. */
bool seen_get(const char *dir, unsigned bus, unsigned number, const char *name,
	      struct reported_fence *f);

#endif

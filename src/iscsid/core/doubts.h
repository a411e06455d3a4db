/*
 * doubts - targets whose last session was not seen to end well, by a manager
 * or an engine before: its writes may still arrive (docs/ghost-writes.md).
 */
#ifndef ISCSID_DOUBTS_H
#define ISCSID_DOUBTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/bindings.h"

struct doubt {
	char key[BINDING_KEY_SIZE];
	char group[8];	      /* portal group of all its writes, or "" */
	unsigned bus, number; /* where its record is, */
	bool unrecorded;      /* or none is: key is a name, of all its paths */
};

struct doubts {
	struct doubt *list; /* owned */
	size_t count;
};

/* 0 or -ENOMEM. */
int doubts_note(struct doubts *d, const struct doubt *of);
/*
 * Is this target in doubt?  Gives what was noted of it, and forgets it.  No
 * time ends a doubt here: what runs in a target may run for long.
 */
bool doubts_take(struct doubts *d, const char *key, struct doubt *was);
void doubts_free(struct doubts *d);

#endif

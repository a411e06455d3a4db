/*
 * hopeless - when logging in makes no sense any more.
 *
 * Pure: no session, no clock.  Who cannot be reached is tried for ever.  Who
 * answers, and answers that it will not have us, is left alone after a while,
 * until an administrator changed something.  But nothing is given up while a
 * disk is in use: its requests wait, and losing a write is worse than any
 * number of attempts.
 */
#ifndef ENGINE_HOPELESS_H
#define ENGINE_HOPELESS_H

#include <stdbool.h>

#include "proto/fault.h"

struct hopeless {	   /* of one target; zero at the start */
	unsigned in_a_row; /* attempts in a row that ended so */
};

struct hopeless_case {
	bool failover;
	unsigned portals; /* of the target */
	bool was_up;	  /* a session stood once */
	bool in_use;	  /* a disk is attached */
};

/* An attempt ended by this fault: was it the last? */
bool hopeless_after(struct hopeless *g, const struct fault *why,
		    const struct hopeless_case *c);
/* A session stands, or somebody wants it to be tried again. */
void hopeless_reset(struct hopeless *g);

#endif

/*
 * giveup - when logging in makes no sense any more.
 *
 * Pure: no session, no clock.  Who cannot be reached is tried for ever.  Who
 * answers, and answers that it will not have us, is left alone after a while,
 * until an administrator changed something.  But nothing is given up while a
 * disk is in use: its requests wait, and losing a write is worse than any
 * number of attempts.
 */
#ifndef ENGINE_GIVEUP_H
#define ENGINE_GIVEUP_H

#include <stdbool.h>

#include "proto/fault.h"

struct giveup {		   /* of one target; zero at the start */
	unsigned hopeless; /* attempts in a row that ended so */
};

struct giveup_case {
	bool failover;
	unsigned portals; /* of the target */
	bool was_up;	  /* a session stood once */
	bool in_use;	  /* a disk is attached */
};

/* An attempt ended by this fault: was it the last? */
bool giveup_after(struct giveup *g, const struct fault *why,
		  const struct giveup_case *c);
/* A session stands, or somebody wants it to be tried again. */
void giveup_reset(struct giveup *g);

#endif

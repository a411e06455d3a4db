/*
 * comeback - the disks that a manager before us had: how many are back, and
 * what the others wait for.
 *
 * A disk is back when its partition table was read, so that I/O is known to
 * work.  A line says when all are; one after COMEBACK_FIRST, and every
 * COMEBACK_EVERY from then on, what is missing.
 */
#ifndef ISCSID_COMEBACK_H
#define ISCSID_COMEBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "io/loop.h"

#define COMEBACK_FIRST 8000  /* ms */
#define COMEBACK_EVERY 60000 /* ms */

struct comeback {
	struct io_timer timer;
	unsigned count;	      /* of disks that go on */
	unsigned lost;	      /* of these: will not come, which was said */
	uint64_t began, next; /* ms: the start, and the next line */
};

struct manager;

/* n disks go on: each of their devices has .resumed set. */
void comeback_begin(struct manager *m, unsigned n);
/* One of them will not come, which was said. */
void comeback_lost(struct manager *m);
/* The manager stops: nobody waits for them any more. */
void comeback_end(struct manager *m);

#endif

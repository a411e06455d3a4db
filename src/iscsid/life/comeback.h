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

#define COMEBACK_FIRST 8000  /* ms */
#define COMEBACK_EVERY 60000 /* ms */

struct manager;

/* n disks go on: each of their devices has .resumed set. */
void comeback_begin(struct manager *m, unsigned n);
/* The manager stops: nobody waits for them any more. */
void comeback_end(struct manager *m);

#endif

/*
 * leftovers - what a dead manager of the same run directory left behind:
 * links, block devices, mounts, files.
 */
#ifndef ISCSID_LEFTOVERS_H
#define ISCSID_LEFTOVERS_H

#include <stdbool.h>

#include "ctl/msg.h"
#include "iscsid/host/worker.h"

#define LEFTOVERS_WITHIN 60000 /* ms */

struct options;

/*
 * Removes them in a worker, and turns the loop until that is done.  Only
 * what the exporters know as ours is touched (iscsid/host/via.h), and links to
 * their devices where those are gone.  What is still in use stays, with a
 * line, where the kernel lets it.  So does, without one, all that belongs to a
 * disk ("b0t3l1") which keep() accepts; that is called in the worker.
 */
void leftovers_remove(struct workers *ws, const struct options *o,
		      bool (*keep)(void *ctx, const char *name), void *ctx);
/* Devices of this run directory that are there; none is touched. */
unsigned leftovers_count(const struct options *o);

/* For the exporters, in that worker. */

/* A line of what was done, or was not. */
void leftovers_say(struct msg_out *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* What becomes of a device, and who uses it. */
void leftovers_say_users(struct msg_out *m, const char *dev, const char *fate);
/* err of a list of these. */
void leftovers_tell(struct msg_out *m, const char *what, int err);
/* Those in use stay. */
void leftovers_drop_partitions(const char *dev);

#endif

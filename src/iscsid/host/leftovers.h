/*
 * leftovers - what a dead manager of the same run directory left behind:
 * links, loop and ublk devices, mounts, files.
 */
#ifndef ISCSID_LEFTOVERS_H
#define ISCSID_LEFTOVERS_H

#include "iscsid/host/worker.h"

#define LEFTOVERS_WITHIN 60000 /* ms */

struct options;

/*
 * Removes them in a worker, and turns the loop until that is done.  Only
 * loop devices and mounts on files below <rundir>/lun are touched, ublk devices
 * with a mark of ours (export/ublk_proto.h), and links to such devices, or to
 * loop devices without a file.  What is still in use stays, with a line; but a
 * ublk device goes.  So does, without one, all that belongs to a file in
 * <rundir>/lun whose name keep() accepts; that is called in the worker.
 */
void leftovers_remove(struct workers *ws, const struct options *o,
		      bool (*keep)(void *ctx, const char *name), void *ctx);
/* Block devices of this run directory that are there; none is touched. */
unsigned leftovers_count(const struct options *o);

#endif

/*
 * ublk_control - ublk devices made, started, stopped, found again.
 *
 * For the manager, with privileges.  Each call is one command on
 * /dev/ublk-control that ends when the kernel is done with it; those that
 * say so may wait, so they belong into a process that may.  All return 0 or
 * -errno.
 */
#ifndef EXPORT_UBLK_CONTROL_H
#define EXPORT_UBLK_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "export/ublk_abi.h"

#define UBLK_CONTROL "/dev/ublk-control"

/* The set of UBLK_CAN_ that this kernel has; -EOPNOTSUPP: it cannot tell. */
int ublk_get_features(uint64_t *out);

/*
 * Makes a device that waits to be served, with depth requests at once, and
 * returns its number N, as in /dev/ublkcN.  mark: see ublk_proto.h.
 */
int ublk_add(const struct ublk_params *p, unsigned depth, uint64_t mark,
	     unsigned *number);

/*
 * The handle to serve it with.  Only one can be open at a time, wherever it
 * is: -EBUSY.
 */
int ublk_open(unsigned number);

/*
 * Makes /dev/ublkbN.  Waits until the server has asked for all requests.
 * pid is that of the process that opened the handle.
 */
int ublk_start(unsigned number, int pid);

/*
 * Takes /dev/ublkbN away, whoever has it open, and lets go of its server.
 * Waits for the requests that the server has.  When nobody may have it open
 * (-EBUSY), idle needs UBLK_CAN_SAFE_STOP.
 */
int ublk_stop(unsigned number);
int ublk_stop_idle(unsigned number);

/* Stops it first.  What is left of it goes with its server's handle. */
int ublk_delete(unsigned number);

/*
 * After its server died: makes it ready to be opened and served by another,
 * -EBUSY until the kernel noticed the death, -EINVAL also when it is ready
 * already.  end lets it go on; it waits until the new server has asked for
 * all requests.
 */
int ublk_begin_recovery(unsigned number);
int ublk_end_recovery(unsigned number, int pid);
/*
 * A server that died while it was becoming ready has left the device to
 * itself: Linux before 6.15 remembers whose memory it was, and begins no
 * other recovery.  A child asks for all requests in its place, gets none and
 * dies; then a recovery can begin.  -EBUSY: somebody has the device open, or
 * there is no memory for it.  It waits for the child, which ends at once.
 */
int ublk_finish_server(unsigned number, unsigned depth);

/* Needs UBLK_CAN_RESIZE. */
int ublk_resize(unsigned number, uint64_t bytes);

int ublk_get_info(unsigned number, struct ublk_info *out);

/* Calls each() for every ublk device of this machine; it may delete it. */
int ublk_each(void (*each)(void *ctx, const struct ublk_info *info), void *ctx);

#endif

/*
 * recovery - a device whose engine died is given to the next one, where the
 * kernel has to be told (via_ops.recovers).
 *
 * Beside the device's own state: whatever is done to the block device
 * meanwhile waits in the kernel for this.
 */
#ifndef ISCSID_RECOVERY_H
#define ISCSID_RECOVERY_H

#include <stdbool.h>

struct device;

/* The device's target has an engine again. */
void recovery_begin(struct device *d);
/* A manager before us had given it to the engine; only the end is missing. */
void recovery_end(struct device *d);
/* It serves the device. */
void recovery_attached(struct device *d);
/* The engine died meanwhile, or the device goes: never mind. */
void recovery_stop(struct device *d);
/* No engine will serve it: who waits for its I/O gets an error. */
void recovery_give_up(struct device *d);

#endif

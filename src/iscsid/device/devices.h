/*
 * devices - the LUNs of a target: what its engine says about them, and what
 * concerns all of them.
 */
#ifndef ISCSID_DEVICES_H
#define ISCSID_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "iscsid/messages/reported.h"

struct device_left;
struct engine_process;
struct manager;
struct bay;

/* What an engine says about LUNs of a target. */
void device_reported(struct bay *b, const struct reported_lun *l);
void device_waits(struct bay *b, const struct reported_waits *w);
/* The target does not list it any more: it goes as soon as it is idle. */
void device_vanished(struct bay *b, const uint8_t lun[LUN_LEN]);
void device_attached(struct bay *b, const uint8_t lun[LUN_LEN]);
void device_detached(struct bay *b, const uint8_t lun[LUN_LEN], int error);

/* Records that could not be written. */
void devices_record_again(struct bay *b);

/* A writer closed the block device under this watch (iscsid/host/watch.h). */
void devices_written(struct bay *b, int watch);

void devices_engine_lost(struct bay *b);
/* The target has a new engine: hands over the handles of the dead one. */
void devices_resume(struct bay *b);
unsigned devices_to_resume(const struct bay *b);

/*
 * One that a manager before us brought up goes on.  False when its LUN has a
 * device already; then the handle is still the caller's.
 */
bool devices_adopt(struct bay *b, const struct device_left *left);

/* The device of a LUN number, or NULL. */
struct device *device_at(struct bay *b, unsigned number);

/* How many are up, or on their way. */
unsigned devices_up(const struct bay *b);

/* They go as they become idle; with force at once. */
void devices_stop(struct bay *b, bool force);
/* LUNs were looked for, as an administrator wished: see device_renew(). */
void devices_renew(struct bay *b);
bool devices_are_up(const struct bay *b); /* any that is not gone */
/* Every device is online, or down for a reason. */
bool devices_are_settled(const struct bay *b);
void devices_free(struct bay *b);

#endif

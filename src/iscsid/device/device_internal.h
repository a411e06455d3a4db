/*
 * device_internal - what the files device*.c share.
 */
#ifndef ISCSID_DEVICE_INTERNAL_H
#define ISCSID_DEVICE_INTERNAL_H

#include "iscsid/device/device.h"
#include "iscsid/host/steps.h"

/* The states from the first request of the kernel to the last one. */
#define DEVICE_SERVED                                                          \
	(IN(DEVICE_LOOPING) | IN(DEVICE_PARSING) | IN(DEVICE_ADDING) |         \
	 IN(DEVICE_ONLINE) | IN(DEVICE_RESIZING) | IN(DEVICE_CHECKING) |       \
	 IN(DEVICE_IN_USE) | IN(DEVICE_CLEARING))

/* device_check.c: for the table. */
const char *device_check(const void *obj);
void device_broken(void *obj, const char *what);

/* arg: of the event, as the table's actions know it, or NULL. */
void device_step(struct device *d, enum device_event ev, const void *arg);

/* resume: the handle was served before.  False without an engine. */
bool device_tell_attach(struct device *d, bool resume);
/* At DOWN: its engine is to find out what is there now. */
void device_look_anew(struct device *d);
/* Says and handles what the engine reported while we were busy. */
void device_catch_up(struct device *d);

/* The name of its block device, for messages; until the next call. */
const char *device_dev(const struct device *d);
/* For device_start_step(); until the next call. */
struct step *device_make_step(const struct device *d, enum step_kind kind);
/* With the device as ctx; NULL on ENOMEM. */
struct worker *device_start_step(struct device *d, struct step *s,
				 step_done *done);
/*
 * Does a step; its end is an event, after what it brought is noted.  parts:
 * what the kernel is to know, or NULL.
 */
void device_run(struct device *d, enum step_kind kind,
		const struct partition_table *parts);
/* The right disk is behind it again, or what it waited for came otherwise. */
bool device_wants_renewal(const struct device *d);
/* Which way it is to go; false after saying that there is none. */
bool device_choose(struct device *d);
/* Its way did not work: with Export=auto it is another's turn. */
void device_fall_back(struct device *d, const char *why);

/* The service manager keeps the handle, too. */
void device_keep_handle(const struct device *d);
/* Neither of us any more: with the last handle the kernel gives up. */
void device_close_handle(struct device *d);
void device_drop_record(struct device *d);

#endif

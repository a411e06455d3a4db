/*
 * probe - the steps of finding out what a LUN is; for this folder only.
 *
 * A step is a command: how it is built and how its answer is read stands in
 * probe_actions[], what comes next in the table of probe.c.
 */
#ifndef DISK_PROBE_H
#define DISK_PROBE_H

#include "disk/internal.h"

#define VPD_ALLOC 255 /* old targets read one byte of this only */

enum probe_step {
	STEP_IDLE,
	STEP_READY,
	STEP_START,
	STEP_INQUIRY,
	STEP_PAGES,
	STEP_SERIAL,
	STEP_ID,
	STEP_IDENTITY, /* no command: is it the disk it should be? */
	STEP_LIMITS,
	STEP_CHARACTERISTICS,
	STEP_PROVISIONING,
	STEP_CAPACITY16,
	STEP_CAPACITY10,
	STEP_SIZED, /* no command: is its size known? */
	STEP_MODE6,
	STEP_MODE10,
	STEP_MODE_ALL,
	STEP_CONTROL,
	STEP_FACTS, /* no command: can it be served? */
	STEP_COUNT
};

enum probe_event {
	EV_OK,
	EV_ABSENT,  /* not to be asked of this target */
	EV_REFUSED, /* ILLEGAL REQUEST */
	EV_BAD,	    /* failed otherwise, or the answer makes no sense */
	EV_STOPPED, /* wants START STOP UNIT */
	EV_GONE,    /* nothing is at this LUN */
	EV_UNFIT,   /* answered, and we cannot or may not serve it */
	EV_OTHER,   /* it is another disk than it should be */
	EV_UNSAID,  /* it was served, and what that needs was not answered */
	EV_BEGIN,   /* everything, from the first step on */
	EV_RESCAN,  /* what may change while a disk is in use */
	EV_STOP,
	EV_COUNT
};

/*
 * build() makes a command, or returns false to skip the step; it is NULL
 * where there is no command but a decision.  read() gets the n bytes that
 * came.  Where vpd is not 0 the answer is this page.
 */
struct probe_action {
	bool (*build)(struct disk *d, struct cmd *c);
	enum probe_event (*read)(struct disk *d, const uint8_t *p, size_t n);
	uint8_t vpd;
};
extern const struct probe_action probe_actions[STEP_COUNT];

#endif

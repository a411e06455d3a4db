/*
 * scan - which LUNs a target has: asked, and asked again when that fails.
 */
#ifndef ENGINE_LUN_SCAN_H
#define ENGINE_LUN_SCAN_H

#include "engine/lun/table.h"

enum scan_state {
	SCAN_IDLE,   /* none is under way, none is due */
	SCAN_ASKING, /* one is under way */
	SCAN_TWICE,  /* ... and another is wanted after it */
	SCAN_LATER,  /* the next is due after a pause */
	SCAN_STATES
};

enum scan_event {
	SCAN_EV_WANTED,	   /* and there is a session to ask in */
	SCAN_EV_MOOT,	   /* wanted, and there is none */
	SCAN_EV_OVER,	   /* answered, or not worth another try */
	SCAN_EV_POSTPONED, /* another try later: -errno of this one */
	SCAN_EV_LOST,	   /* it will not be answered */
	SCAN_EV_DOWN,	   /* the session is over */
	SCAN_EVENTS
};

extern const struct fsm scan_fsm; /* for the tests */

/* Looks for LUNs, at once or after the scan that is under way. */
void luns_scan(struct luns *l);
/* The session is over: ends the one that is under way. */
void luns_end_scan(struct luns *l);

/* "luns", if that is owed and all that were found are probed. */
void luns_tell_count(struct luns *l);
/*
 * Not the disk it was, or gone before it was known, and not in use: a scan
 * takes it for another one.
 */
bool lun_is_to_be_new(const struct lun *u);

#endif

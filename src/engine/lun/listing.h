/*
 * listing - whether the target lists a LUN, from scan to scan.
 */
#ifndef ENGINE_LISTING_H
#define ENGINE_LISTING_H

#include "engine/lun/lun.h"

enum listing_event {
	LISTING_EV_LISTED, /* a scan has it */
	LISTING_EV_MISSED, /* a scan does not, and it is in use */
	LISTING_EV_UNUSED, /* a scan does not, nobody uses it, it has not failed
			    */
	LISTING_EVENTS
};

extern const struct fsm listing_fsm; /* for the tests */

void listing_step(struct lun *u, enum listing_event ev);

#endif

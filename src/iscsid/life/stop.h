/*
 * stop - an orderly end of iscsid.
 */
#ifndef ISCSID_STOP_H
#define ISCSID_STOP_H

#include "base/fsm.h"

enum manager_event {
	MANAGER_STOP,
	MANAGER_NO_DEVICES,
	MANAGER_NO_TARGETS,
	MANAGER_NO_ENGINES,
	MANAGER_LATE,
	MANAGER_EVENTS
};

extern const struct fsm manager_fsm;

#define MANAGER_LOGOUT_IN 10000 /* ms for all targets */
#define MANAGER_QUIT_IN	  15000 /* ms for all engines, more than their own */

struct manager;

/* As SIGTERM; asked twice: whoever uses the disks. */
void manager_stop(struct manager *m);
/* At the start: nobody told it to stop. */
void stop_init(struct manager *m);

/*
 * At the start: what an earlier run left is all there is to do.  It goes in
 * order, and after FREE_WITHIN by force.
 */
#define FREE_WITHIN 10000 /* ms */
void stop_begin_free(struct manager *m);

#endif

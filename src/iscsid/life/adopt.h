/*
 * adopt - at the start: goes on with what a manager before us left running.
 *
 * Its engines have sessions and the kernel's handles; the service manager
 * may have handles too, of engines that died with it; its records
 * (iscsid/host/records.h) tell what they are.  What cannot go on is cleaned up
 * afterwards, see iscsid/host/leftovers.h.
 */
#ifndef ISCSID_ADOPT_H
#define ISCSID_ADOPT_H

#include "iscsid/messages/reported.h"

struct adopt;
struct engine_process;
struct manager;

/* Reads what is left; before the engines are started.  NULL on ENOMEM. */
struct adopt *adopt_begin(struct manager *m);

/* What an engine has that is adopted; *handle is -1 if it was kept. */
void adopt_has(struct adopt *a, struct engine_process *e,
	       const struct reported *s);
void adopt_held(struct adopt *a, struct engine_process *e,
		const struct reported *s, int *handle);

/* A LUN of it, after what it has of it: see adopt_held(). */
void adopt_lun(struct adopt *a, struct engine_process *e,
	       const struct reported *s);

/*
 * All engines have told: turns to what only has a handle, forgets the rest.
 * Returns how many disks go on.
 */
unsigned adopt_end(struct adopt *a);
/* Nothing goes on, and nothing is forgotten: for a manager after this one. */
void adopt_abort(struct adopt *a);

#endif

/*
 * reconfigure - what the manager or an administrator changes of a target while
 * it lives.
 */
#ifndef ENGINE_RECONFIGURE_H
#define ENGINE_RECONFIGURE_H

#include "engine/target/engine_target.h"

/*
 * The session moves to this portal.  0 or -errno as portals_ask(), then
 * nothing changes.
 */
int engine_target_switch(struct engine_target *t, const struct addr *portal);
/*
 * A LUN is not to be had by this portal group: the session goes to another,
 * if there is one and it did not just come from there.
 */
void engine_target_elsewhere(struct engine_target *t);
/* Ends a given up state: there is reason to believe in another attempt. */
void engine_target_retry(struct engine_target *t);
/* It has all these settings from the next attempt on. */
void engine_target_change(struct engine_target *t, const struct settings *s);
/* It has these at this portal; its times count at once.  0 or -errno. */
int engine_target_set_at_portal(struct engine_target *t,
				const struct addr *portal,
				const struct settings *s);
/* It has the portals of s from now on. */
void engine_target_set_portals(struct engine_target *t,
			       const struct settings *s);
/* Counts from the loss of the session, also of one lost already. */
void engine_target_set_connfail(struct engine_target *t, uint32_t ms);
/* What a request may take in all. */
void engine_target_set_disk_timeout(struct engine_target *t, uint32_t ms);

#endif

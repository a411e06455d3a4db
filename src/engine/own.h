/*
 * own - what of a target's settings belongs to the portal.
 *
 * Times, credentials and the window can be others in other networks, and
 * change with the portal at each login.  What is set here counts from the
 * next attempt on; an open session keeps what it has.
 */
#ifndef ENGINE_OWN_H
#define ENGINE_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/settings.h"

struct own { /* of one portal; locked memory */
	struct list link;
	struct addr portal;
	struct session_config session;
	uint32_t connfail_timeout, disk_timeout, window;
};

struct owns {
	struct own base; /* for portals without any of their own */
	struct list list;
	unsigned count;
};

void owns_init(struct owns *o, const struct settings *s);
/* Wipes all. */
void owns_fini(struct owns *o);

/* s counts at this portal.  0 or -ENOMEM. */
int owns_set(struct owns *o, const struct addr *portal,
	     const struct settings *s);
/* Copies what counts at this portal into s. */
void owns_apply(const struct owns *o, const struct addr *portal,
		struct settings *s);
bool owns_has(const struct owns *o, const struct addr *portal);

/* The administrator's word counts everywhere. */
void owns_set_connfail(struct owns *o, uint32_t ms);
void owns_set_disk_timeout(struct owns *o, uint32_t ms);

#endif

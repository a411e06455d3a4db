/*
 * portal_settings - what of a target's settings belongs to the portal.
 *
 * Times, credentials and the window can be others in other networks, and
 * change with the portal at each login.  What is set here counts from the
 * next attempt on; an open session keeps what it has.
 */
#ifndef ENGINE_PORTAL_SETTINGS_H
#define ENGINE_PORTAL_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/session/settings.h"

struct portal_entry { /* of one portal; locked memory */
	struct list link;
	struct addr portal;
	struct own_settings own;
};

struct portal_settings {
	struct own_settings base; /* for portals without any of their own */
	struct list list;
	unsigned count;
};

void portal_settings_init(struct portal_settings *p, const struct settings *s);
/* Wipes all. */
void portal_settings_fini(struct portal_settings *p);

/* s counts at this portal.  0 or -ENOMEM. */
int portal_settings_set(struct portal_settings *p, const struct addr *portal,
			const struct settings *s);
/* Copies what counts at this portal into s. */
void portal_settings_apply(const struct portal_settings *p,
			   const struct addr *portal, struct settings *s);
bool portal_settings_has(const struct portal_settings *p,
			 const struct addr *portal);

/* The administrator's word counts everywhere. */
void portal_settings_set_connfail(struct portal_settings *p, uint32_t ms);
void portal_settings_set_disk_timeout(struct portal_settings *p, uint32_t ms);

#endif

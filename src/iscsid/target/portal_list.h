/*
 * portal_list - the portals of a target: their order, and the settings at each.
 *
 * Settings of network sections belong to a portal.  Those at the first one
 * are the target's; where others differ that is kept here and told to the
 * engine, so that it needs to ask nobody when it goes there.
 */
#ifndef ISCSID_PORTAL_LIST_H
#define ISCSID_PORTAL_LIST_H

#include <stdbool.h>

#include "conf/settings.h"
#include "wire/addr.h"

struct target;

struct portal_override { /* settings that differ at this portal; hold secrets */
	struct addr portal;
	struct conf_settings settings;
};

struct portal_list { /* of one target; zero at the start */
	struct portal_override *list;
	unsigned count;
	/* Portals that pointed elsewhere for good: no portals any more. */
	struct addr *moved;
	unsigned nmoved;
};

/* Into its place by preference; returns whether it is new. */
bool portal_list_add(struct target *t, const struct addr *portal);
/* Reads all settings anew, and sorts the portals by them. */
void portal_list_read(struct target *t);
/* Those at the portals behind the first that are not in the list yet. */
void portal_list_read_new(struct target *t);
/* To the engine: what differs from the target's. */
void portal_list_tell(const struct target *t);

/* The engine goes to a portal that no list had. */
void portal_list_redirected(struct target *t, const struct addr *to);
/* from points to another portal for good, where the session stands. */
void portal_list_moved(struct target *t, const struct addr *from,
		       const struct addr *to);
/* What moved may have moved back: it counts again when it is found again. */
void portal_list_forget_moves(struct target *t);

void portal_list_wipe(struct target *t);
void portal_list_free(struct target *t);

#endif

/*
 * multipath - which sessions a target gets: one, or with Multipath= one for
 * each portal or portal group, each with a binding and devices of its own.
 *
 * Pure.
 */
#ifndef ISCSID_MULTIPATH_H
#define ISCSID_MULTIPATH_H

#include <stddef.h>

#include "conf/bindings.h"
#include "conf/settings.h"
#include "wire/addr.h"

#define PATHS_MAX 32 /* of one target, and portals of one path */

struct path {
	char key[BINDING_KEY_SIZE]; /* of its binding */
	struct addr portals[PATHS_MAX];
	size_t nportals;
};

/*
 * Sorts n portals (more than PATHS_MAX are left out) into paths, in the order
 * of their first portals; returns how many there are.  Portals without a
 * group tag are one group, whose key is the name alone.
 */
size_t multipath_split(enum conf_multipath how, const char *name,
		       const struct addr *portals, size_t n,
		       struct path out[static PATHS_MAX]);

#endif

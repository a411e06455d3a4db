/*
 * gather - records of a discovery sorted into targets with numeric portals.
 */
#ifndef ISCSID_GATHER_H
#define ISCSID_GATHER_H

#include <stddef.h>

#include "iscsid/host/resolve.h"
#include "iscsid/messages/reported.h"
#include "iscsid/target/target.h"

struct gather_names { /* what became of the host names */
	const struct resolved *list;
	size_t count;
};

struct gather {
	/* given; all borrowed */
	const char *label; /* of the source, for messages */
	const struct reported_found *records;
	size_t nrecords;
	const struct addr *self; /* where it was asked: the portal of a target
				    that names none (RFC 7143 13.8) */
	size_t nself;
	const struct gather_names *names;
	const struct conf_section *found_by;
	/* made */
	struct target_found *targets; /* in order of their first record */
	size_t ntargets;
	/*
	 * Not "": a target has no portal at all because this name, and why,
	 * could not be looked up.  Worth another try.
	 */
	char unresolved[ADDR_HOST_SIZE + 192];
};

/*
 * Portals that cannot be used are left out, with a line.  Returns 0 or
 * -ENOMEM; gather_free() it after 0.
 */
int gather_targets(struct gather *g);
void gather_free(struct gather *g);

#endif

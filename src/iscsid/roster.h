/*
 * roster - the names that the last answer of a discovery held.
 *
 * Pure: tells which of them the next answer lacks.
 */
#ifndef ISCSID_ROSTER_H
#define ISCSID_ROSTER_H

#include <stdbool.h>
#include <stddef.h>

struct roster {
	char **names; /* sorted; owned */
	size_t count;
	bool known; /* there was an answer */
};

/*
 * The newest answer: names[0..n), borrowed, in any order, each once.  gone()
 * is called for each name that is missing from it.  Returns whether it
 * differs from the last one; without memory the roster becomes unknown.
 */
bool roster_replace(struct roster *r, const char *const *names, size_t n,
		    void (*gone)(void *ctx, const char *name), void *ctx);
void roster_free(struct roster *r);

#endif

/*
 * known_names - the names that the last answer of a discovery held.
 *
 * Pure: tells which of them the next answer lacks.
 */
#ifndef ISCSID_KNOWN_NAMES_H
#define ISCSID_KNOWN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct known_names {
	char **names; /* sorted; owned */
	size_t count;
	bool known; /* there was an answer */
};

/*
 * The newest answer: names[0..n), borrowed, in any order, each once.  gone()
 * is called for each name that is missing from it.  Returns whether it
 * differs from the last one; without memory they become unknown.
 */
bool known_names_replace(struct known_names *r, const char *const *names,
			 size_t n, void (*gone)(void *ctx, const char *name),
			 void *ctx);
void known_names_free(struct known_names *r);

#endif

/*
 * doubts - targets whose last session was not seen to end well.
 */
#include "iscsid/core/doubts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int doubts_note(struct doubts *d, const struct doubt *of)
{
	struct doubt *more =
		realloc(d->list, (d->count + 1) * sizeof(*d->list));

	if (!more)
		return -ENOMEM;
	d->list = more;
	more[d->count++] = *of;
	return 0;
}

/* A key is a name, or with Multipath= a name, a comma and the path. */
static bool is_of(const struct doubt *d, const char *key)
{
	size_t n = strlen(d->key);

	return strncmp(d->key, key, n) == 0 &&
	       (!key[n] || (d->unrecorded && key[n] == ','));
}

bool doubts_take(struct doubts *d, const char *key, struct doubt *was)
{
	*was = (struct doubt){ 0 };
	for (size_t i = 0; i < d->count; i++) {
		struct doubt *at = &d->list[i];

		if (!is_of(at, key))
			continue;
		*was = *at;
		if (!at->unrecorded)
			*at = d->list[--d->count];
		return true;
	}
	return false;
}

void doubts_free(struct doubts *d)
{
	free(d->list);
	*d = (struct doubts){ 0 };
}

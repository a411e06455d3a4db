/*
 * known_names - the names that the last answer of a discovery held.
 */
#include "iscsid/source/known_names.h"

#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
	for (size_t i = 0; names && i < n; i++)
		free(names[i]);
	free(names);
}

/* Sorted copies; NULL on ENOMEM. */
static char **copy(const char *const *names, size_t n)
{
	char **out = calloc(n + 1, sizeof(*out));

	for (size_t i = 0; out && i < n; i++) {
		out[i] = strdup(names[i]);
		if (!out[i]) {
			free_names(out, i);
			return NULL;
		}
	}
	if (out)
		qsort(out, n, sizeof(*out), by_name);
	return out;
}

bool known_names_replace(struct known_names *r, const char *const *names,
			 size_t n, void (*gone)(void *ctx, const char *name),
			 void *ctx)
{
	char **fresh = copy(names, n);
	bool changed = !r->known || n != r->count;
	size_t j = 0;

	for (size_t i = 0; fresh && i < r->count; i++) {
		while (j < n && strcmp(fresh[j], r->names[i]) < 0)
			j++;
		if (j < n && strcmp(fresh[j], r->names[i]) == 0)
			continue;
		changed = true;
		gone(ctx, r->names[i]);
	}
	known_names_free(r);
	if (fresh)
		*r = (struct known_names){ fresh, n, true };
	return changed;
}

void known_names_free(struct known_names *r)
{
	free_names(r->names, r->count);
	*r = (struct known_names){ 0 };
}

/*
 * parse - what the files of conf/ that deal with iscsi.conf share.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

/* A line "keyword=value", its value already found good. */
struct conf_setting {
	const struct keyword *k;
	unsigned line;
	bool refused; /* a secret in a file that others may read */
	size_t n;
	char *text; /* the value, NUL-terminated */
};

/*
 * Appends one element to an array whose count elements are in use: returns
 * the array, perhaps moved, with room for one more, or NULL on ENOMEM.
 */
void *conf_grow(void *array, size_t count, size_t size);

/* Reads the lines into conf.  0 or -ENOMEM. */
int parse_text(struct conf *conf, const char *text, size_t n, struct report *r);

/* Sorts conf->targets and marks sections that a later one replaces. */
int check_sections(struct conf *conf, struct report *r);
/* Reports what only shows when values come together. */
void check_values(const struct conf *conf, struct report *r);

/*
 * Fills out as written in the file; what check.c finds wrong is still in it.
 * Returns true when a refused secret is among the values.
 */
bool settings_resolve(const struct conf *conf, const char *name,
		      const struct addr *portal,
		      const struct conf_section *found_by,
		      struct conf_settings *out);

/* NULL, or why no session may be made with these credentials. */
const char *check_credentials(const struct conf_settings *s);

#endif

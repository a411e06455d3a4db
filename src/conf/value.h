/*
 * value - the values of iscsi.conf keywords: text in, fields out, and back.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/settings.h"

#define VALUE_WHY 160

/*
 * Reads s[0..n) as a value of k into k's field of out.  Returns true, or
 * false with the reason in words, which never shows a secret; the field is
 * unchanged then.
 */
bool value_get(const struct keyword *k, const char *s, size_t n,
	       struct conf_settings *out, char why[static VALUE_WHY]);

/* k's field as one would write it; a secret as "***"; "" for none. */
void value_put(const struct keyword *k, const struct conf_settings *s,
	       char *dst, size_t size);

/* The word of Export= for this value of its field. */
const char *value_export_word(uint32_t how);

/*
 * A text value without its quotes, in place: "..." or one word.  Returns
 * NULL, or what is wrong.
 */
const char *value_unquote(const char **s, size_t *n);

/* The elements of a comma list, trimmed; false at the end. */
bool value_list_next(const char *s, size_t n, size_t *pos, const char **item,
		     size_t *len);

#endif

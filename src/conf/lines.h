/*
 * lines - a text file, line by line, as people write it.
 *
 * A line ends with LF, CR LF or the end of the text; a byte order mark in
 * front of the text is skipped.  Blanks around a line are cut.
 */
#ifndef CONF_LINES_H
#define CONF_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	const char *p, *end;
	unsigned no; /* of the line last returned, from 1 */
};

struct line {
	const char *s; /* borrowed from the text; not NUL-terminated */
	size_t n;
	unsigned indent; /* blanks in front, a tab counts 8 */
	unsigned no;
};

void lines_init(struct lines *l, const char *text, size_t n);
/* False at the end. */
bool lines_next(struct lines *l, struct line *out);
/* Nothing in it, or a comment (#)? */
bool line_is_empty(const struct line *l);

/*
 * NULL, or why nobody should try to understand the line, in words: longer
 * than max bytes, a control character, not UTF-8.
 */
const char *line_fault(const struct line *l, size_t max);

/* The next word of s[*pos..n); false when there is none. */
bool line_word(const char *s, size_t n, size_t *pos, const char **word,
	       size_t *len);

/* Cuts blanks off both ends of *s[0..*n). */
void line_trim(const char **s, size_t *n);
bool line_blank(char c);

#endif

/*
 * lines - a text file, line by line, as people write it.
 */
#include "conf/lines.h"

#include <stdint.h>
#include <string.h>

#include "base/codec.h"

static const char bom[] = "\xef\xbb\xbf";

void lines_init(struct lines *l, const char *text, size_t n)
{
	size_t skip = sizeof(bom) - 1;

	if (n < skip || memcmp(text, bom, skip) != 0)
		skip = 0;
	*l = (struct lines){ .p = text + skip, .end = text + n };
}

bool line_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

void line_trim(const char **s, size_t *n)
{
	while (*n && line_blank((*s)[*n - 1]))
		--*n;
	while (*n && line_blank(**s)) {
		++*s;
		--*n;
	}
}

static unsigned indent_of(const char *s, size_t n)
{
	unsigned indent = 0;

	for (size_t i = 0; i < n && line_blank(s[i]); i++)
		indent += s[i] == '\t' ? 8 : 1;
	return indent;
}

bool lines_next(struct lines *l, struct line *out)
{
	size_t left = (size_t)(l->end - l->p);
	const char *nl;

	if (left == 0)
		return false;
	nl = memchr(l->p, '\n', left);
	*out = (struct line){ .s = l->p, .no = ++l->no };
	out->n = nl ? (size_t)(nl - l->p) : left;
	l->p = nl ? nl + 1 : l->end;
	if (out->n && out->s[out->n - 1] == '\r')
		out->n--;
	out->indent = indent_of(out->s, out->n);
	line_trim(&out->s, &out->n);
	return true;
}

bool line_is_empty(const struct line *l)
{
	return l->n == 0 || l->s[0] == '#';
}

const char *line_fault(const struct line *l, size_t max)
{
	if (l->n > max)
		return "the line is too long";
	for (size_t i = 0; i < l->n;) {
		uint32_t code;
		int len = utf8_get(l->s + i, l->n - i, &code);

		if (len < 0)
			return "the line is not well-formed UTF-8";
		if (code == 0)
			return "the line has a NUL byte";
		if ((code < 0x20 && code != '\t') ||
		    (code >= 0x7f && code < 0xa0))
			return "the line has a control character";
		i += (size_t)len;
	}
	return NULL;
}

bool line_word(const char *s, size_t n, size_t *pos, const char **word,
	       size_t *len)
{
	size_t i = *pos, begin;

	while (i < n && line_blank(s[i]))
		i++;
	begin = i;
	while (i < n && !line_blank(s[i]))
		i++;
	*pos = i;
	*word = s + begin;
	*len = i - begin;
	return *len > 0;
}

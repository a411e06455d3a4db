/*
 * name - iSCSI names (RFC 7143 section 4.2.7, RFC 3721, RFC 3722).
 *
 * Checks form and characters.  Names with capitals beyond ASCII are taken
 * as they stand: folding and normalizing all of Unicode is left to whoever
 * wrote the name.
 */
#include "wire/name.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/codec.h"
#include "base/str.h"

#define BAD(c) "has a character that is not allowed: '" c "'"

/*
 * ASCII that no name may have (RFC 3722 section 6.2), but for controls.  The
 * underscore is let through: it stands in many names that are in use.
 */
static const char *const bad_ascii[128] = {
	[' '] = "has a blank", ['!'] = BAD("!"),  ['"'] = BAD("\""),
	['#'] = BAD("#"),      ['$'] = BAD("$"),  ['%'] = BAD("%"),
	['&'] = BAD("&"),      ['\''] = BAD("'"), ['('] = BAD("("),
	[')'] = BAD(")"),      ['*'] = BAD("*"),  ['+'] = BAD("+"),
	[','] = BAD(","),      ['/'] = BAD("/"),  [';'] = BAD(";"),
	['<'] = BAD("<"),      ['='] = BAD("="),  ['>'] = BAD(">"),
	['?'] = BAD("?"),      ['@'] = BAD("@"),  ['['] = BAD("["),
	['\\'] = BAD("\\"),    [']'] = BAD("]"),  ['^'] = BAD("^"),
	['`'] = BAD("`"),      ['{'] = BAD("{"),  ['|'] = BAD("|"),
	['}'] = BAD("}"),      ['~'] = BAD("~"),
};

/* Beyond ASCII: RFC 3454 C.1 to C.9 and U+3002, by RFC 3722 section 6. */
static const struct {
	uint32_t first, last;
} bad_ranges[] = {
	{ 0x80, 0xa0 },	      { 0x340, 0x341 },	    { 0x6dd, 0x6dd },
	{ 0x70f, 0x70f },     { 0x1680, 0x1680 },   { 0x180e, 0x180e },
	{ 0x2000, 0x200f },   { 0x2028, 0x202f },   { 0x205f, 0x2063 },
	{ 0x206a, 0x206f },   { 0x2ff0, 0x2ffb },   { 0x3000, 0x3000 },
	{ 0x3002, 0x3002 },   { 0xe000, 0xf8ff },   { 0xfdd0, 0xfdef },
	{ 0xfeff, 0xfeff },   { 0xfff9, 0xffff },   { 0x1d173, 0x1d17a },
	{ 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f }, { 0xf0000, 0x10ffff },
};

static const char *code_fault(uint32_t code)
{
	if (code < 0x20 || code == 0x7f)
		return "has a control character";
	if (code < 0x80)
		return bad_ascii[code];
	/* The last two of each plane are no characters. */
	if ((code & 0xfffe) == 0xfffe)
		return "has a character that is not allowed in names";
	for (size_t i = 0; i < sizeof(bad_ranges) / sizeof(bad_ranges[0]); i++)
		if (code >= bad_ranges[i].first && code <= bad_ranges[i].last)
			return "has a character that is not allowed in names";
	return NULL;
}

static const char *characters_fault(const char *s, size_t n, size_t *at)
{
	for (*at = 0; *at < n;) {
		uint32_t code;
		int len = utf8_get(s + *at, n - *at, &code);
		const char *fault;

		if (len < 0)
			return "is not well-formed UTF-8";
		fault = code_fault(code);
		if (fault)
			return fault;
		*at += (size_t)len;
	}
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_domain_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
}

/* "yyyy-mm." from s[4], then a reversed domain name (RFC 3721 1.1). */
static const char *iqn_fault(const char *s, size_t n, size_t *at)
{
	static const char date[] = "dddd-dd.";
	bool month;

	for (size_t i = 0; i < sizeof(date) - 1; i++) {
		*at = 4 + i;
		if (*at >= n)
			return "ends within its date (iqn.yyyy-mm.)";
		if (date[i] == 'd' ? !is_digit(s[*at]) : s[*at] != date[i])
			return "has no date of the form yyyy-mm after iqn.";
	}
	month = (s[9] == '0' && s[10] != '0') || (s[9] == '1' && s[10] < '3');
	*at = 9;
	if (!month)
		return "has a month that is not 01 to 12";
	*at = 12;
	if (n == 12 || s[12] == ':')
		return "has no naming authority after its date";
	for (; *at < n && s[*at] != ':'; ++*at)
		if (!is_domain_char(s[*at]))
			return "has a naming authority that is no domain name";
	return NULL;
}

/* Hex digits from s[4]: exactly a or b of them. */
static const char *hex_fault(const char *s, size_t n, size_t a, size_t b,
			     size_t *at)
{
	for (*at = 4; *at < n; ++*at)
		if (!is_hex(s[*at]))
			return "has a character that is no hex digit";
	if (n - 4 == a || n - 4 == b)
		return NULL;
	return a == b ? "must have 16 hex digits after eui."
		      : "must have 16 or 32 hex digits after naa.";
}

static const char *form_fault(const char *s, size_t n, size_t *at)
{
	size_t prefix = n < 4 ? n : 4;

	if (str_is_nocase(s, prefix, "iqn."))
		return iqn_fault(s, n, at);
	if (str_is_nocase(s, prefix, "eui."))
		return hex_fault(s, n, 16, 16, at);
	if (str_is_nocase(s, prefix, "naa."))
		return hex_fault(s, n, 16, 32, at);
	*at = 0;
	return "does not begin with iqn., eui. or naa.";
}

const char *name_fault(const char *s, size_t n, size_t *column)
{
	const char *fault;
	size_t at = 0;

	if (n == 0) {
		fault = "is empty";
	} else if (n > NAME_MAX_LEN) {
		at = NAME_MAX_LEN;
		fault = "is longer than 223 bytes";
	} else {
		fault = characters_fault(s, n, &at);
		if (!fault)
			fault = form_fault(s, n, &at);
	}
	if (fault && column)
		*column = at;
	return fault;
}

void name_normalize(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

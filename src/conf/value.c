/*
 * value - the values of iscsi.conf keywords: text in, fields out, and back.
 *
 * Whole values only: "yesterday" is not "yes".  Numbers are written as in C
 * (decimal, 0x, leading 0 for octal), also as products: "128 * 1024".
 */
#include "conf/value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/exporters.h"
#include "base/str.h"
#include "conf/lines.h"

/* A value on its way: where it comes from, where it goes. */
struct value {
	const struct keyword *k;
	const char *s;
	size_t n;
	void *field;
	char *why;
};

static bool fail(const struct value *v, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static bool fail(const struct value *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->why, VALUE_WHY, fmt, ap);
	va_end(ap);
	return false;
}

/* Fails because the value is not of the form that k wants. */
static bool misfit(const struct value *v, const char *form)
{
	char text[41];

	str_printable(text, sizeof(text), v->s, v->n);
	return fail(v, "\"%s%s\" is not %s", text,
		    v->n >= sizeof(text) ? "..." : "", form);
}

/* One factor: 0 or -errno, -EDOM for a negative one. */
static int factor_get(const char *s, size_t n, uint64_t *out)
{
	uint64_t v = 0;

	if (n && s[0] == '-')
		return str_u64(s + 1, n - 1, UINT64_MAX, &v) == -EINVAL
			       ? -EINVAL
			       : -EDOM;
	if (n < 2 || s[0] != '0' || s[1] == 'x' || s[1] == 'X')
		return str_u64(s, n, UINT64_MAX, out);
	for (; n; s++, n--) {
		if (*s < '0' || *s > '7')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 8, &v))
			return -ERANGE;
		v += (uint64_t)(*s - '0');
	}
	*out = v;
	return 0;
}

static int number_get(const char *s, size_t n, uint64_t *out)
{
	uint64_t product = 1, v;
	int err = 0, range = 0;

	for (;;) {
		const char *star = memchr(s, '*', n), *f = s;
		size_t len = star ? (size_t)(star - s) : n;

		n -= len;
		line_trim(&f, &len);
		err = factor_get(f, len, &v);
		if (err && err != -ERANGE)
			return err;
		if (err || __builtin_mul_overflow(product, v, &product))
			range = -ERANGE;
		if (!star)
			break;
		s = star + 1;
		n--;
	}
	*out = product;
	return range;
}

/* Within k->min and k->max, or says so. */
static bool number_fits(const struct value *v, int err, uint64_t number,
			const char *form)
{
	if (err == -EDOM)
		return fail(v, "must not be negative");
	if (err == -EINVAL)
		return misfit(v, form);
	if (err == -ERANGE || number < v->k->min || number > v->k->max)
		return fail(v, "must be %llu to %llu",
			    (unsigned long long)v->k->min,
			    (unsigned long long)v->k->max);
	return true;
}

static bool bytes_get(const struct value *v)
{
	uint64_t number = 0;
	int err = number_get(v->s, v->n, &number);

	if (!number_fits(v, err, number, "a number of bytes"))
		return false;
	*(uint32_t *)v->field = (uint32_t)number;
	return true;
}

/* Seconds of a unit letter, 0 for none. */
static unsigned unit_of(char c)
{
	static const struct {
		char letter;
		unsigned seconds;
	} units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 },
		{ 'S', 1 }, { 'M', 60 }, { 'H', 3600 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].letter == c)
			return units[i].seconds;
	return 0;
}

static bool time_get(const struct value *v)
{
	static const char form[] = "a time (a number, then s, m or h)";
	unsigned unit = unit_of(v->s[v->n - 1]);
	size_t n = unit ? v->n - 1 : v->n;
	uint64_t t = 0;
	int err;

	if (str_is_nocase(v->s, v->n, "infinite") && !v->k->finite) {
		*(uint32_t *)v->field = 0;
		return true;
	}
	err = number_get(v->s, n, &t);
	if (!err && __builtin_mul_overflow(t, unit ? unit : 1, &t))
		err = -ERANGE;
	if (err == -ERANGE || (!err && t > v->k->max))
		return fail(v, "must be 0 to %llu seconds",
			    (unsigned long long)v->k->max);
	if (!number_fits(v, err, t, form))
		return false;
	*(uint32_t *)v->field = (uint32_t)(t * 1000);
	return true;
}

static bool bool_get(const struct value *v)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {
		{ "yes", true },  { "y", true },      { "on", true },
		{ "true", true }, { "no", false },    { "n", false },
		{ "off", false }, { "false", false },
	};
	uint64_t number;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_is_nocase(v->s, v->n, words[i].word)) {
			*(bool *)v->field = words[i].value;
			return true;
		}
	}
	if (str_u64(v->s, v->n, INT32_MAX, &number))
		return misfit(v, "yes or no");
	*(bool *)v->field = number != 0;
	return true;
}

/* Words that stand for numbers; the first of a number is how it is shown. */
struct word {
	const char *word;
	uint32_t value;
};

static const struct word digests[] = {
	{ "always", CONF_DIGEST_ALWAYS },
	{ "yes", CONF_DIGEST_ALWAYS },
	{ "crc32c", CONF_DIGEST_ALWAYS },
	{ "never", CONF_DIGEST_NEVER },
	{ "no", CONF_DIGEST_NEVER },
	{ "none", CONF_DIGEST_NEVER },
	{ "prefer-on", CONF_DIGEST_PREFER_ON },
	{ "prefer-off", CONF_DIGEST_PREFER_OFF },
	{ NULL, 0 },
};

static const struct word multipaths[] = {
	{ "no", CONF_MULTIPATH_NO },
	{ "portal", CONF_MULTIPATH_PORTAL },
	{ "yes", CONF_MULTIPATH_PORTAL },
	{ "portalgroup", CONF_MULTIPATH_PORTALGROUP },
	{ NULL, 0 },
};

static const struct word reinstatements[] = {
	{ "see", CONF_REINSTATEMENT_SEE },
	{ "yes", CONF_REINSTATEMENT_YES },
	{ "no", CONF_REINSTATEMENT_NO },
	{ NULL, 0 },
};

static const struct word barriers[] = {
	{ "ordered", CONF_BARRIER_ORDERED },
	{ "reset", CONF_BARRIER_RESET },
	{ NULL, 0 },
};

static bool word_get(const struct value *v, const struct word *words)
{
	for (; words->word; words++) {
		if (str_is_nocase(v->s, v->n, words->word)) {
			*(uint32_t *)v->field = words->value;
			return true;
		}
	}
	return misfit(v, v->k->form);
}

static void word_put(uint32_t value, const struct word *words,
		     struct strbuf *sb)
{
	for (; words->word; words++) {
		if (words->value == value) {
			sb_add(sb, "%s", words->word);
			return;
		}
	}
}

static bool digest_get(const struct value *v)
{
	return word_get(v, digests);
}

static bool multipath_get(const struct value *v)
{
	return word_get(v, multipaths);
}

const char *value_export_word(uint32_t how)
{
	return how == CONF_EXPORT_AUTO ? "auto" : exporter_word(how - 1);
}

static bool export_get(const struct value *v)
{
	const char *word;

	for (uint32_t how = CONF_EXPORT_AUTO; (word = value_export_word(how));
	     how++) {
		if (str_is_nocase(v->s, v->n, word)) {
			*(uint32_t *)v->field = how;
			return true;
		}
	}
	return misfit(v, v->k->form);
}

static bool reinstatement_get(const struct value *v)
{
	return word_get(v, reinstatements);
}

static bool barrier_get(const struct value *v)
{
	return word_get(v, barriers);
}

const char *value_unquote(const char **s, size_t *n)
{
	const char *p = *s, *end;

	if (*n && *p == '"') {
		end = memchr(p + 1, '"', *n - 1);
		if (!end)
			return "the closing quote is missing";
		if (end != p + *n - 1)
			return "there is text after the closing quote (a "
			       "comment needs a line of its own)";
		*s = p + 1;
		*n -= 2;
		return NULL;
	}
	for (size_t i = 0; i < *n; i++)
		if (line_blank(p[i]))
			return "there is text after the value (a comment needs "
			       "a line of its own, a value with blanks needs "
			       "\"quotes\")";
	return NULL;
}

/* "" takes away what an outer section has set. */
static bool string_get(const struct value *v)
{
	const char *s = v->s, *why;
	size_t n = v->n;

	why = value_unquote(&s, &n);
	if (why)
		return fail(v, "%s", why);
	if (n > v->k->max)
		return fail(v, "is longer than %llu bytes",
			    (unsigned long long)v->k->max);
	memset(v->field, 0, CONF_STRING_SIZE);
	memcpy(v->field, s, n);
	return true;
}

static bool portal_get(const struct value *v)
{
	struct conf_portal *portal = v->field;
	struct addr a;
	const char *colon, *bracket;

	if (addr_parse(v->s, v->n, &a) || a.tag >= 0 || !addr_is_numeric(&a))
		return misfit(v, "an IP address, with or without :port");
	colon = memrchr(v->s, ':', v->n);
	bracket = memrchr(v->s, ']', v->n);
	/* A colon within an IPv6 address is no port's. */
	if (bracket ? colon < bracket : strchr(a.host, ':') != NULL)
		colon = NULL;
	str_copy(portal->host, sizeof(portal->host), a.host);
	portal->port = colon ? a.port : 0;
	return true;
}

bool value_list_next(const char *s, size_t n, size_t *pos, const char **item,
		     size_t *len)
{
	const char *comma;

	/* One past the end: the last element has been given. */
	if (*pos > n)
		return false;
	*item = s + *pos;
	*len = n - *pos;
	comma = memchr(*item, ',', *len);
	if (comma)
		*len = (size_t)(comma - *item);
	*pos += *len + 1;
	line_trim(item, len);
	return true;
}

static bool subnets_get(const struct value *v)
{
	struct conf_nets nets = { 0 };
	const char *item, *why;
	size_t pos = 0, len;

	while (value_list_next(v->s, v->n, &pos, &item, &len)) {
		if (nets.count == CONF_NETS)
			return fail(v, "has more than %d addresses", CONF_NETS);
		why = net_parse(item, len, &nets.net[nets.count++]);
		if (why)
			return fail(v, "%s", why);
	}
	*(struct conf_nets *)v->field = nets;
	return true;
}

static bool lun_range_get(const char *s, size_t n, struct conf_luns *luns)
{
	const char *dash = memchr(s, '-', n), *a = s, *b = s;
	size_t na = n, nb = n;
	uint64_t first, last;

	if (dash) {
		na = (size_t)(dash - s);
		b = dash + 1;
		nb = n - na - 1;
	}
	line_trim(&a, &na);
	line_trim(&b, &nb);
	if (str_u64(a, na, CONF_LUNS - 1, &first) ||
	    str_u64(b, nb, CONF_LUNS - 1, &last) || first > last)
		return false;
	for (; first <= last; first++)
		luns->map[first / 8] |= (uint8_t)(1 << first % 8);
	return true;
}

static bool luns_get(const struct value *v)
{
	struct conf_luns luns = { 0 };
	const char *item;
	size_t pos = 0, len;

	if (str_is_nocase(v->s, v->n, "all")) {
		memset(luns.map, 0xff, sizeof(luns.map));
		*(struct conf_luns *)v->field = luns;
		return true;
	}
	while (value_list_next(v->s, v->n, &pos, &item, &len))
		if (!lun_range_get(item, len, &luns))
			return misfit(v, "a list of LUNs from 0 to 255 "
					 "(0-3,8) or all");
	*(struct conf_luns *)v->field = luns;
	return true;
}

static void bool_put(const struct keyword *k, const void *field,
		     struct strbuf *sb)
{
	sb_add(sb, "%s", *(const bool *)field ? "yes" : "no");
}

static void bytes_put(const struct keyword *k, const void *field,
		      struct strbuf *sb)
{
	sb_add(sb, "%u", *(const uint32_t *)field);
}

static void time_put(const struct keyword *k, const void *field,
		     struct strbuf *sb)
{
	uint32_t ms = *(const uint32_t *)field;

	if (ms == 0 && k->deflt && strcmp(k->deflt, "infinite") == 0)
		sb_add(sb, "infinite");
	else if (ms % 1000)
		sb_add(sb, "%u.%03us", ms / 1000, ms % 1000);
	else
		sb_add(sb, "%us", ms / 1000);
}

static void string_put(const struct keyword *k, const void *field,
		       struct strbuf *sb)
{
	sb_add(sb, strpbrk(field, " \t") ? "\"%s\"" : "%s",
	       (const char *)field);
}

static void secret_put(const struct keyword *k, const void *field,
		       struct strbuf *sb)
{
	if (*(const char *)field)
		sb_add(sb, "***");
}

static void digest_put(const struct keyword *k, const void *field,
		       struct strbuf *sb)
{
	word_put(*(const uint32_t *)field, digests, sb);
}

static void barrier_put(const struct keyword *k, const void *field,
			struct strbuf *sb)
{
	word_put(*(const uint32_t *)field, barriers, sb);
}

static void reinstatement_put(const struct keyword *k, const void *field,
			      struct strbuf *sb)
{
	word_put(*(const uint32_t *)field, reinstatements, sb);
}

static void multipath_put(const struct keyword *k, const void *field,
			  struct strbuf *sb)
{
	word_put(*(const uint32_t *)field, multipaths, sb);
}

static void export_put(const struct keyword *k, const void *field,
		       struct strbuf *sb)
{
	sb_add(sb, "%s", value_export_word(*(const uint32_t *)field));
}

static void portal_put(const struct keyword *k, const void *field,
		       struct strbuf *sb)
{
	const struct conf_portal *p = field;

	if (p->port)
		sb_add(sb, strchr(p->host, ':') ? "[%s]:%u" : "%s:%u", p->host,
		       p->port);
	else
		sb_add(sb, "%s", p->host);
}

static void subnets_put(const struct keyword *k, const void *field,
			struct strbuf *sb)
{
	const struct conf_nets *nets = field;
	char text[NET_TEXT_SIZE];

	for (unsigned i = 0; i < nets->count; i++) {
		net_format(&nets->net[i], text, sizeof(text));
		sb_add(sb, "%s%s", i ? "," : "", text);
	}
}

static bool lun_is_set(const struct conf_luns *luns, unsigned lun)
{
	return lun < CONF_LUNS && luns->map[lun / 8] & 1 << lun % 8;
}

static void luns_put(const struct keyword *k, const void *field,
		     struct strbuf *sb)
{
	const struct conf_luns *luns = field;
	const char *comma = "";
	unsigned i = 0, first;

	while (i < CONF_LUNS) {
		first = i++;
		if (!lun_is_set(luns, first))
			continue;
		while (lun_is_set(luns, i))
			i++;
		if (first == 0 && i == CONF_LUNS)
			sb_add(sb, "all");
		else if (i - first == 1)
			sb_add(sb, "%s%u", comma, first);
		else
			sb_add(sb, "%s%u-%u", comma, first, i - 1);
		comma = ",";
	}
}

static const struct {
	bool (*get)(const struct value *v);
	void (*put)(const struct keyword *k, const void *field,
		    struct strbuf *sb);
} kinds[] = {
	[KEY_BOOL] = { bool_get, bool_put },
	[KEY_BYTES] = { bytes_get, bytes_put },
	[KEY_TIME] = { time_get, time_put },
	[KEY_STRING] = { string_get, string_put },
	[KEY_SECRET] = { string_get, secret_put },
	[KEY_DIGEST] = { digest_get, digest_put },
	[KEY_MULTIPATH] = { multipath_get, multipath_put },
	[KEY_EXPORT] = { export_get, export_put },
	[KEY_REINSTATEMENT] = { reinstatement_get, reinstatement_put },
	[KEY_BARRIER] = { barrier_get, barrier_put },
	[KEY_PORTAL] = { portal_get, portal_put },
	[KEY_SUBNETS] = { subnets_get, subnets_put },
	[KEY_LUNS] = { luns_get, luns_put },
	[KEY_SECTION] = { NULL, NULL },
	[KEY_UNUSED] = { NULL, NULL },
};

bool value_get(const struct keyword *k, const char *s, size_t n,
	       struct conf_settings *out, char why[static VALUE_WHY])
{
	struct value v = { k, s, n, (char *)out + k->offset, why };

	if (n == 0)
		return fail(&v, "a value is required");
	return kinds[k->kind].get ? kinds[k->kind].get(&v) : true;
}

void value_put(const struct keyword *k, const struct conf_settings *s,
	       char *dst, size_t size)
{
	struct strbuf sb;

	sb_init(&sb, dst, size);
	if (kinds[k->kind].put)
		kinds[k->kind].put(k, (const char *)s + k->offset, &sb);
}

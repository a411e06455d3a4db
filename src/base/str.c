/*
 * str - text into fixed buffers, and numbers out of text.
 *
 * Nothing here allocates, and nothing depends on the locale.
 */
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void sb_init(struct strbuf *sb, char *buf, size_t cap)
{
	*sb = (struct strbuf){ .p = buf, .cap = cap, .full = cap == 0 };
	if (cap)
		buf[0] = '\0';
}

void sb_vadd(struct strbuf *sb, const char *fmt, va_list ap)
{
	size_t room = sb->cap - sb->len;
	int n;

	if (sb->full)
		return;
	n = vsnprintf(sb->p + sb->len, room, fmt, ap);
	if (n < 0 || (size_t)n >= room) {
		sb->full = true;
		sb->len = n < 0 ? sb->len : sb->cap - 1;
		sb->p[sb->len] = '\0';
		return;
	}
	sb->len += (size_t)n;
}

void sb_add(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sb_vadd(sb, fmt, ap);
	va_end(ap);
}

void sb_mem(struct strbuf *sb, const void *p, size_t n)
{
	size_t room;

	if (sb->full || n == 0)
		return;
	room = sb->cap - sb->len - 1;
	if (n > room) {
		sb->full = true;
		n = room;
	}
	memcpy(sb->p + sb->len, p, n);
	sb->len += n;
	sb->p[sb->len] = '\0';
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

int str_u64(const char *s, size_t n, uint64_t max, uint64_t *out)
{
	unsigned base = 10;
	uint64_t v = 0;
	bool over = false;

	if (n >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
		n -= 2;
	}
	if (n == 0)
		return -EINVAL;
	for (; n; s++, n--) {
		unsigned d = (unsigned)digit_value(*s);

		if (d >= base)
			return -EINVAL;
		over |= __builtin_mul_overflow(v, base, &v);
		over |= __builtin_add_overflow(v, d, &v);
	}
	if (over || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

bool str_copy(char *dst, size_t size, const char *src)
{
	size_t n = strlen(src);
	bool fits = n < size;

	if (size == 0)
		return false;
	if (!fits)
		n = size - 1;
	memmove(dst, src, n);
	dst[n] = '\0';
	return fits;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_is_nocase(const char *a, size_t n, const char *b)
{
	if (strlen(b) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool str_is(const char *a, size_t n, const char *b)
{
	return strlen(b) == n && memcmp(a, b, n) == 0;
}

void str_printable(char *dst, size_t size, const void *src, size_t n)
{
	const unsigned char *s = src;

	if (size == 0)
		return;
	if (n > size - 1)
		n = size - 1;
	for (size_t i = 0; i < n; i++)
		dst[i] = s[i] >= 0x20 && s[i] <= 0x7e ? (char)s[i] : '?';
	while (n && dst[n - 1] == ' ')
		n--;
	dst[n] = '\0';
}

/*
 * A row serves values below its limit.  Megabytes go up to five digits:
 * that is how disks of that size are known.
 */
static const struct {
	uint64_t below, unit;
	const char *name;
	bool tenths;
} size_units[] = {
	{ 10000ull, 1ull, "B", false },
	{ 10000000ull, 1000ull, "kB", false },
	{ 10000000000ull, 1000000ull, "MB", false },
	{ 1000000000000ull, 1000000000ull, "GB", false },
	{ 100000000000000ull, 1000000000000ull, "TB", true },
	{ 10000000000000000ull, 1000000000000ull, "TB", false },
	{ UINT64_MAX, 1000000000000000ull, "PB", false },
};

void str_size(char *dst, size_t size, uint64_t bytes)
{
	size_t i = 0, last = sizeof(size_units) / sizeof(size_units[0]) - 1;
	unsigned long long whole, tenth;

	while (i < last && bytes >= size_units[i].below)
		i++;
	whole = bytes / size_units[i].unit;
	tenth = bytes % size_units[i].unit * 10 / size_units[i].unit;
	if (size_units[i].tenths)
		snprintf(dst, size, "%llu.%llu %s", whole, tenth,
			 size_units[i].name);
	else
		snprintf(dst, size, "%llu %s", whole, size_units[i].name);
}

/*
 * codec - hexadecimal, Base64 (RFC 4648) and UTF-8 (RFC 3629).
 *
 * Pure functions over bytes; what a value means is its reader's business.
 */
#include "base/codec.h"

#include <errno.h>

void hex_put(char *dst, const uint8_t *src, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*dst++ = digits[src[i] >> 4];
		*dst++ = digits[src[i] & 15];
	}
	*dst = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

ssize_t hex_get(uint8_t *dst, size_t size, const char *s, size_t n)
{
	size_t len = n / 2 + n % 2;

	for (size_t i = 0; i < n; i++)
		if (hex_value(s[i]) < 0)
			return -EINVAL;
	if (len > size)
		return -ENOSPC;
	for (size_t i = 0; i < len; i++) {
		size_t low = n - 1 - 2 * i;
		int v = hex_value(s[low]);

		if (low > 0)
			v |= hex_value(s[low - 1]) << 4;
		dst[len - 1 - i] = (uint8_t)v;
	}
	return (ssize_t)len;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/*
 * Digits without the padding, or -EINVAL when there is padding that does not
 * complete a group of four.
 */
static ssize_t base64_digits(const char *s, size_t n)
{
	size_t digits = n;

	while (digits && n - digits < 2 && s[digits - 1] == '=')
		digits--;
	if (digits != n && n % 4)
		return -EINVAL;
	if (digits % 4 == 1)
		return -EINVAL;
	return (ssize_t)digits;
}

ssize_t base64_get(uint8_t *dst, size_t size, const char *s, size_t n)
{
	ssize_t digits = base64_digits(s, n);
	size_t len = 0, want;
	uint32_t acc = 0;
	unsigned bits = 0;

	if (digits < 0)
		return digits;
	for (ssize_t i = 0; i < digits; i++)
		if (base64_value(s[i]) < 0)
			return -EINVAL;
	want = (size_t)digits / 4 * 3 + (size_t)digits % 4 * 3 / 4;
	if (want > size)
		return -ENOSPC;
	for (ssize_t i = 0; i < digits; i++) {
		acc = acc << 6 | (uint32_t)base64_value(s[i]);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			dst[len++] = (uint8_t)(acc >> bits);
		}
	}
	/* RFC 4648 3.5: what is left over must be zero. */
	if (acc & ((1u << bits) - 1))
		return -EINVAL;
	return (ssize_t)len;
}

/* Continuation bytes after a first byte, and the least code they may give. */
static int utf8_shape(uint8_t first, uint32_t *bits, uint32_t *least)
{
	static const struct {
		uint8_t mask, value, more;
		uint32_t least;
	} shapes[] = {
		{ 0x80, 0x00, 0, 0 },
		{ 0xe0, 0xc0, 1, 0x80 },
		{ 0xf0, 0xe0, 2, 0x800 },
		{ 0xf8, 0xf0, 3, 0x10000 },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if ((first & shapes[i].mask) != shapes[i].value)
			continue;
		*bits = first & (uint8_t)~shapes[i].mask;
		*least = shapes[i].least;
		return shapes[i].more;
	}
	return -1;
}

int utf8_get(const char *s, size_t n, uint32_t *code)
{
	const uint8_t *p = (const uint8_t *)s;
	uint32_t v, least;
	int more;

	if (n == 0)
		return -EINVAL;
	more = utf8_shape(p[0], &v, &least);
	if (more < 0 || (size_t)more >= n)
		return -EINVAL;
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -EINVAL;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return -EINVAL;
	*code = v;
	return more + 1;
}

/*
 * addr - portal addresses as text (RFC 7143 section 13.8).
 *
 * No name is resolved here, and nothing connects.
 */
#include "wire/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool all_of(const char *s, size_t n, bool letters, const char *others)
{
	for (size_t i = 0; i < n; i++) {
		if (letters && is_alnum(s[i]))
			continue;
		if (s[i] == '\0' || !strchr(others, s[i]))
			return false;
	}
	return true;
}

static bool is_number_of(int family, const char *s, size_t n)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr bytes; /* room for either family */

	if (n >= sizeof(text) || memchr(s, '\0', n))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	return inet_pton(family, text, &bytes) == 1;
}

/* An IPv6 number, perhaps with a zone (RFC 4007 section 11). */
static bool is_ipv6(const char *s, size_t n)
{
	const char *percent = memchr(s, '%', n);
	size_t zone;

	if (!percent)
		return is_number_of(AF_INET6, s, n);
	zone = n - (size_t)(percent - s) - 1;
	return zone > 0 && all_of(percent + 1, zone, true, "._-~@") &&
	       is_number_of(AF_INET6, s, (size_t)(percent - s));
}

/* A host name: labels of letters, digits, '-' and the '_' some use. */
static bool is_host_name(const char *s, size_t n)
{
	char before = '.';

	if (!all_of(s, n, true, ".-_"))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (before == '.' && (s[i] == '.' || s[i] == '-'))
			return false;
		before = s[i];
	}
	return n > 0;
}

static bool is_host(const char *s, size_t n)
{
	/* Digits and dots alone are an address, or a mistyped one. */
	if (all_of(s, n, false, "0123456789."))
		return is_number_of(AF_INET, s, n);
	return is_host_name(s, n);
}

/* ":port" and ",tag", each optional, from s[0..n) to its end. */
static int parse_tail(const char *s, size_t n, struct addr *a)
{
	const char *comma = memchr(s, ',', n);
	size_t head = comma ? (size_t)(comma - s) : n;
	uint64_t v;

	a->port = ISCSI_PORT;
	a->tag = -1;
	if (comma) {
		if (str_u64(comma + 1, n - head - 1, UINT16_MAX, &v) < 0)
			return -EINVAL;
		a->tag = (int32_t)v;
	}
	if (head == 0)
		return 0;
	if (s[0] != ':' || str_u64(s + 1, head - 1, UINT16_MAX, &v) < 0)
		return -EINVAL;
	a->port = (uint16_t)v;
	return v ? 0 : -EINVAL;
}

/* Where the host lies in s[0..n); *rest is the offset of what follows. */
static int find_host(const char **s, size_t n, size_t *len, size_t *rest)
{
	const char *end;

	if (n && (*s)[0] == '[') {
		end = memchr(*s, ']', n);
		if (!end || !is_ipv6(*s + 1, (size_t)(end - *s) - 1))
			return -EINVAL;
		*rest = (size_t)(end - *s) + 1;
		*len = *rest - 2;
		++*s;
		return 0;
	}
	if (is_ipv6(*s, n)) {
		*len = *rest = n;
		return 0;
	}
	for (*len = 0; *len < n; ++*len)
		if ((*s)[*len] == ':' || (*s)[*len] == ',')
			break;
	*rest = *len;
	return is_host(*s, *len) ? 0 : -EINVAL;
}

int addr_parse(const char *s, size_t n, struct addr *out)
{
	const char *host = s;
	size_t len, rest;
	struct addr a;

	if (find_host(&host, n, &len, &rest) < 0 || len >= sizeof(a.host))
		return -EINVAL;
	if (parse_tail(s + rest, n - rest, &a) < 0)
		return -EINVAL;
	memcpy(a.host, host, len);
	a.host[len] = '\0';
	*out = a;
	return 0;
}

void addr_format(const struct addr *a, bool with_tag, char *dst, size_t size)
{
	struct strbuf sb;

	sb_init(&sb, dst, size);
	sb_add(&sb, strchr(a->host, ':') ? "[%s]:%u" : "%s:%u", a->host,
	       a->port);
	if (with_tag && a->tag >= 0)
		sb_add(&sb, ",%d", a->tag);
}

bool addr_same(const struct addr *a, const struct addr *b)
{
	return a->port == b->port &&
	       str_is_nocase(a->host, strlen(a->host), b->host);
}

bool addr_is_numeric(const struct addr *a)
{
	size_t n = strlen(a->host);

	return is_number_of(AF_INET, a->host, n) || is_ipv6(a->host, n);
}

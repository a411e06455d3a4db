/*
 * addr - portal addresses as text (RFC 7143 section 13.8).
 *
 * "192.0.2.7", "host.example:3260", "[2001:db8::1]:3260,1",
 * "[fe80::1%eth0]:3260".  No name is resolved here.
 */
#ifndef WIRE_ADDR_H
#define WIRE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISCSI_PORT     3260
#define ADDR_HOST_SIZE 256
#define ADDR_TEXT_SIZE (ADDR_HOST_SIZE + 24)

struct addr {
	char host[ADDR_HOST_SIZE]; /* without brackets, with %zone */
	uint16_t port;
	int32_t tag; /* portal group tag 0..65535, or -1: not given */
};

/*
 * Reads s[0..n).  A bare IPv6 address without brackets is accepted when it
 * stands alone.  Returns 0 or -EINVAL; port is ISCSI_PORT when not given.
 */
int addr_parse(const char *s, size_t n, struct addr *out);

/* "host:port" with brackets around IPv6; ",tag" too when asked and known. */
void addr_format(const struct addr *a, bool with_tag, char *dst, size_t size);

/* Same host text (case ignored) and port. */
bool addr_same(const struct addr *a, const struct addr *b);

/* True when host is an IPv4 or IPv6 number, not a name. */
bool addr_is_numeric(const struct addr *a);

#endif

/*
 * net - sets of IP addresses as iscsi.conf writes them: "192.0.2.0/24",
 * "192.0.2.0&ffffff00", "192.0.2.7", "2001:db8::/32".
 */
#ifndef CONF_NET_H
#define CONF_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_TEXT_SIZE 96

struct conf_net {
	uint8_t len; /* bytes of an address: 4 or 16; 0: none */
	uint8_t addr[16];
	uint8_t mask[16];
};

/*
 * Reads s[0..n), one address with an optional mask.  Returns NULL, or what is
 * wrong in words; *out is written only on success.
 */
const char *net_parse(const char *s, size_t n, struct conf_net *out);

/* Is host (a numeric address, a %zone is ignored) in it?  Names never are. */
bool net_has(const struct conf_net *net, const char *host);

/* "192.0.2.0/24"; a mask with holes as "192.0.2.0&ff00ff00". */
void net_format(const struct conf_net *net, char *dst, size_t size);

#endif

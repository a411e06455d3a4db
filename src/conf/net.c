/*
 * net - sets of IP addresses as iscsi.conf writes them.
 */
#include "conf/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/str.h"

static int address_get(const char *s, size_t n, uint8_t addr[16], uint8_t *len)
{
	char text[INET6_ADDRSTRLEN + 1];

	if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	}
	if (n >= sizeof(text))
		return -1;
	memcpy(text, s, n);
	text[n] = '\0';
	*len = strchr(text, ':') ? 16 : 4;
	return inet_pton(*len == 4 ? AF_INET : AF_INET6, text, addr) == 1 ? 0
									  : -1;
}

static void mask_of_bits(struct conf_net *net, unsigned bits)
{
	memset(net->mask, 0, sizeof(net->mask));
	for (unsigned i = 0; i < bits; i++)
		net->mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

/* After '/': a number of bits, or a mask written like an address. */
static const char *prefix_get(const char *s, size_t n, struct conf_net *net)
{
	uint64_t bits;
	uint8_t len;

	if (n && memchr(s, net->len == 4 ? '.' : ':', n))
		return address_get(s, n, net->mask, &len) || len != net->len
			       ? "the mask after / is no address"
			       : NULL;
	if (n > 1 && (s[1] == 'x' || s[1] == 'X'))
		return "hex masks follow a &, not a /";
	if (str_u64(s, n, net->len * 8u, &bits))
		return net->len == 4 ? "the mask after / must be 0 to 32"
				     : "the mask after / must be 0 to 128";
	mask_of_bits(net, (unsigned)bits);
	return NULL;
}

/* After '&': hex digits, right-aligned as a number is. */
static const char *hexmask_get(const char *s, size_t n, struct conf_net *net)
{
	ssize_t got;
	uint8_t bytes[16];

	if (n >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		s += 2;
		n -= 2;
	}
	got = n ? hex_get(bytes, net->len, s, n) : -1;
	if (got < 0)
		return net->len == 4 ? "the mask after & must be 1 to 8 hex "
				       "digits"
				     : "the mask after & must be 1 to 32 hex "
				       "digits";
	memset(net->mask, 0, sizeof(net->mask));
	memcpy(net->mask + net->len - got, bytes, (size_t)got);
	return NULL;
}

const char *net_parse(const char *s, size_t n, struct conf_net *out)
{
	struct conf_net net = { 0 };
	size_t len = 0;
	const char *why = NULL;

	while (len < n && s[len] != '/' && s[len] != '&')
		len++;
	if (len == 0)
		return "an address is required";
	if (address_get(s, len, net.addr, &net.len))
		return "this is no IP address";
	mask_of_bits(&net, net.len * 8u);
	if (len < n && s[len] == '/')
		why = prefix_get(s + len + 1, n - len - 1, &net);
	else if (len < n)
		why = hexmask_get(s + len + 1, n - len - 1, &net);
	if (!why)
		*out = net;
	return why;
}

bool net_has(const struct conf_net *net, const char *host)
{
	size_t n = strcspn(host, "%");
	uint8_t addr[16], len;

	if (address_get(host, n, addr, &len) || len != net->len)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((addr[i] ^ net->addr[i]) & net->mask[i])
			return false;
	return true;
}

/* Number of leading ones, or -1 for a mask with holes. */
static int mask_bits(const struct conf_net *net)
{
	int bits = 0;
	struct conf_net same = *net;

	while (bits < net->len * 8 && net->mask[bits / 8] & (0x80 >> bits % 8))
		bits++;
	mask_of_bits(&same, (unsigned)bits);
	return memcmp(same.mask, net->mask, net->len) ? -1 : bits;
}

void net_format(const struct conf_net *net, char *dst, size_t size)
{
	char addr[INET6_ADDRSTRLEN] = "", mask[33];
	int bits = mask_bits(net);

	inet_ntop(net->len == 4 ? AF_INET : AF_INET6, net->addr, addr,
		  sizeof(addr));
	hex_put(mask, net->mask, net->len);
	if (bits < 0)
		snprintf(dst, size, "%s&%s", addr, mask);
	else if (bits == net->len * 8)
		snprintf(dst, size, "%s", addr);
	else
		snprintf(dst, size, "%s/%d", addr, bits);
}

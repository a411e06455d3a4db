/*
 * capacity - READ CAPACITY data (SBC-3 5.15, 5.16).
 */
#include "scsi/capacity.h"

#include <errno.h>

#include "base/bytes.h"

int capacity_get_10(const uint8_t *p, size_t n, struct capacity *out)
{
	if (n < CAPACITY10_LEN)
		return -EBADMSG;
	*out = (struct capacity){
		.last = get_be32(p),
		.block_size = get_be32(p + 4),
	};
	return 0;
}

int capacity_get_16(const uint8_t *p, size_t n, struct capacity *out)
{
	struct capacity c;

	if (n < 12)
		return -EBADMSG;
	c = (struct capacity){
		.last = get_be64(p),
		.block_size = get_be32(p + 8),
	};
	if (n >= 16) { /* SBC-2 ended before these */
		c.physical_exp = p[13] & 0x0f;
		c.lbpme = p[14] & 0x80;
		c.lbprz = p[14] & 0x40;
	}
	*out = c;
	return 0;
}

/*
 * luns - REPORT LUNS data (SPC-4 6.33).
 */
#include "scsi/luns.h"

#include <errno.h>

#include "base/bytes.h"

int luns_get(const uint8_t *p, size_t n, struct luns *out)
{
	if (n < LUNS_HEADER)
		return -EBADMSG;
	out->list = p + LUNS_HEADER;
	out->total = get_be32(p) / LUNS_ENTRY;
	out->count = (n - LUNS_HEADER) / LUNS_ENTRY;
	if (out->count > out->total)
		out->count = out->total;
	return 0;
}

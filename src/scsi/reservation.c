/*
 * reservation - persistent reservations: parameter data both ways (SPC-4 6.15,
 * 6.16).
 */
#include "scsi/reservation.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

int pr_get_keys(const uint8_t *p, size_t n, struct pr_keys *out)
{
	if (n < PR_HEADER)
		return -EBADMSG;
	out->list = p + PR_HEADER;
	out->total = get_be32(p + 4) / PR_KEY_LEN;
	out->count = (n - PR_HEADER) / PR_KEY_LEN;
	if (out->count > out->total)
		out->count = out->total;
	return 0;
}

int pr_get_reservation(const uint8_t *p, size_t n, struct pr_reservation *out)
{
	if (n < PR_HEADER)
		return -EBADMSG;
	if (get_be32(p + 4) == 0) {
		*out = (struct pr_reservation){ .held = false };
		return 0;
	}
	if (n < PR_RESERVATION_LEN)
		return -EBADMSG;
	*out = (struct pr_reservation){
		.held = true,
		.key = get_be64(p + PR_HEADER),
		.type = p[PR_HEADER + 13] & 0x0f,
	};
	return 0;
}

void pr_list(uint8_t list[static PR_LIST_LEN], uint64_t key, uint64_t other)
{
	memset(list, 0, PR_LIST_LEN);
	put_be64(list, key);
	put_be64(list + 8, other);
}

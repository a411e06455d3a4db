/*
 * mode - what MODE SENSE says of a disk (SPC-4 7.5, SBC-3 6.5).
 */
#include "scsi/mode.h"

#include <errno.h>

#include "base/bytes.h"

#define HEADER_6  4
#define HEADER_10 8

/* page[0..len + 2), of what came. */
static void take_page(const uint8_t *page, size_t len, struct mode *m)
{
	uint8_t code = page[0] & 0x3f;

	if (len < 1)
		return;
	if (code == MODE_PAGE_CACHING && !m->has_caching) {
		m->has_caching = true;
		m->write_cache = page[2] & 0x04;
	} else if (code == MODE_PAGE_CONTROL) {
		m->separate_tasks = page[2] >> 5 == 1;
	}
}

static void get_pages(const uint8_t *p, size_t n, size_t pos, struct mode *m)
{
	while (pos + 2 <= n) {
		const uint8_t *page = p + pos;
		bool sub = page[0] & 0x40; /* SPF: subpage format */
		size_t head = sub ? 4 : 2, len;

		if (pos + head > n)
			return;
		len = sub ? get_be16(page + 2) : page[1];
		if (!sub && pos + 3 <= n)
			take_page(page, len, m);
		pos += head + len;
	}
}

static int get(const uint8_t *p, size_t n, size_t said, size_t header,
	       uint8_t flags, size_t blocks, struct mode *out)
{
	struct mode m = {
		.write_protected = flags & 0x80,
		.dpofua = flags & 0x10,
	};

	if (n > said)
		n = said;
	get_pages(p, n, header + blocks, &m);
	*out = m;
	return 0;
}

int mode_get_6(const uint8_t *p, size_t n, struct mode *out)
{
	if (n < HEADER_6)
		return -EBADMSG;
	return get(p, n, (size_t)p[0] + 1, HEADER_6, p[2], p[3], out);
}

int mode_get_10(const uint8_t *p, size_t n, struct mode *out)
{
	if (n < HEADER_10)
		return -EBADMSG;
	return get(p, n, (size_t)get_be16(p) + 2, HEADER_10, p[3],
		   get_be16(p + 6), out);
}

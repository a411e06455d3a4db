/*
 * vpd - vital product data pages (SPC-4 7.8, SBC-3 6.6).
 */
#include "scsi/vpd.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/str.h"

#define HEADER 4

int vpd_length(const uint8_t *p, size_t n, uint8_t page, size_t *len)
{
	if (n < HEADER || p[1] != page)
		return -EBADMSG;
	*len = (size_t)get_be16(p + 2) + HEADER;
	return 0;
}

/* Cuts *n to the page's own length. */
static int begin(const uint8_t *p, size_t *n, uint8_t page)
{
	size_t len;
	int err = vpd_length(p, *n, page, &len);

	if (err)
		return err;
	if (*n > len)
		*n = len;
	return 0;
}

/* Fields that an older, shorter form of a page does not have are zero. */
static uint32_t field32(const uint8_t *p, size_t n, size_t off)
{
	return off + 4 <= n ? get_be32(p + off) : 0;
}

static uint64_t field64(const uint8_t *p, size_t n, size_t off)
{
	return off + 8 <= n ? get_be64(p + off) : 0;
}

int vpd_get_list(const uint8_t *p, size_t n, struct vpd_list *out)
{
	int err = begin(p, &n, VPD_PAGES);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	for (size_t i = HEADER; i < n; i++)
		out->bits[p[i] / 8] |= (uint8_t)(1u << p[i] % 8);
	return 0;
}

bool vpd_has(const struct vpd_list *list, uint8_t page)
{
	return list->bits[page / 8] & 1u << page % 8;
}

int vpd_get_serial(const uint8_t *p, size_t n, char *dst, size_t size)
{
	size_t pos = HEADER;
	int err = begin(p, &n, VPD_SERIAL);

	if (err)
		return err;
	while (pos < n && (p[pos] == ' ' || p[pos] == '\0'))
		pos++;
	while (n > pos && p[n - 1] == '\0')
		n--;
	str_printable(dst, size, p + pos, n - pos);
	return 0;
}

int vpd_get_limits(const uint8_t *p, size_t n, struct vpd_limits *out)
{
	uint32_t align;
	int err = begin(p, &n, VPD_LIMITS);

	if (err)
		return err;
	out->max_transfer = field32(p, n, 8);
	out->optimal_transfer = field32(p, n, 12);
	out->max_unmap_blocks = field32(p, n, 20);
	out->max_unmap_descriptors = field32(p, n, 24);
	out->unmap_granularity = field32(p, n, 28);
	align = field32(p, n, 32);
	/* UGAVALID */
	out->unmap_alignment = align & 1u << 31 ? align & ~(1u << 31) : 0;
	out->max_write_same = field64(p, n, 36);
	return 0;
}

int vpd_get_characteristics(const uint8_t *p, size_t n,
			    struct vpd_characteristics *out)
{
	uint16_t rate;
	int err = begin(p, &n, VPD_CHARACTERISTICS);

	if (err)
		return err;
	rate = n >= 6 ? get_be16(p + 4) : 0;
	out->solid_state = rate == 1;
	return 0;
}

int vpd_get_provisioning(const uint8_t *p, size_t n,
			 struct vpd_provisioning *out)
{
	uint8_t flags;
	int err = begin(p, &n, VPD_PROVISIONING);

	if (err)
		return err;
	flags = n >= 6 ? p[5] : 0;
	out->unmap = flags & 0x80;
	out->write_same16 = flags & 0x40;
	out->write_same10 = flags & 0x20;
	out->lbprz = flags >> 2 & 7;
	return 0;
}

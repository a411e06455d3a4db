/*
 * designator - the best name in the device identification page (SPC-4
 * 7.8.6), as text.
 */
#include "scsi/vpd.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/codec.h"
#include "base/str.h"

#define PAGE_HEADER 4
#define DESC_HEADER 4

enum designator_type {
	DESIGNATOR_VENDOR = 0,
	DESIGNATOR_T10 = 1,
	DESIGNATOR_EUI = 2,
	DESIGNATOR_NAA = 3,
	DESIGNATOR_NAME = 8,
};

#define NAA_LOCAL 3

struct designator {
	uint8_t type;
	const uint8_t *id;
	size_t len;
};

static int naa_rank(uint8_t naa, size_t len)
{
	if (naa == 6 && len == 16)
		return 9;
	if (len != 8)
		return 0;
	return naa == 2 || naa == 5 ? 8 : naa == NAA_LOCAL ? 2 : 0;
}

/*
 * Better names have higher ranks; among equals the first in the page wins.
 * 0: unusable.
 */
static int rank(const struct designator *d)
{
	switch (d->type) {
	case DESIGNATOR_NAA:
		return naa_rank(d->id[0] >> 4, d->len);
	case DESIGNATOR_EUI:
		if (d->len == 8)
			return 5;
		return d->len == 16 ? 7 : d->len == 12 ? 6 : 0;
	case DESIGNATOR_T10:
		return 4;
	case DESIGNATOR_NAME:
		return 3;
	case DESIGNATOR_VENDOR:
		return 1;
	}
	return 0;
}

static bool is_text(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	return true;
}

/* Padding is not part of a name; how long it is may change. */
static size_t unpadded(const uint8_t *p, size_t n)
{
	while (n && (p[n - 1] == '\0' || p[n - 1] == ' '))
		n--;
	return n;
}

static int put_hex(const char *prefix, const uint8_t *p, size_t n, char *dst,
		   size_t size)
{
	size_t at = strlen(prefix);

	if (at + 2 * n >= size)
		return -ENOSPC;
	memcpy(dst, prefix, at);
	hex_put(dst + at, p, n);
	return 0;
}

static int put_text(const char *prefix, const uint8_t *p, size_t n, char *dst,
		    size_t size)
{
	size_t at = strlen(prefix), len = unpadded(p, n);

	if (len == 0)
		return -ENOENT;
	if (!is_text(p, len))
		return put_hex(prefix, p, n, dst, size);
	if (at + len >= size)
		return -ENOSPC;
	memcpy(dst, prefix, at);
	for (size_t i = 0; i < len; i++)
		dst[at + i] = p[i] == ' ' ? '_' : (char)p[i];
	dst[at + len] = '\0';
	return 0;
}

/* 0, or -errno when it cannot be written; then it is passed over. */
static int put_designator(const struct designator *d, char *dst, size_t size)
{
	switch (d->type) {
	case DESIGNATOR_NAA:
		return put_hex("naa.", d->id, d->len, dst, size);
	case DESIGNATOR_EUI:
		return put_hex("eui.", d->id, d->len, dst, size);
	case DESIGNATOR_T10:
		return put_text("t10.", d->id, d->len, dst, size);
	case DESIGNATOR_NAME:
		return put_text("", d->id, d->len, dst, size);
	}
	return put_text("vendor.", d->id, d->len, dst, size);
}

/* Takes the next designator of the logical unit; false at the end. */
static bool next_designator(const uint8_t *p, size_t n, size_t *pos,
			    struct designator *out)
{
	while (*pos + DESC_HEADER <= n) {
		const uint8_t *d = p + *pos;
		size_t len = d[3];

		if (*pos + DESC_HEADER + len > n)
			return false; /* cut off: its tail is unknown */
		*pos += DESC_HEADER + len;
		if ((d[1] & 0x30) != 0 || len == 0)
			continue; /* names a port or the target */
		out->type = d[1] & 0x0f;
		out->id = d + DESC_HEADER;
		out->len = len;
		return true;
	}
	return false;
}

/* Cuts n to the page's own length. */
static int begin(const uint8_t *p, size_t *n)
{
	size_t len;
	int err = vpd_length(p, *n, VPD_ID, &len);

	if (!err && *n > len)
		*n = len;
	return err;
}

int vpd_get_id(const uint8_t *p, size_t n, char *dst, size_t size)
{
	struct designator d;
	size_t pos = PAGE_HEADER;
	int best = 0, err = begin(p, &n);

	if (err)
		return err;
	while (next_designator(p, n, &pos, &d)) {
		char text[300];
		int r = rank(&d);

		if (r <= best || put_designator(&d, text, sizeof(text)))
			continue;
		if (strlen(text) >= size)
			continue;
		str_copy(dst, size, text);
		best = r;
	}
	return best ? 0 : -ENOENT;
}

static bool is_same_kind(const char *a, const char *b)
{
	size_t prefix = strcspn(a, ".") + 1;

	if (strncmp(a, b, prefix) != 0)
		return false;
	if (strncmp(a, "naa.", prefix) == 0)
		return a[prefix] == b[prefix];
	return strncmp(a, "eui.", prefix) != 0 || strlen(a) == strlen(b);
}

enum vpd_naming vpd_naming(const uint8_t *p, size_t n, const char *name)
{
	enum vpd_naming naming = VPD_UNNAMED;
	struct designator d;
	size_t pos = PAGE_HEADER;

	if (begin(p, &n))
		return VPD_UNNAMED;
	while (next_designator(p, n, &pos, &d)) {
		char text[300];

		if (!rank(&d) || put_designator(&d, text, sizeof(text)))
			continue;
		if (strcmp(text, name) == 0)
			return VPD_NAMED_SO;
		if (is_same_kind(text, name))
			naming = VPD_NAMED_ELSE;
	}
	return naming;
}

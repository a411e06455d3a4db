/*
 * inquiry - standard INQUIRY data (SPC-4 6.6.2).
 */
#include "scsi/inquiry.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define MIN_LEN 5 /* SCSI-1 answers end with the additional length */

static const char *const type_names[32] = {
	[0x00] = "Direct-Access",
	[0x01] = "Sequential-Access",
	[0x02] = "Printer",
	[0x03] = "Processor",
	[0x04] = "WORM",
	[0x05] = "CD-ROM",
	[0x06] = "Scanner",
	[0x07] = "Optical Device",
	[0x08] = "Medium Changer",
	[0x09] = "Communications",
	[0x0a] = "ASC IT8",
	[0x0b] = "ASC IT8",
	[0x0c] = "RAID",
	[0x0d] = "Enclosure",
	[0x0e] = "Direct-Access-RBC",
	[0x0f] = "Optical card",
	[0x10] = "Bridge controller",
	[0x11] = "Object storage",
	[0x12] = "Automation/Drive",
	[0x13] = "Security Manager",
	[0x14] = "Direct-Access-ZBC",
	[0x1e] = "Well-known LUN",
	[0x1f] = "No Device",
};

const char *inquiry_type_name(uint8_t type)
{
	const char *name = type < 32 ? type_names[type] : NULL;

	return name ? name : "Unknown";
}

/* A text field that may lie partly or wholly beyond the answer. */
static void get_field(char *dst, size_t size, const uint8_t *p, size_t n,
		      size_t off)
{
	size_t len = size - 1;

	if (off >= n)
		len = 0;
	else if (len > n - off)
		len = n - off;
	/* Old targets pad with NULs instead of blanks. */
	while (len && p[off + len - 1] == '\0')
		len--;
	str_printable(dst, size, len ? p + off : p, len);
}

int inquiry_parse(const uint8_t *p, size_t n, struct inquiry *out)
{
	size_t said;

	if (n < MIN_LEN)
		return -EBADMSG;
	said = (size_t)p[4] + MIN_LEN;
	if (n > said)
		n = said;
	out->qualifier = p[0] >> 5;
	out->type = p[0] & 0x1f;
	out->removable = p[1] & 0x80;
	out->version = p[2] & 0x0f;
	get_field(out->vendor, sizeof(out->vendor), p, n, 8);
	get_field(out->product, sizeof(out->product), p, n, 16);
	get_field(out->revision, sizeof(out->revision), p, n, 32);
	return 0;
}

bool inquiry_is_disk(uint8_t type)
{
	return type == TYPE_DISK || type == TYPE_CDROM;
}

bool inquiry_is_present(const struct inquiry *inq)
{
	return inq->qualifier == QUALIFIER_PRESENT && inq->type != TYPE_NONE;
}

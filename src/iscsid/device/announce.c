/*
 * announce - the lines about a disk that was found.
 */
#include "iscsid/device/announce.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "scsi/inquiry.h"

static void add_vendor(const struct announce *a, struct strbuf *sb)
{
	sb_add(sb, "  Vendor: %-8s Model: %-16s Rev: %-4s", a->vendor, a->model,
	       a->rev);
}

static void add_type(const struct announce *a, struct strbuf *sb)
{
	sb_add(sb, "  Type:   %-32s ANSI SCSI revision: %02x",
	       inquiry_type_name((uint8_t)a->type), a->ansi);
}

static void add_place(const struct announce *a, struct strbuf *sb)
{
	const char *what = a->type == TYPE_CDROM	       ? "CD-ROM"
			   : inquiry_is_disk((uint8_t)a->type) ? "disk"
							       : "generic";

	/* One HBA, so it is scsi0; a bus of ours is a channel of it. */
	sb_add(sb, "Detected scsi %s %s at scsi0, channel %u, id %u, lun %u",
	       what, a->dev, a->bus, a->target, a->lun);
}

/* Lines about blocks are empty where there are none. */

static void add_sector(const struct announce *a, struct strbuf *sb)
{
	if (!a->block_size)
		return;
	sb_add(sb, "SCSI device %s: hdwr sector= %u bytes.", a->dev,
	       a->block_size);
}

/* MB here are 2^20 bytes and GB a thousand of them, as ever in this line. */
static void add_size(const struct announce *a, struct strbuf *sb)
{
	uint64_t mb, tenths;

	if (!a->block_size)
		return;
	mb = a->blocks / ((1u << 20) / a->block_size);
	tenths = (mb + 50) / 100;
	sb_add(sb,
	       "Sectors= %" PRIu64 " [%" PRIu64 " MB] [%" PRIu64 ".%" PRIu64
	       " GB]",
	       a->blocks, mb, tenths / 10, tenths % 10);
}

static void add_parts(const struct announce *a, struct strbuf *sb)
{
	if (!a->block_size)
		return;
	if (!a->nparts) {
		sb_add(sb, "%s: unknown partition table", a->dev);
		return;
	}
	sb_add(sb, "%s:", a->dev);
	for (size_t i = 0; i < a->nparts; i++)
		sb_add(sb, " %sp%u", a->dev, a->parts[i]);
}

void announce_line(const struct announce *a, unsigned i, char *dst, size_t size)
{
	static void (*const add[ANNOUNCE_LINES])(const struct announce *a,
						 struct strbuf *sb) = {
		add_vendor, add_type, add_place,
		add_sector, add_size, add_parts,
	};
	struct strbuf sb;

	sb_init(&sb, dst, size);
	add[i](a, &sb);
}

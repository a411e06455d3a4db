/*
 * inquiry - who the device is: INQUIRY, its vital product data pages, and
 * REPORT LUNS (SPC-4 6.4, 6.33, 7.8).
 */
#include "target/scsi.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/str.h"
#include "wire/lun.h"

#define VENDOR	 "softhba"
#define PRODUCT	 "demo disk"
#define REVISION "0001"

#define NO_LUN 0x7f /* qualifier 3, type 1Fh: nothing can be here */

/* Blank-padded ASCII. */
static void put_text(uint8_t *dst, size_t size, const char *s)
{
	size_t n = strnlen(s, size);

	memset(dst, ' ', size);
	memcpy(dst, s, n);
}

static uint32_t standard(struct tgt_scsi *q)
{
	uint8_t *d = q->in;

	memset(d, 0, 96);
	d[0] = q->lun ? q->lun->cfg.type : NO_LUN;
	if (q->lun && q->lun->cfg.removable)
		d[1] = 0x80;
	d[2] = 0x06; /* SPC-4 */
	d[3] = 0x12; /* HISUP, response format 2 */
	d[4] = 96 - 5;
	d[7] = 0x02; /* CMDQUE */
	put_text(d + 8, 8, VENDOR);
	put_text(d + 16, 16, PRODUCT);
	put_text(d + 32, 4, REVISION);
	put_be16(d + 58, 0x00a0); /* SAM-5 */
	put_be16(d + 60, 0x0460); /* SPC-4 */
	put_be16(d + 62, 0x04c0); /* SBC-3 */
	put_be16(d + 64, 0x0960); /* iSCSI */
	return 96;
}

static void serial_of(const struct tgt_lun *l, char dst[static 64])
{
	if (l->cfg.serial[0])
		str_copy(dst, 64, l->cfg.serial);
	else
		snprintf(dst, 64, "%016llx", (unsigned long long)l->naa);
}

static uint32_t page_serial(struct tgt_scsi *q, uint8_t *d)
{
	char serial[64];

	serial_of(q->lun, serial);
	memcpy(d, serial, strlen(serial));
	return (uint32_t)strlen(serial);
}

static uint8_t *begin_designator(uint8_t *d, uint8_t code_set, uint8_t kind,
				 uint32_t len)
{
	d[0] = 0x50 | code_set; /* protocol iSCSI; counts with PIV only */
	d[1] = kind;
	d[2] = 0;
	d[3] = (uint8_t)len;
	return d + 4;
}

/* "name,t,0x0001": the target port this nexus came by (SPC-4 7.8.6.12). */
static uint8_t *put_port(const struct tgt_scsi *q, uint8_t *d)
{
	const struct tgt_target *tt = q->lun->target;
	char name[NAME_SIZE + 16];
	uint32_t len;

	snprintf(name, sizeof(name), "%s,t,0x%04x", tt->name, q->nexus->tag);
	len = ((uint32_t)strlen(name) + 4) & ~3u; /* NUL-padded */
	d = begin_designator(d, 3, 0x80 | 0x10 | 8, len);
	memset(d, 0, len);
	memcpy(d, name, strlen(name));
	return d + len;
}

static uint32_t page_identity(struct tgt_scsi *q, uint8_t *start)
{
	uint8_t *d = start;
	char serial[64];
	uint32_t len;

	d = begin_designator(d, 1, 3, 8);
	put_be64(d, q->lun->naa);
	d += 8;
	serial_of(q->lun, serial);
	len = 8 + (uint32_t)strlen(serial);
	d = begin_designator(d, 2, 1, len);
	put_text(d, 8, VENDOR);
	memcpy(d + 8, serial, strlen(serial));
	d = put_port(q, d + len);
	d = begin_designator(d, 1, 0x80 | 0x10 | 4, 4); /* relative port */
	put_be32(d, q->nexus->tag);
	return (uint32_t)(d + 4 - start);
}

static uint32_t page_limits(struct tgt_scsi *q, uint8_t *d)
{
	uint32_t most = tgt_lun_max_blocks(q->lun);
	bool thin = q->lun->cfg.thin;

	memset(d, 0, 60);
	put_be16(d + 2, 1); /* optimal granularity, blocks */
	put_be32(d + 4, most);
	put_be32(d + 8, most < 2048 ? most : 2048);
	if (thin) {
		put_be32(d + 16, TGT_UNMAP_BLOCKS);
		put_be32(d + 20, TGT_UNMAP_RANGES);
		put_be32(d + 24, 4096 / q->lun->cfg.block_size);
		put_be32(d + 28, 0x80000000u); /* aligned to block 0 */
	}
	put_be64(d + 32, TGT_SAME_BLOCKS);
	return 60;
}

static uint32_t page_character(struct tgt_scsi *q, uint8_t *d)
{
	memset(d, 0, 60);
	put_be16(d, 1); /* does not rotate */
	return 60;
}

static uint32_t page_provisioning(struct tgt_scsi *q, uint8_t *d)
{
	bool thin = q->lun->cfg.thin;

	memset(d, 0, 4);
	/* UNMAP and both WRITE SAME deallocate, and read back zeros */
	d[1] = thin ? 0xe4 : 0x00;
	d[2] = thin ? 2 : 0;
	return 4;
}

static uint32_t page_list(struct tgt_scsi *q, uint8_t *d);

static const struct {
	uint8_t code;
	uint32_t (*fill)(struct tgt_scsi *q, uint8_t *d);
} pages[] = {
	{ 0x00, page_list },	  { 0x80, page_serial },
	{ 0x83, page_identity },  { 0xb0, page_limits },
	{ 0xb1, page_character }, { 0xb2, page_provisioning },
};

#define NPAGES (sizeof(pages) / sizeof(pages[0]))

static bool is_hidden(const struct tgt_scsi *q, uint8_t code)
{
	return q->lun->hidden.bits[code / 8] & 1u << code % 8;
}

static uint32_t page_list(struct tgt_scsi *q, uint8_t *d)
{
	uint32_t n = 0;

	for (size_t i = 0; i < NPAGES; i++)
		if (!is_hidden(q, pages[i].code))
			d[n++] = pages[i].code;
	return n;
}

static bool vital_page(struct tgt_scsi *q, uint32_t *n)
{
	for (size_t i = 0; i < NPAGES; i++) {
		if (!q->lun || pages[i].code != q->cdb[2] ||
		    is_hidden(q, q->cdb[2]))
			continue;
		*n = pages[i].fill(q, q->in + 4);
		q->in[0] = 0x00;
		q->in[1] = pages[i].code;
		put_be16(q->in + 2, (uint16_t)*n);
		*n += 4;
		return true;
	}
	return false;
}

void tgt_run_inquiry(struct tgt_scsi *q)
{
	bool vital = q->cdb[1] & 1;
	uint32_t n;

	/* CMDDT is gone; a page code needs EVPD */
	if (q->cdb[1] & 2 || (!vital && q->cdb[2])) {
		tgt_scsi_bad_field(q);
		return;
	}
	if (!vital) {
		n = standard(q);
	} else if (!vital_page(q, &n)) {
		tgt_scsi_bad_field(q);
		return;
	}
	tgt_scsi_answer(q, n, get_be16(q->cdb + 3));
}

void tgt_run_report_luns(struct tgt_scsi *q)
{
	const struct tgt_target *tt = q->nexus->target;
	uint32_t n = 8;

	if (q->cdb[2] > 2 || get_be32(q->cdb + 6) < 16) {
		tgt_scsi_bad_field(q);
		return;
	}
	memset(q->in, 0, 8);
	for (size_t i = 0; i < TGT_MAX_LUNS && q->cdb[2] != 1; i++) {
		if (!tt->luns[i])
			continue;
		lun_encode(q->in + n, tt->luns[i]->number);
		n += LUN_LEN;
	}
	put_be32(q->in, n - 8);
	/* The answer is what the attention was about (SPC-4 6.33). */
	for (size_t i = 0; i < TGT_MAX_LUNS; i++)
		q->nexus->ua[i] &= (uint16_t) ~(1u << TGT_UA_LUNS_CHANGED);
	tgt_scsi_answer(q, n, get_be32(q->cdb + 6));
}

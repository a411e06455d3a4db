/*
 * mode - MODE SENSE: write protection, write cache, control page (SPC-4 6.13,
 * 6.14, 7.5; SBC-3 6.4).
 */
#include "target/scsi.h"

#include <string.h>

#include "base/bytes.h"

#define ALL_PAGES 0x3f

enum control {
	CURRENT,
	CHANGEABLE,
	DEFAULT,
	SAVED
};

static uint32_t page_cache(const struct tgt_scsi *q, uint8_t *d)
{
	d[0] = 0x08;
	d[1] = 18;
	d[2] = q->lun->cfg.write_cache ? 0x04 : 0x00; /* WCE */
	return 20;
}

static uint32_t page_control(const struct tgt_scsi *q, uint8_t *d)
{
	d[0] = 0x0a;
	d[1] = 10;
	d[3] = 0x10; /* unrestricted reordering */
	return 12;
}

static uint32_t page_exceptions(const struct tgt_scsi *q, uint8_t *d)
{
	d[0] = 0x1c;
	d[1] = 10;
	return 12;
}

static const struct {
	uint8_t code;
	uint32_t (*fill)(const struct tgt_scsi *q, uint8_t *d);
} pages[] = {
	{ 0x08, page_cache },
	{ 0x0a, page_control },
	{ 0x1c, page_exceptions },
};

/* Appends the page, or all; 0 when there is none of that code. */
static uint32_t put_pages(const struct tgt_scsi *q, uint8_t *d)
{
	uint8_t code = q->cdb[2] & 0x3f, sub = q->cdb[3];
	uint32_t n = 0;

	if (sub != 0 && sub != 0xff)
		return 0;
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		uint32_t len;

		if (code != ALL_PAGES && code != pages[i].code)
			continue;
		len = pages[i].fill(q, d + n);
		if (q->cdb[2] >> 6 == CHANGEABLE)
			memset(d + n + 2, 0, len - 2);
		n += len;
	}
	return n;
}

static uint32_t put_block_descriptor(const struct tgt_scsi *q, uint8_t *d,
				     bool is_long)
{
	uint64_t blocks = q->lun->blocks;

	if (q->cdb[1] & 0x08) /* DBD */
		return 0;
	if (is_long) {
		put_be64(d, blocks);
		put_be32(d + 12, q->lun->cfg.block_size);
		return 16;
	}
	put_be32(d, blocks > UINT32_MAX ? UINT32_MAX : (uint32_t)blocks);
	put_be24(d + 5, q->lun->cfg.block_size);
	return 8;
}

static uint8_t device_specific(const struct tgt_scsi *q)
{
	return q->lun->cfg.read_only ? 0x90 : 0x10; /* WP, DPOFUA */
}

/* Fills header, descriptor and pages; returns false with sense set. */
static bool fill(struct tgt_scsi *q, uint32_t header, bool is_long,
		 uint32_t *descriptor, uint32_t *total)
{
	uint32_t n;

	if (q->cdb[2] >> 6 == SAVED)
		return tgt_scsi_sense(q, 0x05, 0x39, 0x00);
	memset(q->in, 0, 256);
	*descriptor = put_block_descriptor(q, q->in + header, is_long);
	n = put_pages(q, q->in + header + *descriptor);
	if (!n)
		return tgt_scsi_bad_field(q);
	*total = header + *descriptor + n;
	return true;
}

void tgt_run_mode_sense6(struct tgt_scsi *q)
{
	uint32_t descriptor = 0, n = 0;

	if (!fill(q, 4, false, &descriptor, &n))
		return;
	q->in[0] = (uint8_t)(n - 1);
	q->in[2] = device_specific(q);
	q->in[3] = (uint8_t)descriptor;
	tgt_scsi_answer(q, n, q->cdb[4]);
}

void tgt_run_mode_sense10(struct tgt_scsi *q)
{
	bool is_long = q->cdb[1] & 0x10; /* LLBAA */
	uint32_t descriptor = 0, n = 0;

	if (!fill(q, 8, is_long, &descriptor, &n))
		return;
	put_be16(q->in, (uint16_t)(n - 2));
	q->in[3] = device_specific(q);
	q->in[4] = is_long && descriptor;
	put_be16(q->in + 6, (uint16_t)descriptor);
	tgt_scsi_answer(q, n, get_be16(q->cdb + 7));
}

/*
 * unmap - giving space back: UNMAP and WRITE SAME (SBC-3 5.28, 5.42, 5.43).
 */
#include "target/scsi.h"

#include <string.h>

#include "base/bytes.h"

#define UNMAP_BIT  0x08
#define ANCHOR_BIT 0x10
#define NDOB_BIT   0x01

bool tgt_begin_unmap(struct tgt_scsi *q)
{
	uint32_t len = get_be16(q->cdb + 7);

	if (!q->lun->cfg.thin)
		return tgt_scsi_sense(q, 0x05, 0x20, 0x00);
	if (q->cdb[1] & 1) /* ANCHOR */
		return tgt_scsi_bad_field(q);
	q->out_want = len;
	if (len && len < 8)
		return tgt_scsi_sense(q, 0x05, 0x1a, 0x00);
	return true;
}

/* All ranges are looked at before the first is unmapped. */
static bool ranges_fit(struct tgt_scsi *q, const uint8_t *d, uint32_t n)
{
	uint64_t sum = 0;

	if (n > TGT_UNMAP_RANGES)
		return tgt_scsi_sense(q, 0x05, 0x26, 0x00);
	for (uint32_t i = 0; i < n; i++, d += 16) {
		uint32_t blocks = get_be32(d + 8);

		if (!tgt_scsi_check_range(q, get_be64(d), blocks))
			return false;
		sum += blocks;
	}
	if (sum > TGT_UNMAP_BLOCKS)
		return tgt_scsi_sense(q, 0x05, 0x26, 0x00);
	return true;
}

void tgt_run_unmap(struct tgt_scsi *q)
{
	struct tgt_backend *b = q->lun->backend;
	uint64_t size = q->lun->cfg.block_size;
	const uint8_t *d;
	uint32_t n;
	int err = 0;

	if (q->out_len < 8)
		return;
	d = q->out + 8;
	n = get_be16(q->out + 2);
	if (n > q->out_len - 8)
		n = q->out_len - 8;
	n /= 16;
	if (!ranges_fit(q, d, n))
		return;
	for (uint32_t i = 0; i < n && !err; i++, d += 16) {
		uint64_t len = get_be32(d + 8) * size;

		q->lba = get_be64(d);
		err = len ? b->ops->discard(b, q->lba * size, len) : 0;
	}
	if (!err && n && !q->lun->cfg.write_cache)
		err = b->ops->flush(b);
	if (err)
		tgt_scsi_backend_error(q, err, true);
}

static bool has_no_data(const struct tgt_scsi *q)
{
	return q->cdb[0] == 0x93 && q->cdb[1] & NDOB_BIT;
}

bool tgt_begin_write_same(struct tgt_scsi *q)
{
	uint64_t blocks;

	tgt_scsi_read_cdb(q);
	if (q->cdb[1] >> 5 || q->cdb[1] & ANCHOR_BIT)
		return tgt_scsi_bad_field(q);
	if (q->cdb[1] & UNMAP_BIT && !q->lun->cfg.thin)
		return tgt_scsi_bad_field(q);
	if (!tgt_scsi_check_range(q, q->lba, q->blocks))
		return false;
	/* A length of 0 means: to the end */
	blocks = q->blocks ? q->blocks : q->lun->blocks - q->lba;
	if (blocks > TGT_SAME_BLOCKS)
		return tgt_scsi_bad_field(q);
	q->blocks = (uint32_t)blocks;
	q->out_want = has_no_data(q) ? 0 : q->lun->cfg.block_size;
	return true;
}

static bool is_zero(const uint8_t *p, uint32_t n)
{
	return p[0] == 0 && !memcmp(p, p + 1, n - 1);
}

static int repeat(struct tgt_scsi *q, uint64_t off, uint32_t size)
{
	struct tgt_backend *b = q->lun->backend;
	int err = 0;

	for (uint32_t i = 0; i < q->blocks && !err; i++)
		err = b->ops->write(b, off + (uint64_t)i * size, q->out, size);
	return err;
}

void tgt_run_write_same(struct tgt_scsi *q)
{
	struct tgt_backend *b = q->lun->backend;
	uint32_t size = q->lun->cfg.block_size;
	uint64_t off = q->lba * size, len = (uint64_t)q->blocks * size;
	int err;

	if (q->out_len < q->out_want) {
		tgt_scsi_bad_field(q);
		return;
	}
	if (!has_no_data(q) && !is_zero(q->out, size))
		err = repeat(q, off, size);
	else if (q->cdb[1] & UNMAP_BIT)
		err = b->ops->discard(b, off, len);
	else
		err = b->ops->zero(b, off, len);
	if (!err && !q->lun->cfg.write_cache)
		err = b->ops->flush(b);
	if (err)
		tgt_scsi_backend_error(q, err, true);
}

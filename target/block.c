/*
 * block - moving blocks: READ, WRITE, VERIFY, SYNCHRONIZE CACHE, READ
 * CAPACITY (SBC-3 section 5).
 */
#include "target/scsi.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

#define DEFAULT_TRANSFER (32u << 20) /* any READ(10) of 512-byte blocks */

uint32_t tgt_lun_max_blocks(const struct tgt_lun *l)
{
	uint32_t bytes =
		l->cfg.max_transfer ? l->cfg.max_transfer : DEFAULT_TRANSFER;

	return bytes / l->cfg.block_size;
}

/* LBA and length as each group of opcodes has them (SPC-4 4.2.5). */
bool tgt_scsi_read_cdb(struct tgt_scsi *q)
{
	const uint8_t *c = q->cdb;

	switch (c[0] >> 5) {
	case 0:
		q->lba = get_be24(c + 1) & 0x1fffff;
		q->blocks = c[4] ? c[4] : 256;
		return true;
	case 1:
	case 2:
		q->lba = get_be32(c + 2);
		q->blocks = get_be16(c + 7);
		break;
	case 4:
		q->lba = get_be64(c + 2);
		q->blocks = get_be32(c + 10);
		break;
	default:
		q->lba = get_be32(c + 2);
		q->blocks = get_be32(c + 6);
		break;
	}
	return true;
}

bool tgt_scsi_check_range(struct tgt_scsi *q, uint64_t lba, uint64_t blocks)
{
	uint64_t end = q->lun->blocks;

	if (lba > end || blocks > end - lba)
		return tgt_scsi_sense(q, 0x05, 0x21, 0x00);
	return true;
}

void tgt_scsi_backend_error(struct tgt_scsi *q, int err, bool write)
{
	if (err == -ENOSPC)
		tgt_scsi_sense(q, 0x07, 0x27, 0x07);
	else
		tgt_scsi_sense(q, 0x03, write ? 0x0c : 0x11, 0x00);
	/* The block, where it fits the fixed format. */
	if (q->lba <= UINT32_MAX) {
		q->sense[0] |= 0x80;
		put_be32(q->sense + 3, (uint32_t)q->lba);
	}
}

/* Protection information is not supported: its field must be 0. */
static bool has_protection(const struct tgt_scsi *q)
{
	return q->cdb[0] >> 5 != 0 && q->cdb[1] >> 5;
}

static bool begin_blocks(struct tgt_scsi *q)
{
	tgt_scsi_read_cdb(q);
	if (has_protection(q) || q->blocks > tgt_lun_max_blocks(q->lun))
		return tgt_scsi_bad_field(q);
	return tgt_scsi_check_range(q, q->lba, q->blocks);
}

bool tgt_begin_read(struct tgt_scsi *q)
{
	if (!begin_blocks(q))
		return false;
	q->in_want = q->blocks * q->lun->cfg.block_size;
	return true;
}

bool tgt_begin_write(struct tgt_scsi *q)
{
	if (!begin_blocks(q))
		return false;
	q->out_want = q->blocks * q->lun->cfg.block_size;
	return true;
}

/* An initiator that expects less gets less, in whole blocks or not. */
void tgt_run_read(struct tgt_scsi *q)
{
	struct tgt_backend *b = q->lun->backend;
	uint32_t n = q->in_want < q->in_cap ? q->in_want : q->in_cap;
	int err = 0;

	if (n)
		err = b->ops->read(b, q->lba * q->lun->cfg.block_size, q->in,
				   n);
	if (err) {
		tgt_scsi_backend_error(q, err, false);
		return;
	}
	q->in_len = q->in_want;
	q->lun->reads++;
	q->lun->read_bytes += n;
}

static bool wants_stable(const struct tgt_scsi *q)
{
	bool fua = q->cdb[0] != 0x0a && q->cdb[1] & 0x08;

	return fua || !q->lun->cfg.write_cache;
}

/* Of a short transfer only whole blocks are written. */
void tgt_run_write(struct tgt_scsi *q)
{
	struct tgt_backend *b = q->lun->backend;
	uint32_t size = q->lun->cfg.block_size;
	uint32_t n = q->out_len / size * size;
	int err = 0;

	if (n)
		err = b->ops->write(b, q->lba * size, q->out, n);
	if (!err && n && wants_stable(q))
		err = b->ops->flush(b);
	if (err) {
		tgt_scsi_backend_error(q, err, true);
		return;
	}
	q->lun->writes++;
	q->lun->written_bytes += n;
}

/* BYTCHK 1 compares; 0 only looks whether the medium is there. */
bool tgt_begin_verify(struct tgt_scsi *q)
{
	if (!begin_blocks(q))
		return false;
	switch (q->cdb[1] >> 1 & 3) {
	case 0:
		return true;
	case 1:
		q->out_want = q->blocks * q->lun->cfg.block_size;
		return true;
	default:
		return tgt_scsi_bad_field(q);
	}
}

void tgt_run_verify(struct tgt_scsi *q)
{
	struct tgt_backend *b = q->lun->backend;
	uint64_t off = q->lba * q->lun->cfg.block_size;
	uint8_t have[4096];

	for (uint32_t at = 0; at < q->out_len; at += sizeof(have)) {
		uint32_t n = q->out_len - at;
		int err;

		if (n > sizeof(have))
			n = sizeof(have);
		err = b->ops->read(b, off + at, have, n);
		if (err) {
			tgt_scsi_backend_error(q, err, false);
			return;
		}
		if (memcmp(have, q->out + at, n) != 0) {
			tgt_scsi_sense(q, 0x0e, 0x1d, 0x00);
			return;
		}
	}
}

bool tgt_begin_flush(struct tgt_scsi *q)
{
	tgt_scsi_read_cdb(q);
	return tgt_scsi_check_range(q, q->lba, q->blocks);
}

void tgt_run_flush(struct tgt_scsi *q)
{
	struct tgt_backend *b = q->lun->backend;
	int err = b->ops->flush(b);

	if (err)
		tgt_scsi_backend_error(q, err, true);
}

/* PMI is obsolete: without it the LBA must be 0 (SBC-3 5.15). */
bool tgt_begin_capacity10(struct tgt_scsi *q)
{
	q->in_want = TGT_PARAM_MAX;
	if (!(q->cdb[8] & 1) && get_be32(q->cdb + 2))
		return tgt_scsi_bad_field(q);
	return true;
}

void tgt_run_capacity10(struct tgt_scsi *q)
{
	uint64_t last = q->lun->blocks - 1;

	put_be32(q->in, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
	put_be32(q->in + 4, q->lun->cfg.block_size);
	tgt_scsi_answer(q, 8, 8);
}

void tgt_run_capacity16(struct tgt_scsi *q)
{
	memset(q->in, 0, 32);
	put_be64(q->in, q->lun->blocks - 1);
	put_be32(q->in + 8, q->lun->cfg.block_size);
	if (q->lun->cfg.thin)
		q->in[14] = 0xc0; /* LBPME, LBPRZ */
	tgt_scsi_answer(q, 32, get_be32(q->cdb + 10));
}

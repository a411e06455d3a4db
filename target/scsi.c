/*
 * scsi - the commands as one table, and what is asked before any of them
 * runs: LUN, unit attention, injected faults, write protection (SAM-5 5.14).
 */
#include "target/scsi.h"

#include <string.h>

#include "base/bytes.h"
#include "base/str.h"

/* Runs in spite of a pending unit attention, and without a LUN. */
#define ALWAYS 1u
#define MEDIUM 2u /* needs the unit started */
#define WRITES 4u

static void run_nothing(struct tgt_scsi *q)
{
}

static void run_request_sense(struct tgt_scsi *q);
static void run_start_stop(struct tgt_scsi *q);

/* clang-format off */
static const struct tgt_scsi_op ops[] = {
	{ 0x00, 0, false, "test-unit-ready", MEDIUM, NULL, run_nothing },
	{ 0x03, 0, false, "request-sense", ALWAYS, NULL, run_request_sense },
	{ 0x08, 0, false, "read", MEDIUM, tgt_begin_read, tgt_run_read },
	{ 0x0a, 0, false, "write", MEDIUM | WRITES, tgt_begin_write,
	  tgt_run_write },
	{ 0x12, 0, false, "inquiry", ALWAYS, NULL, tgt_run_inquiry },
	{ 0x1a, 0, false, "mode-sense", 0, NULL, tgt_run_mode_sense6 },
	{ 0x1b, 0, false, "start-stop", 0, NULL, run_start_stop },
	{ 0x25, 0, false, "read-capacity", MEDIUM, tgt_begin_capacity10,
	  tgt_run_capacity10 },
	{ 0x28, 0, false, "read", MEDIUM, tgt_begin_read, tgt_run_read },
	{ 0x2a, 0, false, "write", MEDIUM | WRITES, tgt_begin_write,
	  tgt_run_write },
	{ 0x2f, 0, false, "verify", MEDIUM, tgt_begin_verify, tgt_run_verify },
	{ 0x35, 0, false, "sync", MEDIUM, tgt_begin_flush, tgt_run_flush },
	{ 0x41, 0, false, "write-same", MEDIUM | WRITES, tgt_begin_write_same,
	  tgt_run_write_same },
	{ 0x42, 0, false, "unmap", MEDIUM | WRITES, tgt_begin_unmap,
	  tgt_run_unmap },
	{ 0x5a, 0, false, "mode-sense", 0, NULL, tgt_run_mode_sense10 },
	{ 0x5e, 0, false, "pr-in", 0, NULL, tgt_run_pr_in },
	{ 0x5f, 0, false, "pr-out", 0, tgt_begin_pr_out, tgt_run_pr_out },
	{ 0x88, 0, false, "read", MEDIUM, tgt_begin_read, tgt_run_read },
	{ 0x8a, 0, false, "write", MEDIUM | WRITES, tgt_begin_write,
	  tgt_run_write },
	{ 0x8f, 0, false, "verify", MEDIUM, tgt_begin_verify, tgt_run_verify },
	{ 0x91, 0, false, "sync", MEDIUM, tgt_begin_flush, tgt_run_flush },
	{ 0x93, 0, false, "write-same", MEDIUM | WRITES, tgt_begin_write_same,
	  tgt_run_write_same },
	{ 0x9e, 0x10, true, "read-capacity", MEDIUM, NULL,
	  tgt_run_capacity16 },
	{ 0xa0, 0, false, "report-luns", ALWAYS, NULL, tgt_run_report_luns },
	{ 0xa8, 0, false, "read", MEDIUM, tgt_begin_read, tgt_run_read },
	{ 0xaa, 0, false, "write", MEDIUM | WRITES, tgt_begin_write,
	  tgt_run_write },
	{ 0xaf, 0, false, "verify", MEDIUM, tgt_begin_verify, tgt_run_verify },
};

/* In the order in which they are reported: the gravest first. */
static const struct {
	uint8_t asc, ascq;
} attentions[TGT_UA_COUNT] = {
	[TGT_UA_POWER_ON] = { 0x29, 0x00 },
	[TGT_UA_NEXUS_LOSS] = { 0x29, 0x07 },
	[TGT_UA_RESET] = { 0x29, 0x03 },
	[TGT_UA_CLEARED] = { 0x2f, 0x00 },
	[TGT_UA_MODE_CHANGED] = { 0x2a, 0x01 },
	[TGT_UA_CAPACITY_CHANGED] = { 0x2a, 0x09 },
	[TGT_UA_INQUIRY_CHANGED] = { 0x3f, 0x03 },
	[TGT_UA_LUNS_CHANGED] = { 0x3f, 0x0e },
};
/* clang-format on */

#define NOPS (sizeof(ops) / sizeof(ops[0]))

static const struct tgt_scsi_op *find(const uint8_t *cdb)
{
	for (size_t i = 0; i < NOPS; i++)
		if (ops[i].opcode == cdb[0] &&
		    (!ops[i].has_action || ops[i].action == (cdb[1] & 0x1f)))
			return &ops[i];
	return NULL;
}

bool tgt_scsi_name_known(const char *name)
{
	uint64_t v;

	if (!strcmp(name, "any") || str_u64(name, strlen(name), 255, &v) == 0)
		return true;
	for (size_t i = 0; i < NOPS; i++)
		if (!strcmp(ops[i].name, name))
			return true;
	return false;
}

bool tgt_scsi_name_has(const char *name, uint8_t opcode)
{
	uint64_t v;

	if (!strcmp(name, "any"))
		return true;
	if (str_u64(name, strlen(name), 255, &v) == 0)
		return v == opcode;
	for (size_t i = 0; i < NOPS; i++)
		if (ops[i].opcode == opcode && !strcmp(ops[i].name, name))
			return true;
	return false;
}

const char *tgt_scsi_name(uint8_t opcode)
{
	for (size_t i = 0; i < NOPS; i++)
		if (ops[i].opcode == opcode)
			return ops[i].name;
	return NULL;
}

static bool named_before(size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(ops[i].name, ops[n].name))
			return true;
	return false;
}

void tgt_scsi_names(struct strbuf *out)
{
	for (size_t i = 0; i < NOPS; i++)
		if (!named_before(i))
			sb_add(out, "%s ", ops[i].name);
	sb_add(out, "any, or an opcode");
}

static void put_sense(uint8_t dst[static TGT_SENSE_LEN], uint8_t key,
		      uint8_t asc, uint8_t ascq)
{
	memset(dst, 0, TGT_SENSE_LEN);
	dst[0] = 0x70; /* fixed format, current error */
	dst[2] = key;
	dst[7] = TGT_SENSE_LEN - 8;
	dst[12] = asc;
	dst[13] = ascq;
}

bool tgt_scsi_sense(struct tgt_scsi *q, uint8_t key, uint8_t asc, uint8_t ascq)
{
	q->status = TGT_CHECK_CONDITION;
	q->sense_len = TGT_SENSE_LEN;
	put_sense(q->sense, key, asc, ascq);
	q->in_len = 0;
	return false;
}

bool tgt_scsi_bad_field(struct tgt_scsi *q)
{
	return tgt_scsi_sense(q, 0x05, 0x24, 0x00);
}

void tgt_scsi_answer(struct tgt_scsi *q, uint32_t n, uint32_t alloc)
{
	q->in_len = n < alloc ? n : alloc;
}

/* Takes the first pending attention; returns whether there was one. */
static bool take_attention(struct tgt_scsi *q, uint8_t *asc, uint8_t *ascq)
{
	uint16_t *set;

	if (!q->lun)
		return false;
	set = &q->nexus->ua[q->lun->slot];
	for (int i = 0; i < TGT_UA_COUNT; i++) {
		if (!(*set & 1u << i))
			continue;
		*set &= (uint16_t) ~(1u << i);
		*asc = attentions[i].asc;
		*ascq = attentions[i].ascq;
		return true;
	}
	return false;
}

static void run_request_sense(struct tgt_scsi *q)
{
	uint8_t key = 0, asc = 0, ascq = 0;

	if (q->cdb[1] & 1) {
		tgt_scsi_bad_field(q); /* no descriptor format here */
		return;
	}
	if (!q->lun) {
		key = 0x05;
		asc = 0x25;
	} else if (take_attention(q, &asc, &ascq)) {
		key = 0x06;
	}
	put_sense(q->in, key, asc, ascq);
	tgt_scsi_answer(q, TGT_SENSE_LEN, q->cdb[4]);
}

static void run_start_stop(struct tgt_scsi *q)
{
	/* A power condition is not a start or stop (SBC-3 5.25). */
	if (q->cdb[4] >> 4)
		return;
	q->lun->stopped = !(q->cdb[4] & 1);
}

/* Does an injected fault of this slot concern q?  Uses it up if so. */
static bool injected(struct tgt_inject *j, const struct tgt_scsi *q)
{
	uint64_t end = q->lba + (q->blocks ? q->blocks : 1);

	if (!j->times)
		return false;
	if (j->opcode >= 0 ? j->opcode != q->cdb[0]
			   : q->op && (q->op->flags & ALWAYS))
		return false;
	if (j->lba_last && (q->lba > j->lba_last || end <= j->lba_first))
		return false;
	if (j->skip) {
		j->skip--;
		return false;
	}
	if (j->times != UINT32_MAX)
		j->times--;
	return true;
}

/* Returns false when the command ends here. */
static bool inject(struct tgt_scsi *q)
{
	for (size_t i = 0; i < TGT_INJECT_MAX; i++) {
		struct tgt_inject *j = &q->lun->inject[i];

		if (!injected(j, q))
			continue;
		if (j->delay > q->delay)
			q->delay = j->delay;
		if (j->status == TGT_GOOD)
			continue;
		q->status = j->status;
		if (j->status == TGT_CHECK_CONDITION)
			tgt_scsi_sense(q, j->key, j->asc, j->ascq);
		return false;
	}
	return true;
}

static bool is_sync(const struct tgt_scsi *q)
{
	return q->op->run == tgt_run_flush;
}

static bool is_unknown(const struct tgt_scsi *q)
{
	const struct tgt_duties *d;

	if (!q->op || !q->lun)
		return !q->op;
	d = &q->lun->target->duties;
	return (d->no_sync && is_sync(q)) ||
	       (d->no_same && q->op->run == tgt_run_write_same);
}

/* What the state of the unit has to say. */
static bool may_run(struct tgt_scsi *q)
{
	if (is_unknown(q))
		return tgt_scsi_sense(q, 0x05, 0x20, 0x00);
	if (!q->lun)
		return true;
	if (q->op->flags & MEDIUM && q->lun->stopped)
		return tgt_scsi_sense(q, 0x02, 0x04, 0x02);
	if (q->op->flags & WRITES && q->lun->cfg.read_only)
		return tgt_scsi_sense(q, 0x07, 0x27, 0x00);
	return true;
}

bool tgt_scsi_begin(struct tgt_scsi *q)
{
	uint8_t asc, ascq;
	bool always;

	q->status = TGT_GOOD;
	q->op = find(q->cdb);
	if (q->number != UINT32_MAX)
		q->lun = tgt_lun_find(q->nexus->target, q->number);
	always = q->op && q->op->flags & ALWAYS;
	if (!q->lun && !always)
		return tgt_scsi_sense(q, 0x05, 0x25, 0x00);
	if (!always && take_attention(q, &asc, &ascq))
		return tgt_scsi_sense(q, 0x06, asc, ascq);
	q->in_want = q->op && !q->op->begin ? TGT_PARAM_MAX : 0;
	if (!may_run(q) || (q->op->begin && !q->op->begin(q)))
		return false;
	return !q->lun || inject(q);
}

/* It is asked here, when a command is carried out: its data took time. */
static bool is_shut_out(struct tgt_scsi *q)
{
	bool writes = q->op->flags & WRITES || is_sync(q) ||
		      q->op->run == run_start_stop;

	return writes && q->lun && tgt_pr_shuts_out(q);
}

void tgt_scsi_run(struct tgt_scsi *q)
{
	if (is_shut_out(q)) {
		q->status = TGT_RESERVATION_CONFLICT;
		return;
	}
	/* The LUN may have become smaller since. */
	if (!q->blocks || tgt_scsi_check_range(q, q->lba, q->blocks))
		q->op->run(q);
}

/*
 * scsi - the target's SCSI side: a direct access block device (SPC-4, SBC-3).
 *
 * Knows nothing of iSCSI: a command comes as a CDB and a LUN, goes in two
 * steps, and leaves with status, sense and data.
 */
#ifndef TARGET_SCSI_H
#define TARGET_SCSI_H

#include <stdbool.h>
#include <stdint.h>

#include "target/tgt.h"

#define TGT_PARAM_MAX 4096 /* bytes of anything but medium data */
#define TGT_SENSE_LEN 18

/* Limits told in VPD page B0. */
#define TGT_UNMAP_RANGES 255
#define TGT_UNMAP_BLOCKS 0x00100000u /* of all ranges together */
#define TGT_SAME_BLOCKS	 0x00100000u

enum tgt_status {
	TGT_GOOD = 0x00,
	TGT_CHECK_CONDITION = 0x02,
	TGT_BUSY = 0x08,
	TGT_RESERVATION_CONFLICT = 0x18,
	TGT_TASK_SET_FULL = 0x28,
};

/* What a LUN remembers of one initiator port. */
struct tgt_nexus {
	struct tgt_target *target;
	uint16_t tag;		   /* portal group: the target port */
	uint64_t id;		   /* of both ports, hashed */
	uint16_t ua[TGT_MAX_LUNS]; /* set of enum tgt_ua, a bit each */
};

struct tgt_scsi_op;

struct tgt_scsi {
	/* the caller's */
	struct tgt_nexus *nexus;
	uint32_t number; /* of the LUN; UINT32_MAX: not to be decoded */
	uint8_t cdb[16];

	/* after tgt_scsi_begin() */
	struct tgt_lun *lun;
	const struct tgt_scsi_op *op;
	uint64_t lba;
	uint32_t blocks;
	uint32_t out_want; /* bytes the command needs from the initiator */
	uint32_t in_want;  /* bytes of buffer it needs for its answer */
	uint32_t cut;	   /* bytes the answer lacks, on purpose */
	uint32_t delay;	   /* ms to wait before tgt_scsi_run() */

	/* for tgt_scsi_run(): in has min(in_want, EDTL) bytes, at least
	 * TGT_PARAM_MAX */
	uint8_t *out, *in;
	uint32_t out_len, in_cap;

	/* the result */
	uint8_t status;
	uint8_t sense[TGT_SENSE_LEN];
	uint8_t sense_len;
	uint32_t in_len; /* bytes it would return; those beyond in_cap and
			    EDTL are not there */
};

/* Returns whether to go on; else status and sense are the answer. */
bool tgt_scsi_begin(struct tgt_scsi *q);
void tgt_scsi_run(struct tgt_scsi *q);

/* Ends q with CHECK CONDITION; returns false, to be returned in turn. */
bool tgt_scsi_sense(struct tgt_scsi *q, uint8_t key, uint8_t asc, uint8_t ascq);
/* "read", "write", ... and "0x28" to opcodes; for scripts. */
bool tgt_scsi_name_has(const char *name, uint8_t opcode);
/* NULL when it has none. */
const char *tgt_scsi_name(uint8_t opcode);
bool tgt_scsi_name_known(const char *name);
struct strbuf;
void tgt_scsi_names(struct strbuf *out);

/* What the command files share -----------------------------------------*/

struct tgt_scsi_op {
	uint8_t opcode;
	uint8_t action; /* service action, or 0 when there is none */
	bool has_action;
	const char *name; /* a family: all reads are "read" */
	unsigned flags;
	/* Reads the CDB; returns whether to go on.  May be NULL. */
	bool (*begin)(struct tgt_scsi *q);
	void (*run)(struct tgt_scsi *q);
};

/* Fills the first n bytes of in; cut by the CDB's allocation length. */
void tgt_scsi_answer(struct tgt_scsi *q, uint32_t n, uint32_t alloc);
/* 05/24/00, invalid field in CDB */
bool tgt_scsi_bad_field(struct tgt_scsi *q);

/* inquiry.c, mode.c */
void tgt_run_inquiry(struct tgt_scsi *q);
void tgt_run_report_luns(struct tgt_scsi *q);
void tgt_run_mode_sense6(struct tgt_scsi *q);
void tgt_run_mode_sense10(struct tgt_scsi *q);

/* pr.c */
void tgt_run_pr_in(struct tgt_scsi *q);
bool tgt_begin_pr_out(struct tgt_scsi *q);
void tgt_run_pr_out(struct tgt_scsi *q);
/* May this nexus not write now? */
bool tgt_pr_shuts_out(struct tgt_scsi *q);

/* block.c, unmap.c */
bool tgt_begin_read(struct tgt_scsi *q);
void tgt_run_read(struct tgt_scsi *q);
bool tgt_begin_write(struct tgt_scsi *q);
void tgt_run_write(struct tgt_scsi *q);
bool tgt_begin_verify(struct tgt_scsi *q);
void tgt_run_verify(struct tgt_scsi *q);
bool tgt_begin_flush(struct tgt_scsi *q);
void tgt_run_flush(struct tgt_scsi *q);
bool tgt_begin_capacity10(struct tgt_scsi *q);
void tgt_run_capacity10(struct tgt_scsi *q);
void tgt_run_capacity16(struct tgt_scsi *q);
bool tgt_begin_unmap(struct tgt_scsi *q);
void tgt_run_unmap(struct tgt_scsi *q);
bool tgt_begin_write_same(struct tgt_scsi *q);
void tgt_run_write_same(struct tgt_scsi *q);
bool tgt_scsi_read_cdb(struct tgt_scsi *q);
bool tgt_scsi_check_range(struct tgt_scsi *q, uint64_t lba, uint64_t blocks);
/* What went wrong in the backend, as sense. */
void tgt_scsi_backend_error(struct tgt_scsi *q, int err, bool write);
/* Blocks a command may touch at most. */
uint32_t tgt_lun_max_blocks(const struct tgt_lun *l);

#endif

/*
 * fault - what the target does wrong on purpose.
 *
 * A hook sees every PDU in both directions and decides; the script engine
 * below is one such hook, fed with lines such as "tx scsi-rsp 3 close".
 */
#ifndef TARGET_FAULT_H
#define TARGET_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/pdu.h"

struct strbuf;
struct tgt_conn;

enum tgt_fault_kind {
	TGT_PASS,
	TGT_DROP,  /* as if it never came, or was sent */
	TGT_DELAY, /* a SCSI command is carried out later; any other PDU waits
		      and all behind it in its direction */
	TGT_DUP,
	TGT_CORRUPT_HEADER, /* after its digest was made */
	TGT_CORRUPT_DATA,
	TGT_CLOSE,  /* the connection, instead of this PDU */
	TGT_SET,    /* bytes of the header, before its digest is made */
	TGT_KEY,    /* login and text responses: another value for a key */
	TGT_REJECT, /* a request: answered with Reject */
	TGT_STATUS, /* a SCSI command: answered with this status */
	TGT_SHORT,  /* a SCSI command: moves so many bytes less */
};

#define TGT_KEY_SIZE 512

struct tgt_verdict {
	enum tgt_fault_kind kind;
	uint32_t delay;	 /* ms */
	uint32_t offset; /* CORRUPT and SET */
	uint32_t width;	 /* SET: bytes, 1..8 */
	uint64_t value;	 /* SET; REJECT: the reason; STATUS: the SAM status;
			    SHORT: bytes, and one is left */
	uint8_t key, asc, ascq; /* STATUS 2 */
	bool descriptor;	/* in that format (SPC-4 4.5.2) */
	bool deferred;		/* ... about an earlier command (SPC-4 4.5.7) */
	const char *pair;	/* KEY: "Name=value"; borrowed from the hook */
};

struct tgt_pdu_event {
	struct tgt_conn *conn;
	bool tx;
	bool scsi; /* not a PDU: a command is about to be carried out; its
		      CDB is at bhs + 32 */
	const uint8_t *bhs;
};

/* Embedded in whatever decides. */
struct tgt_fault_hook {
	/* out comes as TGT_PASS. */
	void (*see)(struct tgt_fault_hook *h, const struct tgt_pdu_event *e,
		    struct tgt_verdict *out);
};

/*
 * Script lines:
 *
 *   [each] rx|tx PDU WHEN ACTION
 *   scsi COMMAND WHEN busy | full | conflict | status N | short BYTES |
 *                            sense K/ASC/ASCQ [descriptor] |
 *                            deferred K/ASC/ASCQ [descriptor] | delay MS
 *
 *   PDU      scsi-cmd, r2t, login-rsp ... or any
 *   COMMAND  read, write, inquiry ..., a number for an opcode, or any
 *   WHEN     3 (the third), 3- (from the third), 3-5, /10 (each tenth), all
 *   ACTION   drop | delay MS | dup | close | corrupt header|data [OFFSET] |
 *            set OFFSET VALUE [BYTES] | key NAME=VALUE | reject REASON |
 *            answer WORD (to a task management function: complete, no-task,
 *            no-lun, not-supported, rejected, ...)
 *
 * PDUs are counted from the script's start; with "each", from the start of
 * each connection.  Numbers are decimal or 0x hex; K/ASC/ASCQ are hex.
 */
struct tgt_script;

struct tgt_script *tgt_script_new(void);
void tgt_script_free(struct tgt_script *s);
/*
 * Adds a line; an empty one and one that starts with '#' are nothing.
 * Returns 0, -ENOMEM, or -EINVAL with err (size bytes) saying what is wrong.
 */
int tgt_script_add(struct tgt_script *s, const char *line, char *err,
		   size_t size);
void tgt_script_clear(struct tgt_script *s);
struct tgt_fault_hook *tgt_script_hook(struct tgt_script *s);
/* How often a rule struck, all rules together. */
uint32_t tgt_script_hits(const struct tgt_script *s);
/* The script's word for a PDU, "?" for an opcode that is none. */
const char *tgt_pdu_word(uint8_t opcode);
/* The word of the action "answer" for a response, or "?". */
const char *tgt_tmf_word(uint8_t response);
/* The syntax in words, for --help. */
void tgt_script_help(struct strbuf *out);

#endif

/*
 * cmd - a SCSI command as the submitter sees it (SAM-5 5.1, RFC 7143 11.3).
 *
 * Lies in its owner's memory, untouched by the owner from session_submit()
 * until done() is called; then it may be submitted again as it is.
 */
#ifndef PROTO_CMD_H
#define PROTO_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "wire/pdu.h"

#define CMD_SENSE_MAX 96 /* bytes kept; SPC allows 252, nobody sends them */

enum cmd_dir {
	CMD_NO_DATA,
	CMD_READ,
	CMD_WRITE
};

enum cmd_outcome {
	CMD_DONE,    /* the target answered: look at status */
	CMD_REFUSED, /* the target answered with response != 0 */
	CMD_ABORTED, /* ended by task management, at the target too */
	CMD_LOST,    /* the nexus went away: it may have run, or not */
};

struct fault;

struct cmd {
	/* set by the owner */
	uint8_t lun[LUN_LEN];
	uint8_t cdb[CDB_LEN];
	enum cmd_dir dir;
	uint8_t *buf; /* len bytes: filled by a read, sent by a write */
	uint32_t len;
	/*
	 * ms from the moment it was sent; then the session ends it at the
	 * target and gives it back as CMD_ABORTED.  0: for ever.
	 */
	uint32_t timeout;
	/* SAM-5 8.6: runs when every older command of the LUN has ended. */
	bool ordered;
	void (*done)(struct cmd *c);

	/* set by the session before done() */
	enum cmd_outcome outcome;
	uint8_t status;	  /* CMD_DONE: SAM status byte */
	uint8_t response; /* CMD_REFUSED: iSCSI response */
	uint8_t sense_len;
	uint8_t sense[CMD_SENSE_MAX];
	/*
	 * Bytes not transferred of len (underflow) and bytes the target had
	 * or wanted beyond it (overflow).  The session itself counts what
	 * arrived of a read and what it handed to TCP of a write: underflow is
	 * never less than what is missing, nor more than len.
	 */
	uint32_t underflow, overflow;
	const struct fault *why; /* CMD_LOST: what ended the nexus */
	/*
	 * All but CMD_DONE: the target may have something of it to carry
	 * out: one byte of its data, or a command without data, was given to
	 * the socket.
	 */
	bool exposed;

	/* the session's own */
	struct list link;
	uint16_t task; /* index into the task table while it is sent */
	bool sent;
};

#endif

/*
 * fake_target - a session with one LUN behind it, for the tests of disk/.
 *
 * Stands in for session_submit().  Answers as its fields say, or as a script
 * says; keeps every command it got.
 */
#ifndef FAKE_TARGET_H
#define FAKE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/session.h"

#define FAKE_MAX   1024
#define FAKE_PORTS 8

struct fake_answer {
	int opcode; /* -1: any */
	unsigned times;
	enum cmd_outcome outcome;
	uint8_t status, key, asc, ascq;
	bool no_sense, deferred;
	uint32_t underflow, overflow;
};

struct fake {
	/* the LUN */
	uint8_t type, qualifier, version;
	const char *vendor, *product;
	const char *serial;  /* NULL: no page 80 */
	const char *t10;     /* designator of page 83; NULL: no page 83 */
	uint16_t id_padding; /* bytes before the designator */
	bool b0, b1, b2;     /* has the page */
	uint32_t max_transfer, max_unmap, max_descriptors;
	uint32_t granularity, alignment;
	uint64_t max_same;
	uint16_t rate;
	uint8_t provisioning; /* byte 5 of page B2 */
	uint64_t blocks;
	uint32_t block_size;
	uint8_t exponent;
	uint8_t tst; /* of the control page */
	bool lbpme, lbprz, wp, dpofua, wce, no_caching;
	bool unknown[256]; /* opcodes refused with 20/00 */
	/* so many answers with this page lack their last bytes */
	unsigned cut_times, cut_bytes;
	uint8_t cut_page;
	/* ... and so many are refused, with 5/24/00 */
	unsigned refuse_times;
	uint8_t refuse_page;

	/*
	 * Persistent reservations, of "Write Exclusive - Registrants Only"
	 * alone: the key of each nexus, 0 none, and whose it is, -1 nobody's.
	 */
	uint64_t keys[FAKE_PORTS];
	int holder;
	unsigned port; /* the nexus that the session is */

	/* the session */
	bool sync;   /* answers from within session_submit */
	bool unsent; /* what is lost was never given to the socket */
	bool down;   /* gives everything back as lost at once */
	struct fake_answer script[32];
	unsigned nscript;
	struct cmd *pending[FAKE_MAX];
	unsigned npending;

	/* its task management */
	struct cmd *expired[16]; /* commands that took too long */
	unsigned nexpired;
	struct clear_req *clear; /* wished for and not answered */
	unsigned clears;

	/* what came */
	struct {
		uint8_t cdb[CDB_LEN];
		uint32_t len;
		uint8_t data[24]; /* the first of what was written */
		unsigned port;
		bool zeros; /* all of what was written was zero */
	} got[FAKE_MAX];
	unsigned ngot;
};

extern struct fake fake;
extern struct session fake_session;

/* A disk of 1 MiB in 512-byte blocks that has all pages. */
void fake_reset(void);
/* The next `times` commands with this opcode get this answer. */
void fake_script(struct fake_answer a);
void fake_sense(int opcode, unsigned times, uint8_t key, uint8_t asc,
		uint8_t ascq);
void fake_status(int opcode, unsigned times, uint8_t status);
/* Answers the oldest command; false when there is none. */
bool fake_answer_one(void);
/* Answers until none is left; fails the test when that takes too long. */
void fake_answer_all(void);
/* Gives back the commands that took too long, as ended at the target. */
void fake_end_expired(void);
/* The LUN is cleared: nothing runs there any more. */
void fake_clear(void);
/* Gives back all as lost, and so everything that comes. */
void fake_lose(void);
/* How many commands with this opcode came. */
unsigned fake_count(uint8_t opcode);
/* The n-th command with this opcode, from 0; fails the test when missing. */
const uint8_t *fake_got(uint8_t opcode, unsigned n);
/* Was this VPD page asked for? */
bool fake_asked_page(uint8_t page);
void fake_forget(void);

#endif

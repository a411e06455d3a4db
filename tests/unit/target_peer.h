/*
 * target_peer - a scripted initiator for tests of the demo target: it speaks
 * through memory, and time is a number.
 */
#ifndef TESTS_TARGET_PEER_H
#define TESTS_TARGET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/conn.h"
#include "target/scsi.h"
#include "target/tgt.h"
#include "wire/status.h"

#define PEER_TARGET "iqn.2026-01.example:disk"
#define PEER_NAME   "iqn.2026-01.example:host"
#define PEER_BLOCKS 2048

/* The target side, shared by all peers of a test. */
struct world {
	struct tgt *t;
	struct tgt_target *tt;
	struct tgt_lun *lun; /* number 0, 512-byte blocks in memory */
	uint64_t now;
	unsigned notes;
};

/* One connection. */
struct peer {
	struct world *w;
	struct tgt_conn *c;
	uint8_t isid[ISID_LEN];
	uint16_t cid, tsih;
	uint32_t itt, cmdsn, statsn;
	bool hdigest, ddigest;
	bool greedy; /* sends a byte at a time */

	/* the PDU received last */
	uint8_t bhs[BHS_LEN];
	uint8_t data[1 << 20];
	uint32_t len;
	bool bad_hdigest, bad_ddigest;
};

struct world *world_new(void);
void world_free(struct world *w);
void world_pass(struct world *w, uint64_t ms);

struct peer *peer_new(struct world *w);
void peer_free(struct peer *p);

/* Sends a PDU; the header's DataSegmentLength is set to len. */
void peer_send(struct peer *p, uint8_t bhs[static BHS_LEN], const void *data,
	       uint32_t len);
/* Receives the next PDU; false when there is none. */
bool peer_recv(struct peer *p);
/* peer_recv(), and it has to be this one. */
void peer_expect(struct peer *p, enum opcode op);
/* Nothing is to come. */
void peer_expect_silence(struct peer *p);

/* One Login Request; text is pairs "a=b\0c=d" with n bytes in all. */
void peer_login_send(struct peer *p, enum login_stage csg, enum login_stage nsg,
		     bool transit, const char *text, size_t n);
/* And its answer. */
struct pdu_login_rsp peer_login_step(struct peer *p, enum login_stage csg,
				     enum login_stage nsg, bool transit,
				     const char *text, size_t n);
#define TEXT(s) s, sizeof(s)
#define WHO	"InitiatorName=" PEER_NAME "\0TargetName=" PEER_TARGET
#define WHO_D	"InitiatorName=" PEER_NAME "\0SessionType=Discovery"

/* Straight to full feature phase with these keys; returns the status. */
uint16_t peer_login_with(struct peer *p, const char *text, size_t n);
/* With none but the names; must succeed. */
void peer_login(struct peer *p);
/* Value of a key in the last PDU's text; NULL when it is not there. */
const char *peer_key(const struct peer *p, const char *key);

/* Fills c with the next ITT and CmdSN, LUN 0, final. */
void peer_command(struct peer *p, struct pdu_scsi_cmd *c);
void peer_command_send(struct peer *p, const struct pdu_scsi_cmd *c,
		       const void *data, uint32_t len);
/* READ(10) and WRITE(10) of blocks as commands. */
void peer_read10(struct peer *p, struct pdu_scsi_cmd *c, uint32_t lba,
		 uint16_t blocks);
void peer_write10(struct peer *p, struct pdu_scsi_cmd *c, uint32_t lba,
		  uint16_t blocks);

/* How a whole command ended. */
struct result {
	uint8_t status;
	uint8_t sense[32];
	uint32_t sense_len;
	bool overflow, underflow;
	uint32_t residual;
	uint32_t len; /* bytes of Data-In */
	uint8_t data[1 << 20];
};

/* Receives Data-In until the status came. */
void peer_finish(struct peer *p, uint32_t itt, struct result *r);
/* Sends a command that reads edtl bytes, and waits for its end. */
void peer_run(struct peer *p, const uint8_t *cdb, size_t n, uint32_t edtl,
	      struct result *r);
/* One with immediate data. */
void peer_run_out(struct peer *p, const uint8_t *cdb, size_t n,
		  const void *data, uint32_t len, struct result *r);
#define CDB(...)                                                               \
	(const uint8_t[]){ __VA_ARGS__ },                                      \
		sizeof((const uint8_t[]){ __VA_ARGS__ })
/* Key << 16 | ASC << 8 | ASCQ of a CHECK CONDITION; 0 for GOOD. */
uint32_t result_sense(const struct result *r);

/* A Data-Out. */
void peer_data_out(struct peer *p, uint32_t itt, uint32_t ttt, uint32_t datasn,
		   uint32_t offset, const void *data, uint32_t len, bool final);
/* Sends TMF function on LUN 0; returns its response. */
uint8_t peer_tmf(struct peer *p, enum tmf function, uint32_t ref_itt);
/* Sends it without waiting. */
void peer_tmf_send(struct peer *p, enum tmf function, uint32_t ref_itt,
		   uint32_t ref_cmdsn);

#endif

/*
 * puppet - the far end of a session, moved by hand.
 *
 * Holds one session and plays its target: takes what the session sends PDU
 * by PDU and answers with any bytes a test likes.  Time is puppet->now.
 */
#ifndef TESTS_PUPPET_H
#define TESTS_PUPPET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/conn.h"
#include "proto/session.h"
#include "wire/pdu.h"

#define PUPPET_DATA 300000

struct puppet {
	struct session_config cfg;
	struct session *s;
	struct conn *c;
	uint64_t now;
	bool header_digest, data_digest; /* what the puppet expects, sends */
	uint32_t statsn, expcmdsn, maxcmdsn;

	/* what the session told its owner */
	unsigned ups, closes, downs, notes, events, found_alls;
	unsigned lun_resets, target_resets;
	unsigned news[3]; /* by enum session_news */
	char note[256];	  /* the last */
	/* a test's own reaction to a callback; NULL: none */
	void (*on_kick)(struct puppet *p);
	void (*on_up)(struct puppet *p);
	void (*on_close)(struct puppet *p);
	void (*on_down)(struct puppet *p);
	void (*on_found)(struct puppet *p);
	const struct fault *why;
	char detail[256];
	char found[16][300]; /* "name addr" */
	unsigned founds;

	/* the PDU taken last */
	uint8_t bhs[BHS_LEN];
	uint8_t data[PUPPET_DATA];
	uint32_t len;

	uint8_t wire[PUPPET_DATA]; /* bytes sent by the session, not taken */
	size_t wire_len;
};

struct puppet *puppet_new(void); /* normal session, defaults, not connected */
void puppet_free(struct puppet *p);

/* The first request is to be taken. */
void puppet_connect_only(struct puppet *p);
/* The same, and without credentials past the security stage. */
void puppet_connect(struct puppet *p);
/* Closes the transport as the owner must after close(). */
void puppet_closed(struct puppet *p);
/* A login that agrees to keys (NUL-separated text, may be NULL) and ends. */
void puppet_login(struct puppet *p, const char *keys, size_t n);
/* Connect and log in, accepting what we offer where that is harmless. */
void puppet_up(struct puppet *p);

/* Takes the next PDU; false: the session sent none. */
bool puppet_take(struct puppet *p);
/* Takes one and checks its opcode. */
void puppet_expect(struct puppet *p, enum opcode op);
/* Sends a PDU with digests as negotiated. */
void puppet_send(struct puppet *p, const uint8_t bhs[static BHS_LEN],
		 const void *data, uint32_t len);
/* Any bytes, in chunks of at most step. */
void puppet_raw(struct puppet *p, const void *bytes, size_t n, size_t step);
void puppet_tick(struct puppet *p, uint64_t later);

/* Next StatSN, and the window as it is. */
struct pdu_sn puppet_sn(struct puppet *p);
/* The same without using a StatSN up. */
struct pdu_sn puppet_sn_peek(const struct puppet *p);

/* A login response to the request taken last. */
void puppet_login_rsp(struct puppet *p, enum login_stage csg, bool transit,
		      enum login_stage nsg, uint16_t status, const char *keys,
		      size_t n);
bool puppet_has_key(const struct puppet *p, const char *pair);

/* A command of the test's own. */
struct order {
	struct cmd cmd;
	unsigned done;
};
void order_init(struct order *o, enum cmd_dir dir, void *buf, uint32_t len);
/* SCSI Response to the task of the command taken under itt. */
void puppet_scsi_rsp(struct puppet *p, uint32_t itt, uint8_t status,
		     const uint8_t *sense, uint16_t sense_len);

/* Connect and log in with these keys of the target's. */
void puppet_up_with(struct puppet *p, const char *keys, size_t n);
#define PUPPET_UP(p, keys) puppet_up_with(p, keys, sizeof(keys))

/* Takes a SCSI Command, a Data-Out. */
struct pdu_scsi_cmd puppet_command(struct puppet *p);
struct pdu_data_out puppet_data_out(struct puppet *p);
/* An R2T for length bytes at offset. */
void puppet_r2t(struct puppet *p, uint32_t itt, uint32_t ttt, uint32_t r2tsn,
		uint32_t offset, uint32_t length);
/* NOP-In that wants an answer (ttt) or only tells the window (TAG_NONE). */
void puppet_nop_in(struct puppet *p, uint32_t ttt);
/* Asynchronous Message. */
void puppet_async(struct puppet *p, uint8_t event, uint16_t p1, uint16_t p2,
		  uint16_t p3);

/* Submits and takes a command without data; returns its ITT. */
uint32_t puppet_submit(struct puppet *p, struct order *o);
/* The session must have ended for this reason. */
void puppet_expect_down(struct puppet *p, const struct fault *why);

/* A task management function of the test's own, on LUN 1. */
struct tmf_order {
	struct tmf_req req;
	unsigned done;
	int response;
};
int puppet_manage(struct puppet *p, struct tmf_order *t, enum tmf function,
		  struct cmd *cmd);
void puppet_tmf_rsp(struct puppet *p, uint32_t itt, uint8_t response);

#endif

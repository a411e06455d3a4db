/*
 * tgt - an iSCSI target: what it serves, to whom, by which rules.
 *
 * The library does no I/O and has no clock and no randomness: bytes move
 * through target/conn.h, the time is told in milliseconds, unpredictable
 * bytes come from the owner.  One struct tgt belongs to one thread.
 *
 * The fields under "knobs" may be changed at any time between calls; those
 * of names and credentials are read at each login.
 */
#ifndef TARGET_TGT_H
#define TARGET_TGT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "target/backend.h"
#include "target/duty.h"
#include "target/params.h"
#include "wire/addr.h"
#include "wire/name.h"
#include "wire/pdu.h"

#define TGT_MAX_LUNS	256   /* of one target */
#define TGT_MAX_LUN	16383 /* the highest number flat addressing has */
#define TGT_MAX_PORTALS 64
#define TGT_MAX_DEPTH	4096
#define TGT_SECRET_SIZE 256

struct tgt;
struct tgt_conn;
struct tgt_fault_hook;

struct tgt_ops {
	/* Fills with unpredictable bytes. */
	void (*random)(void *ctx, void *dst, size_t n);
	/* c has something to send, or wants to be closed; may be NULL. */
	void (*kick)(void *ctx, struct tgt_conn *c);
	/* Worth a line in the log; may be NULL. */
	void (*note)(void *ctx, int level, const char *line);
};

struct tgt_chap {
	char user[256];
	uint8_t secret[TGT_SECRET_SIZE];
	size_t secret_len; /* 0: not configured */
};

struct tgt_auth {
	struct tgt_chap in;    /* who logs in proves who it is */
	struct tgt_chap out;   /* and, when asked, so do we */
	uint8_t algorithms[4]; /* CHAP_A values allowed; 0: all we have */
};

/* Where to send initiators instead (RFC 7143 11.13.5, class 1). */
struct tgt_redirect {
	bool on, permanent;
	bool after_auth; /* else as the first answer */
	uint32_t times;	 /* logins still to be redirected; 0: all */
	struct addr to;
};

struct tgt_portal {
	struct addr addr; /* host may be a wildcard address */
	uint16_t tag;
	bool wildcard; /* advertised as the address a connection came to */
};

struct tgt_lun_config {
	uint32_t block_size; /* 512 or 4096 */
	bool read_only, thin, write_cache, removable;
	uint8_t type;	       /* of INQUIRY: 0 a disk */
	char serial[64];       /* "": made of the identity */
	uint64_t identity;     /* 60 bits of NAA; 0: made of names */
	uint32_t max_transfer; /* bytes a command; 0: 32 MiB */
};

#define TGT_INJECT_MAX 16

/* A wrong answer of a LUN's SCSI side, on purpose. */
struct tgt_inject {
	int16_t opcode; /* of the CDB; -1: any but INQUIRY, REPORT LUNS */
	uint64_t lba_first, lba_last; /* where commands with an LBA touch */
	uint32_t skip;		      /* matching commands to let pass first */
	uint32_t times;		      /* to hit; 0: this slot is free */
	uint8_t status;		      /* SAM status to answer with */
	uint8_t key, asc, ascq;	      /* when status is CHECK CONDITION */
	uint32_t delay;		      /* ms before the command is carried out */
};

/* A set of vital product data pages. */
struct tgt_pages {
	uint8_t bits[32];
};

#define TGT_PR_MAX 32

/* Persistent reservations of a LUN; a key of 0 is none. */
struct tgt_pr {
	struct tgt_pr_reg {
		uint64_t nexus, key;
	} reg[TGT_PR_MAX];
	uint64_t holder; /* nexus, while type is not 0 */
	uint8_t type;
	uint32_t generation;
};

/* Key 0 takes it away.  False when there is no room. */
bool tgt_pr_register(struct tgt_pr *pr, uint64_t nexus, uint64_t key);
size_t tgt_pr_count(const struct tgt_pr *pr);

struct tgt_lun {
	struct tgt_target *target;
	uint32_t number;
	uint16_t slot;		     /* its place in target->luns */
	struct tgt_backend *backend; /* owned */
	struct tgt_lun_config cfg;
	uint64_t blocks;
	uint64_t naa; /* NAA 3 designator */
	struct tgt_pr pr;
	bool stopped; /* START STOP UNIT; medium commands get 02/04/02 */
	struct tgt_pages hidden; /* not listed, and refused with 05/24/00 */
	struct tgt_inject inject[TGT_INJECT_MAX];
	uint64_t reads, writes, read_bytes, written_bytes;
};

struct tgt_target {
	struct list link;
	struct tgt *tgt;
	char name[NAME_SIZE];
	struct tgt_lun *luns[TGT_MAX_LUNS]; /* owned; holes are NULL */

	/* knobs */
	char alias[256];
	struct tgt_auth auth;
	struct tgt_params wishes;
	struct tgt_redirect redirect;
	uint16_t refuse;   /* login status for all comers; 0: none */
	uint32_t depth;	   /* commands a session may have: its window */
	uint32_t r2t_size; /* bytes of one R2T at most; 0: MaxBurstLength */
	bool split_status; /* never status in the last Data-In */
	bool no_residual;  /* told of a command that failed */
	uint16_t no_tmf;   /* bit f: task management function f is not known */
	bool hidden;	   /* not named by SendTargets */
	bool quiet_login;  /* no unit attention for a new nexus */
	uint32_t ping_every, ping_timeout; /* ms; 0: never */
	struct tgt_duties duties;
	uint32_t starved; /* writes that needed an R2T, counted */
};

struct tgt {
	const struct tgt_ops *ops;
	void *ctx;
	uint64_t now;
	struct list targets, sessions, conns;
	struct tgt_portal portals[TGT_MAX_PORTALS];
	size_t nportals;
	uint16_t last_tsih;
	uint32_t last_ttt;
	uint64_t last_begun; /* command, in the order of their begin */
	uint32_t ordered;    /* ORDERED tasks that wait */

	/* knobs */
	struct tgt_auth discovery_auth;
	struct tgt_params discovery_wishes;
	uint32_t login_timeout;	      /* ms */
	uint32_t first_statsn;	      /* of each connection */
	bool random_statsn;	      /* draw it instead */
	struct tgt_fault_hook *fault; /* borrowed; NULL: none */

	/* memory kept for reuse */
	struct list free_pdus, free_bufs[16];
	size_t pooled; /* bytes in free_bufs */
};

/* NULL on ENOMEM. */
struct tgt *tgt_new(const struct tgt_ops *ops, void *ctx);
/* Only when every connection was freed. */
void tgt_free(struct tgt *t);

/* addr->tag -1 means 1.  Returns the portal's index or -ENOSPC. */
int tgt_portal_add(struct tgt *t, const struct addr *addr);

/* Returns 0, -EINVAL (name), -EEXIST or -ENOMEM. */
int tgt_target_add(struct tgt *t, const char *name, struct tgt_target **out);
struct tgt_target *tgt_target_find(struct tgt *t, const char *name, size_t n);

void tgt_lun_defaults(struct tgt_lun_config *cfg);
/*
 * Takes the backend over on success.  Returns 0, -EINVAL (number, block size,
 * a size that is no whole number of blocks, or 0), -EEXIST, -ENOSPC, -ENOMEM.
 * Sessions that are up learn of it by 3F/0E.
 */
int tgt_lun_add(struct tgt_target *tt, uint32_t number, struct tgt_backend *b,
		const struct tgt_lun_config *cfg, struct tgt_lun **out);
struct tgt_lun *tgt_lun_find(struct tgt_target *tt, uint32_t number);
/* Its tasks end in 05/25/00; sessions that are up learn of it by 3F/0E. */
void tgt_lun_remove(struct tgt_lun *l);
/* New size in bytes; 2A/09 follows.  Returns 0 or -errno. */
int tgt_lun_resize(struct tgt_lun *l, uint64_t size);
/* -ENOSPC when all slots are taken. */
int tgt_lun_inject(struct tgt_lun *l, const struct tgt_inject *what);

/* What time it is; does what has come due. */
void tgt_tick(struct tgt *t, uint64_t now);
/* Earliest time tgt_tick() is needed; UINT64_MAX: never. */
uint64_t tgt_next_wake(const struct tgt *t);

/* A unit attention for every session that sees this LUN. */
enum tgt_ua {
	TGT_UA_POWER_ON,	 /* 29/00 */
	TGT_UA_NEXUS_LOSS,	 /* 29/07 */
	TGT_UA_RESET,		 /* 29/03 */
	TGT_UA_CLEARED,		 /* 2F/00 */
	TGT_UA_MODE_CHANGED,	 /* 2A/01 */
	TGT_UA_CAPACITY_CHANGED, /* 2A/09 */
	TGT_UA_INQUIRY_CHANGED,	 /* 3F/03 */
	TGT_UA_LUNS_CHANGED,	 /* 3F/0E */
	TGT_UA_COUNT,
};
void tgt_lun_attention(struct tgt_lun *l, enum tgt_ua ua);

#endif

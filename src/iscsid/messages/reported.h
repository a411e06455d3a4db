/*
 * reported - what an engine said, checked and put into structs.
 *
 * An engine reads the network, so it counts as taken over by whoever sits
 * there: every number has bounds, every text is made printable and cut to
 * its place, every name and address must be one.  The bounds
 * stand in words/to_manager.h; docs/engine-protocol.md says what the fields
 * mean.
 */
#ifndef ISCSID_REPORTED_H
#define ISCSID_REPORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/exporters.h"
#include "ctl/msg.h"
#include "wire/addr.h"
#include "wire/lun.h"
#include "wire/name.h"
#include "words/words.h"

#define REPORTED_TEXT 256

enum reported_kind {
#define MESSAGE(name, verb, when, keys) REPORTED_##name,
#include "words/to_manager.h"
	REPORTED_KINDS,
};

struct reported_ready {
	uint32_t version;
	uint32_t serves; /* exporters: set of 1 << number */
	bool pulse;	 /* it shows its loop in the page it was sent */
};

struct reported_log {
	uint32_t level;
	char object[REPORTED_TEXT], text[1024];
};

struct reported_found {
	char name[NAME_SIZE]; /* an iSCSI name, lower case */
	bool has_addr;
	struct addr addr;
};

struct reported_failed {
	char portal[ADDR_TEXT_SIZE];
	char fault[64], reason[REPORTED_TEXT * 2];
	char retry[8]; /* "soon", "rarely", "never" */
};

struct reported_session {
	bool up;
	char portal[ADDR_TEXT_SIZE];
	/* up */
	uint32_t tsih;
	char group[8];	     /* portal group tag */
	uint32_t local_port; /* of its connection; 0: not told */
	char isid[13], alias[REPORTED_TEXT], auth[64];
	char header_digest[16], data_digest[16];
	bool initial_r2t, immediate_data;
	uint32_t max_recv_data, max_xmit_data, first_burst, max_burst;
	uint32_t max_r2t;
	/* down */
	char fault[64], reason[REPORTED_TEXT * 2];
	uint32_t wait; /* ms until the next attempt */
	bool given_up; /* there is no next one */
};

#define REPORTED_NO_NUMBER UINT32_MAX

struct reported_lun {
	uint8_t lun[LUN_LEN];
	uint32_t number; /* or REPORTED_NO_NUMBER */
	bool online;
	char reason[REPORTED_TEXT];
	char vendor[9], model[17], rev[5];
	uint32_t type, ansi;
	bool cdbs; /* no disk, and therefore failed: it takes CDBs */
	uint32_t block_size, physical_size;
	uint64_t blocks;
	bool read_only, rotational, write_cache, fua, discard, zero;
	uint32_t discard_granularity, discard_alignment, optimal_io;
	uint64_t max_discard, max_zero; /* bytes */
	char serial[WORDS_SERIAL], identity[WORDS_IDENTITY];
};

struct reported_waits {
	uint8_t lun[LUN_LEN];
	char reason[REPORTED_TEXT * 4]; /* "": no more */
	uint32_t age;			/* s since it began */
};

struct reported_lun_event { /* vanished, attached, detached, held */
	uint8_t lun[LUN_LEN];
	uint32_t error;			 /* errno */
	char export[EXPORTER_WORD_SIZE]; /* held: its word, "": the implied */
};

struct reported_switched {
	char portal[ADDR_TEXT_SIZE];
	uint32_t error; /* errno; 0: it is on its way */
	char reason[REPORTED_TEXT];
};

struct reported_resolve {
	char host[ADDR_HOST_SIZE]; /* a name, not a number */
	uint32_t port;		   /* 1 to 65535 */
};

struct reported_has {
	char name[NAME_SIZE]; /* an iSCSI name, lower case */
	char group[8];	      /* of all writes that may run yet, or "" */
	uint32_t age;	      /* s since its session came up, or went down */
};

struct reported_fence {	    /* docs/ghost-writes.md */
	char reinstates[8]; /* "yes", "no" or "unknown" */
	uint32_t reinstates_ms;
	uint32_t holds;	      /* disks that wait for the end of an old nexus */
	char group[8];	      /* where that is, or "" */
	uint32_t since, left; /* ms: they waited, and will at most */
};

struct reported_moved {		  /* redirected has no from, nor a discovery */
	struct addr from, portal; /* numeric */
};

struct reported {
	enum reported_kind kind;
	uint64_t id; /* 0 for those that have none */
	union {
		struct reported_ready ready;
		struct reported_log log;
		struct reported_found found;
		struct reported_failed failed;
		struct reported_session session;
		struct reported_lun lun;
		struct reported_waits waits;
		struct reported_lun_event event;
		struct reported_switched switched;
		struct reported_resolve resolve;
		struct reported_has has;
		struct reported_fence fence;
		struct reported_moved moved;
		uint32_t count; /* discovered, luns, adopted */
		char group[8];	/* settled */
		bool doubt;	/* removed: writes may still arrive */
	};
};

/*
 * Returns 0, -ENOENT (an unknown verb: skip it) or -EBADMSG (a field is
 * missing or impossible); *wrong then names the field.
 */
int reported_read(const struct msg_in *m, struct reported *out,
		  const char **wrong);

/* May an engine say it now?  when: one of enum word_when_manager. */
bool reported_is_due(enum reported_kind kind, unsigned when);

/* "yes", "no" or "unknown"? */
bool reported_is_seen(const char *word);

/* A LUN as an engine would say it: reported_read() makes the same of it. */
void reported_put_lun(struct msg_out *m, uint64_t id,
		      const struct reported_lun *l);

/* How it was, for the engine that serves it on: all but its identity. */
void reported_put_past(struct msg_out *m, const struct reported_lun *l);

#endif

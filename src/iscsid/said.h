/*
 * said - what an engine said, checked and put into structs.
 *
 * An engine reads the network, so it counts as taken over by whoever sits
 * there: every number has bounds, every text is made printable and cut to
 * its place, every name and address must be one.  docs/engine-protocol.md
 * says what the fields mean.
 */
#ifndef ISCSID_SAID_H
#define ISCSID_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/msg.h"
#include "wire/addr.h"
#include "wire/lun.h"
#include "wire/name.h"

#define SAID_TEXT 256

enum said_kind {
	SAID_READY,
	SAID_LOG,
	SAID_FOUND,
	SAID_DISCOVERED,
	SAID_ENDED,
	SAID_FAILED,
	SAID_SESSION,
	SAID_SETTLED,
	SAID_FENCE,
	SAID_LUN,
	SAID_WAITS,
	SAID_VANISHED,
	SAID_ATTACHED,
	SAID_DETACHED,
	SAID_LUNS,
	SAID_SWITCHED,
	SAID_REMOVED,
	SAID_RESOLVE,
	SAID_HAS,
	SAID_HELD,
	SAID_ADOPTED,
	SAID_PONG,
	SAID_REDIRECTED,
	SAID_MOVED,
	SAID_ERROR,
	SAID_KINDS,
};

struct said_ready {
	uint32_t version;
	bool ublk;  /* it can serve ublk devices */
	bool pulse; /* it shows its loop in the page it was sent */
};

struct said_log {
	uint32_t level;
	char object[SAID_TEXT], text[1024];
};

struct said_found {
	char name[NAME_SIZE]; /* an iSCSI name, lower case */
	bool has_addr;
	struct addr addr;
};

struct said_failed {
	char portal[ADDR_TEXT_SIZE];
	char fault[64], reason[SAID_TEXT * 2];
	char retry[8]; /* "soon", "rarely", "never" */
};

struct said_session {
	bool up;
	char portal[ADDR_TEXT_SIZE];
	/* up */
	uint32_t tsih;
	char group[8];	     /* portal group tag */
	uint32_t local_port; /* of its connection; 0: not told */
	char isid[13], alias[SAID_TEXT], auth[64];
	char header_digest[16], data_digest[16];
	bool initial_r2t, immediate_data;
	uint32_t max_recv_data, max_xmit_data, first_burst, max_burst;
	uint32_t max_r2t;
	/* down */
	char fault[64], reason[SAID_TEXT * 2];
	uint32_t wait; /* ms until the next attempt */
	bool given_up; /* there is no next one */
};

#define SAID_NO_NUMBER UINT32_MAX

struct said_lun {
	uint8_t lun[LUN_LEN];
	uint32_t number; /* or SAID_NO_NUMBER */
	bool online;
	char reason[SAID_TEXT];
	char vendor[9], model[17], rev[5];
	uint32_t type, ansi;
	uint32_t block_size, physical_size;
	uint64_t blocks;
	bool read_only, rotational, write_cache, fua, discard, zero;
	uint32_t discard_granularity, discard_alignment, optimal_io;
	uint64_t max_discard, max_zero; /* bytes */
	char serial[128], identity[300];
};

struct said_waits {
	uint8_t lun[LUN_LEN];
	char reason[SAID_TEXT * 4]; /* "": no more */
	uint32_t age;		    /* s since it began */
};

struct said_lun_event { /* vanished, attached, detached, held */
	uint8_t lun[LUN_LEN];
	uint32_t error; /* errno */
	char export[8]; /* held: "ublk", or "" for FUSE */
};

struct said_switched {
	char portal[ADDR_TEXT_SIZE];
	uint32_t error; /* errno; 0: it is on its way */
	char reason[SAID_TEXT];
};

struct said_resolve {
	char host[ADDR_HOST_SIZE]; /* a name, not a number */
	uint32_t port;		   /* 1 to 65535 */
};

struct said_has {
	char name[NAME_SIZE]; /* an iSCSI name, lower case */
	char group[8];	      /* of all writes that may run yet, or "" */
	uint32_t age;	      /* s since its session came up, or went down */
};

#define SAID_REINSTATES_MS 10000 /* an engine watches for a second */

struct said_fence {	    /* docs/ghost-writes.md */
	char reinstates[8]; /* "yes", "no" or "unknown" */
	uint32_t reinstates_ms;
	uint32_t holds;	      /* disks that wait for the end of an old nexus */
	char group[8];	      /* where that is, or "" */
	uint32_t since, left; /* ms: they waited, and will at most */
};

struct said_moved {		  /* redirected has no from, nor a discovery */
	struct addr from, portal; /* numeric */
};

struct said {
	enum said_kind kind;
	uint64_t id; /* 0 for those that have none */
	union {
		struct said_ready ready;
		struct said_log log;
		struct said_found found;
		struct said_failed failed;
		struct said_session session;
		struct said_lun lun;
		struct said_waits waits;
		struct said_lun_event event;
		struct said_switched switched;
		struct said_resolve resolve;
		struct said_has has;
		struct said_fence fence;
		struct said_moved moved;
		uint32_t count; /* discovered, luns, adopted */
		char group[8];	/* settled */
		bool doubt;	/* removed: writes may still arrive */
	};
};

/*
 * Returns 0, -ENOENT (an unknown verb: skip it) or -EBADMSG (a field is
 * missing or impossible); *wrong then names the field.
 */
int said_read(const struct msg_in *m, struct said *out, const char **wrong);

/* "yes", "no" or "unknown"? */
bool said_is_seen(const char *word);

/* A LUN as an engine would say it: said_read() makes the same of it. */
void said_put_lun(struct msg_out *m, uint64_t id, const struct said_lun *l);

/* How it was, for the engine that serves it on: all but its identity. */
void said_put_past(struct msg_out *m, const struct said_lun *l);

#endif

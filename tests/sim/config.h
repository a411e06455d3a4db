/*
 * config - what a run is like: the targets, the settings, the faults.
 *
 * Drawn from the dice by config_draw(), or set by who plays a script.
 */
#ifndef SIM_CONFIG_H
#define SIM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "target/duty.h"
#include "target/params.h"

#define MAX_BOXES    2
#define MAX_PORTALS  4
#define MAX_LUNS     3
#define DIGEST_WORDS 4
#define FOR_EVER     UINT32_MAX

struct config {
	/* targets */
	unsigned boxes, portals, groups, luns;
	uint32_t block_size, blocks, max_blocks;
	bool write_cache, thin;
	uint32_t max_transfer; /* bytes; 0: no limit */
	uint32_t depth;
	struct tgt_params wishes;
	uint32_t ping_every; /* ms; 0: the target never asks */
	bool split_status, no_residual;
	uint32_t r2t_size;
	uint32_t no_tmf; /* bit f: it refuses task management function f */
	struct tgt_duties duties;

	/* the driver's settings, in its units; see docs/engine-protocol.md */
	const char *header_digest, *data_digest;
	bool initial_r2t, immediate_data, failover;
	uint32_t max_recv, first_burst, max_burst;
	uint32_t login_timeout, active_timeout, idle_timeout, ping_timeout;
	uint32_t abort_timeout, reset_timeout;
	uint32_t connfail_timeout, disk_timeout;
	uint32_t task_timeout;	/* 0: the driver's own; FOR_EVER */
	bool knows_groups;	/* the discovery told the portal group tags */
	uint32_t fence_timeout; /* ms that late bytes take at most */
	bool reserve;		/* LUNs are not shared with other hosts */
	const char *reinstatement; /* "see", "yes" or "no" */

	/* the network */
	uint64_t latency, jitter; /* us */
	uint32_t window;	  /* bytes of a connection in the network */
	uint32_t late;	     /* of 1000 reset connections: bytes come late */
	bool beyond;	     /* ... even later than fence_timeout */
	bool nat;	     /* the target does not see our ports */
	bool linger_refused; /* no close is a reset */
	bool bind_refused;
	uint64_t stall_gap;  /* us between queues that stand still; 0: none */
	uint64_t stall_most; /* us */

	/* the user */
	unsigned threads;	 /* of each disk */
	uint32_t think;		 /* us between requests, at most */
	uint32_t request_blocks; /* of a request, at most */
	uint32_t overlap;	 /* of 1000 writes, to the same few blocks */
	uint32_t zeroing;	 /* of 100 requests, when the disk is thin */

	/* the faults */
	bool themed;	       /* it is about one thing */
	uint64_t duration;     /* us of faults; then all is well */
	uint64_t mean_gap;     /* us between faults */
	uint64_t kinds;	       /* bit i: fault i may happen */
	uint32_t slow_least;   /* ms that a slow command takes */
	uint32_t kill_at_move; /* engines of 1000 sessions that changed the
				  group */
	uint32_t pdu_rate;     /* PDUs of a million that something happens to */
	uint32_t cmd_rate;     /* ... and commands */
	uint64_t pdu_kinds;    /* bit i: PDU fault i may happen */

	/* the troubles of the manager */
	uint64_t troubles;		 /* bit i: trouble i may happen */
	uint64_t trouble_gap;		 /* us between them; 0: none */
	uint32_t steps_fail, steps_slow; /* of 1000 */
	uint64_t leaves_for; /* us: the end comes amid faults, by force then */
};

extern struct config config;

/* A calm world: one target, one portal, one disk, no faults. */
void config_calm(void);
void config_draw(void);
/* fence.c: of networks and targets that make it hard to know what is over. */
void fence_draw(void);
/* False: no such setting, or value. */
bool config_set(const char *name, const char *value);
void config_describe(void);

#endif

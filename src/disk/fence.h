/*
 * fence - keeping late writes of an old nexus away from newer ones; for this
 * folder only (docs/ghost-writes.md).
 *
 * One machine a disk.  While it is not in CLEAR the disk sends no request.
 * tests/model/fence.pml has the same states, events and rows.
 */
#ifndef DISK_FENCE_H
#define DISK_FENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "disk/pause.h"
#include "proto/cmd.h"
#include "proto/session.h"

struct disk;
struct fsm;

enum fence_state {
	FENCE_CLEAR,   /* nothing of ours runs that we do not wait for */
	FENCE_OPEN,    /* the old nexus may still deliver; no session */
	FENCE_ENDED,   /* it does not, but its writes may run; no session */
	FENCE_HOLD,    /* a session stands beside the old nexus */
	FENCE_SETTLE,  /* the target is closing the old nexus */
	FENCE_DRAIN,   /* no command: does the LUN honour ORDERED? */
	FENCE_RESET,   /* LUN RESET is out */
	FENCE_BARRIER, /* an ORDERED command is out */
	FENCE_STATES
};

enum fence_event {
	FENCE_EV_WRITE_LOST,  /* one that may have left, with its nexus */
	FENCE_EV_WRITE_ENDED, /* by task management, in the nexus that stands */
	FENCE_EV_UP_SAME,     /* a session by which the old nexus ended */
	FENCE_EV_UP_BESIDE,   /* any other */
	FENCE_EV_DOWN,
	FENCE_EV_OLD_ENDED, /* logged out of, or reinstated elsewhere */
	FENCE_EV_WAITED,    /* the time within which the network delivers */
	FENCE_EV_RESERVED,  /* the old nexus may write no more: reserve.h */
	FENCE_EV_SETTLED,
	FENCE_EV_ORDERS,
	FENCE_EV_REORDERS,
	FENCE_EV_CLEARED, /* LUN RESET is complete */
	FENCE_EV_DRAINED, /* the ORDERED command is answered */
	FENCE_EVENTS
};
extern const struct fsm fence_fsm;

enum fence_by { /* the ORDERED command */
	BY_SYNCHRONIZE,
	BY_READ, /* where the other is refused */
};

struct fence {
	uint8_t state;
	int64_t place;	/* of the old nexus */
	uint64_t nexus; /* its number, 0: of an owner before us */
	uint64_t since; /* ms: nothing of ours left later; UINT64_MAX: see down
			 */
	bool reorders;	/* seen: ORDERED is not honoured here */
	uint8_t by;
	bool out, answered; /* the ORDERED command */
	bool was_reset;	    /* the LUN, before it */
	bool ended; /* a write of this nexus, and no barrier was behind it */
	bool stale; /* its answer says too little: once more */
	uint32_t tries;
	struct pause pause; /* SETTLE; BARRIER: until the next try */
	struct clear_req clear;
	struct cmd cmd;
	uint8_t block[4096]; /* what BY_READ reads */
};

/* A write came back, whose nexus is lost; or whose end was a function. */
void fence_write_lost(struct disk *d);
void fence_write_ended(struct disk *d);
/* Is the wait over?  To be asked before a session stands, and by the clock. */
void fence_check_wait(struct disk *d);
/* The session stands, at d->place; or is gone. */
void fence_up(struct disk *d);
void fence_down(struct disk *d);

/*
 * A request met a reservation.  True: it is looked into, once in a nexus, and
 * the request waits for that.
 */
bool fence_conflict(struct disk *d);

bool fence_is_clear(const struct disk *d);
/* No command of the fence is with the session. */
bool fence_is_idle(const struct disk *d);
void fence_run(struct disk *d);
void fence_tick(struct disk *d);
uint64_t fence_wake(const struct disk *d);
/* ms: the network delivers nothing of the old nexus later; or UINT64_MAX. */
uint64_t fence_waited_at(const struct disk *d);

#endif

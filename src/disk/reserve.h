/*
 * reserve - a persistent reservation that keeps late writes of an old nexus
 * out (SPC-4 5.12); for this folder only, and a part of the fence.
 *
 * Where the rules allow it (fence_rules.reserve) this nexus registers a key
 * and reserves "Write Exclusive - Registrants Only": the old nexus, which is
 * another and has no key, can write no more.  It is given back once the old
 * nexus is over.  A nexus that is lost leaves its key behind: the next one, of
 * this engine or another, takes it over before anything else is sent.
 */
#ifndef DISK_RESERVE_H
#define DISK_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "disk/pause.h"
#include "proto/cmd.h"
#include "scsi/reservation.h"

#define RESERVE_KEYS 64 /* more are other people's */

struct disk;
struct fsm;

enum reserve_state {
	RESERVE_IDLE,	   /* this nexus has not looked */
	RESERVE_KEYS_READ, /* whose keys are there? */
	RESERVE_HOLDER,	   /* who reserved it? */
	RESERVE_LATER,	   /* the key that is there has to stay for now */
	RESERVE_REGISTER,  /* a key of ours for this nexus */
	RESERVE_PREEMPT,   /* ... instead of one of ours before */
	RESERVE_RESERVE,   /* late writes are out when this is answered */
	RESERVE_HELD,
	RESERVE_RELEASE,
	RESERVE_UNREGISTER,
	RESERVE_OVER, /* nothing more in this nexus */
	RESERVE_STATES
};

enum reserve_event {
	RESERVE_EV_WANTED,
	RESERVE_EV_GOOD,
	RESERVE_EV_OURS,    /* ... and a key of ours is left to preempt */
	RESERVE_EV_LATER,   /* ... which keeps somebody out who is as we are */
	RESERVE_EV_NOTHING, /* there is nothing to take over */
	RESERVE_EV_FOREIGN, /* others use reservations */
	RESERVE_EV_REFUSED,
	RESERVE_EV_EXPIRED, /* the old nexus is over */
	RESERVE_EV_DOWN,
	RESERVE_EVENTS
};
extern const struct fsm reserve_fsm;

struct reserve {
	uint8_t state;
	bool out, answered;
	bool unable; /* seen: the target has no reservations */
	bool left;   /* a key of ours may be there, of no nexus that stands */
	bool inherited; /* ... and what it keeps out an owner before us knew */
	bool conflict;	/* a conflict was looked into, in this nexus */
	bool told;	/* that it cannot be given back */
	bool ours;	/* a key of ours was there before */
	bool alone;	/* held, and no other old nexus is kept out by it */
	uint32_t tries;
	uint16_t last; /* counter of the last key */
	uint64_t key;  /* of this nexus */
	/*
	 * ms: so long only a reservation keeps writes of an old nexus away; 0:
	 * no such nexus.
	 */
	uint64_t until;
	int64_t place; /* where the last key was made */
	size_t at;     /* index of the key that is looked at */
	struct pr_keys found;
	struct pause pause;
	struct cmd cmd;
	uint8_t keys[PR_HEADER + RESERVE_KEYS * PR_KEY_LEN];
	uint8_t buf[PR_RESERVATION_LEN]; /* all other data, either way */
};

void reserve_up(struct disk *d);
void reserve_down(struct disk *d);
void reserve_run(struct disk *d);
void reserve_tick(struct disk *d);
uint64_t reserve_wake(const struct disk *d);

/* No command of it is with the session. */
bool reserve_is_idle(const struct disk *d);
/* It keeps writes of the old nexus out, and no other nexus is in question. */
bool reserve_passes(const struct disk *d);
/* Nothing may be sent yet, not even the barrier. */
bool reserve_blocks(const struct disk *d);
/* This nexus has, or may have, a key at the target. */
bool reserve_has_key(const struct disk *d);
/*
 * RESERVATION CONFLICT for a request: is it worth a look at the keys?  True
 * once in a nexus; then it is looked at, and the request is to wait.
 */
bool reserve_conflict(struct disk *d);

#endif

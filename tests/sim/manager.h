/*
 * manager - plays iscsid: speaks docs/engine-protocol.md with the engine,
 * keeps the devices' handles, and starts another engine when one dies.
 */
#ifndef SIM_MANAGER_H
#define SIM_MANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "box.h"
#include "ctl/msg.h"
#include "device.h"

/* One disk as the manager knows it. */
struct held {
	struct box *box;
	unsigned lun;
	struct device *device; /* NULL: never seen online */
	bool attached;	       /* by the present engine */
	bool asked;	       /* to attach it */
	bool vanished;	       /* not listed any more, and on its way out */
	bool gone;	       /* let go of for good, or failed */
	char identity[304];
	char past[400];	      /* how it was, for the next engine */
	uint64_t waits_since; /* us: the engine says that it waits; or 0 */
	uint64_t waited_until;
	uint64_t blocks;      /* of 512 bytes */
	uint64_t attached_at; /* us; the first time */
};

extern struct held held[MAX_BOXES][MAX_LUNS];

/* A script's: is called with each line of the log; NULL: nobody is. */
extern void (*manager_log)(const char *object, const char *text);

void manager_init(void);
/* kill -9 of the engine; the next starts after us. */
void manager_kill_engine(uint64_t us);
/* One that answered the greeting. */
bool manager_has_engine(void);
/* Since when the session is up, or down; us. */
/* How long the session is away, or was until just now; us. */
uint64_t manager_down_for(const struct box *b);
/* held.c: what an engine that replaces a dead one is told of a disk. */
void held_keep_past(struct held *h, const struct msg_in *m);
void held_hear_waits(struct held *h, const struct msg_in *m);
/* Does the engine say that it waits for an answer, for so long? */
bool held_waits_for(const struct held *h, uint64_t us);

/* A message to the engine, as it is. */
void manager_say(const char *text);
/* The orderly end: detach all, remove all, quit. */
void manager_leave(void);
/* The engine ended by itself, after quit. */
bool manager_is_over(void);
/* Frees it; nothing of its memory may be left. */
void manager_bury(void);
/* Reads nothing of what the engine says for so long. */
void manager_deaf(uint64_t us);

#endif

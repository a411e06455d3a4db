/*
 * host - the machine that the driver runs on: the manager's core as it is, the
 * engine as it is, and what is between them; both may die at any moment.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "box.h"
#include "ctl/msg.h"
#include "kdev.h"

/* One disk, as the world sees it. */
struct held {
	struct box *box;
	unsigned lun;
	struct kdev *device;  /* NULL: it has no block device */
	bool attached;	      /* by the present engine */
	bool gone;	      /* let go of by itself, or failed */
	bool named;	      /* an engine told who it is */
	uint64_t waits_since; /* us: the engine says that it waits; or 0 */
	uint64_t waited_until;
	uint64_t blocks; /* of 512 bytes */
};

extern struct held held[MAX_BOXES][MAX_LUNS];

/* A script's: is called with each line of the log; NULL: nobody is. */
extern void (*host_log)(const char *object, const char *text);

void host_init(void);
/* kill -9 of the engine. */
void host_kill_engine(void);
/* Of the manager; the next starts after us. */
void host_kill_manager(uint64_t us);
/* A script's: whatever it is at. */
void host_kill_manager_now(uint64_t us);
/* Another version of both takes over. */
void host_upgrade(void);
/* An engine runs that answered the greeting, and a manager that has it. */
bool host_has_engine(void);
/* Its links are there: programs find the disk. */
bool host_is_online(const struct held *h);
/* Was the engine there before the last upgrade, which replaces it? */
bool host_is_outdated(void);
/* How long the session is away, or was until just now; us. */
uint64_t host_down_for(const struct box *b);
/* Did nobody hear so lately what engines say, that it is not known? */
bool host_is_deaf(uint64_t us);
/* The id that its target has for engines; 0: none. */
uint64_t host_id_of(const struct box *b);
/* The engine says so, or somebody who took it over. */
void host_lie(const struct msg_out *m);
/* Reads nothing of what the engine says for so long. */
void host_deaf(uint64_t us);
/* No process can be started for so long. */
void host_starve(uint64_t us);
/* Nobody is killed who is not yet. */
void host_spare(void);
void host_reload(void);
void host_rescan(void);
void host_switch(const struct box *b, const struct path *p);
/* A manager that has taken over what there is: before, it heeds nobody. */
bool host_runs(void);
/* The orderly end, of all: it waits for users. */
void host_leave(void);
/* It does not any more: what they asked for may fail. */
void host_force(void);
bool host_is_forced(void);
bool host_is_over(void);
/* Frees it; nothing of its memory may be left. */
void host_bury(void);

/* The manager's code runs between these. */
void host_enter(void);
void host_leave_core(void);

/* held.c: does the engine say that it waits for an answer, for so long? */
void held_hear_waits(struct held *h, const struct msg_in *m);
bool held_waits_for(const struct held *h, uint64_t us);
/* A line of its log; that it did not understand. */
void held_hear_log(const struct msg_in *m);
void held_hear_error(const struct msg_in *m);

#endif

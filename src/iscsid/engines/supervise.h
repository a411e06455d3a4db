/*
 * supervise - the engine processes: started, watched, replaced, ended.
 *
 * Knows engines, not what they serve: what one said goes on to the owner once
 * it is checked (iscsid/messages/reported.h).  Processes and sockets are the
 * outside's (iscsid/host/outside.h).  An
 * engine that dies, hangs, is silent at its start, talks garbage or does not
 * read is ended and replaced, with a back-off.  One that outlived a manager
 * before us is adopted with all it has.
 */
#ifndef ISCSID_SUPERVISE_H
#define ISCSID_SUPERVISE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/fsm.h"
#include "ctl/msg.h"
#include "io/timer.h"
#include "iscsid/daemon/options.h"
#include "iscsid/engines/pauses.h"
#include "iscsid/messages/reported.h"
#include "iscsid/engines/vigil.h"

#define ENGINE_VERSION	  1
#define ENGINE_QUIT_IN	  10000 /* ms to end after "quit" */
#define ENGINE_END_IN	  1000	/* ms to end after SIGKILL */
#define ENGINE_HELD_AFTER 5000	/* ms: the kernel holds it, which is said */
#define ENGINE_QUEUE	  (8u << 20) /* bytes it has not read yet */
#define ENGINE_MAX_WRONG  100	     /* faulty messages in its life */
#define ENGINE_LOG_LINES  200	     /* lines it may log in 10 s */
#define ENGINE_LIVED_LONG 10000	     /* ms ready: a new count of deaths */

enum engine_state {
	ENGINE_DOWN, /* waits for its turn to start */
	ENGINE_STARTING,
	ENGINE_ADOPTING, /* tells what it has */
	ENGINE_READY,
	ENGINE_KILLED,	 /* misbehaved; its end is awaited */
	ENGINE_QUITTING, /* asked to end */
	ENGINE_GONE,
	ENGINE_STATES
};

enum engine_event {
	ENGINE_SPAWN,
	ENGINE_FOUND,
	ENGINE_SAID_READY,
	ENGINE_SAID_ADOPTED,
	ENGINE_MISBEHAVED,
	ENGINE_RENEW,
	ENGINE_EXITED,
	ENGINE_QUIT,
	ENGINE_LATE,
	ENGINE_EVENTS
};

extern const struct fsm engine_fsm;

struct engine_process;

struct engine_process_ops {
	void (*ready)(void *ctx, struct engine_process *e);
	/* Everything it had is gone; another takes its place later. */
	void (*lost)(void *ctx, struct engine_process *e);
	void (*said)(void *ctx, struct engine_process *e,
		     const struct reported *s);
	/*
	 * An engine that is adopted has this disk, and this is the kernel's
	 * handle; set to -1 by who keeps it.  -1: it is not handed out.
	 */
	void (*held)(void *ctx, struct engine_process *e,
		     const struct reported *s, int *handle);
	void (*gone)(void *ctx,
		     struct engine_process *e); /* after engines_quit() */
	/* Which of these (iscsid/engines/vigil.h) are so? */
	unsigned (*demand)(void *ctx, const struct engine_process *e,
			   unsigned wanted);
};

struct engines {
	/* set by the owner */
	const struct outside *out; /* borrowed */
	const struct engine_process_ops *ops;
	void *ctx;
	uint32_t timeout; /* EngineTimeout, ms; may change */
	/* below: our own */
	struct engine_process *list;
	unsigned count;
	unsigned topics;       /* that lines are wanted of, base/topic.h */
	struct repeat machine; /* lines about this machine, said once */
};

struct engine_process {
	struct engines *all;
	char name[24];	 /* "engine 0", for messages */
	unsigned number; /* its place */
	uint8_t state;
	pid_t pid;	/* set by the outside */
	bool running;	/* the process is not over, */
	bool connected; /* nor is its socket */
	bool adopted;
	bool old, renewing; /* to be renewed; it is, and not ready again */
	uint32_t serves;    /* exporters: set of 1 << number */
	struct io_timer timer;
	uint64_t ready;	 /* since then, ms; 0: never was */
	unsigned deaths; /* in a row */
	unsigned wrong;
	struct vigil vigil; /* from its first word to its end */
	struct budget log_budget, debug_budget; /* the other levels, debug */
	unsigned load; /* targets given to it; the owner's */
};

/*
 * Adopts those that are there, and starts what is missing to count.  Returns
 * 0 or -ENOMEM.
 */
int engines_start(struct engines *es, unsigned count);
/* Each one that was found told all it has, or is gone. */
bool engines_are_adopted(const struct engines *es);

/*
 * The adopted ones are replaced, one after the other, by the program as it is
 * now; what they serve goes on in it.
 */
void engines_renew(struct engines *es);
/* How many of them are not yet, or just being. */
unsigned engines_old(const struct engines *es);

/* False when it is not ready or cannot take it (it is ended then). */
bool engine_tell(struct engine_process *e, const struct msg_out *m, int handle);

/* Their log lines are about these from now on, also of those to come. */
void engines_set_topics(struct engines *es, unsigned mask);

/* Kills one that cannot go on; why is a line for the log, after its name. */
void engine_replace(struct engine_process *e, const char *why);
/* Ends all; gone() is called for each, from the loop. */
void engines_quit(struct engines *es);
bool engines_are_gone(const struct engines *es);
/* Kills what is left, at once. */
void engines_kill(struct engines *es);
/* What it has itself: processes go on. */
void engines_free(struct engines *es);

/* What the outside has to tell. */

/* A message; a handle that came along becomes ours.  -1: none. */
void engine_heard(struct engine_process *e, const struct msg_in *m, int handle);
/* What came is no message. */
void engine_heard_garbage(struct engine_process *e);
/* Nothing comes any more: its end is closed, ours not yet. */
void engine_hung_up(struct engine_process *e);
/* After hang_up(), or the end of both: nothing is left of the socket. */
void engine_disconnected(struct engine_process *e);
/* words: how, "exited with status 1"; well: nothing to tell of. */
void engine_ended(struct engine_process *e, const char *words, bool well);

#endif

/*
 * vigil - one engine is watched: its page, its process, what waits for it.
 *
 * Gathers the facts that iscsid/engines/progress.h judges, and says why an
 * engine that does nothing is left alone.  Ending it is the owner's.
 */
#ifndef ISCSID_VIGIL_H
#define ISCSID_VIGIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "iscsid/engines/progress.h"

/* What the kernel may want of an engine. */
#define DEMAND_IO     1u /* I/O that has not ended */
#define DEMAND_UNREAD 2u /* requests it should have read by now */
#define DEMAND_STEPS  4u /* workers are busy with devices of it */

struct outside;
struct pulse;

struct vigil {
	const struct outside *out; /* borrowed; NULL: never begun */
	const struct pulse *page;  /* NULL: there is none */
	bool shown;		   /* the engine said that it writes there */
	bool heard;		   /* it said something since the last look */
	uint64_t beats, taken;	   /* as they were then */
	uint64_t cpu;		   /* ms it had had, when it fell silent */
	uint64_t suspended;	   /* as of process_suspended() */
	struct progress progress;
};

/* What the owner knows, and the kernel says when it is asked. */
struct vigil_of {
	const struct outside *out;
	const char *name; /* for messages */
	pid_t pid;
	uint32_t timeout; /* ms of silence that are a hang; 0: 20 s */
	bool serves;	  /* it has targets */
	/* Which of these are so? */
	unsigned (*demand)(void *ctx, unsigned wanted);
	void *ctx;
};

enum vigil_next {
	VIGIL_FINE,
	VIGIL_ASK,     /* ping it */
	VIGIL_REPLACE, /* *why says why */
};

/*
 * A new engine, or a new manager for an old one.  Returns the handle of its
 * page, the caller's, to be sent with "hello"; or -1, when it is watched by its
 * words alone.
 */
int vigil_begin(struct vigil *v, const struct outside *out, const char *name);
void vigil_end(struct vigil *v);

/* ms until the next look. */
uint32_t vigil_every(const struct vigil *v, const struct vigil_of *of);
enum vigil_next vigil_look(struct vigil *v, const struct vigil_of *of,
			   uint64_t now, const char **why);

#endif

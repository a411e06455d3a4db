/*
 * redirect - host names that targets redirect to, looked up for the engines.
 *
 * The name comes from the network through an engine: said.h checks that it
 * is one, a worker without privileges looks it up, and an engine that asks
 * too often is told so.  Nothing is kept.
 */
#ifndef ISCSID_REDIRECT_H
#define ISCSID_REDIRECT_H

#include "ctl/msg.h"
#include "iscsid/engines/pauses.h"
#include "iscsid/host/resolve.h"
#include "iscsid/messages/reported.h"
#include "iscsid/host/worker.h"

#define REDIRECT_NAMES	30    /* of one target or source, */
#define REDIRECT_PERIOD 60000 /* in so many ms */

struct engine_process;

struct outside;

struct redirect { /* of one target or source; zero at the start */
	const struct outside *out; /* borrowed */
	struct worker *worker;
	struct engine_process *engine; /* who asked; borrowed */
	uint64_t id;
	struct reported_resolve asked;
	struct budget budget;
};

/*
 * Looks up what s asks for, instead of what it asked before, and tells the
 * engine "resolved".
 */
void redirect_ask(struct redirect *r, const struct outside *out,
		  struct engine_process *e, const struct reported *s);
/* Nobody wants the answer any more. */
void redirect_drop(struct redirect *r);

/*
 * The answer as a message: the addresses that can be reached, or why there
 * is none.  found: NULL when nothing could be looked up, because of why.
 */
void redirect_answer(struct msg_out *m, uint64_t id,
		     const struct reported_resolve *asked, const char *why,
		     const struct resolved *found);

#endif

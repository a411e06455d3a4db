/*
 * lookup - the host name of a redirection, looked up by the manager.
 *
 * The sandbox has no resolver.  One question at a time, with an end; its
 * answer is used once and not kept.
 */
#ifndef ENGINE_LOOKUP_H
#define ENGINE_LOOKUP_H

#include "ctl/msg.h"
#include "engine/core/engine.h"
#include "wire/addr.h"

#define LOOKUP_MAX    4	    /* addresses taken of one name */
#define LOOKUP_WITHIN 40000 /* ms; the manager gives up earlier */

struct lookup {
	struct engine *engine; /* borrowed */
	uint64_t id;	       /* of the target or discovery */
	/* From the loop.  why: NULL, or why there is no address. */
	void (*done)(struct lookup *l, const char *why);
	struct io_timer late;
	bool pending;
	struct addr asked;
	struct addr list[LOOKUP_MAX]; /* numeric, port and tag as asked */
	unsigned count, next;
};

void lookup_init(struct lookup *l, struct engine *e, uint64_t id,
		 void (*done)(struct lookup *l, const char *why));

/*
 * Asks for the addresses of a name; done() follows once.  False when there
 * is no manager to ask.  What was asked before is forgotten.
 */
bool lookup_start(struct lookup *l, const struct addr *name);
/* A "resolved" of the manager; one for another question changes nothing. */
void lookup_answer(struct lookup *l, const struct msg_in *m);
/* The next address that was not tried, or NULL; borrowed. */
const struct addr *lookup_next(struct lookup *l);
/* Forgets question and addresses; done() is not called. */
void lookup_stop(struct lookup *l);

#endif

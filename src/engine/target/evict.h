/*
 * evict - ending an old session from outside its connection: a login to its
 * portal group with the same ISID, through any portal of the group (session
 * reinstatement, RFC 7143 6.3.5), and the logout.
 *
 * For a target whose session stands in another group and whose disks wait for
 * the end of the old one.  There is one in an engine, and targets take turns:
 * its memory is there from the start.
 */
#ifndef ENGINE_EVICT_H
#define ENGINE_EVICT_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct evict;
struct engine_target;

/* NULL on ENOMEM. */
struct evict *evict_new(struct engine *e);
/* Only when no connection of it is open, or the process ends. */
void evict_free(struct evict *v);

/* A connection of it is open; NULL is fine. */
bool evict_is_busy(const struct evict *v);

/* Begins where the target has need of it, and it is free. */
void evict_consider(struct engine_target *t);
/* The target has no session any more, or is on its way out. */
void evict_forget(struct engine_target *t);

#endif

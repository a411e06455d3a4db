/*
 * supervise_internal - what supervise.c and engines.c share.
 */
#ifndef ISCSID_SUPERVISE_INTERNAL_H
#define ISCSID_SUPERVISE_INTERNAL_H

#include "iscsid/engines/supervise.h"

void engine_step(struct engine_process *e, enum engine_event ev);
/* The one in this place. */
void engine_process_init(struct engines *es, unsigned i);
/* Has a manager before us left one there? */
bool engine_find(struct engine_process *e);
void engine_send_topics(struct engine_process *e);
/* Its timer and its page. */
void engine_release(struct engine_process *e);
/* SIGKILL, if it runs. */
void engine_kill(struct engine_process *e);

/* The next of the old ones is replaced, if none is being. */
void engines_renew_next(struct engines *es);

#endif

/*
 * sources - all places where targets come from, as the configuration names
 * them.
 */
#ifndef ISCSID_SOURCES_H
#define ISCSID_SOURCES_H

#include <stdbool.h>
#include <stdint.h>

#include "iscsid/source/source.h"

/*
 * Makes the sources match the configuration: new ones start, known ones
 * are asked again, those that are gone end.  Targets stay.
 */
void sources_load(struct manager *m);
/* What permanent redirections told may be over. */
void sources_forget_moves(struct manager *m);
struct source *source_find(struct manager *m, const struct engine_process *e,
			   uint64_t id);
/* An engine is ready: those that wait for one go on. */
void sources_place(struct manager *m);
void sources_engine_lost(struct manager *m, struct engine_process *e);
/* Every one succeeded or failed at least once. */
bool sources_are_settled(const struct manager *m);
/* Ends every discovery; targets stay. */
void sources_free(struct manager *m);

#endif

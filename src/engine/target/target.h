/*
 * target - one target of the manager: its session, kept up, and its LUNs.
 *
 * Tries the portals in turn until the session stands, and again whenever it
 * is lost, until the manager removes it.
 */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

#include "engine/target/engine_target.h"

struct fsm;

enum engine_target_event {
	ENGINE_TARGET_EV_REMOVE, /* the manager wants its end */
	ENGINE_TARGET_EV_UNUSED, /* no disk is attached */
	ENGINE_TARGET_EV_OVER,	 /* no session or attempt is left */
	ENGINE_TARGET_EV_BURIED, /* ... nor one of the witness */
	ENGINE_TARGET_EVENTS
};

extern const struct fsm engine_target_fsm; /* for the tests */

/* 0 or -errno; s is copied.  The id is not in use. */
int engine_target_start(struct engine *e, const struct settings *s);
/* NULL when there is none. */
struct engine_target *engine_target_find(const struct engine *e, uint64_t id);

/* As luns_attach(). */
int engine_target_attach(struct engine_target *t,
			 const uint8_t lun[static LUN_LEN],
			 const struct lun_attach *a);
/* Logs out and answers "removed"; what is still attached is detached. */
void engine_target_remove(struct engine_target *t);

#endif

/*
 * tell - what a target tells the manager (docs/engine-protocol.md).
 */
#ifndef ENGINE_TELL_H
#define ENGINE_TELL_H

#include "engine/target/engine_target.h"

/* With whether writes of its sessions may still arrive. */
void engine_target_tell_removed(struct engine_target *t);
/* What is known of old sessions, and what disks wait for. */
void engine_target_tell_fence(struct engine_target *t);
void engine_target_tell_up(struct engine_target *t);
/* wait: ms until the next attempt, BACKOFF_NEVER when it is given up. */
void engine_target_tell_down(struct engine_target *t, const struct fault *why,
			     const char *detail, uint32_t wait);
/* It goes to an address that no list had: what are the settings there? */
void engine_target_tell_redirected(struct engine_target *t,
				   const struct addr *to);
/* The session stands where a permanent redirection led. */
void engine_target_tell_moved(struct engine_target *t);
/* For a new manager: "has", its session, its LUNs and their handles. */
void engine_target_tell_all(struct engine_target *t);

/*
 * Something was settled: once no disk is in doubt the manager is told that
 * writes which may still run are in the present portal group, all of them.
 */
void engine_target_settle(struct engine_target *t);

#endif

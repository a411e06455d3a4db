/*
 * fence_rules - what holds for the fences of a target's disks: what was
 * configured, and what was seen.
 */
#ifndef ENGINE_FENCE_RULES_H
#define ENGINE_FENCE_RULES_H

#include "engine/target/engine_target.h"

void engine_target_fence_init(struct engine_target *t);
/* What is known of its fence changed: the manager is told. */
void engine_target_fence_changed(struct engine_target *t);
/* After settings or what was seen changed. */
void engine_target_set_rules(struct engine_target *t);

#endif

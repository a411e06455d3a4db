/*
 * redirect - a target that points elsewhere (RFC 7143 11.13.5).
 */
#ifndef ENGINE_REDIRECT_H
#define ENGINE_REDIRECT_H

#include "engine/target/attempt.h"

void redirect_init(struct engine_target *t);
/* It pointed to this address, or name: the next attempt follows. */
void redirect_follow(struct engine_target *t, const struct addr *to);
/*
 * The attempt went to one of several addresses of a name: whether there is
 * another one, which is where the next attempt goes then.
 */
bool redirect_next_address(struct engine_target *t);

#endif

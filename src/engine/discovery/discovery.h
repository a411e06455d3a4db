/*
 * discovery - one SendTargets exchange (RFC 7143 section 4.3, appendix C).
 *
 * Tries each portal once; whether and when to repeat it is the manager's to
 * say.
 */
#ifndef ENGINE_DISCOVERY_H
#define ENGINE_DISCOVERY_H

#include "engine/core/engine.h"
#include "engine/session/lookup.h"
#include "engine/session/settings.h"

/* 0 or -errno; s is copied.  The id is not in use. */
int discovery_start(struct engine *e, const struct settings *s);
/* "removed" follows; false when there is none with this id. */
bool discovery_remove(struct engine *e, uint64_t id);
/* Of its redirection; NULL when there is none with this id. */
struct lookup *discovery_lookup(const struct engine *e, uint64_t id);

#endif

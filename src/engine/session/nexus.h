/*
 * nexus - a session and the connection it runs over: the initiator's end of
 * an I_T nexus, while it stands or is tried.
 */
#ifndef ENGINE_NEXUS_H
#define ENGINE_NEXUS_H

#include "engine/session/link.h"

struct stages;

struct nexus {
	void *owner; /* borrowed; whom the callbacks concern */
	struct link link;
	struct session *session;
};

/* cfg is borrowed, and may change between attempts.  NULL on ENOMEM. */
struct nexus *nexus_new(struct io_loop *loop, const struct session_config *cfg,
			const struct link_ops *link_ops,
			const struct session_user *user, struct stages *stages);
/* Only while nothing is open; not from a callback of its own. */
void nexus_free(struct nexus *n);

/* Whose link this is; as ctx of a session's callbacks, too. */
struct nexus *nexus_of(void *link);

#endif

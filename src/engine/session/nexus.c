/*
 * nexus - a session and the connection it runs over.
 */
#include "engine/session/nexus.h"

#include <stdlib.h>

#include "base/list.h"

struct nexus *nexus_new(struct io_loop *loop, const struct session_config *cfg,
			const struct link_ops *link_ops,
			const struct session_user *user, struct stages *stages)
{
	const struct session_ops ops = {
		.transport = &link_transport,
		.user = user,
	};
	struct nexus *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->session = session_new(cfg, &ops, &n->link);
	if (!n->session) {
		free(n);
		return NULL;
	}
	session_share(n->session, stages);
	link_init(&n->link, loop, link_ops, n->session);
	return n;
}

void nexus_free(struct nexus *n)
{
	if (!n)
		return;
	link_fini(&n->link);
	session_free(n->session);
	free(n);
}

struct nexus *nexus_of(void *link)
{
	return container_of((struct link *)link, struct nexus, link);
}

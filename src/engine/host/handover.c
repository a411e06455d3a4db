/*
 * handover - what a new manager is told of all that is here.
 */
#include "engine/host/handover.h"

#include "base/list.h"
#include "engine/target/reconfigure.h"
#include "engine/target/tell.h"

void handover(struct engine *e)
{
	struct idmap_node *n = NULL;
	uint64_t count = 0;

	while ((n = idmap_next(&e->targets, n))) {
		struct engine_target *t =
			container_of(n, struct engine_target, node);

		if (!engine_target_is_wanted(t)) /* goes by itself */
			continue;
		engine_target_tell_all(t);
		engine_target_retry(t); /* whose words it should know, too */
		count++;
	}
	msg_u64(engine_begin(e, "adopted"), "count", count);
	engine_post(e);
}

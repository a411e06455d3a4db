/*
 * fence_rules - what holds for the fences of a target's disks: what was
 * configured, and what was seen.
 */
#include "engine/target/fence_rules.h"

#include "base/fnv.h"
#include "base/list.h"
#include "engine/target/evict.h"
#include "engine/target/tell.h"

#define SETTLE_MS 100 /* at least, until an old connection is not read */

/* Of name and ISID: who of our keys at a target are of this port. */
static uint32_t port_hash(const struct session_config *c)
{
	return fnv32(fnv32_str(FNV32, c->initiator_name), c->isid, ISID_LEN);
}

void engine_target_set_rules(struct engine_target *t)
{
	const struct witness *w = &t->witness;
	enum reinstatement r = t->settings.reinstatement;

	t->rules = (struct fence_rules){
		.reinstates = r == REINSTATEMENT_YES ||
			      (r == REINSTATEMENT_SEE &&
			       w->verdict == REINSTATES_YES),
		.settle_ms = SETTLE_MS + 2 * w->ms,
		.wait_ms = t->settings.fence_timeout,
		.resets = t->settings.barrier_resets,
		.reserve = t->settings.fence_reservation,
		.host = port_hash(&t->settings.session),
	};
}

static void on_fence(struct io_op *op, int res)
{
	struct engine_target *t =
		container_of(op, struct engine_target, fence_op);

	evict_consider(t);
	engine_target_tell_fence(t);
}

void engine_target_fence_changed(struct engine_target *t)
{
	io_soon(t->engine->loop, &t->fence_op);
}

void engine_target_fence_init(struct engine_target *t)
{
	t->fence_op.fn = on_fence;
}

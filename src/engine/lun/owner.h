/*
 * owner - what the LUNs of a target know of it, and what they tell it.
 */
#ifndef ENGINE_LUN_OWNER_H
#define ENGINE_LUN_OWNER_H

#include "disk/disk.h"
#include "engine/core/engine.h"
#include "engine/session/settings.h"

struct lun_owner;

/* All come from the loop, and free nothing. */
struct lun_owner_ops {
	/* Something waits for a session now; one thing less does. */
	void (*attached)(struct lun_owner *o);
	void (*detached)(struct lun_owner *o);
	/* A LUN is out of doubt; what its fence waits for is another. */
	void (*settled)(struct lun_owner *o);
	void (*fence)(struct lun_owner *o);
	/* This portal group does not serve a LUN now. */
	void (*elsewhere)(struct lun_owner *o);
	/* Timers and bytes of the session may have changed. */
	void (*wake)(struct lun_owner *o);
};

struct lun_owner { /* all borrowed */
	struct engine *engine;
	const struct settings *settings; /* of the present attempt or session */
	const struct fence_rules *rules;
	const struct lun_owner_ops *ops;
};

#endif

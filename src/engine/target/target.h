/*
 * target - one target of the manager: its session, kept up, and its LUNs.
 *
 * Tries the portals in turn until the session stands, and again whenever it
 * is lost, until the manager removes it.
 */
#ifndef ENGINE_TARGET_H
#define ENGINE_TARGET_H

#include "disk/disk.h"
#include "engine/session/backoff.h"
#include "engine/core/engine.h"
#include "engine/target/evict.h"
#include "engine/target/hopeless.h"
#include "engine/session/lookup.h"
#include "engine/lun/luns.h"
#include "engine/session/nexus.h"
#include "engine/target/portal_settings.h"
#include "engine/target/portals.h"
#include "engine/session/settings.h"
#include "engine/target/witness.h"

/*
 * A kernel before 6.5 sends its SYNs after 0, 1, 3, 7 s: a new connection
 * finds a target that came back, or a path, sooner.
 */
#define TARGET_CONNECT_MS 2500

struct engine_target {
	struct idmap_node node;
	struct engine *engine;	  /* borrowed */
	struct settings settings; /* of the present attempt or session */
	struct portal_settings by_portal; /* of the next ones, by portal */
	struct nexus *nexus;		  /* the present one, or the next */
	struct witness witness;
	struct fence_rules rules;
	bool no_evict;	       /* it ended our own session: see evict.c */
	struct io_op fence_op; /* tells the manager of them, once a turn */
	struct luns luns;
	struct backoff backoff;
	struct hopeless hopeless;
	struct io_timer retry;	/* the next attempt */
	struct io_timer expire; /* connfail-timeout */
	struct io_op end;	/* frees it, outside of all callbacks */
	struct addr at;		/* where the last attempt went, */
	uint64_t began;		/* and when, in ms */
	/*
	 * The connection that was lost, and may be alive at the target: the
	 * next ones to that portal come from its port, twice.
	 */
	struct addr lost_at;
	uint16_t lost_port;
	unsigned lost_tries;
	struct portals portals;
	struct lookup lookup;  /* of a redirection to a name */
	struct portals before; /* the redirection by name */
	int32_t group;	    /* portal group of the last session, -1: none yet */
	bool settled;	    /* the manager knows that no write is elsewhere */
	uint32_t addresses; /* how often a session stood at another one */
	struct addr last;   /* where the last session was */
	unsigned strays;    /* moves from group to group, in a row */
	int32_t old_group;  /* of the session of an engine before, or -1 */
	uint32_t resumes;   /* its disks that are not here yet */
	bool inherits;	    /* any disk may have writes of it */
	bool switching;	    /* the next attempt is wanted at once */
	bool up, ever_up, removing, leaving, ending;
	bool given_up; /* no attempt, until somebody asks for one */
	bool moved;    /* a portal pointed elsewhere for good: */
	struct addr moved_from, moved_to;
	uint64_t born;	     /* ms: the engine before us was dead by then */
	uint64_t up_since;   /* ms */
	uint64_t down_since; /* ms; counts for connfail-timeout */
};

/* 0 or -errno; s is copied.  The id is not in use. */
int engine_target_start(struct engine *e, const struct settings *s);
/* NULL when there is none. */
struct engine_target *engine_target_find(const struct engine *e, uint64_t id);

/*
 * Something was settled: once no disk is in doubt the manager is told that
 * writes which may still run are in the present portal group, all of them.
 */
void engine_target_settle(struct engine_target *t);

/* Logs out and answers "removed"; what is still attached is detached. */
void engine_target_remove(struct engine_target *t);
/*
 * The session moves to this portal.  0 or -errno as portals_ask(), then
 * nothing changes.
 */
int engine_target_switch(struct engine_target *t, const struct addr *portal);
/*
 * A LUN is not to be had by this portal group: the session goes to another,
 * if there is one and it did not just come from there.
 */
void engine_target_elsewhere(struct engine_target *t);
/* Ends a given up state: there is reason to believe in another attempt. */
void engine_target_retry(struct engine_target *t);
/* It has all these settings from the next attempt on. */
void engine_target_change(struct engine_target *t, const struct settings *s);
/* It has these at this portal; its times count at once.  0 or -errno. */
int engine_target_set_at_portal(struct engine_target *t,
				const struct addr *portal,
				const struct settings *s);
/* It has the portals of s from now on. */
void engine_target_set_portals(struct engine_target *t,
			       const struct settings *s);
/* Counts from the loss of the session, also of one lost already. */
void engine_target_set_connfail(struct engine_target *t, uint32_t ms);
/* What a request may take in all. */
void engine_target_set_disk_timeout(struct engine_target *t, uint32_t ms);
/* For a new manager: "has", its session, its LUNs and their handles. */
void engine_target_tell_all(struct engine_target *t);
/* A LUN was detached: a removal that waited for it may go on. */
void engine_target_lun_gone(struct engine_target *t);

/* fence_rules.c */
void engine_target_fence_init(struct engine_target *t);
/* What is known of its fence changed: the manager is told. */
void engine_target_fence_changed(struct engine_target *t);
/* After settings or what was seen changed. */
void engine_target_set_rules(struct engine_target *t);

/* Of target.c, for its helpers reconfigure.c and witness.c. */
bool engine_target_next_portal(struct engine_target *t, bool was_up);
void engine_target_set_expiry(struct engine_target *t);
/* Another nexus of it; NULL on ENOMEM. */
struct nexus *engine_target_nexus(struct engine_target *t);
/* It is for a session's sake: what waits may wait for so long yet. */
void engine_target_bear(struct engine_target *t, uint32_t ms);
/* Connects t->nexus to where t is. */
void engine_target_connect(struct engine_target *t);
/* Nothing of the witness is left. */
void engine_target_buried(struct engine_target *t);

#endif

/*
 * engine_target - what there is of a target: the session, which is kept up, and
 * the LUNs.
 *
 * A struct that the units of this room work on; what can be done with a target
 * is in target.h.
 */
#ifndef ENGINE_ENGINE_TARGET_H
#define ENGINE_ENGINE_TARGET_H

#include "disk/disk.h"
#include "engine/core/engine.h"
#include "engine/lun/luns.h"
#include "engine/session/backoff.h"
#include "engine/session/lookup.h"
#include "engine/session/nexus.h"
#include "engine/session/settings.h"
#include "engine/target/hopeless.h"
#include "engine/target/portal_settings.h"
#include "engine/target/portals.h"

/*
 * A kernel before 6.5 sends its SYNs after 0, 1, 3, 7 s: a new connection
 * finds a target that came back, or a path, sooner.
 */
#define TARGET_CONNECT_MS 2500

/* witness.h says what it is; the table is in witness.c. */
enum witness_state {
	WITNESS_IDLE,	 /* a first session that we ended may be closing */
	WITNESS_SECOND,	 /* the second one is begun */
	WITNESS_ALONE,	 /* ... and the first ended before it stood */
	WITNESS_WATCH,	 /* it stands: does the first end? */
	WITNESS_OUTLIVE, /* it did: did the path, or does the second stay? */
	WITNESS_STATES
};

struct witness {
	uint8_t state; /* enum witness_state */
	enum reinstates verdict;
	uint32_t ms;	     /* YES: so long after the second one stood */
	bool skipped;	     /* what was seen began in the operational stage */
	unsigned tries;	     /* that came to nothing */
	uint64_t stood;	     /* ms: when the second did */
	struct nexus *first; /* until its connection is closed, or NULL */
	struct nexus *dead;  /* to be freed outside of all callbacks */
	struct nexus *spare; /* for the next try, or NULL */
	struct io_timer timer;
	struct io_op bury;
};

/* Whether it has a session, or tries to have one; the table is in attempt.c. */
enum attempt_state {
	ATTEMPT_PAUSED,	  /* the next one begins in a while */
	ATTEMPT_TRYING,	  /* connects and logs in, with witness.h twice */
	ATTEMPT_UP,	  /* the session stands */
	ATTEMPT_ENDED,	  /* what follows is decided in the same turn */
	ATTEMPT_ASKING,	  /* the manager looks a name up */
	ATTEMPT_GIVEN_UP, /* until somebody asks for one */
	ATTEMPT_OVER,	  /* no other follows: the target is on its way out */
	ATTEMPT_STATES
};

/* Whether the manager wants it; the table is in target.c. */
enum engine_target_state {
	ENGINE_TARGET_WANTED,
	ENGINE_TARGET_REMOVING, /* disks that are in use are detached first */
	ENGINE_TARGET_LEAVING,	/* the session or attempt ends */
	ENGINE_TARGET_ENDING,	/* what is left of the witness ends, then it is
				   freed */
	ENGINE_TARGET_STATES
};

struct engine_target;

/* What the units of a target ask of the target itself. */
struct engine_target_ops {
	/* Another nexus of it; NULL on ENOMEM. */
	struct nexus *(*nexus)(struct engine_target *t);
	/* Nothing of the witness is left. */
	void (*buried)(struct engine_target *t);
	/* No attempt is under way, and none follows. */
	void (*over)(struct engine_target *t);
};

/*
 * The booleans are facts that hold in several of the states: what was, what
 * the manager knows, and how the next attempt is to be.
 */
struct engine_target {
	struct idmap_node node;
	uint8_t state;	       /* enum engine_target_state */
	uint8_t attempt;       /* enum attempt_state */
	struct engine *engine; /* borrowed */
	const struct engine_target_ops *ops;
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
	bool switching;	    /* the next attempt is wanted at once */
	bool ever_up;
	bool broken; /* one of its machines was in a state that cannot be */
	bool moved;  /* a portal pointed elsewhere for good: */
	struct addr moved_from, moved_to;
	uint64_t up_since;   /* ms */
	uint64_t down_since; /* ms; counts for connfail-timeout */
};

static inline bool engine_target_is_up(const struct engine_target *t)
{
	return t->attempt == ATTEMPT_UP;
}

/* The manager has not asked for its end. */
static inline bool engine_target_is_wanted(const struct engine_target *t)
{
	return t->state == ENGINE_TARGET_WANTED;
}

/* No disk needs it any more. */
static inline bool engine_target_is_leaving(const struct engine_target *t)
{
	return t->state >= ENGINE_TARGET_LEAVING;
}

/* For their fsm.broken: its disks fail, and the rest of the engine goes on. */
void engine_target_break(struct engine_target *t, const char *what);

#endif

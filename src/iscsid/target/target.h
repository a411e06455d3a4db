/*
 * target - a target with its binding, settings and session.
 *
 * Made when a source finds it for the first time and lives until the stop.
 * Changes of the configuration do not touch it while its session stands; when
 * it is found again and has none, it gets them.  Its session lives in one
 * engine; when that dies, the target is given to the next that is ready.
 */
#ifndef ISCSID_TARGET_H
#define ISCSID_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/fsm.h"
#include "base/list.h"
#include "conf/bindings.h"
#include "conf/isid.h"
#include "conf/settings.h"
#include "iscsid/device/bay.h"
#include "iscsid/engines/pauses.h"
#include "iscsid/target/redirect.h"
#include "iscsid/messages/reported.h"
#include "iscsid/target/portal_list.h"
#include "wire/addr.h"
#include "wire/name.h"
#include "words/words.h"

#define TARGET_PORTALS WORDS_PORTALS

struct manager;
struct engine_process;

enum target_state {
	TARGET_WAITING, /* for an engine */
	TARGET_DOWN,	/* an engine has it, and no session yet */
	TARGET_UP,
	TARGET_GIVEN_UP, /* its engine waits to be told to try again */
	TARGET_REMOVING, /* its engine logs out */
	TARGET_REMOVED,
	TARGET_STATES
};

enum target_event {
	TARGET_PLACED, /* given to an engine */
	TARGET_SAID_UP,
	TARGET_SAID_DOWN,
	TARGET_SAID_GIVEN_UP,
	TARGET_ENGINE_LOST,
	TARGET_TRY_AGAIN,
	TARGET_REMOVE,
	TARGET_SAID_REMOVED,
	TARGET_EVENTS
};

extern const struct fsm target_fsm;

struct target {
	struct list link;
	struct bay bay; /* its devices, and what they know of it */
	char name[NAME_SIZE];
	char key[BINDING_KEY_SIZE]; /* of its binding: iscsid/target/multipath.h
				     */
	char found_by[ADDR_TEXT_SIZE]; /* a DiscoveryAddress; "": static */
	enum conf_multipath multipath; /* as when it was made */
	uint8_t isid[CONF_ISID_LEN];
	struct addr *portals; /* numeric, preferred first; owned */
	unsigned nportals;
	struct conf_settings settings; /* at the first; holds secrets */
	struct portal_list overrides;
	unsigned generation; /* of the configuration they are from */
	bool foreign;	     /* the engine has those of a manager before us */
	bool has_connfail, has_disk_command; /* changed since */
	bool unrecorded;   /* its record could not be written */
	uint8_t state;	   /* enum target_state */
	bool lost_its_way; /* what cannot be came to it; that was said */
	bool scanned;	   /* its LUNs are known, or it failed */
	bool renewing;	   /* an administrator had it look for LUNs */
	/* the session, as the engine told it */
	bool ever_up;
	time_t since;			 /* of the last change */
	struct reported_session session; /* when it was last up */
	/*
	 * Portal group that all writes went to which may run yet, "" when
	 * there may be several: for the next engine (docs/ghost-writes.md).
	 */
	char group[8];
	bool doubted; /* writes of a session may arrive that no disk tells of */
	struct reported_fence fence;	/* as the engine told it last, */
	uint64_t fence_at;		/* and when; ms */
	char reason[REPORTED_TEXT * 2]; /* why it is down */
	bool switching;			/* an answer to "switch" is awaited */
	struct reported_switched switched; /* the newest */
	struct repeat repeat;
	struct redirect redirect;
};

/* What the event is about is so already. */
void target_step(struct target *t, enum target_event ev);

/* What is known of old sessions of it, and what waits for their end. */
struct strbuf;
void target_fence_words(const struct target *t, struct strbuf *sb);

/* What a source knows of a target it found. */
struct target_found {
	const char *name;
	const struct addr *portals; /* numeric */
	size_t nportals;
	const struct conf_section *found_by; /* NULL: stands in the file */
};

/*
 * Takes n finds: makes the targets that are new, gives them bindings (all in
 * one write) and starts their sessions; merges portals into those that are
 * known.
 */
void targets_take(struct manager *m, const struct target_found *found,
		  size_t n);

/*
 * One that a manager before us had, with its engine or, when that died too,
 * NULL: then it waits for another.  NULL on ENOMEM, or when the place on the
 * bus is taken.
 */
struct record_target;
struct target *target_restore(struct manager *m, const struct record_target *h,
			      struct engine_process *e);

/* The target of an id, if it is this engine's; else NULL. */
struct target *target_find(struct manager *m, const struct engine_process *e,
			   uint64_t id);

/* The target whose part this is. */
struct target *target_of(const struct bay *b);

/* How many devices that are up, or on their way, an engine has. */
unsigned devices_of_engine(const struct manager *m,
			   const struct engine_process *e);

/* The target with this binding, or NULL. */
struct target *target_at(struct manager *m, unsigned bus, unsigned number);

void target_said(struct target *t, const struct reported *s);
/* Records of it and of its devices that could not be written. */
void target_record_again(struct target *t);
/* "" or a tag: see struct target. */
void target_set_group(struct target *t, const char *group);
/* False: the engine cannot be told. */
bool target_give_to(struct target *t, struct engine_process *e);
/*
 * After a reload.  No session is about that, so it holds at once, for devices
 * to come.
 */
void target_take_export(struct target *t);
void target_free(struct target *t);

/* Gives targets without an engine to those that are ready. */
void targets_place(struct manager *m);
void targets_engine_lost(struct manager *m, struct engine_process *e);

/* All look for LUNs again, as soon as they have a session. */
void targets_rescan(struct manager *m);

/* Their devices begin to go. */
void targets_drain(struct manager *m, bool force);
bool targets_are_settled(const struct manager *m);
bool targets_have_devices(const struct manager *m);
/* Asks the engines to log out of all. */
void targets_remove(struct manager *m);
bool targets_are_removed(const struct manager *m);
void targets_free(struct manager *m);

/* A configuration was read: what concerns no session is taken from it. */
void targets_reload(struct manager *m);

/* A configuration was read: what redirections told may be over. */
void targets_forget_moves(struct manager *m);

/* Its portals changed: its engine and its record hear of it. */
void target_tell_portals(struct target *t);

/* In a child: secrets are overwritten. */
void targets_forget_secrets(struct manager *m);

#endif

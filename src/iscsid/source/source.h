/*
 * source - where targets come from: a DiscoveryAddress that is asked, or a
 * TargetName section that lists its own addresses.
 *
 * A source looks names up, has an engine ask (SendTargets), looks the
 * answer's names up, and hands everything to targets_take().  What fails is
 * tried again, with the pauses of iscsid/engines/pauses.h, for ever.  The
 * discovery session may stay open in the engine, which then answers again by
 * itself.
 */
#ifndef ISCSID_SOURCE_H
#define ISCSID_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fsm.h"
#include "base/list.h"
#include "conf/isid.h"
#include "io/loop.h"
#include "iscsid/engines/pauses.h"
#include "iscsid/target/redirect.h"
#include "iscsid/host/resolve.h"
#include "iscsid/source/answers.h"
#include "iscsid/source/known_names.h"
#include "iscsid/messages/reported.h"
#include "wire/addr.h"

#define SOURCE_PORTALS	  16	 /* addresses of one DiscoveryAddress */
#define SOURCE_ASK_WITHIN 300000 /* ms for the engine, at the very most */
#define SOURCE_STEADY	  60000	 /* ms a session lives that was no failure */

struct manager;
struct engine_process;

enum source_state {
	SOURCE_NEW,
	SOURCE_RESOLVING, /* its own address */
	SOURCE_PLACING,	  /* waits for an engine */
	SOURCE_ASKING,	  /* an engine is at it */
	SOURCE_NAMING,	  /* looks up what was found */
	SOURCE_WAITING,	  /* after a failure */
	SOURCE_DONE,
	SOURCE_DEAD, /* not configured any more */
	SOURCE_STATES
};

enum source_event {
	SOURCE_ASK,  /* at the start, and at each reload */
	SOURCE_READ, /* a static one: its addresses stand in the file */
	SOURCE_RESOLVED,
	SOURCE_PLACED,
	SOURCE_ANSWERED,
	SOURCE_NAMED,
	SOURCE_FAILED,
	SOURCE_TIMER,
	SOURCE_END,
	SOURCE_EVENTS
};

extern const struct fsm source_fsm;

struct source {
	struct manager *m;
	struct list link;
	uint8_t state;
	bool is_static;
	struct addr addr;		 /* DiscoveryAddress */
	char name[NAME_SIZE];		 /* TargetName of a static one */
	char label[ADDR_TEXT_SIZE + 32]; /* for messages */
	uint16_t index;			 /* of the discovery session's ISID */
	bool configured;		 /* seen in the newest file */
	struct addr portals[SOURCE_PORTALS]; /* numeric */
	unsigned nportals;
	struct addr moved; /* where it was redirected for good; host "": not */
	struct engine_process *engine; /* that asks, and has the session open */
	uint64_t id;		       /* of this attempt */
	bool lasting;	   /* the target proved that it keeps sessions */
	uint64_t answered; /* when this session first answered, ms; or 0 */
	char lost[REPORTED_TEXT]; /* why it ended while names were looked up */
	struct answers answers;
	bool asked_before; /* a later answer: LUNs may have changed, too */
	struct known_names known;
	struct worker *worker; /* that looks names up */
	struct io_timer timer;
	unsigned failures; /* in a row */
	struct repeat repeat;
	struct redirect redirect;
};

/* One that is configured, in no list yet.  NULL: no memory. */
struct source *source_new(struct manager *m);
void source_free(struct source *s);
/* Asks it, or reads it in the file, from the start. */
void source_begin(struct source *s);
/* It is not configured any more. */
void source_end(struct source *s);
/* An engine is ready: one that waits for it goes on. */
void source_place(struct source *s);
void source_engine_lost(struct source *s);
void source_said(struct source *s, const struct reported *said);

#endif

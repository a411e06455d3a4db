/*
 * portals - which portal of a target the next attempt goes to.
 *
 * Pure: no session, no clock.  The rules, in their order:
 *
 * 1. a portal that was asked for (a manual switch, a redirection), and when
 *    that attempt fails the one it came from;
 * 2. with failover off always the same portal;
 * 3. the preferred ones not tried yet, in the order of the list;
 * 4. the others not tried yet: those of the portal group that lost writes may
 *    still run in (docs/ghost-writes.md), then the rest, in the order of the
 *    list;
 * 5. all were tried: again from the first.
 *
 * A success forgets what was tried.  A lost session counts as an attempt that
 * failed, so that the next goes elsewhere.
 */
#ifndef ENGINE_PORTALS_H
#define ENGINE_PORTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/session/settings.h"
#include "wire/addr.h"

struct portals {
	struct addr list[PORTALS_MAX]; /* in order of preference */
	unsigned count;		       /* > 0 */
	unsigned preferred;	       /* the first so many */
	bool failover;
	/* its own */
	uint32_t tried, dead; /* bit i: list[i] */
	unsigned at;	      /* of the present attempt or session */
	int wanted;	      /* index, or -1 */
	int fallback;	      /* index, or -1 */
	bool elsewhere;	      /* the attempt goes to redirect */
	struct addr redirect;
};

/* count: 1 to PORTALS_MAX. */
void portals_init(struct portals *p, const struct addr *list, unsigned count,
		  unsigned preferred, bool failover);

/* The first attempt follows a session in this group, -1: none. */
void portals_follow(struct portals *p, int32_t group);

/* Where the present attempt goes; borrowed until the next call. */
const struct addr *portals_at(const struct portals *p);

/* The session stands. */
void portals_up(struct portals *p);

/*
 * The attempt failed, or the session ended (was_up).  group: portal group to
 * prefer, or -1.  Returns true when all had their turn.
 */
bool portals_next(struct portals *p, bool was_up, int32_t group);

/*
 * The target at the present portal points to another address (RFC 7143
 * 11.13.5): the next attempt goes there.  permanent: the present one is not
 * to be used any more.
 */
void portals_redirect(struct portals *p, const struct addr *to, bool permanent);

/*
 * A manual switch: portals_next() will go there.  Port and group of a are
 * those of the list, see portals_find().  Returns 0; -EPERM: failover is off;
 * -ENOENT: the target has no such portal; -EALREADY: it is in use (only where
 * a session or an attempt is).
 */
int portals_ask(struct portals *p, const struct addr *a);

/* What is under way ends by us: portals_next() goes there once more. */
void portals_stay(struct portals *p);

/*
 * As portals_ask(), to the next portal of another group than this.  -ENOENT:
 * there is none that is known to be of another.
 */
int portals_ask_other_group(struct portals *p, int32_t group);

/*
 * The target has other portals now.  The one in use stays the one in use while
 * it is in the list.  Returns whether it is.
 */
bool portals_change(struct portals *p, const struct addr *list, unsigned count,
		    unsigned preferred);

/* Index of the portal with this host and port, or -1. */
int portals_find(const struct portals *p, const struct addr *a);

#endif

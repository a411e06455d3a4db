/*
 * listing - whether the target lists a LUN.
 *
 * Those in use are left to their disks: the answers of the target to their
 * own commands count for more than a list.  The manager may end the use.
 */
#include "engine/lun/listing.h"

#include <errno.h>

#include "base/fsm.h"

static void act_fail(void *obj, const void *arg)
{
	struct lun *u = obj;

	disk_fail(u->disk, -ENODEV, "the target does not list it any more");
}

static void act_vanish(void *obj, const void *arg)
{
	lun_tell_vanished(obj);
}

static void act_back(void *obj, const void *arg)
{
	lun_tell_back(obj);
}

#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		from, LISTING_EV_##ev, LUN_##to, act, NULL                     \
	}
#define IGNORED(from, ev, why)                                                 \
	{                                                                      \
		from, LISTING_EV_##ev, FSM_IGNORED, NULL, why                  \
	}
#define KNOWN	 IN(LUN_KNOWN)
#define UNLISTED IN(LUN_UNLISTED)
#define VANISHED IN(LUN_VANISHED)
#define GONE	 IN(LUN_GONE)
#define BACK	 IN(LUN_BACK)

static const struct fsm_row rows[] = {
	ROW(VANISHED, LISTED, BACK, act_back),
	ROW(GONE, LISTED, UNLISTED, act_back),
	ROW(KNOWN | BACK, MISSED, VANISHED, act_vanish),
	ROW(UNLISTED, MISSED, GONE, act_vanish),
	ROW(KNOWN | BACK | UNLISTED, UNUSED, UNLISTED, act_fail),
	ROW(VANISHED | GONE, UNUSED, GONE, act_fail),

	IGNORED(KNOWN | BACK, LISTED, "it was there before"),
	IGNORED(UNLISTED, LISTED, "the scan sees whether it is another one"),
	IGNORED(VANISHED | GONE, MISSED, "the manager knows"),
};

static const char *const state_names[] = { "KNOWN", "UNLISTED", "VANISHED",
					   "GONE",  "BACK",	NULL };

static const char *const event_names[] = { "LISTED", "MISSED", "UNUSED", NULL };

/* Who is told that it vanished has been told, or will be, what it is. */
static const char *check(const void *obj)
{
	const struct lun *u = obj;

	if (u->listing == LUN_VANISHED && u->told == LUN_UNTOLD &&
	    !lun_is_attached(u))
		return "nobody knows what vanished";
	return NULL;
}

static void broken(void *obj, const char *what)
{
	lun_break(obj, what);
}

const struct fsm listing_fsm = {
	.name = "engine-listing",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = LUN_LISTINGS,
	.nevents = LISTING_EVENTS,
	.check = check,
	.broken = broken,
};

void listing_step(struct lun *u, enum listing_event ev)
{
	/* A failure of it has been dealt with: lun_break(). */
	(void)fsm_step(&listing_fsm, &u->listing, (uint8_t)ev, u, NULL);
}

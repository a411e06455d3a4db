/*
 * scan - which LUNs a target has (REPORT LUNS, SPC-4 6.33).
 */
#include "engine/lun/scan.h"

#include <errno.h>
#include <string.h>

#include "base/fsm.h"
#include "base/log.h"
#include "base/topic.h"
#include "engine/lun/listing.h"

#define AGAIN	  UINT64_C(1000) /* ms, after a first refusal */
#define DOUBLINGS 5

static const char *name_of(const struct luns *l)
{
	return l->owner.settings->session.target_name;
}

static void step(struct luns *l, enum scan_event ev, const void *arg)
{
	/* A failure of it has been dealt with: scan_broken(). */
	(void)fsm_step(&scan_fsm, &l->scan_state, (uint8_t)ev, l, arg);
}

/* What a scan finds --------------------------------------------------- */

/* A scan counts as over when all it found are probed, too. */
void luns_tell_count(struct luns *l)
{
	struct engine *e = l->owner.engine;
	struct msg_out *m;

	if (!l->counting || l->probing)
		return;
	l->counting = false;
	m = engine_begin(e, "luns");
	msg_u64(m, "id", l->owner.settings->id);
	msg_u64(m, "count", l->map.count);
	engine_post(e);
}

bool lun_is_to_be_new(const struct lun *u)
{
	bool failed_by_scan =
		u->listing == LUN_UNLISTED || u->listing == LUN_GONE;

	return (u->served || failed_by_scan) && !lun_is_attached(u) &&
	       disk_state(u->disk) == DISK_FAILED;
}

/* In use, and failed: it may be the right one that is listed. */
static void look_again(struct luns *l, struct lun *u)
{
	if (lun_is_attached(u))
		disk_listed(u->disk, luns_now(l));
}

/* False: there are too many. */
static bool take_lun(struct luns *l, const uint8_t *lun)
{
	struct lun *u = luns_find(l, lun);
	uint32_t number;
	int err;

	if (lun_number(lun, &number))
		return true; /* none of this target's own, or of several levels
			      */
	if (u && lun_is_to_be_new(u) && lun_is_forgettable(u)) {
		luns_drop(l, u);
		u = NULL;
	} else if (u && lun_is_to_be_new(u)) {
		l->busy = true;
	}
	if (!u) {
		u = luns_add(l, lun, NULL, &err);
		if (!u)
			return false;
		luns_set_place(l, u);
		luns_give_session(l, u, luns_now(l));
	}
	u->listed = true;
	look_again(l, u);
	listing_step(u, LISTING_EV_LISTED);
	return true;
}

static void miss_lun(struct lun *u)
{
	if (lun_is_attached(u))
		listing_step(u, LISTING_EV_MISSED);
	else if (disk_state(u->disk) != DISK_FAILED)
		listing_step(u, LISTING_EV_UNUSED);
}

static void miss_luns(struct luns *l)
{
	struct lun *u = NULL;

	while ((u = luns_next(l, u))) {
		if (!u->listed)
			miss_lun(u);
		u->listed = false;
	}
}

static void take_all(struct luns *l, const uint8_t *found, size_t count)
{
	bool all = true;

	l->busy = false;
	for (size_t i = 0; i < count; i++)
		all &= take_lun(l, found + i * LUN_LEN);
	if (!all)
		log_warn(name_of(l), "has more LUNs than are served (%u)",
			 (unsigned)l->map.count);
	miss_luns(l);
}

static const char *why_not(int err)
{
	return err == -EAGAIN	      ? "it is busy; trying again"
	       : err == -EHOSTUNREACH ? "not by this portal now; trying again"
				      : strerror(-err);
}

static void on_scanned(void *ctx, const uint8_t *found, size_t count, int err)
{
	struct luns *l = ctx;

	if (err == -ENOTCONN) { /* the next session scans again */
		step(l, SCAN_EV_LOST, NULL);
		return;
	}
	if (err) {
		log_warn(name_of(l), "cannot list its LUNs (%s)", why_not(err));
	} else {
		l->refusals = 0;
		take_all(l, found, count);
		l->listed = true;
		l->owner.ops->settled(&l->owner);
	}
	if (topic_is_on(TOPIC_INIT))
		log_debug(name_of(l), "init: %zu LUNs are listed", count);
	l->counting = true;
	luns_tell_count(l);
	if (err == -EAGAIN || err == -EHOSTUNREACH || (!err && l->busy))
		step(l, SCAN_EV_POSTPONED, &err);
	else
		step(l, SCAN_EV_OVER, NULL);
}

/* What must hold ------------------------------------------------------ */

static const char *scan_check(const void *obj)
{
	const struct luns *l = obj;
	bool due = l->scan_at;

	if (due != (l->scan_state == SCAN_LATER))
		return due ? "another is due, too" : "the next is never due";
	if (l->scan_state != SCAN_IDLE && !l->session)
		return "there is no session to ask in";
	return NULL;
}

static void cancel(struct luns *l)
{
	lun_scan_cancel(l->scan);
	l->scan = NULL;
	l->scan_at = 0;
}

/* What is under way counts for nothing, and the target is asked again. */
static void scan_broken(void *obj, const char *what)
{
	struct luns *l = obj;

	log_err(name_of(l), "%s: its LUNs are asked for again", what);
	cancel(l);
	l->scan_state = SCAN_IDLE;
	if (!l->session)
		return;
	l->scan_state = SCAN_LATER;
	l->scan_at = luns_now(l) + (AGAIN << DOUBLINGS);
}

/* Steps --------------------------------------------------------------- */

static void act_start(void *obj, const void *arg)
{
	struct luns *l = obj;

	cancel(l); /* the last one */
	if (topic_is_on(TOPIC_INIT))
		log_debug(name_of(l), "init: asking for the list of LUNs");
	l->scan = lun_scan_start(l->session, on_scanned, l);
	if (!l->scan)
		step(l, SCAN_EV_LOST, NULL);
	l->owner.ops->wake(&l->owner);
}

static void act_once_more(void *obj, const void *arg)
{
	luns_scan(obj);
}

/*
 * A target that is just starting, or serves its LUNs through another portal
 * group now, must not stay without disks until its next session.
 */
static void act_postpone(void *obj, const void *arg)
{
	struct luns *l = obj;
	const int *err = arg;

	l->scan_at = luns_now(l) + (AGAIN << l->refusals);
	if (l->refusals < DOUBLINGS)
		l->refusals++;
	if (*err == -EHOSTUNREACH)
		l->owner.ops->elsewhere(&l->owner);
}

/* The pause is told to the owner, what is wanted need not wait for its end. */
static void act_not_later(void *obj, const void *arg)
{
	act_postpone(obj, arg);
	luns_scan(obj);
}

static void act_cancel(void *obj, const void *arg)
{
	cancel(obj);
}

#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		IN(SCAN_##from), SCAN_EV_##ev, SCAN_##to, act, NULL            \
	}
#define IGNORED(in, ev, why)                                                   \
	{                                                                      \
		IN(SCAN_##in), SCAN_EV_##ev, FSM_IGNORED, NULL, why            \
	}

static const struct fsm_row rows[] = {
	ROW(IDLE, WANTED, ASKING, act_start),
	IGNORED(IDLE, MOOT, "the next session begins with one"),
	IGNORED(IDLE, OVER, "its session went down meanwhile"),
	IGNORED(IDLE, POSTPONED, "its session went down meanwhile"),
	ROW(IDLE, DOWN, IDLE, act_cancel),

	ROW(ASKING, WANTED, TWICE, NULL),
	IGNORED(ASKING, MOOT, "the next session begins with one"),
	ROW(ASKING, OVER, IDLE, NULL),
	ROW(ASKING, POSTPONED, LATER, act_postpone),
	ROW(ASKING, LOST, IDLE, NULL),
	ROW(ASKING, DOWN, IDLE, act_cancel),

	IGNORED(TWICE, WANTED, "it is known"),
	IGNORED(TWICE, MOOT, "the next session begins with one"),
	ROW(TWICE, OVER, IDLE, act_once_more),
	ROW(TWICE, POSTPONED, LATER, act_not_later),
	ROW(TWICE, LOST, IDLE, NULL),
	ROW(TWICE, DOWN, IDLE, act_cancel),

	ROW(LATER, WANTED, ASKING, act_start),
	ROW(LATER, MOOT, IDLE, act_cancel),
	ROW(LATER, DOWN, IDLE, act_cancel),
};

static const char *const state_names[] = { "IDLE", "ASKING", "TWICE", "LATER",
					   NULL };

static const char *const event_names[] = { "WANTED",	"MOOT", "OVER",
					   "POSTPONED", "LOST", "DOWN",
					   NULL };

const struct fsm scan_fsm = {
	.name = "engine-scan",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = SCAN_STATES,
	.nevents = SCAN_EVENTS,
	.check = scan_check,
	.broken = scan_broken,
};

void luns_scan(struct luns *l)
{
	bool up = l->session && session_is_up(l->session);

	step(l, up ? SCAN_EV_WANTED : SCAN_EV_MOOT, NULL);
}

void luns_end_scan(struct luns *l)
{
	step(l, SCAN_EV_DOWN, NULL);
}

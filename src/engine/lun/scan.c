/*
 * scan - which LUNs a target has (REPORT LUNS, SPC-4 6.33).
 */
#include "engine/lun/scan.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/topic.h"
#include "engine/lun/listing.h"

#define SCAN_AGAIN UINT64_C(1000) /* ms, after a first refusal */
#define SCAN_STEPS 5		  /* doublings */

static const char *name_of(const struct luns *l)
{
	return l->owner.settings->session.target_name;
}

void luns_end_scan(struct luns *l)
{
	lun_scan_cancel(l->scan);
	l->scan = NULL;
	l->scanning = false;
}

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

/*
 * A target that is just starting, or serves its LUNs through another portal
 * group now, must not stay without disks until its next session.
 */
static void scan_later(struct luns *l, bool elsewhere)
{
	uint64_t now = luns_now(l);

	l->scan_at = now + (SCAN_AGAIN << l->refusals);
	if (l->refusals < SCAN_STEPS)
		l->refusals++;
	if (elsewhere)
		l->owner.ops->elsewhere(&l->owner);
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
		l->scanning = false;
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
	l->scanning = false;
	if (err == -EAGAIN || err == -EHOSTUNREACH || (!err && l->busy))
		scan_later(l, err == -EHOSTUNREACH);
	if (l->again) {
		l->again = false;
		luns_scan(l);
	}
}

void luns_scan(struct luns *l)
{
	l->scan_at = 0;
	if (!l->session || !session_is_up(l->session))
		return;
	if (l->scanning) {
		l->again = true;
		return;
	}
	luns_end_scan(l); /* the last one */
	l->scanning = true;
	if (topic_is_on(TOPIC_INIT))
		log_debug(name_of(l), "init: asking for the list of LUNs");
	l->scan = lun_scan_start(l->session, on_scanned, l);
	if (!l->scan)
		l->scanning = false;
	l->owner.ops->wake(&l->owner);
}

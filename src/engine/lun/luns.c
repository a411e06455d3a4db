/*
 * luns - scans, and what concerns all LUNs of a target.
 */
#include "engine/lun/luns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/log.h"
#include "base/topic.h"
#include "engine/target/target.h"

#define SCAN_AGAIN UINT64_C(1000) /* ms, after a first refusal */
#define SCAN_STEPS 5		  /* doublings */

static struct lun *of_node(struct idmap_node *n)
{
	return container_of(n, struct lun, node);
}

static struct lun *find(const struct luns *l, const uint8_t lun[static LUN_LEN])
{
	struct idmap_node *n = idmap_get(&l->map, get_be64(lun));

	return n ? of_node(n) : NULL;
}

/* No LUN is freed while this walk is on. */
static struct lun *next(const struct luns *l, struct lun *at)
{
	struct idmap_node *n = idmap_next(&l->map, at ? &at->node : NULL);

	return n ? of_node(n) : NULL;
}

static const char *name_of(const struct luns *l)
{
	return l->target->settings.session.target_name;
}

/* Making and forgetting ------------------------------------------------ */

/*
 * An engine before us may have left writes behind, in its session; who knows
 * where when it is not told.  A scan may find the disk before it is attached.
 */
static void inherit(const struct engine_target *t, struct lun *u)
{
	disk_doubt(u->disk, t->old_group >= 0 ? t->old_group : INT64_MIN,
		   t->born);
}

static struct lun *add(struct luns *l, const uint8_t lun[static LUN_LEN],
		       const char *expect, int *err)
{
	struct lun *u;

	*err = -ENOSPC;
	if (l->map.count >= LUNS_MOST)
		return NULL;
	*err = -ENOMEM;
	u = lun_new(l, lun, expect);
	if (!u)
		return NULL;
	if (idmap_add(&l->map, &u->node, get_be64(lun)) < 0) {
		lun_free(u);
		return NULL;
	}
	*err = 0;
	disk_set_rules(u->disk, &l->target->rules);
	disk_set_limit(u->disk, l->target->settings.disk_timeout,
		       io_now(l->target->engine->loop));
	disk_set_task_limit(u->disk, l->target->settings.task_timeout);
	disk_set_patience(u->disk, l->target->settings.connfail_timeout,
			  io_now(l->target->engine->loop));
	if (l->target->inherits)
		inherit(l->target, u);
	if (l->doubted)
		disk_doubt(u->disk, INT64_MIN, l->doubted_since);
	l->probing++;
	return u;
}

/*
 * A LUN that is forgotten can be found again while late writes to it are on
 * their way.  Which LUN it was does not matter: the wait is a short one.
 */
static void keep_doubt(struct luns *l, const struct lun *u)
{
	uint64_t now = io_now(l->target->engine->loop), since;
	struct fence_view v;

	disk_fence(u->disk, &v);
	if (v.clear)
		return;
	since = v.since < now ? v.since : now;
	if (!l->doubted || since > l->doubted_since)
		l->doubted_since = since;
	l->doubted = true;
}

static void drop(struct luns *l, struct lun *u)
{
	keep_doubt(l, u);
	if (!u->probed)
		l->probing--;
	idmap_del(&l->map, &u->node);
	lun_free(u);
}

static void end_scan(struct luns *l)
{
	lun_scan_cancel(l->scan);
	l->scan = NULL;
	l->scanning = false;
}

void luns_init(struct luns *l, struct engine_target *t)
{
	*l = (struct luns){ .target = t };
	idmap_init(&l->map);
}

void luns_fini(struct luns *l)
{
	struct idmap_node *n;

	end_scan(l);
	while ((n = idmap_next(&l->map, NULL)))
		drop(l, of_node(n));
	idmap_fini(&l->map);
}

/*
 * A portal group is a place: a new session there ends the old one.  Where no
 * group is known each address counts as one.
 */
static int64_t place_of(const struct engine_target *t)
{
	return t->group >= 0 ? t->group : -(int64_t)t->addresses;
}

static void set_place(struct luns *l, struct lun *u)
{
	disk_set_place(u->disk, place_of(l->target));
}

static void nexus_up(struct luns *l, struct lun *u, uint64_t now)
{
	disk_nexus_up(u->disk, l->target->nexus->session, now);
}

/* Scans --------------------------------------------------------------- */

/* A scan counts as over when all it found are probed, too. */
static void tell_luns(struct luns *l)
{
	struct engine *e = l->target->engine;
	struct msg_out *m;

	if (!l->counting || l->probing)
		return;
	l->counting = false;
	m = engine_begin(e, "luns");
	msg_u64(m, "id", l->target->settings.id);
	msg_u64(m, "count", l->map.count);
	engine_post(e);
}

/*
 * Not the disk it was, or gone before it was known, and not in use: another
 * one, then.
 */
static bool is_to_be_new(const struct lun *u)
{
	return (u->served || u->unlisted) && !u->attached &&
	       disk_state(u->disk) == DISK_FAILED;
}

/* In use, and failed: it may be the right one that is listed. */
static void look_again(struct luns *l, struct lun *u)
{
	if (u->attached)
		disk_listed(u->disk, io_now(l->target->engine->loop));
}

/* False: there are too many. */
static bool take_lun(struct luns *l, const uint8_t *lun)
{
	struct lun *u = find(l, lun);
	uint32_t number;
	int err;

	if (lun_number(lun, &number))
		return true; /* none of this target's own, or of several levels
			      */
	if (u && is_to_be_new(u) && lun_is_forgettable(u)) {
		drop(l, u);
		u = NULL;
	} else if (u && is_to_be_new(u)) {
		l->busy = true;
	}
	if (!u) {
		u = add(l, lun, NULL, &err);
		if (!u)
			return false;
		set_place(l, u);
		nexus_up(l, u, io_now(l->target->engine->loop));
	}
	u->listed = true;
	look_again(l, u);
	if (u->missing)
		lun_tell_back(u);
	return true;
}

static void unlist(struct lun *u)
{
	u->unlisted = true;
	disk_fail(u->disk, -ENODEV, "the target does not list it any more");
}

/*
 * Those in use are left to their disks: the answers of the target to their
 * own commands count for more than a list.  The manager may end the use.
 */
static void miss_luns(struct luns *l)
{
	struct lun *u = NULL;

	while ((u = next(l, u))) {
		if (!u->listed && u->attached && !u->missing)
			lun_tell_vanished(u);
		if (!u->listed && !u->attached &&
		    disk_state(u->disk) != DISK_FAILED)
			unlist(u);
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
	uint64_t now = io_now(l->target->engine->loop);

	l->scan_at = now + (SCAN_AGAIN << l->refusals);
	if (l->refusals < SCAN_STEPS)
		l->refusals++;
	if (elsewhere)
		engine_target_elsewhere(l->target);
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
		engine_target_settle(l->target);
	}
	if (topic_is_on(TOPIC_INIT))
		log_debug(name_of(l), "init: %zu LUNs are listed", count);
	l->counting = true;
	tell_luns(l);
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
	struct session *s = l->target->nexus->session;

	l->scan_at = 0;
	if (!session_is_up(s))
		return;
	if (l->scanning) {
		l->again = true;
		return;
	}
	end_scan(l); /* the last one */
	l->scanning = true;
	if (topic_is_on(TOPIC_INIT))
		log_debug(name_of(l), "init: asking for the list of LUNs");
	l->scan = lun_scan_start(s, on_scanned, l);
	if (!l->scan)
		l->scanning = false;
	link_touch(&l->target->nexus->link);
}

void luns_event(struct luns *l, const uint8_t lun[static LUN_LEN],
		const uint8_t *sense, size_t n, uint64_t now)
{
	struct lun *u = find(l, lun);

	if (u)
		disk_event(u->disk, sense, n, now);
	luns_scan(l);
}

void luns_rescan(struct luns *l, uint64_t now)
{
	struct lun *u = NULL;

	while ((u = next(l, u)))
		if (!is_to_be_new(u))
			disk_rescan(u->disk, now);
	luns_scan(l);
}

void luns_probed(struct luns *l)
{
	l->probing--;
	tell_luns(l);
}

/* The session --------------------------------------------------------- */

void luns_up(struct luns *l, uint64_t now)
{
	struct lun *u = NULL;

	l->expired = false;
	while ((u = next(l, u))) /* all, before one of them goes on */
		set_place(l, u);
	while ((u = next(l, u)))
		nexus_up(l, u, now);
	luns_scan(l);
}

bool luns_are_in_doubt(const struct luns *l)
{
	struct lun *u = NULL;

	while ((u = next(l, u)))
		if (disk_is_in_doubt(u->disk))
			return true;
	return false;
}

bool luns_are_clear(const struct luns *l)
{
	struct fence_view v;
	struct lun *u = NULL;

	while ((u = next(l, u))) {
		disk_fence(u->disk, &v);
		if (!v.clear)
			return false;
	}
	return !l->doubted;
}

void luns_fence(const struct luns *l, struct luns_fence *out)
{
	struct fence_view v;
	struct lun *u = NULL;

	*out = (struct luns_fence){ .since = UINT64_MAX };
	while ((u = next(l, u))) {
		disk_fence(u->disk, &v);
		if (!v.holds)
			continue;
		out->holds++;
		out->place = v.place;
		if (v.since < out->since)
			out->since = v.since;
		if (v.until > out->until)
			out->until = v.until;
	}
}

void luns_place_ended(struct luns *l, int64_t place, uint64_t now)
{
	struct lun *u = NULL;

	while ((u = next(l, u)))
		disk_place_ended(u->disk, place, now);
}

static void nexus_down(struct lun *u, bool ended_well, uint64_t now)
{
	disk_nexus_down(u->disk, now);
	if (ended_well)
		disk_nexus_ended(u->disk);
}

void luns_down(struct luns *l, bool ended_well, uint64_t now)
{
	struct lun *u = NULL;

	end_scan(l);
	l->again = false;
	l->scan_at = 0;
	while ((u = next(l, u)))
		nexus_down(u, ended_well, now);
}

void luns_expire(struct luns *l, uint64_t now)
{
	struct lun *u = NULL;

	l->expired = true;
	while ((u = next(l, u)))
		disk_expire(u->disk, -ENOLINK, now);
}

void luns_unexpire(struct luns *l, uint64_t now)
{
	struct lun *u = NULL;

	l->expired = false;
	while ((u = next(l, u)))
		disk_expire(u->disk, 0, now);
}

void luns_set_limit(struct luns *l, uint32_t ms, uint64_t now)
{
	struct lun *u = NULL;

	while ((u = next(l, u)))
		disk_set_limit(u->disk, ms, now);
}

void luns_set_patience(struct luns *l, uint32_t ms, uint64_t now)
{
	struct lun *u = NULL;

	while ((u = next(l, u)))
		disk_set_patience(u->disk, ms, now);
}

void luns_were_reset(struct luns *l, const uint8_t *lun)
{
	struct lun *u = NULL;

	while ((u = next(l, u)))
		if (!lun || !memcmp(disk_lun(u->disk), lun, LUN_LEN))
			disk_was_reset(u->disk);
}

uint64_t luns_next_wake(const struct luns *l)
{
	uint64_t at = l->scan_at ? l->scan_at : UINT64_MAX, wake;
	struct lun *u = NULL;

	while ((u = next(l, u))) {
		wake = disk_next_wake(u->disk);
		if (wake < at)
			at = wake;
	}
	return at;
}

void luns_tick(struct luns *l, uint64_t now)
{
	struct lun *u = NULL;

	if (l->scan_at && l->scan_at <= now)
		luns_scan(l);
	while ((u = next(l, u)))
		if (disk_next_wake(u->disk) <= now)
			disk_tick(u->disk, now);
}

/* The manager --------------------------------------------------------- */

int luns_attach(struct luns *l, const uint8_t lun[static LUN_LEN],
		const struct lun_attach *a)
{
	struct engine_target *t = l->target;
	uint64_t now = io_now(t->engine->loop);
	struct lun *u = find(l, lun);
	int err;

	if (t->removing)
		return -ESHUTDOWN;
	t->resumes -= a->resume && t->resumes;
	if (u) {
		err = lun_attach(u, a);
		engine_target_settle(t);
		return err;
	}
	/* An engine that replaces a dead one hears of it before it sees it. */
	u = add(l, lun, *a->expect ? a->expect : NULL, &err);
	if (!u)
		return err;
	if (a->resume) {
		inherit(t, u);
		t->settled &= t->old_group == t->group;
	}
	set_place(l, u);
	if (session_is_up(t->nexus->session))
		nexus_up(l, u, now);
	else if (l->expired)
		disk_expire(u->disk, -ENOLINK, now);
	err = lun_attach(u, a);
	if (err)
		drop(l, u);
	engine_target_settle(t);
	return err;
}

int luns_detach(struct luns *l, const uint8_t lun[static LUN_LEN])
{
	struct lun *u = find(l, lun);

	if (!u)
		return -ENODEV;
	lun_detach(u);
	return 0;
}

int luns_forget(struct luns *l, const uint8_t lun[static LUN_LEN])
{
	struct lun *u = find(l, lun);
	bool back;

	if (!u)
		return 0;
	if (!lun_is_forgettable(u))
		return -EBUSY;
	back = u->back;
	drop(l, u);
	tell_luns(l);
	if (back) /* the scan that listed it is over */
		luns_scan(l);
	return 0;
}

void luns_detach_all(struct luns *l)
{
	struct lun *u = NULL;

	while ((u = next(l, u)))
		if (u->attached)
			lun_detach(u);
}

void luns_tell_all(struct luns *l)
{
	struct lun *u = NULL;

	while ((u = next(l, u)))
		lun_tell_all(u);
}

void luns_attached(struct luns *l)
{
	l->attached++;
	l->target->engine->attached++;
	engine_target_retry(l->target); /* now something waits for it */
}

void luns_detached(struct luns *l)
{
	l->attached--;
	l->target->engine->attached--;
	engine_target_lun_gone(l->target);
	engine_end_if_idle(l->target->engine);
}

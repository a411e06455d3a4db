/*
 * luns - what concerns all LUNs of a target.
 */
#include "engine/lun/luns.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "engine/lun/scan.h"

static struct luns *of(struct lun *u)
{
	return container_of(u->owner, struct luns, owner);
}

/* From a LUN ---------------------------------------------------------- */

static void on_probed(struct lun *u)
{
	struct luns *l = of(u);

	l->probing--;
	luns_tell_count(l);
}

static void on_attached(struct lun *u)
{
	struct luns *l = of(u);

	l->attached++;
	l->owner.engine->attached++;
	l->owner.ops->attached(&l->owner);
}

static void on_detached(struct lun *u)
{
	struct luns *l = of(u);

	l->attached--;
	l->owner.engine->attached--;
	l->owner.ops->detached(&l->owner);
	engine_end_if_idle(l->owner.engine);
}

static void on_changed(struct lun *u)
{
	luns_scan(of(u));
}

static const struct lun_ops lun_ops = {
	.probed = on_probed,
	.attached = on_attached,
	.detached = on_detached,
	.changed = on_changed,
};

/* Life ---------------------------------------------------------------- */

void luns_init(struct luns *l, const struct lun_owner *owner,
	       const struct luns_past *past)
{
	*l = (struct luns){
		.owner = *owner,
		.ops = &lun_ops,
		.past = *past,
		.place = past->place == INT64_MIN ? 0 : past->place,
	};
	idmap_init(&l->map);
}

void luns_fini(struct luns *l)
{
	struct lun *u;

	luns_end_scan(l);
	while ((u = luns_next(l, NULL)))
		luns_drop(l, u);
	idmap_fini(&l->map);
}

/* From the target ----------------------------------------------------- */

void luns_event(struct luns *l, const uint8_t lun[static LUN_LEN],
		const uint8_t *sense, size_t n, uint64_t now)
{
	struct lun *u = luns_find(l, lun);

	if (u)
		disk_event(u->disk, sense, n, now);
	luns_scan(l);
}

void luns_rescan(struct luns *l, uint64_t now)
{
	struct lun *u = NULL;

	while ((u = luns_next(l, u)))
		if (!lun_is_to_be_new(u))
			disk_rescan(u->disk, now);
	luns_scan(l);
}

/* The session --------------------------------------------------------- */

void luns_up(struct luns *l, struct session *session, int64_t place,
	     uint64_t now)
{
	struct lun *u = NULL;

	l->session = session;
	l->place = place;
	l->expired = false;
	while ((u = luns_next(l, u))) /* all, before one of them goes on */
		luns_set_place(l, u);
	while ((u = luns_next(l, u)))
		luns_give_session(l, u, now);
	luns_scan(l);
}

bool luns_are_in_doubt(const struct luns *l)
{
	struct lun *u = NULL;

	if (l->past.resumes || (l->past.writes && !l->listed))
		return true;
	while ((u = luns_next(l, u)))
		if (disk_is_in_doubt(u->disk))
			return true;
	return false;
}

void luns_are_settled(struct luns *l)
{
	l->past.writes = false;
}

bool luns_are_clear(const struct luns *l)
{
	struct fence_view v;
	struct lun *u = NULL;

	while ((u = luns_next(l, u))) {
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
	while ((u = luns_next(l, u))) {
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

	while ((u = luns_next(l, u)))
		disk_place_ended(u->disk, place, now);
}

static void nexus_down(struct lun *u, bool ended_well, uint64_t now)
{
	passthrough_set_session(&u->pass, NULL);
	disk_nexus_down(u->disk, now);
	if (ended_well)
		disk_nexus_ended(u->disk);
}

void luns_down(struct luns *l, bool ended_well, uint64_t now)
{
	struct lun *u = NULL;

	l->session = NULL;
	luns_end_scan(l);
	while ((u = luns_next(l, u)))
		nexus_down(u, ended_well, now);
}

void luns_expire(struct luns *l, uint64_t now)
{
	struct lun *u = NULL;

	l->expired = true;
	while ((u = luns_next(l, u)))
		disk_expire(u->disk, -ENOLINK, now);
}

void luns_unexpire(struct luns *l, uint64_t now)
{
	struct lun *u = NULL;

	l->expired = false;
	while ((u = luns_next(l, u)))
		disk_expire(u->disk, 0, now);
}

void luns_set_limit(struct luns *l, uint32_t ms, uint64_t now)
{
	struct lun *u = NULL;

	while ((u = luns_next(l, u)))
		disk_set_limit(u->disk, ms, now);
}

void luns_set_patience(struct luns *l, uint32_t ms, uint64_t now)
{
	struct lun *u = NULL;

	while ((u = luns_next(l, u)))
		disk_set_patience(u->disk, ms, now);
}

void luns_were_reset(struct luns *l, const uint8_t *lun)
{
	struct lun *u = NULL;

	while ((u = luns_next(l, u)))
		if (!lun || !memcmp(disk_lun(u->disk), lun, LUN_LEN))
			disk_was_reset(u->disk);
}

void luns_break(struct luns *l)
{
	struct lun *u = NULL;

	while ((u = luns_next(l, u)))
		lun_break(u, "its target is in a state that cannot be");
}

uint64_t luns_next_wake(const struct luns *l)
{
	uint64_t at = l->scan_at ? l->scan_at : UINT64_MAX, wake;
	struct lun *u = NULL;

	while ((u = luns_next(l, u))) {
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
	while ((u = luns_next(l, u)))
		if (disk_next_wake(u->disk) <= now)
			disk_tick(u->disk, now);
}

/* The manager --------------------------------------------------------- */

int luns_attach(struct luns *l, const uint8_t lun[static LUN_LEN],
		const struct lun_attach *a)
{
	uint64_t now = luns_now(l);
	struct lun *u = luns_find(l, lun);
	int err;

	l->past.resumes -= a->resume && l->past.resumes;
	if (u)
		return lun_attach(u, a);
	/* An engine that replaces a dead one hears of it before it sees it. */
	u = luns_add(l, lun, *a->expect ? a->expect : NULL, &err);
	if (!u)
		return err;
	if (a->resume)
		luns_inherit(l, u);
	luns_set_place(l, u);
	if (l->session && session_is_up(l->session))
		luns_give_session(l, u, now);
	else if (l->expired)
		disk_expire(u->disk, -ENOLINK, now);
	err = lun_attach(u, a);
	if (err)
		luns_drop(l, u);
	return err;
}

int luns_detach(struct luns *l, const uint8_t lun[static LUN_LEN])
{
	struct lun *u = luns_find(l, lun);

	if (!u)
		return -ENODEV;
	lun_detach(u);
	return 0;
}

int luns_forget(struct luns *l, const uint8_t lun[static LUN_LEN])
{
	struct lun *u = luns_find(l, lun);
	bool back;

	if (!u)
		return 0;
	if (!lun_is_forgettable(u))
		return -EBUSY;
	back = u->listing == LUN_BACK;
	luns_drop(l, u);
	luns_tell_count(l);
	if (back) /* the scan that listed it is over */
		luns_scan(l);
	return 0;
}

void luns_detach_all(struct luns *l)
{
	struct lun *u = NULL;

	while ((u = luns_next(l, u)))
		if (lun_is_attached(u))
			lun_detach(u);
}

void luns_tell_all(struct luns *l)
{
	struct lun *u = NULL;

	while ((u = luns_next(l, u)))
		lun_tell_all(u);
}

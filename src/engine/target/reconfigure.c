/*
 * reconfigure - what the manager or an administrator changes of a target while
 * it lives.
 */
#include "engine/target/reconfigure.h"

#include <errno.h>

#include "base/log.h"
#include "engine/target/attempt.h"
#include "engine/target/fence_rules.h"

static uint64_t now_of(const struct engine_target *t)
{
	return io_now(t->engine->loop);
}

void engine_target_retry(struct engine_target *t)
{
	attempt_step(t, ATTEMPT_EV_RETRY);
}

int engine_target_switch(struct engine_target *t, const struct addr *portal)
{
	int err;

	if (!engine_target_is_wanted(t))
		return -ESHUTDOWN;
	err = portals_ask(&t->portals, portal);
	if (!err) {
		attempt_step(t, ATTEMPT_EV_MOVE);
	} else if (err == -EALREADY && t->attempt == ATTEMPT_GIVEN_UP) {
		engine_target_retry(t);
		err = 0;
	}
	return err;
}

/*
 * LUNs that are served by different groups must not chase the session to and
 * fro: each move in a row makes the stay longer, up to half a minute.
 */
#define STAY_FIRST UINT64_C(1000) /* ms */
#define STAY_LASTS 60000	  /* ms, after that a move is none in a row */
#define STAY_STEPS 5		  /* doublings */

void engine_target_elsewhere(struct engine_target *t)
{
	uint64_t stayed = now_of(t) - t->up_since;

	if (!engine_target_is_up(t) || !engine_target_is_wanted(t) ||
	    t->switching)
		return;
	if (stayed >= STAY_LASTS)
		t->strays = 0;
	if (stayed < STAY_FIRST << t->strays ||
	    portals_ask_other_group(&t->portals, t->group))
		return;
	if (t->strays < STAY_STEPS)
		t->strays++;
	log_info(t->settings.session.target_name,
		 "portal group %d does not serve a LUN now: trying another",
		 t->group);
	attempt_step(t, ATTEMPT_EV_MOVE);
}

/* These count at once: a wait is measured anew, from where it began. */
static void take_fence(struct engine_target *t, const struct settings *s)
{
	t->settings.fence_timeout = s->fence_timeout;
	t->settings.reinstatement = s->reinstatement;
	t->settings.barrier_resets = s->barrier_resets;
	t->settings.fence_reservation = s->fence_reservation;
	engine_target_set_rules(t);
	engine_target_fence_changed(t);
}

void engine_target_change(struct engine_target *t, const struct settings *s)
{
	if (!engine_target_is_wanted(t))
		return;
	portal_settings_fini(&t->by_portal);
	portal_settings_init(&t->by_portal, s);
	engine_target_set_portals(t, s);
	t->portals.failover = s->failover;
	take_fence(t, s);
	attempt_step(t, ATTEMPT_EV_ANEW);
}

int engine_target_set_at_portal(struct engine_target *t,
				const struct addr *portal,
				const struct settings *s)
{
	int err = portal_settings_set(&t->by_portal, portal, s);

	if (err || !addr_same(&t->at, portal))
		return err;
	settings_take_times(&t->settings, s);
	if (!engine_target_is_up(t))
		attempt_set_expiry(t);
	luns_set_limit(&t->luns, s->disk_timeout, now_of(t));
	luns_set_patience(&t->luns, s->connfail_timeout, now_of(t));
	link_touch(&t->nexus->link);
	return 0;
}

void engine_target_set_portals(struct engine_target *t,
			       const struct settings *s)
{
	bool stays = portals_change(&t->portals, s->portals, s->nportals,
				    s->preferred);

	/* Those are not in use: nothing ends when one of them is gone. */
	(void)portals_change(&t->before, s->portals, s->nportals, s->preferred);
	/* Without failover a session ends with its address. */
	if (!stays && !t->portals.failover && engine_target_is_wanted(t) &&
	    t->nexus->link.conn)
		session_logout(t->nexus->session, now_of(t));
	engine_target_retry(t);
	link_touch(&t->nexus->link);
}

void engine_target_set_connfail(struct engine_target *t, uint32_t ms)
{
	portal_settings_set_connfail(&t->by_portal, ms);
	t->settings.connfail_timeout = ms;
	luns_set_patience(&t->luns, ms, now_of(t));
	link_touch(&t->nexus->link);
	if (engine_target_is_up(t))
		return;
	luns_unexpire(&t->luns, now_of(t));
	attempt_set_expiry(t);
}

void engine_target_set_disk_timeout(struct engine_target *t, uint32_t ms)
{
	portal_settings_set_disk_timeout(&t->by_portal, ms);
	t->settings.disk_timeout = ms;
	luns_set_limit(&t->luns, ms, now_of(t));
	link_touch(&t->nexus->link);
}

/*
 * redirect - a target that points elsewhere (RFC 7143 11.13.5).
 */
#include "engine/target/redirect.h"

#include "base/list.h"
#include "base/str.h"
#include "engine/target/tell.h"

/* Moves in a row are one, from where it was asked first. */
static void note_move(struct engine_target *t, const struct addr *to)
{
	const struct addr *at = portals_at(&t->portals);

	if (!t->moved || !addr_same(&t->moved_to, at))
		t->moved_from = *at;
	t->moved = true;
	t->moved_to = *to;
}

static void move_to(struct engine_target *t, const struct addr *to)
{
	bool permanent;

	if (!session_redirect(t->nexus->session, &permanent))
		return;
	if (!portal_settings_has(&t->by_portal, to) &&
	    portals_find(&t->portals, to) < 0)
		engine_target_tell_redirected(t, to);
	/* Only what was asked itself can speak for good. */
	if (permanent && !t->portals.elsewhere)
		note_move(t, to);
	portals_redirect(&t->portals, to, permanent);
}

/* Its words are "the target moved: <where>", and what it came to. */
static void end_redirection(struct engine_target *t, enum fault_retry retry,
			    const char *outcome, const char *more)
{
	const struct attempt_end end = {
		.time2wait = session_time2wait(t->nexus->session),
	};
	char where[ADDR_TEXT_SIZE], detail[ADDR_TEXT_SIZE + 320];
	bool permanent;
	struct strbuf sb;

	addr_format(session_redirect(t->nexus->session, &permanent), false,
		    where, sizeof(where));
	sb_init(&sb, detail, sizeof(detail));
	sb_add(&sb, "%s%s%s", where, outcome, more);
	attempt_again(t, retry, &fault_login_redirected, detail, &end);
}

static void on_looked_up(struct lookup *l, const char *why)
{
	struct engine_target *t = container_of(l, struct engine_target, lookup);
	const struct addr *to = lookup_next(l);

	if (!to) {
		end_redirection(t, RETRY_SOON,
				", a name without address: ", why);
		return;
	}
	t->before = t->portals;
	move_to(t, to);
	end_redirection(t, RETRY_NOW, ", that is ", to->host);
}

/* A name can have several addresses: those that answer nothing are left. */
bool redirect_next_address(struct engine_target *t)
{
	const struct addr *to = lookup_next(&t->lookup);

	if (to) {
		t->portals = t->before;
		move_to(t, to);
	}
	return to;
}

void redirect_follow(struct engine_target *t, const struct addr *to)
{
	if (backoff_is_circle(&t->backoff)) {
		end_redirection(t, RETRY_SOON,
				", after too many redirections in a row", "");
	} else if (addr_is_numeric(to)) {
		move_to(t, to);
		end_redirection(t, RETRY_NOW, "", "");
	} else if (lookup_start(&t->lookup, to)) {
		attempt_step(t, ATTEMPT_EV_ASK);
	} else {
		end_redirection(t, RETRY_SOON,
				", a name that nobody is here to look up", "");
	}
}

void redirect_init(struct engine_target *t)
{
	lookup_init(&t->lookup, t->engine, t->settings.id, on_looked_up);
}

/*
 * target_said - what an engine says about one of its targets.
 */
#include "iscsid/target/target.h"

#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/device/devices.h"
#include "iscsid/core/core.h"

static void session_up(struct target *t, const struct reported_session *s)
{
	t->session = *s;
	/* What was sent elsewhere may run yet, until the engine settled that.
	 */
	if (strcmp(t->group, s->group) != 0)
		target_set_group(t, "");
	t->bay.up = true;
	target_step(t, TARGET_SAID_UP);
	repeat_forget(&t->repeat);
	if (t->bay.engine->state == ENGINE_ADOPTING)
		return; /* that is no news */
	t->since = manager_date(t->bay.m);
	log_info(t->bay.label, "%sestablished session to %s, address %s%s%s",
		 t->ever_up ? "re-" : "", t->name, s->portal,
		 *s->alias ? ", alias " : "", s->alias);
	t->ever_up = true;
}

/* What happens next, in words. */
static void add_outlook(struct strbuf *sb, const struct reported_session *s)
{
	uint32_t wait = s->wait;

	if (s->given_up)
		sb_add(sb, "given up, until \"iscsictl reload\" or \"iscsictl "
			   "rescan\" after the cause is removed");
	else if (!wait)
		sb_add(sb, "trying again at once");
	else if (wait < 10000)
		sb_add(sb, "trying again in %u.%u s", wait / 1000,
		       wait % 1000 / 100);
	else
		sb_add(sb, "trying again in %u s", wait / 1000);
}

/* A redirection that is followed is no failure. */
static bool is_followed(const struct reported_session *s)
{
	return !s->wait && strcmp(s->fault, "login_redirected") == 0;
}

static void session_down(struct target *t, const struct reported_session *s)
{
	char line[1024];
	struct strbuf sb;

	sb_init(&sb, line, sizeof(line));
	sb_add(&sb,
	       t->bay.up ? "session to %s dropped, portal %s: %s; "
			 : "no session to %s, portal %s: %s; ",
	       t->name, s->portal, s->reason);
	if (t->bay.up || s->given_up)
		t->since = manager_date(t->bay.m);
	t->bay.up = false;
	target_step(t, s->given_up ? TARGET_SAID_GIVEN_UP : TARGET_SAID_DOWN);
	t->scanned |= !is_followed(s);
	str_copy(t->reason, sizeof(t->reason), s->reason);
	if (IN(t->state) & (IN(TARGET_REMOVING) | IN(TARGET_REMOVED)))
		return;
	/* The pause varies by chance: it does not make it another line. */
	if (!repeat_may_say(&t->repeat, line, manager_now(t->bay.m)) &&
	    !s->given_up)
		return;
	add_outlook(&sb, s);
	if (t->repeat.repeated)
		sb_add(&sb, " (repeated %u times)", t->repeat.repeated);
	/* A redirection, or another portal's turn: no trouble yet. */
	log_line(s->given_up ? LOG_ERR
		 : s->wait   ? LOG_WARNING
			     : LOG_INFO,
		 t->bay.label, "%s", line);
}

static bool same_verdict(const struct reported_fence *a,
			 const struct reported_fence *b)
{
	return strcmp(a->reinstates, b->reinstates) == 0 &&
	       a->reinstates_ms == b->reinstates_ms;
}

static void keep_verdict(struct target *t)
{
	int err = t->bay.m->out->put_seen(t->bay.m->out, t->bay.bus,
					  t->bay.number, t->name, &t->fence);

	if (err)
		log_warn(t->bay.label,
			 "how it treats old sessions cannot be kept: %s",
			 strerror(-err));
}

static void say_holds(const struct target *t)
{
	const struct reported_fence *f = &t->fence;

	if (!f->holds && !t->bay.up) /* lost again: it is waited for on */
		return;
	if (!f->holds) {
		log_info(t->bay.label, "I/O goes on: the old session is over");
		return;
	}
	log_warn(t->bay.label,
		 "I/O of %u disk%s waits up to %u s: writes of the lost "
		 "session%s%s may still arrive (FenceTimeout)",
		 f->holds, f->holds == 1 ? "" : "s", (f->left + 999) / 1000,
		 *f->group ? " in portal group " : "", f->group);
}

static void fence_told(struct target *t, const struct reported_fence *f)
{
	bool same = same_verdict(&t->fence, f);
	bool turned = !t->fence.holds != !f->holds;

	t->fence = *f;
	t->fence_at = manager_now(t->bay.m);
	if (!same)
		keep_verdict(t);
	if (turned)
		say_holds(t);
}

/* What a session that was lost means, as it is configured and was seen. */
static void add_verdict(const struct target *t, struct strbuf *sb)
{
	const struct reported_fence *f = &t->fence;
	unsigned wait = t->settings.fence_timeout / 1000;
	bool see = t->settings.reinstatement == CONF_REINSTATEMENT_SEE;

	if (t->settings.reinstatement == CONF_REINSTATEMENT_YES)
		sb_add(sb, "a new session ends the old one (configured)");
	else if (see && strcmp(f->reinstates, "yes") == 0)
		sb_add(sb, "a new session ends the old one (seen, %u ms)",
		       f->reinstates_ms);
	else if (see && strcmp(f->reinstates, "no") == 0)
		sb_add(sb,
		       "a new session leaves the old one (seen), which counts "
		       "as over after %u s",
		       wait);
	else
		sb_add(sb, "an old session counts as over after %u s%s", wait,
		       see ? " (not seen yet)" : " (configured)");
}

void target_fence_words(const struct target *t, struct strbuf *sb)
{
	const struct reported_fence *f = &t->fence;
	uint64_t passed = manager_now(t->bay.m) - t->fence_at;
	uint64_t left = f->left > passed ? f->left - passed : 0;

	add_verdict(t, sb);
	if (f->holds)
		sb_add(sb,
		       "; %u disk%s hold%s I/O since %u s, for %u s more: "
		       "writes of the lost session%s%s may still arrive",
		       f->holds, f->holds == 1 ? "" : "s",
		       f->holds == 1 ? "s" : "",
		       (unsigned)((f->since + passed) / 1000),
		       (unsigned)((left + 999) / 1000),
		       *f->group ? " in portal group " : "", f->group);
}

static void heed_removed(struct target *t)
{
	target_step(t, TARGET_SAID_REMOVED);
	manager_check_stop(t->bay.m);
}

void target_said(struct target *t, const struct reported *s)
{
	switch (s->kind) {
	case REPORTED_SESSION:
		if (s->session.up)
			session_up(t, &s->session);
		else
			session_down(t, &s->session);
		break;
	case REPORTED_SETTLED:
		target_set_group(t, s->group);
		break;
	case REPORTED_FENCE:
		fence_told(t, &s->fence);
		break;
	case REPORTED_LUN:
		device_reported(&t->bay, &s->lun);
		break;
	case REPORTED_WAITS:
		device_waits(&t->bay, &s->waits);
		break;
	case REPORTED_VANISHED:
		device_vanished(&t->bay, s->event.lun);
		break;
	case REPORTED_ATTACHED:
		device_attached(&t->bay, s->event.lun);
		break;
	case REPORTED_DETACHED:
		device_detached(&t->bay, s->event.lun, (int)s->event.error);
		break;
	case REPORTED_LUNS:
		t->scanned = true;
		if (t->renewing)
			devices_renew(&t->bay);
		t->renewing = false;
		if (!s->count)
			log_warn(t->bay.label, "no LUNs detected");
		break;
	case REPORTED_SWITCHED:
		t->switching = false;
		t->switched = s->switched;
		break;
	case REPORTED_RESOLVE:
		redirect_ask(&t->redirect, t->bay.m->out, t->bay.engine, s);
		break;
	case REPORTED_REDIRECTED:
		portal_list_redirected(t, &s->moved.portal);
		break;
	case REPORTED_MOVED:
		portal_list_moved(t, &s->moved.from, &s->moved.portal);
		target_tell_portals(t);
		break;
	case REPORTED_REMOVED:
		t->doubted = s->doubt;
		heed_removed(t);
		break;
	default:
		break;
	}
}

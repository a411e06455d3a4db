/*
 * target_said - what an engine says about one of its targets.
 */
#include "iscsid/target.h"

#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/devices.h"
#include "iscsid/manager.h"

static void session_up(struct target *t, const struct said_session *s)
{
	t->session = *s;
	/* What was sent elsewhere may run yet, until the engine settled that.
	 */
	if (strcmp(t->group, s->group) != 0)
		target_set_group(t, "");
	t->up = true;
	t->given_up = false;
	repeat_forget(&t->repeat);
	if (t->engine->state == ENGINE_ADOPTING)
		return; /* that is no news */
	t->since = time(NULL);
	log_info(t->label, "%sestablished session to %s, address %s%s%s",
		 t->ever_up ? "re-" : "", t->name, s->portal,
		 *s->alias ? ", alias " : "", s->alias);
	t->ever_up = true;
}

/* What happens next, in words. */
static void add_outlook(struct strbuf *sb, const struct said_session *s)
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
static bool is_followed(const struct said_session *s)
{
	return !s->wait && strcmp(s->fault, "login_redirected") == 0;
}

static void session_down(struct target *t, const struct said_session *s)
{
	char line[1024];
	struct strbuf sb;

	sb_init(&sb, line, sizeof(line));
	sb_add(&sb,
	       t->up ? "session to %s dropped, portal %s: %s; "
		     : "no session to %s, portal %s: %s; ",
	       t->name, s->portal, s->reason);
	if (t->up || s->given_up)
		t->since = time(NULL);
	t->up = false;
	t->given_up = s->given_up;
	t->scanned |= !is_followed(s);
	str_copy(t->reason, sizeof(t->reason), s->reason);
	if (t->removing)
		return;
	/* The pause varies by chance: it does not make it another line. */
	if (!repeat_may_say(&t->repeat, line, io_now(t->m->loop)) &&
	    !s->given_up)
		return;
	add_outlook(&sb, s);
	if (t->repeat.repeated)
		sb_add(&sb, " (repeated %u times)", t->repeat.repeated);
	/* A redirection, or another portal's turn: no trouble yet. */
	log_line(s->given_up ? LOG_ERR
		 : s->wait   ? LOG_WARNING
			     : LOG_INFO,
		 t->label, "%s", line);
}

static void heed_removed(struct target *t)
{
	if (!t->removing)
		return;
	t->removed = true;
	manager_check_stop(t->m);
}

void target_said(struct target *t, const struct said *s)
{
	switch (s->kind) {
	case SAID_SESSION:
		if (s->session.up)
			session_up(t, &s->session);
		else
			session_down(t, &s->session);
		break;
	case SAID_SETTLED:
		target_set_group(t, s->group);
		break;
	case SAID_LUN:
		device_reported(t, &s->lun);
		break;
	case SAID_WAITS:
		device_waits(t, &s->waits);
		break;
	case SAID_VANISHED:
		device_vanished(t, s->event.lun);
		break;
	case SAID_ATTACHED:
		device_attached(t, s->event.lun);
		break;
	case SAID_DETACHED:
		device_detached(t, s->event.lun, (int)s->event.error);
		break;
	case SAID_LUNS:
		t->scanned = true;
		if (!s->count)
			log_warn(t->label, "no LUNs detected");
		break;
	case SAID_SWITCHED:
		t->switching = false;
		t->switched = s->switched;
		break;
	case SAID_RESOLVE:
		redirect_ask(&t->redirect, &t->m->workers, t->engine, s);
		break;
	case SAID_REDIRECTED:
		ways_redirected(t, &s->moved.portal);
		break;
	case SAID_MOVED:
		ways_moved(t, &s->moved.from, &s->moved.portal);
		target_tell_portals(t);
		break;
	case SAID_REMOVED:
		heed_removed(t);
		break;
	default:
		break;
	}
}

/*
 * verb_session - "portal", "connfailtimeout", "diskcommandtimeout".
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "iscsid/target/target.h"
#include "iscsid/admin/verb_fns.h"
#include "iscsid/admin/verbs.h"

#define SECONDS_MAX (UINT32_MAX / 1000) /* they are kept in ms */
#define ANY	    UINT32_MAX		/* "-" */

static struct msg_out order;

struct target *verb_target(struct call *c, const struct msg_in *args)
{
	struct target *t;

	if (!verb_number(args, "bus", 255, &c->bus)) {
		call_fail(c, -EINVAL, "couldn't determine bus number");
		return NULL;
	}
	if (!verb_number(args, "target", 255, &c->target)) {
		call_fail(c, -EINVAL, "couldn't determine target id number");
		return NULL;
	}
	t = target_at(c->m, c->bus, c->target);
	if (!t)
		call_fail(c, -ENODEV,
			  "failed to find session for bus %u target %u", c->bus,
			  c->target);
	return t;
}

/* The portal ---------------------------------------------------------- */

/* As the original, by the address alone where no port is given. */
static int find_address(const struct target *t, const char *text)
{
	struct addr want, *p;
	bool port = false;

	if (addr_parse(text, strlen(text), &want))
		return -EINVAL;
	port = strcmp(text, want.host) != 0 && text[strlen(text) - 1] != ']';
	for (unsigned i = 0; i < t->nportals; i++) {
		p = (struct addr *)&t->portals[i];
		if (!port)
			want.port = p->port;
		if (addr_same(p, &want))
			return (int)i;
	}
	return -ENOENT;
}

/* Index of the wanted one; negative after having answered. */
static int wanted_portal(struct call *c, const struct msg_in *args,
			 const struct target *t)
{
	char text[ADDR_TEXT_SIZE];
	unsigned n;
	int i;

	if (msg_get(args, "address", text, sizeof(text)) < 0) {
		if (verb_number(args, "index", TARGET_PORTALS, &n) &&
		    n < t->nportals)
			return (int)n;
		call_fail(c, -EINVAL, "%s has portals 0 to %u", t->bay.label,
			  t->nportals - 1);
		return -EINVAL;
	}
	i = find_address(t, text);
	if (i == -EINVAL)
		call_fail(c, i, "%s is no address", text);
	else if (i < 0)
		call_fail(c, i, "can't switch to ip %s, no portal of %s", text,
			  t->bay.label);
	return i;
}

static bool look_switched(struct call *c)
{
	struct target *t = target_at(c->m, c->bus, c->target);

	if (!t || !t->bay.engine) {
		call_fail(c, -EIO, "bus %u target %u lost its engine", c->bus,
			  c->target);
		return true;
	}
	if (t->switching)
		return false;
	if (t->switched.error && t->switched.error != EALREADY)
		call_fail(c, -(int)t->switched.error, "%s: %s", t->bay.label,
			  *t->switched.reason
				  ? t->switched.reason
				  : strerror((int)t->switched.error));
	else if (t->switched.error)
		call_ok(c,
			"requested address %s is already the current portal,"
			" failover not needed",
			t->switched.portal);
	else
		call_ok(c, "%s goes to portal %s", t->bay.label,
			t->switched.portal);
	return true;
}

static void switched_late(struct call *c)
{
	call_fail(c, -ETIMEDOUT,
		  "its engine has not answered within %u s; the session goes "
		  "there when it does",
		  CALL_WITHIN / 1000);
}

static const struct call_wait switching = { look_switched, NULL,
					    switched_late };

void verb_portal(struct call *c, const struct msg_in *args)
{
	struct target *t = verb_target(c, args);
	char text[ADDR_TEXT_SIZE];
	int i;

	if (!t)
		return;
	i = wanted_portal(c, args, t);
	if (i < 0)
		return;
	addr_format(&t->portals[i], true, text, sizeof(text));
	request_simple(&order, "switch", t->bay.id);
	msg_str(&order, "portal", text);
	if (!t->settings.portal_failover) {
		call_fail(c, -EPERM,
			  "can't switch to requested ip %s, because portal "
			  "failover is disabled",
			  text);
	} else if (t->switching) {
		call_fail(c, -EBUSY, "%s is switching already", t->bay.label);
	} else if (!t->bay.engine || !engine_tell(t->bay.engine, &order, -1)) {
		call_fail(c, -EAGAIN, "no engine has %s now", t->bay.label);
	} else {
		t->switching = true;
		call_wait(c, &switching);
	}
}

/* Times --------------------------------------------------------------- */

struct change {
	unsigned bus, target; /* or ANY */
	uint32_t ms;
	void (*apply)(struct target *t, uint32_t ms);
};

static bool read_any(const struct msg_in *args, const char *key, unsigned *out)
{
	char text[2];

	*out = ANY;
	if (msg_get(args, key, text, sizeof(text)) == 1 && *text == '-')
		return true;
	return verb_number(args, key, 255, out);
}

static unsigned apply(struct manager *m, const struct change *ch)
{
	struct list *pos;
	unsigned n = 0;

	list_for_each (pos, &m->targets) {
		struct target *t = container_of(pos, struct target, link);

		if ((ch->bus != ANY && ch->bus != t->bay.bus) ||
		    (ch->target != ANY && ch->target != t->bay.number))
			continue;
		ch->apply(t, ch->ms);
		n++;
	}
	return n;
}

static void change_time(struct call *c, const struct msg_in *args,
			void (*fn)(struct target *t, uint32_t ms))
{
	struct change ch = { .apply = fn };
	unsigned seconds, n;

	if (!read_any(args, "bus", &ch.bus)) {
		call_fail(c, -EINVAL, "couldn't determine bus number");
		return;
	}
	if (!read_any(args, "target", &ch.target)) {
		call_fail(c, -EINVAL, "couldn't determine target id number");
		return;
	}
	if (!verb_number(args, "seconds", SECONDS_MAX, &seconds)) {
		call_fail(c, -EINVAL, "couldn't determine the seconds, 0 to %u",
			  SECONDS_MAX);
		return;
	}
	ch.ms = seconds * 1000;
	n = apply(c->m, &ch);
	if (n || (ch.bus == ANY && ch.target == ANY))
		call_ok(c, "changed for %u target%s", n, n == 1 ? "" : "s");
	else
		call_fail(c, -ENODEV, "no such target");
}

static void tell_time(struct target *t, const char *key, uint32_t ms)
{
	request_simple(&order, "timeouts", t->bay.id);
	msg_u64(&order, key, ms);
	if (t->bay.engine)
		engine_tell(t->bay.engine, &order, -1);
}

static void set_connfail(struct target *t, uint32_t ms)
{
	t->settings.connfail_timeout = ms;
	t->has_connfail = true;
	tell_time(t, "connfail-timeout", ms);
	log_info(t->bay.label, "ConnFailTimeout is %u s now", ms / 1000);
}

/* 0 is for ever, as nothing in the configuration is. */
static void set_disk_command(struct target *t, uint32_t ms)
{
	t->has_disk_command = true;
	t->settings.min_disk_command_timeout = ms;
	t->settings.max_disk_command_timeout = ms;
	tell_time(t, "disk-command-timeout", conf_disk_timeout(&t->settings));
	log_info(t->bay.label, "disk command timeout is %u s now", ms / 1000);
}

void verb_connfailtimeout(struct call *c, const struct msg_in *args)
{
	change_time(c, args, set_connfail);
}

void verb_diskcommandtimeout(struct call *c, const struct msg_in *args)
{
	change_time(c, args, set_disk_command);
}

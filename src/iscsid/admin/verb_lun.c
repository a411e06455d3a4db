/*
 * verb_lun - "rescan", "add" and "remove": looking for LUNs, and single ones.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iscsid/device/device.h"
#include "iscsid/device/devices.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "iscsid/source/sources.h"
#include "iscsid/target/target.h"
#include "iscsid/admin/verb_fns.h"
#include "iscsid/admin/verbs.h"

#define WORDS 2048 /* about what is waited for; an answer cuts them */

static struct msg_out order;

static bool tell(struct target *t, const char *verb)
{
	request_simple(&order, verb, t->bay.id);
	return t->bay.engine && engine_tell(t->bay.engine, &order, -1);
}

/* Disks that have failed are made anew when it is over. */
static bool look_for_luns(struct target *t)
{
	t->renewing = tell(t, "rescan");
	return t->renewing;
}

static void rescan_all(struct call *c)
{
	struct list *pos;
	unsigned n = 0;

	list_for_each (pos, &c->m->targets) {
		n += look_for_luns(container_of(pos, struct target, link));
	}
	sources_load(c->m); /* asks every known one again */
	call_ok(c, "discovery begins again, %u target%s asked for LUNs", n,
		n == 1 ? " is" : "s are");
}

void verb_rescan(struct call *c, const struct msg_in *args)
{
	struct target *t;
	char text[2];

	if (msg_get(args, "bus", text, sizeof(text)) == -ENOENT &&
	    msg_get(args, "target", text, sizeof(text)) == -ENOENT) {
		rescan_all(c);
		return;
	}
	t = verb_target(c, args);
	if (t && look_for_luns(t))
		call_ok(c, "%s is asked for LUNs", t->bay.label);
	else if (t)
		call_fail(c, -EAGAIN, "no engine has %s now", t->bay.label);
}

/* Bus, target and LUN; NULL after having answered. */
static struct target *read_lun(struct call *c, const struct msg_in *args)
{
	struct target *t;

	if (!verb_number(args, "lun", BAY_LUNS - 1, &c->lun)) {
		call_fail(c, -EINVAL, "couldn't determine logical unit number");
		return NULL;
	}
	t = verb_target(c, args);
	if (t && !t->bay.engine) {
		call_fail(c, -EAGAIN, "no engine has %s now", t->bay.label);
		return NULL;
	}
	return t;
}

/* Adding -------------------------------------------------------------- */

static bool look_added(struct call *c)
{
	struct target *t = target_at(c->m, c->bus, c->target);
	struct device *d = t ? device_at(&t->bay, c->lun) : NULL;

	if (d && d->state == DEVICE_ONLINE && d->said.online)
		call_ok(c, "%s is online", d->label);
	else if (d && d->renew_told)
		call_fail(
			c, -EBUSY,
			"%s: %s; it is made anew when nobody uses it, and now "
			"it is %s",
			d->label, d->failure, d->user);
	else if (!t || (!d && t->scanned && c->waited > CALL_LOOK))
		call_fail(c, -ENXIO,
			  "the target reports no LUN %u that can be used",
			  c->lun);
	else if (d && d->state == DEVICE_DOWN && *d->failure && t->scanned)
		call_fail(c, -EIO, "%s: %s", d->label, d->failure);
	else
		return false;
	return true;
}

static bool is_online(struct target *t, unsigned lun)
{
	const struct device *d = device_at(&t->bay, lun);

	return d && d->state == DEVICE_ONLINE && d->said.online;
}

static const char *added_what(struct call *c)
{
	static char text[WORDS];
	struct target *t = target_at(c->m, c->bus, c->target);
	struct device *d = t ? device_at(&t->bay, c->lun) : NULL;

	if (!t)
		return NULL;
	if (!d || d->state == DEVICE_DOWN)
		snprintf(text, sizeof(text), "%s is asked for its LUNs",
			 t->bay.label);
	else
		snprintf(text, sizeof(text), "%s: %s", d->label,
			 device_doing(d));
	return text;
}

static void added_late(struct call *c)
{
	const char *what = added_what(c);

	call_fail(c, -ETIMEDOUT,
		  "not there after %u s%s%s; it is used as soon as it is",
		  CALL_WITHIN / 1000, what ? ": " : "", what ? what : "");
}

static const struct call_wait adding = { look_added, added_what, added_late };

void verb_add(struct call *c, const struct msg_in *args)
{
	struct target *t = read_lun(c, args);

	if (!t)
		return;
	if (!conf_lun_enabled(&t->settings, c->lun)) {
		call_fail(c, -EPERM,
			  "LUN %u is not among those of LUNs=", c->lun);
	} else if (is_online(t, c->lun)) {
		call_ok(c, "%s lun %u is online already", t->bay.label, c->lun);
	} else if (!t->bay.up) {
		call_fail(c, -ENOTCONN, "no session to %s: %s", t->bay.label,
			  t->reason);
	} else if (!look_for_luns(t)) {
		call_fail(c, -EAGAIN, "no engine has %s now", t->bay.label);
	} else {
		t->scanned = false; /* until the engine says "luns" */
		call_wait(c, &adding);
	}
}

/* Removing ------------------------------------------------------------ */

/* So that the next look for LUNs finds it anew. */
static void forget(struct bay *b, const struct device *d)
{
	request_lun(&order, "forget", b->id, d->lun);
	if (b->engine)
		engine_tell(b->engine, &order, -1);
}

static bool look_removed(struct call *c)
{
	struct target *t = target_at(c->m, c->bus, c->target);
	struct device *d = t ? device_at(&t->bay, c->lun) : NULL;

	if (!d || !d->stop) {
		call_ok(c, "bus %u target %u lun %u is removed", c->bus,
			c->target, c->lun);
	} else if (d->state == DEVICE_IN_USE) {
		device_stay(d);
		call_fail(c, -EBUSY, "%s is in use%s%s", d->label,
			  *d->user ? ": it is " : "", d->user);
	} else {
		return false;
	}
	return true;
}

static const char *removed_what(struct call *c)
{
	static char text[WORDS];
	struct target *t = target_at(c->m, c->bus, c->target);
	struct device *d = t ? device_at(&t->bay, c->lun) : NULL;

	if (!d)
		return NULL;
	snprintf(text, sizeof(text), "%s: %s%s%s", d->label, device_doing(d),
		 t->bay.up ? "" : "; no session to the target: ",
		 t->bay.up ? "" : t->reason);
	return text;
}

/* It was not refused: nobody is seen who uses it. */
static void removed_late(struct call *c)
{
	const char *what = removed_what(c);

	call_fail(c, -ETIMEDOUT,
		  "not over after %u s%s%s; the removal goes on, and ends if "
		  "somebody begins to use it",
		  CALL_WITHIN / 1000, what ? ": " : "", what ? what : "");
}

static const struct call_wait removing = { look_removed, removed_what,
					   removed_late };

void verb_remove(struct call *c, const struct msg_in *args)
{
	struct target *t = read_lun(c, args);
	struct device *d = t ? device_at(&t->bay, c->lun) : NULL;

	if (!t)
		return;
	if (!d) {
		call_fail(c, -ENXIO, "%s has no LUN %u", t->bay.label, c->lun);
		return;
	}
	d->forget = forget;
	d->waited = 0;
	device_stop(d, false);
	if (!look_removed(c))
		call_wait(c, &removing);
}

/*
 * verb_show - "config" and "status".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/settings.h"
#include "iscsid/device/device.h"
#include "iscsid/core/core.h"
#include "iscsid/life/stop.h"
#include "iscsid/source/sources.h"
#include "iscsid/target/target.h"
#include "iscsid/admin/verb_fns.h"
#include "wire/name.h"

static struct msg_out row; /* one thread, one row at a time */

static void list_settings(struct call *c, const struct conf_settings *s)
{
	static char value[CONF_LIST_SIZE];
	char origin[512], *eq;

	for (size_t i = 0;
	     conf_settings_list(c->m->conf, s, i, value, sizeof(value), origin,
				sizeof(origin));
	     i++) {
		eq = strchr(value, '=');
		if (!eq)
			continue;
		*eq = '\0';
		msg_begin(&row, "param");
		msg_str(&row, "name", value);
		msg_str(&row, "value", eq + 1);
		msg_str(&row, "origin", origin);
		call_row(c, &row);
	}
}

/* What a session to a target would get that was not found yet. */
static void list_future(struct call *c, const char *name)
{
	static struct conf_settings s;

	conf_target_settings(c->m->conf, name, NULL, NULL, &s);
	list_settings(c, &s);
	conf_settings_wipe(&s);
}

static const struct target *find_target(const struct manager *m,
					const char *name)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		struct target *t = container_of(pos, struct target, link);

		if (strcmp(t->name, name) == 0)
			return t;
	}
	return NULL;
}

void verb_config(struct call *c, const struct msg_in *args)
{
	char name[NAME_SIZE] = "";
	int len = msg_get(args, "name", name, sizeof(name));
	const struct target *t;

	if (len != -ENOENT &&
	    (len < 0 || name_fault(name, (size_t)len, NULL))) {
		call_fail(c, -EINVAL, "this is no iSCSI name");
		return;
	}
	name_normalize(name);
	t = *name ? find_target(c->m, name) : NULL;
	if (t)
		list_settings(c, &t->settings);
	else
		list_future(c, name);
	call_ok(c, "%s", t ? "" : *name ? "the target is not known yet" : "");
}

static void show(struct call *c, const char *name, const char *value)
{
	msg_begin(&row, "status");
	msg_str(&row, "name", name);
	msg_str(&row, "value", value);
	call_row(c, &row);
}

static void show_count(struct call *c, const char *name, unsigned up,
		       unsigned all, const char *word)
{
	char text[64];

	snprintf(text, sizeof(text), "%u, %u of them %s", all, up, word);
	show(c, name, text);
}

static unsigned ready_engines(const struct manager *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->engines.count; i++)
		n += m->engines.list[i].state == ENGINE_READY;
	return n;
}

static void count_devices(const struct target *t, unsigned *online,
			  unsigned *all)
{
	struct list *pos;

	list_for_each (pos, &t->bay.devices) {
		*online += container_of(pos, struct device, link)->state ==
			   DEVICE_ONLINE;
		(*all)++;
	}
}

static void show_targets(struct call *c)
{
	unsigned targets = 0, up = 0, disks = 0, online = 0;
	struct list *pos;

	list_for_each (pos, &c->m->targets) {
		struct target *t = container_of(pos, struct target, link);

		targets++;
		up += t->bay.up;
		count_devices(t, &online, &disks);
	}
	show_count(c, "targets", up, targets, "logged in");
	show_count(c, "disks", online, disks, "online");
}

void verb_status(struct call *c, const struct msg_in *args)
{
	struct manager *m = c->m;
	char pid[16], old[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	show(c, "version", SOFTHBA_VERSION);
	show(c, "state",
	     m->settle.set ? "starting" : manager_fsm.states[m->state]);
	show(c, "process", pid);
	show(c, "initiator", m->initiator.name);
	show(c, "configuration", m->opt->conf);
	show_count(c, "engines", ready_engines(m), m->engines.count, "ready");
	snprintf(old, sizeof(old), "%u", engines_old(&m->engines));
	show(c, "to-renew", upgrade_is_due() ? "all" : old);
	show_targets(c);
	call_ok(c, "%s", "");
}

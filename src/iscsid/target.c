/*
 * target - a target with its binding, settings and session.
 */
#include "iscsid/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/devices.h"
#include "iscsid/manager.h"
#include "iscsid/order.h"
#include "iscsid/paths.h"

static struct target *of(struct list *link)
{
	return container_of(link, struct target, link);
}

static struct target *find_key(struct manager *m, const char *key)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (strcmp(of(pos)->key, key) == 0)
			return of(pos);
	}
	return NULL;
}

static struct target *find_name(struct manager *m, const char *name)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (strcmp(of(pos)->name, name) == 0)
			return of(pos);
	}
	return NULL;
}

struct target *target_find(struct manager *m, const struct engine *e,
			   uint64_t id)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->id == id && of(pos)->engine == e)
			return of(pos);
	}
	return NULL;
}

struct target *target_at(struct manager *m, unsigned bus, unsigned number)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->bus == bus && of(pos)->number == number)
			return of(pos);
	}
	return NULL;
}

/* Placing ------------------------------------------------------------- */

static struct order order_of(const struct target *t)
{
	return (struct order){
		.id = t->id,
		.initiator = &t->m->initiator,
		.isid = t->isid,
		.name = t->name,
		.portals = t->portals,
		.nportals = t->nportals,
		.group = t->session.group,
		.settings = &t->settings,
	};
}

static void tell_portals(struct target *t)
{
	static struct msg_out msg;
	const struct order o = order_of(t);

	if (!t->engine)
		return; /* the next one hears of them with the target */
	order_portals(&o, &msg);
	engine_tell(t->engine, &msg, -1);
}

static bool give_to(struct target *t, struct engine *e)
{
	static struct msg_out msg;
	const struct order o = order_of(t);
	bool told;

	order_target(&o, &msg);
	told = engine_tell(e, &msg, -1);
	order_wipe(&msg);
	if (told) {
		t->engine = e;
		e->load++;
		devices_resume(t);
	}
	return told;
}

void targets_place(struct manager *m)
{
	struct engine *e;
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->engine || of(pos)->removed)
			continue;
		e = manager_pick_engine(m);
		if (!e)
			return;
		give_to(of(pos), e);
	}
}

void targets_engine_lost(struct manager *m, struct engine *e)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		struct target *t = of(pos);

		if (t->engine != e)
			continue;
		t->engine = NULL;
		t->up = t->switching = false;
		t->since = time(NULL);
		str_copy(t->reason, sizeof(t->reason), "its engine died");
		/* Nobody is left to log out of it: that session is over. */
		if (t->removing)
			t->removed = true;
		redirect_drop(&t->redirect);
		devices_engine_lost(t);
	}
	e->load = 0;
	targets_place(m);
}

/* Taking what was found ----------------------------------------------- */

static bool has_portal(const struct target *t, const struct addr *a)
{
	for (unsigned i = 0; i < t->nportals; i++)
		if (addr_same(&t->portals[i], a) && t->portals[i].tag == a->tag)
			return true;
	return false;
}

/* Into its place by preference, behind those that are equally good. */
static void add_portal(struct target *t, const struct addr *a)
{
	unsigned rank = conf_portal_rank(&t->settings, a);
	unsigned at = t->nportals;
	struct addr *more;

	if (t->nportals == TARGET_PORTALS || has_portal(t, a))
		return;
	more = reallocarray(t->portals, t->nportals + 1, sizeof(*more));
	if (!more)
		return;
	t->portals = more;
	while (at && conf_portal_rank(&t->settings, &t->portals[at - 1]) > rank)
		at--;
	memmove(&t->portals[at + 1], &t->portals[at],
		(t->nportals - at) * sizeof(*a));
	t->portals[at] = *a;
	t->nportals++;
}

static void merge(struct target *t, const struct target_found *f)
{
	unsigned before = t->nportals;

	for (size_t i = 0; i < f->nportals; i++)
		add_portal(t, &f->portals[i]);
	if (t->nportals != before)
		tell_portals(t);
}

/* Why a target is not used although it was found; NULL: it is. */
static const char *refusal(const struct target *t)
{
	if (!t->settings.enabled)
		return "is disabled (Enabled=no)";
	if (t->settings.unusable)
		return t->settings.unusable;
	return t->nportals ? NULL : "has no portal that can be reached";
}

/* f: of this path alone. */
static struct target *target_new(struct manager *m, const char *key,
				 const struct target_found *f)
{
	struct target *t = calloc(1, sizeof(*t));
	const char *why;

	if (!t)
		return NULL;
	t->m = m;
	str_copy(t->name, sizeof(t->name), f->name);
	str_copy(t->key, sizeof(t->key), key);
	conf_target_settings(m->conf, t->name,
			     f->nportals ? &f->portals[0] : NULL, f->found_by,
			     &t->settings);
	list_init(&t->devices);
	list_init(&t->link);
	merge(t, f);
	why = refusal(t);
	if (!why)
		return t;
	log_warn(t->name, "%s, no session is made", why);
	conf_settings_wipe(&t->settings);
	free(t->portals);
	free(t);
	return NULL;
}

static void target_free(struct target *t)
{
	list_remove(&t->link);
	redirect_drop(&t->redirect);
	devices_free(t);
	conf_settings_wipe(&t->settings);
	free(t->portals);
	free(t);
}

/*
 * Sessions of one target must not share an ISID, and each must have the same
 * after a restart; so has a path's binding.
 */
static int make_isid(struct target *t)
{
	bool alone = strcmp(t->key, t->name) == 0;
	unsigned index = t->bus * BINDING_TARGETS + t->number;

	return conf_isid(t->m->initiator.name, t->name, -1,
			 alone ? 0 : (uint16_t)index, t->isid);
}

static int bind_target(struct target *t, const struct binding *b)
{
	t->id = manager_new_id(t->m);
	t->bus = b->bus;
	t->number = b->target;
	if (make_isid(t))
		return -EOPNOTSUPP;
	t->since = time(NULL);
	str_copy(t->reason, sizeof(t->reason), "not yet connected");
	snprintf(t->label, sizeof(t->label), "bus %u target %u", t->bus,
		 t->number);
	log_info(t->label, "= %s%s", t->key, b->fresh ? " (new)" : "");
	for (unsigned i = 0; i < t->nportals; i++) {
		char text[ADDR_TEXT_SIZE];

		addr_format(&t->portals[i], true, text, sizeof(text));
		log_info(t->label, "portal %u = address %s", i, text);
	}
	return 0;
}

/* By bus, then target: that is the order of listings. */
static void put_in_order(struct manager *m, struct target *t)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->bus > t->bus ||
		    (of(pos)->bus == t->bus && of(pos)->number > t->number))
			break;
	}
	list_insert_before(pos, &t->link);
}

/* Gives new[0..n) their bindings; those without one are dropped. */
static void bind_all(struct manager *m, struct target **new, size_t n)
{
	const char **keys = calloc(n, sizeof(*keys));
	struct binding *b = calloc(n, sizeof(*b));
	struct report r = manager_report();

	for (size_t i = 0; keys && b && i < n; i++)
		keys[i] = new[i]->key;
	if (keys && b)
		bindings_assign(m->bindings, keys, n, &r, b);
	for (size_t i = 0; i < n; i++) {
		int err = keys && b ? b[i].error : -ENOMEM;

		if (!err)
			err = bind_target(new[i], &b[i]);
		if (!err) {
			put_in_order(m, new[i]);
			continue;
		}
		log_err(new[i]->key, "gets no binding: %s; no session is made",
			strerror(-err));
		target_free(new[i]);
	}
	free(keys);
	free(b);
}

/* Known ones keep to what was configured when they were made. */
static enum conf_multipath multipath_of(struct manager *m,
					const struct target_found *f)
{
	static struct conf_settings settings;
	struct target *t = find_name(m, f->name);
	enum conf_multipath how;

	if (t)
		return t->multipath;
	conf_target_settings(m->conf, f->name,
			     f->nportals ? &f->portals[0] : NULL, f->found_by,
			     &settings);
	how = (enum conf_multipath)settings.multipath;
	conf_settings_wipe(&settings);
	return how;
}

/* Adds those that are new to new[], returns their number. */
static size_t take_one(struct manager *m, const struct target_found *f,
		       struct target **new)
{
	static struct path paths[PATHS_MAX];
	enum conf_multipath how = multipath_of(m, f);
	size_t fresh = 0,
	       n = paths_split(how, f->name, f->portals, f->nportals, paths);

	for (size_t i = 0; i < n; i++) {
		struct target *t = find_key(m, paths[i].key);
		const struct target_found part = {
			.name = f->name,
			.portals = paths[i].portals,
			.nportals = paths[i].nportals,
			.found_by = f->found_by,
		};

		if (t) {
			merge(t, &part);
		} else if ((t = target_new(m, paths[i].key, &part))) {
			t->multipath = how;
			new[fresh++] = t;
		}
	}
	return fresh;
}

void targets_take(struct manager *m, const struct target_found *found, size_t n)
{
	struct target **new =
		calloc(n * PATHS_MAX + 1, sizeof(struct target *));
	size_t fresh = 0;

	if (!new || manager_is_stopping(m)) {
		free(new);
		return;
	}
	for (size_t i = 0; i < n; i++)
		fresh += take_one(m, &found[i], new + fresh);
	if (fresh)
		bind_all(m, new, fresh);
	free(new);
	targets_place(m);
}

/* Hearing from the engine --------------------------------------------- */

static void session_up(struct target *t, const struct said_session *s)
{
	t->session = *s;
	t->up = true;
	t->since = time(NULL);
	repeat_forget(&t->repeat);
	log_info(t->label, "%sestablished session to %s, address %s%s%s",
		 t->ever_up ? "re-" : "", t->name, s->portal,
		 *s->alias ? ", alias " : "", s->alias);
	t->ever_up = true;
}

/* What happens next, in words. */
static void add_outlook(struct strbuf *sb, uint32_t wait)
{
	if (!wait)
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
	if (t->up)
		t->since = time(NULL);
	t->up = false;
	t->scanned |= !is_followed(s);
	str_copy(t->reason, sizeof(t->reason), s->reason);
	if (t->removing)
		return;
	/* The pause varies by chance: it does not make it another line. */
	if (!repeat_may_say(&t->repeat, line, io_now(t->m->loop)))
		return;
	add_outlook(&sb, s->wait);
	if (t->repeat.repeated)
		sb_add(&sb, " (repeated %u times)", t->repeat.repeated);
	/* A redirection, or another portal's turn: no trouble yet. */
	log_line(s->wait ? LOG_WARNING : LOG_INFO, t->label, "%s", line);
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
	case SAID_LUN:
		device_reported(t, &s->lun);
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
	case SAID_REMOVED:
		heed_removed(t);
		break;
	default:
		break;
	}
}

void targets_rescan(struct manager *m)
{
	static struct msg_out msg;
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (!of(pos)->engine || of(pos)->removing)
			continue;
		order_simple(&msg, "rescan", of(pos)->id);
		engine_tell(of(pos)->engine, &msg, -1);
	}
}

/* The end ------------------------------------------------------------- */

void targets_drain(struct manager *m, bool force)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		devices_stop(of(pos), force);
	}
}

bool targets_are_settled(const struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (!of(pos)->scanned || !devices_are_settled(of(pos)))
			return false;
	}
	return true;
}

bool targets_have_devices(const struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (devices_are_up(of(pos)))
			return true;
	}
	return false;
}

void targets_remove(struct manager *m)
{
	static struct msg_out msg;
	struct list *pos;

	list_for_each (pos, &m->targets) {
		struct target *t = of(pos);

		t->removing = true;
		order_simple(&msg, "remove", t->id);
		if (!t->engine || !engine_tell(t->engine, &msg, -1))
			t->removed = true;
	}
}

bool targets_are_removed(const struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (!of(pos)->removed)
			return false;
	}
	return true;
}

void targets_free(struct manager *m)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &m->targets) {
		target_free(of(pos));
	}
}

void targets_forget_secrets(struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		conf_settings_wipe(&of(pos)->settings);
	}
}

/*
 * target - a target with its binding, settings and session.
 */
#include "iscsid/target/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "conf/value.h"
#include "iscsid/device/devices.h"
#include "iscsid/host/records.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "iscsid/target/multipath.h"

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

/* Placing ------------------------------------------------------------- */

static struct target_request order_of(const struct target *t)
{
	return (struct target_request){
		.id = t->bay.id,
		.initiator = &t->bay.m->initiator,
		.isid = t->isid,
		.name = t->name,
		.portals = t->portals,
		.nportals = t->nportals,
		.group = t->group,
		.old_portal = t->session.portal,
		.old_port = t->session.local_port,
		.reinstates = t->fence.reinstates,
		.reinstates_ms = t->fence.reinstates_ms,
		.sole = manager_is_sole(t->bay.m),
		.doubted = t->doubted,
		.resumes = devices_to_resume(&t->bay),
		.settings = &t->settings,
		.task_timeout = t->bay.m->opt->task_timeout,
	};
}

_Static_assert(RECORD_PORTALS == TARGET_PORTALS, "a record holds them all");

/* For a manager after us. */
static void target_record(struct target *t)
{
	static struct record_target h;
	int err;

	h = (struct record_target){
		.id = t->bay.id,
		.bus = t->bay.bus,
		.number = t->bay.number,
		.multipath = t->multipath,
		.nportals = t->nportals,
	};
	str_copy(h.name, sizeof(h.name), t->name);
	str_copy(h.key, sizeof(h.key), t->key);
	str_copy(h.found_by, sizeof(h.found_by), t->found_by);
	str_copy(h.group, sizeof(h.group), t->group);
	memcpy(h.portals, t->portals, t->nportals * sizeof(*t->portals));
	err = t->bay.m->out->put_target(t->bay.m->out, &h);
	if (err && !t->unrecorded)
		log_warn(t->bay.label,
			 "no record of it can be kept: %s; it is "
			 "tried again",
			 strerror(-err));
	t->unrecorded = err;
	if (err)
		manager_record_later(t->bay.m);
}

void target_record_again(struct target *t)
{
	if (t->unrecorded)
		target_record(t);
	devices_record_again(&t->bay);
}

void target_set_group(struct target *t, const char *group)
{
	if (strcmp(t->group, group) == 0)
		return;
	str_copy(t->group, sizeof(t->group), group);
	target_record(t);
}

void target_tell_portals(struct target *t)
{
	static struct msg_out msg;
	const struct target_request o = order_of(t);

	if (!t->bay.id)
		return; /* it is being made */
	target_record(t);
	if (!t->bay.engine)
		return; /* the next one hears of them with the target */
	request_portals(&o, &msg);
	engine_tell(t->bay.engine, &msg, -1);
	portal_list_tell(t);
}

bool target_give_to(struct target *t, struct engine_process *e)
{
	static struct msg_out msg;
	const struct target_request o = order_of(t);
	bool told;

	request_target(&o, &msg);
	told = engine_tell(e, &msg, -1);
	request_wipe(&msg);
	if (told) {
		t->foreign = false;
		t->bay.engine = e;
		e->load++;
		target_step(t, TARGET_PLACED);
		portal_list_tell(t);
		devices_resume(&t->bay);
	}
	return told;
}

/* Taking what was found ----------------------------------------------- */

static void merge(struct target *t, const struct target_found *f)
{
	bool more = false;

	for (size_t i = 0; i < f->nportals; i++)
		more |= portal_list_add(t, &f->portals[i]);
	if (!more)
		return;
	if (t->generation == t->bay.m->generation)
		portal_list_read_new(t);
	target_tell_portals(t);
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

/* Devices ------------------------------------------------------------- */

struct target *target_of(const struct bay *b)
{
	return container_of((struct bay *)b, struct target, bay);
}

unsigned devices_of_engine(const struct manager *m,
			   const struct engine_process *e)
{
	struct list *pos;
	unsigned n = 0;

	list_for_each (pos, &m->targets) {
		if (of(pos)->bay.engine == e)
			n += devices_up(&of(pos)->bay);
	}
	return n;
}

static void describe(const struct bay *b, struct udev_disk *u)
{
	const struct target *t = target_of(b);

	u->target = t->name;
	u->portals = t->portals;
	u->nportals = t->nportals;
}

static unsigned count(const struct bay *b)
{
	return devices_of_engine(b->m, b->engine);
}

static void bay_init(struct target *t, struct manager *m)
{
	static const struct bay_ops ops = { describe, count };

	t->bay.ops = &ops;
	t->bay.m = m;
	t->bay.settings = &t->settings;
	list_init(&t->bay.devices);
}

/* f: of this path alone. */
static struct target *target_new(struct manager *m, const char *key,
				 const struct target_found *f)
{
	struct target *t = calloc(1, sizeof(*t));
	const char *why;

	if (!t)
		return NULL;
	bay_init(t, m);
	str_copy(t->name, sizeof(t->name), f->name);
	str_copy(t->key, sizeof(t->key), key);
	if (f->found_by)
		addr_format(&f->found_by->addr, false, t->found_by,
			    sizeof(t->found_by));
	conf_target_settings(m->conf, t->name,
			     f->nportals ? &f->portals[0] : NULL, f->found_by,
			     &t->settings);
	list_init(&t->link);
	merge(t, f);
	t->generation = m->generation;
	portal_list_read(t);
	why = refusal(t);
	if (!why)
		return t;
	log_warn(t->name, "%s, no session is made", why);
	portal_list_free(t);
	conf_settings_wipe(&t->settings);
	free(t->portals);
	free(t);
	return NULL;
}

void target_free(struct target *t)
{
	list_remove(&t->link);
	redirect_drop(&t->redirect);
	devices_free(&t->bay);
	portal_list_free(t);
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
	unsigned index = t->bay.bus * BINDING_TARGETS + t->bay.number;

	return conf_isid(t->bay.m->initiator.name, t->name, -1,
			 alone ? 0 : (uint16_t)index, t->isid);
}

static int place_target(struct target *t, unsigned bus, unsigned number)
{
	t->bay.bus = bus;
	t->bay.number = number;
	if (make_isid(t))
		return -EOPNOTSUPP;
	t->since = manager_date(t->bay.m);
	str_copy(t->reason, sizeof(t->reason), "not yet connected");
	snprintf(t->bay.label, sizeof(t->bay.label), "bus %u target %u",
		 t->bay.bus, t->bay.number);
	(void)t->bay.m->out->get_seen(
		t->bay.m->out, t->bay.bus, t->bay.number, t->name,
		&t->fence); /* else it is still to be seen */
	return 0;
}

/* The record of what was before says the same, until there is a new one. */
static void record_with_doubt(struct target *t)
{
	struct doubt was;

	t->doubted = doubts_take(&t->bay.m->doubts, t->key, &was);
	if (t->doubted)
		str_copy(t->group, sizeof(t->group), was.group);
	target_record(t);
	/* One that could not be written yet says it no less. */
	if (!t->doubted || was.unrecorded || t->unrecorded ||
	    (was.bus == t->bay.bus && was.number == t->bay.number) ||
	    target_at(t->bay.m, was.bus, was.number))
		return;
	t->bay.m->out->drop_target(t->bay.m->out, was.bus, was.number);
}

static int bind_target(struct target *t, const struct binding *b)
{
	int err = place_target(t, b->bus, b->target);

	if (err)
		return err;
	t->bay.id = manager_new_id(t->bay.m);
	log_info(t->bay.label, "= %s%s", t->key, b->fresh ? " (new)" : "");
	for (unsigned i = 0; i < t->nportals; i++) {
		char text[ADDR_TEXT_SIZE];

		addr_format(&t->portals[i], true, text, sizeof(text));
		log_info(t->bay.label, "portal %u = address %s", i, text);
	}
	record_with_doubt(t);
	return 0;
}

/* By bus, then target: that is the order of listings. */
static void put_in_order(struct manager *m, struct target *t)
{
	struct list *pos;

	list_for_each (pos, &m->targets) {
		if (of(pos)->bay.bus > t->bay.bus ||
		    (of(pos)->bay.bus == t->bay.bus &&
		     of(pos)->bay.number > t->bay.number))
			break;
	}
	list_insert_before(pos, &t->link);
}

/* Gives new[0..n) their bindings; those without one are dropped. */
static void bind_all(struct manager *m, struct target **new, size_t n)
{
	const char **keys = calloc(n, sizeof(*keys));
	struct binding *b = calloc(n, sizeof(*b));

	for (size_t i = 0; keys && b && i < n; i++)
		keys[i] = new[i]->key;
	if (keys && b)
		(void)m->out->bind(m->out, keys, n, b); /* each tells */
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

static const struct conf_section *section_of(struct manager *m,
					     const char *found_by)
{
	struct addr a;

	if (addr_parse(found_by, strlen(found_by), &a))
		return NULL;
	return conf_find_discovery(m->conf, &a);
}

static void fill(struct target *t, const struct record_target *h)
{
	struct manager *m = t->bay.m;

	str_copy(t->name, sizeof(t->name), h->name);
	str_copy(t->key, sizeof(t->key), h->key);
	str_copy(t->found_by, sizeof(t->found_by), h->found_by);
	str_copy(t->group, sizeof(t->group), h->group);
	t->multipath = h->multipath;
	conf_target_settings(m->conf, t->name, &h->portals[0],
			     section_of(m, h->found_by), &t->settings);
	for (unsigned i = 0; i < h->nportals; i++)
		portal_list_add(t, &h->portals[i]);
	t->generation = m->generation;
	portal_list_read(t);
	t->scanned = t->ever_up = true;
}

struct target *target_restore(struct manager *m, const struct record_target *h,
			      struct engine_process *e)
{
	struct target *t =
		target_at(m, h->bus, h->number) ? NULL : calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	bay_init(t, m);
	list_init(&t->link);
	fill(t, h);
	if (place_target(t, h->bus, h->number)) {
		target_free(t);
		return NULL;
	}
	t->foreign = e;
	t->doubted = !e; /* writes of the one before, to any of its disks */
	t->bay.id = e ? h->id : manager_new_id(m);
	t->bay.engine = e;
	t->state = e ? TARGET_DOWN : TARGET_WAITING;
	if (e)
		e->load++;
	log_info(t->bay.label, "= %s (goes on)", t->key);
	put_in_order(m, t);
	target_record(t);
	return t;
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

/*
 * It has no session, and the configuration is another by now: it may be what
 * lets it in.
 */
static void renew(struct target *t, const struct conf_section *found_by)
{
	static struct conf_settings fresh;
	static struct msg_out msg;
	struct target_request o;
	const char *why;

	if (!(IN(t->state) &
	      (IN(TARGET_WAITING) | IN(TARGET_DOWN) | IN(TARGET_GIVEN_UP))) ||
	    (!t->foreign && t->generation == t->bay.m->generation))
		return;
	t->foreign = false;
	t->generation = t->bay.m->generation;
	conf_target_settings(t->bay.m->conf, t->name, &t->portals[0], found_by,
			     &fresh);
	why = fresh.enabled ? fresh.unusable : "is disabled (Enabled=no)";
	conf_settings_wipe(&fresh);
	if (why) {
		log_warn(t->bay.label, "%s, it keeps its former settings", why);
		return;
	}
	t->has_connfail = t->has_disk_command = false;
	target_step(t, TARGET_TRY_AGAIN);
	portal_list_read(t);
	o = order_of(t);
	request_settings(&o, &msg);
	if (t->bay.engine && engine_tell(t->bay.engine, &msg, -1))
		portal_list_tell(t);
	request_wipe(&msg);
}

void target_take_export(struct target *t)
{
	static struct conf_settings fresh;
	unsigned was = t->settings.export;

	conf_target_settings(t->bay.m->conf, t->name,
			     t->nportals ? &t->portals[0] : NULL,
			     section_of(t->bay.m, t->found_by), &fresh);
	t->settings.export = fresh.export;
	conf_settings_wipe(&fresh);
	if (t->settings.export != was)
		log_info(t->bay.label, "Export is %s now%s",
			 value_export_word(t->settings.export),
			 devices_are_up(&t->bay)
				 ? ": the devices that are there stay "
				   "as they are until they are made "
				   "anew (iscsictl remove and add)"
				 : "");
}

/* Adds those that are new to new[], returns their number. */
static size_t take_one(struct manager *m, const struct target_found *f,
		       struct target **new)
{
	static struct path paths[PATHS_MAX];
	enum conf_multipath how = multipath_of(m, f);
	size_t fresh = 0, n = multipath_split(how, f->name, f->portals,
					      f->nportals, paths);

	for (size_t i = 0; i < n; i++) {
		struct target *t = find_key(m, paths[i].key);
		const struct target_found part = {
			.name = f->name,
			.portals = paths[i].portals,
			.nportals = paths[i].nportals,
			.found_by = f->found_by,
		};

		if (t) {
			renew(t, f->found_by);
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

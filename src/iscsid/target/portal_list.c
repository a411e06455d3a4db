/*
 * portal_list - the portals of a target: their order, and the settings at each.
 */
#include "iscsid/target/portal_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "iscsid/core/core.h"
#include "iscsid/messages/request.h"
#include "iscsid/target/target.h"

static int find(const struct addr *list, unsigned n, const struct addr *a)
{
	for (unsigned i = 0; i < n; i++)
		if (addr_same(&list[i], a))
			return (int)i;
	return -1;
}

static bool has_portal(const struct target *t, const struct addr *a)
{
	for (unsigned i = 0; i < t->nportals; i++)
		if (addr_same(&t->portals[i], a) && t->portals[i].tag == a->tag)
			return true;
	return false;
}

/* Behind those that are equally good. */
static void insert(struct target *t, const struct addr *a)
{
	unsigned rank = conf_portal_rank(&t->settings, a);
	unsigned at = t->nportals;

	while (at && conf_portal_rank(&t->settings, &t->portals[at - 1]) > rank)
		at--;
	memmove(&t->portals[at + 1], &t->portals[at],
		(t->nportals - at) * sizeof(*a));
	t->portals[at] = *a;
	t->nportals++;
}

bool portal_list_add(struct target *t, const struct addr *a)
{
	struct addr *more;

	if (t->nportals == TARGET_PORTALS || has_portal(t, a) ||
	    find(t->overrides.moved, t->overrides.nmoved, a) >= 0)
		return false;
	more = reallocarray(t->portals, t->nportals + 1, sizeof(*more));
	if (!more)
		return false;
	t->portals = more;
	insert(t, a);
	return true;
}

/* Settings ------------------------------------------------------------ */

static const struct conf_section *found_by(const struct target *t)
{
	struct addr a;

	if (addr_parse(t->found_by, strlen(t->found_by), &a))
		return NULL;
	return conf_find_discovery(t->bay.m->conf, &a);
}

static void read_at(const struct target *t, const struct addr *portal,
		    struct conf_settings *out)
{
	conf_target_settings(t->bay.m->conf, t->name, portal, found_by(t), out);
}

static struct portal_override *find_override(const struct target *t,
					     const struct addr *portal)
{
	for (unsigned i = 0; i < t->overrides.count; i++)
		if (addr_same(&t->overrides.list[i].portal, portal))
			return &t->overrides.list[i];
	return NULL;
}

/* reallocarray() would leave secrets behind. */
static struct portal_override *
add_override(struct target *t, const struct addr *portal,
	     const struct conf_settings *settings)
{
	struct portal_list *l = &t->overrides;
	struct portal_override *more = calloc(l->count + 1, sizeof(*more));

	if (!more)
		return NULL;
	if (l->count) {
		memcpy(more, l->list, l->count * sizeof(*more));
		explicit_bzero(l->list, l->count * sizeof(*more));
	}
	free(l->list);
	l->list = more;
	more[l->count].portal = *portal;
	more[l->count].settings = *settings;
	return &more[l->count++];
}

/* What the administrator changed while it runs holds everywhere. */
static void take_changes(const struct target *t, struct conf_settings *s)
{
	if (t->has_connfail)
		s->connfail_timeout = t->settings.connfail_timeout;
	if (!t->has_disk_command)
		return;
	s->min_disk_command_timeout = t->settings.min_disk_command_timeout;
	s->max_disk_command_timeout = t->settings.max_disk_command_timeout;
}

static const struct portal_override *read_override(struct target *t,
						   const struct addr *portal)
{
	static struct conf_settings s;
	const struct portal_override *o = NULL;

	read_at(t, portal, &s);
	take_changes(t, &s);
	if (s.unusable)
		log_warn(*t->bay.label ? t->bay.label : t->name,
			 "portal %s: %s", portal->host, s.unusable);
	else if (request_differs(&s, &t->settings))
		o = add_override(t, portal, &s);
	conf_settings_wipe(&s);
	return o;
}

void portal_list_wipe(struct target *t)
{
	if (t->overrides.count)
		explicit_bzero(t->overrides.list,
			       t->overrides.count * sizeof(*t->overrides.list));
}

static void drop_all(struct target *t)
{
	portal_list_wipe(t);
	free(t->overrides.list);
	t->overrides.list = NULL;
	t->overrides.count = 0;
}

void portal_list_read_new(struct target *t)
{
	for (unsigned i = 1; i < t->nportals; i++)
		if (!find_override(t, &t->portals[i]))
			read_override(t, &t->portals[i]);
}

static void sort(struct target *t)
{
	unsigned n = t->nportals;

	/* Each into its place among those before it. */
	for (t->nportals = 0; t->nportals < n;) {
		struct addr a = t->portals[t->nportals];

		insert(t, &a);
	}
}

void portal_list_read(struct target *t)
{
	struct addr first;

	drop_all(t);
	if (!t->nportals)
		return;
	first = t->portals[0];
	read_at(t, &first, &t->settings);
	sort(t);
	if (!addr_same(&first, &t->portals[0]))
		read_at(t, &t->portals[0], &t->settings);
	portal_list_read_new(t);
}

static void tell(const struct target *t, const struct portal_override *o)
{
	static struct msg_out m;

	request_at(&m, t->bay.id, &o->portal, &o->settings);
	engine_tell(t->bay.engine, &m, -1);
	request_wipe(&m);
}

void portal_list_tell(const struct target *t)
{
	for (unsigned i = 0; t->bay.engine && i < t->overrides.count; i++)
		tell(t, &t->overrides.list[i]);
}

/* Redirections -------------------------------------------------------- */

void portal_list_redirected(struct target *t, const struct addr *to)
{
	const struct portal_override *o = find_override(t, to);

	/* A target could point to ever new ones: then these are base. */
	if (!o && t->overrides.count < 2 * TARGET_PORTALS &&
	    t->generation == t->bay.m->generation)
		o = read_override(t, to);
	if (o && t->bay.engine)
		tell(t, o);
}

static void remember_move(struct portal_list *l, const struct addr *from)
{
	struct addr *more;

	if (l->nmoved == TARGET_PORTALS)
		return;
	more = reallocarray(l->moved, l->nmoved + 1, sizeof(*more));
	if (!more)
		return;
	l->moved = more;
	l->moved[l->nmoved++] = *from;
}

/* Portals may point to each other: the last word counts. */
static void forget_move(struct portal_list *l, const struct addr *from)
{
	int i = find(l->moved, l->nmoved, from);

	if (i >= 0)
		l->moved[i] = l->moved[--l->nmoved];
}

void portal_list_moved(struct target *t, const struct addr *from,
		       const struct addr *to)
{
	int i = find(t->portals, t->nportals, from);
	char was[ADDR_TEXT_SIZE], is[ADDR_TEXT_SIZE];

	if (i < 0 || addr_same(from, to))
		return;
	addr_format(from, false, was, sizeof(was));
	addr_format(to, false, is, sizeof(is));
	log_info(t->bay.label, "portal %s moved to %s for good", was, is);
	t->nportals--;
	memmove(&t->portals[i], &t->portals[i + 1],
		(t->nportals - (unsigned)i) * sizeof(*from));
	forget_move(&t->overrides, to);
	if (find(t->portals, t->nportals, to) < 0)
		portal_list_add(t, to);
	remember_move(&t->overrides, from);
}

void portal_list_forget_moves(struct target *t)
{
	free(t->overrides.moved);
	t->overrides.moved = NULL;
	t->overrides.nmoved = 0;
}

void portal_list_free(struct target *t)
{
	drop_all(t);
	portal_list_forget_moves(t);
}

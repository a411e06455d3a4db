/*
 * portal_settings - what of a target's settings belongs to the portal.
 */
#include "engine/target/portal_settings.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"

#define ENTRIES_MOST (2 * PORTALS_MAX) /* those redirected to, too */

static struct portal_entry *of(struct list *link)
{
	return container_of(link, struct portal_entry, link);
}

void portal_settings_init(struct portal_settings *p, const struct settings *s)
{
	list_init(&p->list);
	p->count = 0;
	p->base = s->own;
}

void portal_settings_fini(struct portal_settings *p)
{
	struct list *l;

	while ((l = list_pop_front(&p->list))) {
		explicit_bzero(of(l), sizeof(struct portal_entry));
		arena_free(of(l), sizeof(struct portal_entry));
	}
	p->count = 0;
	explicit_bzero(&p->base, sizeof(p->base));
}

static struct portal_entry *find(const struct portal_settings *p,
				 const struct addr *portal)
{
	struct list *pos;

	list_for_each (pos, &p->list) {
		if (addr_same(&of(pos)->portal, portal))
			return of(pos);
	}
	return NULL;
}

bool portal_settings_has(const struct portal_settings *p,
			 const struct addr *portal)
{
	return find(p, portal);
}

int portal_settings_set(struct portal_settings *p, const struct addr *portal,
			const struct settings *s)
{
	struct portal_entry *e = find(p, portal);

	/* So many come of redirections only: those to come take turns. */
	if (!e && p->count == ENTRIES_MOST) {
		e = of(p->list.prev);
		e->portal = *portal;
	}
	if (!e) {
		e = arena_alloc(sizeof(*e));
		if (!e)
			return -ENOMEM;
		e->portal = *portal;
		list_push_back(&p->list, &e->link);
		p->count++;
	}
	e->own = s->own;
	return 0;
}

void portal_settings_apply(const struct portal_settings *p,
			   const struct addr *portal, struct settings *s)
{
	const struct portal_entry *e = find(p, portal);

	s->own = e ? e->own : p->base;
}

void portal_settings_set_connfail(struct portal_settings *p, uint32_t ms)
{
	struct list *pos;

	p->base.connfail_timeout = ms;
	list_for_each (pos, &p->list) {
		of(pos)->own.connfail_timeout = ms;
	}
}

void portal_settings_set_disk_timeout(struct portal_settings *p, uint32_t ms)
{
	struct list *pos;

	p->base.disk_timeout = ms;
	list_for_each (pos, &p->list) {
		of(pos)->own.disk_timeout = ms;
	}
}

/*
 * own - what of a target's settings belongs to the portal.
 */
#include "engine/own.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"

#define OWNS_MOST (2 * PORTALS_MAX) /* those redirected to, too */

static struct own *of(struct list *link)
{
	return container_of(link, struct own, link);
}

static void take(struct own *own, const struct settings *s)
{
	own->session = s->session;
	own->connfail_timeout = s->connfail_timeout;
	own->disk_timeout = s->disk_timeout;
	own->window = s->window;
}

void owns_init(struct owns *o, const struct settings *s)
{
	list_init(&o->list);
	o->count = 0;
	take(&o->base, s);
}

void owns_fini(struct owns *o)
{
	struct list *l;

	while ((l = list_pop_front(&o->list))) {
		explicit_bzero(of(l), sizeof(struct own));
		arena_free(of(l), sizeof(struct own));
	}
	o->count = 0;
	explicit_bzero(&o->base.session, sizeof(o->base.session));
}

static struct own *find(const struct owns *o, const struct addr *portal)
{
	struct list *pos;

	list_for_each (pos, &o->list) {
		if (addr_same(&of(pos)->portal, portal))
			return of(pos);
	}
	return NULL;
}

bool owns_has(const struct owns *o, const struct addr *portal)
{
	return find(o, portal);
}

int owns_set(struct owns *o, const struct addr *portal,
	     const struct settings *s)
{
	struct own *own = find(o, portal);

	/* So many come of redirections only: those to come take turns. */
	if (!own && o->count == OWNS_MOST) {
		own = of(o->list.prev);
		own->portal = *portal;
	}
	if (!own) {
		own = arena_alloc(sizeof(*own));
		if (!own)
			return -ENOMEM;
		own->portal = *portal;
		list_push_back(&o->list, &own->link);
		o->count++;
	}
	take(own, s);
	return 0;
}

void owns_apply(const struct owns *o, const struct addr *portal,
		struct settings *s)
{
	const struct own *own = find(o, portal);

	if (!own)
		own = &o->base;
	s->session = own->session;
	s->connfail_timeout = own->connfail_timeout;
	s->disk_timeout = own->disk_timeout;
	s->window = own->window;
}

void owns_set_connfail(struct owns *o, uint32_t ms)
{
	struct list *pos;

	o->base.connfail_timeout = ms;
	list_for_each (pos, &o->list) {
		of(pos)->connfail_timeout = ms;
	}
}

void owns_set_disk_timeout(struct owns *o, uint32_t ms)
{
	struct list *pos;

	o->base.disk_timeout = ms;
	list_for_each (pos, &o->list) {
		of(pos)->disk_timeout = ms;
	}
}

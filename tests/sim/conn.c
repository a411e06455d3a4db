/*
 * conn - a socket between a manager and an engine.
 */
#include "conn.h"

#include <string.h>

#include "heap.h"

struct note *note_add(struct list *l, const char *text, size_t n,
		      struct kdev *d)
{
	struct note *note = world_alloc(sizeof(*note) + n + 1);

	note->kdev = d;
	if (d)
		kdev_get(d);
	note->len = n;
	memcpy(note->text, text, n);
	list_push_back(l, &note->link);
	return note;
}

void notes_drop(struct list *l)
{
	struct list *pos;

	while ((pos = list_pop_front(l))) {
		struct note *n = container_of(pos, struct note, link);
		struct kdev *d = n->kdev;

		world_free(n);
		if (d)
			kdev_put(d);
	}
}

unsigned notes_count(const struct list *l)
{
	struct list *pos;
	unsigned n = 0;

	list_for_each (pos, l)
		n += !container_of(pos, struct note, link)->lie;
	return n;
}

struct conn *conn_new(void)
{
	struct conn *c = world_alloc(sizeof(*c));

	list_init(&c->to);
	list_init(&c->from);
	c->manager = c->engine = true;
	return c;
}

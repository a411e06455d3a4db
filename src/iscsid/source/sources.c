/*
 * sources - all places where targets come from, as the configuration names
 * them.  What one of them does is in source.c.
 */
#include "iscsid/source/sources.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "iscsid/core/core.h"

static struct source *of(struct list *link)
{
	return container_of(link, struct source, link);
}

struct source *source_find(struct manager *m, const struct engine_process *e,
			   uint64_t id)
{
	struct list *pos;

	list_for_each (pos, &m->sources) {
		if (of(pos)->id == id && of(pos)->engine == e)
			return of(pos);
	}
	return NULL;
}

static struct source *add(struct manager *m)
{
	struct source *s = source_new(m);

	if (s)
		list_push_back(&m->sources, &s->link);
	return s;
}

static void drop(struct source *s)
{
	list_remove(&s->link);
	source_free(s);
}

static void load_discovery(struct manager *m, const struct conf_section *c)
{
	struct source *s;
	struct list *pos;
	char text[ADDR_TEXT_SIZE];

	list_for_each (pos, &m->sources) {
		if (of(pos)->is_static || !addr_same(&of(pos)->addr, &c->addr))
			continue;
		of(pos)->configured = true;
		return;
	}
	s = add(m);
	if (!s)
		return;
	s->addr = c->addr;
	addr_format(&c->addr, false, text, sizeof(text));
	snprintf(s->label, sizeof(s->label), "DiscoveryAddress %s", text);
}

static void load_static(struct manager *m, const struct conf_section *c)
{
	struct source *s;
	struct list *pos;

	list_for_each (pos, &m->sources) {
		if (!of(pos)->is_static || strcmp(of(pos)->name, c->name) != 0)
			continue;
		of(pos)->configured = true;
		return;
	}
	s = add(m);
	if (!s)
		return;
	s->is_static = true;
	str_copy(s->name, sizeof(s->name), c->name);
	snprintf(s->label, sizeof(s->label), "TargetName %s", c->name);
}

void sources_load(struct manager *m)
{
	const struct conf_section *c = NULL;
	struct list *pos, *tmp;

	list_for_each (pos, &m->sources) {
		of(pos)->configured = false;
	}
	while ((c = conf_next_discovery(m->conf, c)))
		load_discovery(m, c);
	while ((c = conf_next_static(m->conf, c)))
		load_static(m, c);
	list_for_each_safe (pos, tmp, &m->sources) {
		struct source *s = of(pos);

		if (s->configured) {
			source_begin(s);
			continue;
		}
		source_end(s);
		drop(s);
	}
}

void sources_forget_moves(struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->sources) {
		*of(pos)->moved.host = '\0';
	}
}

void sources_place(struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->sources) {
		source_place(of(pos));
	}
}

void sources_engine_lost(struct manager *m, struct engine_process *e)
{
	struct list *pos;

	list_for_each (pos, &m->sources) {
		if (of(pos)->engine == e)
			source_engine_lost(of(pos));
	}
}

bool sources_are_settled(const struct manager *m)
{
	struct list *pos;

	list_for_each (pos, &m->sources) {
		if (of(pos)->state != SOURCE_DONE && !of(pos)->failures)
			return false;
	}
	return true;
}

void sources_free(struct manager *m)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &m->sources) {
		drop(of(pos));
	}
}

/*
 * gather - records of a discovery sorted into targets with numeric portals.
 */
#include "iscsid/source/gather.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

static struct target_found *find_or_add(struct gather *g,
					const struct reported_found *r)
{
	struct target_found *t;

	for (size_t i = 0; i < g->ntargets; i++)
		if (strcmp(g->targets[i].name, r->name) == 0)
			return &g->targets[i];
	t = &g->targets[g->ntargets];
	t->name = r->name;
	t->found_by = g->found_by;
	g->ntargets++;
	return t;
}

static void add_portal(struct gather *g, struct target_found *t,
		       const struct addr *a)
{
	struct addr *list = (struct addr *)(uintptr_t)t->portals, *more;
	const char *useless = resolve_useless(a);
	char text[ADDR_TEXT_SIZE];

	if (useless) {
		addr_format(a, true, text, sizeof(text));
		log_warn(g->label, "portal %s of %s %s, it is not used", text,
			 t->name, useless);
		return;
	}
	for (size_t i = 0; i < t->nportals; i++)
		if (addr_same(&list[i], a) && list[i].tag == a->tag)
			return;
	if (t->nportals == TARGET_PORTALS)
		return;
	more = reallocarray(list, t->nportals + 1, sizeof(*more));
	if (!more)
		return;
	more[t->nportals++] = *a;
	t->portals = more;
}

static const struct resolved *find_name(const struct gather_names *names,
					const char *host)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->list[i].host, host) == 0)
			return &names->list[i];
	return NULL;
}

static void add_named(struct gather *g, struct target_found *t,
		      const struct addr *a)
{
	const struct resolved *r = find_name(g->names, a->host);
	struct addr numeric = *a;

	for (unsigned i = 0; r && i < r->count; i++) {
		str_copy(numeric.host, sizeof(numeric.host), r->number[i]);
		add_portal(g, t, &numeric);
	}
	if (!r || !r->count)
		snprintf(g->unresolved, sizeof(g->unresolved),
			 "%s cannot be looked up: %s", a->host,
			 r ? r->reason : "too many names at once");
}

static void add_record(struct gather *g, struct target_found *t,
		       const struct reported_found *r)
{
	if (!r->has_addr) {
		for (size_t i = 0; i < g->nself; i++)
			add_portal(g, t, &g->self[i]);
	} else if (addr_is_numeric(&r->addr)) {
		add_portal(g, t, &r->addr);
	} else {
		add_named(g, t, &r->addr);
	}
}

/* Targets without a portal are left out. */
static void drop_unreachable(struct gather *g)
{
	bool lost = false;
	size_t kept = 0;

	for (size_t i = 0; i < g->ntargets; i++) {
		if (g->targets[i].nportals) {
			g->targets[kept++] = g->targets[i];
			continue;
		}
		log_warn(g->label, "%s has no portal that can be used",
			 g->targets[i].name);
		free((void *)(uintptr_t)g->targets[i].portals);
		lost = true;
	}
	g->ntargets = kept;
	if (!lost)
		*g->unresolved = '\0';
}

int gather_targets(struct gather *g)
{
	g->targets = calloc(g->nrecords + 1, sizeof(*g->targets));
	g->ntargets = 0;
	*g->unresolved = '\0';
	if (!g->targets)
		return -ENOMEM;
	for (size_t i = 0; i < g->nrecords; i++) {
		struct target_found *t = find_or_add(g, &g->records[i]);

		add_record(g, t, &g->records[i]);
	}
	drop_unreachable(g);
	return 0;
}

void gather_free(struct gather *g)
{
	for (size_t i = 0; i < g->ntargets; i++)
		free((void *)(uintptr_t)g->targets[i].portals);
	free(g->targets);
	g->targets = NULL;
	g->ntargets = 0;
}

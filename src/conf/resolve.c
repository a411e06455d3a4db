/*
 * resolve - which lines of iscsi.conf decide what holds for one session, and
 * the values that they give; declared in conf/settings.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "conf/conf.h"
#include "conf/parse.h"
#include "conf/value.h"

/* The line that decides each keyword's value, found before any is read. */
struct picks {
	const struct conf_setting *line[KEYWORD_MAX];
	enum conf_scope scope[KEYWORD_MAX];
};

static void pick(struct picks *p, const struct conf_setting *s,
		 enum conf_scope scope)
{
	size_t row = (size_t)(s->k - keywords);

	p->line[row] = s;
	p->scope[row] = scope;
}

static void pick_own(struct picks *p, const struct conf_section *sec,
		     enum conf_scope scope)
{
	for (size_t i = 0; i < sec->own.count; i++)
		pick(p, &sec->own.settings[i], scope);
}

static bool is_credential(const struct keyword *k)
{
	return k->kind == KEY_STRING || k->kind == KEY_SECRET;
}

/* What DiscoveryAddress sections say to the sessions of their targets. */
static void pick_credentials(struct picks *p, const struct conf_section *sec)
{
	for (size_t i = 0; i < sec->own.count; i++)
		if (is_credential(sec->own.settings[i].k))
			pick(p, &sec->own.settings[i], CONF_FROM_DISCOVERY);
}

static bool is_net(enum conf_section_kind kind)
{
	return kind == CONF_TARGET_ADDRESS || kind == CONF_SUBNET ||
	       kind == CONF_ADDRESS;
}

static bool net_matches(const struct conf_section *sec,
			const struct addr *portal)
{
	if (!is_net(sec->kind))
		return false;
	for (size_t i = 0; i < sec->nnets; i++)
		if (net_has(&sec->nets[i], portal->host))
			return true;
	return false;
}

/* The first of the TargetName sections of this name in conf->targets. */
static size_t first_target(const struct conf *conf, const char *name)
{
	size_t low = 0, high = conf->ntargets;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(conf->targets[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/*
 * Calls fn for the sections that speak of this target and portal, in rising
 * precedence.
 */
static void each_section(const struct conf *conf, const char *name,
			 const struct addr *portal,
			 void (*fn)(void *ctx, const struct conf_section *sec,
				    enum conf_scope scope),
			 void *ctx)
{
	for (size_t i = first_target(conf, name);
	     i < conf->ntargets && strcmp(conf->targets[i]->name, name) == 0;
	     i++)
		fn(ctx, conf->targets[i], CONF_FROM_TARGET);
	for (size_t i = 0; portal && i < conf->nsections; i++)
		if (net_matches(&conf->sections[i], portal))
			fn(ctx, &conf->sections[i], CONF_FROM_NETWORK);
}

/* Up to which global line a keyword may look, by who decides about it. */
struct horizon {
	const struct conf_section *found_by; /* for credentials */
	const struct conf_section *target;   /* last one, or NULL */
	const struct conf_section *net[CONF_SECTION_KINDS];
};

static void note_section(void *ctx, const struct conf_section *sec,
			 enum conf_scope scope)
{
	struct horizon *h = ctx;

	if (scope == CONF_FROM_TARGET)
		h->target = sec;
	else
		h->net[sec->kind] = sec;
}

static size_t horizon_of(const struct horizon *h, const struct keyword *k,
			 size_t all)
{
	const struct conf_section *last = NULL;

	if (h->found_by && is_credential(k))
		return h->found_by->nglobals;
	for (int i = 0; i < CONF_SECTION_KINDS; i++)
		if (h->net[i] && k->where & IN_SECTION(i) &&
		    (!last || h->net[i]->line > last->line))
			last = h->net[i];
	if (last)
		return last->nglobals;
	if (h->target && k->where & IN_SECTION(CONF_TARGET))
		return h->target->nglobals;
	return all;
}

static void pick_globals(struct picks *p, const struct conf *conf,
			 const struct horizon *h)
{
	const struct conf_layer *g = &conf->globals;
	size_t limit[KEYWORD_MAX];

	for (size_t i = 0; i < keyword_count; i++)
		limit[i] = horizon_of(h, &keywords[i], g->count);
	for (size_t i = 0; i < g->count; i++)
		if (i < limit[g->settings[i].k - keywords])
			pick(p, &g->settings[i], CONF_FROM_GLOBAL);
}

static void pick_section(void *ctx, const struct conf_section *sec,
			 enum conf_scope scope)
{
	pick_own(ctx, sec, scope);
}

/* Reads the lines picked; true when a refused secret is among them. */
static bool read_picks(const struct picks *p, struct conf_settings *out)
{
	char why[VALUE_WHY];
	bool refused = false;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keywords[i];
		const struct conf_setting *s = p->line[i];

		if (k->deflt)
			value_get(k, k->deflt, strlen(k->deflt), out, why);
		if (!s)
			continue;
		refused |= s->refused;
		value_get(k, s->text, s->n, out, why);
		out->origin[i] = (struct conf_origin){ s->line, p->scope[i] };
	}
	return refused;
}

bool settings_resolve(const struct conf *conf, const char *name,
		      const struct addr *portal,
		      const struct conf_section *found_by,
		      struct conf_settings *out)
{
	struct picks p = { 0 };
	struct horizon h = { .found_by = found_by };
	char folded[NAME_SIZE];

	str_copy(folded, sizeof(folded), name);
	name_normalize(folded);
	each_section(conf, folded, portal, note_section, &h);
	pick_globals(&p, conf, &h);
	if (found_by)
		pick_credentials(&p, found_by);
	each_section(conf, folded, portal, pick_section, &p);
	return read_picks(&p, out);
}

static void finish(struct conf_settings *s, bool refused)
{
	s->unusable = refused ? "the passwords in the configuration file are "
				"refused, as others may read it (chmod 600)"
			      : check_credentials(s);
	if (s->unusable) {
		explicit_bzero(&s->out, sizeof(s->out));
		explicit_bzero(&s->in, sizeof(s->in));
	}
	/* RFC 7143 13.14 */
	if (s->first_burst > s->max_burst)
		s->first_burst = s->max_burst;
}

void conf_target_settings(const struct conf *conf, const char *name,
			  const struct addr *portal,
			  const struct conf_section *found_by,
			  struct conf_settings *out)
{
	finish(out, settings_resolve(conf, name, portal, found_by, out));
}

uint32_t conf_engine_timeout(const struct conf *conf)
{
	static struct conf_settings s;
	uint32_t ms;

	/* It has no say in a section of a target, so any name will do. */
	conf_target_settings(conf, "", NULL, NULL, &s);
	ms = s.engine_timeout;
	conf_settings_wipe(&s);
	return ms;
}

void conf_discovery_settings(const struct conf *conf,
			     const struct conf_section *discovery,
			     struct conf_settings *out)
{
	const struct conf_layer *g = &conf->globals;
	struct picks p = { 0 };

	for (size_t i = 0; i < g->count; i++)
		if (i < discovery->nglobals ||
		    !(g->settings[i].k->where & IN_SECTION(CONF_DISCOVERY)))
			pick(&p, &g->settings[i], CONF_FROM_GLOBAL);
	pick_own(&p, discovery, CONF_FROM_DISCOVERY);
	finish(out, read_picks(&p, out));
}

/* The i-th keyword that says something about a target's session. */
static const struct keyword *listed(size_t i)
{
	unsigned where = IN_SECTION(CONF_TARGET);

	for (size_t row = 0; row < keyword_count; row++) {
		const struct keyword *k = &keywords[row];

		if (k->kind == KEY_SECTION || k->kind == KEY_UNUSED ||
		    !(k->where & where))
			continue;
		if (i-- == 0)
			return k;
	}
	return NULL;
}

bool conf_settings_list(const struct conf *conf, const struct conf_settings *s,
			size_t i, char *value, size_t value_size, char *origin,
			size_t origin_size)
{
	const struct keyword *k = listed(i);
	char text[CONF_LIST_SIZE];
	unsigned line;

	if (!k)
		return false;
	value_put(k, s, text, sizeof(text));
	snprintf(value, value_size, "%s=%s", k->name, text);
	line = s->origin[k - keywords].line;
	if (line)
		snprintf(origin, origin_size, "%s:%u", conf->file, line);
	else
		str_copy(origin, origin_size, "default");
	return true;
}

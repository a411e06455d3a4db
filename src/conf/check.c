/*
 * check - what is wrong with iscsi.conf as a whole, after its lines were
 * read one by one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "conf/parse.h"

#define CHECKED_MAX 1000 /* sections; bounds the time a huge file takes */

static int compare_lines(const struct conf_section *a,
			 const struct conf_section *b)
{
	return a->line < b->line ? -1 : a->line > b->line;
}

/* Sections of one target or address stand together, in the file's order. */
static int compare_targets(const void *a, const void *b)
{
	const struct conf_section *const *x = a, *const *y = b;
	int diff = strcmp((*x)->name, (*y)->name);

	return diff ? diff : compare_lines(*x, *y);
}

static int compare_discoveries(const void *a, const void *b)
{
	const struct conf_section *const *x = a, *const *y = b;
	int diff = strcasecmp((*x)->addr.host, (*y)->addr.host);

	if (!diff)
		diff = (int)(*x)->addr.port - (int)(*y)->addr.port;
	return diff ? diff : compare_lines(*x, *y);
}

static size_t collect(struct conf *conf, enum conf_section_kind kind,
		      struct conf_section **list)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->nsections; i++)
		if (conf->sections[i].kind == kind)
			list[n++] = &conf->sections[i];
	return n;
}

static void replace(struct conf_section *old, const struct conf_section *by,
		    struct report *r)
{
	old->replaced = true;
	report_line(r, LOG_WARNING, old->line,
		    "%s: not used, line %u gives the same once more",
		    keyword_section_name(old->kind), by->line);
}

/* Of TargetName sections only those with addresses of their own compete. */
static void mark_targets(struct conf_section **list, size_t n, struct report *r)
{
	struct conf_section *last = NULL;

	for (size_t i = n; i-- > 0;) {
		if (!list[i]->nportals)
			continue;
		if (last && strcmp(last->name, list[i]->name) == 0)
			replace(list[i], last, r);
		else
			last = list[i];
	}
}

static void mark_discoveries(struct conf_section **list, size_t n,
			     struct report *r)
{
	for (size_t i = 1; i < n; i++)
		if (addr_same(&list[i - 1]->addr, &list[i]->addr))
			replace(list[i - 1], list[i], r);
}

int check_sections(struct conf *conf, struct report *r)
{
	struct conf_section **list =
		calloc(conf->nsections + 1, sizeof(struct conf_section *));
	size_t n;

	if (!list)
		return -ENOMEM;
	n = collect(conf, CONF_DISCOVERY, list);
	qsort(list, n, sizeof(struct conf_section *), compare_discoveries);
	mark_discoveries(list, n, r);

	n = collect(conf, CONF_TARGET, list);
	qsort(list, n, sizeof(struct conf_section *), compare_targets);
	mark_targets(list, n, r);
	conf->targets = list;
	conf->ntargets = n;
	return 0;
}

static bool no_incoming(const struct conf_settings *s)
{
	return s->in.user[0] && !s->in.secret[0];
}

static bool no_outgoing(const struct conf_settings *s)
{
	return s->in.secret[0] && !s->out.secret[0];
}

/* A secret used both ways lets a target answer with our own words (9.2.1). */
static bool same_secret(const struct conf_settings *s)
{
	return s->in.secret[0] && strcmp(s->in.secret, s->out.secret) == 0;
}

static bool no_user(const struct conf_settings *s)
{
	return s->out.secret[0] && !s->out.user[0];
}

static bool no_password(const struct conf_settings *s)
{
	return s->out.user[0] && !s->out.secret[0];
}

/* RFC 7143 13.14 */
static bool first_above_max(const struct conf_settings *s)
{
	return s->first_burst > s->max_burst;
}

/* An error about credentials makes a session impossible. */
static const struct rule {
	bool (*broken)(const struct conf_settings *s);
	const char *blamed; /* the keyword whose line is named */
	int level;
	bool credentials;
	const char *fault;
} rules[] = {
	{ no_incoming, "IncomingUsername", LOG_ERR, true,
	  "IncomingUsername without IncomingPassword proves nothing" },
	{ no_outgoing, "IncomingPassword", LOG_ERR, true,
	  "IncomingPassword needs Username and Password beside it" },
	{ same_secret, "IncomingPassword", LOG_ERR, true,
	  "IncomingPassword must differ from Password" },
	{ no_user, "Password", LOG_ERR, true,
	  "Password needs a Username beside it" },
	{ no_password, "Username", LOG_WARNING, true,
	  "Username without Password: there is no authentication" },
	{ first_above_max, "FirstBurstLength", LOG_WARNING, false,
	  "FirstBurstLength is above MaxBurstLength and is cut to it" },
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

const char *check_credentials(const struct conf_settings *s)
{
	for (size_t i = 0; i < RULES; i++)
		if (rules[i].credentials && rules[i].level == LOG_ERR &&
		    rules[i].broken(s))
			return rules[i].fault;
	return NULL;
}

/*
 * told: the line last blamed by each rule, as sections that share globals
 * share their faults.
 */
static void check_rules(const struct conf_settings *s, bool credentials,
			unsigned told[static RULES], struct report *r)
{
	for (size_t i = 0; i < RULES; i++) {
		const char *name = rules[i].blamed;
		const struct keyword *k = keyword_find(name, strlen(name));
		unsigned line = conf_settings_origin(s, k).line;

		/* Line 0 is a default: nobody wrote what is wrong. */
		if ((rules[i].credentials && !credentials) || line == 0 ||
		    line == told[i] || !rules[i].broken(s))
			continue;
		told[i] = line;
		report_line(r, rules[i].level, line, "%s", rules[i].fault);
	}
}

/*
 * Credentials of a target that a discovery finds depend on that discovery;
 * only those of targets with addresses of their own are known here.
 */
static void check_section(const struct conf *conf, struct report *r,
			  const struct conf_section *sec,
			  unsigned told[static RULES])
{
	bool target = sec && sec->kind == CONF_TARGET;
	struct conf_settings s;

	settings_resolve(conf, target ? sec->name : "", NULL,
			 target ? NULL : sec, &s);
	check_rules(&s, !target || sec->nportals, told, r);
	conf_settings_wipe(&s);
}

void check_values(const struct conf *conf, struct report *r)
{
	unsigned told[RULES] = { 0 };
	size_t n =
		conf->nsections < CHECKED_MAX ? conf->nsections : CHECKED_MAX;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		const struct conf_section *sec = &conf->sections[i];

		if (sec->replaced ||
		    (sec->kind != CONF_DISCOVERY && sec->kind != CONF_TARGET))
			continue;
		any = true;
		check_section(conf, r, sec, told);
	}
	if (!any)
		check_section(conf, r, NULL, told);
}

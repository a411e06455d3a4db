/*
 * parse - the lines of iscsi.conf, their sections and indentation.
 *
 * A section's settings follow its opener and are indented more; the first
 * line that is not ends it.  What is under a faulty opener is ignored with
 * it: it must not count as global.
 */
#include "conf/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/str.h"
#include "conf/lines.h"
#include "conf/value.h"
#include "wire/chap.h"

struct parser {
	struct conf *conf;
	struct report *r;
	struct conf_section *section; /* NULL: none, lines are global */
	unsigned dropped; /* line of a faulty opener we are under, or 0 */
	unsigned indent;  /* of the opener, while in a section or dropped */
	int err;	  /* -ENOMEM */
	struct conf_settings scratch; /* values are only tried out */
};

static void leave(struct parser *p)
{
	p->section = NULL;
	p->dropped = 0;
}

/* Lines indented more than this one are ignored. */
static void drop(struct parser *p, const struct line *l)
{
	p->section = NULL;
	p->dropped = l->no;
	p->indent = l->indent;
}

/* A line that nobody can understand; it might have been an opener. */
static void broken(struct parser *p, const struct line *l)
{
	if (!p->section && !p->dropped)
		drop(p, l);
}

static void add_setting(struct parser *p, const struct keyword *k,
			unsigned line, const char *s, size_t n)
{
	struct conf_layer *to =
		p->section ? &p->section->own : &p->conf->globals;
	struct conf_setting *all =
		conf_grow(to->settings, to->count, sizeof(*all));
	char *text = strndup(s, n);

	if (all)
		to->settings = all;
	if (!all || !text) {
		free(text);
		p->err = -ENOMEM;
		return;
	}
	all[to->count++] = (struct conf_setting){
		.k = k, .line = line, .n = n, .text = text
	};
}

/* Secrets of fewer bytes are easily guessed (RFC 7143 9.2.1). */
static void check_secret(struct parser *p, const struct keyword *k,
			 const struct line *l, const char *s, size_t n)
{
	if (k->kind != KEY_SECRET || value_unquote(&s, &n) || n == 0 ||
	    n >= CHAP_SECRET_WISH)
		return;
	report_line(p->r, LOG_WARNING, l->no,
		    "%s: a secret of %zu bytes is weak, it should have %d or "
		    "more",
		    k->name, n, CHAP_SECRET_WISH);
}

static void setting(struct parser *p, const struct keyword *k,
		    const struct line *l, const char *s, size_t n)
{
	char why[VALUE_WHY];

	if (p->dropped) {
		report_line(p->r, LOG_ERR, l->no,
			    "%s: ignored, as it belongs to line %u", k->name,
			    p->dropped);
		return;
	}
	if (p->section && !(k->where & IN_SECTION(p->section->kind))) {
		report_line(p->r, LOG_ERR, l->no,
			    "%s does not apply to a %s section", k->name,
			    keyword_section_name(p->section->kind));
		return;
	}
	if (!value_get(k, s, n, &p->scratch, why)) {
		report_line(p->r, LOG_ERR, l->no, "%s: %s", k->name, why);
		return;
	}
	check_secret(p, k, l, s, n);
	if (k->kind == KEY_UNUSED)
		report_line(p->r, LOG_WARNING, l->no,
			    "%s is known and has no effect", k->name);
	else
		add_setting(p, k, l->no, s, n);
}

static const char *read_discovery(struct parser *p, struct conf_section *sec,
				  const char *s, size_t n)
{
	if (n == 0)
		return "an address is required";
	if (addr_parse(s, n, &sec->addr))
		return "this is no address (host, host:port or [ipv6]:port)";
	if (sec->addr.tag >= 0)
		return "a portal group tag does not belong here";
	return NULL;
}

static const char *read_target(struct parser *p, struct conf_section *sec,
			       const char *s, size_t n)
{
	const char *why = value_unquote(&s, &n);

	if (!why && n == 0)
		why = "a name is required";
	if (!why)
		why = name_fault(s, n, NULL);
	if (why)
		return why;
	memcpy(sec->name, s, n);
	sec->name[n] = '\0';
	name_normalize(sec->name);
	return NULL;
}

static const char *read_nets(struct parser *p, struct conf_section *sec,
			     const char *s, size_t n)
{
	const char *item, *why;
	size_t pos = 0, len;
	struct conf_net net, *all;

	while (value_list_next(s, n, &pos, &item, &len)) {
		why = net_parse(item, len, &net);
		if (why)
			return why;
		all = conf_grow(sec->nets, sec->nnets, sizeof(net));
		if (!all) {
			p->err = -ENOMEM;
			return "out of memory";
		}
		sec->nets = all;
		sec->nets[sec->nnets++] = net;
	}
	return NULL;
}

static const char *read_other(struct parser *p, struct conf_section *sec,
			      const char *s, size_t n)
{
	return n ? NULL : "a value is required";
}

static const char *(*const readers[CONF_SECTION_KINDS])(
	struct parser *p, struct conf_section *sec, const char *s, size_t n) = {
	[CONF_DISCOVERY] = read_discovery, [CONF_TARGET] = read_target,
	[CONF_TARGET_ADDRESS] = read_nets, [CONF_SUBNET] = read_nets,
	[CONF_ADDRESS] = read_nets,	   [CONF_OTHER] = read_other,
};

static void add_section(struct parser *p, const struct conf_section *sec)
{
	struct conf *c = p->conf;
	struct conf_section *all =
		conf_grow(c->sections, c->nsections, sizeof(*all));

	if (!all) {
		p->err = -ENOMEM;
		free(sec->nets);
		return;
	}
	c->sections = all;
	p->section = &all[c->nsections++];
	*p->section = *sec;
}

static void open_section(struct parser *p, const struct keyword *k,
			 const struct line *l, const char *s, size_t n)
{
	struct conf_section sec = { .kind = k->section,
				    .line = l->no,
				    .nglobals = p->conf->globals.count };
	const char *why = readers[k->section](p, &sec, s, n);

	leave(p);
	if (why) {
		report_line(p->r, LOG_ERR, l->no, "%s: %s", k->name, why);
		free(sec.nets);
		drop(p, l);
		return;
	}
	if (k->section == CONF_OTHER)
		report_line(p->r, LOG_WARNING, l->no,
			    "%s is known and has no effect, nor has what "
			    "belongs to it",
			    k->name);
	p->indent = l->indent;
	add_section(p, &sec);
}

/*
 * The next of a list of portals "addr:port,tag, addr:port ...": digits alone
 * after a comma are the tag of what is before it.
 */
static bool portal_list_next(const char *s, size_t n, size_t *pos,
			     const char **item, size_t *len)
{
	const char *tag;
	size_t after, tag_len;
	uint64_t number;

	if (!value_list_next(s, n, pos, item, len))
		return false;
	after = *pos;
	if (value_list_next(s, n, &after, &tag, &tag_len) &&
	    str_u64(tag, tag_len, UINT64_MAX, &number) != -EINVAL) {
		*pos = after;
		*len = (size_t)(tag + tag_len - *item);
	}
	return true;
}

static void add_portal(struct parser *p, const struct addr *a)
{
	struct conf_section *sec = p->section;
	struct addr *all = conf_grow(sec->portals, sec->nportals, sizeof(*all));

	if (!all) {
		p->err = -ENOMEM;
		return;
	}
	sec->portals = all;
	all[sec->nportals++] = *a;
}

/* TargetIPAddress= inside a TargetName section. */
static void static_portals(struct parser *p, const struct keyword *k,
			   const struct line *l, const char *s, size_t n)
{
	const char *item;
	size_t pos = 0, len;
	struct addr a;

	while (portal_list_next(s, n, &pos, &item, &len)) {
		if (addr_parse(item, len, &a) == 0) {
			add_portal(p, &a);
			continue;
		}
		report_line(p->r, LOG_ERR, l->no, "%s: %s", k->name,
			    len ? "this is no address of a target (host, "
				  "host:port or host:port,tag)"
				: "an address is required");
	}
}

static void key_value(struct parser *p, const struct keyword *k,
		      const struct line *l, const char *s, size_t n)
{
	if (k->kind != KEY_SECTION)
		setting(p, k, l, s, n);
	else if (k->section == CONF_TARGET_ADDRESS && p->section &&
		 p->section->kind == CONF_TARGET)
		static_portals(p, k, l, s, n);
	else
		open_section(p, k, l, s, n);
}

/* Names the first word only: what follows may be a secret. */
static void unknown(struct parser *p, const struct line *l, const char *s,
		    size_t n)
{
	/* The search is slow; lines that are only counted do without. */
	const char *near = report_full(p->r) ? NULL : keyword_nearest(s, n);
	char text[41];

	str_printable(text, sizeof(text), s, n);
	if (near)
		report_line(p->r, LOG_ERR, l->no,
			    "unknown keyword \"%s\", did you mean %s?", text,
			    near);
	else
		report_line(p->r, LOG_ERR, l->no, "unknown keyword \"%s\"",
			    text);
	broken(p, l);
}

static void no_value(struct parser *p, const struct line *l)
{
	const char *word;
	size_t pos = 0, len;

	if (!line_word(l->s, l->n, &pos, &word, &len))
		return;
	if (keyword_find(word, len)) {
		report_line(p->r, LOG_ERR, l->no, "%.*s: there is no '='",
			    (int)len, word);
		broken(p, l);
	} else {
		unknown(p, l, word, len);
	}
}

static void parse_line(struct parser *p, const struct line *l)
{
	const char *fault = line_fault(l, CONF_MAX_LINE);
	const char *s = l->s, *eq = memchr(s, '=', l->n);
	const struct keyword *k;
	size_t n;

	if ((p->section || p->dropped) && l->indent <= p->indent)
		leave(p);
	if (fault) {
		report_line(p->r, LOG_ERR, l->no, "%s", fault);
		broken(p, l);
		return;
	}
	if (!eq) {
		no_value(p, l);
		return;
	}
	n = (size_t)(eq - s);
	line_trim(&s, &n);
	k = keyword_find(s, n);
	if (!k) {
		unknown(p, l, s, n);
		return;
	}
	s = eq + 1;
	n = (size_t)(l->s + l->n - s);
	line_trim(&s, &n);
	key_value(p, k, l, s, n);
}

int parse_text(struct conf *conf, const char *text, size_t n, struct report *r)
{
	struct parser p = { .conf = conf, .r = r };
	struct lines lines;
	struct line l;

	lines_init(&lines, text, n);
	while (!p.err && lines_next(&lines, &l))
		if (!line_is_empty(&l))
			parse_line(&p, &l);
	conf_settings_wipe(&p.scratch);
	return p.err;
}

/*
 * script - a fault and what becomes of it, as lines of text.
 */
#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define MAX_WORDS 24
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define AT_ONCE	  30000 /* ms: unless a line says otherwise */

struct line {
	struct script *script;
	struct step *step;
	const char *rest; /* behind the verb */
	char *word[MAX_WORDS];
	size_t n, at;
	char *err;
	size_t err_size;
};

static int complain(struct line *l, const char *what, const char *word)
{
	snprintf(l->err, l->err_size, "%s: '%s'", what, word ? word : "");
	return -EINVAL;
}

static const char *next(struct line *l)
{
	return l->at < l->n ? l->word[l->at++] : NULL;
}

static int number(struct line *l, const char *s, size_t n, uint64_t *out)
{
	return str_u64(s, n, UINT32_MAX, out) < 0
		       ? complain(l, "not a number", s)
		       : 0;
}

/* 1500ms, 2s, 1.5s, 1m */
static int duration(struct line *l, const char *s, uint64_t *ms)
{
	char *unit;
	double v = s ? strtod(s, &unit) : -1;

	if (v < 0 || unit == s)
		return complain(l, "not a time", s);
	if (!strcmp(unit, "ms"))
		*ms = (uint64_t)v;
	else if (!strcmp(unit, "s"))
		*ms = (uint64_t)(v * 1000);
	else if (!strcmp(unit, "m"))
		*ms = (uint64_t)(v * 60000);
	else
		return complain(l, "ms, s or m are missing", s);
	return 0;
}

/* 3, 3- or 3-5 */
static int range(struct line *l, const char *s, uint64_t *min, uint64_t *max)
{
	const char *dash = s ? strchr(s, '-') : NULL;

	if (!s || number(l, s, dash ? (size_t)(dash - s) : strlen(s), min))
		return complain(l, "not a number or a range", s);
	*max = dash ? SCRIPT_FOREVER : *min;
	if (dash && dash[1])
		return number(l, dash + 1, strlen(dash + 1), max);
	return 0;
}

/* Takes "after T" and "within T" from the end of the line. */
static int take_times(struct line *l)
{
	struct step *s = l->step;

	while (l->n >= l->at + 2) {
		const char *word = l->word[l->n - 2];
		uint64_t *to = !strcmp(word, "within")	? &s->within
			       : !strcmp(word, "after") ? &s->after
							: NULL;

		if (!to)
			return 0;
		if (duration(l, l->word[l->n - 1], to))
			return -EINVAL;
		l->n -= 2;
	}
	return 0;
}

static const struct {
	const char *name;
	int err;
} outcomes[] = {
	{ "ok", 0 },
	{ "EIO", EIO },
	{ "ENOLINK", ENOLINK },
	{ "ETIMEDOUT", ETIMEDOUT },
	{ "ENODATA", ENODATA },
	{ "ENODEV", ENODEV },
	{ "EREMOTEIO", EREMOTEIO },
	{ "EBADE", EBADE },
	{ "ENOSPC", ENOSPC },
};

static bool take_outcome(struct line *l)
{
	for (size_t i = 0; l->n > l->at && i < COUNT(outcomes); i++) {
		if (strcmp(outcomes[i].name, l->word[l->n - 1]) != 0)
			continue;
		l->step->err = outcomes[i].err;
		l->n--;
		return true;
	}
	return false;
}

/* Requests ------------------------------------------------------------ */

/* 8+4: four blocks from the eighth on. */
static int blocks(struct line *l, struct want *w)
{
	const char *s = next(l), *plus = s ? strchr(s, '+') : NULL;
	uint64_t first, n;

	if (!plus || number(l, s, (size_t)(plus - s), &first) ||
	    number(l, plus + 1, strlen(plus + 1), &n) || !n)
		return complain(l, "not FIRST+COUNT of blocks", s);
	w->first = (uint32_t)first;
	w->n = (uint32_t)n;
	return 0;
}

static int data_word(struct line *l, char dst[static SCRIPT_WORD])
{
	const char *s = next(l);

	if (!s || !str_copy(dst, SCRIPT_WORD, s))
		return complain(l, "which data?", s);
	return 0;
}

static int read_request(struct line *l, const char *verb)
{
	static const char *const names[] = { "read", "write", "flush", "trim" };
	struct want *w = &l->step->want;
	const char *s;
	uint64_t v;

	for (w->kind = ASK_READ; w->kind < COUNT(names); w->kind++)
		if (verb && !strcmp(names[w->kind], verb))
			break;
	if (w->kind == COUNT(names))
		return complain(l, "not read, write, flush or trim", verb);
	if (w->kind != ASK_FLUSH && blocks(l, w))
		return -EINVAL;
	if (w->kind <= ASK_WRITE && data_word(l, w->data[0]))
		return -EINVAL;
	memcpy(w->data[1], w->data[0], sizeof(w->data[0]));
	while ((s = next(l))) {
		if (!strcmp(s, "fua") && w->kind == ASK_WRITE) {
			w->fua = true;
		} else if (!strcmp(s, "or") && w->kind == ASK_READ) {
			if (data_word(l, w->data[1]))
				return -EINVAL;
		} else if (!strcmp(s, "lun") && (s = next(l)) &&
			   !number(l, s, strlen(s), &v)) {
			w->lun = (unsigned)v;
		} else {
			return complain(l, "too much", s);
		}
	}
	return 0;
}

static int on_ask(struct line *l)
{
	take_outcome(l);
	return read_request(l, l->word[0]);
}

static int on_begin(struct line *l)
{
	if (data_word(l, l->step->name))
		return -EINVAL;
	return read_request(l, next(l));
}

static int on_end(struct line *l)
{
	take_outcome(l);
	return data_word(l, l->step->name);
}

/* Before the first step ------------------------------------------------ */

/*
 * What a script is about begins with one login; who wants to see the target's
 * ways first says so.
 */
#define CONF_FIRST "SessionReinstatement=yes\n"

static int add_conf(struct line *l)
{
	struct setup *s = &l->script->setup;
	size_t len = strlen(s->conf);

	if (!strchr(l->rest, '='))
		return complain(l, "not Keyword=value", l->rest);
	snprintf(s->conf + len, sizeof(s->conf) - len, "%s\n", l->rest);
	l->at = l->n;
	return 0;
}

static int add_command_timeout(struct line *l)
{
	uint64_t ms;

	if (duration(l, next(l), &ms))
		return -EINVAL;
	l->script->setup.command_timeout = (uint32_t)ms;
	return 0;
}

static int add_reason(struct line *l, char *dst, size_t size)
{
	str_copy(dst, size, l->rest);
	l->at = l->n;
	return *l->rest ? 0 : complain(l, "why?", NULL);
}

static int add_virtual_only(struct line *l)
{
	struct setup *s = &l->script->setup;

	return add_reason(l, s->virtual_only, sizeof(s->virtual_only));
}

static int add_real_only(struct line *l)
{
	struct setup *s = &l->script->setup;

	return add_reason(l, s->real_only, sizeof(s->real_only));
}

static int add_option(struct line *l)
{
	struct setup *s = &l->script->setup;

	for (; l->at < l->n; l->at++)
		if (s->noptions == SCRIPT_OPTIONS ||
		    !str_copy(s->option[s->noptions++], sizeof(s->option[0]),
			      l->word[l->at]))
			return complain(l, "too long", l->word[l->at]);
	return 0;
}

static int set_count(struct line *l, const char *what, unsigned max,
		     unsigned *out)
{
	const char *eq = strchr(l->word[l->at], '=');
	uint64_t v;

	if (!eq || number(l, eq + 1, strlen(eq + 1), &v) || !v || v > max)
		return complain(l, what, l->word[l->at]);
	*out = (unsigned)v;
	return 0;
}

static int add_disks(struct line *l)
{
	struct setup *s = &l->script->setup;
	int err = 0;

	for (; l->at < l->n && !err; l->at++) {
		const char *w = l->word[l->at];

		if (!strcmp(w, "thin"))
			s->thin = true;
		else if (!strcmp(w, "cache"))
			s->cache = true;
		else if (!strncmp(w, "luns=", 5))
			err = set_count(l, "1 to 3 LUNs", 3, &s->luns);
		else if (!strncmp(w, "portals=", 8))
			err = set_count(l, "1 to 4 portals", 4, &s->portals);
		else if (!strncmp(w, "groups=", 7))
			err = set_count(l, "1 to 4 groups", 4, &s->groups);
		else if (!strncmp(w, "blocks=", 7))
			err = set_count(l, "8 to 8192 blocks", 8192,
					&s->blocks);
		else
			err = complain(l, "unknown", w);
	}
	return err;
}

static const struct {
	const char *name;
	int (*add)(struct line *l);
} setups[] = {
	{ "conf", add_conf },
	{ "command-timeout", add_command_timeout },
	{ "virtual-only", add_virtual_only },
	{ "real-only", add_real_only },
	{ "disks", add_disks },
	{ "option", add_option },
};

/* Steps ---------------------------------------------------------------- */

static int on_nothing(struct line *l)
{
	return 0;
}

static int on_rest(struct line *l)
{
	str_copy(l->step->text, sizeof(l->step->text), l->rest);
	l->at = l->n;
	return 0;
}

static int on_time(struct line *l)
{
	return duration(l, next(l), &l->step->min);
}

static int on_number(struct line *l)
{
	const char *s = next(l);

	return s ? number(l, s, strlen(s), &l->step->min)
		 : complain(l, "how many?", s);
}

/* 1 there, 1 away */
static int on_device(struct line *l)
{
	const char *s;

	if (on_number(l))
		return -EINVAL;
	s = next(l);
	l->step->there = s && !strcmp(s, "there");
	return s && (l->step->there || !strcmp(s, "away"))
		       ? 0
		       : complain(l, "there or away?", s);
}

/* What is left of the words, blank by blank. */
static int join(struct line *l)
{
	struct strbuf sb;

	sb_init(&sb, l->step->text, sizeof(l->step->text));
	for (; l->at < l->n; l->at++)
		sb_add(&sb, "%s%s", sb.len ? " " : "", l->word[l->at]);
	return sb.len ? 0 : complain(l, "what?", NULL);
}

static int on_count(struct line *l)
{
	if (range(l, next(l), &l->step->min, &l->step->max))
		return -EINVAL;
	return join(l);
}

static int on_log(struct line *l)
{
	l->step->min = 1;
	l->step->max = SCRIPT_FOREVER;
	return join(l);
}

static const struct {
	const char *name;
	enum verb verb;
	int (*read)(struct line *l);
	bool timed; /* takes "after T" and "within T" */
} verbs[] = {
	{ "start", VERB_START, on_nothing, true },
	{ "read", VERB_ASK, on_ask, true },
	{ "write", VERB_ASK, on_ask, true },
	{ "flush", VERB_ASK, on_ask, true },
	{ "trim", VERB_ASK, on_ask, true },
	{ "begin", VERB_BEGIN, on_begin, false },
	{ "end", VERB_END, on_end, true },
	{ "target", VERB_TARGET, on_rest, false },
	{ "crash", VERB_CRASH, on_time, false },
	{ "power-cut", VERB_POWER_CUT, on_time, false },
	{ "kill-engine", VERB_KILL_ENGINE, on_nothing, false },
	{ "kill-manager", VERB_KILL_MANAGER, on_nothing, false },
	{ "gone", VERB_GONE, on_number, false },
	{ "back", VERB_BACK, on_number, false },
	{ "blocks", VERB_BLOCKS, on_number, true },
	{ "device", VERB_DEVICE, on_device, true },
	{ "wait", VERB_WAIT, on_time, false },
	{ "saw", VERB_SAW, on_count, true },
	{ "log", VERB_LOG, on_log, true },
	{ "forget", VERB_FORGET, on_nothing, false },
};

static int read_step(struct line *l)
{
	struct script *s = l->script;

	for (size_t i = 0; i < COUNT(verbs); i++) {
		if (strcmp(verbs[i].name, l->word[0]) != 0)
			continue;
		if (s->nsteps == SCRIPT_STEPS)
			return complain(l, "too many steps", NULL);
		l->step = &s->steps[s->nsteps++];
		l->step->verb = verbs[i].verb;
		l->step->within = AT_ONCE;
		if (verbs[i].timed && take_times(l))
			return -EINVAL;
		return verbs[i].read(l);
	}
	return complain(l, "unknown", l->word[0]);
}

static int read_words(struct line *l)
{
	for (size_t i = 0; i < COUNT(setups); i++) {
		if (strcmp(setups[i].name, l->word[0]) != 0)
			continue;
		if (l->script->nsteps)
			return complain(l, "comes before the first step",
					l->word[0]);
		return setups[i].add(l);
	}
	return read_step(l);
}

static int read_line(struct line *l, char *text)
{
	static char copy[1024];
	char *save = NULL, *s;
	int err;

	text[strcspn(text, "\n")] = '\0';
	text += strspn(text, " \t");
	if (!*text || *text == '#')
		return 0;
	str_copy(copy, sizeof(copy), text);
	for (s = strtok_r(copy, " \t", &save); s;
	     s = strtok_r(NULL, " \t", &save)) {
		if (l->n == MAX_WORDS)
			return complain(l, "too many words", s);
		l->word[l->n++] = s;
	}
	l->at = 1;
	l->rest = text + strcspn(text, " \t");
	l->rest += strspn(l->rest, " \t");
	err = read_words(l);
	if (!err && l->at < l->n)
		return complain(l, "too much", l->word[l->at]);
	return err;
}

/* "# A SCSI Response is lost." */
static void read_title(struct script *s, const char *text)
{
	if (!*s->title && !strncmp(text, "# ", 2)) {
		str_copy(s->title, sizeof(s->title), text + 2);
		s->title[strcspn(s->title, "\n")] = '\0';
	}
}

int script_read(const char *path, struct script *out, char *err, size_t size)
{
	FILE *f = fopen(path, "re");
	char text[1024], what[256];
	unsigned n = 0;
	int failed = 0;

	if (!f) {
		snprintf(err, size, "%s", strerror(errno));
		return -errno;
	}
	memset(out, 0, sizeof(*out));
	out->setup = (struct setup){ .conf = CONF_FIRST,
				     .portals = 1,
				     .groups = 1,
				     .luns = 1,
				     .blocks = 64 };
	while (!failed && fgets(text, sizeof(text), f)) {
		struct line l = { .script = out,
				  .err = what,
				  .err_size = sizeof(what) };

		n++;
		read_title(out, text);
		failed = read_line(&l, text);
		if (l.step)
			l.step->line = n;
	}
	fclose(f);
	if (failed)
		snprintf(err, size, "line %u: %s", n, what);
	return failed;
}

void script_fill(const char *word, uint64_t block, uint8_t *dst)
{
	char text[33];

	memset(dst, 0, 512);
	if (!strcmp(word, "zero"))
		return;
	snprintf(text, sizeof(text), "%-15.15s%16llu\n", word,
		 (unsigned long long)block);
	for (size_t i = 0; i < 512; i += 32)
		memcpy(dst + i, text, 32);
}

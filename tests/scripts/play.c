/*
 * play - carries a script out, step by step, on a stage.
 */
#include "play.h"

#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "stage.h"

#define OPEN_MAX   16
#define BLOCK_SIZE 512

struct open_ask { /* begun, and not ended by the script yet */
	struct ask ask;
	char name[SCRIPT_WORD];
	bool used;
};

static struct {
	const struct script *script;
	struct open_ask open[OPEN_MAX];
	size_t journal_from, log_from; /* what "saw" and "log" look at */
	char *err;
	size_t err_size;
} now;

static bool fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static bool fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(now.err, now.err_size, fmt, ap);
	va_end(ap);
	return false;
}

/* Requests ------------------------------------------------------------ */

static void ask(struct ask *a, const struct want *w)
{
	memset(a, 0, sizeof(*a));
	a->want = w;
	a->data = calloc(w->n ? w->n : 1, BLOCK_SIZE);
	for (uint32_t i = 0; w->kind == ASK_WRITE && i < w->n; i++)
		script_fill(w->data[0], w->first + i, a->data + i * BLOCK_SIZE);
	a->since = stage_now();
	stage_ask(a);
}

static bool is_over(void *ctx)
{
	return ((struct ask *)ctx)->done;
}

static bool is_right(const struct want *w, const uint8_t *data, uint64_t block)
{
	uint8_t want[BLOCK_SIZE];

	for (int i = 0; i < 2; i++) {
		script_fill(w->data[i], block, want);
		if (!memcmp(want, data, BLOCK_SIZE))
			return true;
	}
	return false;
}

static bool compare(const struct ask *a)
{
	const struct want *w = a->want;
	char got[17];

	for (uint32_t i = 0; i < w->n; i++) {
		const uint8_t *p = a->data + i * BLOCK_SIZE;

		if (is_right(w, p, w->first + i))
			continue;
		str_printable(got, sizeof(got), p, 16);
		return fail("block %u holds '%s', not '%s'", w->first + i,
			    *p ? got : "zero", w->data[0]);
	}
	return true;
}

static bool judge(const struct ask *a, const struct step *s)
{
	uint64_t took = a->ended - a->since;

	if (a->err != s->err)
		return fail("it ended with '%s' after %llu ms, not with '%s'",
			    a->err ? strerror(a->err) : "ok",
			    (unsigned long long)took,
			    s->err ? strerror(s->err) : "ok");
	if (took + stage_early() < s->after)
		return fail("it ended after %llu ms, too early",
			    (unsigned long long)took);
	if (took > stage_limit(s->within))
		return fail("it ended after %llu ms, too late",
			    (unsigned long long)took);
	return a->want->kind != ASK_READ || a->err || compare(a);
}

/* Times count from when it was begun. */
static bool finish(struct ask *a, const struct step *s)
{
	uint64_t limit = stage_limit(s->within), age = stage_now() - a->since;
	bool ok;

	if (!stage_until(is_over, a, limit > age ? limit - age : 0))
		return fail("no end after %llu ms",
			    (unsigned long long)(stage_now() - a->since));
	ok = judge(a, s);
	free(a->data);
	return ok;
}

static bool do_ask(const struct step *s)
{
	static struct ask a; /* outlives a failure */

	ask(&a, &s->want);
	return finish(&a, s);
}

static struct open_ask *find(const char *name)
{
	for (int i = 0; i < OPEN_MAX; i++)
		if (now.open[i].used && !strcmp(now.open[i].name, name))
			return &now.open[i];
	return NULL;
}

static bool do_begin(const struct step *s)
{
	struct open_ask *o = now.open;

	if (find(s->name))
		return fail("%s is begun already", s->name);
	while (o < now.open + OPEN_MAX && o->used)
		o++;
	if (o == now.open + OPEN_MAX)
		return fail("too many are begun");
	o->used = true;
	memcpy(o->name, s->name, sizeof(o->name));
	ask(&o->ask, &s->want);
	return true;
}

static bool do_end(const struct step *s)
{
	struct open_ask *o = find(s->name);

	if (!o)
		return fail("%s was not begun", s->name);
	o->used = false;
	return finish(&o->ask, s);
}

/* What was seen and said ----------------------------------------------- */

struct search {
	const struct step *step;
	const struct lines *(*where)(void);
	size_t from;
	bool (*fits)(const struct search *s, const char *line);
	regex_t re;
};

static uint64_t count(const struct search *s)
{
	const struct lines *l = s->where();
	uint64_t n = 0;

	for (size_t i = s->from; i < l->n; i++)
		n += s->fits(s, l->line[i]);
	return n;
}

/* Begins with these words. */
static bool fits_words(const struct search *s, const char *line)
{
	size_t n = strlen(s->step->text);

	return !strncmp(line, s->step->text, n) && strchr(" ", line[n]);
}

static bool fits_regex(const struct search *s, const char *line)
{
	return regexec(&s->re, line, 0, NULL, 0) == 0;
}

static bool is_enough(void *ctx)
{
	const struct search *s = ctx;

	return count(s) >= s->step->min;
}

static bool look(struct search *s)
{
	uint64_t n;

	stage_until(is_enough, s, stage_limit(s->step->within));
	n = count(s);
	if (n < s->step->min || n > s->step->max)
		return fail("it was there %llu times", (unsigned long long)n);
	return true;
}

static bool do_saw(const struct step *s)
{
	struct search q = { .step = s,
			    .where = stage_journal,
			    .from = now.journal_from,
			    .fits = fits_words };

	return look(&q);
}

static bool do_log(const struct step *s)
{
	struct search q = { .step = s,
			    .where = stage_log,
			    .from = now.log_from,
			    .fits = fits_regex };
	bool ok;

	if (regcomp(&q.re, s->text, REG_EXTENDED | REG_NOSUB))
		return fail("no regular expression");
	ok = look(&q);
	regfree(&q.re);
	return ok;
}

static bool do_forget(const struct step *s)
{
	now.journal_from = stage_journal()->n;
	now.log_from = stage_log()->n;
	return true;
}

/* The rest -------------------------------------------------------------- */

static bool has_disks(void *ctx)
{
	for (unsigned i = 0; i < now.script->setup.luns; i++)
		if (!stage_has_disk(i))
			return false;
	return stage_is_quiet();
}

static bool is_as_told(void *ctx)
{
	const struct step *s = ctx;

	return stage_has_disk((unsigned)s->min) == s->there;
}

static bool do_device(const struct step *s)
{
	return stage_until(is_as_told, (void *)(uintptr_t)s,
			   stage_limit(s->within)) ||
	       fail("it is not");
}
static bool do_start(const struct step *s)
{
	stage_start();
	if (!stage_until(has_disks, NULL, stage_limit(s->within)))
		return fail("the disks did not appear");
	return true;
}

static bool do_target(const struct step *s)
{
	char err[200];

	return stage_target(s->text, err, sizeof(err)) == 0 || fail("%s", err);
}

static bool do_crash(const struct step *s)
{
	stage_crash(s->min, false);
	return true;
}

static bool do_power_cut(const struct step *s)
{
	stage_crash(s->min, true);
	return true;
}

static bool do_kill_manager(const struct step *s)
{
	stage_kill_manager();
	return true;
}

static bool do_kill_engine(const struct step *s)
{
	stage_kill_engine();
	return true;
}

static bool do_gone(const struct step *s)
{
	stage_lun((unsigned)s->min, false);
	return true;
}

static bool do_back(const struct step *s)
{
	stage_lun((unsigned)s->min, true);
	return true;
}

static bool has_blocks(void *ctx)
{
	return stage_blocks(0) == ((const struct step *)ctx)->min;
}

static bool do_blocks(const struct step *s)
{
	if (stage_until(has_blocks, (void *)(uintptr_t)s,
			stage_limit(s->within)))
		return true;
	return fail("it has %llu blocks", (unsigned long long)stage_blocks(0));
}

static bool never(void *ctx)
{
	return false;
}

static bool do_wait(const struct step *s)
{
	stage_until(never, NULL, s->min);
	return true;
}

static bool (*const doings[VERB_COUNT])(const struct step *s) = {
	[VERB_START] = do_start,
	[VERB_ASK] = do_ask,
	[VERB_BEGIN] = do_begin,
	[VERB_END] = do_end,
	[VERB_TARGET] = do_target,
	[VERB_CRASH] = do_crash,
	[VERB_POWER_CUT] = do_power_cut,
	[VERB_KILL_ENGINE] = do_kill_engine,
	[VERB_KILL_MANAGER] = do_kill_manager,
	[VERB_GONE] = do_gone,
	[VERB_BACK] = do_back,
	[VERB_BLOCKS] = do_blocks,
	[VERB_DEVICE] = do_device,
	[VERB_WAIT] = do_wait,
	[VERB_SAW] = do_saw,
	[VERB_LOG] = do_log,
	[VERB_FORGET] = do_forget,
};

static bool all_ended(void)
{
	for (int i = 0; i < OPEN_MAX; i++)
		if (now.open[i].used)
			return fail("%s has no end", now.open[i].name);
	return true;
}

bool play(const struct script *s, const char *dir, unsigned index, char *err,
	  size_t size)
{
	const char *wrong;
	char what[256] = "";

	now.script = s;
	now.err = what;
	now.err_size = sizeof(what);
	if (!stage_open(&s->setup, dir, index)) {
		snprintf(err, size, "the target does not start");
		return false;
	}
	for (size_t i = 0; i < s->nsteps; i++) {
		if (doings[s->steps[i].verb](&s->steps[i]))
			continue;
		snprintf(err, size, "line %u: %s", s->steps[i].line, what);
		return false;
	}
	now.err = err;
	now.err_size = size;
	if (!all_ended())
		return false;
	wrong = stage_close();
	return !wrong || fail("%s", wrong);
}

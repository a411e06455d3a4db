/*
 * control - changing a running target by lines of text, as a table.
 */
#include "target/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "target/conn.h"
#include "target/lunspec.h"

#define MAX_WORDS 6

struct call {
	struct control *c;
	struct tgt_target *target;
	struct tgt_lun *lun;
	char *word[MAX_WORDS]; /* behind verb, target and LUN */
	size_t n;
	const char *rest; /* the line behind the verb */
	char *err;
	size_t err_size;
};

static int complain(struct call *k, const char *what, const char *word)
{
	snprintf(k->err, k->err_size, "%s: '%s'", what, word);
	return -EINVAL;
}

static int number(struct call *k, size_t i, uint64_t max, uint64_t *out)
{
	const char *s = i < k->n ? k->word[i] : "";

	if (str_u64(s, strlen(s), max, out) < 0)
		return complain(k, "not a number, or too large", s);
	return 0;
}

static int on_off(struct call *k, bool *out)
{
	*out = !strcmp(k->word[0], "on");
	if (!*out && strcmp(k->word[0], "off") != 0)
		return complain(k, "not on or off", k->word[0]);
	return 0;
}

static int do_resize(struct call *k)
{
	uint64_t size;
	int err;

	if (lunspec_size(k->word[0], strlen(k->word[0]), &size) < 0)
		return complain(k, "not a size", k->word[0]);
	err = tgt_lun_resize(k->lun, size);
	return err ? complain(k, strerror(-err), k->word[0]) : 0;
}

/* Whether SendTargets=All names it. */
static int do_hidden(struct call *k)
{
	return on_off(k, &k->target->hidden);
}

static int do_add(struct call *k)
{
	return lunspec_add(k->target, k->word[0], true, k->err, k->err_size);
}

static int do_remove(struct call *k)
{
	tgt_lun_remove(k->lun);
	return 0;
}

/* As if the disk had been exchanged behind the initiator's back. */
static int do_identity(struct call *k)
{
	unsigned long long id;
	char end;

	if (sscanf(k->word[0], "%15llx%c", &id, &end) != 1)
		return complain(k, "not up to 15 hex digits", k->word[0]);
	k->lun->naa = 3ull << 60 | id;
	snprintf(k->lun->cfg.serial, sizeof(k->lun->cfg.serial), "%llx", id);
	return 0;
}

static int do_read_only(struct call *k)
{
	int err = on_off(k, &k->lun->cfg.read_only);

	if (!err)
		tgt_lun_attention(k->lun, TGT_UA_MODE_CHANGED);
	return err;
}

static int do_write_cache(struct call *k)
{
	int err = on_off(k, &k->lun->cfg.write_cache);

	if (!err)
		tgt_lun_attention(k->lun, TGT_UA_MODE_CHANGED);
	return err;
}

static int do_stopped(struct call *k)
{
	return on_off(k, &k->lun->stopped);
}

static const char *const attentions[TGT_UA_COUNT] = {
	[TGT_UA_POWER_ON] = "power-on",
	[TGT_UA_NEXUS_LOSS] = "nexus-loss",
	[TGT_UA_RESET] = "reset",
	[TGT_UA_CLEARED] = "cleared",
	[TGT_UA_MODE_CHANGED] = "mode",
	[TGT_UA_CAPACITY_CHANGED] = "capacity",
	[TGT_UA_INQUIRY_CHANGED] = "inquiry",
	[TGT_UA_LUNS_CHANGED] = "luns",
};

static int do_attention(struct call *k)
{
	for (int i = 0; i < TGT_UA_COUNT; i++) {
		if (strcmp(attentions[i], k->word[0]) != 0)
			continue;
		tgt_lun_attention(k->lun, (enum tgt_ua)i);
		return 0;
	}
	return complain(k, "unknown attention", k->word[0]);
}

static int do_refuse(struct call *k)
{
	uint64_t v;
	int err = number(k, 0, 0xffff, &v);

	if (!err)
		k->target->refuse = (uint16_t)v;
	return err;
}

static int do_redirect(struct call *k)
{
	struct tgt_redirect *r = &k->target->redirect;

	if (!strcmp(k->word[0], "off")) {
		r->on = false;
		return 0;
	}
	if (addr_parse(k->word[0], strlen(k->word[0]), &r->to) < 0)
		return complain(k, "not an address", k->word[0]);
	r->on = true;
	return 0;
}

static int do_async(struct call *k)
{
	struct pdu_async msg = { 0 };
	struct tgt_conn *c = NULL;
	uint64_t v[4] = { 0 };

	for (size_t i = 0; i < k->n; i++)
		if (i >= 4 || number(k, i, i ? 0xffff : 0xff, &v[i]) < 0)
			return -EINVAL;
	msg.event = (uint8_t)v[0];
	msg.param1 = (uint16_t)v[1];
	msg.param2 = (uint16_t)v[2];
	msg.param3 = (uint16_t)v[3];
	while ((c = tgt_conn_next(k->c->tgt, c)))
		tgt_conn_async(c, &msg, NULL, 0);
	return 0;
}

static int do_drop(struct call *k)
{
	struct tgt_conn *c = NULL;

	while ((c = tgt_conn_next(k->c->tgt, c)))
		tgt_conn_drop(c);
	return 0;
}

static int do_ping(struct call *k)
{
	struct tgt_conn *c = NULL;

	while ((c = tgt_conn_next(k->c->tgt, c)))
		tgt_conn_ping(c);
	return 0;
}

static int do_window(struct call *k)
{
	struct tgt_conn *c = NULL;
	uint64_t v;

	if (number(k, 0, TGT_MAX_DEPTH, &v) < 0)
		return -EINVAL;
	while ((c = tgt_conn_next(k->c->tgt, c))) {
		tgt_conn_set_depth(c, (uint32_t)v);
		tgt_conn_tell_window(c);
	}
	return 0;
}

static int do_fault(struct call *k)
{
	return tgt_script_add(k->c->script, k->rest, k->err, k->err_size);
}

static int do_clear(struct call *k)
{
	tgt_script_clear(k->c->script);
	return 0;
}

enum scope {
	ALL,
	TARGET,
	LUN
};

static const struct verb {
	const char *name, *args;
	enum scope scope;
	size_t min, max; /* words behind target and LUN */
	int (*run)(struct call *k);
} verbs[] = {
	{ "resize", "SIZE", LUN, 1, 1, do_resize },
	{ "identity", "HEX", LUN, 1, 1, do_identity },
	{ "read-only", "on|off", LUN, 1, 1, do_read_only },
	{ "write-cache", "on|off", LUN, 1, 1, do_write_cache },
	{ "stopped", "on|off", LUN, 1, 1, do_stopped },
	{ "attention",
	  "power-on|nexus-loss|reset|cleared|mode|capacity|inquiry|luns", LUN,
	  1, 1, do_attention },
	{ "lun-remove", "", LUN, 0, 0, do_remove },
	{ "lun-add", "N:SPEC", TARGET, 1, 1, do_add },
	{ "refuse", "STATUS", TARGET, 1, 1, do_refuse },
	{ "hidden", "on|off", TARGET, 1, 1, do_hidden },
	{ "redirect", "ADDR|off", TARGET, 1, 1, do_redirect },
	{ "async", "EVENT [PARAM1 [PARAM2 [PARAM3]]]", ALL, 1, 4, do_async },
	{ "drop", "", ALL, 0, 0, do_drop },
	{ "ping", "", ALL, 0, 0, do_ping },
	{ "window", "N", ALL, 1, 1, do_window },
	{ "fault", "LINE", ALL, 0, MAX_WORDS, do_fault },
	{ "fault-clear", "", ALL, 0, 0, do_clear },
};

#define COUNT (sizeof(verbs) / sizeof(verbs[0]))

static int find_scope(struct call *k, const struct verb *v, char **save)
{
	const char *s;
	uint64_t lun;

	if (v->scope == ALL)
		return 0;
	s = strtok_r(NULL, " ", save);
	k->target = s ? tgt_target_find(k->c->tgt, s, strlen(s)) : NULL;
	if (!k->target)
		return complain(k, "no such target", s ? s : "");
	if (v->scope == TARGET)
		return 0;
	s = strtok_r(NULL, " ", save);
	if (s && str_u64(s, strlen(s), TGT_MAX_LUN, &lun) == 0)
		k->lun = tgt_lun_find(k->target, (uint32_t)lun);
	return k->lun ? 0 : complain(k, "no such LUN", s ? s : "");
}

static int call_verb(struct call *k, const struct verb *v, char **save)
{
	char *s;

	if (v->run == do_fault)
		return v->run(k);
	if (find_scope(k, v, save) < 0)
		return -EINVAL;
	while ((s = strtok_r(NULL, " ", save))) {
		if (k->n == v->max)
			return complain(k, "too much", s);
		k->word[k->n++] = s;
	}
	if (k->n < v->min)
		return complain(k, "missing", v->args);
	return v->run(k);
}

int control_run(struct control *c, const char *line, char *err, size_t size)
{
	struct call k = { .c = c, .err = err, .err_size = size };
	char copy[1200], *save = NULL, *name;

	if (!str_copy(copy, sizeof(copy), line))
		return complain(&k, "too long", "");
	name = strtok_r(copy, " ", &save);
	if (!name)
		return 0;
	k.rest = strchr(line, ' ') ? strchr(line, ' ') : "";
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(verbs[i].name, name))
			return call_verb(&k, &verbs[i], &save);
	return complain(&k, "unknown command", name);
}

void control_help(struct strbuf *out)
{
	static const char *const scopes[] = { "", "TARGET ", "TARGET LUN " };

	for (size_t i = 0; i < COUNT; i++)
		sb_add(out, "  %s %s%s\n", verbs[i].name,
		       scopes[verbs[i].scope], verbs[i].args);
}

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

/* Whether the LUN has this page of vital product data. */
static int do_page(struct call *k)
{
	struct tgt_pages *hidden = &k->lun->hidden;
	unsigned code;
	char end;

	if (sscanf(k->word[0], "%2x%c", &code, &end) != 1)
		return complain(k, "not a page in hex", k->word[0]);
	if (!strcmp(k->word[1], "on"))
		hidden->bits[code / 8] &= (uint8_t) ~(1u << code % 8);
	else if (!strcmp(k->word[1], "off"))
		hidden->bits[code / 8] |= (uint8_t)(1u << code % 8);
	else
		return complain(k, "not on or off", k->word[1]);
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

/* As if another host had registered it; 0 takes it away. */
static int do_foreign_key(struct call *k)
{
	unsigned long long key;
	char end;

	if (sscanf(k->word[0], "%16llx%c", &key, &end) != 1)
		return complain(k, "not a key in hex", k->word[0]);
	return tgt_pr_register(&k->lun->pr, 0, key)
		       ? 0
		       : complain(k, "too many keys", k->word[0]);
}

/* Fails unless so many are registered. */
static int do_keys(struct call *k)
{
	char count[16];
	uint64_t n;

	if (number(k, 0, TGT_PR_MAX, &n))
		return -EINVAL;
	if (tgt_pr_count(&k->lun->pr) == n)
		return 0;
	snprintf(count, sizeof(count), "%zu", tgt_pr_count(&k->lun->pr));
	return complain(k, "so many are there", count);
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

/* An address, or "portal:2" for the target's own second one. */
static int read_addr(struct call *k, const char *s, struct addr *out)
{
	uint64_t i;

	if (!strncmp(s, "portal:", 7)) {
		if (str_u64(s + 7, strlen(s + 7), k->c->tgt->nportals, &i) ||
		    !i)
			return complain(k, "no such portal", s);
		*out = k->c->tgt->portals[i - 1].addr;
		out->tag = -1;
		return 0;
	}
	if (addr_parse(s, strlen(s), out) < 0)
		return complain(k, "not an address", s);
	return 0;
}

static int do_duty(struct call *k)
{
	int err = tgt_duty_set(&k->target->duties, k->word[0], k->word[1]);

	if (err == -ENOENT)
		return complain(k, "no such duty", k->word[0]);
	return err ? complain(k, "no such value", k->word[1]) : 0;
}

static int do_redirect(struct call *k)
{
	struct tgt_redirect r = { .on = true };
	uint64_t times;

	if (!strcmp(k->word[0], "off")) {
		k->target->redirect.on = false;
		return 0;
	}
	if (read_addr(k, k->word[0], &r.to))
		return -EINVAL;
	for (size_t i = 1; i < k->n; i++) {
		if (!strcmp(k->word[i], "permanent")) {
			r.permanent = true;
			continue;
		}
		if (number(k, i, UINT32_MAX, &times))
			return -EINVAL;
		r.times = (uint32_t)times;
	}
	k->target->redirect = r;
	return 0;
}

/* Fixed format, behind its length: what event 0 carries (11.9.4). */
static int do_scsi_event(struct call *k)
{
	uint8_t data[20] = { 0, 18, 0x70, [9] = 10 };
	struct pdu_async msg = { .event = ASYNC_SCSI };
	struct tgt_conn *c = NULL;
	unsigned key, asc, ascq;
	char end;

	if (sscanf(k->word[1], "%2x/%2x/%2x%c", &key, &asc, &ascq, &end) != 3)
		return complain(k, "not KEY/ASC/ASCQ in hex", k->word[1]);
	data[4] = (uint8_t)key;
	data[14] = (uint8_t)asc;
	data[15] = (uint8_t)ascq;
	while ((c = tgt_conn_next(k->c->tgt, c)))
		tgt_conn_async(c, &msg, data, sizeof(data));
	return 0;
}

static int do_async(struct call *k)
{
	struct pdu_async msg = { 0 };
	struct tgt_conn *c = NULL;
	uint64_t v[4] = { 0 };

	if (k->n == 2 && strchr(k->word[1], '/'))
		return do_scsi_event(k);

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

static int do_portal(struct call *k)
{
	static const char *const words[] = { "up", "down", "silent" };
	uint64_t i;
	int err;

	if (number(k, 0, k->c->tgt->nportals, &i) < 0)
		return -EINVAL;
	if (!i || !k->c->portal)
		return complain(k, "no portal to change", k->word[0]);
	for (int s = PORTAL_UP; s <= PORTAL_SILENT; s++) {
		if (strcmp(words[s], k->word[1]) != 0)
			continue;
		err = k->c->portal(k->c->ctx, i - 1, (enum portal_state)s);
		return err ? complain(k, strerror(-err), k->word[0]) : 0;
	}
	return complain(k, "not up, down or silent", k->word[1]);
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
	{ "page", "HEX on|off", LUN, 2, 2, do_page },
	{ "read-only", "on|off", LUN, 1, 1, do_read_only },
	{ "write-cache", "on|off", LUN, 1, 1, do_write_cache },
	{ "stopped", "on|off", LUN, 1, 1, do_stopped },
	{ "foreign-key", "HEX", LUN, 1, 1, do_foreign_key },
	{ "keys", "N", LUN, 1, 1, do_keys },
	{ "attention",
	  "power-on|nexus-loss|reset|cleared|mode|capacity|inquiry|luns", LUN,
	  1, 1, do_attention },
	{ "lun-remove", "", LUN, 0, 0, do_remove },
	{ "lun-add", "N:SPEC", TARGET, 1, 1, do_add },
	{ "refuse", "STATUS", TARGET, 1, 1, do_refuse },
	{ "hidden", "on|off", TARGET, 1, 1, do_hidden },
	{ "duty", "NAME VALUE", TARGET, 2, 2, do_duty },
	{ "redirect", "ADDR|portal:N|off [permanent] [TIMES]", TARGET, 1, 3,
	  do_redirect },
	{ "async", "EVENT [PARAM1 [PARAM2 [PARAM3]] | KEY/ASC/ASCQ]", ALL, 1, 4,
	  do_async },
	{ "portal", "N up|down|silent", ALL, 2, 2, do_portal },
	{ "drop", "", ALL, 0, 0, do_drop },
	{ "ping", "", ALL, 0, 0, do_ping },
	{ "window", "N", ALL, 1, 1, do_window },
	{ "fault", "LINE", ALL, 0, MAX_WORDS, do_fault },
	{ "fault-clear", "", ALL, 0, 0, do_clear },
};

#define COUNT (sizeof(verbs) / sizeof(verbs[0]))

static struct tgt_target *only_target(const struct tgt *t)
{
	return t->targets.next != &t->targets &&
			       t->targets.next == t->targets.prev
		       ? container_of(t->targets.next, struct tgt_target, link)
		       : NULL;
}

/* Takes the words that say which target and LUN. */
static int find_scope(struct call *k, const struct verb *v, char **save)
{
	char *s;
	uint64_t lun;

	if (v->scope == ALL)
		return 0;
	s = strtok_r(NULL, " ", save);
	k->target = s ? tgt_target_find(k->c->tgt, s, strlen(s)) : NULL;
	if (k->target)
		s = v->scope == LUN ? strtok_r(NULL, " ", save) : NULL;
	else if (s && name_fault(s, strlen(s), NULL))
		k->target = only_target(k->c->tgt);
	if (!k->target)
		return complain(k, "no such target", s ? s : "");
	if (v->scope == TARGET) {
		if (s)
			k->word[k->n++] = s;
		return 0;
	}
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

/*
 * options - the command line as a table.
 */
#include "target/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "target/control.h"
#include "target/lunspec.h"
#include "wire/chap.h"

static int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static int complain(const char *fmt, ...)
{
	va_list ap;

	fputs("iscsi-demo-target: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -EINVAL;
}

static int read_number(const char *what, const char *s, uint64_t max,
		       uint64_t *out)
{
	if (str_u64(s, strlen(s), max, out) < 0)
		return complain("%s: not a number of at most %llu: '%s'", what,
				(unsigned long long)max, s);
	return 0;
}

/* An address, or one with port 0, which no portal of a target can have. */
static int read_portal(const char *arg, struct addr *a)
{
	const char *tag = strrchr(arg, ',');
	size_t n = tag ? (size_t)(tag - arg) : strlen(arg);
	char text[ADDR_TEXT_SIZE];
	bool any = n > 2 && !strncmp(arg + n - 2, ":0", 2) &&
		   (arg[n - 3] == ']' || !memchr(arg, ':', n - 2));

	if (!any || !str_copy(text, sizeof(text), arg))
		return addr_parse(arg, strlen(arg), a);
	text[n - 1] = '1';
	if (addr_parse(text, strlen(text), a) < 0)
		return -EINVAL;
	a->port = 0;
	return 0;
}

static int on_portal(struct options *o, const char *arg)
{
	struct addr *a = &o->portals[o->nportals];

	if (o->nportals == TGT_MAX_PORTALS)
		return complain("more than %d portals", TGT_MAX_PORTALS);
	if (read_portal(arg, a) < 0 || !addr_is_numeric(a))
		return complain("--portal: not ADDR[:PORT][,TAG]: '%s'", arg);
	o->nportals++;
	return 0;
}

static int on_target(struct options *o, const char *arg)
{
	const char *why = name_fault(arg, strlen(arg), NULL);

	if (why)
		return complain("--target: '%s' %s", arg, why);
	if (tgt_target_add(o->tgt, arg, &o->target) < 0)
		return complain("--target: '%s' is there twice", arg);
	return 0;
}

static int on_lun(struct options *o, const char *arg)
{
	char err[256];

	if (lunspec_add(o->target, arg, o->write_cache, err, sizeof(err)) < 0)
		return complain("--lun %s: %s", arg, err);
	return 0;
}

static int read_chap(const char *what, const char *arg, struct tgt_chap *out)
{
	const char *colon = strchr(arg, ':');
	size_t user = colon ? (size_t)(colon - arg) : 0;
	size_t secret = colon ? strlen(colon + 1) : 0;

	if (!user || !secret || user >= sizeof(out->user) ||
	    secret > sizeof(out->secret))
		return complain("%s: not USER:SECRET", what);
	memcpy(out->user, arg, user);
	out->user[user] = '\0';
	memcpy(out->secret, colon + 1, secret);
	out->secret_len = secret;
	if (secret < CHAP_SECRET_WISH)
		log_warn(NULL, "%s: a secret under %d bytes is weak", what,
			 CHAP_SECRET_WISH);
	return 0;
}

static int on_chap(struct options *o, const char *arg)
{
	return read_chap("--chap", arg, &o->target->auth.in);
}

static int on_chap_mutual(struct options *o, const char *arg)
{
	return read_chap("--chap-mutual", arg, &o->target->auth.out);
}

static int on_chap_algorithms(struct options *o, const char *arg)
{
	struct tgt_auth *auth = &o->target->auth;
	struct text_pair kv = { "", arg, 0, strlen(arg) };
	size_t pos = 0, len, n = 0;
	const char *item;
	uint64_t v;

	memset(auth->algorithms, 0, sizeof(auth->algorithms));
	while (text_list_next(&kv, &pos, &item, &len)) {
		if (n == sizeof(auth->algorithms) ||
		    str_u64(item, len, 255, &v) < 0 || !chap_find(v))
			return complain("--chap-algorithms: not a list of "
					"5, 6, 7, 8: '%s'",
					arg);
		auth->algorithms[n++] = (uint8_t)v;
	}
	return 0;
}

static int on_discovery_chap(struct options *o, const char *arg)
{
	return read_chap("--discovery-chap", arg, &o->tgt->discovery_auth.in);
}

static int on_discovery_mutual(struct options *o, const char *arg)
{
	return read_chap("--discovery-chap-mutual", arg,
			 &o->tgt->discovery_auth.out);
}

static int on_digest(struct options *o, const char *arg)
{
	static const char *const words[] = { "none", "allow", "prefer",
					     "require" };

	for (uint32_t i = 0; i < 4; i++) {
		if (strcmp(words[i], arg) != 0)
			continue;
		o->target->wishes.header_digest = i;
		o->target->wishes.data_digest = i;
		return 0;
	}
	return complain("--digest: not none, allow, prefer or require: '%s'",
			arg);
}

static int on_param(struct options *o, const char *arg)
{
	const char *eq = strchr(arg, '=');
	char key[TEXT_KEY_MAX + 1];
	struct tgt_params *p =
		o->target ? &o->target->wishes : &o->tgt->discovery_wishes;

	if (!eq || (size_t)(eq - arg) >= sizeof(key))
		return complain("--param: not KEY=VALUE: '%s'", arg);
	memcpy(key, arg, (size_t)(eq - arg));
	key[eq - arg] = '\0';
	switch (tgt_params_set(p, key, eq + 1)) {
	case 0:
		return 0;
	case -ENOENT:
		return complain("--param: unknown key '%s'", key);
	default:
		return complain("--param: %s cannot be '%s'", key, eq + 1);
	}
}

static int redirect(struct options *o, const char *arg, bool permanent)
{
	struct tgt_redirect *r = &o->target->redirect;

	if (addr_parse(arg, strlen(arg), &r->to) < 0)
		return complain("--redirect: not ADDR[:PORT][,TAG]: '%s'", arg);
	r->on = true;
	r->permanent = permanent;
	return 0;
}

static int on_redirect(struct options *o, const char *arg)
{
	return redirect(o, arg, false);
}

static int on_redirect_permanent(struct options *o, const char *arg)
{
	return redirect(o, arg, true);
}

static int on_redirect_times(struct options *o, const char *arg)
{
	uint64_t v;
	int err = read_number("--redirect-times", arg, UINT32_MAX, &v);

	if (!err)
		o->target->redirect.times = (uint32_t)v;
	return err;
}

static int on_redirect_late(struct options *o, const char *arg)
{
	o->target->redirect.after_auth = true;
	return 0;
}

static int on_refuse(struct options *o, const char *arg)
{
	uint64_t v;
	int err = read_number("--refuse", arg, 0xffff, &v);

	if (!err)
		o->target->refuse = (uint16_t)v;
	return err;
}

static int on_duty(struct options *o, const char *arg)
{
	char name[32];
	const char *value = strchr(arg, '=');

	if (!value || (size_t)(value - arg) >= sizeof(name))
		return complain("--duty '%s': not NAME=VALUE", arg);
	memcpy(name, arg, (size_t)(value - arg));
	name[value - arg] = '\0';
	if (tgt_duty_set(&o->target->duties, name, value + 1) < 0)
		return complain("--duty '%s': no such duty or value", arg);
	return 0;
}

static int on_alias(struct options *o, const char *arg)
{
	if (!str_copy(o->target->alias, sizeof(o->target->alias), arg))
		return complain("--alias: too long");
	return 0;
}

static int on_depth(struct options *o, const char *arg)
{
	uint64_t v;
	int err = read_number("--depth", arg, TGT_MAX_DEPTH, &v);

	if (!err && !v)
		return complain("--depth: 0 would let no command in");
	if (!err)
		o->target->depth = (uint32_t)v;
	return err;
}

static int on_r2t_size(struct options *o, const char *arg)
{
	uint64_t v;
	int err = read_number("--r2t-size", arg, UINT32_MAX, &v);

	if (!err)
		o->target->r2t_size = (uint32_t)v;
	return err;
}

static int on_ping(struct options *o, const char *arg)
{
	uint64_t v;
	int err = read_number("--ping", arg, UINT32_MAX, &v);

	if (!err)
		o->target->ping_every = (uint32_t)v;
	return err;
}

static int on_split_status(struct options *o, const char *arg)
{
	o->target->split_status = true;
	return 0;
}

static int on_quiet_login(struct options *o, const char *arg)
{
	o->target->quiet_login = true;
	return 0;
}

static int on_hidden(struct options *o, const char *arg)
{
	o->target->hidden = true;
	return 0;
}

static int on_write_cache(struct options *o, const char *arg)
{
	bool on = !strcmp(arg, "on");

	if (!on && strcmp(arg, "off") != 0)
		return complain("--write-cache: not on or off: '%s'", arg);
	o->write_cache = on;
	for (size_t i = 0; o->target && i < TGT_MAX_LUNS; i++)
		if (o->target->luns[i])
			o->target->luns[i]->cfg.write_cache = on;
	return 0;
}

static int on_fault(struct options *o, const char *arg)
{
	char err[256];

	if (tgt_script_add(o->script, arg, err, sizeof(err)) < 0)
		return complain("--fault \"%s\": %s", arg, err);
	o->tgt->fault = tgt_script_hook(o->script);
	return 0;
}

static int on_pidfile(struct options *o, const char *arg)
{
	o->pidfile = arg;
	return 0;
}

static int on_control(struct options *o, const char *arg)
{
	o->control = arg;
	o->tgt->fault = tgt_script_hook(o->script);
	return 0;
}

static int on_journal(struct options *o, const char *arg)
{
	o->journal = arg;
	return 0;
}

static int on_ready_fd(struct options *o, const char *arg)
{
	uint64_t v;
	int err = read_number("--ready-fd", arg, 1 << 20, &v);

	if (!err)
		o->ready_fd = (int)v;
	return err;
}

static int on_verbose(struct options *o, const char *arg)
{
	log_set_level(LOG_DEBUG);
	return 0;
}

static int on_help(struct options *o, const char *arg)
{
	o->help = true;
	return 0;
}

static int on_version(struct options *o, const char *arg)
{
	o->version = true;
	return 0;
}

static const struct entry {
	const char *name, *arg; /* arg NULL: none */
	int (*set)(struct options *o, const char *arg);
	bool of_target; /* needs a --target before it */
	const char *help;
} table[] = {
	{ "portal", "ADDR[:PORT][,TAG]", on_portal, false,
	  "listen here (default 127.0.0.1:3260,1); port 0: any" },
	{ "target", "NAME", on_target, false,
	  "begin a target; the options below belong to it" },
	{ "lun", "N:SPEC", on_lun, true,
	  "mem:SIZE or file:PATH[:SIZE], then ,bs=4096 ,ro ,thin "
	  ",serial=TEXT ,id=HEX ,max=BYTES ,removable ,type=cd ,volatile (a "
	  "file gets what was flushed)" },
	{ "alias", "TEXT", on_alias, true, "TargetAlias" },
	{ "chap", "USER:SECRET", on_chap, true, "ask initiators for CHAP" },
	{ "chap-mutual", "USER:SECRET", on_chap_mutual, true,
	  "and prove ourselves when they ask" },
	{ "chap-algorithms", "LIST", on_chap_algorithms, true,
	  "of 8,7,6,5 (SHA3-256, SHA-256, SHA1, MD5)" },
	{ "digest", "none|allow|prefer|require", on_digest, true,
	  "CRC32C of header and data (allow)" },
	{ "param", "KEY=VALUE", on_param, false,
	  "wish for a negotiated key; before any --target: for discovery" },
	{ "depth", "N", on_depth, true, "commands of a session (128)" },
	{ "r2t-size", "BYTES", on_r2t_size, true, "most that one R2T asks" },
	{ "split-status", NULL, on_split_status, true,
	  "never status in Data-In" },
	{ "quiet-login", NULL, on_quiet_login, true,
	  "no unit attention after a login" },
	{ "hidden", NULL, on_hidden, true, "not named by SendTargets=All" },
	{ "ping", "MS", on_ping, true, "NOP-In after so long a silence" },
	{ "redirect", "ADDR[:PORT][,TAG]", on_redirect, true,
	  "send initiators there, for now" },
	{ "redirect-permanent", "ADDR[:PORT][,TAG]", on_redirect_permanent,
	  true, "and for good" },
	{ "redirect-times", "N", on_redirect_times, true,
	  "only so many logins" },
	{ "redirect-late", NULL, on_redirect_late, true,
	  "after authentication" },
	{ "refuse", "STATUS", on_refuse, true,
	  "answer each login so, e.g. 0x0301" },
	{ "duty", "NAME=VALUE", on_duty, true,
	  "do not do this duty; see below" },
	{ "write-cache", "on|off", on_write_cache, false,
	  "off: each write is stable when answered" },
	{ "discovery-chap", "USER:SECRET", on_discovery_chap, false, "" },
	{ "discovery-chap-mutual", "USER:SECRET", on_discovery_mutual, false,
	  "" },
	{ "fault", "LINE", on_fault, false, "do wrong on purpose; see below" },
	{ "control", "PATH", on_control, false,
	  "make a FIFO there and obey the lines it gets; see below" },
	{ "journal", "PATH", on_journal, false,
	  "append a line there for each PDU and command" },
	{ "pidfile", "PATH", on_pidfile, false, "" },
	{ "ready-fd", "N", on_ready_fd, false,
	  "write the line \"ready ADDR...\" there (default: standard output)" },
	{ "verbose", NULL, on_verbose, false, "" },
	{ "version", NULL, on_version, false, "" },
	{ "help", NULL, on_help, false, "" },
};

#define COUNT (sizeof(table) / sizeof(table[0]))

static int apply(struct options *o, const struct entry *e, const char *arg)
{
	if (e->of_target && !o->target)
		return complain("--%s: needs a --target before it", e->name);
	return e->set(o, arg);
}

int options_read(struct options *o, int argc, char **argv)
{
	struct option longs[COUNT + 1] = { { 0 } };
	int i, index;

	for (size_t k = 0; k < COUNT; k++) {
		longs[k].name = table[k].name;
		longs[k].has_arg =
			table[k].arg ? required_argument : no_argument;
	}
	o->ready_fd = -1;
	o->write_cache = true;
	while ((i = getopt_long(argc, argv, "", longs, &index)) != -1) {
		if (i == '?')
			return -EINVAL; /* getopt has said it */
		if (apply(o, &table[index], optarg) < 0)
			return -EINVAL;
	}
	if (optind < argc)
		return complain("not an option: '%s'", argv[optind]);
	if (!o->help && !o->version && !o->target)
		return complain("nothing to serve: no --target");
	return 0;
}

void options_help(void)
{
	char text[4096];
	struct strbuf out;

	puts("Usage: iscsi-demo-target --target NAME --lun N:SPEC [OPTION]...\n"
	     "Serves iSCSI targets from memory or files; for demos and tests."
	     "\n");
	for (size_t i = 0; i < COUNT; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s %s", table[i].name,
			 table[i].arg ? table[i].arg : "");
		printf("  %-36s %s\n", left, table[i].help);
	}
	sb_init(&out, text, sizeof(text));
	tgt_script_help(&out);
	printf("\nFault lines:\n%s", text);
	sb_init(&out, text, sizeof(text));
	control_help(&out);
	printf("\nControl lines:\n%s", text);
	sb_init(&out, text, sizeof(text));
	tgt_duty_help(&out);
	printf("\nDuties:\n%s", text);
}

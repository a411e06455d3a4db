/*
 * duty - the duties of a target and their words, as a table.
 */
#include "target/duty.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define WORDS 6

static const struct duty {
	const char *name;
	size_t at;
	const char *words[WORDS]; /* value 0, 1...; none: a number */
	const char *help;
} duties[] = {
	{ "reinstate",
	  offsetof(struct tgt_duties, reinstate),
	  { "always", "never", "security", "late" },
	  "when a login ends the old session of its ISID" },
	{ "reinstate-after",
	  offsetof(struct tgt_duties, reinstate_after),
	  { NULL },
	  "ms that \"late\" means" },
	{ "reinstate-groups",
	  offsetof(struct tgt_duties, any_group),
	  { "same", "any" },
	  "which portal groups it looks at" },
	{ "run-on",
	  offsetof(struct tgt_duties, run_on),
	  { NULL },
	  "ms that running writes outlive their session" },
	{ "sessions",
	  offsetof(struct tgt_duties, sessions),
	  { NULL },
	  "most sessions; 0: any number" },
	{ "sessions-status",
	  offsetof(struct tgt_duties, sessions_status),
	  { NULL },
	  "login status beyond them (0x0302)" },
	{ "auth-none",
	  offsetof(struct tgt_duties, auth_none),
	  { NULL },
	  "login status for AuthMethod=None; 1: closes" },
	{ "lun-reset",
	  offsetof(struct tgt_duties, lun_reset),
	  { "honest", "early", "lies", "hangs", "arrived" },
	  "what LUN RESET does" },
	{ "abort-task",
	  offsetof(struct tgt_duties, abort_task),
	  { "honest", "early", "lies", "hangs", "arrived" },
	  "what ABORT TASK does" },
	{ "tmf-hang",
	  offsetof(struct tgt_duties, tmf_hang),
	  { NULL },
	  "ms that \"hangs\" means" },
	{ "ordered",
	  offsetof(struct tgt_duties, unordered),
	  { "honoured", "ignored" },
	  "what the task attribute does" },
	{ "sync",
	  offsetof(struct tgt_duties, no_sync),
	  { "served", "refused" },
	  "SYNCHRONIZE CACHE" },
	{ "write-same",
	  offsetof(struct tgt_duties, no_same),
	  { "served", "refused" },
	  "WRITE SAME" },
	{ "r2t-never",
	  offsetof(struct tgt_duties, no_r2t),
	  { NULL },
	  "each so many-th R2T of a write never comes" },
	{ "short-good",
	  offsetof(struct tgt_duties, short_good),
	  { NULL },
	  "... or is spared, with GOOD" },
};

#define COUNT (sizeof(duties) / sizeof(duties[0]))

static int read_value(const struct duty *d, const char *value, uint32_t *out)
{
	uint64_t v;

	if (!d->words[0]) {
		if (str_u64(value, strlen(value), UINT32_MAX, &v) < 0)
			return -EINVAL;
		*out = (uint32_t)v;
		return 0;
	}
	for (uint32_t i = 0; i < WORDS && d->words[i]; i++) {
		if (strcmp(d->words[i], value) != 0)
			continue;
		*out = i;
		return 0;
	}
	return -EINVAL;
}

int tgt_duty_set(struct tgt_duties *d, const char *name, const char *value)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(duties[i].name, name))
			return read_value(&duties[i], value,
					  (void *)((char *)d + duties[i].at));
	return -ENOENT;
}

void tgt_duty_help(struct strbuf *out)
{
	for (size_t i = 0; i < COUNT; i++) {
		const struct duty *d = &duties[i];

		sb_add(out, "  %s ", d->name);
		for (size_t w = 0; w < WORDS && d->words[w]; w++)
			sb_add(out, "%s%s", w ? "|" : "", d->words[w]);
		sb_add(out, "%s  %s\n", d->words[0] ? "" : "N", d->help);
	}
}

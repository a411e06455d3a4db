/*
 * iscsictl_verbs - what iscsictl makes of the verbs of words/control_verbs.h.
 */
#include "tools/iscsictl_verbs.h"

#include <stdbool.h>
#include <string.h>

#include "tools/iscsictl_upgrade.h"
#include "words/verbs.h"

static size_t count(const char *const keys[static CONTROL_KEYS])
{
	size_t n = 0;

	while (n < CONTROL_KEYS && keys[n])
		n++;
	return n;
}

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/* What the count of words alone does not show; NULL: nothing. */
static const char *wrong_words(const struct control_verb *v, int argc,
			       char **argv)
{
	bool alone;

	if (v == &control_verbs[CONTROL_rescan] && argc == 1)
		return "a target id has to follow the bus id";
	if (v != &control_verbs[CONTROL_log])
		return NULL;
	alone = !strcmp(argv[0], "all") || !strcmp(argv[0], "none");
	if (alone && argc == 2)
		return "all and none stand alone";
	return alone || argc == 2 ? NULL : "on or off has to follow";
}

/* Words become the values of the keys, in their order. */
static const char *key_of(const struct control_verb *v, size_t i,
			  const char *word)
{
	size_t needs = count(v->needs);

	if (i < needs)
		return v->needs[i];
	/* An address or an index, by what it looks like. */
	if (v == &control_verbs[CONTROL_portal])
		return v->takes[is_number(word)];
	return v->takes[i - needs];
}

static void get(const struct msg_in *row, const char *key, char *dst,
		size_t size)
{
	if (msg_get(row, key, dst, size) < 0)
		*dst = '\0';
}

static void print_param(const struct msg_in *row, FILE *to)
{
	static char name[64], value[4096], origin[512];

	get(row, "name", name, sizeof(name));
	get(row, "value", value, sizeof(value));
	get(row, "origin", origin, sizeof(origin));
	fprintf(to, "%s=%-*s # %s\n", name, (int)(39 - strlen(name)), value,
		origin);
}

static void print_status(const struct msg_in *row, FILE *to)
{
	static char name[64], value[4096];

	get(row, "name", name, sizeof(name));
	get(row, "value", value, sizeof(value));
	fprintf(to, "%-15s%s\n", name, value);
}

void verb_print(const struct control_verb *v, const struct msg_in *row,
		FILE *to)
{
	if (strcmp(v->row, "param") == 0)
		print_param(row, to);
	else
		print_status(row, to);
}

bool verb_finish(const struct control_verb *v, const char *rundir,
		 uint64_t timeout)
{
	return v != &control_verbs[CONTROL_upgrade] ||
	       upgrade_wait(rundir, timeout);
}

const struct control_verb *verb_find(const char *name)
{
	for (size_t i = 0; i < CONTROL_VERBS; i++)
		if (strcmp(control_verbs[i].name, name) == 0)
			return &control_verbs[i];
	return NULL;
}

const char *verb_request(const struct control_verb *v, int argc, char **argv,
			 struct msg_out *m)
{
	bool either = v == &control_verbs[CONTROL_portal];
	size_t least = count(v->needs) + either;
	size_t most = either ? least : least + count(v->takes);
	const char *wrong;

	if ((size_t)argc < least)
		return "words are missing";
	if ((size_t)argc > most)
		return "too many words";
	wrong = wrong_words(v, argc, argv);
	if (wrong)
		return wrong;
	msg_begin(m, v->name);
	for (size_t i = 0; i < (size_t)argc; i++)
		msg_str(m, key_of(v, i, argv[i]), argv[i]);
	return m->full ? "too long" : NULL;
}

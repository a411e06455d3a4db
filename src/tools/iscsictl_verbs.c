/*
 * iscsictl_verbs - the verbs of iscsictl.
 */
#include "tools/iscsictl_verbs.h"

#include <stdbool.h>
#include <string.h>

#include "tools/iscsictl_upgrade.h"

/* Words become the values of these keys, in their order. */
static void fill_keys(struct msg_out *m, const char *const *keys, int argc,
		      char **argv)
{
	for (int i = 0; i < argc; i++)
		msg_str(m, keys[i], argv[i]);
}

static bool is_number(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

static const char *fill_nothing(struct msg_out *m, int argc, char **argv)
{
	return NULL;
}

static const char *fill_config(struct msg_out *m, int argc, char **argv)
{
	static const char *const keys[] = { "name" };

	fill_keys(m, keys, argc, argv);
	return NULL;
}

static const char *fill_rescan(struct msg_out *m, int argc, char **argv)
{
	static const char *const keys[] = { "bus", "target" };

	if (argc == 1)
		return "a target id has to follow the bus id";
	fill_keys(m, keys, argc, argv);
	return NULL;
}

static const char *fill_portal(struct msg_out *m, int argc, char **argv)
{
	static const char *const by_address[] = { "bus", "target", "address" };
	static const char *const by_index[] = { "bus", "target", "index" };

	fill_keys(m, is_number(argv[2]) ? by_index : by_address, argc, argv);
	return NULL;
}

static const char *fill_time(struct msg_out *m, int argc, char **argv)
{
	static const char *const keys[] = { "bus", "target", "seconds" };

	fill_keys(m, keys, argc, argv);
	return NULL;
}

static const char *fill_log(struct msg_out *m, int argc, char **argv)
{
	static const char *const keys[] = { "what", "value" };
	bool alone = !strcmp(argv[0], "all") || !strcmp(argv[0], "none");

	if (alone && argc == 2)
		return "all and none stand alone";
	if (!alone && argc == 1)
		return "on or off has to follow";
	fill_keys(m, keys, argc, argv);
	return NULL;
}

static const char *fill_lun(struct msg_out *m, int argc, char **argv)
{
	static const char *const keys[] = { "bus", "target", "lun" };

	fill_keys(m, keys, argc, argv);
	return NULL;
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

#define SECONDS "bus|- target|- seconds"
#define LUN	"bus target lun"

const struct verb verbs[] = {
	{ "config", "[name]",
	  "the settings of a target, or of any, and the line each came from", 0,
	  1, fill_config, "param", print_param },
	{ "status", "", "how the daemon is", 0, 0, fill_nothing, "status",
	  print_status },
	{ "rescan", "[bus target]",
	  "look for targets and LUNs, or for LUNs of one target", 0, 2,
	  fill_rescan, NULL, NULL },
	{ "reload", "", "read the configuration again", 0, 0, fill_nothing,
	  NULL, NULL },
	{ "portal", "bus target address|index",
	  "move a session to another portal", 3, 3, fill_portal, NULL, NULL },
	{ "connfailtimeout", SECONDS,
	  "time until I/O fails while a session is away, 0: never", 3, 3,
	  fill_time, NULL, NULL },
	{ "diskcommandtimeout", SECONDS, "time of a disk command, 0: for ever",
	  3, 3, fill_time, NULL, NULL },
	{ "log", "all|none|what on|off", "what is logged", 1, 2, fill_log, NULL,
	  NULL },
	{ "add", LUN, "look for a LUN and make its disk", 3, 3, fill_lun, NULL,
	  NULL },
	{ "remove", LUN, "take away a disk that nobody uses", 3, 3, fill_lun,
	  NULL, NULL },
	{ "upgrade", "",
	  "go on with the version that is installed now; no I/O fails", 0, 0,
	  fill_nothing, NULL, NULL, upgrade_wait },
	{ "shutdown", "", "log out everywhere and end the daemon", 0, 0,
	  fill_nothing, NULL, NULL },
};

const size_t verb_count = sizeof(verbs) / sizeof(*verbs);

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < verb_count; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

const char *verb_request(const struct verb *v, int argc, char **argv,
			 struct msg_out *m)
{
	const char *wrong;

	if (argc < v->min)
		return "words are missing";
	if (argc > v->max)
		return "too many words";
	msg_begin(m, v->name);
	wrong = v->fill(m, argc, argv);
	if (!wrong && m->full)
		wrong = "too long";
	return wrong;
}

/*
 * options - iscsid's command line.
 */
#include "iscsid/daemon/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "conf/bindings.h"
#include "conf/conf.h"
#include "conf/initiatorname.h"

static const struct option long_options[] = {
	{ "free", no_argument, NULL, 'F' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

void options_help(FILE *to)
{
	fprintf(to,
		"usage: iscsid [-b bindingfile] [-d] [-f configfile]\n"
		"              [-I initiatornamefile] [-l linkdir] [-m mode]"
		" [-n] [-R rundir]\n"
		"       iscsid -t [-f configfile] [-I initiatornamefile]\n"
		"       iscsid -F [-d] [-f configfile] [-l linkdir] [-R rundir]\n"
		"\n"
		"  -b file  target bindings (" BINDINGS_PATH ")\n"
		"  -d       log more\n"
		"  -f file  configuration (" CONF_PATH ")\n"
		"  -F, --free  take away all disks that an earlier run left,"
		" and end\n"
		"  -I file  name of this initiator (" INITIATORNAME_PATH ")\n"
		"  -l dir   where the device links are made (" LINKDIR_PATH
		")\n"
		"  -m mode  of directories made there, octal (0755)\n"
		"  -n       stay in the foreground, log to standard error\n"
		"  -R dir   run directory (" RUNDIR_PATH ")\n"
		"  -t       only check the configuration\n"
		"  -h, --help, -V, --version\n");
}

static bool read_mode(const char *s, mode_t *out)
{
	char *end;
	unsigned long n = strtoul(s, &end, 8);

	if (!*s || *end || s[strspn(s, "01234567")] || n > 0777)
		return false;
	*out = (mode_t)n;
	return true;
}

static bool read_engines(const char *s, unsigned *out)
{
	uint64_t n;

	if (str_u64(s, strlen(s), ENGINES_MAX, &n) || !n)
		return false;
	*out = (unsigned)n;
	return true;
}

static bool read_ms(const char *s, uint32_t *out)
{
	uint64_t n;

	if (str_u64(s, strlen(s), UINT32_MAX, &n) || !n)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* Returns what is wrong with the value, or NULL. */
static const char *read_option(int c, const char *arg, struct options *o)
{
	switch (c) {
	case 'b':
		o->bindings = arg;
		o->custom_bindings = true;
		break;
	case 'c': /* for tests: ms until a command is ended */
		return read_ms(arg, &o->task_timeout) ? NULL
						      : "a number is needed";
	case 'd':
		o->debug = true;
		break;
	case 'e': /* for tests: how many engines */
		return read_engines(arg, &o->engines) ? NULL
						      : "a number is needed";
	case 'f':
		o->conf = arg;
		break;
	case 'I':
		o->initiatorname = arg;
		break;
	case 'l':
		o->linkdir = arg;
		break;
	case 'm':
		return read_mode(arg, &o->mode)
			       ? NULL
			       : "an octal mode such as 0755 is needed";
	case 'n':
		o->foreground = true;
		break;
	case 'R':
		o->rundir = arg;
		break;
	case 'F':
		o->verb = OPTIONS_FREE;
		o->foreground = true;
		break;
	case 't':
		o->verb = OPTIONS_CHECK;
		break;
	case 'h':
		o->verb = OPTIONS_HELP;
		break;
	case 'V':
		o->verb = OPTIONS_VERSION;
		break;
	}
	return NULL;
}

static void set_defaults(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->bindings = BINDINGS_PATH;
	o->conf = CONF_PATH;
	o->initiatorname = INITIATORNAME_PATH;
	o->linkdir = LINKDIR_PATH;
	o->rundir = RUNDIR_PATH;
	o->mode = 0755;
}

void options_read(int argc, char **argv, FILE *err, struct options *out)
{
	const char *wrong;
	int c;

	set_defaults(out);
	optind = 1;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":b:c:de:f:FI:l:m:nR:thV",
				long_options, NULL)) != -1) {
		wrong = c == ':'   ? "a value is needed"
			: c == '?' ? "no such option"
				   : read_option(c, optarg, out);
		if (wrong) {
			fprintf(err, "iscsid: %s: %s\n",
				c == ':' || c == '?' ? argv[optind - 1]
						     : optarg,
				wrong);
			out->verb = OPTIONS_WRONG;
			return;
		}
	}
	if (optind < argc) {
		fprintf(err, "iscsid: %s: unexpected word\n", argv[optind]);
		out->verb = OPTIONS_WRONG;
	}
}

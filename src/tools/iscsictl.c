/*
 * iscsictl - asks the iSCSI driver to do something, and says what came of it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ctl/client.h"
#include "tools/iscsictl_verbs.h"
#include "words/verbs.h"

#define RUNDIR_PATH "/run/iscsi"
#define TIMEOUT	    40u	  /* s, longer than any verb takes */
#define TIMEOUT_MAX 86400 /* s */

enum {
	EXIT_OK,
	EXIT_TROUBLE,
	EXIT_USAGE
};

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "rundir", required_argument, NULL, 'R' },
	{ "timeout", required_argument, NULL, 't' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static struct ctl_client client;

static void help(FILE *to)
{
	fputs("usage: iscsictl [-R rundir] [-t seconds] verb [word...]\n\n",
	      to);
	for (size_t i = 0; i < CONTROL_VERBS; i++)
		fprintf(to, "  %s %s\n      %s\n", control_verbs[i].name,
			control_verbs[i].words, control_verbs[i].help);
	fprintf(to,
		"\n  -R, --rundir dir       run directory of iscsid (%s)\n"
		"  -t, --timeout seconds  wait no longer (%u)\n"
		"  -h, --help, -V, --version\n",
		RUNDIR_PATH, TIMEOUT);
}

static int usage_error(const struct control_verb *v, const char *wrong)
{
	fprintf(stderr,
		"iscsictl: %s: %s\n"
		"usage: iscsictl %s %s\n",
		v->name, wrong, v->name, v->words);
	return EXIT_USAGE;
}

/* What the daemon said at last. */
static int finish(const struct control_verb *v, const struct msg_in *m)
{
	static char text[4096];
	bool ok = msg_is(m, "ok");
	uint64_t err = 0;

	if (msg_get(m, "text", text, sizeof(text)) < 0)
		*text = '\0';
	if (ok && *text)
		fprintf(v->row ? stderr : stdout, "%s\n", text);
	if (ok)
		return EXIT_OK;
	fprintf(stderr, "iscsictl: %s: %s\n", v->name, text);
	/* Without one: trouble. */
	(void)msg_get_u64(m, "errno", 4095, &err);
	return err == EINVAL ? EXIT_USAGE : EXIT_TROUBLE;
}

static bool progressed;

/* What it waits for meanwhile. */
static void say_progress(const struct control_verb *v, const struct msg_in *m)
{
	static char text[MSG_MAX];

	progressed = true;

	if (msg_get(m, "text", text, sizeof(text)) >= 0)
		fprintf(stderr, "iscsictl: %s: %s\n", v->name, text);
}

static int read_answer(const struct control_verb *v, int *status)
{
	struct msg_in m;
	int err;

	for (;;) {
		err = ctl_next(&client, &m);
		if (err)
			return err;
		if (msg_is(&m, "ok") || msg_is(&m, "error")) {
			fflush(stdout);
			*status = finish(v, &m);
			return 0;
		}
		if (v->row && msg_is(&m, v->row))
			verb_print(v, &m, stdout);
		else if (msg_is(&m, "progress"))
			say_progress(v, &m);
	}
}

static int ask(const struct control_verb *v, const struct msg_out *m,
	       const char *rundir, uint64_t timeout)
{
	int status = EXIT_TROUBLE;
	int err = ctl_open(&client, rundir, timeout * 1000);

	if (!err) {
		err = ctl_ask(&client, m);
		if (!err)
			err = read_answer(v, &status);
		ctl_close(&client);
	}
	if (err) {
		fflush(stdout);
		fprintf(stderr, "iscsictl: %s: %s\n", v->name,
			err == -ETIMEDOUT && progressed
				? "not over in this time; it goes on"
				: ctl_strerror(err));
		return EXIT_TROUBLE;
	}
	if (status == EXIT_OK && !verb_finish(v, rundir, timeout))
		status = EXIT_TROUBLE;
	return fflush(stdout) ? EXIT_TROUBLE : status;
}

static int run(int argc, char **argv, const char *rundir, uint64_t timeout)
{
	static struct msg_out m;
	const struct control_verb *v = argc ? verb_find(argv[0]) : NULL;
	const char *wrong;

	if (!v) {
		fprintf(stderr, "iscsictl: %s%s; iscsictl --help lists them\n",
			argc ? argv[0] : "a verb is needed",
			argc ? ": no such verb" : "");
		return EXIT_USAGE;
	}
	wrong = verb_request(v, argc - 1, argv + 1, &m);
	if (wrong)
		return usage_error(v, wrong);
	return ask(v, &m, rundir, timeout);
}

int main(int argc, char **argv)
{
	const char *rundir = RUNDIR_PATH;
	uint64_t timeout = TIMEOUT;
	int c;

	/* "+": the words of a verb may begin with "-". */
	while ((c = getopt_long(argc, argv, "+hR:t:V", options, NULL)) != -1) {
		switch (c) {
		case 'R':
			rundir = optarg;
			break;
		case 't':
			if (!str_u64(optarg, strlen(optarg), TIMEOUT_MAX,
				     &timeout))
				break;
			fprintf(stderr, "iscsictl: %s is no time in seconds\n",
				optarg);
			return EXIT_USAGE;
		case 'h':
			help(stdout);
			return EXIT_OK;
		case 'V':
			puts("iscsictl " SOFTHBA_VERSION);
			return EXIT_OK;
		default:
			help(stderr);
			return EXIT_USAGE;
		}
	}
	return run(argc - optind, argv + optind, rundir, timeout);
}

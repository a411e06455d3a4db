/*
 * iscsi-ls - lists targets and their disks.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ctl/client.h"
#include "tools/ls_text.h"

#define RUNDIR_PATH "/run/iscsi"
#define ANSWER_IN   30000 /* ms for the whole listing */

static const char usage[] =
	"usage: iscsi-ls [-c] [-i target] [-l] [-R rundir]\n"
	"Lists the targets of the iSCSI driver, their sessions and disks.\n"
	"  -c             parameters of each session, too\n"
	"  -i target      only targets of this id\n"
	"  -l             disks of each target, too\n"
	"  -R rundir      run directory of iscsid (" RUNDIR_PATH ")\n"
	"  -h, --help     this text\n"
	"  -V, --version  the version\n";

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static struct ctl_client client;

static int ask(const struct ls_text *t)
{
	static struct msg_out m;

	msg_begin(&m, "ls");
	msg_u64(&m, "params", t->params);
	return ctl_ask(&client, &m);
}

static int read_answer(struct ls_text *t)
{
	struct msg_in m;
	int err;

	do {
		err = ctl_next(&client, &m);
		if (!err)
			err = ls_text_add(t, &m);
	} while (!err && !msg_is(&m, "end"));
	return err;
}

static int list(struct ls_text *t, const char *rundir)
{
	int err = ctl_open(&client, rundir, ANSWER_IN);

	if (!err) {
		ls_text_header(t);
		err = ask(t);
		if (!err)
			err = read_answer(t);
		ctl_close(&client);
	}
	if (err) {
		fflush(t->to);
		fprintf(stderr, "iscsi-ls: %s\n", ctl_strerror(err));
		return 1;
	}
	if (t->one && !t->shown) {
		fprintf(stderr, "iscsi-ls: there is no target %u\n", t->wanted);
		return 1;
	}
	return fflush(t->to) ? 1 : 0;
}

static bool read_target(const char *s, struct ls_text *t)
{
	uint64_t n;

	if (str_u64(s, strlen(s), 255, &n))
		return false;
	t->one = true;
	t->wanted = (unsigned)n;
	return true;
}

int main(int argc, char **argv)
{
	struct ls_text t = { .to = stdout };
	const char *rundir = RUNDIR_PATH;
	int c;

	while ((c = getopt_long(argc, argv, "ci:lR:hV", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			t.params = true;
			break;
		case 'i':
			if (read_target(optarg, &t))
				break;
			fprintf(stderr, "iscsi-ls: %s is no target id\n",
				optarg);
			return 2;
		case 'l':
			t.luns = true;
			break;
		case 'R':
			rundir = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("iscsi-ls " SOFTHBA_VERSION);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return list(&t, rundir);
}

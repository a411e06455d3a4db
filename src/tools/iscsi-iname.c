/*
 * iscsi-iname - prints a new iSCSI name.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "conf/iname.h"

static const char usage[] =
	"usage: iscsi-iname [-p prefix]\n"
	"Prints a new iSCSI name: the prefix, a dot and random hex digits.\n"
	"  -p, --prefix prefix  instead of " INAME_PREFIX "\n"
	"  -h, --help           this text\n"
	"  -V, --version        the version\n";

static const struct option options[] = {
	{ "prefix", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int print_name(const char *prefix)
{
	char name[INAME_SIZE];
	int err = iname_make(prefix, name, sizeof(name));

	if (err) {
		fprintf(stderr, "iscsi-iname: %s%s: %s\n",
			prefix ? "prefix " : "", prefix ? prefix : "name",
			err == -EINVAL ? "this makes no iSCSI name"
				       : strerror(-err));
		return 1;
	}
	puts(name);
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *prefix = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "p:hV", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			prefix = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("iscsi-iname " SOFTHBA_VERSION);
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
	return print_name(prefix);
}

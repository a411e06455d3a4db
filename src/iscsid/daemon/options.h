/*
 * options - iscsid's command line.
 */
#ifndef ISCSID_OPTIONS_H
#define ISCSID_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define LINKDIR_PATH "/dev/iscsi"
#define RUNDIR_PATH  "/run/iscsi"

enum options_verb {
	OPTIONS_RUN,
	OPTIONS_CHECK,	 /* -t: read the configuration, say what is wrong */
	OPTIONS_FREE,	 /* -F: take away what an earlier run left, and end */
	OPTIONS_HELP,	 /* -h */
	OPTIONS_VERSION, /* -V */
	OPTIONS_WRONG,	 /* a line on err says what */
};

#define ENGINES_MAX 64

struct options {
	enum options_verb verb;
	/* all borrowed from argv */
	const char *bindings, *conf, *initiatorname, *linkdir;
	/*
	 * rundir is as the kernel names it once the daemon runs, asked_rundir
	 * as it was asked for, owner which directory it is:
	 * iscsid/host/exporter.h.
	 */
	const char *rundir, *asked_rundir, *owner;
	bool custom_bindings; /* -b was given */
	mode_t mode;	      /* of directories under linkdir */
	bool debug, foreground;
	unsigned engines;      /* 0: one per CPU */
	uint32_t task_timeout; /* ms a command gets; 0: the engine's own */
};

void options_read(int argc, char **argv, FILE *err, struct options *out);
void options_help(FILE *to);

#endif

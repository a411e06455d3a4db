/*
 * options - the command line of iscsi-demo-target, and the target it builds.
 */
#ifndef TARGET_OPTIONS_H
#define TARGET_OPTIONS_H

#include <stdbool.h>

#include "target/fault.h"
#include "target/server.h"
#include "target/tgt.h"

struct options {
	struct server *server;
	struct tgt *tgt;
	struct tgt_script *script;
	struct addr portals[TGT_MAX_PORTALS];
	size_t nportals;
	struct tgt_target *target; /* the one following options belong to */
	const char *pidfile;
	const char *journal; /* path of the file; NULL: none */
	const char *control; /* path of the FIFO; NULL: none */
	int ready_fd;	     /* -1: say it on standard output */
	bool write_cache;
	bool help, version;
};

/*
 * Reads argv into o, whose server, tgt and script are given.  Returns 0, or
 * -EINVAL after a message on standard error.
 */
int options_read(struct options *o, int argc, char **argv);
void options_help(void);

#endif

/*
 * linux - the outside of the manager's core on Linux: its loop, workers,
 * engine processes, files, names and handles.
 */
#ifndef ISCSID_LINUX_H
#define ISCSID_LINUX_H

#include <limits.h>
#include <stdbool.h>

#include "conf/bindings.h"
#include "io/loop.h"
#include "iscsid/daemon/options.h"
#include "iscsid/host/outside.h"
#include "iscsid/host/watch.h"
#include "iscsid/host/worker.h"
#include "iscsid/run/processes.h"

struct linux_side {
	struct outside out; /* first linux_init() */
	const struct options *opt;
	struct io_loop *loop;
	struct workers workers;
	struct watch watch; /* of block devices */
	struct processes processes;
	struct bindings *bindings;
	/* below the run directory */
	char held[PATH_MAX], seen[PATH_MAX], sockets[PATH_MAX];
	int name_fd;	 /* the name is ours alone: daemon_take_name(); or -1 */
	bool told_other; /* that it is not */
};

/* The one that this is the outside of. */
struct linux_side *linux_of(const struct outside *o);

/* Fills in out; the rest is the caller's to set up, before the core runs. */
void linux_init(struct linux_side *l, const struct options *opt);

#endif

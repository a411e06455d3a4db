/*
 * manager - the life of iscsid: start, reload, end; its stop is
 * iscsid/life/stop.h.
 */
#ifndef ISCSID_MANAGER_H
#define ISCSID_MANAGER_H

#include "iscsid/core/core.h"

/* What administrators come in by; opened when all else stands. */
struct manager_doors {
	/* 0 or -errno: then the start has failed. */
	int (*open)(struct manager *m);
	void (*close)(struct manager *m);
};

/*
 * Everything up to the first discovery; lines say what is wrong.  Returns 0
 * or -errno.
 */
int manager_start(struct manager *m, const struct options *opt,
		  const struct manager_doors *doors);
/* Until the end; 0 or -errno when the loop itself failed. */
int manager_run(struct manager *m);
/* After run, or after a start that failed. */
void manager_end(struct manager *m);

/*
 * Reads the configuration again; on -errno it stays as it was.  faulty: so
 * many of its lines are not used, which the log names.
 */
int manager_reload(struct manager *m, unsigned *faulty);

#endif

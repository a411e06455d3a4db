/*
 * run - the manager as a program on Linux: its loop, signals, places and
 * files, with the core (iscsid/life/manager.h) inside.
 */
#ifndef ISCSID_RUN_H
#define ISCSID_RUN_H

#include "iscsid/life/manager.h"

/*
 * Everything up to the first discovery; lines say what is wrong.  Returns 0
 * or -errno.
 */
int run_start(struct manager *m, const struct options *opt,
	      const struct manager_doors *doors);
/* Until the end; 0 or -errno when the loop itself failed. */
int run_loop(struct manager *m);
/* After that, or after a start that failed. */
void run_end(struct manager *m);

#endif

/*
 * manager - the life of the manager's core: start, reload, end; its stop is
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

/* Both borrowed.  The other fields of the owner are set after this. */
void manager_init(struct manager *m, const struct options *opt,
		  const struct outside *out);
/*
 * Goes on with what is left of a manager before us, and with so many engines.
 * begun() is called, from
 * a timer, when every engine that was left has told what it has; n disks go
 * on.  Returns 0 or -errno.
 */
int manager_begin(struct manager *m, unsigned engines,
		  void (*begun)(struct manager *m, unsigned n));
/* Then: looks for targets. */
void manager_go(struct manager *m);
/* Of a manager that is over, or is killed: all it has is given back. */
void manager_fini(struct manager *m);

/*
 * Reads the configuration again; on -errno it stays as it was.  faulty: so
 * many of its lines are not used, which the log names.
 */
int manager_reload(struct manager *m, unsigned *faulty);

/* A writer closed the block device of this watch. */
void manager_written(struct manager *m, int watch);
/* In a child: secrets are overwritten. */
void manager_forget_secrets(struct manager *m);
/* Is there a disk of this record's name? */
bool manager_has_disk(struct manager *m, const char *disk);

#endif

/*
 * watch - hears when a writer closes a block device.
 *
 * What was written may be a partition table, and not every kernel reads one
 * (inotify(7), as udev does it).  Without inotify nothing is heard.
 */
#ifndef ISCSID_WATCH_H
#define ISCSID_WATCH_H

#include <stddef.h>

#include "io/loop.h"

#define WATCH_BUF 4096

struct watch {
	struct io_loop *loop;
	int fd;
	struct io_op op;
	void (*written)(void *ctx, int id);
	void *ctx;
	char buf[WATCH_BUF];
};

/*
 * Returns 0 or -errno; then watch_add() does nothing.  Its memory is in use
 * until the loop ends.
 */
int watch_open(struct watch *w, struct io_loop *loop,
	       void (*written)(void *ctx, int id), void *ctx);
/* Returns an id for written(), or -1: it cannot be watched. */
int watch_add(struct watch *w, const char *path);
/* id may be -1. */
void watch_remove(struct watch *w, int id);

#endif

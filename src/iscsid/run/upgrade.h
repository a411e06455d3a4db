/*
 * upgrade - another version of iscsid and its engines takes over, and no I/O
 * fails.
 *
 * The process executes the program that now lies where its own came from,
 * with the kernel's handles; the new image adopts the engines as after a
 * death (iscsid/life/adopt.h), then renews them one by one.
 */
#ifndef ISCSID_UPGRADE_H
#define ISCSID_UPGRADE_H

#include <stdbool.h>

struct manager;

/* What main() was called with, for the next image; borrowed. */
void upgrade_remember(char **argv);

/*
 * Tries whether the program can be executed at all, in a worker; done() hears
 * 0 or -errno.  Returns 0 or -errno, then done() is not called.
 */
int upgrade_check(struct manager *m, void (*done)(void *ctx, int err),
		  void *ctx);

/* The program that would be executed. */
const char *upgrade_program(void);

/* Does not return, unless nothing has changed. */
void upgrade_execute(struct manager *m);

/* Are we an image that came so?  The environment tells, and forgets. */
bool upgrade_is_one(void);

#endif

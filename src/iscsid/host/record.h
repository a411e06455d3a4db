/*
 * record - one message in a file of the run directory, for the manager after
 * this one.
 *
 * Nothing is synced: a record is of what a kernel holds, and whatever loses
 * the page cache has ended that kernel.
 */
#ifndef ISCSID_RECORD_H
#define ISCSID_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/msg.h"

/* Whole, or as it was before.  0 or -errno; -EMSGSIZE: m did not fit. */
int record_put(const char *dir, const char *name, const struct msg_out *m);
/*
 * Reads it below dir (or AT_FDCWD) into text, which m borrows.  False: it is
 * not there, or no message.
 */
bool record_get(int dir, const char *name, char *text, size_t size,
		struct msg_in *m);

#endif

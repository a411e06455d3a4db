/*
 * via_fuse - disks as FUSE files with a loop device on each (via_fuse of
 * iscsid/host/via.h).
 */
#ifndef ISCSID_VIA_FUSE_H
#define ISCSID_VIA_FUSE_H

#include <stdbool.h>

#include "iscsid/host/records.h"

struct options;

/*
 * Is the path of a file, as the kernel has it, one of ours?  Then of which
 * disk.  Managers before wrote no token: a file of theirs is ours when its
 * mount is seen in our run directory.  Asks nobody who may hang.
 */
bool via_fuse_is_ours(const struct options *o, const char *path,
		      char disk[static RECORD_NAME]);

#endif

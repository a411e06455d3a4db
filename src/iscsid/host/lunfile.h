/*
 * lunfile - the file that the FUSE mount of a disk stands on, and by whose name
 * its loop device is known to be ours: "<rundir>/lun/b0t3l1.2f7a09c1".
 *
 * The last part is a token of the run directory, of which one it is and not how
 * it is called: another mount namespace may have one of the same name, and this
 * one may be renamed or mounted elsewhere.
 */
#ifndef ISCSID_LUNFILE_H
#define ISCSID_LUNFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "iscsid/host/records.h"

#define LUNFILE_TOKEN 9 /* "2f7a09c1" */

struct options;

/* The path of a disk's file; disk: "b0t3l1". */
void lunfile_path(const struct options *o, const char *disk, char *dst,
		  size_t size);
/*
 * Is the path of a file, as the kernel has it, one of ours?  Then of which
 * disk.  Managers before wrote no token: a file of theirs is ours when its
 * mount is seen in our run directory.  Asks nobody who may hang.
 */
bool lunfile_is_ours(const struct options *o, const char *path,
		     char disk[static RECORD_NAME]);

/* The parts of a file's name; token is "" where there is none. */
bool lunfile_split(const char *name, char disk[static RECORD_NAME],
		   char token[static LUNFILE_TOKEN]);

#endif

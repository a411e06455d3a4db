/*
 * lunfile - the name of a disk in the run directory, of the file that its
 * exporter may need there, and by which what stands on that file is known to be
 * ours: "<rundir>/lun/b0t3l1.2f7a09c1".
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
/* Is a token that of this run directory? */
bool lunfile_has_token(const struct options *o, const char *token);

/* The parts of a file's name; token is "" where there is none. */
bool lunfile_split(const char *name, char disk[static RECORD_NAME],
		   char token[static LUNFILE_TOKEN]);

#endif

/*
 * owner - which run directory it is, whatever it is called.
 */
#include "export/owner.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

int owner_of(const char *rundir, char dst[static OWNER_SIZE])
{
	struct stat st;

	if (stat(rundir, &st) < 0)
		return -errno;
	snprintf(dst, OWNER_SIZE, "directory %llu of device %llu",
		 (unsigned long long)st.st_ino, (unsigned long long)st.st_dev);
	return 0;
}

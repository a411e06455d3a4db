/*
 * mountinfo - the mounts of this process, as /proc/self/mountinfo has them.
 */
#ifndef EXPORT_MOUNTINFO_H
#define EXPORT_MOUNTINFO_H

#include <stdbool.h>

struct mountinfo { /* texts are unescaped, and only valid in the callback */
	unsigned parent; /* id of the mount that it stands on */
	unsigned major, minor;
	const char *path; /* mount point */
	const char *fstype, *source;
};

/*
 * Reads one line, in place.  Returns 0 or -EINVAL.  See proc(5).
 */
int mountinfo_parse(char *line, struct mountinfo *out);

/*
 * Calls each() for every mount, oldest first, until it returns false.  The
 * list is read beforehand, so each() may mount and unmount.  Returns 0 or
 * -errno.
 */
int mountinfo_each(bool (*each)(void *ctx, const struct mountinfo *m),
		   void *ctx);

/* Is path inside the directory dir ("/run/x" holds "/run/x/y")? */
bool mountinfo_is_below(const char *path, const char *dir);

#endif

/*
 * users - who uses a block device: mounts, swap, other block devices (a loop
 * device on it has no process), and processes that have it open or mapped.
 *
 * Looks at the device and its partitions through /sys and /proc; reads much,
 * so it belongs into a worker.
 */
#ifndef ISCSID_USERS_H
#define ISCSID_USERS_H

#include <stdbool.h>
#include <stddef.h>

#define USERS_MAX  16  /* named; more are only known to exist */
#define USER_WORDS 160 /* "mounted at /srv/data" */
/* Behind the name of a node that is out of the way for a moment. */
#define USERS_HIDDEN ".iscsid"

struct users {
	unsigned count;
	char words[USERS_MAX][USER_WORDS];
};

/* dev: "loop3".  root: "" for the system's own /dev, /proc and /sys. */
void users_find(const char *root, const char *dev, struct users *out);

/*
 * The mount point in a line of /proc/self/mountinfo when that mount is of
 * device major:minor; false when it is not.
 */
bool users_mount_of(const char *line, unsigned major, unsigned minor, char *dst,
		    size_t size);

/*
 * Is name dev itself, also hidden, or one of its partitions ("loop3",
 * "loop3.iscsid", "loop3p1")?
 */
bool users_is_part_of(const char *name, const char *dev);

#endif

/*
 * links - the tree of stable names, bus<B>/target<T>/lun<L>/{disk,part1..}
 * or lun<L>/cd or lun<L>/generic.
 *
 * Directories are entered one by one without following links, so a link in
 * the way cannot lead a root process elsewhere.  Only names of exactly this
 * form whose value is a device of an exporter are ever replaced or removed:
 * other programs keep their own things under /dev/iscsi.
 */
#ifndef ISCSID_LINKS_H
#define ISCSID_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LINK_PARTS    15
#define LINK_DEV_SIZE 32 /* "loop123" */

enum link_names {
	LINK_DISK,    /* "disk" and the partitions */
	LINK_CD,      /* "cd" instead */
	LINK_GENERIC, /* "generic": no disk */
};

struct link_place {
	const char *base; /* borrowed: "/dev/iscsi" */
	mode_t mode;	  /* of directories that are made */
	unsigned bus, target, lun;
	enum link_names names;
};

/* The name that stands for the whole LUN. */
const char *links_name(enum link_names names);

/* The path of one name under the place, for people and messages. */
void links_path(const struct link_place *at, const char *name, char *dst,
		size_t size);

/*
 * Makes all names of a LUN point to dev ("loop3") and its partitions, and
 * the directories above them.  Returns 0, -EEXIST (something that is not
 * ours has one of the names; it stays, the others are made) or -errno.
 */
int links_make(const struct link_place *at, const char *dev);

/*
 * Removes those names that still point to dev, then directories that became
 * empty; the base stays.
 */
void links_remove(const struct link_place *at, const char *dev);

/*
 * Goes through the whole tree and removes the links to those devices that
 * gone() names as no longer there.  Returns how many were removed.
 */
unsigned links_sweep(const char *base, bool (*gone)(void *ctx, const char *dev),
		     void *ctx);

#endif

/*
 * blockdev - what holds for block devices of both kinds.
 *
 * For the manager, with privileges, in a process that may wait.
 */
#ifndef EXPORT_BLOCKDEV_H
#define EXPORT_BLOCKDEV_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Makes /dev/<name> ("loop3") and its partitions read-only or writable, for
 * those who have it open, too: the kernel refuses writes of programs, not
 * those of a file system that is mounted.  Returns 0, -EROFS (its driver keeps
 * it read-only) or -errno.
 */
int blockdev_set_read_only(const char *name, bool read_only);
/* As the kernel has it; one that cannot be asked is writable. */
bool blockdev_is_read_only(const char *name);

/* Bytes; 0: it cannot be asked. */
uint64_t blockdev_size(const char *name);

#endif

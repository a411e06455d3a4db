/*
 * sysfs - small files and directories of /sys.
 */
#ifndef EXPORT_SYSFS_H
#define EXPORT_SYSFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The first line of the file, without the newline.  Returns 0, -ENAMETOOLONG
 * or -errno.
 */
int sysfs_get(const char *path, char *dst, size_t size);
/* A decimal number.  0, -EINVAL or -errno. */
int sysfs_get_u64(const char *path, uint64_t *out);
/* "7:3", the number of a device.  0, -EINVAL or -errno. */
int sysfs_get_dev(const char *path, dev_t *out);
int sysfs_put(const char *path, const char *value);

/* Names in a directory, without "." ones, until each() returns false. */
int sysfs_list(const char *dir, bool (*each)(void *ctx, const char *name),
	       void *ctx);

#endif

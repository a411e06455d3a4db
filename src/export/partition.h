/*
 * partition - partitions of a disk, also where the kernel reads no tables.
 *
 * Reading and applying are two calls, so that a process may give up its
 * privileges before it looks at foreign bytes, and another one may apply
 * the small list of numbers that comes out.
 */
#ifndef EXPORT_PARTITION_H
#define EXPORT_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARTITION_MAX 128

struct partition {
	uint32_t number;	/* 1..PARTITION_MAX */
	uint64_t start, length; /* bytes */
};

struct partition_table {
	char type[16]; /* "gpt", "dos", ...; "" when there is none */
	unsigned count;
	struct partition part[PARTITION_MAX]; /* numbers rise */
};

/*
 * Reads the table of an open disk or file (libblkid).  Needs no privilege
 * and may wait for the disk.  Returns 0 (also without a table) or -errno.
 */
int partition_read(int fd, struct partition_table *out);

/*
 * Is the list fit for the kernel: numbers rise within 1..PARTITION_MAX, whole
 * blocks, within size?  For lists that come from another process.
 */
bool partition_table_ok(const struct partition_table *t, uint64_t size,
			uint32_t block_size);

/*
 * Makes the kernel's partitions of the open disk the same as the table:
 * what is there already stays, what differs is replaced, what is not in the
 * table goes.  disk is its name in /sys/block ("loop3").  Returns 0, or the
 * first -errno (-EBUSY: one to be replaced is in use), having done the rest.
 */
int partition_apply(int fd, const char *disk, const struct partition_table *t);

#endif

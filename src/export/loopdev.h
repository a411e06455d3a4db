/*
 * loopdev - loop devices on files that an engine serves.
 *
 * For the manager, with privileges, in a process that may wait: attaching,
 * resizing and detaching ask the engine for answers.  The other calls read
 * /sys only and do not wait.
 */
#ifndef EXPORT_LOOPDEV_H
#define EXPORT_LOOPDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop_options {
	uint32_t block_size; /* bytes: the disk's logical block */
	bool rotational;
	uint32_t max_io;     /* bytes a request may have; 0: the kernel's */
	uint32_t optimal_io; /* bytes, for read-ahead; 0: the kernel's */
};

/*
 * Makes a loop device with direct I/O on file and applies the options; one
 * that exists already is not taken from anybody.  It is writable.  Returns its
 * number N, as in /dev/loopN, or -errno.
 */
int loop_attach(int file, const struct loop_options *opt);

/*
 * Detaches loopN from the file path, and from no other: a number may be
 * somebody else's by now.  While somebody has it open the kernel does it when
 * the last one closes; then this returns -EBUSY.  Else 0 (also when it was
 * not attached) or -errno.  The number's next owner finds it as the kernel
 * makes it.
 */
int loop_detach(unsigned n, const char *path);
/*
 * Takes that back: it stays when the last one closes.  0, -ENXIO (it is gone
 * by now) or -errno.  Waits for I/O that runs.
 */
int loop_stay(unsigned n, const char *path);

/*
 * Is loopN on the file path?  The path is not followed in its last part, so
 * that nobody is asked.  True for as long as the caller has loopN open.
 */
bool loop_is_on(unsigned n, const char *path);

/* Takes over the file's new size.  Returns 0 or -errno. */
int loop_resize(unsigned n);

/*
 * The file behind loopN as the kernel names it.  Returns 0, -ENOENT (not
 * attached), -ENAMETOOLONG or -errno.
 */
int loop_backing(unsigned n, char *path, size_t size);

/*
 * Calls each() for every loop device on a file, whoever made it, for finding
 * what a dead manager left.  Returns 0 or -errno.
 */
int loop_each(void (*each)(void *ctx, unsigned n, const char *path), void *ctx);

#endif

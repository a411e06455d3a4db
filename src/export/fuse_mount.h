/*
 * fuse_mount - one FUSE file mounted over a regular file, and its end.
 *
 * For the manager, with privileges.  Nothing here touches the mounted file
 * itself (that would wait for the engine), it reads /proc/self/mountinfo.
 */
#ifndef EXPORT_FUSE_MOUNT_H
#define EXPORT_FUSE_MOUNT_H

#include <stdbool.h>

/*
 * Mounts a FUSE file over the regular file at path, which is made if there
 * is none.  source is what mount(8) shows, without commas.  Returns the
 * /dev/fuse handle (close-on-exec, non-blocking), or -errno.
 *
 * Mind: nobody may open path, or stat it, before the engine has the handle
 * and said "attached"; they would wait.
 */
int fuse_mount_file(const char *path, const char *source);

/* Lazily, so it never waits.  Returns 0 or -errno (-EINVAL: no mount). */
int fuse_unmount_file(const char *path);

/*
 * Ends a connection: all that waits for it gets EIO or ENOTCONN.  For
 * connections whose engine is gone for good.  Returns 0, -ENOENT (there is
 * no such connection any more), or -errno.
 */
int fuse_abort(unsigned number);

/*
 * Calls each() for every FUSE mount of a disk, whoever made it, for finding
 * what a dead manager left.  each() may unmount it.  Returns 0 or -errno.
 */
int fuse_mounts(void (*each)(void *ctx, const char *path, unsigned number),
		void *ctx);

/*
 * Does a FUSE mount at path stand on the directory dir as it is reached now?
 * One that is hidden below another mount does not, nor does one of another
 * mount namespace.
 */
bool fuse_is_here(const char *path, const char *dir);

#endif

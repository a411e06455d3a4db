/*
 * bindings - /etc/iscsi.bindings: which bus and target a TargetName has, for
 * ever.
 *
 * A line is "bus target name".  Lines are added, never removed or changed;
 * comments and what people wrote stay as they are.  The file is replaced as a
 * whole (write new, fsync, rename, fsync directory), under a lock, so that
 * neither a second daemon nor a full disk nor a power cut can harm it.
 */
#ifndef CONF_BINDINGS_H
#define CONF_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/report.h"
#include "wire/addr.h"
#include "wire/name.h"

#define BINDINGS_PATH	  "/etc/iscsi.bindings"
#define BINDINGS_OLD_PATH "/var/iscsi/bindings" /* before 3.2 */
#define BINDING_BUSES	  256
#define BINDING_TARGETS	  256

/*
 * The name of an entry: a TargetName, or with Multipath= the TargetName, a
 * comma and the path ("iqn.x,192.0.2.7:3260", "iqn.x,1"); no blanks.
 */
#define BINDING_KEY_SIZE (NAME_SIZE + ADDR_TEXT_SIZE)

struct binding {
	uint16_t bus, target;
	bool fresh; /* was given by this call */
	int error;  /* 0, or -errno: this key has no binding */
};

struct bindings;

/*
 * Opens the file, making it (mode 0600, a comment at the top) when there is
 * none, out of old_path's when that exists (NULL: do not look); old_path's is
 * then removed.  Faulty lines are reported and stay unused.  Returns 0 or
 * -errno, which is reported too.
 */
int bindings_open(const char *path, const char *old_path, struct report *r,
		  struct bindings **out);
void bindings_close(struct bindings *b);

/*
 * Finds each of n keys, or gives it the smallest free target on the first bus
 * that has one, and writes all new ones in one go: when this returns they
 * are on disk.  Reads the file again first when somebody changed it.
 * Returns 0, or the first -errno among out[].error: -EINVAL (not a name),
 * -ENOSPC (all 65536 are taken, or the disk is full), -EBUSY (another process
 * keeps it locked), -EROFS, ...  Known keys are answered even then.
 */
int bindings_assign(struct bindings *b, const char *const *keys, size_t n,
		    struct report *r, struct binding *out);

size_t bindings_count(const struct bindings *b);

#endif

/*
 * control - changing a running target by lines of text.
 *
 * control_run() executes one line; the program reads lines from a FIFO.
 */
#ifndef TARGET_CONTROL_H
#define TARGET_CONTROL_H

#include <stddef.h>

#include "base/str.h"
#include "target/fault.h"
#include "target/tgt.h"

enum portal_state {
	PORTAL_UP,
	PORTAL_DOWN,   /* nobody listens, its connections are gone */
	PORTAL_SILENT, /* nothing passes, and the target does not notice */
};

struct control {
	struct tgt *tgt;
	struct tgt_script *script;
	/* Portal i of tgt; 0 or -errno.  NULL: portals cannot change. */
	int (*portal)(void *ctx, size_t i, enum portal_state state);
	void *ctx;
};

/*
 * The target's name may be left out while there is one target.
 *
 * Returns 0, or -EINVAL with err (size bytes) saying what is wrong.
 */
int control_run(struct control *c, const char *line, char *err, size_t size);
void control_help(struct strbuf *out);

#endif

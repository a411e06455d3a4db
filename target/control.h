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

struct control {
	struct tgt *tgt;
	struct tgt_script *script;
};

/* Returns 0, or -EINVAL with err (size bytes) saying what is wrong. */
int control_run(struct control *c, const char *line, char *err, size_t size);
void control_help(struct strbuf *out);

#endif

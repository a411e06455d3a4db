/*
 * managers - the socket of a manager, from the first word to its end, and the
 * next manager after it.
 *
 * Makes a whole engine of core/engine.h: what comes in goes to the verbs.
 */
#ifndef ENGINE_MANAGERS_H
#define ENGINE_MANAGERS_H

#include "engine/core/engine.h"

/*
 * There is one in a process.  Takes over fd, and listener: -1, or a listening
 * SOCK_SEQPACKET socket; borrows loop.
 */
void engine_init(struct engine *e, struct io_loop *loop, int fd, int listener);
void engine_fini(struct engine *e);

#endif

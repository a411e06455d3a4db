/*
 * engine - the process: its loop, its manager, what it works on.
 *
 * Speaks docs/engine-protocol.md.  Everything here runs in the one thread of
 * the loop.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/msg.h"
#include "engine/core/idmap.h"
#include "engine/core/outbox.h"
#include "io/loop.h"
#include "proto/stage.h"

struct evict;

struct engine {
	struct io_loop *loop;
	int fd;	      /* the manager, -1 when it is gone */
	int listener; /* where the next manager comes in, or -1 */
	struct io_op rx, tx, flush, accept;
	bool tx_waits; /* for the socket to take more */
	struct outbox out;
	struct idmap targets, discoveries;
	uint8_t *stage_memory;
	struct stages stages;
	struct evict *evict;
	unsigned attached; /* disks the kernel has from us */
	bool can_ublk;	   /* its ring takes the commands of a ublk device */
	bool greeted, quitting;
	struct msg_out msg;
};

/*
 * There is one in a process.  Takes over fd, and listener: -1, or a listening
 * SOCK_SEQPACKET socket; borrows loop.
 */
void engine_init(struct engine *e, struct io_loop *loop, int fd, int listener);
void engine_fini(struct engine *e);

/* Log lines go to the manager of this engine from now on. */
void engine_log_to_manager(struct engine *e);

/* Receive buffers for sessions; NULL when the arena is used up. */
struct stages *engine_stages(struct engine *e);

/* A message to the manager: begin it, add its keys, post it. */
struct msg_out *engine_begin(struct engine *e, const char *verb);
void engine_post(struct engine *e);
/* The same, with a copy of this handle. */
void engine_post_handle(struct engine *e, int handle);

/* "error" with the reason: the manager asked for something impossible. */
void engine_refuse(struct engine *e, const char *verb, const char *why);

/* A target or discovery is gone: the process may have nothing left to do. */
void engine_less(struct engine *e);

/* Unpredictable bytes; for struct session_config, too. */
void engine_random(void *dst, size_t n);

#endif

/*
 * engine - what all of the process shares: its loop, what it says to its
 * manager, what it works on.
 *
 * Speaks docs/engine-protocol.md.  Everything here runs in the one thread of
 * the loop.  What the manager says is host/managers.h's to hear.
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

struct engine;
struct evict;

struct engine_host_ops {
	/* Is there a reason to go on? */
	bool (*has_work)(const struct engine *e);
};

struct engine {
	struct io_loop *loop;
	const struct engine_host_ops *host;
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
	uint32_t serves;   /* exporters that work: set of 1 << number */
	bool greeted, quitting;
	struct msg_out msg;
};

/* Borrows loop; fd: a manager's socket, or -1. */
void engine_open(struct engine *e, struct io_loop *loop, int fd,
		 const struct engine_host_ops *host);
void engine_close(struct engine *e);

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

/* The manager is gone: what waits for it is for nobody. */
void engine_drop_messages(struct engine *e);

/* A target or discovery is gone: the process may have nothing left to do. */
void engine_end_if_idle(struct engine *e);

/* Unpredictable bytes; for struct session_config, too. */
void engine_random(void *dst, size_t n);

#endif

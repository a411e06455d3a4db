/*
 * net - TCP as the engine and the targets see it: byte streams that are late,
 * cut anywhere, silent, refused, or delivered when nobody wants them any more.
 *
 * A path leads to a portal; a wire is a connection on it.  What an end has
 * sent and then closed orderly still arrives (also much later, when the path
 * was silent: the kernel goes on sending for a closed socket).  Of what was
 * given to the kernel before a reset, that which had not gone into the network
 * never arrives; the rest does, in order, within config.fence_timeout, or a
 * beginning of it, or nothing.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "io/timer.h"
#include "wire/addr.h"

struct path;
struct wire;

struct net_host {
	/* A connection came; false: it is reset. */
	bool (*accept)(struct path *p, struct wire *w);
	/* Returns how many bytes were taken; the rest waits for wire_more(). */
	size_t (*receive)(struct wire *w, const void *p, size_t n);
	/* The transport is gone; not called after wire_close(). */
	void (*gone)(struct wire *w);
	/* There is room to send. */
	void (*room)(struct wire *w);
};

struct path {
	struct list link;
	char name[24];
	struct addr addr;
	const struct net_host *host;
	void *obj;		  /* the host's */
	int portal;		  /* its index there */
	bool silent;		  /* nothing passes, in either direction */
	uint64_t silent_since;	  /* us */
	bool refusing;		  /* nobody listens */
	uint64_t latency, jitter; /* us */
	uint64_t spike_until, spike;
	uint64_t held_until; /* its queue stands still; us */
	struct io_timer heal;
};

void net_init(void);
void net_path_add(struct path *p);
struct path *net_path_find(const struct addr *a);
/* Silence for so long; what was sent meanwhile is repeated afterwards. */
void path_silence(struct path *p, uint64_t us);
void path_heal(struct path *p);
/* Its queue stands still for so long, and then drains in order. */
void path_stall(struct path *p, uint64_t us, bool both_ways);
/* The same for one connection, which has a queue of its own. */
void wire_stall(struct wire *w, uint64_t us);

/* Cuts a connection somewhere in the bytes on their way. */
void wire_cut(struct wire *w);
/* Nothing of it arrives any more, at either end, and nobody is told. */
void wire_mute(struct wire *w);
/* A connection of this path, any; NULL. */
struct wire *path_wire(struct path *p, uint32_t pick);

/* The host's side. */
void *wire_obj(const struct wire *w);
void wire_set_obj(struct wire *w, void *obj);
struct path *wire_path(const struct wire *w);
size_t wire_room(const struct wire *w);
void wire_send(struct wire *w, const void *p, size_t n);
/* receive() may take more. */
void wire_more(struct wire *w);
/*
 * The host closes it: in order, by a reset, or without a word (it lost
 * power).  gone() is not called.
 */
enum wire_end {
	WIRE_ORDERLY,
	WIRE_RESET,
	WIRE_MUTE
};
void wire_close(struct wire *w, enum wire_end how);

#endif

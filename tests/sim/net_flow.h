/*
 * net_flow - the two directions of a connection; for net.c and path.c only.
 */
#ifndef SIM_NET_FLOW_H
#define SIM_NET_FLOW_H

#include "net.h"

struct chunk {
	struct list link;
	uint64_t at;	/* arrives */
	bool sent;	/* else it waits in its host for the window */
	bool in_flight; /* left its host while the path worked */
	bool acked;	/* it came, whether it was read or not */
	size_t len, off;
	uint8_t data[];
};

struct flow {
	struct list chunks;
	size_t bytes;
	uint64_t last; /* arrival of the youngest */
	size_t window; /* bytes that may be in the network; 0: any number */
	size_t in_net, unsent;
	uint64_t taken, acked;		 /* bytes, all in all */
	uint64_t held_since, held_until; /* its queue stands still */
	uint64_t latest; /* of a reset connection: nothing arrives later */
	bool mute;	 /* nothing arrives any more, and nobody is told */
	bool ended;	 /* the sender closed: after the chunks comes the end */
	int err;	 /* ... which is this -errno, 0: orderly */
	struct io_timer arrival;
};

struct wire {
	struct list link;
	struct path *path;
	struct fd *fd; /* NULL: the engine closed it, or never had it */
	bool hosted;   /* the host has its end */
	bool established;
	uint16_t port; /* the engine's, as the host sees it */
	void *obj;
	struct flow up, down; /* to the host, to the engine */
	struct io_timer connecting;
};

extern struct list net_wires;

void paths_init(void);
void flow_drop_chunk(struct flow *f, struct chunk *c);
void flow_drop_chunks(struct flow *f);
/* Sets the timer of the next arrival. */
void flow_plan(struct flow *f, const struct path *p);
/* When what is sent now arrives; never before what was sent earlier. */
uint64_t flow_arrival(struct flow *f, const struct path *p);

/* net_queue.c */
void flow_take(struct flow *f, const struct path *p, struct chunk *c);
/* n bytes of the first chunk are out of the network: others may go. */
void flow_gone(struct flow *f, const struct path *p, size_t n);
/* Nothing of what is on its way arrives before then, nor what follows. */
void flow_hold(struct flow *f, const struct path *p, uint64_t until);
/* The engine's end is reset. */
void wire_reset_up(struct wire *w);
/* A connection of the same ends goes through the same queue. */
void net_queue_of(struct wire *w);
/* As the host sees this SYN: an older connection of the same ends is over. */
struct wire *wire_of_same_ends(const struct wire *w);

#endif

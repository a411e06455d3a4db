/*
 * net_flow - the two directions of a connection; for net.c and path.c only.
 */
#ifndef SIM_NET_FLOW_H
#define SIM_NET_FLOW_H

#include "net.h"

struct chunk {
	struct list link;
	uint64_t at;	/* arrives */
	bool in_flight; /* left its host while the path worked */
	size_t len, off;
	uint8_t data[];
};

struct flow {
	struct list chunks;
	size_t bytes;
	uint64_t last; /* arrival of the youngest */
	bool mute;     /* nothing arrives any more, and nobody is told */
	bool ended;    /* the sender closed: after the chunks comes the end */
	int err;       /* ... which is this -errno, 0: orderly */
	struct io_timer arrival;
};

struct wire {
	struct list link;
	struct path *path;
	struct fd *fd; /* NULL: the engine closed it, or never had it */
	bool hosted;   /* the host has its end */
	bool established;
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

#endif

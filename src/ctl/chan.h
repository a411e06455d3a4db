/*
 * chan - a message socket in the loop, with a bounded queue of what could
 * not be sent yet.
 *
 * Never blocks: a peer that does not read fills its queue, then chan_send()
 * says so and the owner drops the peer.
 */
#ifndef CTL_CHAN_H
#define CTL_CHAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "ctl/msg.h"
#include "io/loop.h"

struct chan;

struct chan_ops {
	/* A message; fd is a handle that came along, now the callee's, or -1 */
	void (*msg)(struct chan *c, const struct msg_in *m, int fd);
	/* What came is no message; the channel goes on. */
	void (*garbage)(struct chan *c);
	/*
	 * The peer ended (err 0) or the socket failed: nothing comes any
	 * more, and the owner still has to call chan_close().
	 */
	void (*end)(struct chan *c, int err);
	/* After chan_close(): the channel's memory is the owner's again. */
	void (*closed)(struct chan *c);
};

struct chan {
	struct io_loop *loop; /* borrowed */
	const struct chan_ops *ops;
	int fd;
	struct io_op rx, tx;
	bool rx_busy, tx_busy; /* the kernel still holds the op */
	bool in_rx;	       /* a callback of ours is on the stack */
	bool ended, closing;
	struct list out; /* records that wait */
	size_t out_bytes, out_max;
};

/* Takes over fd, a connected non-blocking SOCK_SEQPACKET socket. */
void chan_open(struct chan *c, struct io_loop *loop, int fd,
	       const struct chan_ops *ops, size_t out_max);

/*
 * Sends m, and with it fd (borrowed; -1: none), or keeps it until the peer
 * reads.  Returns 0, -ENOBUFS (more than out_max bytes wait), -EPIPE (ended
 * or closing), or -errno; then m was not sent.
 */
int chan_send(struct chan *c, const struct msg_out *m, int fd);

/* Bytes that the peer did not take yet. */
size_t chan_waiting(const struct chan *c);

/* Drops what waits and closes; ops->closed follows from the loop. */
void chan_close(struct chan *c);

#endif

/*
 * fds - the handles of the simulated kernel, and operations in flight.
 *
 * A handle is a number the real kernel does not have.  The calls that the
 * engine makes on handles by themselves (socket, bind, close, options, fcntl,
 * ioctl, and the manager's messages) are replaced at link time and end here;
 * those through the loop come as struct op.
 */
#ifndef SIM_FDS_H
#define SIM_FDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/list.h"

struct io_loop;
struct io_op;
struct fd;

enum op_kind {
	OP_KIND_READ,
	OP_KIND_WRITE,
	OP_KIND_CONNECT,
	OP_KIND_POLL,
	OP_KIND_ACCEPT,
};

/* An operation the engine asked for and that is not over. */
struct op {
	struct list link; /* in fd->ops */
	struct io_op *io;
	struct fd *fd;
	enum op_kind kind;
	struct iovec one;
	const struct iovec *iov; /* the engine's, stays put */
	size_t n;
	const struct sockaddr *to;
	unsigned events;
};

/* What stands behind a handle. */
struct fd_ops {
	/* o is new in fd->ops; may end it at once with op_done(). */
	void (*start)(struct fd *fd, struct op *o);
	/* The engine closed it, or died (killed) having it open. */
	void (*close)(struct fd *fd, bool killed);
};

struct fd {
	int number;
	const struct fd_ops *ops;
	void *obj;
	struct list pending; /* ops */
	bool linger0;	     /* SO_LINGER with 0 s: closing resets */
	uint16_t port;	     /* its own end's; 0: not bound */
};

/* Never NULL. */
struct fd *fd_new(const struct fd_ops *ops, void *obj);
/* NULL when the number is not one of ours. */
struct fd *fd_find(int number);
/* Closes all that are open, as the kernel does when a process dies. */
void fds_kill(void);

/* The first pending operation of this kind, or NULL. */
struct op *fd_pending(struct fd *fd, enum op_kind kind);
struct op *op_find(const struct io_op *io);
/* Ends it with res; its callback comes in a later turn of the loop. */
void op_done(struct op *o, int res);
size_t op_room(const struct op *o);
/* To and from the operation's memory, from its first byte on. */
void op_put(const struct op *o, size_t at, const void *p, size_t n);
void op_get(const struct op *o, size_t at, void *p, size_t n);

/* Sockets come from net.c. */
struct fd *net_socket(void);
/* Fills a struct tcp_info of linux/tcp.h, n bytes at most; returns how many. */
size_t net_tcp_info(const struct fd *fd, void *dst, size_t n);
/* Bytes that were not acknowledged (SIOCOUTQ). */
int net_outq(const struct fd *fd);

/* The manager's end, for msg_send() and msg_recv() of the engine. */
struct msg_out;
int host_from_engine(int sock, const struct msg_out *m, int handle);
int host_to_engine(int sock, char *dst, size_t size, int *handle);

#endif

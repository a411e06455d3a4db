/*
 * sock - a TCP connection that pumps bytes between the loop and its owner.
 *
 * One receive and one send are in flight at most.  The owner says where
 * received bytes belong and what is to be sent (the shape of
 * proto/conn.h); what is partly sent is simply offered again.  Knows no
 * iSCSI and logs nothing.
 */
#ifndef IO_SOCK_H
#define IO_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "io/loop.h"

#ifndef TCP_RTO_MAX_MS /* since Linux 6.15; the sandbox knows it, too */
#define TCP_RTO_MAX_MS 44
#endif

/*
 * Options without which a connection works, if not as well.  TCP_RTO_MAX_MS is
 * new: older kernels do not know it.
 */
enum sock_wish {
	SOCK_NODELAY,
	SOCK_SNDBUF,
	SOCK_RCVBUF,
	SOCK_RTO_MAX,
	SOCK_USER_TIMEOUT,
	SOCK_KEEPALIVE,
	SOCK_KEEPCNT,
	SOCK_KEEPINTVL,
	SOCK_KEEPIDLE,
	SOCK_INFO, /* to be read: without it no dead path is found early */
	SOCK_WISHES
};
const char *sock_wish_name(enum sock_wish w); /* "TCP_NODELAY", ... */

#define SOCK_RX_IOV 2
#define SOCK_TX_IOV 64

struct fsm;
struct sock;

/* How a sock speaks to its owner (found with container_of). */
struct sock_ops {
	/* Connected; receiving begins by itself. */
	void (*up)(struct sock *s);
	/*
	 * It came to nothing, or it is over: -ETIMEDOUT (connecting took too
	 * long), 0 (the peer closed), -ECONNRESET, ...  The sock closes by
	 * itself; gone() follows.  Not called after sock_close().
	 */
	void (*lost)(struct sock *s, int err);
	/*
	 * Fills iov with where the next bytes belong and returns how many
	 * pieces, 0: receive nothing until sock_kick_rx().  The memory stays
	 * put until rx_done() or gone().
	 */
	int (*rx_want)(struct sock *s, struct iovec iov[static SOCK_RX_IOV]);
	void (*rx_done)(struct sock *s, size_t n);
	/* What is to be sent; the same with 0: nothing until sock_kick_tx(). */
	int (*tx_want)(struct sock *s, struct iovec *iov, int max);
	void (*tx_done)(struct sock *s, size_t n);
	/* The last call: closed, no operation left; its memory may go. */
	void (*gone)(struct sock *s);
};

struct sock_options {
	uint32_t window; /* SO_SNDBUF and SO_RCVBUF in bytes; 0: what fits */
	uint32_t connect_ms; /* give up connecting after; 0: kernel's */
	/*
	 * The port to connect from, where it is to be had; 0: any.  To the
	 * same address as before it names the connection that may still be
	 * alive there: that one ends with the first SYN (RFC 9293 3.10.7.4, by
	 * the answer to the challenge).
	 */
	uint16_t local_port;
	uint32_t user_timeout; /* TCP_USER_TIMEOUT in ms; 0: kernel's */
	bool keepalive;
};

enum sock_state {
	SOCK_IDLE, /* there is none, or it is gone */
	SOCK_CONNECTING,
	SOCK_LATE, /* ... for too long: that is being cancelled */
	SOCK_UP,
	SOCK_SUSPECTED, /* up, and TCP asks for a sign of life */
	SOCK_CLOSING,	/* gone once no operation is left */
	SOCK_STATES
};

enum sock_event {
	SOCK_EV_CONNECT,
	SOCK_EV_ADOPT,
	SOCK_EV_CONNECTED,
	SOCK_EV_TIMEOUT,
	SOCK_EV_SUSPECT,
	SOCK_EV_TRUST,
	SOCK_EV_CLOSE,
	SOCK_EV_END, /* the kernel holds nothing of it any more */
	SOCK_EVENTS
};
extern const struct fsm sock_fsm;

struct sock { /* all private but ops and what is the owner's */
	const struct sock_ops *ops;
	struct io_loop *loop;
	int fd;
	struct io_op conn_op, rx_op, tx_op, kick_op, end_op;
	struct io_timer timer;
	struct sockaddr_storage to;
	struct msghdr rx_msg, tx_msg;
	struct iovec rx_iov[SOCK_RX_IOV], tx_iov[SOCK_TX_IOV];
	unsigned inflight; /* ops the kernel still holds, and end_op */
	uint8_t state;
	bool rx_busy, tx_busy; /* these operations are with the kernel */
	bool keepalive;	       /* also while it is trusted */
	uint16_t local_port; /* of the last connection that stood; 0: unknown */
	bool unsafe;	     /* see sock_connect(); the owner's */
	uint8_t refused[SOCK_WISHES]; /* errno; the owner's to tell of */
};

/*
 * Starts to connect.  ops is borrowed until gone().  Returns 0, or -errno
 * when not even a socket could be had, or, as s->unsafe tells, one that could
 * not take back what it did not send (see sock_close()): then no callback
 * comes.
 */
int sock_connect(struct sock *s, struct io_loop *l, const struct sock_ops *ops,
		 const struct sockaddr_storage *to,
		 const struct sock_options *opt);
/* Takes over a connected handle, for instance from io_accept(). */
void sock_adopt(struct sock *s, struct io_loop *l, const struct sock_ops *ops,
		int fd);

/*
 * There is something to send (or to receive) again.  Cheap; does nothing
 * while one is in flight, and tx_want() is asked once before the next wait.
 */
void sock_kick_tx(struct sock *s);
void sock_kick_rx(struct sock *s);

/*
 * Ends it; gone() comes later, never from within.  Twice is fine.  What was
 * not sent by then never is, on a connection made by sock_connect().
 */
void sock_close(struct sock *s);

/*
 * The owner misses the peer's answer.  Has TCP ask for a sign of life every
 * second, and loses the connection (-ETIMEDOUT) when several segments in a
 * row got none: its own patience is minutes.  To be called again and again
 * until sock_trust(), twice a second or so.  A peer whose host acknowledges,
 * be it with a window of 0, is not lost, however long its answer takes.
 */
void sock_suspect(struct sock *s);
/* The peer was heard, or nobody waits for it. */
void sock_trust(struct sock *s);

/*
 * "192.0.2.7", "2001:db8::1", "fe80::1%eth0" or "fe80::1%2" and a port.
 * Numbers only: no name is looked up.  Returns 0, -EINVAL, or -ENODEV when
 * the interface does not exist.
 */
int sock_addr(const char *host, uint16_t port, struct sockaddr_storage *out);
socklen_t sock_addr_len(const struct sockaddr_storage *a);

/*
 * A listening SOCK_SEQPACKET socket at path, which replaces a dead one there;
 * mode as in chmod(2).  Returns the handle, -EADDRINUSE when somebody listens
 * there, or -errno.
 */
int sock_listen_unix(const char *path, unsigned mode);

#endif

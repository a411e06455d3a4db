/*
 * link - between sock and conn.
 */
#include "engine/session/link.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "proto/conn.h"

_Static_assert(SOCK_RX_IOV == CONN_RX_IOV && SOCK_TX_IOV == CONN_TX_IOV,
	       "a sock offers what a conn fills");

static struct link *of_sock(struct sock *s)
{
	return container_of(s, struct link, sock);
}

static void on_up(struct sock *s)
{
	struct link *l = of_sock(s);

	l->conn = session_connected(l->session, io_now(l->loop));
	if (!l->conn) { /* the session is on its way down */
		l->err = -ECANCELED;
		sock_close(s);
		return;
	}
	sock_kick_tx(s);
	link_touch(l);
}

static void on_lost(struct sock *s, int err)
{
	struct link *l = of_sock(s);

	if (l->conn)
		session_transport_lost(l->session, l->conn, err,
				       io_now(l->loop));
	else
		l->err = err;
}

static int on_rx_want(struct sock *s, struct iovec iov[static SOCK_RX_IOV])
{
	struct link *l = of_sock(s);

	return l->conn ? conn_rx_want(l->conn, iov) : 0;
}

static void on_rx_done(struct sock *s, size_t n)
{
	struct link *l = of_sock(s);

	l->watch = 0;
	sock_trust(s);
	conn_rx_done(l->conn, n, io_now(l->loop));
	link_touch(l);
}

static int on_tx_want(struct sock *s, struct iovec *iov, int max)
{
	struct link *l = of_sock(s);

	if (!l->conn)
		return 0;
	link_touch(l); /* a closed window is found now, and to be asked about */
	return conn_tx_want(l->conn, iov, max);
}

static void on_tx_done(struct sock *s, size_t n)
{
	struct link *l = of_sock(s);

	conn_tx_done(l->conn, n, io_now(l->loop));
	link_touch(l);
}

/* The words for a connection that never stood. */
static void fail(struct link *l, int err)
{
	const struct fault *why = &fault_connect_failed;

	if (l->sock.unsafe)
		why = &fault_unsafe_close;
	else if (err == -ETIMEDOUT)
		why = &fault_connect_timeout;
	l->ops->failed(l, why,
		       why == &fault_connect_timeout ? "" : strerror(-err));
}

static void on_gone(struct sock *s)
{
	struct link *l = of_sock(s);
	struct conn *c = l->conn;

	l->open = false;
	l->conn = NULL;
	l->watch = 0;
	if (c)
		session_conn_closed(l->session, c, io_now(l->loop));
	else
		fail(l, l->err);
}

static const struct sock_ops sock_ops = {
	.up = on_up,
	.lost = on_lost,
	.rx_want = on_rx_want,
	.rx_done = on_rx_done,
	.tx_want = on_tx_want,
	.tx_done = on_tx_done,
	.gone = on_gone,
};

/* Time ---------------------------------------------------------------- */

/*
 * While the target owes an answer and nothing comes, TCP is asked whether
 * the path is dead.  A ping asks more, whether the target itself is there,
 * and has to be patient.
 */
#define SILENCE	   1000 /* ms without a byte before the first look */
#define LOOK_AGAIN 500	/* ms */

static uint64_t watch_at(struct link *l)
{
	if (!l->conn || !session_awaits(l->session)) {
		l->watch = 0;
		sock_trust(&l->sock);
		return UINT64_MAX;
	}
	if (!l->watch)
		l->watch = io_now(l->loop) + SILENCE;
	return l->watch;
}

/* A connection does without; once in a process is enough to know. */
static void tell_refused(const struct sock *s)
{
	static bool told[SOCK_WISHES];

	for (unsigned w = 0; w < SOCK_WISHES; w++) {
		if (!s->refused[w] || told[w])
			continue;
		told[w] = true;
		/* A kernel that does not know it is merely old. */
		if (s->refused[w] == ENOPROTOOPT)
			log_debug(NULL, "this kernel has no %s",
				  sock_wish_name(w));
		else
			log_info(NULL, "%s is refused (%s), going without",
				 sock_wish_name(w), strerror(s->refused[w]));
	}
}

static void watch_tick(struct link *l, uint64_t now)
{
	if (!l->watch || now < l->watch)
		return;
	l->watch = now + LOOK_AGAIN;
	sock_suspect(&l->sock);
	tell_refused(&l->sock);
}

static void on_wake(struct io_timer *t)
{
	struct link *l = container_of(t, struct link, wake);
	uint64_t now = io_now(l->loop);

	session_tick(l->session, now);
	watch_tick(l, now);
	if (l->ops->tick)
		l->ops->tick(l, now);
	link_touch(l);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void on_settle(struct io_op *op, int res)
{
	struct link *l = container_of(op, struct link, settle);
	uint64_t at = session_next_wake(l->session);

	at = earlier(at, watch_at(l));
	if (l->ops->next_wake)
		at = earlier(at, l->ops->next_wake(l));
	if (at == UINT64_MAX)
		io_timer_cancel(l->loop, &l->wake);
	else
		io_timer_set(l->loop, &l->wake, at);
}

void link_touch(struct link *l)
{
	io_soon(l->loop, &l->settle);
}

/* The session's wishes ------------------------------------------------ */

static void on_close(void *ctx, struct conn *c)
{
	struct link *l = ctx;

	sock_close(&l->sock);
	link_touch(l);
}

static void on_kick(void *ctx, struct conn *c)
{
	struct link *l = ctx;

	sock_kick_tx(&l->sock);
	link_touch(l);
}

const struct session_transport link_transport = {
	.close = on_close,
	.kick = on_kick,
};

/* The owner's --------------------------------------------------------- */

void link_init(struct link *l, struct io_loop *loop, const struct link_ops *ops,
	       struct session *s)
{
	*l = (struct link){
		.loop = loop,
		.ops = ops,
		.session = s,
		.wake.fn = on_wake,
		.settle.fn = on_settle,
	};
}

void link_fini(struct link *l)
{
	io_timer_cancel(l->loop, &l->wake);
	io_soon_cancel(l->loop, &l->settle);
}

void link_open(struct link *l, const struct addr *to,
	       const struct sock_options *opt)
{
	struct sockaddr_storage sa;
	int err = sock_addr(to->host, to->port, &sa);

	l->err = 0;
	l->sock.unsafe = false;
	if (!err)
		err = sock_connect(&l->sock, l->loop, &sock_ops, &sa, opt);
	if (err) {
		fail(l, err);
		return;
	}
	l->open = true;
	tell_refused(&l->sock);
}

void link_give_up(struct link *l)
{
	if (l->open && !l->conn) {
		l->err = -ECANCELED;
		sock_close(&l->sock);
	}
}

/*
 * sock - a TCP connection that pumps bytes between the loop and its owner.
 */
#include "io/sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/list.h"
#include "base/str.h"

/* The first probe after, then every, and so many, before the peer is dead. */
#define KEEPALIVE_IDLE	   30 /* seconds */
#define KEEPALIVE_INTERVAL 5  /* seconds */
#define KEEPALIVE_COUNT	   6

/*
 * TCP waits twice as long after each segment that is not acknowledged, up to
 * two minutes: a path that is back would wait as long for the next one.
 * Since Linux 6.15; it bounds the SYNs of a connection attempt, too.
 */
#define RETRANSMIT_MOST 1000 /* ms; no less is allowed */

/*
 * So many segments, or probes, in a row without an answer, and the path is
 * dead.  The segments then were sent within 2.4 s (3 s before Linux 6.15) on
 * a short path, later on a long one; the probes in 2 s.
 */
#define DEAD_RETRANSMITS 4
#define DEAD_PROBES	 2

static void end_when_idle(struct sock *s)
{
	if (s->closing && s->inflight == 0) {
		s->inflight = 1;
		io_soon(s->loop, &s->end_op);
	}
}

static void on_end(struct io_op *op, int res)
{
	struct sock *s = container_of(op, struct sock, end_op);

	close(s->fd);
	s->fd = -1;
	s->inflight = 0;
	s->ops->gone(s);
}

void sock_close(struct sock *s)
{
	if (s->closing)
		return;
	s->closing = true;
	s->up = false;
	io_timer_cancel(s->loop, &s->timer);
	io_soon_cancel(s->loop, &s->kick_op);
	if (s->connecting)
		io_cancel(s->loop, &s->conn_op);
	if (s->rx_busy)
		io_cancel(s->loop, &s->rx_op);
	if (s->tx_busy)
		io_cancel(s->loop, &s->tx_op);
	end_when_idle(s);
}

static void lose(struct sock *s, int err)
{
	sock_close(s);
	s->ops->lost(s, err);
}

/* An operation came back; returns whether there is anything left to do. */
static bool op_back(struct sock *s, bool *busy)
{
	*busy = false;
	s->inflight--;
	end_when_idle(s);
	return !s->closing;
}

static bool is_again(int res)
{
	return res == -EAGAIN || res == -EINTR;
}

void sock_kick_rx(struct sock *s)
{
	int n;

	if (!s->up || s->rx_busy)
		return;
	n = s->ops->rx_want(s, s->rx_iov);
	if (n <= 0 || s->closing)
		return;
	s->rx_msg.msg_iov = s->rx_iov;
	s->rx_msg.msg_iovlen = (size_t)n;
	s->rx_busy = true;
	s->inflight++;
	io_recvmsg(s->loop, &s->rx_op, s->fd, &s->rx_msg, 0);
}

static void on_rx(struct io_op *op, int res)
{
	struct sock *s = container_of(op, struct sock, rx_op);

	if (!op_back(s, &s->rx_busy))
		return;
	if (res <= 0 && !is_again(res)) {
		lose(s, res);
		return;
	}
	if (res > 0)
		s->ops->rx_done(s, (size_t)res);
	sock_kick_rx(s);
}

/* Sending waits for the end of the turn: what came together goes together. */
void sock_kick_tx(struct sock *s)
{
	if (s->up && !s->tx_busy)
		io_soon(s->loop, &s->kick_op);
}

static void on_kick(struct io_op *op, int res)
{
	struct sock *s = container_of(op, struct sock, kick_op);
	int n;

	if (!s->up || s->tx_busy)
		return;
	n = s->ops->tx_want(s, s->tx_iov, SOCK_TX_IOV);
	if (n <= 0 || s->closing)
		return;
	s->tx_msg.msg_iov = s->tx_iov;
	s->tx_msg.msg_iovlen = (size_t)n;
	s->tx_busy = true;
	s->inflight++;
	io_sendmsg(s->loop, &s->tx_op, s->fd, &s->tx_msg, MSG_NOSIGNAL);
}

static void on_tx(struct io_op *op, int res)
{
	struct sock *s = container_of(op, struct sock, tx_op);

	if (!op_back(s, &s->tx_busy))
		return;
	if (res < 0 && !is_again(res)) {
		lose(s, res);
		return;
	}
	if (res > 0)
		s->ops->tx_done(s, (size_t)res);
	sock_kick_tx(s);
}

static void go_up(struct sock *s)
{
	s->up = true;
	s->ops->up(s);
	sock_kick_rx(s);
	sock_kick_tx(s);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return 0;
	return ntohs(a.ss_family == AF_INET6
			     ? ((struct sockaddr_in6 *)&a)->sin6_port
			     : ((struct sockaddr_in *)&a)->sin_port);
}

static void on_connect(struct io_op *op, int res)
{
	struct sock *s = container_of(op, struct sock, conn_op);

	io_timer_cancel(s->loop, &s->timer);
	if (!op_back(s, &s->connecting))
		return;
	if (res < 0) {
		lose(s, s->timed_out ? -ETIMEDOUT : res);
		return;
	}
	s->local_port = port_of(s->fd);
	go_up(s);
}

static void on_connect_timeout(struct io_timer *t)
{
	struct sock *s = container_of(t, struct sock, timer);

	s->timed_out = true;
	io_cancel(s->loop, &s->conn_op);
}

static void sock_init(struct sock *s, struct io_loop *l,
		      const struct sock_ops *ops, int fd)
{
	memset(s, 0, sizeof(*s));
	s->ops = ops;
	s->loop = l;
	s->fd = fd;
	s->conn_op.fn = on_connect;
	s->rx_op.fn = on_rx;
	s->tx_op.fn = on_tx;
	s->kick_op.fn = on_kick;
	s->end_op.fn = on_end;
	s->timer.fn = on_connect_timeout;
}

static const struct {
	int level, name;
	const char *text;
} wishes[SOCK_WISHES] = {
	[SOCK_NODELAY] = { IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY" },
	[SOCK_SNDBUF] = { SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF" },
	[SOCK_RCVBUF] = { SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF" },
	[SOCK_RTO_MAX] = { IPPROTO_TCP, TCP_RTO_MAX_MS, "TCP_RTO_MAX_MS" },
	[SOCK_USER_TIMEOUT] = { IPPROTO_TCP, TCP_USER_TIMEOUT,
				"TCP_USER_TIMEOUT" },
	[SOCK_KEEPALIVE] = { SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE" },
	[SOCK_KEEPCNT] = { IPPROTO_TCP, TCP_KEEPCNT, "TCP_KEEPCNT" },
	[SOCK_KEEPINTVL] = { IPPROTO_TCP, TCP_KEEPINTVL, "TCP_KEEPINTVL" },
	[SOCK_KEEPIDLE] = { IPPROTO_TCP, TCP_KEEPIDLE, "TCP_KEEPIDLE" },
	[SOCK_INFO] = { IPPROTO_TCP, TCP_INFO, "TCP_INFO" },
};

const char *sock_wish_name(enum sock_wish w)
{
	return wishes[w].text;
}

static void wish(struct sock *s, enum sock_wish w, int value)
{
	if (setsockopt(s->fd, wishes[w].level, wishes[w].name, &value,
		       sizeof(value)) < 0)
		s->refused[w] = (uint8_t)errno;
}

/* When probes of a silent peer begin, and how often they come; in s. */
static void wish_probes(struct sock *s, int idle, int interval)
{
	wish(s, SOCK_KEEPINTVL, interval);
	wish(s, SOCK_KEEPIDLE, idle);
}

/*
 * Closing, or dying, takes back what was not sent.  The kernel would go on
 * sending it, for minutes when the path is silent, and a command that was
 * given up would arrive after its repetition (docs/ghost-writes.md).
 */
static int set_abortive_close(int fd)
{
	const struct linger l = { .l_onoff = 1, .l_linger = 0 };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)) < 0)
		return -errno;
	return 0;
}

/*
 * What waits to be sent should stay in the caches; what comes should find an
 * open window, which the kernel sees to unless it is told a size.
 */
#define SEND_BUFFER (512 << 10)

static void set_wishes(struct sock *s, const struct sock_options *opt)
{
	wish(s, SOCK_NODELAY, 1);
	wish(s, SOCK_SNDBUF, opt->window ? (int)opt->window : SEND_BUFFER);
	if (opt->window)
		wish(s, SOCK_RCVBUF, (int)opt->window);
	wish(s, SOCK_RTO_MAX, RETRANSMIT_MOST);
	if (opt->user_timeout)
		wish(s, SOCK_USER_TIMEOUT, (int)opt->user_timeout);
	if (opt->keepalive)
		wish(s, SOCK_KEEPALIVE, 1);
	wish(s, SOCK_KEEPCNT, KEEPALIVE_COUNT);
	wish_probes(s, KEEPALIVE_IDLE, KEEPALIVE_INTERVAL);
}

static void wish_port(struct sock *s, int family, uint16_t port)
{
	struct sockaddr_storage a;

	if (!port)
		return;
	memset(&a, 0, sizeof(a));
	a.ss_family = (sa_family_t)family;
	if (family == AF_INET6)
		((struct sockaddr_in6 *)&a)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&a)->sin_port = htons(port);
	/* Another port is as good to connect from. */
	(void)bind(s->fd, (struct sockaddr *)&a, sock_addr_len(&a));
}

/*
 * A blocking socket: io_uring itself never blocks on one, and kernels before
 * 6.1 end operations on a non-blocking one early, with -EAGAIN.
 */
int sock_connect(struct sock *s, struct io_loop *l, const struct sock_ops *ops,
		 const struct sockaddr_storage *to,
		 const struct sock_options *opt)
{
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	sock_init(s, l, ops, fd);
	err = set_abortive_close(fd);
	if (err) {
		s->unsafe = true;
		close(fd);
		return err;
	}
	set_wishes(s, opt);
	wish_port(s, to->ss_family, opt->local_port);
	s->to = *to;
	s->keepalive = opt->keepalive;
	s->connecting = true;
	s->inflight = 1;
	io_connect(l, &s->conn_op, fd, (const struct sockaddr *)&s->to,
		   sock_addr_len(&s->to));
	if (opt->connect_ms)
		io_timer_after(l, &s->timer, opt->connect_ms);
	return 0;
}

void sock_adopt(struct sock *s, struct io_loop *l, const struct sock_ops *ops,
		int fd)
{
	sock_init(s, l, ops, fd);
	go_up(s);
}

static bool is_dead(struct sock *s)
{
	struct tcp_info i;
	socklen_t n = sizeof(i);

	memset(&i, 0, sizeof(i));
	if (getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &i, &n) < 0) {
		s->refused[SOCK_INFO] = (uint8_t)errno;
		return false;
	}
	return i.tcpi_retransmits >= DEAD_RETRANSMITS ||
	       i.tcpi_probes >= DEAD_PROBES;
}

void sock_suspect(struct sock *s)
{
	if (!s->up)
		return;
	if (!s->suspected) {
		s->suspected = true;
		wish(s, SOCK_KEEPALIVE, 1);
		wish_probes(s, 1, 1);
	}
	if (is_dead(s))
		lose(s, -ETIMEDOUT);
}

void sock_trust(struct sock *s)
{
	if (!s->up || !s->suspected)
		return;
	s->suspected = false;
	wish(s, SOCK_KEEPALIVE, s->keepalive);
	wish_probes(s, KEEPALIVE_IDLE, KEEPALIVE_INTERVAL);
}

/*
 * As if_nametoindex(3), by a TCP socket: a process that may make no other
 * kind calls this.
 */
static int interface_index(const char *name, uint32_t *out)
{
	struct ifreq req = { 0 };
	int fd, err;

	if (!str_copy(req.ifr_name, sizeof(req.ifr_name), name))
		return -ENODEV;
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = ioctl(fd, SIOCGIFINDEX, &req) < 0 ? -ENODEV : 0;
	close(fd);
	if (!err)
		*out = (uint32_t)req.ifr_ifindex;
	return err;
}

static int zone_index(const char *zone, uint32_t *out)
{
	uint64_t n;

	if (str_u64(zone, strlen(zone), UINT32_MAX, &n) == 0) {
		*out = (uint32_t)n;
		return 0;
	}
	return interface_index(zone, out);
}

static int addr6(const char *host, uint16_t port, struct sockaddr_in6 *in6)
{
	char text[INET6_ADDRSTRLEN];
	const char *zone = strchr(host, '%');
	size_t n = zone ? (size_t)(zone - host) : strlen(host);

	if (n >= sizeof(text))
		return -EINVAL;
	memcpy(text, host, n);
	text[n] = '\0';
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
		return -EINVAL;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	return zone ? zone_index(zone + 1, &in6->sin6_scope_id) : 0;
}

int sock_addr(const char *host, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_storage a;
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	int err = 0;

	memset(&a, 0, sizeof(a));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	} else {
		err = addr6(host, port, (struct sockaddr_in6 *)&a);
	}
	if (!err)
		*out = a;
	return err;
}

socklen_t sock_addr_len(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					: sizeof(struct sockaddr_in);
}

/* Somebody answers there, or the name is free of a dead one now. */
static int clear_dead(int fd, const struct sockaddr_un *un)
{
	struct stat st;

	if (lstat(un->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0)
		return -EADDRINUSE;
	if (errno != ECONNREFUSED)
		return -errno;
	return unlink(un->sun_path) == 0 ? 0 : -errno;
}

static int try_unix(const struct sockaddr_un *un)
{
	int err, fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	err = clear_dead(fd, un);
	close(fd);
	return err;
}

int sock_listen_unix(const char *path, unsigned mode)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, err;

	if (!str_copy(un.sun_path, sizeof(un.sun_path), path))
		return -ENAMETOOLONG;
	err = try_unix(&un);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* fchmod before bind: the name never exists with other rights. */
	if (fchmod(fd, mode) < 0 ||
	    bind(fd, (const struct sockaddr *)&un, sizeof(un)) < 0 ||
	    chmod(path, mode) < 0 || listen(fd, 16) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

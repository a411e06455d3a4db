/*
 * sock - a TCP connection that pumps bytes between the loop and its owner.
 */
#include "io/sock_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fsm.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"

static void step(struct sock *s, enum sock_event ev)
{
	/* A failure of it has been dealt with: sock_broken(). */
	(void)fsm_step(&sock_fsm, &s->state, (uint8_t)ev, s, NULL);
}

static bool is_up(const struct sock *s)
{
	return s->state == SOCK_UP || s->state == SOCK_SUSPECTED;
}

static void end_when_idle(struct sock *s)
{
	if (s->state == SOCK_CLOSING && s->inflight == 0) {
		s->inflight = 1;
		io_soon(s->loop, &s->end_op);
	}
}

static void on_end(struct io_op *op, int res)
{
	step(container_of(op, struct sock, end_op), SOCK_EV_END);
}

void sock_close(struct sock *s)
{
	step(s, SOCK_EV_CLOSE);
}

static void lose(struct sock *s, int err)
{
	sock_close(s);
	s->ops->lost(s, err);
}

/* An operation came back; returns whether there is anything left to do. */
static bool op_back(struct sock *s)
{
	s->inflight--;
	end_when_idle(s);
	return s->state != SOCK_CLOSING;
}

static bool is_again(int res)
{
	return res == -EAGAIN || res == -EINTR;
}

void sock_kick_rx(struct sock *s)
{
	int n;

	if (!is_up(s) || s->rx_busy)
		return;
	n = s->ops->rx_want(s, s->rx_iov);
	if (n <= 0 || !is_up(s))
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

	s->rx_busy = false;
	if (!op_back(s))
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
	if (is_up(s) && !s->tx_busy)
		io_soon(s->loop, &s->kick_op);
}

static void on_kick(struct io_op *op, int res)
{
	struct sock *s = container_of(op, struct sock, kick_op);
	int n;

	if (!is_up(s) || s->tx_busy)
		return;
	n = s->ops->tx_want(s, s->tx_iov, SOCK_TX_IOV);
	if (n <= 0 || !is_up(s))
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

	s->tx_busy = false;
	if (!op_back(s))
		return;
	if (res < 0 && !is_again(res)) {
		lose(s, res);
		return;
	}
	if (res > 0)
		s->ops->tx_done(s, (size_t)res);
	sock_kick_tx(s);
}

static void on_connect(struct io_op *op, int res)
{
	struct sock *s = container_of(op, struct sock, conn_op);

	io_timer_cancel(s->loop, &s->timer);
	if (!op_back(s))
		return;
	if (res < 0) {
		lose(s, s->state == SOCK_LATE ? -ETIMEDOUT : res);
		return;
	}
	s->local_port = sock_port(s->fd);
	step(s, SOCK_EV_CONNECTED);
}

static void on_connect_timeout(struct io_timer *t)
{
	step(container_of(t, struct sock, timer), SOCK_EV_TIMEOUT);
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
	err = sock_reset_at_close(fd);
	if (err) {
		s->unsafe = true;
		close(fd);
		return err;
	}
	sock_set_options(s, to->ss_family, opt);
	s->to = *to;
	s->keepalive = opt->keepalive;
	step(s, SOCK_EV_CONNECT);
	if (opt->connect_ms)
		io_timer_after(l, &s->timer, opt->connect_ms);
	return 0;
}

void sock_adopt(struct sock *s, struct io_loop *l, const struct sock_ops *ops,
		int fd)
{
	sock_init(s, l, ops, fd);
	step(s, SOCK_EV_ADOPT);
}

void sock_suspect(struct sock *s)
{
	step(s, SOCK_EV_SUSPECT);
	if (is_up(s) && sock_is_dead(s))
		lose(s, -ETIMEDOUT);
}

/* Asked for each piece that comes. */
void sock_trust(struct sock *s)
{
	if (s->state == SOCK_SUSPECTED)
		step(s, SOCK_EV_TRUST);
}

/* The machine ---------------------------------------------------------- */

static const char *check_closing(const struct sock *s)
{
	if (s->timer.set)
		return "a timer runs that means nothing";
	return s->inflight ? NULL : "nothing is left that would end it";
}

static const char *sock_check(const void *obj)
{
	const struct sock *s = obj;

	if (s->state == SOCK_CLOSING)
		return check_closing(s);
	if (is_up(s))
		return s->timer.set ? "it is up, and may be late" : NULL;
	if (s->rx_busy || s->tx_busy)
		return "bytes move before it is up";
	return s->inflight == 1 ? NULL : "nobody connects";
}

/* Its peer knows what a connection that breaks means. */
static void sock_broken(void *obj, const char *what)
{
	struct sock *s = obj;

	log_err(NULL, "%s: the connection is given up", what);
	if (s->state != SOCK_IDLE && s->state != SOCK_CLOSING)
		lose(s, -EPROTO);
}

static void act_connect(void *obj, const void *arg)
{
	struct sock *s = obj;

	s->inflight = 1;
	io_connect(s->loop, &s->conn_op, s->fd, (const struct sockaddr *)&s->to,
		   sock_addr_len(&s->to));
}

static void act_cancel(void *obj, const void *arg)
{
	struct sock *s = obj;

	io_cancel(s->loop, &s->conn_op);
}

static void act_up(void *obj, const void *arg)
{
	struct sock *s = obj;

	s->ops->up(s);
	sock_kick_rx(s);
	sock_kick_tx(s);
}

static void act_probe(void *obj, const void *arg)
{
	sock_probe_often(obj);
}

static void act_calm(void *obj, const void *arg)
{
	sock_probe_rarely(obj);
}

static void act_give_up(void *obj, const void *arg)
{
	struct sock *s = obj;

	io_timer_cancel(s->loop, &s->timer);
	if (s->inflight)
		io_cancel(s->loop, &s->conn_op);
	end_when_idle(s);
}

static void act_close(void *obj, const void *arg)
{
	struct sock *s = obj;

	io_soon_cancel(s->loop, &s->kick_op);
	if (s->rx_busy)
		io_cancel(s->loop, &s->rx_op);
	if (s->tx_busy)
		io_cancel(s->loop, &s->tx_op);
	end_when_idle(s);
}

static void act_gone(void *obj, const void *arg)
{
	struct sock *s = obj;

	close(s->fd);
	s->fd = -1;
	s->inflight = 0;
	s->ops->gone(s);
}

#define AT(state) IN(SOCK_##state)
#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		from, SOCK_EV_##ev, SOCK_##to, act, NULL                       \
	}
#define IGNORED(in, ev, why)                                                   \
	{                                                                      \
		in, SOCK_EV_##ev, FSM_IGNORED, NULL, why                       \
	}
#define IS_UP	(AT(UP) | AT(SUSPECTED))
#define NOT_YET (AT(CONNECTING) | AT(LATE))
#define IS_OVER (AT(IDLE) | AT(CLOSING))

static const struct fsm_row rows[] = {
	ROW(AT(IDLE), CONNECT, CONNECTING, act_connect),
	ROW(AT(IDLE), ADOPT, UP, act_up),
	ROW(NOT_YET, CONNECTED, UP, act_up),
	ROW(AT(CONNECTING), TIMEOUT, LATE, act_cancel),
	ROW(NOT_YET, CLOSE, CLOSING, act_give_up),
	ROW(AT(UP), SUSPECT, SUSPECTED, act_probe),
	ROW(AT(SUSPECTED), TRUST, UP, act_calm),
	ROW(IS_UP, CLOSE, CLOSING, act_close),
	ROW(AT(CLOSING), END, IDLE, act_gone),

	IGNORED(AT(SUSPECTED), SUSPECT, "TCP asks already"),
	IGNORED(NOT_YET | IS_OVER, SUSPECT, "it is not up"),
	IGNORED(IS_OVER, CLOSE, "twice is fine"),
};

static const char *const state_names[SOCK_STATES] = {
	"idle", "connecting", "late", "up", "suspected", "closing",
};

static const char *const event_names[SOCK_EVENTS] = {
	"connect", "adopt", "connected", "timeout",
	"suspect", "trust", "close",	 "end",
};

const struct fsm sock_fsm = {
	.name = "sock",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = SOCK_STATES,
	.nevents = SOCK_EVENTS,
	.ends = AT(IDLE),
	.check = sock_check,
	.broken = sock_broken,
};

/* Addresses ------------------------------------------------------------ */

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

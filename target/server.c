/*
 * server - moves bytes between sockets and the target library.
 *
 * Received bytes are handed over in large pieces; what they caused to be sent
 * leaves in one sendmsg a connection at the end of each round.
 */
#include "target/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "target/conn.h"

#define EVENTS	  64
#define LINGER_MS 2000 /* for the peer to take our last words */
#define READS	  4    /* in a row, before others have their turn */
#define WRITES	  8
#define FEW_PEERS 64 /* whose times are looked at in every round */

enum source {
	SRC_STOP,
	SRC_LISTENER,
	SRC_LINES,
	SRC_PEER
};

struct listener {
	enum source source;
	int fd, portal;
	enum portal_state state;
	struct addr addr;
};

struct peer {
	enum source source;
	struct list link;  /* server->peers */
	struct list dirty; /* server->dirty, when there is something to do */
	struct server *server;
	struct listener *listener;
	struct tgt_conn *conn; /* NULL: only waits for the peer's FIN */
	int fd;
	uint32_t events; /* what epoll watches for */
	uint64_t give_up;
};

/* Text that comes from somebody, until a line is whole. */
struct lines {
	enum source source;
	int fd;
	void (*line)(void *ctx, const char *line);
	void *ctx;
	char buf[2048];
	size_t len;
};

struct server {
	enum source stop;
	struct lines lines;
	int epfd;
	struct tgt *tgt;
	struct listener listeners[TGT_MAX_PORTALS];
	size_t nlisteners;
	struct list peers, dirty;
	uint64_t now;
	unsigned npeers, lingering;
	uint64_t wake, looked; /* what tgt_next_wake() said, and when */
};

static uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void op_random(void *ctx, void *dst, size_t n)
{
	/* Up to 256 bytes are never cut short once the pool is up. */
	if (getrandom(dst, n, 0) != (ssize_t)n)
		abort();
}

static void op_kick(void *ctx, struct tgt_conn *c)
{
	struct server *s = ctx;
	struct peer *p = tgt_conn_owner(c);

	if (p && list_empty(&p->dirty))
		list_push_back(&s->dirty, &p->dirty);
}

static void op_note(void *ctx, int level, const char *line)
{
	log_line(level, NULL, "%s", line);
}

const struct tgt_ops server_ops = {
	.random = op_random,
	.kick = op_kick,
	.note = op_note,
};

struct server *server_new(void)
{
	struct server *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (s->epfd < 0) {
		free(s);
		return NULL;
	}
	list_init(&s->peers);
	list_init(&s->dirty);
	return s;
}

void server_serve(struct server *s, struct tgt *t)
{
	s->tgt = t;
}

static void drop_peer(struct peer *p)
{
	if (p->conn)
		tgt_conn_free(p->conn, p->server->now);
	else
		p->server->lingering--;
	list_remove(&p->dirty);
	list_remove(&p->link);
	p->server->npeers--;
	close(p->fd);
	free(p);
}

void server_free(struct server *s)
{
	if (!s)
		return;
	while (!list_empty(&s->peers))
		drop_peer(container_of(s->peers.next, struct peer, link));
	for (size_t i = 0; i < s->nlisteners; i++)
		if (s->listeners[i].state != PORTAL_DOWN)
			close(s->listeners[i].fd);
	close(s->epfd);
	free(s);
}

/* Addresses ----------------------------------------------------------- */

static socklen_t to_sockaddr(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ss;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ss;
	char host[ADDR_HOST_SIZE];
	char *zone;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, a->host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(a->port);
		return sizeof(*v4);
	}
	str_copy(host, sizeof(host), a->host);
	zone = strchr(host, '%');
	if (zone) {
		*zone++ = '\0';
		v6->sin6_scope_id = if_nametoindex(zone);
	}
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(a->port);
	return sizeof(*v6);
}

static void from_sockaddr(const struct sockaddr_storage *ss, struct addr *a)
{
	const struct sockaddr_in *v4 = (const void *)ss;
	const struct sockaddr_in6 *v6 = (const void *)ss;

	memset(a, 0, sizeof(*a));
	a->tag = -1;
	if (ss->ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, a->host, sizeof(a->host));
		a->port = ntohs(v4->sin_port);
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], a->host,
			  sizeof(a->host));
	else
		inet_ntop(AF_INET6, &v6->sin6_addr, a->host, sizeof(a->host));
	a->port = ntohs(v6->sin6_port);
}

static int watch(struct server *s, int op, int fd, uint32_t events, void *p)
{
	struct epoll_event ev = { .events = events, .data.ptr = p };

	return epoll_ctl(s->epfd, op, fd, &ev) < 0 ? -errno : 0;
}

static int open_listener(const struct addr *addr, struct addr *bound)
{
	struct sockaddr_storage ss;
	socklen_t len = to_sockaddr(addr, &ss);
	int one = 1, fd;

	if (!len)
		return -EINVAL;
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss, len) < 0 || listen(fd, 128) < 0 ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	from_sockaddr(&ss, bound);
	bound->tag = addr->tag;
	return fd;
}

int server_listen(struct server *s, const struct addr *addr)
{
	struct listener *l = &s->listeners[s->nlisteners];
	struct addr bound;

	if (s->nlisteners == TGT_MAX_PORTALS)
		return -ENOSPC;
	l->source = SRC_LISTENER;
	l->fd = open_listener(addr, &bound);
	if (l->fd < 0)
		return l->fd;
	s->nlisteners++;
	l->addr = bound;
	l->portal = tgt_portal_add(s->tgt, &bound);
	if (l->portal < 0)
		return l->portal;
	return watch(s, EPOLL_CTL_ADD, l->fd, EPOLLIN, l);
}

/* Connections --------------------------------------------------------- */

static struct tgt_conn *new_conn(struct server *s, struct listener *l, int fd)
{
	struct sockaddr_storage ss;
	struct addr local, remote;
	socklen_t len = sizeof(ss);
	char peer[ADDR_TEXT_SIZE] = "?";

	if (getpeername(fd, (struct sockaddr *)&ss, &len) == 0) {
		from_sockaddr(&ss, &remote);
		addr_format(&remote, false, peer, sizeof(peer));
	}
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0)
		return NULL;
	from_sockaddr(&ss, &local);
	return tgt_conn_new(s->tgt, l->portal, &local, peer, s->now);
}

/* What waits to be sent stays in the caches. */
#define SEND_BUFFER (512 << 10)

static void accept_one(struct server *s, struct listener *l, int fd)
{
	struct peer *p = calloc(1, sizeof(*p));
	int one = 1, size = SEND_BUFFER;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (p)
		p->conn = new_conn(s, l, fd);
	if (!p || !p->conn) {
		free(p);
		close(fd);
		return;
	}
	p->source = SRC_PEER;
	p->server = s;
	p->listener = l;
	p->fd = fd;
	p->events = EPOLLIN;
	list_init(&p->dirty);
	list_push_back(&s->peers, &p->link);
	s->npeers++;
	tgt_conn_set_owner(p->conn, p);
	if (watch(s, EPOLL_CTL_ADD, fd, p->events, p) < 0)
		drop_peer(p);
}

static void accept_all(struct server *s, struct listener *l)
{
	int fd;

	while ((fd = accept4(l->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		accept_one(s, l, fd);
}

static void set_events(struct peer *p, uint32_t events)
{
	if (p->events == events)
		return;
	p->events = events;
	watch(p->server, EPOLL_CTL_MOD, p->fd, events, p);
}

/* The library is done with it; the peer may still read what is on its way. */
static void linger(struct peer *p)
{
	struct server *s = p->server;

	tgt_conn_free(p->conn, s->now);
	p->conn = NULL;
	p->give_up = s->now + LINGER_MS;
	s->lingering++;
	shutdown(p->fd, SHUT_WR);
	set_events(p, EPOLLIN);
}

/* Returns false when the socket is of no use any more. */
static bool read_some(struct peer *p)
{
	struct iovec iov[TGT_RX_IOV];

	for (int i = 0; i < READS; i++) {
		size_t room = 0;
		int n = tgt_conn_rx_want(p->conn, iov);
		ssize_t got;

		if (n == 0)
			return true;
		for (int j = 0; j < n; j++)
			room += iov[j].iov_len;
		got = readv(p->fd, iov, n);
		if (got == 0)
			return false;
		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		tgt_conn_rx_done(p->conn, (size_t)got, p->server->now);
		if ((size_t)got < room)
			return true;
	}
	return true;
}

static bool write_some(struct peer *p)
{
	struct iovec iov[TGT_TX_IOV];
	struct msghdr msg = { .msg_iov = iov };

	for (int i = 0; i < WRITES; i++) {
		int n = tgt_conn_tx_want(p->conn, iov, TGT_TX_IOV);
		ssize_t sent;

		set_events(p, p->events & ~(uint32_t)EPOLLOUT);
		if (n == 0)
			return true;
		msg.msg_iovlen = (size_t)n;
		sent = sendmsg(p->fd, &msg, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent < 0)
			break;
		tgt_conn_tx_done(p->conn, (size_t)sent, p->server->now);
	}
	set_events(p, p->events | EPOLLOUT);
	return true;
}

/* After anything happened to a connection. */
static void settle(struct peer *p)
{
	struct iovec iov[TGT_RX_IOV];

	if (!tgt_conn_over(p->conn) && !write_some(p)) {
		drop_peer(p);
		return;
	}
	if (tgt_conn_over(p->conn)) {
		linger(p);
		return;
	}
	if (tgt_conn_rx_want(p->conn, iov) > 0)
		set_events(p, p->events | EPOLLIN);
	else
		set_events(p, p->events & ~(uint32_t)EPOLLIN);
}

static void peer_event(struct peer *p, uint32_t events)
{
	char junk[4096];
	ssize_t n;

	if (p->listener->state == PORTAL_SILENT)
		return; /* since this round began */
	if (!p->conn) {
		n = read(p->fd, junk, sizeof(junk));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			drop_peer(p);
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && !read_some(p)) {
		drop_peer(p);
		return;
	}
	if (list_empty(&p->dirty))
		list_push_back(&p->server->dirty, &p->dirty);
}

/* A line longer than the buffer is forgotten. */
static void read_lines(struct lines *l)
{
	ssize_t n = read(l->fd, l->buf + l->len, sizeof(l->buf) - 1 - l->len);
	char *end;

	if (n <= 0)
		return;
	l->len += (size_t)n;
	l->buf[l->len] = '\0';
	while ((end = memchr(l->buf, '\n', l->len))) {
		*end++ = '\0';
		l->line(l->ctx, l->buf);
		l->len -= (size_t)(end - l->buf);
		memmove(l->buf, end, l->len);
	}
	if (l->len == sizeof(l->buf) - 1)
		l->len = 0;
}

int server_lines(struct server *s, int fd,
		 void (*line)(void *ctx, const char *line), void *ctx)
{
	s->lines = (struct lines){ SRC_LINES, fd, line, ctx, "", 0 };
	return watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, &s->lines);
}

static void settle_all(struct server *s)
{
	struct list *n;

	while ((n = list_pop_front(&s->dirty))) {
		struct peer *p = container_of(n, struct peer, dirty);

		if (p->conn && p->listener->state != PORTAL_SILENT)
			settle(p);
	}
}

static void reap(struct server *s)
{
	struct list *pos, *tmp;

	if (!s->lingering)
		return;
	list_for_each_safe (pos, tmp, &s->peers) {
		struct peer *p = container_of(pos, struct peer, link);

		if (!p->conn && p->give_up <= s->now)
			drop_peer(p);
	}
}

/* Portals ------------------------------------------------------------- */

static int open_again(struct server *s, struct listener *l)
{
	struct addr bound;

	if (l->state == PORTAL_DOWN) {
		l->fd = open_listener(&l->addr, &bound);
		if (l->fd < 0)
			return l->fd;
	}
	return watch(s, EPOLL_CTL_ADD, l->fd, EPOLLIN, l);
}

/* A silent one is not watched: not even its end is noticed. */
static void set_peer(struct peer *p, enum portal_state state)
{
	if (state == PORTAL_DOWN) {
		if (p->conn)
			tgt_conn_drop(p->conn);
	} else if (state == PORTAL_SILENT) {
		watch(p->server, EPOLL_CTL_DEL, p->fd, 0, NULL);
	} else {
		watch(p->server, EPOLL_CTL_ADD, p->fd, p->events, p);
		if (list_empty(&p->dirty))
			list_push_back(&p->server->dirty, &p->dirty);
	}
}

int server_portal(struct server *s, size_t i, enum portal_state state)
{
	struct listener *l = &s->listeners[i];
	struct list *pos, *tmp;
	int err;

	if (l->state == state)
		return 0;
	if (l->state != PORTAL_UP) { /* from one state to another by "up" */
		err = open_again(s, l);
		if (err)
			return err;
	}
	list_for_each_safe (pos, tmp, &s->peers) {
		struct peer *p = container_of(pos, struct peer, link);

		if (p->listener == l && l->state == PORTAL_SILENT)
			set_peer(p, PORTAL_UP);
		if (p->listener == l && state != PORTAL_UP)
			set_peer(p, state);
	}
	l->state = state;
	if (state != PORTAL_UP)
		watch(s, EPOLL_CTL_DEL, l->fd, 0, NULL);
	if (state == PORTAL_DOWN)
		close(l->fd);
	return 0;
}

/* Of many connections once a ms: returns whether it is as of now. */
static bool look_at_times(struct server *s)
{
	if (s->npeers > FEW_PEERS && s->looked == s->now)
		return false;
	s->wake = tgt_next_wake(s->tgt);
	s->looked = s->now;
	return true;
}

static int timeout_of(struct server *s)
{
	bool sure = look_at_times(s);
	uint64_t wake = s->wake, ms;

	if (!sure && wake > s->now + 1)
		wake = s->now + 1;
	if (s->lingering && wake > s->now + LINGER_MS)
		wake = s->now + LINGER_MS;
	if (wake == UINT64_MAX)
		return -1;
	ms = wake > s->now ? wake - s->now : 0;
	return ms > 60000 ? 60000 : (int)ms;
}

/* Returns false when it is time to stop. */
static bool dispatch(struct server *s, const struct epoll_event *ev)
{
	switch (*(enum source *)ev->data.ptr) {
	case SRC_STOP:
		return false;
	case SRC_LISTENER:
		accept_all(s, ev->data.ptr);
		break;
	case SRC_LINES:
		read_lines(ev->data.ptr);
		break;
	case SRC_PEER:
		peer_event(ev->data.ptr, ev->events);
		break;
	}
	return true;
}

int server_run(struct server *s, int stop_fd)
{
	struct epoll_event ev[EVENTS];
	bool go_on = true;
	int err;

	s->stop = SRC_STOP;
	err = watch(s, EPOLL_CTL_ADD, stop_fd, EPOLLIN, &s->stop);
	if (err)
		return err;
	s->now = clock_ms();
	while (go_on) {
		int n = epoll_wait(s->epfd, ev, EVENTS, timeout_of(s));

		if (n < 0 && errno != EINTR)
			return -errno;
		s->now = clock_ms();
		look_at_times(s);
		if (s->wake <= s->now)
			tgt_tick(s->tgt, s->now);
		for (int i = 0; i < n && go_on; i++)
			go_on = dispatch(s, &ev[i]);
		settle_all(s);
		reap(s);
	}
	return 0;
}

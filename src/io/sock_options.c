/*
 * sock_options - what TCP is asked for, and asked about.
 */
#include "io/sock_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

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
int sock_reset_at_close(int fd)
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

void sock_set_options(struct sock *s, int family,
		      const struct sock_options *opt)
{
	set_wishes(s, opt);
	wish_port(s, family, opt->local_port);
}

uint16_t sock_port(int fd)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &n) < 0)
		return 0;
	return ntohs(a.ss_family == AF_INET6
			     ? ((struct sockaddr_in6 *)&a)->sin6_port
			     : ((struct sockaddr_in *)&a)->sin_port);
}

bool sock_is_dead(struct sock *s)
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

void sock_probe_often(struct sock *s)
{
	wish(s, SOCK_KEEPALIVE, 1);
	wish_probes(s, 1, 1);
}

void sock_probe_rarely(struct sock *s)
{
	wish(s, SOCK_KEEPALIVE, s->keepalive);
	wish_probes(s, KEEPALIVE_IDLE, KEEPALIVE_INTERVAL);
}

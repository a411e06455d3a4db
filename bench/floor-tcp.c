/*
 * floor-tcp - the bytes of iSCSI reads or writes over loopback TCP, without
 * iSCSI: the least that any initiator and target can cost.
 *
 * A child answers as a target would, from and into 64 MiB of memory, with as
 * many bytes of header as there are in a PDU.  No byte is looked at.  With -n
 * CONNECTIONS these take turns, one message at a time in each.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meter.h"

#define HEAD	  48
#define MEMORY	  (64u << 20)
#define MAX_DEPTH 256
#define MAX_CONNS 1000

/* One end: messages of in bytes come, of HEAD and out bytes go. */
struct end {
	int fd;
	size_t in, out, ring, at, partial;
	uint32_t seed;
	uint64_t began; /* of its message, where there is but one */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Where in comes to, one after the other, and out is taken from. */
static uint8_t *memory;

static void end_init(struct end *e, int fd, size_t in, size_t out, size_t ring)
{
	if (!memory) {
		memory = malloc(MEMORY);
		if (!memory || ring > MEMORY)
			die("memory");
		memset(memory, 1, MEMORY);
	}
	*e = (struct end){
		.fd = fd, .in = in, .out = out, .ring = ring, .seed = 1
	};
}

/* How many messages are complete now; 0: the other end has closed. */
static unsigned take(struct end *e)
{
	unsigned n = 0;

	while (n == 0) {
		ssize_t got = recv(e->fd, memory + e->at, e->ring - e->at, 0);

		if (got <= 0)
			return 0;
		e->at = (e->at + (size_t)got) % e->ring;
		e->partial += (size_t)got;
		n = (unsigned)(e->partial / e->in);
		e->partial %= e->in;
	}
	return n;
}

static void send_all(int fd, struct iovec *iov, size_t n)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };

	while (m.msg_iovlen) {
		ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);

		if (sent < 0)
			die("sendmsg");
		while (m.msg_iovlen && (size_t)sent >= m.msg_iov->iov_len) {
			sent -= (ssize_t)m.msg_iov++->iov_len;
			m.msg_iovlen--;
		}
		if (m.msg_iovlen) {
			m.msg_iov->iov_base =
				(uint8_t *)m.msg_iov->iov_base + sent;
			m.msg_iov->iov_len -= (size_t)sent;
		}
	}
}

static void give(struct end *e, unsigned n)
{
	static uint8_t head[HEAD];
	struct iovec iov[2 * MAX_DEPTH];
	size_t pieces = 0;

	for (unsigned i = 0; i < n; i++) {
		iov[pieces++] = (struct iovec){ head, HEAD };
		if (!e->out)
			continue;
		e->seed = e->seed * 1664525 + 1013904223;
		iov[pieces++] = (struct iovec){
			memory + e->seed % (MEMORY / e->out) * e->out, e->out
		};
	}
	send_all(e->fd, iov, pieces);
}

static void answer(int fd, uint32_t size, bool write)
{
	struct end e;
	unsigned n;

	end_init(&e, fd, HEAD + (write ? size : 0), write ? 0 : size, MEMORY);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((n = take(&e)))
		give(&e, n);
	_exit(0);
}

static void ask(int fd, uint32_t size, unsigned depth, bool write,
		double seconds)
{
	static uint64_t began[MAX_DEPTH]; /* answers come in order */
	static struct meter m;
	unsigned first = 0, n = depth;
	size_t in = HEAD + (write ? 0 : size);
	uint64_t now, until;
	struct end e;

	end_init(&e, fd, in, write ? size : 0, in * depth);
	meter_begin(&m);
	now = m.began;
	until = now + (uint64_t)(seconds * 1e9);
	for (unsigned i = 0; i < depth; i++)
		began[i] = now;
	while (now < until) {
		give(&e, n);
		n = take(&e);
		if (!n)
			die("the other end");
		now = meter_now();
		for (unsigned i = 0; i < n; i++) {
			meter_count(&m, began[first], now);
			began[first] = now;
			first = (first + 1) % depth;
		}
	}
	meter_report(&m, size);
}

/* Many connections ---------------------------------------------------- */

/* Calls fn for each connection that a message came in by, until end. */
static void serve(struct end *ends, unsigned n, void (*fn)(struct end *e),
		  uint64_t end)
{
	struct epoll_event evs[64];
	int ep = epoll_create1(0);

	for (unsigned i = 0; i < n; i++) {
		struct epoll_event ev = { .events = EPOLLIN };

		ev.data.ptr = &ends[i];
		if (epoll_ctl(ep, EPOLL_CTL_ADD, ends[i].fd, &ev))
			die("epoll");
	}
	while (meter_now() < end) {
		int ready = epoll_wait(ep, evs, 64, 1000);

		for (int i = 0; i < ready; i++) {
			struct end *e = evs[i].data.ptr;
			unsigned messages = take(e);

			if (!messages)
				return;
			while (messages--)
				fn(e);
		}
	}
}

static void answer_one(struct end *e)
{
	give(e, 1);
}

static struct end many[MAX_CONNS];
static unsigned nmany, turn;
static struct meter meter;

static void ask_next(struct end *e)
{
	struct end *next = &many[turn++ % nmany];
	uint64_t now = meter_now();

	meter_count(&meter, e->began, now);
	next->began = now;
	give(next, 1);
}

static void ask_many(unsigned depth, double seconds, uint32_t size)
{
	meter_begin(&meter);
	for (turn = 0; turn < depth; turn++) {
		many[turn % nmany].began = meter.began;
		give(&many[turn % nmany], 1);
	}
	serve(many, nmany, ask_next, meter.began + (uint64_t)(seconds * 1e9));
	meter_report(&meter, size);
}

/* A connection over loopback; the other end of it is in *peer. */
static int connection(int *peer)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int one = 1, l = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(l, (struct sockaddr *)&a, sizeof(a)) || listen(l, 1) ||
	    getsockname(l, (struct sockaddr *)&a, &len) ||
	    connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die("loopback");
	*peer = accept(l, NULL, NULL);
	if (*peer < 0)
		die("accept");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(*peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(l);
	return fd;
}

static int take_turns(unsigned depth, uint32_t size, bool write, double seconds)
{
	static struct end peers[MAX_CONNS];
	size_t out = HEAD + (write ? size : 0), in = HEAD + (write ? 0 : size);
	int peer;

	for (unsigned i = 0; i < nmany; i++) {
		end_init(&many[i], connection(&peer), in, out - HEAD,
			 in * depth);
		end_init(&peers[i], peer, out, in - HEAD, MEMORY);
		peers[i].seed = i;
	}
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(peers, nmany, answer_one, UINT64_MAX);
		_exit(0);
	}
	ask_many(depth, seconds, size);
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t size = 4096;
	unsigned depth = 32;
	double seconds = 2;
	bool write = false;
	int c, fd, peer;
	pid_t child;

	while ((c = getopt(argc, argv, "n:s:q:t:w")) != -1) {
		if (c == 's')
			size = (uint32_t)strtoul(optarg, NULL, 0);
		else if (c == 'q')
			depth = (unsigned)strtoul(optarg, NULL, 0);
		else if (c == 't')
			seconds = strtod(optarg, NULL);
		else if (c == 'n')
			nmany = (unsigned)strtoul(optarg, NULL, 0);
		else if (c == 'w')
			write = true;
		else
			return 2;
	}
	if (!depth || depth > MAX_DEPTH || !size || nmany > MAX_CONNS ||
	    (uint64_t)depth * (HEAD + size) > MEMORY) {
		fprintf(stderr, "floor-tcp: too much at once\n");
		return 2;
	}
	if (nmany)
		return take_turns(depth, size, write, seconds);
	fd = connection(&peer);
	child = fork();
	if (child == 0) {
		close(fd);
		answer(peer, size, write);
	}
	close(peer);
	ask(fd, size, depth, write, seconds);
	close(fd);
	waitpid(child, NULL, 0);
	return 0;
}

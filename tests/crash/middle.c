/*
 * middle - a box between initiator and target that keeps bytes and hands them
 * on later, as a proxy or an address translator may: it acknowledges what it
 * has not delivered.
 *
 *	middle ADDRESS PORT TARGET-PORT CONTROL
 *
 * listens there, and passes on to the other port of the same address.
 * CONTROL is a FIFO that it makes and that takes a word a line:
 *
 *	hold     of each connection that is there now, keep what the initiator
 *	         sends; connections that come later are passed on.  When the
 *	         initiator ends its side the target is not told: half open
 *	lose     reset the initiator's side of those that are held
 *	release  hand on what was kept, also where the initiator's side is gone
 *	cut      reset both sides of all
 *	shut     refuse connections from now on
 *	open     no longer
 *
 * Of each connection that was held it prints "kept BYTES delivered BYTES" as
 * soon as that is known; what was not delivered had nowhere to go, since the
 * target had closed its side.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_MOST 64
#define ROOM	  (8u << 20) /* bytes of a direction */
#define ARRAY(a)  (sizeof(a) / sizeof((a)[0]))

enum side {
	INITIATOR,
	TARGET
};

struct flow {	       /* what came from one side and goes to the other */
	uint8_t *data; /* ROOM bytes */
	size_t len;
};

struct link {
	bool used;
	bool held;
	int fd[2];	     /* -1: gone */
	struct flow flow[2]; /* by the side it comes from */
	size_t kept, late;   /* bytes that were held; of them handed on */
};

static struct link links[LINK_MOST];
static struct sockaddr_in target;
static bool shut;

static void reset(int *fd)
{
	struct linger now = { 1, 0 };

	if (*fd < 0)
		return;
	if (setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) < 0)
		perror("middle: SO_LINGER");
	close(*fd);
	*fd = -1;
}

static void tell_kept(struct link *l)
{
	printf("kept %zu delivered %zu\n", l->kept, l->late);
	fflush(stdout);
	l->kept = l->late = 0;
}

static void drop(struct link *l)
{
	if (l->held)
		l->kept = l->flow[INITIATOR].len;
	if (l->held || l->kept > 0)
		tell_kept(l);
	for (enum side s = INITIATOR; s <= TARGET; s++) {
		reset(&l->fd[s]);
		free(l->flow[s].data);
	}
	*l = (struct link){ .fd = { -1, -1 } };
}

static void side_ended(struct link *l, enum side s)
{
	if (s == INITIATOR && (l->held || l->kept > 0))
		reset(&l->fd[s]); /* half open from now on */
	else
		drop(l);
}

static void receive(struct link *l, enum side s)
{
	struct flow *f = &l->flow[s];
	ssize_t n =
		recv(l->fd[s], f->data + f->len, ROOM - f->len, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		side_ended(l, s);
	else if (n > 0 && l->fd[!s] >= 0)
		f->len += (size_t)n; /* else an answer for nobody */
}

static void send_on(struct link *l, enum side s)
{
	struct flow *f = &l->flow[s];
	ssize_t n =
		send(l->fd[!s], f->data, f->len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			side_ended(l, !s);
		return;
	}
	f->len -= (size_t)n;
	memmove(f->data, f->data + n, f->len);
	if (s == TARGET || l->kept == 0)
		return;
	l->late +=
		(size_t)n < l->kept - l->late ? (size_t)n : l->kept - l->late;
	if (l->late == l->kept)
		tell_kept(l);
}

/* Connections --------------------------------------------------------- */

/* To this machine: it stands or is refused at once. */
static int connect_target(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    connect(fd, (struct sockaddr *)&target, sizeof(target)) < 0) {
		perror("middle: connect");
		close(fd);
		return -1;
	}
	return fd;
}

static struct link *free_link(void)
{
	for (struct link *l = links; l < links + ARRAY(links); l++)
		if (!l->used)
			return l;
	return NULL;
}

static void take(int fd)
{
	struct link *l = free_link();

	if (!l || fd < 0 || shut) {
		reset(&fd);
		return;
	}
	l->used = true;
	l->fd[INITIATOR] = fd;
	l->fd[TARGET] = connect_target();
	l->flow[INITIATOR].data = malloc(ROOM);
	l->flow[TARGET].data = malloc(ROOM);
	if (l->fd[TARGET] < 0 || !l->flow[INITIATOR].data ||
	    !l->flow[TARGET].data)
		drop(l);
}

/* Words --------------------------------------------------------------- */

static void hold(struct link *l)
{
	l->held = true;
}

static void lose(struct link *l)
{
	if (l->held)
		reset(&l->fd[INITIATOR]);
}

static void release(struct link *l)
{
	if (!l->held)
		return;
	l->held = false;
	l->kept = l->flow[INITIATOR].len;
	if (l->kept == 0)
		tell_kept(l);
}

static const struct word {
	const char *name;
	void (*each)(struct link *l);
} words[] = {
	{ "hold", hold },
	{ "lose", lose },
	{ "release", release },
	{ "cut", drop },
};

static void obey(const char *name)
{
	if (!strcmp(name, "shut"))
		shut = true;
	if (!strcmp(name, "open"))
		shut = false;
	for (size_t i = 0; i < ARRAY(words); i++)
		for (struct link *l = links; l < links + ARRAY(links); l++)
			if (l->used && !strcmp(name, words[i].name))
				words[i].each(l);
}

static void read_words(int fd)
{
	char text[256], *rest = text, *name;
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	while ((name = strsep(&rest, "\n")) != NULL)
		obey(name);
}

/* The whole ----------------------------------------------------------- */

static short wants(const struct link *l, enum side s)
{
	const struct flow *out = &l->flow[!s];
	short events = l->flow[s].len < ROOM ? POLLIN : 0;

	if (out->len > 0 && !(s == TARGET && l->held))
		events |= POLLOUT;
	return events;
}

static void serve_side(struct link *l, enum side s, short events)
{
	if (events & POLLOUT)
		send_on(l, !s);
	if (l->fd[s] >= 0 && events & (POLLIN | POLLHUP | POLLERR))
		receive(l, s);
}

static void turn(int listener, int control)
{
	struct pollfd p[2 + 2 * LINK_MOST];

	p[0] = (struct pollfd){ listener, POLLIN, 0 };
	p[1] = (struct pollfd){ control, POLLIN, 0 };
	for (size_t i = 0; i < 2 * LINK_MOST; i++) {
		struct link *l = &links[i / 2];

		p[2 + i] = (struct pollfd){ l->used ? l->fd[i % 2] : -1, 0, 0 };
		if (l->used)
			p[2 + i].events = wants(l, i % 2);
	}
	if (poll(p, ARRAY(p), -1) < 0)
		return;
	for (size_t i = 0; i < 2 * LINK_MOST; i++)
		if (p[2 + i].revents && links[i / 2].used)
			serve_side(&links[i / 2], i % 2, p[2 + i].revents);
	if (p[1].revents)
		read_words(control);
	if (p[0].revents)
		take(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
}

static int listen_at(uint16_t port)
{
	struct sockaddr_in at = target;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	at.sin_port = htons(port);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(fd, LINK_MOST) < 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	int listener, control;

	target.sin_family = AF_INET;
	if (argc != 5 || inet_pton(AF_INET, argv[1], &target.sin_addr) != 1)
		return 2;
	target.sin_port = htons((uint16_t)atoi(argv[3]));
	listener = listen_at((uint16_t)atoi(argv[2]));
	if (listener < 0 || mkfifo(argv[4], 0600) < 0)
		control = -1;
	else
		control = open(argv[4], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (control < 0) {
		perror("middle");
		return 1;
	}
	for (size_t i = 0; i < ARRAY(links); i++)
		links[i].fd[INITIATOR] = links[i].fd[TARGET] = -1;
	for (;;)
		turn(listener, control);
}

/*
 * client - a tool's end of the control socket.
 */
#include "ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ctl/server.h"

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Waits until the socket is ready for events; 0, -ETIMEDOUT or -errno. */
static int wait_for(const struct ctl_client *c, short events)
{
	struct pollfd p = { c->sock, events, 0 };
	uint64_t now = now_ms();
	int n;

	if (now >= c->deadline)
		return -ETIMEDOUT;
	n = poll(&p, 1, (int)(c->deadline - now));
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	return n ? 0 : -ETIMEDOUT;
}

int ctl_ask(struct ctl_client *c, const struct msg_out *m)
{
	int err;

	while ((err = msg_send(c->sock, m, -1)) == -EAGAIN) {
		err = wait_for(c, POLLOUT);
		if (err)
			return err;
	}
	return err;
}

int ctl_next(struct ctl_client *c, struct msg_in *m)
{
	int n, err, fd;

	while ((n = msg_recv(c->sock, c->text, sizeof(c->text), &fd)) ==
	       -EAGAIN) {
		err = wait_for(c, POLLIN);
		if (err)
			return err;
	}
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return n ? n : -EPIPE;
	return msg_read(m, c->text, (size_t)n);
}

static int take_greeting(struct ctl_client *c)
{
	struct msg_in m;
	uint64_t version;
	int err = ctl_next(c, &m);

	if (err)
		return err;
	if (!msg_is(&m, "hello") ||
	    msg_get_u64(&m, "version", UINT32_MAX, &version) ||
	    version != CTL_VERSION)
		return -EPROTO;
	return 0;
}

/* A full backlog is EAGAIN: the daemon is there but very busy. */
static int connect_to(struct ctl_client *c, const struct sockaddr_un *addr)
{
	while (connect(c->sock, (const struct sockaddr *)addr, sizeof(*addr))) {
		if (errno != EAGAIN)
			return -errno;
		if (now_ms() >= c->deadline)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, 20); /* nothing but time */
	}
	return 0;
}

int ctl_open(struct ctl_client *c, const char *rundir, uint64_t timeout)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int err, n = snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s",
			      rundir, CTL_SOCKET);

	if (n >= (int)sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	c->deadline = now_ms() + timeout;
	c->sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			 0);
	if (c->sock < 0)
		return -errno;
	err = connect_to(c, &addr);
	if (!err)
		err = take_greeting(c);
	if (err)
		ctl_close(c);
	return err;
}

void ctl_close(struct ctl_client *c)
{
	if (c->sock >= 0)
		close(c->sock);
	c->sock = -1;
}

const char *ctl_strerror(int err)
{
	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "the driver is not loaded: iscsid does not run";
	case -EACCES:
		return "only root may ask the driver";
	case -EPROTO:
		return "iscsid is of another version";
	case -ETIMEDOUT:
		return "iscsid does not answer";
	case -EPIPE:
		return "iscsid ended the conversation";
	default:
		return strerror(-err);
	}
}

/*
 * fds - the handles of the simulated kernel, and operations in flight.
 */
#include "fds.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "config.h"
#include "kdev.h"
#include "ctl/msg.h"
#include "heap.h"
#include "loop.h"
#include "sim.h"

#define FIRST 1000000
#define MOST  256

static struct fd *fds[MOST];

struct fd *fd_new(const struct fd_ops *ops, void *obj)
{
	int i = 0;

	while (fds[i])
		if (++i == MOST)
			abort();
	fds[i] = world_alloc(sizeof(*fds[i]));
	fds[i]->number = FIRST + i;
	fds[i]->ops = ops;
	fds[i]->obj = obj;
	list_init(&fds[i]->pending);
	return fds[i];
}

struct fd *fd_find(int number)
{
	return number >= FIRST && number < FIRST + MOST ? fds[number - FIRST]
							: NULL;
}

static void drop_op(struct op *o)
{
	list_remove(&o->link);
	world_free(o);
}

static void fd_close(struct fd *fd, bool killed)
{
	while (!list_empty(&fd->pending))
		drop_op(container_of(fd->pending.next, struct op, link));
	fd->ops->close(fd, killed);
	fds[fd->number - FIRST] = NULL;
	world_free(fd);
}

void fds_kill(void)
{
	for (int i = 0; i < MOST; i++)
		if (fds[i])
			fd_close(fds[i], true);
}

/* Operations ---------------------------------------------------------- */

struct op *fd_pending(struct fd *fd, enum op_kind kind)
{
	struct list *pos;

	list_for_each (pos, &fd->pending) {
		struct op *o = container_of(pos, struct op, link);

		if (o->kind == kind)
			return o;
	}
	return NULL;
}

struct op *op_find(const struct io_op *io)
{
	struct list *pos;

	for (int i = 0; i < MOST; i++) {
		if (!fds[i])
			continue;
		list_for_each (pos, &fds[i]->pending) {
			struct op *o = container_of(pos, struct op, link);

			if (o->io == io)
				return o;
		}
	}
	return NULL;
}

void op_done(struct op *o, int res)
{
	loop_complete(o->io, res);
	drop_op(o);
}

size_t op_room(const struct op *o)
{
	size_t room = 0;

	for (size_t i = 0; i < o->n; i++)
		room += o->iov[i].iov_len;
	return room;
}

/* Calls for each piece of [at, at+n). */
static void walk(const struct op *o, size_t at, uint8_t *p, size_t n, bool put)
{
	for (size_t i = 0; i < o->n && n > 0; i++) {
		size_t len = o->iov[i].iov_len;
		uint8_t *base = o->iov[i].iov_base;

		if (at >= len) {
			at -= len;
			continue;
		}
		len = len - at < n ? len - at : n;
		memcpy(put ? base + at : p, put ? p : base + at, len);
		p += len;
		n -= len;
		at = 0;
	}
}

void op_put(const struct op *o, size_t at, const void *p, size_t n)
{
	walk(o, at, (uint8_t *)(uintptr_t)p, n, true);
}

void op_get(const struct op *o, size_t at, void *p, size_t n)
{
	walk(o, at, p, n, false);
}

/* System calls of the engine ------------------------------------------ */

static bool fd_has_port(uint16_t port)
{
	for (int i = 0; i < MOST; i++)
		if (fds[i] && port && fds[i]->port == port)
			return true;
	return false;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __real_fcntl64(int fd, int cmd, ...);
int __wrap_fcntl64(int fd, int cmd, ...);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_setsockopt(int fd, int level, int name, const void *v, socklen_t n);
int __wrap_getsockopt(int fd, int level, int name, void *v, socklen_t *n);
int __real_bind(int fd, const struct sockaddr *sa, socklen_t n);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t n);
int __real_getsockname(int fd, struct sockaddr *sa, socklen_t *n);
int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *n);
int __real_ioctl(int fd, unsigned long what, ...);
int __wrap_ioctl(int fd, unsigned long what, ...);
int __wrap_bind(int number, const struct sockaddr *sa, socklen_t n)
{
	const struct sockaddr_in *in = (const void *)sa;
	struct fd *fd = fd_find(number);

	if (!fd)
		return __real_bind(number, sa, n);
	if (config.bind_refused || fd_has_port(ntohs(in->sin_port))) {
		errno = config.bind_refused ? EPERM : EADDRINUSE;
		return -1;
	}
	fd->port = ntohs(in->sin_port);
	return 0;
}

int __wrap_getsockname(int number, struct sockaddr *sa, socklen_t *n)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct fd *fd = fd_find(number);

	if (!fd)
		return __real_getsockname(number, sa, n);
	in.sin_port = htons(fd->port);
	in.sin_addr.s_addr = htonl(fd->port ? 0x0a000064 : INADDR_ANY);
	memcpy(sa, &in, *n < sizeof(in) ? *n : sizeof(in));
	*n = sizeof(in);
	return 0;
}

int __wrap_ioctl(int number, unsigned long what, ...)
{
	struct fd *fd = fd_find(number);
	va_list ap;
	void *arg;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!fd)
		return __real_ioctl(number, what, arg);
	if (what != SIOCOUTQ) {
		errno = ENOTTY;
		return -1;
	}
	*(int *)arg = net_outq(fd);
	return 0;
}

ssize_t __wrap_getrandom(void *dst, size_t n, unsigned flags);
int __wrap_msg_send(int sock, const struct msg_out *m, int fd);
int __wrap_msg_recv(int sock, char *dst, size_t size, int *fd);

int __wrap_close(int number)
{
	struct fd *fd = fd_find(number);

	if (!fd)
		return __real_close(number);
	fd_close(fd, false);
	return 0;
}

int __wrap_fcntl64(int number, int cmd, ...)
{
	va_list ap;
	long arg;

	if (fd_find(number) && cmd == F_DUPFD_CLOEXEC)
		return kdev_of(number) ? kdev_dup(kdev_of(number)) : -1;
	if (fd_find(number))
		return 0;
	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return __real_fcntl64(number, cmd, arg);
}

int __wrap_socket(int domain, int type, int protocol)
{
	return net_socket()->number;
}

int __wrap_setsockopt(int number, int level, int name, const void *v,
		      socklen_t n)
{
	struct fd *fd = fd_find(number);
	const struct linger *linger = v;

	if (fd && level == SOL_SOCKET && name == SO_LINGER &&
	    config.linger_refused) {
		errno = EPERM;
		return -1;
	}
	if (fd && level == SOL_SOCKET && name == SO_LINGER)
		fd->linger0 = linger->l_onoff && !linger->l_linger;
	return 0;
}

/* TCP_INFO, as far as the engine reads it. */
int __wrap_getsockopt(int number, int level, int name, void *v, socklen_t *n)
{
	struct fd *fd = fd_find(number);

	if (!fd || level != IPPROTO_TCP || name != TCP_INFO) {
		errno = ENOPROTOOPT;
		return -1;
	}
	*n = (socklen_t)net_tcp_info(fd, v, *n);
	return 0;
}

ssize_t __wrap_getrandom(void *dst, size_t n, unsigned flags)
{
	uint8_t *p = dst;

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(dice_roll(&sim.engine) >> 32);
	return (ssize_t)n;
}

int __wrap_msg_send(int sock, const struct msg_out *m, int fd)
{
	return host_from_engine(sock, m, fd);
}

int __wrap_msg_recv(int sock, char *dst, size_t size, int *fd)
{
	return host_to_engine(sock, dst, size, fd);
}

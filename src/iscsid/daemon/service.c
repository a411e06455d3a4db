/*
 * service - the service manager that started us.
 */
#include "iscsid/daemon/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

#define MOST_HANDLES 65536 /* a number from the environment */
#define PATIENCE     2	   /* s with a service manager that does not read */

/* Telling ---------------------------------------------------------------- */

/* '@' begins an abstract name. */
static socklen_t find_socket(struct sockaddr_un *to)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	if (n < 2 || n > sizeof(to->sun_path))
		return 0;
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(to->sun_path, path, n);
	if (*path == '@')
		to->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

static void add_handle(struct msghdr *m, void *room, size_t size, int handle)
{
	struct cmsghdr *c;

	m->msg_control = room;
	m->msg_controllen = size;
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(handle));
	memcpy(CMSG_DATA(c), &handle, sizeof(handle));
}

static void tell(const char *text, int handle)
{
	const struct timeval patience = { .tv_sec = PATIENCE };
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(handle))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)text, strlen(text) };
	struct sockaddr_un to;
	struct msghdr m = {
		.msg_name = &to,
		.msg_namelen = find_socket(&to),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	int s;

	if (!m.msg_namelen)
		return;
	if (handle >= 0)
		add_handle(&m, room, sizeof(room), handle);
	s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return;
	/* Without an end of our patience nothing is sent: disks wait for us. */
	if (setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) < 0 ||
	    sendmsg(s, &m, MSG_NOSIGNAL) < 0)
		log_warn(NULL, "the service manager cannot be told \"%s\": %s",
			 text, strerror(errno));
	close(s);
}

void service_tell(const char *line)
{
	tell(line, -1);
}

void service_keep(const char *name, int handle)
{
	char text[128];

	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s", name);
	tell(text, handle);
}

void service_drop(const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	tell(text, -1);
}

/* What was kept ---------------------------------------------------------- */

static uint64_t number(const char *name, uint64_t max)
{
	const char *text = getenv(name);
	uint64_t n;

	if (!text || str_u64(text, strlen(text), max, &n))
		return 0;
	return n;
}

/* The next of the names, which colons part; "" when there is none. */
static void next_name(const char **names, char *dst, size_t size)
{
	size_t n = strcspn(*names, ":");

	str_printable(dst, size, *names, n);
	*names += n;
	if (**names == ':')
		(*names)++;
}

void service_kept(void (*each)(void *ctx, const char *name, int handle),
		  void *ctx)
{
	const char *names = getenv("LISTEN_FDNAMES");
	int count = (int)number("LISTEN_FDS", MOST_HANDLES);
	char name[64];

	if (number("LISTEN_PID", INT32_MAX) != (uint64_t)getpid() || !names)
		return;
	for (int i = 0; i < count; i++) {
		next_name(&names, name, sizeof(name));
		if (fcntl(SERVICE_FIRST_HANDLE + i, F_SETFD, FD_CLOEXEC) < 0) {
			log_warn(name, "was kept, and is no handle: %s",
				 strerror(errno));
			continue;
		}
		each(ctx, name, SERVICE_FIRST_HANDLE + i);
	}
	/* Names that it cannot refuse. */
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
}

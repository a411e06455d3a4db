/*
 * launch - one engine process: started, or found again by its socket.
 */
#include "iscsid/run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "io/sock.h"

#define ENGINE_SOCKET	3	  /* its end, by agreement */
#define ENGINE_LISTENER 4	  /* for the manager after us */
#define SOCKET_BUFFER	(1 << 20) /* bytes */
#define BACKLOG		16	  /* managers that died before it looked */

#define ENGINE_NAME "iscsid-engine"

/* The program ------------------------------------------------------------ */

/* The directory of our own executable. */
static int own_place(char *dst, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dst, size - 1);
	char *slash;

	if (n < 0)
		return -errno;
	dst[n] = '\0';
	slash = strrchr(dst, '/');
	if (slash)
		*slash = '\0';
	return 0;
}

static bool try_program(char *dst, size_t size, const char *dir,
			const char *name)
{
	struct strbuf sb;

	sb_init(&sb, dst, size);
	sb_add(&sb, "%s%s", dir, name);
	return !sb.full && access(dst, X_OK) == 0;
}

/*
 * Installed, the engine has one place and the environment no say.  Else it
 * lies beside us, or beside our folder in the build tree.
 */
int launch_find_program(char *dst, size_t size)
{
	const char *override = getenv("SOFTHBA_ENGINE");
	char place[2048];
	int err = own_place(place, sizeof(place));

	if (err)
		return err;
	if (strcmp(place, SBINDIR) != 0) {
		if (override)
			return try_program(dst, size, "", override) ? 0
								    : -errno;
		if (try_program(dst, size, place, "/" ENGINE_NAME) ||
		    try_program(dst, size, place, "/../engine/" ENGINE_NAME))
			return 0;
	}
	return try_program(dst, size, LIBEXECDIR, "/" ENGINE_NAME) ? 0 : -errno;
}

/* Starting --------------------------------------------------------------- */

/* Both out of the way first: either may sit on the other's place. */
static bool place_handles(int sock, int listener)
{
	int s = fcntl(sock, F_DUPFD, 10);
	int l = listener >= 0 ? fcntl(listener, F_DUPFD, 10) : -1;

	if (s < 0 || dup2(s, ENGINE_SOCKET) < 0)
		return false;
	if (l < 0)
		return close_range(ENGINE_SOCKET + 1, ~0U, 0) == 0;
	/* Listening again makes it this process's: see peer_of(). */
	return dup2(l, ENGINE_LISTENER) >= 0 &&
	       close_range(ENGINE_LISTENER + 1, ~0U, 0) == 0 &&
	       listen(ENGINE_LISTENER, BACKLOG) == 0;
}

/* In the child: the sockets, the terminal's handles, nothing else. */
static _Noreturn void run_engine(const struct launch *l, int sock, int listener)
{
	char *const argv[] = { (char[]){ ENGINE_NAME }, NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	/* Neither can fail: constants, and signals that exist. */
	(void)signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	setsid(); /* the terminal's Ctrl-C is the manager's business */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    (!l->keep_stderr && dup2(null, 2) < 0) ||
	    !place_handles(sock, listener))
		_exit(126);
	execv(l->program, argv);
	_exit(127);
}

static int watch_process(pid_t pid, struct launched *out)
{
	int err;

	out->pid = pid;
	out->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (out->pidfd >= 0)
		return 0;
	err = -errno;
	/* Our child, not waited for yet: it is there, and it ends. */
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return err;
}

static int start(const struct launch *l, int listener, struct launched *out)
{
	int sv[2], size = SOCKET_BUFFER, err;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, sv) < 0)
		return -errno;
	/* A wish: what finds no room waits in the queues of both ends. */
	for (int i = 0; i < 2; i++)
		(void)setsockopt(sv[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
				 sizeof(size));
	pid = fork();
	if (pid == 0)
		run_engine(l, sv[1], listener);
	err = pid < 0 ? -errno : watch_process(pid, out);
	close(sv[1]);
	if (err)
		close(sv[0]);
	else
		out->sock = sv[0];
	return err;
}

int launch_start(const struct launch *l, struct launched *out)
{
	int listener = sock_listen_unix(l->path, 0600), err;

	/* All works without it, but the end of this manager. */
	if (listener < 0)
		log_warn(l->path,
			 "cannot be listened at (%s): with this "
			 "manager the disks of the engine end",
			 strerror(-listener));
	err = start(l, listener, out);
	if (listener >= 0)
		close(listener);
	return err;
}

/* Finding ---------------------------------------------------------------- */

static int connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int size = SOCKET_BUFFER, err, fd;

	if (!str_copy(un.sun_path, sizeof(un.sun_path), path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A wish: see start(). */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	err = -errno;
	close(fd);
	if (err == -ECONNREFUSED) /* of a dead one */
		err = unlink(path) < 0 ? -errno : -ENOENT;
	return err;
}

/* Who listens: unix(7), SO_PEERCRED. */
static int peer_of(int sock, struct launched *out)
{
	struct pollfd over = { .fd = sock }; /* closed? what it says can wait */
	struct ucred who;
	socklen_t n = sizeof(who);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return -errno;
	if (who.pid <= 1 || who.pid == getpid())
		return -ESRCH;
	out->pid = who.pid;
	out->pidfd = (int)syscall(SYS_pidfd_open, who.pid, 0);
	if (out->pidfd < 0)
		return -errno;
	/* Still there: the number was not somebody else's by then. */
	if (poll(&over, 1, 0) == 0)
		return 0;
	close(out->pidfd);
	return -ENOENT;
}

int launch_find(const char *path, struct launched *out)
{
	int sock = connect_to(path), err;

	if (sock < 0)
		return sock;
	err = peer_of(sock, out);
	if (err)
		close(sock);
	else
		out->sock = sock;
	return err;
}

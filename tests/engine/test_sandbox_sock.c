/*
 * test_sandbox_sock - what io/sock.c promises, from within the engine's
 * sandbox: a filter that refuses an option undoes it without a word.
 *
 * The connecting end is a child in the sandbox; the test is its peer and, as
 * root, looks at the child's socket by pidfd_getfd(2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/host/sandbox.h"
#include "io/sock.h"

#define MUCH	(32u << 20)
#define WAIT_MS 10000

/* What child and test tell each other. */
static struct shared {
	atomic_bool up;	     /* the child's socket is connected */
	atomic_int fd;	     /* ... and has this number */
	atomic_bool go;	     /* the test has seen what it wanted to */
	atomic_size_t taken; /* bytes that the child's kernel took ... */
	atomic_bool full;    /* ... and that is all it takes */
	atomic_uchar refused[SOCK_WISHES];
} * shared;

static struct io_loop *loop;
static struct sock conn;
static int lost_err = 1;
static bool gone, sends;
static char bytes[1 << 20];

static void on_up(struct sock *sock)
{
	for (int w = 0; w < SOCK_WISHES; w++)
		shared->refused[w] = sock->refused[w];
	shared->fd = sock->fd;
	shared->up = true;
}

static void on_lost(struct sock *sock, int err)
{
	lost_err = err;
}

static int rx_want(struct sock *sock, struct iovec iov[static SOCK_RX_IOV])
{
	iov[0] = (struct iovec){ bytes, 1 };
	return 1;
}

static int tx_want(struct sock *sock, struct iovec *iov, int max)
{
	if (!sends || shared->taken >= MUCH)
		return 0;
	iov[0] = (struct iovec){ bytes, sizeof(bytes) };
	return 1;
}

static void rx_done(struct sock *sock, size_t n)
{
}

static void tx_done(struct sock *sock, size_t n)
{
	shared->taken += n;
}

static void on_gone(struct sock *sock)
{
	gone = true;
}

static const struct sock_ops ops = {
	.up = on_up,
	.lost = on_lost,
	.rx_want = rx_want,
	.rx_done = rx_done,
	.tx_want = tx_want,
	.tx_done = tx_done,
	.gone = on_gone,
};

/* The child's parts ---------------------------------------------------- */

static void turn(int ms)
{
	if (io_loop_run_once(loop, ms) < 0)
		_exit(10);
}

/* Until no buffer takes more. */
static void fill(void)
{
	size_t before;

	sends = true;
	sock_kick_tx(&conn);
	do {
		before = shared->taken;
		turn(200);
	} while (shared->taken > before || !shared->taken);
	shared->full = true;
}

static int fill_and_close(void)
{
	fill();
	sock_close(&conn);
	while (!gone)
		turn(1000);
	return 0;
}

static int fill_and_wait(void)
{
	fill();
	while (!shared->go)
		turn(1000);
	return 0;
}

static int suspect_until_lost(void)
{
	while (!shared->go)
		turn(10);
	sends = true;
	sock_kick_tx(&conn);
	while (lost_err == 1) {
		turn(500);
		sock_suspect(&conn);
	}
	return lost_err == -ETIMEDOUT ? 0 : 11;
}

static int wait_suspecting(void)
{
	while (!shared->up)
		turn(10);
	sock_suspect(&conn);
	shared->full = true;
	while (!shared->go)
		turn(10);
	return 0;
}

static void child(int (*part)(void), const struct sockaddr_storage *to)
{
	static const struct sock_options opt = { .user_timeout = 7000 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (io_loop_new(64, IO_LOOP_RESTRICTED, &loop) < 0 ||
	    sandbox_drop(SANDBOX_USER) < 0 || sandbox_filter() < 0)
		_exit(20);
	if (sock_connect(&conn, loop, &ops, to, &opt) < 0)
		_exit(21);
	_exit(part());
}

/* The test's ------------------------------------------------------------ */

static pid_t pid;
static int peer;

static void start(int (*part)(void))
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	const struct timeval patience = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;

	memset(shared, 0, sizeof(*shared));
	/* What waits at this end is delivered, and not taken back. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(sock_addr("127.0.0.1", 0, &at), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sock_addr_len(&at)),
			 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		child(part, &at);
	peer = accept(fd, NULL, NULL);
	assert_true(peer >= 0);
	close(fd);
}

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
}

static bool child_ended(void)
{
	siginfo_t si = { 0 };

	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) ||
	       si.si_pid;
}

static void wait_for(const atomic_bool *what)
{
	for (int ms = 0; ms < WAIT_MS && !*what && !child_ended(); ms += 10)
		nap();
	assert_true(*what);
}

/* The child's exit status, or 1000 + the signal. */
static int end_of_child(void)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status)
				   : WEXITSTATUS(status);
}

/* Reads to the end; returns what ended it: 0 or an errno. */
static int drain(size_t *got)
{
	static char junk[65536];
	ssize_t n;

	*got = 0;
	while ((n = read(peer, junk, sizeof(junk))) > 0)
		*got += (size_t)n;
	return n < 0 ? errno : 0;
}

static void expect_taken_back(void)
{
	struct pollfd reset = { .fd = peer }; /* POLLERR, POLLHUP */
	size_t got;

	/*
	 * A dead process's ring lets go of its socket a little later; reading
	 * makes room for what that still sends.
	 */
	assert_int_equal(poll(&reset, 1, WAIT_MS), 1);
	assert_int_equal(drain(&got), ECONNRESET);
	assert_true(shared->taken > got + (64 << 10));
	close(peer);
}

static void test_closing_takes_back_what_was_not_sent(void **state)
{
	start(fill_and_close);
	assert_int_equal(end_of_child(), 0);
	expect_taken_back();
}

static void test_dying_takes_back_what_was_not_sent(void **state)
{
	start(fill_and_wait);
	wait_for(&shared->full);
	kill(pid, SIGKILL);
	assert_int_equal(end_of_child(), 1000 + SIGKILL);
	expect_taken_back();
}

/* The child's socket, in this process. */
static int borrow(void)
{
	int handle = (int)syscall(SYS_pidfd_open, pid, 0), fd;

	assert_true(handle >= 0);
	fd = (int)syscall(SYS_pidfd_getfd, handle, (int)shared->fd, 0);
	close(handle);
	assert_true(fd >= 0);
	return fd;
}

static int option(int fd, int level, int name)
{
	int v = -1;
	socklen_t len = sizeof(v);

	assert_int_equal(getsockopt(fd, level, name, &v, &len), 0);
	return v;
}

static void test_every_option_is_set(void **state)
{
	struct linger l;
	socklen_t len = sizeof(l);
	int fd;

	start(wait_suspecting);
	wait_for(&shared->full);
	fd = borrow();
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len), 0);
	assert_true(l.l_onoff && !l.l_linger);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 7000);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 6);
	/* As of a peer that owes an answer. */
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 1);
	for (int w = 0; w < SOCK_WISHES; w++)
		if (w != SOCK_RTO_MAX || shared->refused[w] != ENOPROTOOPT)
			assert_int_equal(shared->refused[w], 0);
	close(fd);
	shared->go = true;
	assert_int_equal(end_of_child(), 0);
	close(peer);
}

/* By TCP_INFO, which the filter has to let it read. */
static void test_a_peer_that_acknowledges_nothing_is_lost(void **state)
{
	static struct sock_filter drop = { .code = BPF_RET | BPF_K, .k = 0 };
	const struct sock_fprog prog = { .len = 1, .filter = &drop };

	start(suspect_until_lost);
	wait_for(&shared->up);
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				    sizeof(prog)),
			 0);
	shared->go = true;
	assert_int_equal(end_of_child(), 0);
	close(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closing_takes_back_what_was_not_sent),
		cmocka_unit_test(test_dying_takes_back_what_was_not_sent),
		cmocka_unit_test(test_every_option_is_set),
		cmocka_unit_test(test_a_peer_that_acknowledges_nothing_is_lost),
	};

	if (geteuid() != 0)
		return 77; /* skipped: dropping privileges needs some */
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

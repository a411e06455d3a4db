/*
 * test_sock_options - a kernel, or a filter, that refuses an option of a
 * socket: which one costs the connection, and which ones are told of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "io/sock.h"

#define TURNS	1000
#define LONG_MS 10000

static struct {
	int level, name, err;
} refuse; /* err 0: nothing is refused */

int __real_setsockopt(int fd, int level, int name, const void *v, socklen_t n);
int __wrap_setsockopt(int fd, int level, int name, const void *v, socklen_t n);
int __real_getsockopt(int fd, int level, int name, void *v, socklen_t *n);
int __wrap_getsockopt(int fd, int level, int name, void *v, socklen_t *n);

static bool is_refused(int level, int name)
{
	if (!refuse.err || refuse.level != level || refuse.name != name)
		return false;
	errno = refuse.err;
	return true;
}

int __wrap_setsockopt(int fd, int level, int name, const void *v, socklen_t n)
{
	return is_refused(level, name)
		       ? -1
		       : __real_setsockopt(fd, level, name, v, n);
}

int __wrap_getsockopt(int fd, int level, int name, void *v, socklen_t *n)
{
	return is_refused(level, name)
		       ? -1
		       : __real_getsockopt(fd, level, name, v, n);
}

static unsigned ups, losts, gones;

static void on_up(struct sock *sock)
{
	ups++;
}

static void on_lost(struct sock *sock, int err)
{
	losts++;
}

static int want(struct sock *sock, struct iovec iov[static SOCK_RX_IOV])
{
	return 0;
}

static int want_none(struct sock *sock, struct iovec *iov, int max)
{
	return 0;
}

static void done(struct sock *sock, size_t n)
{
}

static void on_gone(struct sock *sock)
{
	gones++;
}

static const struct sock_ops ops = {
	.up = on_up,
	.lost = on_lost,
	.rx_want = want,
	.rx_done = done,
	.tx_want = want_none,
	.tx_done = done,
	.gone = on_gone,
};

static const struct sock_options all = {
	.window = 65536,
	.user_timeout = 7000,
	.keepalive = true,
};

static struct sock sock;
static struct sockaddr_storage at;
static int listening;

static int set_up(void **state)
{
	struct io_loop *l;
	socklen_t len = sizeof(at);

	ups = losts = gones = 0;
	refuse.err = 0;
	listening = socket(AF_INET, SOCK_STREAM, 0);
	if (io_loop_new(64, 0, &l) || sock_addr("127.0.0.1", 0, &at) ||
	    bind(listening, (struct sockaddr *)&at, sock_addr_len(&at)) ||
	    getsockname(listening, (struct sockaddr *)&at, &len) ||
	    listen(listening, 64))
		return -1;
	memset(&sock, 0xee, sizeof(sock));
	*state = l;
	return 0;
}

static int tear_down(void **state)
{
	io_loop_free(*state);
	close(listening);
	return 0;
}

static void until(struct io_loop *l, const unsigned *n)
{
	for (unsigned i = 0; i < TURNS && !*n; i++)
		assert_int_equal(io_loop_run_once(l, LONG_MS), 0);
	assert_int_equal(*n, 1);
}

static void end(struct io_loop *l)
{
	sock_close(&sock);
	until(l, &gones);
}

static void test_a_socket_that_cannot_take_back_is_not_used(void **state)
{
	int next = dup(listening), again;

	close(next);
	refuse.level = SOL_SOCKET;
	refuse.name = SO_LINGER;
	refuse.err = EPERM;
	assert_int_equal(sock_connect(&sock, *state, &ops, &at, &all), -EPERM);
	assert_true(sock.unsafe);
	again = dup(listening);
	assert_int_equal(again, next); /* it was closed */
	close(again);
	assert_int_equal(io_loop_run_once(*state, 0), 0);
	assert_int_equal(ups + losts + gones, 0);
}

static void test_each_wish_that_is_refused_is_remembered(void **state)
{
	static const struct {
		int level, name;
	} wishes[] = {
		[SOCK_NODELAY] = { IPPROTO_TCP, TCP_NODELAY },
		[SOCK_SNDBUF] = { SOL_SOCKET, SO_SNDBUF },
		[SOCK_RCVBUF] = { SOL_SOCKET, SO_RCVBUF },
		[SOCK_RTO_MAX] = { IPPROTO_TCP, TCP_RTO_MAX_MS },
		[SOCK_USER_TIMEOUT] = { IPPROTO_TCP, TCP_USER_TIMEOUT },
		[SOCK_KEEPALIVE] = { SOL_SOCKET, SO_KEEPALIVE },
		[SOCK_KEEPCNT] = { IPPROTO_TCP, TCP_KEEPCNT },
		[SOCK_KEEPINTVL] = { IPPROTO_TCP, TCP_KEEPINTVL },
		[SOCK_KEEPIDLE] = { IPPROTO_TCP, TCP_KEEPIDLE },
	};

	for (int w = 0; w < SOCK_INFO; w++) {
		ups = gones = 0;
		refuse.level = wishes[w].level;
		refuse.name = wishes[w].name;
		refuse.err = EACCES;
		assert_int_equal(sock_connect(&sock, *state, &ops, &at, &all),
				 0);
		assert_false(sock.unsafe);
		until(*state, &ups);
		for (int i = 0; i < SOCK_WISHES; i++)
			/* A kernel before 6.15 has no SOCK_RTO_MAX. */
			if (i == w || i != SOCK_RTO_MAX)
				assert_int_equal(sock.refused[i],
						 i == w ? EACCES : 0);
		end(*state);
	}
}

static void test_names_are_those_of_the_manual(void **state)
{
	assert_string_equal(sock_wish_name(SOCK_NODELAY), "TCP_NODELAY");
	assert_string_equal(sock_wish_name(SOCK_INFO), "TCP_INFO");
	for (int w = 0; w < SOCK_WISHES; w++)
		assert_non_null(sock_wish_name(w));
}

static void test_a_path_that_cannot_be_looked_at_is_told_of(void **state)
{
	assert_int_equal(sock_connect(&sock, *state, &ops, &at, &all), 0);
	until(*state, &ups);
	assert_int_equal(sock.refused[SOCK_INFO], 0);
	refuse.level = IPPROTO_TCP;
	refuse.name = TCP_INFO;
	refuse.err = EPERM;
	sock_suspect(&sock);
	assert_int_equal(sock.refused[SOCK_INFO], EPERM);
	assert_int_equal(losts, 0);
	end(*state);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_socket_that_cannot_take_back_is_not_used),
		T(test_each_wish_that_is_refused_is_remembered),
		T(test_names_are_those_of_the_manual),
		T(test_a_path_that_cannot_be_looked_at_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

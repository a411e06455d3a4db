/*
 * test_sock - io/sock over loopback, and addresses as text.
 *
 * Listeners are on port 0 of 127.0.0.1: the kernel picks a free one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/list.h"
#include "base/fsm.h"
#include "io/sock.h"

#define TURNS	1000
#define LONG_MS 10000

struct end { /* one end of a connection, with what it sends and got */
	struct sock s;
	struct io_loop *loop;
	const char *out;
	size_t out_len, sent, piece; /* piece: bytes offered per iovec */
	char *in;
	size_t in_len, got;
	unsigned ups, losts, gones;
	int err;
	bool close_when_up;
};

static struct end *end_of(struct sock *s)
{
	return container_of(s, struct end, s);
}

static void on_up(struct sock *s)
{
	end_of(s)->ups++;
	if (end_of(s)->close_when_up)
		sock_close(s);
}

static void on_lost(struct sock *s, int err)
{
	end_of(s)->losts++;
	end_of(s)->err = err;
}

static int rx_want(struct sock *s, struct iovec iov[static SOCK_RX_IOV])
{
	struct end *e = end_of(s);
	size_t left = e->in_len - e->got, half = left / 2;

	if (left == 0)
		return 0;
	iov[0] = (struct iovec){ e->in + e->got, left - half };
	iov[1] = (struct iovec){ e->in + e->got + left - half, half };
	return half ? 2 : 1;
}

static void rx_done(struct sock *s, size_t n)
{
	end_of(s)->got += n;
}

static int tx_want(struct sock *s, struct iovec *iov, int max)
{
	struct end *e = end_of(s);
	size_t at = e->sent, n;
	int i;

	for (i = 0; i < max && at < e->out_len; i++, at += n) {
		n = e->out_len - at < e->piece ? e->out_len - at : e->piece;
		iov[i] = (struct iovec){ (char *)(uintptr_t)e->out + at, n };
	}
	return i;
}

static void tx_done(struct sock *s, size_t n)
{
	end_of(s)->sent += n;
}

static void on_gone(struct sock *s)
{
	end_of(s)->gones++;
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

static const struct sock_options no_options;

static int listener(int type, struct sockaddr_storage *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(sock_addr("127.0.0.1", 0, at), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)at, sock_addr_len(at)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void turn(struct io_loop *l)
{
	assert_int_equal(io_loop_run_once(l, LONG_MS), 0);
}

static void until_nonzero(struct io_loop *l, const unsigned *n)
{
	for (unsigned i = 0; i < TURNS && !*n; i++)
		turn(l);
	assert_int_equal(*n, 1);
}

/* a connects, b is accepted. */
static void connect_ends(struct io_loop *l, struct end *a, struct end *b)
{
	struct sockaddr_storage at;
	int fd = listener(SOCK_STREAM, &at);

	assert_int_equal(sock_connect(&a->s, l, &ops, &at, &no_options), 0);
	until_nonzero(l, &a->ups);
	sock_adopt(&b->s, l, &ops, accept(fd, NULL, NULL));
	close(fd);
}

static void close_ends(struct io_loop *l, struct end *a, struct end *b)
{
	sock_close(&a->s);
	sock_close(&b->s);
	until_nonzero(l, &a->gones);
	until_nonzero(l, &b->gones);
}

static void test_megabytes_arrive_whole_both_ways(void **state)
{
	enum {
		LEN = 3 << 20
	};
	struct end a = { .piece = 4099 }, b = { .piece = 48 };
	char *out = malloc(LEN), *in_a = malloc(LEN), *in_b = malloc(LEN);
	uint32_t x = 1;

	for (size_t i = 0; i < LEN; i++)
		out[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
	a.out = b.out = out;
	a.out_len = a.in_len = b.in_len = LEN;
	b.out_len = LEN / 8;
	a.in = in_a;
	b.in = in_b;
	connect_ends(*state, &a, &b);
	while (b.got < LEN || a.got < LEN / 8)
		turn(*state);
	assert_int_equal(a.sent, LEN);
	assert_memory_equal(in_b, out, LEN);
	assert_memory_equal(in_a, out, LEN / 8);
	close_ends(*state, &a, &b);
	free(out);
	free(in_a);
	free(in_b);
}

static void test_kick_sends_what_came_up_later(void **state)
{
	char in[4];
	struct end a = { .piece = 4 }, b = { .in = in, .in_len = 4 };

	connect_ends(*state, &a, &b);
	assert_int_equal(io_loop_run_once(*state, 0), 0);
	a.out = "late";
	a.out_len = 4;
	sock_kick_tx(&a.s);
	while (b.got < 4)
		turn(*state);
	assert_memory_equal(in, "late", 4);
	close_ends(*state, &a, &b);
}

static void test_receiving_pauses_until_it_is_kicked(void **state)
{
	char in[2] = "";
	struct end a = { .piece = 2, .out = "xy", .out_len = 2 };
	struct end b = { .in = in, .in_len = 0 };

	connect_ends(*state, &a, &b);
	while (a.sent < 2)
		turn(*state);
	assert_int_equal(io_loop_run_once(*state, 0), 0);
	assert_int_equal(b.got, 0);
	b.in_len = 2;
	sock_kick_rx(&b.s);
	while (b.got < 2)
		turn(*state);
	close_ends(*state, &a, &b);
}

static void test_peer_that_closes_is_lost_and_gone(void **state)
{
	char in[4];
	struct end a = { .in = in, .in_len = 4, .err = 1 }, b = { 0 };

	connect_ends(*state, &a, &b);
	sock_close(&b.s);
	until_nonzero(*state, &a.losts);
	assert_int_equal(a.err, 0);
	assert_int_not_equal(a.s.state, SOCK_UP);
	until_nonzero(*state, &a.gones);
	until_nonzero(*state, &b.gones);
	assert_int_equal(b.losts, 0);
}

static void test_refused_connection_says_so(void **state)
{
	struct sockaddr_storage at;
	struct end a = { 0 };

	close(listener(SOCK_STREAM, &at));
	assert_int_equal(sock_connect(&a.s, *state, &ops, &at, &no_options), 0);
	until_nonzero(*state, &a.losts);
	assert_int_equal(a.err, -ECONNREFUSED);
	until_nonzero(*state, &a.gones);
}

/* A listener with a full backlog answers no SYN. */
static void test_silent_peer_times_out(void **state)
{
	struct sock_options opt = { .connect_ms = 20 };
	struct sockaddr_storage at;
	struct end full[3] = { 0 }, a = { 0 };
	int fd = listener(SOCK_STREAM, &at);

	listen(fd, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(sock_connect(&full[i].s, *state, &ops, &at,
					      &no_options),
				 0);
	until_nonzero(*state, &full[0].ups);
	assert_int_equal(sock_connect(&a.s, *state, &ops, &at, &opt), 0);
	until_nonzero(*state, &a.losts);
	assert_int_equal(a.err, -ETIMEDOUT);
	until_nonzero(*state, &a.gones);
	for (int i = 0; i < 3; i++) {
		sock_close(&full[i].s);
		until_nonzero(*state, &full[i].gones);
	}
	close(fd);
}

static void test_close_from_the_up_callback_is_safe(void **state)
{
	struct end a = { .close_when_up = true }, b = { 0 };

	connect_ends(*state, &a, &b);
	until_nonzero(*state, &a.gones);
	assert_int_equal(a.losts, 0);
	sock_close(&b.s);
	until_nonzero(*state, &b.gones);
}

/* Reads to the end; returns what ended it: 0 or an errno. */
static int drain(int fd)
{
	char junk[65536];
	ssize_t n;

	do
		n = read(fd, junk, sizeof(junk));
	while (n > 0);
	return n < 0 ? errno : 0;
}

static void test_close_takes_back_what_was_not_sent(void **state)
{
	enum {
		LEN = 64 << 20
	};
	struct sockaddr_storage at;
	struct end a = { .piece = 1 << 20 };
	int fd = listener(SOCK_STREAM, &at), peer;
	size_t before;

	a.out = calloc(1, LEN);
	a.out_len = LEN;
	assert_int_equal(sock_connect(&a.s, *state, &ops, &at, &no_options), 0);
	until_nonzero(*state, &a.ups);
	peer = accept(fd, NULL, NULL);
	do { /* until no buffer takes more */
		before = a.sent;
		assert_int_equal(io_loop_run_once(*state, 100), 0);
	} while (a.sent > before);
	assert_true(a.sent < LEN);
	sock_close(&a.s);
	until_nonzero(*state, &a.gones);
	assert_int_equal(drain(peer), ECONNRESET);
	free((void *)(uintptr_t)a.out);
	close(peer);
	close(fd);
}

/* So that the target's TCP ends a connection of before. */
static void test_the_port_of_before_is_taken_again(void **state)
{
	struct sock_options again = { 0 };
	struct sockaddr_storage at;
	struct sockaddr_in from;
	socklen_t n = sizeof(from);
	struct end a = { 0 }, b = { 0 };
	int fd = listener(SOCK_STREAM, &at), peer;

	assert_int_equal(sock_connect(&a.s, *state, &ops, &at, &no_options), 0);
	until_nonzero(*state, &a.ups);
	again.local_port = a.s.local_port;
	assert_int_not_equal(again.local_port, 0);
	close(accept(fd, NULL, NULL));
	sock_close(&a.s);
	until_nonzero(*state, &a.gones);
	assert_int_equal(sock_connect(&b.s, *state, &ops, &at, &again), 0);
	until_nonzero(*state, &b.ups);
	peer = accept(fd, (struct sockaddr *)&from, &n);
	assert_int_equal(ntohs(from.sin_port), again.local_port);
	sock_close(&b.s);
	until_nonzero(*state, &b.gones);
	close(peer);
	close(fd);
}

static void test_a_port_that_is_taken_is_done_without(void **state)
{
	struct sock_options opt = { 0 };
	struct sockaddr_storage at, other;
	struct end a = { 0 };
	int fd = listener(SOCK_STREAM, &at),
	    taken = listener(SOCK_STREAM, &other);

	opt.local_port = ntohs(((struct sockaddr_in *)&other)->sin_port);
	assert_int_equal(sock_connect(&a.s, *state, &ops, &at, &opt), 0);
	until_nonzero(*state, &a.ups);
	assert_int_not_equal(a.s.local_port, opt.local_port);
	sock_close(&a.s);
	until_nonzero(*state, &a.gones);
	close(taken);
	close(fd);
}

static void test_close_during_connect_comes_to_gone(void **state)
{
	struct sockaddr_storage at;
	struct end a = { 0 };
	int fd = listener(SOCK_STREAM, &at);

	assert_int_equal(sock_connect(&a.s, *state, &ops, &at, &no_options), 0);
	sock_close(&a.s);
	sock_close(&a.s);
	assert_int_equal(a.gones, 0);
	until_nonzero(*state, &a.gones);
	assert_int_equal(a.ups + a.losts, 0);
	close(fd);
}

static void test_options_reach_the_socket(void **state)
{
	struct sock_options opt = { .window = 65536,
				    .user_timeout = 7000,
				    .keepalive = true };
	struct sockaddr_storage at;
	struct end a = { 0 };
	int fd = listener(SOCK_STREAM, &at), v;
	socklen_t len = sizeof(v);

	assert_int_equal(sock_connect(&a.s, *state, &ops, &at, &opt), 0);
	getsockopt(a.s.fd, IPPROTO_TCP, TCP_NODELAY, &v, &len);
	assert_int_equal(v, 1);
	getsockopt(a.s.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &v, &len);
	assert_int_equal(v, 7000);
	getsockopt(a.s.fd, SOL_SOCKET, SO_KEEPALIVE, &v, &len);
	assert_int_equal(v, 1);
	getsockopt(a.s.fd, SOL_SOCKET, SO_SNDBUF, &v, &len);
	assert_int_equal(v, 2 * 65536); /* the kernel doubles it: socket(7) */
	sock_close(&a.s);
	until_nonzero(*state, &a.gones);
	close(fd);
}

static void
test_without_a_window_the_kernel_sizes_the_one_to_receive(void **state)
{
	int fresh = socket(AF_INET, SOCK_STREAM, 0), fd, of_fresh, v;
	socklen_t len = sizeof(v);
	struct sockaddr_storage at;
	struct end a = { 0 };

	fd = listener(SOCK_STREAM, &at);
	assert_int_equal(sock_connect(&a.s, *state, &ops, &at, &no_options), 0);
	getsockopt(fresh, SOL_SOCKET, SO_RCVBUF, &of_fresh, &len);
	getsockopt(a.s.fd, SOL_SOCKET, SO_RCVBUF, &v, &len);
	assert_int_equal(v, of_fresh);
	getsockopt(a.s.fd, SOL_SOCKET, SO_SNDBUF, &v, &len);
	getsockopt(fresh, SOL_SOCKET, SO_SNDBUF, &of_fresh, &len);
	assert_int_not_equal(v, of_fresh);
	sock_close(&a.s);
	until_nonzero(*state, &a.gones);
	close(fresh);
	close(fd);
}

/* The peer's kernel hears nothing of the connection any more. */
static void deafen(int fd)
{
	static struct sock_filter drop = { .code = BPF_RET | BPF_K, .k = 0 };
	const struct sock_fprog prog = { .len = 1, .filter = &drop };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
				    sizeof(prog)),
			 0);
}

static int connect_peer(struct io_loop *l, struct end *a)
{
	struct sockaddr_storage at;
	int fd = listener(SOCK_STREAM, &at), peer;

	assert_int_equal(sock_connect(&a->s, l, &ops, &at, &no_options), 0);
	until_nonzero(l, &a->ups);
	peer = accept(fd, NULL, NULL);
	close(fd);
	return peer;
}

enum {
	DEAF_TO_BYTES,
	DEAF,
	SLOW,	/* it has all, and says nothing */
	FULL,	/* its window is closed */
	WAITING /* kinds of peers */
};

/* One after the other they would take four times as long. */
static void test_only_a_peer_that_acknowledges_nothing_is_lost(void **state)
{
	struct end a[WAITING] = { 0 };
	char *much = calloc(1, 8 << 20);
	int peer[WAITING];

	for (int i = 0; i < WAITING; i++) {
		a[i].piece = 1 << 20;
		peer[i] = connect_peer(*state, &a[i]);
		if (i <= DEAF)
			deafen(peer[i]);
		a[i].out = much;
		a[i].out_len = i == FULL ? 8 << 20 : i == DEAF ? 0 : 4;
		sock_kick_tx(&a[i].s);
	}
	for (int t = 0; t < 40; t++) {
		struct timespec tenth = { .tv_nsec = 100 * 1000 * 1000 };

		nanosleep(&tenth, NULL);
		for (int i = 0; i < WAITING; i++)
			sock_suspect(&a[i].s);
		assert_int_equal(io_loop_run_once(*state, 0), 0);
	}
	assert_int_equal(a[DEAF_TO_BYTES].err, -ETIMEDOUT);
	assert_int_equal(a[DEAF].err, -ETIMEDOUT);
	assert_int_equal(a[SLOW].losts, 0);
	assert_int_equal(a[FULL].losts, 0);
	for (int i = 0; i < WAITING; i++) {
		sock_close(&a[i].s);
		if (!a[i].gones)
			until_nonzero(*state, &a[i].gones);
		close(peer[i]);
	}
	free(much);
}

static void test_a_peer_that_was_heard_is_probed_rarely_again(void **state)
{
	struct end a = { 0 };
	int peer = connect_peer(*state, &a), idle;
	socklen_t len = sizeof(idle);

	sock_suspect(&a.s);
	getsockopt(a.s.fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &len);
	assert_int_equal(idle, 1);
	sock_trust(&a.s);
	getsockopt(a.s.fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &len);
	assert_int_equal(idle, 30);
	getsockopt(a.s.fd, SOL_SOCKET, SO_KEEPALIVE, &idle, &len);
	assert_int_equal(idle, 0);
	sock_close(&a.s);
	until_nonzero(*state, &a.gones);
	close(peer);
}

static void test_addresses_of_both_families_are_read(void **state)
{
	struct sockaddr_storage a;
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;

	assert_int_equal(sock_addr("192.0.2.7", 3260, &a), 0);
	assert_int_equal(a.ss_family, AF_INET);
	assert_int_equal(ntohl(in->sin_addr.s_addr), 0xc0000207);
	assert_int_equal(ntohs(in->sin_port), 3260);
	assert_int_equal(sock_addr("2001:db8::1", 860, &a), 0);
	assert_int_equal(a.ss_family, AF_INET6);
	assert_int_equal(in6->sin6_addr.s6_addr[15], 1);
	assert_int_equal(ntohs(in6->sin6_port), 860);
	assert_int_equal(in6->sin6_scope_id, 0);
}

static void test_zone_is_a_number_or_an_interface(void **state)
{
	struct sockaddr_storage a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;

	assert_int_equal(sock_addr("fe80::1%7", 1, &a), 0);
	assert_int_equal(in6->sin6_scope_id, 7);
	assert_int_equal(sock_addr("fe80::1%lo", 1, &a), 0);
	assert_int_equal(in6->sin6_scope_id, if_nametoindex("lo"));
	assert_int_equal(sock_addr("fe80::1%no-such-one", 1, &a), -ENODEV);
}

static void test_names_and_rubbish_are_no_addresses(void **state)
{
	static const char *const bad[] = {
		"",
		"localhost",
		"192.0.2",
		"192.0.2.7 ",
		"[::1]",
		"::1%",
		"1111111111111111111111111111111111111111111111111111111",
	};
	struct sockaddr_storage a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(sock_addr(bad[i], 1, &a) < 0);
}

static void test_unix_listener_replaces_only_a_dead_one(void **state)
{
	char dir[] = "/tmp/test_sock.XXXXXX", path[64];
	struct stat st;
	int fd, again;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	fd = sock_listen_unix(path, 0600);
	assert_true(fd >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(sock_listen_unix(path, 0600), -EADDRINUSE);
	close(fd);
	again = sock_listen_unix(path, 0600);
	assert_true(again >= 0);
	close(again);
	unlink(path);
	rmdir(dir);
}

static int set_up(void **state)
{
	struct io_loop *l;

	if (io_loop_new(64, 0, &l))
		return -1;
	*state = l;
	return 0;
}

static int tear_down(void **state)
{
	io_loop_free(*state);
	return 0;
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static void test_a_sock_that_lost_its_way_is_lost_alone(void **state)
{
	char in[4];
	struct end a = { .in = in, .in_len = 4, .err = 1 }, b = { 0 };

	connect_ends(*state, &a, &b);
	fsm_set_strict(false);
	fsm_step(&sock_fsm, &a.s.state, SOCK_EV_END, &a.s, NULL);
	fsm_set_strict(true);
	assert_int_equal(a.losts, 1);
	assert_int_equal(a.err, -EPROTO);
	sock_close(&b.s);
	until_nonzero(*state, &a.gones);
	until_nonzero(*state, &b.gones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_megabytes_arrive_whole_both_ways),
		LOOP_TEST(test_kick_sends_what_came_up_later),
		LOOP_TEST(test_receiving_pauses_until_it_is_kicked),
		LOOP_TEST(test_peer_that_closes_is_lost_and_gone),
		LOOP_TEST(test_refused_connection_says_so),
		LOOP_TEST(test_a_sock_that_lost_its_way_is_lost_alone),
		LOOP_TEST(test_silent_peer_times_out),
		LOOP_TEST(test_close_from_the_up_callback_is_safe),
		LOOP_TEST(test_close_takes_back_what_was_not_sent),
		LOOP_TEST(test_the_port_of_before_is_taken_again),
		LOOP_TEST(test_a_port_that_is_taken_is_done_without),
		LOOP_TEST(test_close_during_connect_comes_to_gone),
		LOOP_TEST(test_options_reach_the_socket),
		LOOP_TEST(
			test_without_a_window_the_kernel_sizes_the_one_to_receive),
		LOOP_TEST(test_only_a_peer_that_acknowledges_nothing_is_lost),
		LOOP_TEST(test_a_peer_that_was_heard_is_probed_rarely_again),
		cmocka_unit_test(test_addresses_of_both_families_are_read),
		cmocka_unit_test(test_zone_is_a_number_or_an_interface),
		cmocka_unit_test(test_names_and_rubbish_are_no_addresses),
		cmocka_unit_test(test_unix_listener_replaces_only_a_dead_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

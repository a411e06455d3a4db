/*
 * test_server - control server and client, each other's peer: the client
 * calls block, so they run in a child while the parent turns the loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/server.h"

#define PLENTY 20000 /* ms; only a failing test takes as long */

static char rundir[64];
static struct io_loop *loop;
static struct ctl_server *server;
static unsigned requests;

static void answer(void *ctx, struct ctl_peer *peer, const struct msg_in *m)
{
	static struct msg_out out;

	requests++;
	if (msg_is(m, "flood")) {
		static char big[MSG_MAX / 2];

		memset(big, 'x', sizeof(big) - 1);
		msg_begin(&out, "much");
		msg_str(&out, "text", big);
		for (size_t sent = 0; sent < CTL_QUEUE * 2; sent += out.len)
			ctl_answer(peer, &out);
		return;
	}
	for (int i = 0; i < 3; i++) {
		msg_begin(&out, "line");
		msg_u64(&out, "n", (uint64_t)i);
		ctl_answer(peer, &out);
	}
	msg_begin(&out, "end");
	ctl_answer(peer, &out);
}

static int set_up(void **state)
{
	snprintf(rundir, sizeof(rundir), "/tmp/test-server-XXXXXX");
	requests = 0;
	if (!mkdtemp(rundir) || io_loop_new(64, 0, &loop))
		return -1;
	return ctl_server_open(loop, rundir, answer, NULL, &server);
}

static int tear_down(void **state)
{
	ctl_server_close(server);
	io_loop_run_once(loop, 0);
	io_loop_run_once(loop, 0);
	io_loop_free(loop);
	return rmdir(rundir);
}

struct child {
	struct io_op op;
	bool over;
};

static void on_child(struct io_op *op, int res)
{
	((struct child *)op)->over = true;
}

/* Runs fn in a child; its result, once the loop has served it. */
static int in_child(int (*fn)(void))
{
	struct child c = { .op = { .fn = on_child } };
	pid_t pid = fork();
	int pidfd, status;

	if (pid == 0)
		_exit(fn());
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(pidfd >= 0);
	io_poll(loop, &c.op, pidfd, POLLIN);
	while (!c.over)
		assert_int_equal(io_loop_run_once(loop, PLENTY), 0);
	close(pidfd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static struct ctl_client client;

static int ask(const char *verb)
{
	static struct msg_out m;

	msg_begin(&m, verb);
	return ctl_ask(&client, &m);
}

static int ask_and_read(void)
{
	struct msg_in m;
	uint64_t n;

	if (ctl_open(&client, rundir, PLENTY) || ask("ls"))
		return 1;
	for (uint64_t i = 0; i < 3; i++)
		if (ctl_next(&client, &m) || !msg_is(&m, "line") ||
		    msg_get_u64(&m, "n", 9, &n) || n != i)
			return 2;
	if (ctl_next(&client, &m) || !msg_is(&m, "end"))
		return 3;
	ctl_close(&client);
	return 0;
}

static void test_a_request_is_answered_in_order(void **state)
{
	assert_int_equal(in_child(ask_and_read), 0);
	assert_int_equal(requests, 1);
}

static int ask_and_do_not_read(void)
{
	struct pollfd p;

	if (ctl_open(&client, rundir, PLENTY) || ask("flood"))
		return 1;
	/* Hung up although much waits to be read: it was dropped. */
	p = (struct pollfd){ client.sock, 0, 0 };
	return poll(&p, 1, PLENTY) == 1 && (p.revents & POLLHUP) ? 0 : 2;
}

static void test_a_client_that_does_not_read_is_dropped(void **state)
{
	assert_int_equal(in_child(ask_and_do_not_read), 0);
}

static int send_garbage(void)
{
	struct msg_in m;

	if (ctl_open(&client, rundir, PLENTY) ||
	    send(client.sock, "\x01\x02", 2, 0) != 2 || ctl_next(&client, &m) ||
	    !msg_is(&m, "error"))
		return 1;
	return ask("ls") || ctl_next(&client, &m) || !msg_is(&m, "line");
}

static void test_garbage_is_answered_and_forgiven(void **state)
{
	assert_int_equal(in_child(send_garbage), 0);
	assert_int_equal(requests, 1);
}

static int open_too_many(void)
{
	static struct ctl_client many[CTL_CLIENTS];

	for (unsigned i = 0; i < CTL_CLIENTS; i++)
		if (ctl_open(&many[i], rundir, PLENTY))
			return 1;
	return ctl_open(&client, rundir, PLENTY) == -EPIPE ? 0 : 2;
}

static void test_more_clients_than_allowed_are_turned_away(void **state)
{
	assert_int_equal(in_child(open_too_many), 0);
}

static void test_only_the_owner_may_connect(void **state)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/" CTL_SOCKET, rundir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_without_a_daemon_the_client_says_so(void **state)
{
	assert_int_equal(ctl_open(&client, "/nonexistent", PLENTY), -ENOENT);
	assert_non_null(strstr(ctl_strerror(-ENOENT), "driver is not loaded"));
}

static int bind_other(const char *first)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_SEQPACKET, 0), c, err;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/other", rundir);
	mkdir(addr.sun_path, 0700);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/other/%s", rundir,
		 CTL_SOCKET);
	assert_int_equal(bind(s, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(s, 1), 0);
	if (fork() == 0) {
		c = accept(s, NULL, NULL);
		err = send(c, first, strlen(first), 0) < 0;
		err |= recv(c, addr.sun_path, 1, 0) < 0;
		_exit(err);
	}
	close(s);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/other", rundir);
	err = ctl_open(&client, addr.sun_path, PLENTY);
	wait(NULL);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/other/%s", rundir,
		 CTL_SOCKET);
	unlink(addr.sun_path);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/other", rundir);
	rmdir(addr.sun_path);
	return err;
}

static void test_a_daemon_of_another_version_is_refused(void **state)
{
	assert_int_equal(bind_other("hello version=2"), -EPROTO);
}

static void test_something_else_behind_the_socket_is_refused(void **state)
{
	assert_int_equal(bind_other("HTTP/1.1"), -EPROTO);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_request_is_answered_in_order),
		CASE(test_a_client_that_does_not_read_is_dropped),
		CASE(test_garbage_is_answered_and_forgiven),
		CASE(test_more_clients_than_allowed_are_turned_away),
		CASE(test_only_the_owner_may_connect),
		CASE(test_without_a_daemon_the_client_says_so),
		CASE(test_a_daemon_of_another_version_is_refused),
		CASE(test_something_else_behind_the_socket_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

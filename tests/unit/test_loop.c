/*
 * test_loop - io/loop on pipes and socket pairs.
 *
 * What waits, waits for something that has happened already; no test
 * depends on how long anything takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/io_uring.h>
#include <cmocka.h>

#include "base/list.h"
#include "io/loop.h"

#define LONG_MS 10000 /* reached only when something is broken */

struct rig {
	struct io_op op;
	int res;
	unsigned calls;
	struct rig *then; /* asked for by io_soon() when this one is called */
	struct io_loop *loop;
};

static void on_op(struct io_op *op, int res)
{
	struct rig *r = container_of(op, struct rig, op);

	r->res = res;
	r->calls++;
	if (r->then)
		io_soon(r->loop, &r->then->op);
}

static struct io_loop *loop_of(void **state)
{
	return *state;
}

static struct rig rig(struct io_loop *l)
{
	return (struct rig){ .op.fn = on_op, .loop = l };
}

static void wait_for(struct io_loop *l, const struct rig *r, unsigned calls)
{
	for (unsigned i = 0; i < 100 && r->calls < calls; i++)
		assert_int_equal(io_loop_run_once(l, LONG_MS), 0);
	assert_int_equal(r->calls, calls);
}

static void make_pair(int sv[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
}

static void close_pair(const int sv[2])
{
	close(sv[0]);
	close(sv[1]);
}

static void test_read_gives_what_was_written(void **state)
{
	struct io_loop *l = loop_of(state);
	struct rig w = rig(l), r = rig(l);
	char buf[8] = "";
	int sv[2];

	make_pair(sv);
	io_read(l, &r.op, sv[0], buf, sizeof(buf), -1);
	io_write(l, &w.op, sv[1], "hello", 5, -1);
	wait_for(l, &w, 1);
	wait_for(l, &r, 1);
	assert_int_equal(w.res, 5);
	assert_int_equal(r.res, 5);
	assert_memory_equal(buf, "hello", 5);
	close_pair(sv);
}

static void test_messages_pass_with_the_callers_msghdr(void **state)
{
	struct io_loop *l = loop_of(state);
	struct rig w = rig(l), r = rig(l);
	char buf[4], ping[] = "ping";
	struct iovec out = { ping, 4 }, in = { buf, 4 };
	struct msghdr mo = { .msg_iov = &out, .msg_iovlen = 1 };
	struct msghdr mi = { .msg_iov = &in, .msg_iovlen = 1 };
	int sv[2];

	make_pair(sv);
	io_recvmsg(l, &r.op, sv[0], &mi, 0);
	io_sendmsg(l, &w.op, sv[1], &mo, MSG_NOSIGNAL);
	wait_for(l, &r, 1);
	assert_int_equal(r.res, 4);
	assert_memory_equal(buf, "ping", 4);
	close_pair(sv);
}

static void test_error_comes_as_result(void **state)
{
	struct io_loop *l = loop_of(state);
	struct rig r = rig(l);
	char c;

	io_read(l, &r.op, -1, &c, 1, -1);
	wait_for(l, &r, 1);
	assert_int_equal(r.res, -EBADF);
}

static void test_poll_tells_what_is_ready(void **state)
{
	struct io_loop *l = loop_of(state);
	struct rig r = rig(l);
	int sv[2];

	make_pair(sv);
	assert_int_equal(write(sv[1], "x", 1), 1);
	io_poll(l, &r.op, sv[0], POLLIN);
	wait_for(l, &r, 1);
	assert_true(r.res & POLLIN);
	close_pair(sv);
}

static void test_cancelled_read_ends_with_ecanceled(void **state)
{
	struct io_loop *l = loop_of(state);
	struct rig r = rig(l);
	int sv[2];
	char c;

	make_pair(sv);
	io_read(l, &r.op, sv[0], &c, 1, -1);
	assert_int_equal(io_loop_run_once(l, 0), 0);
	io_cancel(l, &r.op);
	wait_for(l, &r, 1);
	assert_int_equal(r.res, -ECANCELED);
	close_pair(sv);
}

static void test_more_operations_than_entries_all_come_back(void **state)
{
	enum {
		MANY = 300
	};
	struct io_loop *l = loop_of(state);
	static struct rig r[MANY];
	static char buf[MANY];
	int pfd[2];

	assert_int_equal(pipe(pfd), 0);
	for (int i = 0; i < MANY; i++) {
		r[i] = rig(l);
		io_write(l, &r[i].op, pfd[1], "x", 1, -1);
	}
	for (int i = 0; i < MANY; i++)
		wait_for(l, &r[i], 1);
	assert_int_equal(read(pfd[0], buf, MANY), MANY);
	close_pair(pfd);
}

static void test_soon_runs_once_however_often_it_is_asked(void **state)
{
	struct io_loop *l = loop_of(state);
	struct rig r = rig(l);

	io_soon(l, &r.op);
	io_soon(l, &r.op);
	assert_int_equal(io_loop_run_once(l, 0), 0);
	assert_int_equal(r.calls, 1);
	assert_int_equal(r.res, 0);
}

static void test_soon_asked_by_soon_comes_in_the_next_turn(void **state)
{
	struct io_loop *l = loop_of(state);
	struct rig a = rig(l), b = rig(l);

	a.then = &b;
	io_soon(l, &a.op);
	assert_int_equal(io_loop_run_once(l, LONG_MS), 0);
	assert_int_equal(b.calls, 0);
	assert_int_equal(io_loop_run_once(l, 0), 0);
	assert_int_equal(b.calls, 1);
}

static void test_cancelled_soon_does_not_run(void **state)
{
	struct io_loop *l = loop_of(state);
	struct rig a = rig(l), b = rig(l), c = rig(l);

	io_soon(l, &a.op);
	io_soon(l, &b.op);
	io_soon_cancel(l, &b.op);
	io_soon(l, &c.op);
	assert_int_equal(io_loop_run_once(l, 0), 0);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);
	assert_int_equal(c.calls, 1);
}

struct timed {
	struct io_timer t;
	struct io_loop *loop;
	uint64_t at;
};

static void on_timer(struct io_timer *t)
{
	struct timed *x = container_of(t, struct timed, t);

	x->at = io_now(x->loop);
	io_loop_stop(x->loop);
}

/* A daemon may be told to stop in a turn of its start. */
static void test_a_stop_before_the_run_counts(void **state)
{
	struct io_loop *l = loop_of(state);
	struct timed x = { .t.fn = on_timer, .loop = l };

	io_timer_after(l, &x.t, 60000);
	io_loop_stop(l);
	assert_int_equal(io_loop_run(l), 0);
	assert_int_equal(x.at, 0);
	io_timer_after(l, &x.t, 1);
	assert_int_equal(io_loop_run(l), 0); /* counts once */
	assert_true(x.at > 0);
}

static void test_timer_ends_the_wait_and_not_early(void **state)
{
	struct io_loop *l = loop_of(state);
	struct timed x = { .t.fn = on_timer, .loop = l };

	io_timer_after(l, &x.t, 3);
	assert_int_equal(io_loop_run(l), 0);
	assert_true(x.at >= x.t.when);
}

static void test_restricted_ring_does_what_the_loop_needs(void **state)
{
	struct io_loop *l;
	struct rig r;
	int sv[2];
	char c = 0;

	assert_int_equal(io_loop_new(8, IO_LOOP_RESTRICTED, &l), 0);
	r = rig(l);
	make_pair(sv);
	assert_int_equal(write(sv[1], "y", 1), 1);
	io_read(l, &r.op, sv[0], &c, 1, -1);
	wait_for(l, &r, 1);
	assert_int_equal(c, 'y');
	close_pair(sv);
	io_loop_free(l);
}

/*
 * What a command for a socket comes back with (SOCKET_URING_OP_SIOCINQ, Linux
 * 6.7; before that the kernel says -EOPNOTSUPP).
 */
static int command(unsigned flags)
{
	static const uint8_t none[IO_COMMAND_ARG];
	struct io_loop *l;
	struct rig r;
	int sv[2];

	assert_int_equal(io_loop_new(8, flags, &l), 0);
	r = rig(l);
	make_pair(sv);
	io_command(l, &r.op, sv[0], 0, none);
	wait_for(l, &r, 1);
	close_pair(sv);
	io_loop_free(l);
	return r.res;
}

static void test_restricted_ring_sends_no_command(void **state)
{
	assert_int_equal(command(IO_LOOP_RESTRICTED), -EACCES);
}

static void test_a_restricted_ring_may_be_allowed_commands(void **state)
{
	assert_int_not_equal(command(IO_LOOP_RESTRICTED | IO_LOOP_COMMANDS),
			     -EACCES);
}

/* The handle of the loop's ring: the lowest number that was free. */
static void test_restricted_ring_registers_nothing_more(void **state)
{
	struct io_loop *l;
	int fd = dup(0), files[1] = { 0 };

	close(fd);
	assert_int_equal(io_loop_new(8, IO_LOOP_RESTRICTED, &l), 0);
	assert_int_equal(syscall(SYS_io_uring_register, fd,
				 IORING_REGISTER_FILES, files, 1),
			 -1);
	assert_int_equal(errno, EACCES);
	io_loop_free(l);
}

static void test_missing_io_uring_has_words(void **state)
{
	assert_non_null(strstr(io_loop_strerror(-ENOSYS), "no io_uring"));
	assert_non_null(strstr(io_loop_strerror(-EPERM), "not allowed"));
}

static int set_up_with(void **state, unsigned flags)
{
	struct io_loop *l;

	if (io_loop_new(8, flags, &l))
		return -1;
	*state = l;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, 0);
}

static int set_up_spinning(void **state)
{
	return set_up_with(state, IO_LOOP_SPINS);
}

static int tear_down(void **state)
{
	io_loop_free(*state);
	return 0;
}

#define LOOP_TEST(f)                                                           \
	cmocka_unit_test_setup_teardown(f, set_up, tear_down),                 \
		cmocka_unit_test_setup_teardown(f, set_up_spinning, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_read_gives_what_was_written),
		LOOP_TEST(test_messages_pass_with_the_callers_msghdr),
		LOOP_TEST(test_error_comes_as_result),
		LOOP_TEST(test_poll_tells_what_is_ready),
		LOOP_TEST(test_cancelled_read_ends_with_ecanceled),
		LOOP_TEST(test_more_operations_than_entries_all_come_back),
		LOOP_TEST(test_soon_runs_once_however_often_it_is_asked),
		LOOP_TEST(test_soon_asked_by_soon_comes_in_the_next_turn),
		LOOP_TEST(test_cancelled_soon_does_not_run),
		LOOP_TEST(test_a_stop_before_the_run_counts),
		LOOP_TEST(test_timer_ends_the_wait_and_not_early),
		cmocka_unit_test(test_restricted_ring_does_what_the_loop_needs),
		cmocka_unit_test(test_restricted_ring_sends_no_command),
		cmocka_unit_test(
			test_a_restricted_ring_may_be_allowed_commands),
		cmocka_unit_test(test_restricted_ring_registers_nothing_more),
		cmocka_unit_test(test_missing_io_uring_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

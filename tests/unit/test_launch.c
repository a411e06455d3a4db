/*
 * test_launch - engines that outlived a manager are found.  How they are
 * started: tests/manager.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/sock.h"
#include "iscsid/run/launch.h"

static char dir[] = "/tmp/test_launch.XXXXXX", path[sizeof(dir) + 8];
static int spoke[2]; /* the engine has said something */

long __wrap_syscall(long number, long a, long b);
long __real_syscall(long number, long a, long b);

/* Between the connection and the look at it: the engine is quick. */
long __wrap_syscall(long number, long a, long b)
{
	char c;

	if (number == SYS_pidfd_open)
		assert_int_equal(read(spoke[0], &c, 1), 1);
	return __real_syscall(number, a, b);
}

/* One that has something to tell to whoever comes. */
static _Noreturn void be_engine(int listener)
{
	int fd;

	alarm(10); /* should the test fail */
	fd = accept(listener, NULL, NULL);

	if (fd < 0 || send(fd, "x", 1, 0) != 1 || write(spoke[1], "x", 1) != 1)
		_exit(1);
	pause();
	_exit(0);
}

static void test_an_engine_that_speaks_first_is_found(void **state)
{
	struct launched p;
	int listener;
	pid_t pid;
	char c;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/0", dir);
	assert_int_equal(pipe(spoke), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		listener = sock_listen_unix(path, 0600);
		if (listener < 0 || write(spoke[1], "x", 1) != 1)
			_exit(1);
		be_engine(listener);
	}
	assert_int_equal(read(spoke[0], &c, 1), 1);
	assert_int_equal(launch_find(path, &p), 0);
	assert_int_equal(p.pid, pid);
	close(p.sock);
	close(p.pidfd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_engine_that_speaks_first_is_found),
	};

	return cmocka_run_group_tests_name("launch", tests, NULL, NULL);
}

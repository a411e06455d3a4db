/*
 * test_process - what /proc says about a child.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iscsid/host/process.h"

static pid_t child;
static struct process_state process;

static void spin(void)
{
	for (volatile unsigned i = 0;; i++)
		;
}

static void sleep_on(void)
{
	for (;;)
		pause();
}

static void start(void (*life)(void))
{
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Names may hold anything. */
		prctl(PR_SET_NAME, "a) R (b\n");
		life();
	}
}

static int end(void **state)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, __WALL);
	}
	child = 0;
	return 0;
}

/* Until it is in this state: it gets there by itself. */
static void wait_state(char want)
{
	do {
		process_look(child, &process);
	} while (process.state != want);
}

static void test_one_that_sleeps_is_seen(void **state)
{
	start(sleep_on);
	wait_state('S');
	assert_int_equal(process.tracer, 0);
	assert_false(process.frozen);
}

static void test_one_that_is_stopped_is_seen(void **state)
{
	start(sleep_on);
	kill(child, SIGSTOP);
	wait_state('T');
	assert_int_equal(process.tracer, 0);
}

static void test_who_traces_it_is_seen(void **state)
{
	start(sleep_on);
	if (ptrace(PTRACE_SEIZE, child, 0, 0) < 0)
		skip(); /* the leak sanitizer, a sandbox */
	process_look(child, &process);
	assert_int_equal(process.tracer, getpid());
}

static void test_the_cpu_time_of_one_that_spins_grows(void **state)
{
	uint64_t first;

	start(spin);
	wait_state('R');
	first = process_cpu(child);
	while (process_cpu(child) < first + 50)
		;
}

static void test_that_of_one_that_sleeps_does_not(void **state)
{
	uint64_t first;

	start(sleep_on);
	wait_state('S');
	first = process_cpu(child);
	for (int i = 0; i < 100; i++)
		assert_int_equal(process_cpu(child), first);
}

static void test_one_that_is_gone_is_unknown(void **state)
{
	start(sleep_on);
	end(NULL);
	process_look(INT32_MAX, &process);
	assert_int_equal(process.state, 0);
	assert_int_equal(process_cpu(INT32_MAX), 0);
}

static void test_the_control_group_is_found_in_its_hierarchy(void **state)
{
	static const char text[] = "9:name=systemd:/\n"
				   "6:freezer:/a/b\n"
				   "5:cpu,cpuacct:/c\n"
				   "0::/system.slice/iscsi.service\n";
	char path[64] = "";

	assert_true(process_group(text, "", path, sizeof(path)));
	assert_string_equal(path, "/system.slice/iscsi.service");
	assert_true(process_group(text, "freezer", path, sizeof(path)));
	assert_string_equal(path, "/a/b");
	assert_false(process_group(text, "memory", path, sizeof(path)));
	assert_false(process_group("", "", path, sizeof(path)));
	assert_false(process_group("nonsense", "", path, sizeof(path)));
}

static void test_a_name_that_is_too_long_is_none(void **state)
{
	char path[4] = "";

	assert_true(process_group("0::/ab", "", path, sizeof(path)));
	assert_false(process_group("0::/abc", "", path, sizeof(path)));
	assert_string_equal(path, "/ab");
}

static void test_the_time_of_suspends_does_not_run_while_awake(void **state)
{
	uint64_t first = process_suspended();

	assert_in_range(process_suspended(), first, first + 20);
}

#define T(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_one_that_sleeps_is_seen),
		T(test_one_that_is_stopped_is_seen),
		T(test_who_traces_it_is_seen),
		T(test_the_cpu_time_of_one_that_spins_grows),
		T(test_that_of_one_that_sleeps_does_not),
		T(test_one_that_is_gone_is_unknown),
		T(test_the_control_group_is_found_in_its_hierarchy),
		T(test_a_name_that_is_too_long_is_none),
		T(test_the_time_of_suspends_does_not_run_while_awake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

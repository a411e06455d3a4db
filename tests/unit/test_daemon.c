/*
 * Where the manager's lines go, with a syslog(3) of our own.
 */
#include "iscsid/daemon/daemon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/str.h"

static char ident[32], text[128];
static int facility = -1, priority = -1;

/* These stand in front of the C library's. */
void openlog(const char *name, int option, int where)
{
	(void)option;
	str_copy(ident, sizeof(ident), name);
	facility = where;
}

static void take(int level, const char *fmt, va_list ap)
{
	priority = level;
	vsnprintf(text, sizeof(text), fmt, ap);
}

void syslog(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	take(level, fmt, ap);
	va_end(ap);
}

/* With -D_FORTIFY_SOURCE the same comes by this name. */
void __syslog_chk(int level, int flag, const char *fmt, ...);
void __syslog_chk(int level, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	take(level, fmt, ap);
	va_end(ap);
}

static void test_lines_go_to_syslog_as_daemon_with_their_level(void **state)
{
	daemon_log_to_syslog();
	assert_string_equal(ident, "iscsid");
	assert_int_equal(facility, LOG_DAEMON);
	log_warn("bus 0 target 0", "session dropped");
	assert_int_equal(priority, LOG_WARNING);
	assert_string_equal(text, "bus 0 target 0: session dropped");
	log_info(NULL, "started");
	assert_int_equal(priority, LOG_INFO);
	assert_string_equal(text, "started");
}

/* A manager that ends takes the name away while we already have the file. */
static char dir[] = "/tmp/test_daemon.XXXXXX", name[64];
static unsigned takers;

int flock(int fd, int operation)
{
	if (takers) {
		takers--;
		unlink(name);
	}
	return (int)syscall(SYS_flock, fd, operation);
}

static int make_dir(void **state)
{
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(name, sizeof(name), "%s/" PIDFILE, dir);
	return 0;
}

static int remove_dir(void **state)
{
	unlink(name);
	return rmdir(dir);
}

static void test_a_lock_is_one_of_the_file_that_others_find(void **state)
{
	int other, fd, second;
	struct stat held, found;

	takers = 3;
	fd = daemon_lock(dir, &other);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &held), 0);
	assert_int_equal(stat(name, &found), 0);
	assert_int_equal(held.st_ino, found.st_ino);
	second = daemon_lock(dir, &other);
	assert_int_equal(second, -EWOULDBLOCK);
	daemon_unlock(dir, fd);
}

static void test_a_name_that_never_stays_is_an_error(void **state)
{
	int other;

	takers = UINT_MAX;
	assert_int_equal(daemon_lock(dir, &other), -ESTALE);
	takers = 0;
}

/* As two daemons of one network namespace would. */
static void test_an_initiator_name_is_one_daemons(void **state)
{
	const char *iname = "iqn.2026-11.test:daemon";
	int first = daemon_take_name(iname);

	assert_true(first >= 0);
	assert_int_equal(daemon_take_name(iname), -EADDRINUSE);
	close(first);
	first = daemon_take_name(iname);
	assert_true(first >= 0);
	close(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_lines_go_to_syslog_as_daemon_with_their_level),
		cmocka_unit_test_setup_teardown(
			test_a_lock_is_one_of_the_file_that_others_find,
			make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			test_a_name_that_never_stays_is_an_error, make_dir,
			remove_dir),
		cmocka_unit_test(test_an_initiator_name_is_one_daemons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

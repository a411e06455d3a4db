/*
 * Where the manager's lines go, with a syslog(3) of our own.
 */
#include "iscsid/daemon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_lines_go_to_syslog_as_daemon_with_their_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

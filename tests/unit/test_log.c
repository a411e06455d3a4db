/*
 * test_log - one line at a time to whoever listens.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "base/log.h"
#include "base/str.h"

static char last[2048];
static int last_level;
static unsigned lines;

static void remember(int level, const char *line)
{
	str_copy(last, sizeof(last), line);
	last_level = level;
	lines++;
}

static int set_up(void **state)
{
	(void)state;
	log_set_sink(remember);
	log_set_level(LOG_INFO);
	last[0] = '\0';
	lines = 0;
	return 0;
}

static void test_object_stands_in_front(void **state)
{
	(void)state;
	log_warn("t0", "login timed out after %d s", 15);
	assert_string_equal(last, "t0: login timed out after 15 s");
	assert_int_equal(last_level, LOG_WARNING);
}

static void test_line_without_object_has_no_colon(void **state)
{
	(void)state;
	log_err(NULL, "a");
	assert_string_equal(last, "a");
	log_err("", "b");
	assert_string_equal(last, "b");
}

static void test_line_above_the_level_is_dropped(void **state)
{
	(void)state;
	log_debug("x", "dropped");
	assert_int_equal(lines, 0);
	log_set_level(LOG_DEBUG);
	log_debug("x", "seen");
	assert_int_equal(lines, 1);
}

static void test_line_stays_one_line(void **state)
{
	(void)state;
	log_info("x", "a\nb\x1b[2J\x7f"
		      "c\n");
	assert_string_equal(last, "x: a?b?[2J?c");
}

static void test_long_line_is_cut(void **state)
{
	char text[1500];

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("x", "%s", text);
	assert_int_equal(strlen(last), 1023);
}

static void test_first_sink_writes_to_standard_error(void **state)
{
	char got[64] = "";
	int ends[2], saved = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_set_sink(NULL);
	log_info("x", "to stderr");
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(read(ends[0], got, sizeof(got) - 1), 13);
	assert_string_equal(got, "x: to stderr\n");
	close(ends[0]);
	close(ends[1]);
	close(saved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test_setup(test_object_stands_in_front, set_up),
		cmocka_unit_test_setup(test_line_without_object_has_no_colon, set_up),
		cmocka_unit_test_setup(test_line_above_the_level_is_dropped, set_up),
		cmocka_unit_test_setup(test_line_stays_one_line, set_up),
		cmocka_unit_test_setup(test_long_line_is_cut, set_up),
		cmocka_unit_test_setup(test_first_sink_writes_to_standard_error, set_up),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

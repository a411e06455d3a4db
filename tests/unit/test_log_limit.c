/*
 * test_log_limit - what reaches the log of trouble that comes again and again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/str.h"
#include "iscsid/daemon/log_limit.h"

static struct log_limit limit;
static unsigned lines;
static char last[LOG_LIMIT_TEXT + 40];

static void put(int level, const char *line)
{
	lines++;
	str_copy(last, sizeof(last), line);
}

static int setup(void **state)
{
	memset(&limit, 0, sizeof(limit));
	limit.put = put;
	lines = 0;
	return 0;
}

static void say(unsigned times, const char *line, uint64_t now)
{
	while (times--)
		log_limit_line(&limit, LOG_WARNING, line, now);
}

static void test_the_first_few_are_said(void **state)
{
	say(LOG_LIMIT_BURST, "disk burns", 5);
	assert_int_equal(lines, LOG_LIMIT_BURST);
	assert_string_equal(last, "disk burns");
	assert_true(log_limit_flush(&limit, 5) == LOG_LIMIT_NEVER);
}

static void test_more_are_counted_and_told_after_a_minute(void **state)
{
	say(LOG_LIMIT_BURST + 7, "disk burns", 5);
	assert_int_equal(lines, LOG_LIMIT_BURST);
	assert_int_equal(log_limit_flush(&limit, 6), 5 + LOG_LIMIT_PERIOD);
	assert_int_equal(lines, LOG_LIMIT_BURST);
	assert_true(log_limit_flush(&limit, 5 + LOG_LIMIT_PERIOD) ==
		    LOG_LIMIT_NEVER);
	assert_int_equal(lines, LOG_LIMIT_BURST + 1);
	assert_string_equal(last, "disk burns (repeated 7 times)");
}

static void test_after_a_minute_it_is_news_again(void **state)
{
	say(LOG_LIMIT_BURST, "disk burns", 5);
	say(1, "disk burns", 5 + LOG_LIMIT_PERIOD);
	assert_int_equal(lines, LOG_LIMIT_BURST + 1);
	assert_string_equal(last, "disk burns");
}

static void test_two_by_turns_are_counted_apart(void **state)
{
	for (unsigned i = 0; i < LOG_LIMIT_BURST + 1; i++) {
		say(1, "disk burns", 5);
		say(1, "house burns", 5);
	}
	assert_int_equal(lines, 2 * LOG_LIMIT_BURST);
	log_limit_end(&limit);
	assert_int_equal(lines, 2 * LOG_LIMIT_BURST + 2);
	assert_string_equal(last, "house burns (repeated 1 time)");
}

static void test_what_is_no_trouble_passes(void **state)
{
	for (unsigned i = 0; i < 100; i++)
		log_limit_line(&limit, LOG_INFO, "  Vendor: ACME", 5);
	assert_int_equal(lines, 100);
}

static void test_many_kinds_lose_no_count(void **state)
{
	char line[32];

	say(LOG_LIMIT_BURST + 2, "disk burns", 5);
	lines = 0;
	for (unsigned i = 0; i < LOG_LIMIT_LINES - 1; i++) {
		snprintf(line, sizeof(line), "line %u", i);
		say(1, line, 6);
	}
	assert_int_equal(lines, LOG_LIMIT_LINES - 1);
	say(1, "one more", 7);
	assert_int_equal(lines, LOG_LIMIT_LINES + 1);
	assert_string_equal(last, "one more");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_the_first_few_are_said),
		TEST(test_more_are_counted_and_told_after_a_minute),
		TEST(test_after_a_minute_it_is_news_again),
		TEST(test_two_by_turns_are_counted_apart),
		TEST(test_what_is_no_trouble_passes),
		TEST(test_many_kinds_lose_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

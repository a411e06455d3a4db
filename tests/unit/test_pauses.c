/*
 * test_pauses - back-off schedules and lines that repeat.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "iscsid/engines/pauses.h"

static void test_discovery_waits_as_documented(void **state)
{
	static const struct {
		unsigned failures;
		uint32_t ms;
	} want[] = {
		{ 1, 0 },      { 2, 1000 },	   { 9, 1000 },
		{ 10, 2000 },  { 19, 2000 },	   { 20, 5000 },
		{ 25, 5000 },  { 26, 15000 },	   { 33, 15000 },
		{ 34, 60000 }, { 1000000, 60000 }, { UINT32_MAX, 60000 },
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
		assert_int_equal(pause_discovery(want[i].failures), want[i].ms);
}

static void test_a_dead_engine_is_first_replaced_at_once(void **state)
{
	assert_int_equal(pause_engine(1), 0);
	assert_int_equal(pause_engine(3), 0);
	assert_true(pause_engine(4) >= 1000);
	assert_int_equal(pause_engine(UINT32_MAX), 60000);
}

static void test_an_engine_that_was_too_slow_gets_more_time(void **state)
{
	assert_int_equal(patience_engine(0), 10000);
	assert_int_equal(patience_engine(1), 20000);
	assert_int_equal(patience_engine(UINT32_MAX), 80000);
}

static void test_an_equal_line_waits_for_its_minute(void **state)
{
	struct repeat r = { 0 };

	assert_true(repeat_may_say(&r, "down", 1000));
	assert_false(repeat_may_say(&r, "down", 2000));
	assert_false(repeat_may_say(&r, "down", 1000 + REPEAT_EVERY - 1));
	assert_true(repeat_may_say(&r, "down", 1000 + REPEAT_EVERY));
	assert_false(repeat_may_say(&r, "down", 1001 + REPEAT_EVERY));
}

static void test_another_line_is_news(void **state)
{
	struct repeat r = { 0 };

	assert_true(repeat_may_say(&r, "down", 1000));
	assert_true(repeat_may_say(&r, "refused", 1001));
}

static void test_lines_that_alternate_are_known_too(void **state)
{
	struct repeat r = { 0 };

	assert_true(repeat_may_say(&r, "portal 1", 1));
	assert_true(repeat_may_say(&r, "portal 2", 2));
	assert_false(repeat_may_say(&r, "portal 1", 3));
	assert_false(repeat_may_say(&r, "portal 2", 4));
}

static void test_ever_new_lines_need_no_more_memory(void **state)
{
	struct repeat r = { 0 };
	char line[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "%d", i);
		assert_true(repeat_may_say(&r, line, (uint64_t)i));
	}
	assert_false(repeat_may_say(&r, "999", 1000));
}

static void test_after_success_the_line_is_news_again(void **state)
{
	struct repeat r = { 0 };

	assert_true(repeat_may_say(&r, "down", 1000));
	repeat_forget(&r);
	assert_true(repeat_may_say(&r, "down", 1001));
}

static void test_a_budget_ends_and_comes_back(void **state)
{
	struct budget b = { 0 };

	for (int i = 0; i < 5; i++)
		assert_true(budget_take(&b, 5, 1000, 5000));
	assert_false(budget_take(&b, 5, 1000, 5999));
	assert_true(budget_take(&b, 5, 1000, 6000));
}

static void test_what_was_not_said_is_counted(void **state)
{
	struct repeat r = { 0 };

	assert_true(repeat_may_say(&r, "portal 1", 1));
	assert_int_equal(r.repeated, 0);
	assert_false(repeat_may_say(&r, "portal 1", 2));
	assert_false(repeat_may_say(&r, "portal 1", 3));
	assert_true(repeat_may_say(&r, "portal 1", 1 + REPEAT_EVERY));
	assert_int_equal(r.repeated, 2);
	assert_true(repeat_may_say(&r, "portal 2", 2 + REPEAT_EVERY));
	assert_int_equal(r.repeated, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_discovery_waits_as_documented),
		cmocka_unit_test(test_a_dead_engine_is_first_replaced_at_once),
		cmocka_unit_test(
			test_an_engine_that_was_too_slow_gets_more_time),
		cmocka_unit_test(test_an_equal_line_waits_for_its_minute),
		cmocka_unit_test(test_another_line_is_news),
		cmocka_unit_test(test_lines_that_alternate_are_known_too),
		cmocka_unit_test(test_ever_new_lines_need_no_more_memory),
		cmocka_unit_test(test_after_success_the_line_is_news_again),
		cmocka_unit_test(test_a_budget_ends_and_comes_back),
		cmocka_unit_test(test_what_was_not_said_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_doubts - targets whose last session was not seen to end well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "iscsid/core/doubts.h"

#define W 30000

static struct doubts doubts;
static char group[8];

static int setup(void **state)
{
	assert_int_equal(doubts_note(&doubts, "iqn.a", "1", 1000), 0);
	assert_int_equal(doubts_note(&doubts, "iqn.b", "", 1000), 0);
	return 0;
}

static int teardown(void **state)
{
	doubts_free(&doubts);
	return 0;
}

static void test_a_target_is_doubted_with_its_group(void **state)
{
	assert_true(doubts_take(&doubts, "iqn.a", 1000, W, group));
	assert_string_equal(group, "1");
	assert_true(doubts_take(&doubts, "iqn.b", 1000, W, group));
	assert_string_equal(group, "");
}

static void test_another_target_is_not(void **state)
{
	assert_false(doubts_take(&doubts, "iqn.c", 1000, W, group));
}

static void test_once_it_is_told_it_is_the_next_engines(void **state)
{
	assert_true(doubts_take(&doubts, "iqn.a", 1000, W, group));
	assert_false(doubts_take(&doubts, "iqn.a", 1000, W, group));
}

static void test_after_the_time_all_of_it_has_arrived(void **state)
{
	assert_false(doubts_take(&doubts, "iqn.a", 1000 + W, W, group));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_target_is_doubted_with_its_group),
		TEST(test_another_target_is_not),
		TEST(test_once_it_is_told_it_is_the_next_engines),
		TEST(test_after_the_time_all_of_it_has_arrived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

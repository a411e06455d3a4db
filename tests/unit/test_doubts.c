/*
 * test_doubts - targets whose last session was not seen to end well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "iscsid/core/doubts.h"

static struct doubts doubts;
static struct doubt was;

static int setup(void **state)
{
	static const struct doubt a = { "iqn.a", "1", 0, 3 };
	static const struct doubt b = { "iqn.b", "", 0, 4 };

	assert_int_equal(doubts_note(&doubts, &a), 0);
	assert_int_equal(doubts_note(&doubts, &b), 0);
	return 0;
}

static int teardown(void **state)
{
	doubts_free(&doubts);
	return 0;
}

static void test_a_target_is_doubted_with_its_group(void **state)
{
	assert_true(doubts_take(&doubts, "iqn.a", &was));
	assert_string_equal(was.group, "1");
	assert_int_equal(was.number, 3);
	assert_true(doubts_take(&doubts, "iqn.b", &was));
	assert_string_equal(was.group, "");
}

static void test_another_target_is_not(void **state)
{
	assert_false(doubts_take(&doubts, "iqn.c", &was));
}

static void test_once_it_is_told_it_is_the_next_engines(void **state)
{
	assert_true(doubts_take(&doubts, "iqn.a", &was));
	assert_false(doubts_take(&doubts, "iqn.a", &was));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_target_is_doubted_with_its_group),
		TEST(test_another_target_is_not),
		TEST(test_once_it_is_told_it_is_the_next_engines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

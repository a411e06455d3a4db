/*
 * test_answers - what a discovery found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "iscsid/source/answers.h"

static struct answers answers;

static int set_up(void **state)
{
	memset(&answers, 0, sizeof(answers));
	return 0;
}

static int tear_down(void **state)
{
	answers_drop(&answers);
	return 0;
}

static void add(const char *name)
{
	struct reported_found f = { .has_addr = false };

	str_copy(f.name, sizeof(f.name), name);
	answers_add(&answers, &f);
}

static void test_an_answer_is_taken_in_order(void **state)
{
	for (int i = 0; i < 100; i++)
		add(i == 99 ? "last" : "one");
	answers_end(&answers);
	answers_take(&answers);
	assert_int_equal(answers.ntaken, 100);
	assert_string_equal(answers.taken[0].name, "one");
	assert_string_equal(answers.taken[99].name, "last");
	assert_false(answers.complete);
	assert_int_equal(answers.ncoming, 0);
}

static void test_the_next_comes_in_while_one_is_taken(void **state)
{
	add("one");
	answers_end(&answers);
	answers_take(&answers);
	add("two");
	assert_string_equal(answers.taken[0].name, "one");
	assert_string_equal(answers.coming[0].name, "two");
	answers_done(&answers);
	assert_null(answers.taken);
	answers_end(&answers);
	answers_take(&answers);
	assert_string_equal(answers.taken[0].name, "two");
}

static void test_one_that_nobody_took_makes_room(void **state)
{
	add("one");
	answers_end(&answers);
	add("two");
	answers_end(&answers);
	answers_take(&answers);
	assert_int_equal(answers.ntaken, 1);
	assert_string_equal(answers.taken[0].name, "two");
}

static void test_an_empty_one_makes_room_too(void **state)
{
	add("one");
	answers_end(&answers);
	answers_end(&answers);
	assert_true(answers.complete);
	answers_take(&answers);
	assert_int_equal(answers.ntaken, 0);
}

static void test_only_so_many_records_are_kept(void **state)
{
	for (int i = 0; i < ANSWER_RECORDS + 5; i++)
		add("one");
	assert_int_equal(answers.ncoming, ANSWER_RECORDS);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_an_answer_is_taken_in_order),
		T(test_the_next_comes_in_while_one_is_taken),
		T(test_one_that_nobody_took_makes_room),
		T(test_an_empty_one_makes_room_too),
		T(test_only_so_many_records_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_known_names - who is missing from the next answer of a discovery.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "iscsid/source/known_names.h"

static char gone[256];

static void on_gone(void *ctx, const char *name)
{
	size_t at = strlen(gone);

	snprintf(gone + at, sizeof(gone) - at, "%s ", name);
}

static bool answer(struct known_names *r, const char *const *names, size_t n)
{
	gone[0] = '\0';
	return known_names_replace(r, names, n, on_gone, NULL);
}
#define ANSWER(r, ...)                                                         \
	answer(r, (const char *[]){ __VA_ARGS__ },                             \
	       sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

static void test_the_first_answer_is_news_and_nobody_is_missing(void **state)
{
	struct known_names r = { 0 };

	assert_true(ANSWER(&r, "b", "a"));
	assert_string_equal(gone, "");
	known_names_free(&r);
}

static void test_the_same_names_in_another_order_are_no_news(void **state)
{
	struct known_names r = { 0 };

	ANSWER(&r, "b", "a", "c");
	assert_false(ANSWER(&r, "c", "b", "a"));
	assert_string_equal(gone, "");
	known_names_free(&r);
}

static void test_each_missing_name_is_told_once(void **state)
{
	struct known_names r = { 0 };

	ANSWER(&r, "a", "b", "c", "d");
	assert_true(ANSWER(&r, "e", "c"));
	assert_string_equal(gone, "a b d ");
	assert_false(ANSWER(&r, "c", "e"));
	assert_string_equal(gone, "");
	known_names_free(&r);
}

static void test_an_empty_answer_misses_all(void **state)
{
	struct known_names r = { 0 };

	ANSWER(&r, "a", "b");
	assert_true(answer(&r, NULL, 0));
	assert_string_equal(gone, "a b ");
	assert_false(answer(&r, NULL, 0));
	known_names_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_the_first_answer_is_news_and_nobody_is_missing),
		cmocka_unit_test(
			test_the_same_names_in_another_order_are_no_news),
		cmocka_unit_test(test_each_missing_name_is_told_once),
		cmocka_unit_test(test_an_empty_answer_misses_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

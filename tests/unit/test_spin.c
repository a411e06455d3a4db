/*
 * test_spin - when looking for an answer pays, and when it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/spin.h"

#define SHORT (SPIN_NS - 1)
#define LONG  SPIN_NS

static struct spin fresh(void)
{
	struct spin s;

	spin_init(&s, 2);
	return s;
}

static unsigned short_sleeps_until_it_pays(struct spin *s)
{
	unsigned n = 0;

	while (n < 1000 && !spin_pays(s, 1)) {
		spin_slept(s, SHORT);
		n++;
	}
	return n;
}

static void test_it_pays_after_a_short_sleep(void **state)
{
	struct spin s = fresh();

	assert_false(spin_pays(&s, 1));
	spin_slept(&s, SHORT);
	assert_true(spin_pays(&s, 1));
}

static void test_it_does_not_pay_after_a_long_sleep(void **state)
{
	struct spin s = fresh();

	spin_slept(&s, SHORT);
	spin_slept(&s, LONG);
	assert_false(spin_pays(&s, 1));
}

static void test_it_does_not_pay_on_one_cpu(void **state)
{
	struct spin s;

	spin_init(&s, 1);
	spin_slept(&s, SHORT);
	assert_false(spin_pays(&s, 1));
}

static void test_it_does_not_pay_when_answers_come_in_heaps(void **state)
{
	struct spin s = fresh();

	spin_slept(&s, SHORT);
	assert_true(spin_pays(&s, 2));
	assert_false(spin_pays(&s, 3));
}

static void test_it_goes_on_as_long_as_it_finds_something(void **state)
{
	struct spin s = fresh();

	spin_slept(&s, SHORT);
	for (int i = 0; i < 100; i++)
		spin_looked(&s, true);
	assert_true(spin_pays(&s, 1));
}

static void test_each_look_in_vain_is_followed_by_twice_the_sleeps(void **state)
{
	static const unsigned want[] = { 1, 2, 4, 8, 16, 32, 64, 64, 64 };
	struct spin s = fresh();

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		assert_int_equal(short_sleeps_until_it_pays(&s), want[i]);
		spin_looked(&s, false);
	}
}

static void test_a_look_that_finds_something_makes_good_for_those(void **state)
{
	struct spin s = fresh();

	for (int i = 0; i < 5; i++)
		spin_looked(&s, false);
	assert_int_equal(short_sleeps_until_it_pays(&s), 32);
	spin_looked(&s, true);
	spin_slept(&s, LONG);
	assert_int_equal(short_sleeps_until_it_pays(&s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_pays_after_a_short_sleep),
		cmocka_unit_test(test_it_does_not_pay_after_a_long_sleep),
		cmocka_unit_test(test_it_does_not_pay_on_one_cpu),
		cmocka_unit_test(
			test_it_does_not_pay_when_answers_come_in_heaps),
		cmocka_unit_test(test_it_goes_on_as_long_as_it_finds_something),
		cmocka_unit_test(
			test_each_look_in_vain_is_followed_by_twice_the_sleeps),
		cmocka_unit_test(
			test_a_look_that_finds_something_makes_good_for_those),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_stay - when a discovery session asks again and when it leaves.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "engine/discovery/stay.h"

#define T0     1000000
#define LINGER 180000

static struct stay answered(bool continuous, uint32_t linger)
{
	struct stay l;

	stay_init(&l, continuous, linger);
	stay_begin(&l);
	stay_answered(&l, T0);
	return l;
}

static void test_a_continuous_session_stays_for_ever(void **state)
{
	struct stay l = answered(true, LINGER);

	assert_int_equal(stay_next_wake(&l), UINT64_MAX);
	assert_true(l.lasting);
}

static void test_another_leaves_when_its_time_is_over(void **state)
{
	struct stay l = answered(false, LINGER);

	assert_int_equal(stay_next_wake(&l), T0 + LINGER);
	assert_int_equal(stay_tick(&l, T0 + LINGER - 1), STAY_WAIT);
	assert_int_equal(stay_tick(&l, T0 + LINGER), STAY_LEAVE);
	assert_int_equal(stay_tick(&l, T0 + LINGER), STAY_WAIT);
	assert_false(l.lasting);
}

static void test_without_a_linger_it_leaves_at_once(void **state)
{
	struct stay l = answered(false, 0);

	assert_int_equal(stay_tick(&l, T0), STAY_LEAVE);
}

static void test_a_sign_of_life_makes_it_stay(void **state)
{
	struct stay l = answered(false, LINGER);

	stay_news(&l, NEWS_LIFE, T0 + 5);
	assert_true(l.lasting);
	assert_int_equal(stay_next_wake(&l), UINT64_MAX);
}

static void test_a_sign_of_life_before_the_answer_counts_too(void **state)
{
	struct stay l;

	stay_init(&l, false, LINGER);
	stay_begin(&l);
	stay_news(&l, NEWS_LIFE, T0);
	stay_answered(&l, T0);
	assert_int_equal(stay_next_wake(&l), UINT64_MAX);
}

static void test_events_in_a_burst_make_one_question(void **state)
{
	struct stay l = answered(true, LINGER);

	stay_news(&l, NEWS_CHANGED, T0 + 100);
	stay_news(&l, NEWS_CHANGED, T0 + 600);
	assert_int_equal(stay_next_wake(&l), T0 + 100 + STAY_AGAIN);
	assert_int_equal(stay_tick(&l, T0 + 100 + STAY_AGAIN), STAY_ASK);
	assert_int_equal(stay_next_wake(&l), UINT64_MAX);
}

static void test_an_event_during_an_answer_asks_after_it(void **state)
{
	struct stay l;

	stay_init(&l, true, LINGER);
	stay_begin(&l);
	stay_news(&l, NEWS_CHANGED, T0);
	assert_int_equal(stay_next_wake(&l), UINT64_MAX);
	stay_answered(&l, T0 + 50);
	assert_int_equal(stay_next_wake(&l), T0 + 50 + STAY_AGAIN);
}

static void test_a_wish_to_part_ends_the_lasting(void **state)
{
	struct stay l = answered(true, LINGER);

	stay_news(&l, NEWS_PARTING, T0 + 5);
	assert_false(l.lasting);
	/* The logout that the target asks for is the session's business. */
	assert_int_equal(stay_next_wake(&l), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_continuous_session_stays_for_ever),
		cmocka_unit_test(test_another_leaves_when_its_time_is_over),
		cmocka_unit_test(test_without_a_linger_it_leaves_at_once),
		cmocka_unit_test(test_a_sign_of_life_makes_it_stay),
		cmocka_unit_test(
			test_a_sign_of_life_before_the_answer_counts_too),
		cmocka_unit_test(test_events_in_a_burst_make_one_question),
		cmocka_unit_test(test_an_event_during_an_answer_asks_after_it),
		cmocka_unit_test(test_a_wish_to_part_ends_the_lasting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_backoff - the time between login attempts (engine/session/backoff.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/session/backoff.h"

/* The jitter's middle: next delays are then the nominal ones. */
static uint32_t middle(uint32_t ms)
{
	return ms / 5;
}

static void assert_delays(enum fault_retry retry, const uint32_t *want,
			  size_t n)
{
	struct backoff b = { 0 };

	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			backoff_next(&b, retry, true, 0, middle(want[i])),
			want[i]);
}

static void test_the_delay_doubles_up_to_ten_seconds(void **state)
{
	static const uint32_t want[] = { 1000, 2000, 4000, 8000, 10000, 10000 };

	assert_delays(RETRY_SOON, want, 6);
}

static void test_who_does_not_answer_is_asked_every_second(void **state)
{
	static const uint32_t want[] = { 1000, 1000, 1000, 1000 };

	assert_delays(RETRY_QUICK, want, 4);
}

static void test_a_session_that_ends_quickly_is_no_success(void **state)
{
	static const uint32_t want[] = { 1000, 2000, 4000, 8000 };
	struct backoff b = { 0 };

	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(
			backoff_next(&b, RETRY_SOON, true, 0, middle(want[i])),
			want[i]);
		backoff_lasted(&b, 1999);
	}
}

/* A target that was restarted twice is found as soon as after the first. */
static void test_a_session_that_lasted_is_one_however_long_it_took(void **state)
{
	struct backoff b = { 0 };

	for (size_t i = 0; i < 4; i++)
		backoff_next(&b, RETRY_SOON, true, 0, 200);
	backoff_lasted(&b, 2000);
	assert_int_equal(backoff_next(&b, RETRY_SOON, true, 0, 200), 1000);
}

static void test_a_rare_retry_begins_later_and_ends_at_a_minute(void **state)
{
	static const uint32_t want[] = { 15000, 30000, 60000, 60000 };

	assert_delays(RETRY_RARELY, want, 4);
}

static void test_the_delay_grows_only_when_all_portals_failed(void **state)
{
	struct backoff b = { 0 };

	assert_int_equal(backoff_next(&b, RETRY_SOON, false, 0, 200), 1000);
	assert_int_equal(backoff_next(&b, RETRY_SOON, true, 0, 200), 1000);
	assert_int_equal(backoff_next(&b, RETRY_SOON, false, 0, 400), 2000);
}

static void test_the_jitter_is_a_fifth_at_most(void **state)
{
	for (uint32_t r = 0; r < 5000; r++) {
		struct backoff b = { 0 };

		assert_in_range(backoff_next(&b, RETRY_SOON, true, 0, r), 800,
				1200);
	}
}

static void test_time2wait_is_a_lower_bound(void **state)
{
	struct backoff b = { 0 };

	assert_int_equal(backoff_next(&b, RETRY_SOON, true, 7, 0), 7000);
	assert_in_range(backoff_next(&b, RETRY_SOON, true, 1, 0), 1600, 2400);
}

static void test_success_starts_anew(void **state)
{
	struct backoff b = { 0 };

	for (int i = 0; i < 10; i++)
		backoff_next(&b, RETRY_SOON, true, 0, 0);
	backoff_lasted(&b, 30000);
	assert_int_equal(backoff_next(&b, RETRY_SOON, true, 0, 200), 1000);
}

static void test_redirections_in_a_circle_are_slowed_down(void **state)
{
	struct backoff b = { 0 };

	for (int i = 0; i < BACKOFF_HOPS; i++) {
		assert_false(backoff_is_circle(&b));
		assert_int_equal(backoff_next(&b, RETRY_NOW, true, 0, 200), 0);
	}
	assert_true(backoff_is_circle(&b));
	assert_int_equal(backoff_next(&b, RETRY_NOW, true, 0, 200), 1000);
	assert_int_equal(backoff_next(&b, RETRY_NOW, true, 0, 200), 0);
}

static void test_what_we_ended_is_not_tried_again(void **state)
{
	struct backoff b = { 0 };

	assert_int_equal(backoff_next(&b, RETRY_NEVER, true, 0, 200),
			 BACKOFF_NEVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_who_does_not_answer_is_asked_every_second),
		cmocka_unit_test(
			test_a_session_that_ends_quickly_is_no_success),
		cmocka_unit_test(
			test_a_session_that_lasted_is_one_however_long_it_took),
		cmocka_unit_test(test_the_delay_doubles_up_to_ten_seconds),
		cmocka_unit_test(
			test_a_rare_retry_begins_later_and_ends_at_a_minute),
		cmocka_unit_test(
			test_the_delay_grows_only_when_all_portals_failed),
		cmocka_unit_test(test_the_jitter_is_a_fifth_at_most),
		cmocka_unit_test(test_time2wait_is_a_lower_bound),
		cmocka_unit_test(test_success_starts_anew),
		cmocka_unit_test(test_redirections_in_a_circle_are_slowed_down),
		cmocka_unit_test(test_what_we_ended_is_not_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_hopeless - when logging in makes no sense any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/target/hopeless.h"

/* After how many attempts in a row it is given up; 0: not in a hundred. */
static unsigned tries(const struct fault *why, const struct hopeless_case *c)
{
	struct hopeless g = { 0 };

	for (unsigned n = 1; n <= 100; n++)
		if (hopeless_after(&g, why, c))
			return n;
	return 0;
}

static void test_who_cannot_be_reached_is_tried_for_ever(void **state)
{
	const struct hopeless_case c = { .failover = true, .portals = 2 };
	const struct fault *const path[] = {
		&fault_connect_failed, &fault_connect_timeout,
		&fault_peer_closed,    &fault_transport_lost,
		&fault_login_timeout,  &fault_auth_timeout,
		&fault_wrong_group,    &fault_login_unavailable,
		&fault_target_logout,  &fault_login_redirected,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++)
		assert_int_equal(tries(path[i], &c), 0);
}

static void test_no_agreement_is_given_up_at_once(void **state)
{
	const struct hopeless_case c = { .portals = 1 };

	(void)state;
	assert_int_equal(tries(&fault_negotiation, &c), 1);
	assert_int_equal(tries(&fault_auth_failed, &c), 1);
	assert_int_equal(tries(&fault_auth_method, &c), 1);
}

/* It may be just being set up, as may its accounts. */
static void test_a_refusal_is_heard_three_times(void **state)
{
	const struct hopeless_case c = { .portals = 1 };

	(void)state;
	assert_int_equal(tries(&fault_login_refused, &c), 3);
	assert_int_equal(tries(&fault_login_impossible, &c), 3);
}

static void test_with_failover_each_portal_has_its_say(void **state)
{
	const struct hopeless_case c = { .failover = true, .portals = 5 };
	const struct hopeless_case stays = { .failover = false, .portals = 5 };

	(void)state;
	assert_int_equal(tries(&fault_negotiation, &c), 5);
	assert_int_equal(tries(&fault_login_refused, &c), 5);
	assert_int_equal(tries(&fault_negotiation, &stays), 1);
}

static void test_another_kind_of_failure_begins_the_count_anew(void **state)
{
	const struct hopeless_case c = { .portals = 1 };
	struct hopeless g = { 0 };

	(void)state;
	assert_false(hopeless_after(&g, &fault_login_refused, &c));
	assert_false(hopeless_after(&g, &fault_login_refused, &c));
	assert_false(hopeless_after(&g, &fault_connect_failed, &c));
	assert_false(hopeless_after(&g, &fault_login_refused, &c));
	assert_false(hopeless_after(&g, &fault_auth_retry, &c));
	assert_false(hopeless_after(&g, &fault_login_refused, &c));
	assert_true(hopeless_after(&g, &fault_login_refused, &c));
	hopeless_reset(&g);
	assert_false(hopeless_after(&g, &fault_login_refused, &c));
}

static void test_nothing_is_given_up_while_a_disk_is_in_use(void **state)
{
	const struct hopeless_case c = { .portals = 1, .in_use = true };

	(void)state;
	for (size_t i = 0; faults[i]; i++)
		assert_int_equal(tries(faults[i], &c), 0);
}

static void test_who_once_let_us_in_is_asked_on_with_failover(void **state)
{
	const struct hopeless_case c = {
		.failover = true,
		.portals = 1,
		.was_up = true,
	};
	const struct hopeless_case stays = { .portals = 1, .was_up = true };

	(void)state;
	assert_int_equal(tries(&fault_login_refused, &c), 0);
	assert_int_equal(tries(&fault_login_refused, &stays), 3);
	assert_int_equal(tries(&fault_login_impossible, &c), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_cannot_be_reached_is_tried_for_ever),
		cmocka_unit_test(test_no_agreement_is_given_up_at_once),
		cmocka_unit_test(test_a_refusal_is_heard_three_times),
		cmocka_unit_test(test_with_failover_each_portal_has_its_say),
		cmocka_unit_test(
			test_another_kind_of_failure_begins_the_count_anew),
		cmocka_unit_test(
			test_nothing_is_given_up_while_a_disk_is_in_use),
		cmocka_unit_test(
			test_who_once_let_us_in_is_asked_on_with_failover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

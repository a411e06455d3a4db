/*
 * test_portal_list - portals of a target that move for good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/str.h"
#include "iscsid/target/target.h"

static struct target target;

static struct addr portal(const char *host)
{
	struct addr a = { .port = 3260, .tag = 1 };

	str_copy(a.host, sizeof(a.host), host);
	return a;
}

static void add(const char *host)
{
	const struct addr a = portal(host);

	assert_true(portal_list_add(&target, &a));
}

static void move(const char *from, const char *to)
{
	const struct addr a = portal(from), b = portal(to);

	portal_list_moved(&target, &a, &b);
}

static int set_up(void **state)
{
	(void)state;
	target = (struct target){ 0 };
	add("192.0.2.1");
	add("192.0.2.2");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	portal_list_free(&target);
	free(target.portals);
	return 0;
}

static void test_one_that_moved_is_no_portal_any_more(void **state)
{
	const struct addr was = portal("192.0.2.1");

	(void)state;
	move("192.0.2.1", "192.0.2.9");
	assert_int_equal(target.nportals, 2);
	assert_string_equal(target.portals[0].host, "192.0.2.2");
	assert_string_equal(target.portals[1].host, "192.0.2.9");
	assert_false(portal_list_add(&target, &was));
}

static void test_portals_that_move_in_a_circle_leave_one(void **state)
{
	const struct addr was = portal("192.0.2.1");

	(void)state;
	move("192.0.2.2", "192.0.2.1");
	move("192.0.2.1", "192.0.2.2");
	assert_int_equal(target.nportals, 1);
	assert_string_equal(target.portals[0].host, "192.0.2.2");
	assert_false(portal_list_add(&target, &was));
}

static void test_what_moved_comes_back_after_a_reload(void **state)
{
	(void)state;
	move("192.0.2.1", "192.0.2.9");
	portal_list_forget_moves(&target);
	add("192.0.2.1");
	assert_int_equal(target.nportals, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_one_that_moved_is_no_portal_any_more),
		TEST(test_portals_that_move_in_a_circle_leave_one),
		TEST(test_what_moved_comes_back_after_a_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

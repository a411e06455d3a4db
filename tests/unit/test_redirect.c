/*
 * test_redirect - what an engine is told about a name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "iscsid/target/redirect.h"

static struct msg_out msg;

static const char *told(const char *why, const struct resolved *found)
{
	const struct reported_resolve asked = { "nas.example", 3261 };

	redirect_answer(&msg, 9, &asked, why, found);
	assert_false(msg.full);
	msg.text[msg.len] = '\0';
	return msg.text;
}

#define ABOUT "resolved id=9 host=nas.example port=3261 "

static void test_addresses_are_told_with_the_port(void **state)
{
	const struct resolved r = {
		"nas.example", 2, { "2001:db8::1", "192.0.2.7" }, ""
	};

	assert_string_equal(told("", &r), ABOUT "portal=[2001:db8::1]:3261 "
						"portal=192.0.2.7:3261");
}

static void test_addresses_that_lead_nowhere_are_left_out(void **state)
{
	const struct resolved r = {
		"nas.example", 3, { "0.0.0.0", "192.0.2.7", "fe80::1" }, ""
	};

	assert_string_equal(told("", &r), ABOUT "portal=192.0.2.7:3261");
}

static void test_when_all_lead_nowhere_it_is_said_why(void **state)
{
	const struct resolved r = { "nas.example", 1, { "0.0.0.0" }, "" };

	assert_string_equal(told("", &r),
			    ABOUT "error=0.0.0.0%20is%20no%20address%20of"
				  "%20a%20host");
}

static void test_a_name_that_is_not_known_is_said_so(void **state)
{
	const struct resolved r = { .host = "nas.example",
				    .reason = "not known" };

	assert_string_equal(told("", &r), ABOUT "error=not%20known");
}

static void test_a_look_up_that_did_not_happen_is_said_so(void **state)
{
	assert_string_equal(told("busy", NULL), ABOUT "error=busy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_are_told_with_the_port),
		cmocka_unit_test(test_addresses_that_lead_nowhere_are_left_out),
		cmocka_unit_test(test_when_all_lead_nowhere_it_is_said_why),
		cmocka_unit_test(test_a_name_that_is_not_known_is_said_so),
		cmocka_unit_test(test_a_look_up_that_did_not_happen_is_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

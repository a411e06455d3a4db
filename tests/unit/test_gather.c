/*
 * test_gather - records of a discovery become targets with portals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/source/gather.h"

#define A "iqn.2001-04.com.example:a"
#define B "iqn.2001-04.com.example:b"

static struct reported_found records[80];
static size_t nrecords;
static struct resolved names[2];
static const struct gather_names known = { names, 2 };
static struct addr self = { .host = "192.0.2.99", .port = 3260, .tag = -1 };
static struct gather gathered;
static char last_line[512];

static void keep_line(int level, const char *line)
{
	str_copy(last_line, sizeof(last_line), line);
}

static int set_up(void **state)
{
	memset(records, 0, sizeof(records));
	memset(names, 0, sizeof(names));
	nrecords = 0;
	*last_line = '\0';
	log_set_sink(keep_line);
	str_copy(names[0].host, sizeof(names[0].host), "good.example");
	names[0].count = 2;
	str_copy(names[0].number[0], 64, "192.0.2.10");
	str_copy(names[0].number[1], 64, "2001:db8::10");
	str_copy(names[1].host, sizeof(names[1].host), "bad.example");
	str_copy(names[1].reason, sizeof(names[1].reason), "no such name");
	return 0;
}

static int tear_down(void **state)
{
	gather_free(&gathered);
	return 0;
}

static void found(const char *name, const char *addr)
{
	struct reported_found *r = &records[nrecords++];

	str_copy(r->name, sizeof(r->name), name);
	if (!addr)
		return;
	r->has_addr = true;
	assert_int_equal(addr_parse(addr, strlen(addr), &r->addr), 0);
}

static void gather(void)
{
	gathered = (struct gather){ .label = "test",
				    .records = records,
				    .nrecords = nrecords,
				    .self = &self,
				    .nself = 1,
				    .names = &known };
	assert_int_equal(gather_targets(&gathered), 0);
}

static void assert_portal(size_t target, size_t i, const char *want)
{
	char text[ADDR_TEXT_SIZE];

	assert_true(i < gathered.targets[target].nportals);
	addr_format(&gathered.targets[target].portals[i], true, text,
		    sizeof(text));
	assert_string_equal(text, want);
}

static void test_portals_of_a_target_come_together(void **state)
{
	found(A, "192.0.2.1:3260,1");
	found(B, "192.0.2.1:3260,1");
	found(A, "192.0.2.2:3260,2");
	gather();
	assert_int_equal(gathered.ntargets, 2);
	assert_string_equal(gathered.targets[0].name, A);
	assert_int_equal(gathered.targets[0].nportals, 2);
	assert_portal(0, 1, "192.0.2.2:3260,2");
	assert_int_equal(gathered.targets[1].nportals, 1);
}

static void test_a_portal_said_twice_counts_once(void **state)
{
	found(A, "192.0.2.1:3260,1");
	found(A, "192.0.2.1:3260,1");
	gather();
	assert_int_equal(gathered.targets[0].nportals, 1);
}

static void test_a_target_without_address_is_where_we_asked(void **state)
{
	found(A, NULL);
	gather();
	assert_portal(0, 0, "192.0.2.99:3260");
}

static void test_a_name_becomes_its_numbers(void **state)
{
	found(A, "good.example:3261,5");
	gather();
	assert_int_equal(gathered.targets[0].nportals, 2);
	assert_portal(0, 0, "192.0.2.10:3261,5");
	assert_portal(0, 1, "[2001:db8::10]:3261,5");
	assert_string_equal(gathered.unresolved, "");
}

static void test_a_target_lost_for_a_name_is_worth_another_try(void **state)
{
	found(A, "bad.example:3260,1");
	found(B, "192.0.2.1:3260,1");
	gather();
	assert_int_equal(gathered.ntargets, 1);
	assert_string_equal(gathered.targets[0].name, B);
	assert_string_equal(gathered.unresolved,
			    "bad.example cannot be looked up: no such name");
}

static void test_one_bad_name_of_several_portals_is_no_failure(void **state)
{
	found(A, "bad.example:3260,1");
	found(A, "192.0.2.1:3260,1");
	gather();
	assert_int_equal(gathered.targets[0].nportals, 1);
	assert_string_equal(gathered.unresolved, "");
}

static void test_a_link_local_portal_without_zone_is_left_out(void **state)
{
	found(A, "[fe80::1]:3260,1");
	found(A, "192.0.2.1:3260,1");
	gather();
	assert_int_equal(gathered.targets[0].nportals, 1);
	assert_string_equal(last_line,
			    "test: portal [fe80::1]:3260,1 of " A
			    " is link-local and names no zone, it is not "
			    "used");
}

static void test_a_link_local_portal_with_zone_is_fine(void **state)
{
	found(A, "[fe80::1%eth0]:3260,1");
	gather();
	assert_int_equal(gathered.targets[0].nportals, 1);
}

static void test_the_unspecified_address_is_left_out(void **state)
{
	found(A, "0.0.0.0:3260,1");
	found(A, "[::]:3260,1");
	gather();
	assert_int_equal(gathered.ntargets, 0);
	assert_string_equal(last_line,
			    "test: " A " has no portal that can be used");
}

static void test_more_portals_than_there_is_room_for_are_cut(void **state)
{
	char addr[32];

	for (int i = 0; i < TARGET_PORTALS + 5; i++) {
		snprintf(addr, sizeof(addr), "192.0.2.%d:3260,1", i + 1);
		found(A, addr);
	}
	gather();
	assert_int_equal(gathered.targets[0].nportals, TARGET_PORTALS);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_portals_of_a_target_come_together),
		CASE(test_a_portal_said_twice_counts_once),
		CASE(test_a_target_without_address_is_where_we_asked),
		CASE(test_a_name_becomes_its_numbers),
		CASE(test_a_target_lost_for_a_name_is_worth_another_try),
		CASE(test_one_bad_name_of_several_portals_is_no_failure),
		CASE(test_a_link_local_portal_without_zone_is_left_out),
		CASE(test_a_link_local_portal_with_zone_is_fine),
		CASE(test_the_unspecified_address_is_left_out),
		CASE(test_more_portals_than_there_is_room_for_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

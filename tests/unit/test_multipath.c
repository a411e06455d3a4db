/*
 * test_multipath - the sessions that Multipath= makes
 * (iscsid/target/multipath.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "iscsid/target/multipath.h"

#define NAME "iqn.2004-04.org.example:a"

static struct path paths[PATHS_MAX];
static struct addr portals[PATHS_MAX + 8];

static const struct addr *some(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
			addr_parse(texts[i], strlen(texts[i]), &portals[i]), 0);
	return portals;
}

static size_t split(enum conf_multipath how)
{
	static const char *const texts[] = { "192.0.2.1:3260,1",
					     "192.0.2.2:3260,2",
					     "[2001:db8::1]:3260,1" };

	return multipath_split(how, NAME, some(texts, 3), 3, paths);
}

static void test_without_multipath_there_is_one_session(void **state)
{
	assert_int_equal(split(CONF_MULTIPATH_NO), 1);
	assert_string_equal(paths[0].key, NAME);
	assert_int_equal(paths[0].nportals, 3);
}

static void test_each_portal_is_a_path(void **state)
{
	assert_int_equal(split(CONF_MULTIPATH_PORTAL), 3);
	assert_string_equal(paths[0].key, NAME ",192.0.2.1:3260");
	assert_string_equal(paths[1].key, NAME ",192.0.2.2:3260");
	assert_string_equal(paths[2].key, NAME ",[2001:db8::1]:3260");
	assert_int_equal(paths[2].nportals, 1);
}

static void test_each_portal_group_is_a_path(void **state)
{
	assert_int_equal(split(CONF_MULTIPATH_PORTALGROUP), 2);
	assert_string_equal(paths[0].key, NAME ",1");
	assert_int_equal(paths[0].nportals, 2);
	assert_string_equal(paths[0].portals[1].host, "2001:db8::1");
	assert_string_equal(paths[1].key, NAME ",2");
	assert_int_equal(paths[1].nportals, 1);
}

static void test_portals_without_a_tag_are_one_group(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "192.0.2.2" };

	assert_int_equal(multipath_split(CONF_MULTIPATH_PORTALGROUP, NAME,
					 some(texts, 2), 2, paths),
			 1);
	assert_string_equal(paths[0].key, NAME);
	assert_int_equal(paths[0].nportals, 2);
}

static void test_too_many_portals_are_left_out(void **state)
{
	for (int i = 0; i < PATHS_MAX + 8; i++)
		portals[i] = (struct addr){ .host = "192.0.2.1",
					    .port = (uint16_t)(3260 + i),
					    .tag = i };
	assert_int_equal(multipath_split(CONF_MULTIPATH_PORTAL, NAME, portals,
					 PATHS_MAX + 8, paths),
			 PATHS_MAX);
	assert_int_equal(multipath_split(CONF_MULTIPATH_NO, NAME, portals,
					 PATHS_MAX + 8, paths),
			 1);
	assert_int_equal(paths[0].nportals, PATHS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_multipath_there_is_one_session),
		cmocka_unit_test(test_each_portal_is_a_path),
		cmocka_unit_test(test_each_portal_group_is_a_path),
		cmocka_unit_test(test_portals_without_a_tag_are_one_group),
		cmocka_unit_test(test_too_many_portals_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

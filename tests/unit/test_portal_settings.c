/*
 * test_portal_settings - settings that belong to a portal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/str.h"
#include "engine/target/portal_settings.h"

static struct settings base, other, got;
static struct portal_settings by_portal;

static struct addr portal(const char *host)
{
	struct addr a = { .port = 3260, .tag = 1 };

	str_copy(a.host, sizeof(a.host), host);
	return a;
}

static int set_up(void **state)
{
	(void)state;
	memset(&base, 0, sizeof(base));
	session_config_defaults(&base.session);
	base.window = 65536;
	other = got = base;
	other.session.login_timeout = 3000;
	other.connfail_timeout = 7000;
	other.window = 4096;
	portal_settings_init(&by_portal, &base);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	portal_settings_fini(&by_portal);
	return 0;
}

static void test_a_portal_without_its_own_has_the_targets(void **state)
{
	const struct addr a = portal("192.0.2.1"), b = portal("192.0.2.2");

	(void)state;
	assert_int_equal(portal_settings_set(&by_portal, &b, &other), 0);
	portal_settings_apply(&by_portal, &a, &got);
	assert_int_equal(got.session.login_timeout, 15000);
	assert_int_equal(got.window, 65536);
	assert_false(portal_settings_has(&by_portal, &a));
}

static void test_settings_come_and_go_with_the_portal(void **state)
{
	const struct addr a = portal("192.0.2.1"), b = portal("192.0.2.2");

	(void)state;
	portal_settings_set(&by_portal, &b, &other);
	portal_settings_apply(&by_portal, &b, &got);
	assert_int_equal(got.session.login_timeout, 3000);
	assert_int_equal(got.connfail_timeout, 7000);
	assert_int_equal(got.window, 4096);
	portal_settings_apply(&by_portal, &a, &got);
	assert_int_equal(got.connfail_timeout, 0);
}

static void test_the_newest_counts_for_a_portal(void **state)
{
	const struct addr b = portal("192.0.2.2");

	(void)state;
	portal_settings_set(&by_portal, &b, &other);
	other.window = 8192;
	portal_settings_set(&by_portal, &b, &other);
	portal_settings_apply(&by_portal, &b, &got);
	assert_int_equal(got.window, 8192);
	assert_int_equal(by_portal.count, 1);
}

static void test_the_administrators_times_count_everywhere(void **state)
{
	const struct addr a = portal("192.0.2.1"), b = portal("192.0.2.2");

	(void)state;
	portal_settings_set(&by_portal, &b, &other);
	portal_settings_set_connfail(&by_portal, 1000);
	portal_settings_set_disk_timeout(&by_portal, 2000);
	portal_settings_apply(&by_portal, &a, &got);
	assert_int_equal(got.connfail_timeout, 1000);
	portal_settings_apply(&by_portal, &b, &got);
	assert_int_equal(got.connfail_timeout, 1000);
	assert_int_equal(got.disk_timeout, 2000);
}

static void test_any_number_of_redirections_is_bounded(void **state)
{
	struct addr a = portal("192.0.2.1");

	(void)state;
	for (unsigned i = 1; i < 1000; i++) {
		a.port = (uint16_t)i;
		assert_int_equal(portal_settings_set(&by_portal, &a, &other),
				 0);
		assert_true(portal_settings_has(&by_portal, &a));
	}
	assert_true(by_portal.count <= 2 * PORTALS_MAX);
	a.port = 1;
	assert_true(portal_settings_has(&by_portal, &a));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_portal_without_its_own_has_the_targets),
		TEST(test_settings_come_and_go_with_the_portal),
		TEST(test_the_newest_counts_for_a_portal),
		TEST(test_the_administrators_times_count_everywhere),
		TEST(test_any_number_of_redirections_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

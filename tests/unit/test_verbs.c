/*
 * test_verbs - requests of an administrator against a manager with targets
 * but without engines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "iscsid/core/core.h"
#include "iscsid/run/linux.h"
#include "iscsid/target/target.h"
#include "iscsid/admin/verbs.h"

static struct manager manager;
static struct linux_side side;
static struct options opt;
static struct target targets[2];
static struct addr portals[2][2]; /* of each */
static struct call call;
static int answers, error;
static char answer[CALL_TEXT];

static void silent(int level, const char *line)
{
}

static void on_done(struct call *c, int err, const char *text)
{
	answers++;
	error = err;
	str_copy(answer, sizeof(answer), text);
}

static const struct call_ops ops = { NULL, on_done };

static void ask(const char *text)
{
	struct msg_in in;

	assert_int_equal(msg_read(&in, text, strlen(text)), 0);
	call = (struct call){ .m = &manager, .ops = &ops };
	answers = 0;
	verb_run(&call, &in);
}

static void add_portal(struct target *t, const char *text)
{
	struct addr *a = &t->portals[t->nportals++];

	assert_int_equal(addr_parse(text, strlen(text), a), 0);
}

static int setup(void **state)
{
	memset(&manager, 0, sizeof(manager));
	memset(targets, 0, sizeof(targets));
	log_set_sink(silent);
	opt.conf = "iscsi.conf";
	manager.opt = &opt;
	linux_init(&side, &opt);
	manager.out = &side.out;
	manager.conf = conf_empty("iscsi.conf");
	list_init(&manager.targets);
	list_init(&manager.sources);
	for (unsigned i = 0; i < 2; i++) {
		struct target *t = &targets[i];

		t->bay.m = &manager;
		t->portals = portals[i];
		t->bay.number = i;
		snprintf(t->bay.label, sizeof(t->bay.label), "bus 0 target %u",
			 i);
		list_init(&t->bay.devices);
		list_push_back(&manager.targets, &t->link);
		conf_target_settings(manager.conf, "iqn.2026-11.t:x", NULL,
				     NULL, &t->settings);
		add_portal(t, "192.0.2.1:3260,1");
		add_portal(t, "[2001:db8::1]:3261,2");
	}
	return io_loop_new(8, 0, &side.loop);
}

static int teardown(void **state)
{
	io_loop_free(side.loop);
	conf_free(manager.conf);
	return 0;
}

static void refused(const char *request, int err)
{
	ask(request);
	assert_int_equal(answers, 1);
	assert_int_equal(error, err);
	assert_string_not_equal(answer, "");
}

static void test_unknown_requests_are_invalid(void **state)
{
	refused("frobnicate", -EINVAL);
}

static void test_a_missing_key_is_named(void **state)
{
	refused("add bus=0 target=0", -EINVAL);
	assert_non_null(strstr(answer, "lun"));
}

static void test_numbers_are_decimal(void **state)
{
	refused("add bus=0 target=0x1 lun=0", -EINVAL);
	refused("add bus=-1 target=0 lun=0", -EINVAL);
	refused("add bus=256 target=0 lun=0", -EINVAL);
}

static void test_a_target_without_binding_is_no_device(void **state)
{
	refused("add bus=0 target=7 lun=0", -ENODEV);
	refused("portal bus=7 target=0 index=0", -ENODEV);
	refused("connfailtimeout bus=0 target=7 seconds=1", -ENODEV);
}

static void test_an_address_that_is_no_portal_is_refused(void **state)
{
	refused("portal bus=0 target=0 address=192.0.2.9", -ENOENT);
	refused("portal bus=0 target=0 address=192.0.2.1:99", -ENOENT);
	refused("portal bus=0 target=0 index=2", -EINVAL);
}

/* Found, but no engine is there to be told. */
static void test_a_portal_is_found_without_its_port(void **state)
{
	refused("portal bus=0 target=0 address=192.0.2.1", -EAGAIN);
	refused("portal bus=0 target=0 address=2001:db8::1", -EAGAIN);
	refused("portal bus=0 target=0 address=[2001:db8::1]:3261", -EAGAIN);
	refused("portal bus=0 target=0 index=1", -EAGAIN);
}

static void test_a_switch_needs_failover(void **state)
{
	targets[0].settings.portal_failover = false;
	refused("portal bus=0 target=0 index=1", -EPERM);
}

static void test_a_dash_means_every_target(void **state)
{
	ask("connfailtimeout bus=- target=- seconds=15");
	assert_int_equal(error, 0);
	assert_int_equal(targets[0].settings.connfail_timeout, 15000);
	assert_int_equal(targets[1].settings.connfail_timeout, 15000);
}

static void test_a_time_is_changed_for_one_target(void **state)
{
	uint32_t before = targets[0].settings.connfail_timeout;

	ask("connfailtimeout bus=0 target=1 seconds=15");
	assert_int_equal(error, 0);
	assert_int_equal(targets[0].settings.connfail_timeout, before);
	assert_int_equal(targets[1].settings.connfail_timeout, 15000);
}

static void test_a_disk_command_time_is_the_time_in_all(void **state)
{
	ask("diskcommandtimeout bus=- target=1 seconds=5");
	assert_int_equal(conf_disk_timeout(&targets[1].settings), 5000);
	ask("diskcommandtimeout bus=- target=1 seconds=0");
	assert_int_equal(conf_disk_timeout(&targets[1].settings), 0);
}

static void test_log_topics_add_up(void **state)
{
	ask("log what=login value=on");
	assert_string_equal(answer, "log settings 200");
	ask("log what=sense value=always");
	assert_string_equal(answer, "log settings 204");
	ask("log what=login value=no");
	assert_string_equal(answer, "log settings 4");
	ask("log what=none");
	assert_string_equal(answer, "log settings 0");
	refused("log what=login value=always", -EINVAL);
	refused("log what=login", -EINVAL);
	refused("log what=everything value=on", -EINVAL);
}

static void test_a_stopping_manager_changes_nothing(void **state)
{
	manager.state = MANAGER_DRAINING;
	refused("connfailtimeout bus=- target=- seconds=15", -ESHUTDOWN);
	ask("status");
	assert_int_equal(error, 0);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_unknown_requests_are_invalid),
		TEST(test_a_missing_key_is_named),
		TEST(test_numbers_are_decimal),
		TEST(test_a_target_without_binding_is_no_device),
		TEST(test_an_address_that_is_no_portal_is_refused),
		TEST(test_a_portal_is_found_without_its_port),
		TEST(test_a_switch_needs_failover),
		TEST(test_a_dash_means_every_target),
		TEST(test_a_time_is_changed_for_one_target),
		TEST(test_a_disk_command_time_is_the_time_in_all),
		TEST(test_log_topics_add_up),
		TEST(test_a_stopping_manager_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

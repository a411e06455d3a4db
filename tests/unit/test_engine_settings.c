/*
 * test_engine_settings - what the engine accepts from the manager
 * (engine/session/settings.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "ctl/msg.h"
#include "engine/session/settings.h"

#define BASIC                                                                  \
	"id=7 name=iqn.2004-04.org.example:disk "                              \
	"initiator=iqn.2004-04.org.example:me isid=023d00000001 "              \
	"portal=192.0.2.7:3260,1"

static struct settings settings;
static char why_text[128];
static struct strbuf why;

static int read_text(const char *text, enum session_type type)
{
	struct msg_in m;

	sb_init(&why, why_text, sizeof(why_text));
	assert_int_equal(msg_read(&m, text, strlen(text)), 0);
	return settings_read(&m, type, &settings, &why);
}

static void assert_refused(const char *more, const char *reason)
{
	char text[1024];

	snprintf(text, sizeof(text), "target " BASIC "%s%s", *more ? " " : "",
		 more);
	assert_int_equal(read_text(text, SESSION_NORMAL), -EINVAL);
	assert_string_equal(why_text, reason);
}

static void assert_accepted(const char *more)
{
	char text[1024];

	snprintf(text, sizeof(text), "target " BASIC "%s%s", *more ? " " : "",
		 more);
	assert_int_equal(read_text(text, SESSION_NORMAL), 0);
}

static void test_a_key_that_is_not_given_keeps_its_default(void **state)
{
	struct session_config want;

	session_config_defaults(&want);
	assert_accepted("");
	assert_int_equal(settings.session.max_burst, want.max_burst);
	assert_int_equal(settings.session.login_timeout, want.login_timeout);
	assert_int_equal(settings.session.header_digest, want.header_digest);
	assert_int_equal(settings.connfail_timeout, 0);
}

static void test_every_kind_of_key_is_read(void **state)
{
	static const uint8_t isid[] = { 2, 0x3d, 0, 0, 0, 1 };

	assert_accepted(
		"alias=my%20host header-digest=always data-digest=never "
		"initial-r2t=0 immediate-data=1 max-burst=65536 "
		"first-burst=4096 login-timeout=1500 window=262144 "
		"connfail-timeout=15000");
	assert_int_equal(settings.id, 7);
	assert_string_equal(settings.session.target_name,
			    "iqn.2004-04.org.example:disk");
	assert_string_equal(settings.session.initiator_alias, "my host");
	assert_memory_equal(settings.session.isid, isid, sizeof(isid));
	assert_int_equal(settings.session.header_digest, DIGEST_ALWAYS);
	assert_int_equal(settings.session.data_digest, DIGEST_NEVER);
	assert_false(settings.session.initial_r2t);
	assert_true(settings.session.immediate_data);
	assert_int_equal(settings.session.max_burst, 65536);
	assert_int_equal(settings.session.first_burst, 4096);
	assert_int_equal(settings.session.login_timeout, 1500);
	assert_int_equal(settings.window, 262144);
	assert_int_equal(settings.connfail_timeout, 15000);
}

static void test_an_old_connection_has_an_address_and_a_port(void **state)
{
	assert_accepted("old-portal=192.0.2.9:3261,1 old-port=50123");
	assert_string_equal(settings.old_portal.host, "192.0.2.9");
	assert_int_equal(settings.old_portal.port, 3261);
	assert_int_equal(settings.old_port, 50123);
	assert_refused("old-portal=storage.example:3260",
		       "old-portal is not valid");
	assert_refused("old-port=65536", "old-port is out of range");
	assert_refused("old-port=0", "old-port is out of range");
}

static void test_portals_keep_their_order(void **state)
{
	assert_accepted("portal=[2001:db8::1]:3261,2 portal=192.0.2.8:3260");
	assert_int_equal(settings.nportals, 3);
	assert_string_equal(settings.portals[0].host, "192.0.2.7");
	assert_int_equal(settings.portals[0].tag, 1);
	assert_string_equal(settings.portals[1].host, "2001:db8::1");
	assert_int_equal(settings.portals[1].port, 3261);
	assert_int_equal(settings.portals[2].tag, -1);
}

static void test_a_secret_may_hold_any_byte(void **state)
{
	assert_accepted("user=me secret=a%00b%20%ff");
	assert_int_equal(settings.session.out.secret_len, 5);
	assert_memory_equal(settings.session.out.secret, "a\0b \xff", 5);
	assert_int_equal(settings.session.in.secret_len, 0);
}

static void test_a_secret_of_the_longest_length_fits(void **state)
{
	char text[300] = "user=me secret=";

	memset(text + strlen(text), 'x', CHAP_SECRET_SIZE);
	assert_accepted(text);
	assert_int_equal(settings.session.out.secret_len, CHAP_SECRET_SIZE);
}

static void test_a_secret_that_is_too_long_is_refused(void **state)
{
	char text[300] = "user=me secret=";

	memset(text + strlen(text), 'x', CHAP_SECRET_SIZE + 1);
	assert_refused(text, "secret is too long");
}

static void test_a_secret_without_a_user_is_refused(void **state)
{
	assert_refused("secret=abcabcabcabc", "user is missing");
}

static void test_numbers_outside_their_limits_are_refused(void **state)
{
	assert_refused("max-recv-data=511", "max-recv-data is out of range");
	assert_refused("max-burst=16777216", "max-burst is out of range");
	assert_refused("initial-r2t=2", "initial-r2t is out of range");
	assert_refused("login-timeout=4294967296",
		       "login-timeout is out of range");
	assert_refused("idle-timeout=5s", "idle-timeout is not valid");
}

static void test_a_first_burst_is_cut_to_max_burst(void **state)
{
	assert_accepted("first-burst=8192 max-burst=4096");
	assert_int_equal(settings.session.first_burst, 4096);
}

static void test_an_unknown_digest_word_is_refused(void **state)
{
	assert_refused("data-digest=maybe", "data-digest is not valid");
}

static void test_a_host_name_is_no_portal_here(void **state)
{
	assert_refused("portal=storage.example:3260,1", "portal is not valid");
}

static void test_a_name_with_a_line_break_is_refused(void **state)
{
	static const char text[] =
		"target id=1 name=iqn.x%0ay initiator=iqn.a isid=000000000000 "
		"portal=192.0.2.7:3260";

	assert_int_equal(read_text(text, SESSION_NORMAL), -EINVAL);
	assert_string_equal(why_text, "name is not valid");
}

static void assert_missing(const char *text, const char *reason)
{
	assert_int_equal(read_text(text, SESSION_NORMAL), -EINVAL);
	assert_string_equal(why_text, reason);
}

static void test_what_a_target_needs_must_be_there(void **state)
{
	assert_missing("target name=a", "id is missing");
	assert_missing("target id=1", "name is missing");
	assert_missing("target id=1 name=a", "initiator is missing");
	assert_missing("target id=1 name=a initiator=b", "isid is missing");
	assert_missing("target id=1 name=a initiator=b isid=000000000000",
		       "portal is missing");
}

static void test_an_isid_has_twelve_digits(void **state)
{
	assert_missing("target id=1 name=a initiator=b isid=00000000000",
		       "isid is not valid");
	assert_missing("target id=1 name=a initiator=b isid=00000000000g",
		       "isid is not valid");
}

static void test_a_discovery_needs_no_name_and_takes_none(void **state)
{
	assert_int_equal(read_text("discover " BASIC, SESSION_DISCOVERY), 0);
	assert_int_equal(settings.session.type, SESSION_DISCOVERY);
	assert_string_equal(settings.session.target_name, "");
}

static void test_nothing_is_left_after_a_refusal(void **state)
{
	static const struct settings zero;

	assert_refused("user=me secret=abcabcabcabc window=x",
		       "window is not valid");
	assert_memory_equal(&settings, &zero, sizeof(settings));
}

static int read_own(const char *text, struct addr *portal)
{
	struct msg_in m;

	sb_init(&why, why_text, sizeof(why_text));
	assert_int_equal(msg_read(&m, text, strlen(text)), 0);
	return settings_own(&m, portal, &settings, &why);
}

static void test_a_portals_own_settings_replace_what_they_say(void **state)
{
	struct addr at;

	assert_accepted("user=me secret=abc login-timeout=1500 window=4096");
	assert_int_equal(read_own("at id=7 portal=192.0.2.9 login-timeout=99 "
				  "max-burst=512",
				  &at),
			 0);
	assert_string_equal(at.host, "192.0.2.9");
	assert_int_equal(settings.session.login_timeout, 99);
	assert_int_equal(settings.window, 4096);
	assert_int_equal(settings.session.out.secret_len,
			 0); /* none is given */
	assert_int_not_equal(settings.session.max_burst, 512); /* no portal's */
	assert_int_equal(read_own("at id=7 portal=host", &at), -EINVAL);
	assert_int_equal(read_own("at id=7 portal=192.0.2.9 secret=x", &at),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_key_that_is_not_given_keeps_its_default),
		cmocka_unit_test(test_every_kind_of_key_is_read),
		cmocka_unit_test(
			test_an_old_connection_has_an_address_and_a_port),
		cmocka_unit_test(test_portals_keep_their_order),
		cmocka_unit_test(test_a_secret_may_hold_any_byte),
		cmocka_unit_test(test_a_secret_of_the_longest_length_fits),
		cmocka_unit_test(test_a_secret_that_is_too_long_is_refused),
		cmocka_unit_test(test_a_secret_without_a_user_is_refused),
		cmocka_unit_test(test_numbers_outside_their_limits_are_refused),
		cmocka_unit_test(test_a_first_burst_is_cut_to_max_burst),
		cmocka_unit_test(test_an_unknown_digest_word_is_refused),
		cmocka_unit_test(test_a_host_name_is_no_portal_here),
		cmocka_unit_test(test_a_name_with_a_line_break_is_refused),
		cmocka_unit_test(test_what_a_target_needs_must_be_there),
		cmocka_unit_test(test_an_isid_has_twelve_digits),
		cmocka_unit_test(test_a_discovery_needs_no_name_and_takes_none),
		cmocka_unit_test(test_nothing_is_left_after_a_refusal),
		cmocka_unit_test(
			test_a_portals_own_settings_replace_what_they_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

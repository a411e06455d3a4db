/*
 * test_request - what the manager writes about a session (engines/request.h)
 * is what an engine reads of it (engine/session/settings.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "conf/conf.h"
#include "engine/session/settings.h"
#include "iscsid/messages/request.h"
#include "words/words.h"

static const uint8_t isid[CONF_ISID_LEN] = { 2, 0x3d, 0, 0, 0, 1 };
static struct initiator me = { .name = "iqn.2004-04.org.example:me" };
static struct conf_settings conf, other;
static struct addr portals[2];
static struct target_request of;
static struct msg_out msg;
static struct settings settings;
static char why_text[128];

static void defaults(struct conf_settings *to)
{
	struct conf *c = conf_empty("c");

	conf_target_settings(c, "iqn.x", NULL, NULL, to);
	conf_free(c);
}

static int set_up(void **state)
{
	defaults(&conf);
	str_copy(me.alias, sizeof(me.alias), "my host");
	assert_int_equal(addr_parse("192.0.2.7:3260,1", 16, &portals[0]), 0);
	assert_int_equal(addr_parse("192.0.2.8:3261,2", 16, &portals[1]), 0);
	of = (struct target_request){
		.id = 7,
		.initiator = &me,
		.isid = isid,
		.name = "iqn.2004-04.org.example:disk",
		.portals = portals,
		.nportals = 2,
		.old_portal = "",
		.reinstates = "",
		.sole = true,
		.settings = &conf,
	};
	return 0;
}

static void hear(enum session_type type)
{
	struct msg_in in;
	struct strbuf why;

	assert_false(msg.full);
	assert_int_equal(msg_read(&in, msg.text, msg.len), 0);
	sb_init(&why, why_text, sizeof(why_text));
	if (settings_read(&in, type, &settings, &why))
		fail_msg("%s", why_text);
}

static void tell(void)
{
	request_target(&of, &msg);
	hear(SESSION_NORMAL);
}

/* Rows whose value stands in the configuration: both fields of each. */
#define CONF(f) &conf.f
#define OF(f)	NULL
#define MADE(f) NULL
static const struct {
	const char *key;
	enum word_kind kind;
	uint32_t least, most;
	void *from, *to;
} rows[] = {
#define SESSION_KEY(key, kind, least, most, scope, from, to, help)             \
	{ key, WORD_##kind, least, most, from, &settings.to },
#include "words/session_keys.h"
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool is_number(enum word_kind kind)
{
	return kind == WORD_NUMBER || kind == WORD_MS;
}

static bool is_text(enum word_kind kind)
{
	return kind == WORD_TEXT || kind == WORD_SECRET;
}

/* Another in each row, where the bounds allow it. */
static uint32_t some_number(size_t i)
{
	uint64_t values = (uint64_t)rows[i].most - rows[i].least + 1;

	return rows[i].least + (uint32_t)((1000 + i) % values);
}

static void fill(size_t i)
{
	if (is_number(rows[i].kind))
		*(uint32_t *)rows[i].from = some_number(i);
	else if (rows[i].kind == WORD_DIGEST)
		*(uint32_t *)rows[i].from = (uint32_t)i % DIGEST_WORDS;
	else if (rows[i].kind == WORD_BOOL)
		*(bool *)rows[i].from = !*(bool *)rows[i].from;
	else
		snprintf(rows[i].from, CONF_STRING_SIZE, "text %zu", i);
}

static bool arrived(size_t i)
{
	if (is_text(rows[i].kind))
		return strcmp(rows[i].to, rows[i].from) == 0;
	if (rows[i].kind == WORD_BOOL)
		return *(bool *)rows[i].to == *(bool *)rows[i].from;
	return *(uint32_t *)rows[i].to == *(uint32_t *)rows[i].from;
}

static void test_what_iscsi_conf_says_arrives_row_by_row(void **state)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].from)
			fill(i);
	tell();
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].from && !arrived(i))
			fail_msg("%s does not arrive", rows[i].key);
}

static void test_who_and_where_arrive(void **state)
{
	tell();
	assert_int_equal(settings.id, 7);
	assert_string_equal(settings.session.target_name, of.name);
	assert_string_equal(settings.session.initiator_name, me.name);
	assert_string_equal(settings.session.initiator_alias, "my host");
	assert_memory_equal(settings.session.isid, isid, sizeof(isid));
	assert_int_equal(settings.nportals, 2);
	assert_true(addr_same(&settings.portals[1], &portals[1]));
	assert_int_equal(settings.preferred, 0);
}

static void test_preferred_portals_are_counted(void **state)
{
	str_copy(conf.preferred_portal.host, sizeof(conf.preferred_portal.host),
		 "192.0.2.7");
	tell();
	assert_int_equal(settings.preferred, 1);
}

static void test_what_engines_said_before_arrives(void **state)
{
	of.group = "3";
	of.old_portal = "192.0.2.9:3260";
	of.old_port = 50123;
	of.reinstates = "yes";
	of.reinstates_ms = 44;
	of.doubted = true;
	of.resumes = 5;
	of.task_timeout = 9000;
	tell();
	assert_int_equal(settings.group, 3);
	assert_string_equal(settings.old_portal.host, "192.0.2.9");
	assert_int_equal(settings.old_port, 50123);
	assert_int_equal(settings.seen, REINSTATES_YES);
	assert_int_equal(settings.seen_ms, 44);
	assert_true(settings.doubt);
	assert_int_equal(settings.resumes, 5);
	assert_int_equal(settings.task_timeout, 9000);
}

static void test_what_is_not_known_keeps_the_engines_default(void **state)
{
	of.group = "-1";
	of.old_portal = "storage.example:3260";
	of.old_port = 50123;
	tell();
	assert_int_equal(settings.group, SETTINGS_NO_GROUP);
	assert_string_equal(settings.old_portal.host, "");
	assert_int_equal(settings.old_port, 0);
	assert_int_equal(settings.seen, REINSTATES_UNKNOWN);
	assert_int_equal(settings.task_timeout, 60000);
}

static void test_the_smaller_disk_timeout_counts(void **state)
{
	conf.min_disk_command_timeout = 9000;
	conf.max_disk_command_timeout = 8000;
	tell();
	assert_int_equal(settings.disk_timeout, 8000);
}

static void test_the_ways_of_the_fence_arrive(void **state)
{
	conf.barrier = CONF_BARRIER_RESET;
	conf.fence_reservation = true;
	conf.reinstatement = CONF_REINSTATEMENT_YES;
	tell();
	assert_true(settings.barrier_resets);
	assert_true(settings.fence_reservation);
	assert_int_equal(settings.reinstatement, REINSTATEMENT_YES);
}

static void test_paths_of_one_disk_do_not_reserve_it(void **state)
{
	conf.fence_reservation = true;
	conf.multipath = CONF_MULTIPATH_PORTAL;
	tell();
	assert_false(settings.fence_reservation);
}

static void test_beside_another_daemon_nothing_is_looked_at(void **state)
{
	of.sole = false;
	tell();
	assert_int_equal(settings.reinstatement, REINSTATEMENT_NO);
	of.reinstates = "no";
	tell();
	assert_int_equal(settings.reinstatement, REINSTATEMENT_SEE);
}

static void test_a_discovery_has_its_own_keys(void **state)
{
	conf.send_async_text = true;
	request_discover(&of, true, &msg);
	hear(SESSION_DISCOVERY);
	assert_string_equal(settings.session.target_name, "");
	assert_true(settings.continuous);
	assert_true(settings.session.async_text);
	assert_int_equal(settings.linger, REQUEST_LINGER);
	assert_int_equal(settings.session.login_timeout, conf.login_timeout);
	request_discover(&of, false, &msg);
	hear(SESSION_DISCOVERY);
	assert_false(settings.continuous);
	assert_false(settings.session.async_text);
}

static void test_a_portals_own_settings_arrive(void **state)
{
	struct msg_in in;
	struct strbuf why;
	struct addr at;

	tell();
	conf.login_timeout = 4321;
	conf.max_burst = 512;
	request_at(&msg, 7, &portals[1], &conf);
	assert_int_equal(msg_read(&in, msg.text, msg.len), 0);
	sb_init(&why, why_text, sizeof(why_text));
	assert_int_equal(settings_own(&in, &at, &settings, &why), 0);
	assert_true(addr_same(&at, &portals[1]));
	assert_int_equal(settings.session.login_timeout, 4321);
	assert_int_not_equal(settings.session.max_burst, 512);
}

static void change(const struct keyword *k, struct conf_settings *in)
{
	void *field = (char *)in + k->offset;

	switch (k->kind) {
	case KEY_STRING:
	case KEY_SECRET:
		str_copy(field, CONF_STRING_SIZE, "changed");
		break;
	case KEY_BOOL:
		*(bool *)field = !*(bool *)field;
		break;
	case KEY_DIGEST:
	case KEY_REINSTATEMENT:
	case KEY_BARRIER:
	case KEY_MULTIPATH:
	case KEY_EXPORT:
		*(uint32_t *)field = !*(uint32_t *)field;
		break;
	case KEY_TIME:
	case KEY_BYTES:
		*(uint32_t *)field += 4000;
		break;
	default:
		*(uint8_t *)field ^= 0x41;
	}
}

/* A keyword of a network section and a key of `at` are the same fact. */
static void test_portals_differ_by_what_network_sections_say(void **state)
{
	unsigned nets = IN_SECTION(CONF_TARGET_ADDRESS) |
			IN_SECTION(CONF_SUBNET) | IN_SECTION(CONF_ADDRESS);

	for (size_t i = 0; i < keyword_count; i++) {
		const struct keyword *k = &keywords[i];

		if (k->kind == KEY_SECTION || k->kind == KEY_UNUSED)
			continue;
		other = conf;
		change(k, &other);
		if (request_differs(&other, &conf) != !!(k->where & nets))
			fail_msg("%s: its sections in conf/keywords.c and its "
				 "scope in words/session_keys.h differ",
				 k->name);
	}
}

static bool fits(const struct keyword *k, size_t i)
{
	uint64_t unit = k->kind == KEY_TIME ? 1000 : 1; /* ms a second */

	return k->min * unit >= rows[i].least && k->max * unit <= rows[i].most;
}

/* What one end takes from the administrator the other end takes from it. */
static void test_bounds_of_keywords_lie_within_those_of_keys(void **state)
{
	for (size_t i = 0; i < ROWS; i++) {
		size_t k = 0;

		if (!rows[i].from || !is_number(rows[i].kind))
			continue;
		while (k < keyword_count &&
		       (char *)&conf + keywords[k].offset != rows[i].from)
			k++;
		assert_int_not_equal(k, keyword_count);
		if (!fits(&keywords[k], i))
			fail_msg("%s has other bounds than %s",
				 keywords[k].name, rows[i].key);
	}
}

static void test_no_secret_stays_in_a_message(void **state)
{
	str_copy(conf.out.user, sizeof(conf.out.user), "me");
	str_copy(conf.out.secret, sizeof(conf.out.secret), "a-secret");
	request_target(&of, &msg);
	assert_non_null(strstr(msg.text, "secret=a-secret"));
	request_wipe(&msg);
	for (size_t i = 0; i < sizeof(msg.text); i++)
		assert_int_equal(msg.text[i], 0);
}

#define T(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_what_iscsi_conf_says_arrives_row_by_row),
		T(test_who_and_where_arrive),
		T(test_preferred_portals_are_counted),
		T(test_what_engines_said_before_arrives),
		T(test_what_is_not_known_keeps_the_engines_default),
		T(test_the_smaller_disk_timeout_counts),
		T(test_the_ways_of_the_fence_arrive),
		T(test_paths_of_one_disk_do_not_reserve_it),
		T(test_beside_another_daemon_nothing_is_looked_at),
		T(test_a_discovery_has_its_own_keys),
		T(test_a_portals_own_settings_arrive),
		T(test_portals_differ_by_what_network_sections_say),
		T(test_bounds_of_keywords_lie_within_those_of_keys),
		T(test_no_secret_stays_in_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

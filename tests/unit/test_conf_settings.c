/*
 * test_conf_settings - what iscsi.conf means for one session.
 */
#include "conf_helper.h"

#include "conf/conf.h"

#define A "iqn.2001-04.com.example:a"
#define B "iqn.2001-04.com.example:b"

static struct conf *conf;
static struct conf_settings settings;

static void read_conf(const char *text)
{
	conf_free(conf);
	assert_int_equal(
		conf_parse("c", text, strlen(text), fresh_report(), &conf), 0);
}

static int drop_conf(void **state)
{
	conf_free(conf);
	conf = NULL;
	return 0;
}

static void target(const char *name, const char *portal)
{
	struct addr a;

	if (portal)
		assert_int_equal(addr_parse(portal, strlen(portal), &a), 0);
	conf_target_settings(conf, name, portal ? &a : NULL, NULL, &settings);
}

/* The i-th DiscoveryAddress section. */
static const struct conf_section *nth(unsigned i)
{
	const struct conf_section *d = NULL;

	do
		d = conf_next_discovery(conf, d);
	while (d && i--);
	assert_non_null(d);
	return d;
}

static struct conf_origin origin(const char *keyword)
{
	return conf_settings_origin(&settings,
				    keyword_find(keyword, strlen(keyword)));
}

static void assert_origin(const char *keyword, enum conf_scope scope,
			  unsigned line)
{
	assert_int_equal(origin(keyword).scope, scope);
	assert_int_equal(origin(keyword).line, line);
}

static void test_defaults_are_those_of_the_manual(void **state)
{
	read_conf("");
	target(A, NULL);
	assert_null(settings.unusable);
	assert_string_equal(settings.out.user, "");
	assert_int_equal(settings.login_timeout, 15000);
	assert_int_equal(settings.auth_timeout, 45000);
	assert_int_equal(settings.active_timeout, 5000);
	assert_int_equal(settings.idle_timeout, 60000);
	assert_int_equal(settings.ping_timeout, 5000);
	assert_int_equal(settings.connfail_timeout, 0);
	assert_int_equal(settings.abort_timeout, 10000);
	assert_int_equal(settings.reset_timeout, 30000);
	assert_int_equal(settings.min_disk_command_timeout, 0);
	assert_int_equal(settings.max_disk_command_timeout, 0);
	assert_int_equal(settings.header_digest, CONF_DIGEST_PREFER_OFF);
	assert_int_equal(settings.data_digest, CONF_DIGEST_PREFER_OFF);
	assert_false(settings.initial_r2t);
	assert_true(settings.immediate_data);
	assert_int_equal(settings.max_recv_data, 131072);
	assert_int_equal(settings.first_burst, 262144);
	assert_int_equal(settings.max_burst, 16776192);
	assert_int_equal(settings.tcp_window, 0);
	assert_true(settings.portal_failover);
	assert_string_equal(settings.preferred_portal.host, "");
	assert_int_equal(settings.preferred_subnet.count, 0);
	assert_int_equal(settings.multipath, CONF_MULTIPATH_NO);
	assert_true(settings.enabled);
	assert_true(settings.continuous);
	assert_true(settings.send_async_text);
	assert_origin("LoginTimeout", CONF_FROM_DEFAULT, 0);
}

static void test_discovery_takes_globals_as_they_stand_there(void **state)
{
	read_conf("OutgoingUsername=alice\n"
		  "OutgoingPassword=alices-secret\n"
		  "LoginTimeout=20\n"
		  "DiscoveryAddress=10.4.100.0\n"
		  "  OutgoingUsername=bob\n"
		  "  OutgoingPassword=bobs-own-secret\n"
		  "LoginTimeout=15\n"
		  "DiscoveryAddress=10.4.100.1\n");
	assert_string_equal(told, "");
	conf_discovery_settings(conf, nth(0), &settings);
	assert_string_equal(settings.out.user, "bob");
	assert_string_equal(settings.out.secret, "bobs-own-secret");
	assert_int_equal(settings.login_timeout, 20000);
	assert_origin("Username", CONF_FROM_DISCOVERY, 5);
	assert_origin("LoginTimeout", CONF_FROM_GLOBAL, 3);
	conf_discovery_settings(conf, nth(1), &settings);
	assert_string_equal(settings.out.user, "alice");
	assert_string_equal(settings.out.secret, "alices-secret");
	assert_int_equal(settings.login_timeout, 15000);
	assert_origin("LoginTimeout", CONF_FROM_GLOBAL, 7);
}

static void test_network_beats_target_name_beats_global(void **state)
{
	read_conf("LoginTimeout=25\n"
		  "Subnet=192.168.250.0/24\n"
		  "  LoginTimeout=20\n"
		  "TargetName=" A "\n"
		  "  LoginTimeout=30\n");
	target(A, "192.168.250.9:3260");
	assert_int_equal(settings.login_timeout, 20000);
	assert_origin("LoginTimeout", CONF_FROM_NETWORK, 3);
	target(A, "192.168.251.9:3260");
	assert_int_equal(settings.login_timeout, 30000);
	assert_origin("LoginTimeout", CONF_FROM_TARGET, 5);
	target(B, "192.168.251.9:3260");
	assert_int_equal(settings.login_timeout, 25000);
	assert_origin("LoginTimeout", CONF_FROM_GLOBAL, 1);
	target(B, "192.168.250.9:3260");
	assert_int_equal(settings.login_timeout, 20000);
}

static void test_subnet_leaves_what_it_does_not_say_to_others(void **state)
{
	read_conf("Subnet=192.168.250.0/24\n"
		  "  PingTimeout=3\n"
		  "TargetName=" A "\n"
		  "  LoginTimeout=30\n");
	target(A, "192.168.250.9");
	assert_int_equal(settings.ping_timeout, 3000);
	assert_int_equal(settings.login_timeout, 30000);
}

static void test_last_of_two_matching_sections_wins(void **state)
{
	read_conf("Address=192.168.250.9\n"
		  "  LoginTimeout=1\n"
		  "  PingTimeout=1\n"
		  "Subnet=192.168.250.0/24\n"
		  "  LoginTimeout=2\n");
	target(A, "192.168.250.9");
	assert_int_equal(settings.login_timeout, 2000);
	assert_int_equal(settings.ping_timeout, 1000);
}

static void test_any_address_of_a_list_matches(void **state)
{
	read_conf("Subnet=10.4.100.1/24,10.5.100.1/24,2001:db8::/32\n"
		  "  LoginTimeout=2\n"
		  "TargetIPAddress=10.6.0.0/16\n"
		  "  LoginTimeout=3\n");
	target(A, "10.5.100.77");
	assert_int_equal(settings.login_timeout, 2000);
	target(A, "[2001:db8::9]:3260");
	assert_int_equal(settings.login_timeout, 2000);
	target(A, "10.6.7.8");
	assert_int_equal(settings.login_timeout, 3000);
	target(A, "10.7.7.8");
	assert_int_equal(settings.login_timeout, 15000);
}

static void test_later_global_does_not_reach_an_earlier_section(void **state)
{
	read_conf("HeaderDigest=always\n"
		  "TargetName=" A "\n"
		  "  LoginTimeout=30\n"
		  "HeaderDigest=never\n");
	target(A, NULL);
	assert_int_equal(settings.header_digest, CONF_DIGEST_ALWAYS);
	assert_origin("HeaderDigest", CONF_FROM_GLOBAL, 1);
	target(B, NULL);
	assert_int_equal(settings.header_digest, CONF_DIGEST_NEVER);
}

static void test_section_without_settings_pins_the_globals(void **state)
{
	read_conf("LoginTimeout=20\n"
		  "Subnet=10.0.0.0/8\n"
		  "LoginTimeout=10\n"
		  "HeaderDigest=always\n");
	target(A, "10.0.0.1");
	assert_int_equal(settings.login_timeout, 20000);
	/* A Subnet has no say in digests. */
	assert_int_equal(settings.header_digest, CONF_DIGEST_ALWAYS);
}

static void test_credentials_are_those_of_the_finding_discovery(void **state)
{
	read_conf("Username=alice\n"
		  "Password=alices-secret\n"
		  "DiscoveryAddress=10.4.100.0\n"
		  "  Username=bob\n"
		  "  Password=bobs-own-secret\n"
		  "Username=carol\n"
		  "Password=carols-secret\n");
	conf_target_settings(conf, A, NULL, nth(0), &settings);
	assert_string_equal(settings.out.user, "bob");
	assert_string_equal(settings.out.secret, "bobs-own-secret");
	assert_origin("Password", CONF_FROM_DISCOVERY, 5);
	target(A, NULL);
	assert_string_equal(settings.out.user, "carol");
}

static void test_discovery_before_all_credentials_has_none(void **state)
{
	read_conf("DiscoveryAddress=10.4.100.0\n"
		  "Username=alice\n"
		  "Password=alices-secret\n");
	conf_target_settings(conf, A, NULL, nth(0), &settings);
	assert_null(settings.unusable);
	assert_string_equal(settings.out.secret, "");
}

static void test_discovery_times_are_not_for_its_targets(void **state)
{
	read_conf("DiscoveryAddress=10.4.100.0\n"
		  "  LoginTimeout=99\n"
		  "  Continuous=no\n");
	conf_target_settings(conf, A, NULL, nth(0), &settings);
	assert_int_equal(settings.login_timeout, 15000);
	conf_discovery_settings(conf, nth(0), &settings);
	assert_int_equal(settings.login_timeout, 99000);
	assert_false(settings.continuous);
}

static void test_target_may_have_credentials_of_its_own(void **state)
{
	read_conf("DiscoveryAddress=10.4.100.0\n"
		  "  Username=bob\n"
		  "  Password=bobs-own-secret\n"
		  "TargetName=" A "\n"
		  "  Username=alice\n"
		  "  Password=alices-secret\n");
	conf_target_settings(conf, A, NULL, nth(0), &settings);
	assert_string_equal(settings.out.user, "alice");
	conf_target_settings(conf, B, NULL, nth(0), &settings);
	assert_string_equal(settings.out.user, "bob");
}

static void test_empty_quotes_take_credentials_away(void **state)
{
	read_conf("Username=alice\n"
		  "Password=alices-secret\n"
		  "DiscoveryAddress=10.4.100.0\n"
		  "  Username=\"\"\n"
		  "  Password=\"\"\n");
	conf_discovery_settings(conf, nth(0), &settings);
	assert_null(settings.unusable);
	assert_string_equal(settings.out.secret, "");
}

static void test_bad_credentials_make_a_session_impossible(void **state)
{
	static const char *const bad[] = {
		"IncomingUsername=d\nIncomingPassword=disks-secret\n",
		"Username=a\nPassword=same-secret\nPasswordIn=same-secret\n",
		"Username=a\nPassword=opensesame-2\nIncomingUsername=d\n",
		"Password=opensesame-2\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		read_conf(bad[i]);
		target(A, NULL);
		assert_non_null(settings.unusable);
		assert_string_equal(settings.out.secret, "");
		assert_string_equal(settings.in.secret, "");
	}
}

static void test_good_credentials_both_ways_are_taken(void **state)
{
	read_conf("Username=alice\nPassword=alices-secret\n"
		  "IncomingUsername=disk\nIncomingPassword=disks-secret\n");
	assert_string_equal(told, "");
	target(A, NULL);
	assert_null(settings.unusable);
	assert_string_equal(settings.in.user, "disk");
	assert_string_equal(settings.in.secret, "disks-secret");
}

static void test_the_time_of_an_engine_is_one_for_all(void **state)
{
	read_conf("TargetName=" A "\n  LoginTimeout=20\n");
	assert_int_equal(conf_engine_timeout(conf), 1000);
	read_conf("EngineTimeout=5\nTargetName=" A "\n");
	assert_int_equal(conf_engine_timeout(conf), 5000);
	read_conf("EngineTimeout=0\n");
	assert_int_equal(conf_engine_timeout(conf), 0);
}

static void test_target_may_be_disabled_or_alone_enabled(void **state)
{
	read_conf("TargetName=" A "\n  Enabled=no\n");
	target(A, NULL);
	assert_false(settings.enabled);
	target(B, NULL);
	assert_true(settings.enabled);
	read_conf("Enabled=no\nTargetName=" A "\n  Enabled=yes\n");
	target(A, NULL);
	assert_true(settings.enabled);
	target(B, NULL);
	assert_false(settings.enabled);
}

static void test_luns_not_listed_are_not_enabled(void **state)
{
	read_conf("TargetName=" A "\n  LUNs=0-2,8\n");
	target(A, NULL);
	assert_true(conf_lun_enabled(&settings, 0));
	assert_true(conf_lun_enabled(&settings, 8));
	assert_false(conf_lun_enabled(&settings, 3));
	target(B, NULL);
	assert_true(conf_lun_enabled(&settings, 255));
	assert_false(conf_lun_enabled(&settings, 256));
	assert_false(conf_lun_enabled(&settings, UINT32_MAX));
}

static unsigned rank(const char *portal)
{
	struct addr a;

	assert_int_equal(addr_parse(portal, strlen(portal), &a), 0);
	return conf_portal_rank(&settings, &a);
}

static void test_preferred_portal_comes_before_its_subnet(void **state)
{
	read_conf("PreferredPortal=10.0.0.5\nPreferredSubnet=10.0.1.0/24\n");
	target(A, NULL);
	assert_int_equal(rank("10.0.0.5:3260,1"), 0);
	assert_int_equal(rank("10.0.0.5:9999"), 0);
	assert_int_equal(rank("10.0.1.5"), 1);
	assert_int_equal(rank("10.0.2.5"), 2);
}

static void test_preferred_portal_of_ipv6_matches_any_spelling(void **state)
{
	read_conf("PreferredPortal=[2001:db8:0:0::5]:3260\n");
	target(A, NULL);
	assert_int_equal(rank("[2001:DB8::5]:3260"), 0);
	assert_int_equal(rank("[2001:db8::5]:3261"), 2);
}

static void test_nothing_is_preferred_by_default(void **state)
{
	read_conf("");
	target(A, NULL);
	assert_int_equal(rank("10.0.0.5"), 2);
}

static void test_disk_commands_last_for_ever_by_default(void **state)
{
	read_conf("");
	target(A, NULL);
	assert_int_equal(conf_disk_timeout(&settings), 0);
	read_conf("MaxDiskCommandTimeout=10\n");
	target(A, NULL);
	assert_int_equal(conf_disk_timeout(&settings), 10000);
	read_conf("MinDiskCommandTimeout=20\nDiskCommandTimeout=10\n");
	target(A, NULL);
	assert_int_equal(conf_disk_timeout(&settings), 10000);
	read_conf("MinDiskCommandTimeout=20\n");
	target(A, NULL);
	assert_int_equal(conf_disk_timeout(&settings), 20000);
}

static void test_barriers_are_ordered_commands_or_resets(void **state)
{
	read_conf("TargetName=" A "\n\tFenceBarrier=reset\n");
	target(A, NULL);
	assert_int_equal(settings.barrier, CONF_BARRIER_RESET);
	target(B, NULL);
	assert_int_equal(settings.barrier, CONF_BARRIER_ORDERED);
}

static void test_listing_names_values_and_their_lines(void **state)
{
	char value[CONF_LIST_SIZE], from[256];
	char all[16384] = "";

	read_conf("LoginTimeout=2m\n"
		  "Username=\"alice b\"\n"
		  "Password=alices-secret\n"
		  "TargetName=" A "\n"
		  "  LUNs=0-3\n");
	target(A, NULL);
	for (size_t i = 0;
	     conf_settings_list(conf, &settings, i, value, sizeof(value), from,
				sizeof(from));
	     i++) {
		strcat(all, value);
		strcat(all, " ");
		strcat(all, from);
		strcat(all, "\n");
	}
	assert_non_null(strstr(all, "LoginTimeout=120s c:1\n"));
	assert_non_null(strstr(all, "Username=\"alice b\" c:2\n"));
	assert_non_null(strstr(all, "Password=*** c:3\n"));
	assert_non_null(strstr(all, "LUNs=0-3 c:5\n"));
	assert_non_null(strstr(all, "PingTimeout=5s default\n"));
	assert_non_null(strstr(all, "MinDiskCommandTimeout=infinite default"));
	assert_null(strstr(all, "alices-secret"));
	assert_null(strstr(all, "Continuous"));
}

static void test_wiped_settings_hold_no_secret(void **state)
{
	static const struct conf_settings zero;

	read_conf("Username=alice\nPassword=alices-secret\n");
	target(A, NULL);
	assert_string_equal(settings.out.secret, "alices-secret");
	conf_settings_wipe(&settings);
	assert_memory_equal(&settings, &zero, sizeof(settings));
}

#define T(name) cmocka_unit_test_teardown(name, drop_conf)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_defaults_are_those_of_the_manual),
		T(test_discovery_takes_globals_as_they_stand_there),
		T(test_network_beats_target_name_beats_global),
		T(test_subnet_leaves_what_it_does_not_say_to_others),
		T(test_last_of_two_matching_sections_wins),
		T(test_any_address_of_a_list_matches),
		T(test_later_global_does_not_reach_an_earlier_section),
		T(test_section_without_settings_pins_the_globals),
		T(test_credentials_are_those_of_the_finding_discovery),
		T(test_discovery_before_all_credentials_has_none),
		T(test_discovery_times_are_not_for_its_targets),
		T(test_target_may_have_credentials_of_its_own),
		T(test_empty_quotes_take_credentials_away),
		T(test_bad_credentials_make_a_session_impossible),
		T(test_good_credentials_both_ways_are_taken),
		T(test_the_time_of_an_engine_is_one_for_all),
		T(test_target_may_be_disabled_or_alone_enabled),
		T(test_luns_not_listed_are_not_enabled),
		T(test_preferred_portal_comes_before_its_subnet),
		T(test_preferred_portal_of_ipv6_matches_any_spelling),
		T(test_nothing_is_preferred_by_default),
		T(test_disk_commands_last_for_ever_by_default),
		T(test_barriers_are_ordered_commands_or_resets),
		T(test_listing_names_values_and_their_lines),
		T(test_wiped_settings_hold_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

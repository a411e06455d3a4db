/*
 * test_conf_value - every keyword's values, good and bad.
 */
#include "conf_helper.h"

#include "conf/value.h"

static struct conf_settings got;
static char why[VALUE_WHY];

static bool take(const char *keyword, const char *text)
{
	const struct keyword *k = keyword_find(keyword, strlen(keyword));

	if (!k)
		fail_msg("%s is no keyword", keyword);
	why[0] = '\0';
	return value_get(k, text, strlen(text), &got, why);
}

static void assert_taken(const char *keyword, const char *text)
{
	if (!take(keyword, text))
		fail_msg("%s=%s: %s", keyword, text, why);
}

/* Refused, with a reason, and the field as it was. */
static void assert_refused(const char *keyword, const char *text)
{
	struct conf_settings before = got;

	if (take(keyword, text))
		fail_msg("%s=%s was accepted", keyword, text);
	assert_string_not_equal(why, "");
	assert_memory_equal(&got, &before, sizeof(got));
}

/* Calls fn with each keyword that has a value. */
static void each_value(void (*fn)(const struct keyword *k))
{
	for (size_t i = 0; i < keyword_count; i++)
		if (keywords[i].kind != KEY_SECTION &&
		    keywords[i].kind != KEY_UNUSED)
			fn(&keywords[i]);
}

static void refuse_empty(const struct keyword *k)
{
	assert_refused(k->name, "");
}

static void test_no_keyword_takes_an_empty_value(void **state)
{
	each_value(refuse_empty);
}

static bool is_text(const struct keyword *k)
{
	return k->kind == KEY_STRING || k->kind == KEY_SECRET;
}

static void refuse_wrong(const struct keyword *k)
{
	static const char *const wrong[] = {
		"yesterday",  "crc32cxyz", "1x",       "0x",
		"10.0.0.0.0", "=",	   "15 # why",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (!is_text(k) || strchr(wrong[i], ' '))
			assert_refused(k->name, wrong[i]);
}

static void test_no_keyword_takes_a_wrong_value(void **state)
{
	each_value(refuse_wrong);
}

static void refuse_negative(const struct keyword *k)
{
	if (!is_text(k))
		assert_refused(k->name, "-1");
}

static void test_no_keyword_takes_a_negative_value(void **state)
{
	each_value(refuse_negative);
}

static void refuse_huge(const struct keyword *k)
{
	char huge[CONF_STRING_SIZE + 1];

	memset(huge, '9', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	assert_refused(k->name, huge);
	if (!is_text(k))
		assert_refused(k->name, "18446744073709551616");
}

static void test_no_keyword_takes_a_huge_value(void **state)
{
	each_value(refuse_huge);
}

static void take_default(const struct keyword *k)
{
	if (k->deflt)
		assert_taken(k->name, k->deflt);
}

static void test_every_default_is_a_value_of_its_keyword(void **state)
{
	each_value(take_default);
}

static void read_back(const struct keyword *k)
{
	struct conf_settings again = { 0 };
	char text[CONF_LIST_SIZE];

	if (!k->deflt)
		return;
	memset(&got, 0, sizeof(got));
	assert_taken(k->name, k->deflt);
	value_put(k, &got, text, sizeof(text));
	assert_true(value_get(k, text, strlen(text), &again, why));
	assert_memory_equal(&got, &again, sizeof(got));
}

static void test_what_is_listed_can_be_read_back(void **state)
{
	each_value(read_back);
}

static void test_bool_is_yes_or_no_or_a_number(void **state)
{
	static const struct {
		const char *text;
		bool value;
	} cases[] = {
		{ "yes", true }, { "YES", true },  { "y", true },
		{ "1", true },	 { "2", true },	   { "on", true },
		{ "no", false }, { "No", false },  { "n", false },
		{ "0", false },	 { "off", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got.enabled = !cases[i].value;
		assert_taken("Enabled", cases[i].text);
		assert_int_equal(got.enabled, cases[i].value);
	}
}

static void test_time_takes_units_and_gives_milliseconds(void **state)
{
	static const struct {
		const char *text;
		uint32_t ms;
	} cases[] = {
		{ "15", 15000 },	  { "15s", 15000 },  { "2m", 120000 },
		{ "1h", 3600000 },	  { "0", 0 },	     { "0x10", 16000 },
		{ "010", 8000 },	  { "3 m", 180000 }, { "1H", 3600000 },
		{ "infinite", 0 },	  { "Infinite", 0 }, { "2*3", 6000 },
		{ "1193h", 4294800000u },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got.login_timeout = 1;
		assert_taken("LoginTimeout", cases[i].text);
		assert_int_equal(got.login_timeout, cases[i].ms);
	}
	assert_refused("LoginTimeout", "s");
	assert_refused("LoginTimeout", "5 days");
	assert_refused("LoginTimeout", "1194h");
	assert_refused("LoginTimeout", "5124095576030431h");
	assert_refused("LoginTimeout", "4294968");
}

static void test_bytes_are_numbers_of_c_and_products(void **state)
{
	static const struct {
		const char *text;
		uint32_t bytes;
	} cases[] = {
		{ "512", 512 },		  { "16777215", 16777215 },
		{ "0x10000", 65536 },	  { "01000", 512 },
		{ "128 * 1024", 131072 }, { "2*2*1024", 4096 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_taken("MaxBurstLength", cases[i].text);
		assert_int_equal(got.max_burst, cases[i].bytes);
	}
	assert_refused("MaxBurstLength", "511");
	assert_refused("MaxBurstLength", "16777216");
	assert_refused("MaxBurstLength", "128 *");
	assert_refused("MaxBurstLength", "* 1024");
	assert_refused("MaxBurstLength", "0999");
	assert_refused("MaxBurstLength", "4294967296 * 4294967296");
	assert_refused("MaxBurstLength", "1024 1024");
}

static void test_digest_words_of_all_kinds_are_known(void **state)
{
	static const struct {
		const char *text;
		uint32_t value;
	} cases[] = {
		{ "always", CONF_DIGEST_ALWAYS },
		{ "Yes", CONF_DIGEST_ALWAYS },
		{ "crc32c", CONF_DIGEST_ALWAYS },
		{ "never", CONF_DIGEST_NEVER },
		{ "no", CONF_DIGEST_NEVER },
		{ "None", CONF_DIGEST_NEVER },
		{ "prefer-on", CONF_DIGEST_PREFER_ON },
		{ "PREFER-OFF", CONF_DIGEST_PREFER_OFF },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		got.data_digest = 99;
		assert_taken("DataDigest", cases[i].text);
		assert_int_equal(got.data_digest, cases[i].value);
	}
}

static void test_multipath_yes_means_portal(void **state)
{
	assert_taken("Multipath", "yes");
	assert_int_equal(got.multipath, CONF_MULTIPATH_PORTAL);
	assert_taken("Multipath", "portal");
	assert_int_equal(got.multipath, CONF_MULTIPATH_PORTAL);
	assert_taken("Multipath", "PortalGroup");
	assert_int_equal(got.multipath, CONF_MULTIPATH_PORTALGROUP);
	assert_taken("Multipath", "no");
	assert_int_equal(got.multipath, CONF_MULTIPATH_NO);
}

static void test_quotes_hold_blanks_together(void **state)
{
	assert_taken("Username", "\"alice b #1\"");
	assert_string_equal(got.out.user, "alice b #1");
	assert_taken("Username", "bob#1");
	assert_string_equal(got.out.user, "bob#1");
	assert_taken("Username", "\"\"");
	assert_string_equal(got.out.user, "");
	assert_refused("Username", "alice # that is me");
	assert_non_null(strstr(why, "comment"));
	assert_refused("Username", "\"alice");
	assert_refused("Username", "\"alice\" # me");
}

static void test_text_of_255_bytes_fits_and_of_256_does_not(void **state)
{
	char text[CONF_STRING_SIZE + 1];

	memset(text, 'p', CONF_STRING_SIZE);
	text[CONF_STRING_SIZE] = '\0';
	assert_refused("Password", text);
	text[CONF_STRING_SIZE - 1] = '\0';
	assert_taken("Password", text);
	assert_string_equal(got.out.secret, text);
}

static void test_no_reason_shows_a_secret(void **state)
{
	assert_refused("Password", "opensesame x");
	assert_null(strstr(why, "opensesame"));
	assert_refused("IncomingPassword", "\"opensesame");
	assert_null(strstr(why, "opensesame"));
}

static void test_preferred_portal_takes_a_port_if_it_has_one(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} cases[] = {
		{ "10.0.0.1", "10.0.0.1", 0 },
		{ "10.0.0.1:3261", "10.0.0.1", 3261 },
		{ "10.0.0.1:3260", "10.0.0.1", 3260 },
		{ "2001:db8::1", "2001:db8::1", 0 },
		{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "[2001:db8::1]:3260", "2001:db8::1", 3260 },
	};
	char text[CONF_LIST_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_taken("PreferredPortal", cases[i].text);
		assert_string_equal(got.preferred_portal.host, cases[i].host);
		assert_int_equal(got.preferred_portal.port, cases[i].port);
	}
	value_put(keyword_find("PreferredPortal", 15), &got, text,
		  sizeof(text));
	assert_string_equal(text, "[2001:db8::1]:3260");
	assert_refused("PreferredPortal", "storage.example");
}

static void test_luns_are_numbers_and_ranges(void **state)
{
	char text[CONF_LIST_SIZE];

	assert_taken("LUNs", "0-2, 8,10 - 11,255");
	value_put(keyword_find("LUNs", 4), &got, text, sizeof(text));
	assert_string_equal(text, "0-2,8,10-11,255");
	assert_taken("LUNs", "0-255");
	value_put(keyword_find("LUNs", 4), &got, text, sizeof(text));
	assert_string_equal(text, "all");
	assert_refused("LUNs", "256");
	assert_refused("LUNs", "3-1");
	assert_refused("LUNs", "1,,2");
	assert_refused("LUNs", "1,");
	assert_refused("LUNs", "1-2-3");
	assert_refused("LUNs", "0-18446744073709551615");
}

static void test_preferred_subnet_may_be_a_list(void **state)
{
	char text[CONF_LIST_SIZE];

	assert_taken("PreferredSubnet", "10.4.100.0/24, 10.5.0.0&ffff0000");
	value_put(keyword_find("PreferredSubnet", 15), &got, text,
		  sizeof(text));
	assert_string_equal(text, "10.4.100.0/24,10.5.0.0/16");
	assert_refused("PreferredSubnet", "10.4.100.0/24,");
}

static void test_secret_is_listed_as_stars(void **state)
{
	char text[CONF_LIST_SIZE];

	assert_taken("Password", "opensesame-opensesame");
	value_put(keyword_find("Password", 8), &got, text, sizeof(text));
	assert_string_equal(text, "***");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_keyword_takes_an_empty_value),
		cmocka_unit_test(test_no_keyword_takes_a_wrong_value),
		cmocka_unit_test(test_no_keyword_takes_a_negative_value),
		cmocka_unit_test(test_no_keyword_takes_a_huge_value),
		cmocka_unit_test(test_every_default_is_a_value_of_its_keyword),
		cmocka_unit_test(test_what_is_listed_can_be_read_back),
		cmocka_unit_test(test_bool_is_yes_or_no_or_a_number),
		cmocka_unit_test(test_time_takes_units_and_gives_milliseconds),
		cmocka_unit_test(test_bytes_are_numbers_of_c_and_products),
		cmocka_unit_test(test_digest_words_of_all_kinds_are_known),
		cmocka_unit_test(test_multipath_yes_means_portal),
		cmocka_unit_test(test_quotes_hold_blanks_together),
		cmocka_unit_test(
			test_text_of_255_bytes_fits_and_of_256_does_not),
		cmocka_unit_test(test_no_reason_shows_a_secret),
		cmocka_unit_test(
			test_preferred_portal_takes_a_port_if_it_has_one),
		cmocka_unit_test(test_luns_are_numbers_and_ranges),
		cmocka_unit_test(test_preferred_subnet_may_be_a_list),
		cmocka_unit_test(test_secret_is_listed_as_stars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

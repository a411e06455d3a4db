/*
 * test_conf_keywords - the table of iscsi.conf keywords.
 */
#include "conf_helper.h"

#include "conf/keywords.h"

static void test_names_and_aliases_are_found_in_any_case(void **state)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "targetipaddr", "DiscoveryAddress" },
		{ "DISCOVERYADDRESS", "DiscoveryAddress" },
		{ "OutgoingUsername", "Username" },
		{ "usernameout", "Username" },
		{ "PasswordOut", "Password" },
		{ "OutgoingPassword", "Password" },
		{ "UsernameIn", "IncomingUsername" },
		{ "PasswordIn", "IncomingPassword" },
		{ "DiskCommandTimeout", "MaxDiskCommandTimeout" },
		{ "TargetIPAddress", "TargetIPAddress" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct keyword *k =
			keyword_find(cases[i].text, strlen(cases[i].text));

		assert_non_null(k);
		assert_string_equal(k->name, cases[i].name);
	}
}

static void test_part_of_a_name_is_not_the_name(void **state)
{
	assert_null(keyword_find("Target", 6));
	assert_null(keyword_find("TargetNames", 11));
	assert_null(keyword_find("", 0));
}

static void test_every_documented_keyword_is_there(void **state)
{
	static const char *const all[] = {
		"DiscoveryAddress",
		"TargetIpAddr",
		"TargetName",
		"TargetIPAddress",
		"Subnet",
		"Address",
		"Username",
		"OutgoingUsername",
		"Password",
		"OutgoingPassword",
		"IncomingUsername",
		"IncomingPassword",
		"HeaderDigest",
		"DataDigest",
		"PortalFailover",
		"PreferredSubnet",
		"PreferredPortal",
		"Multipath",
		"LoginTimeout",
		"AuthTimeout",
		"IdleTimeout",
		"ActiveTimeout",
		"PingTimeout",
		"ConnFailTimeout",
		"AbortTimeout",
		"ResetTimeout",
		"InitialR2T",
		"ImmediateData",
		"MaxRecvDataSegmentLength",
		"FirstBurstLength",
		"MaxBurstLength",
		"TCPWindowSize",
		"Continuous",
		"MinDiskCommandTimeout",
		"MaxDiskCommandTimeout",
		"DiskCommandTimeout",
		"LUNs",
		"Enabled",
		"EngineTimeout",
		"SendAsyncText",
		"SLPMulticast",
		"SLPUnicast",
		"PollInterval",
		"DiscoveryFile",
		"ReadSize",
		"DefaultAddress",
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!keyword_find(all[i], strlen(all[i])))
			fail_msg("%s is missing", all[i]);
}

static void test_no_two_rows_share_a_name(void **state)
{
	const char *name;

	for (size_t i = 0; i < keyword_count; i++)
		for (size_t j = 0; (name = keyword_name(&keywords[i], j)); j++)
			assert_ptr_equal(keyword_find(name, strlen(name)),
					 &keywords[i]);
}

static void test_every_row_says_what_it_is_for(void **state)
{
	for (size_t i = 0; i < keyword_count; i++) {
		assert_non_null(keywords[i].help);
		assert_non_null(keywords[i].form);
		assert_int_not_equal(keywords[i].where, 0);
	}
}

static void test_misspelt_keyword_has_its_nearest(void **state)
{
	static const struct {
		const char *text, *nearest;
	} cases[] = {
		{ "ResetTiemout", "ResetTimeout" },
		{ "Pasword", "Password" },
		{ "discoveryadress", "DiscoveryAddress" },
		{ "TargetNam", "TargetName" },
		{ "Lun", "LUNs" },
		{ "PasswrodIn", "PasswordIn" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
			keyword_nearest(cases[i].text, strlen(cases[i].text)),
			cases[i].nearest);
}

static void test_unlike_word_has_no_nearest(void **state)
{
	char longest[200];

	memset(longest, 'x', sizeof(longest));
	assert_null(keyword_nearest("Colour", 6));
	assert_null(keyword_nearest("", 0));
	assert_null(keyword_nearest(longest, sizeof(longest)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_aliases_are_found_in_any_case),
		cmocka_unit_test(test_part_of_a_name_is_not_the_name),
		cmocka_unit_test(test_every_documented_keyword_is_there),
		cmocka_unit_test(test_no_two_rows_share_a_name),
		cmocka_unit_test(test_every_row_says_what_it_is_for),
		cmocka_unit_test(test_misspelt_keyword_has_its_nearest),
		cmocka_unit_test(test_unlike_word_has_no_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_conf_net - sets of IP addresses as iscsi.conf writes them.
 */
#include "conf_helper.h"

#include "conf/net.h"

static struct conf_net net_of(const char *text)
{
	struct conf_net net;
	const char *why = net_parse(text, strlen(text), &net);

	if (why)
		fail_msg("%s: %s", text, why);
	return net;
}

static void assert_has(const char *text, const char *host, bool has)
{
	struct conf_net net = net_of(text);

	if (net_has(&net, host) != has)
		fail_msg("%s in %s should be %d", host, text, has);
}

static void test_prefix_holds_its_addresses_only(void **state)
{
	assert_has("192.168.250.0/24", "192.168.250.7", true);
	assert_has("192.168.250.99/24", "192.168.250.7", true);
	assert_has("192.168.250.0/24", "192.168.251.7", false);
	assert_has("10.0.0.0/9", "10.127.0.1", true);
	assert_has("10.0.0.0/9", "10.128.0.1", false);
	assert_has("10.0.0.0/0", "203.0.113.1", true);
	assert_has("10.0.0.1/32", "10.0.0.2", false);
}

static void test_address_without_mask_is_one_address(void **state)
{
	assert_has("10.5.101.4", "10.5.101.4", true);
	assert_has("10.5.101.4", "10.5.101.5", false);
}

static void test_hex_mask_may_have_holes(void **state)
{
	assert_has("10.0.5.0&ffffff00", "10.0.5.9", true);
	assert_has("10.0.5.0&0xffffff00", "10.0.6.9", false);
	assert_has("10.0.5.0&ff00ff00", "10.77.5.9", true);
	assert_has("10.0.5.1&ff", "203.0.113.1", true);
}

static void test_mask_may_be_written_like_an_address(void **state)
{
	assert_has("10.0.5.0/255.255.255.0", "10.0.5.9", true);
	assert_has("10.0.5.0/255.255.255.0", "10.0.6.9", false);
}

static void test_ipv6_prefix_holds_its_addresses_only(void **state)
{
	assert_has("2001:db8::/32", "2001:db8:1::9", true);
	assert_has("2001:db8::/32", "2001:db9::9", false);
	assert_has("[2001:db8::1]", "2001:db8:0::1", true);
	assert_has("fe80::/10", "fe80::1%eth0", true);
	assert_has("2001:db8::&ffffffff000000000000000000000000", "2001:db8::7",
		   true);
}

static void test_families_do_not_mix_and_names_never_match(void **state)
{
	assert_has("0.0.0.0/0", "2001:db8::1", false);
	assert_has("::/0", "192.0.2.1", false);
	assert_has("0.0.0.0/0", "host.example", false);
	assert_has("0.0.0.0/0", "", false);
}

static void test_nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"/24",
		"10.0.0.0/33",
		"10.0.0.0/",
		"10.0.0/8",
		"10.0.0.0/-1",
		"10.0.0.0/x",
		"10.0.0.256",
		"host/8",
		"10.0.0.0&",
		"10.0.0.0&fffffffff",
		"::/129",
		"10.0.0.0&xyz",
		"10.0.0.0/0x8",
		"::&g",
		"10.0.0.1 ",
		"10.0.0.0/8/8",
		"10.0.0.0/255.0",
		"[10.0.0.1",
		"99999999999999999999999999999999999999999999999999999999",
	};
	struct conf_net net;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!net_parse(bad[i], strlen(bad[i]), &net))
			fail_msg("\"%s\" was accepted", bad[i]);
}

static void test_it_is_written_back_as_it_was(void **state)
{
	static const char *const texts[] = {
		"10.0.5.0/24", "10.0.5.1",	"10.0.5.0&ff00ff00",
		"0.0.0.0/0",   "2001:db8::/32", "2001:db8::1",
	};
	char text[NET_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct conf_net net = net_of(texts[i]);

		net_format(&net, text, sizeof(text));
		assert_string_equal(text, texts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix_holds_its_addresses_only),
		cmocka_unit_test(test_address_without_mask_is_one_address),
		cmocka_unit_test(test_hex_mask_may_have_holes),
		cmocka_unit_test(test_mask_may_be_written_like_an_address),
		cmocka_unit_test(test_ipv6_prefix_holds_its_addresses_only),
		cmocka_unit_test(
			test_families_do_not_mix_and_names_never_match),
		cmocka_unit_test(test_nonsense_is_refused),
		cmocka_unit_test(test_it_is_written_back_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

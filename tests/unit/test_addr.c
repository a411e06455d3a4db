/*
 * test_addr - portal addresses as people and targets write them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "wire/addr.h"

static void assert_reads(const char *s, const char *host, uint16_t port,
			 int32_t tag)
{
	struct addr a;

	assert_int_equal(addr_parse(s, strlen(s), &a), 0);
	assert_string_equal(a.host, host);
	assert_int_equal(a.port, port);
	assert_int_equal(a.tag, tag);
}

static void assert_refused(const char *s)
{
	struct addr a;

	memset(&a, 0x5a, sizeof(a));
	assert_int_equal(addr_parse(s, strlen(s), &a), -EINVAL);
	assert_int_equal(a.port, 0x5a5a); /* untouched */
}

static void test_examples_of_the_rfc_are_read(void **state)
{
	(void)state;
	assert_reads("10.0.0.1:5003,1", "10.0.0.1", 5003, 1);
	assert_reads("[1080:0:0:0:8:800:200C:417A],65",
		     "1080:0:0:0:8:800:200C:417A", 3260, 65);
	assert_reads("[1080::8:800:200C:417A]:5003,1", "1080::8:800:200C:417A",
		     5003, 1);
	assert_reads("computingcenter.example.com,23",
		     "computingcenter.example.com", 3260, 23);
}

static void test_port_defaults_and_tag_is_unknown(void **state)
{
	(void)state;
	assert_reads("192.0.2.7", "192.0.2.7", 3260, -1);
	assert_reads("host", "host", 3260, -1);
}

static void test_zone_stays_with_the_host(void **state)
{
	(void)state;
	assert_reads("[fe80::1%eth0]:3261", "fe80::1%eth0", 3261, -1);
	assert_reads("fe80::1%eth0", "fe80::1%eth0", 3260, -1);
}

static void test_bare_ipv6_is_read_when_it_stands_alone(void **state)
{
	(void)state;
	assert_reads("2001:db8::1", "2001:db8::1", 3260, -1);
	assert_reads("::1", "::1", 3260, -1);
	assert_refused("2001:db8::1,1");
	assert_refused("2001:db8:0:0:0:0:0:1:3260");
}

static void test_port_limits(void **state)
{
	(void)state;
	assert_reads("h:1", "h", 1, -1);
	assert_reads("h:65535", "h", 65535, -1);
	assert_refused("h:0");
	assert_refused("h:65536");
	assert_refused("h:");
	assert_refused("h:-1");
	assert_refused("h: 1");
	assert_refused("h:3260x");
	assert_refused("h:99999999999999999999999");
}

static void test_tag_limits(void **state)
{
	(void)state;
	assert_reads("h,0", "h", 3260, 0);
	assert_reads("h,65535", "h", 3260, 65535);
	assert_reads("h,0x1F", "h", 3260, 31);
	assert_refused("h,65536");
	assert_refused("h,");
	assert_refused("h,1,2");
	assert_refused("h,1:3260");
}

static void test_bracket_junk_is_refused(void **state)
{
	(void)state;
	assert_refused("[");
	assert_refused("[]");
	assert_refused("[::1");
	assert_refused("::1]");
	assert_refused("[::1]x");
	assert_refused("[::1]3260");
	assert_refused("[[::1]]");
	assert_refused("[192.0.2.1]:3260");
	assert_refused("[host]");
	assert_refused("x[::1]");
	assert_refused("[::1%]");
	assert_refused("[::1%a b]");
	assert_refused("[1:2:3:4:5:6:7:8:9]");
}

static void test_wrong_hosts_are_refused(void **state)
{
	(void)state;
	assert_refused("");
	assert_refused(":3260");
	assert_refused(",1");
	assert_refused("a b");
	assert_refused("a..b");
	assert_refused(".a");
	assert_refused("-a");
	assert_refused("a/b");
	assert_refused("192.0.2.256");
	assert_refused("192.0.2");
	assert_refused("1234");
	assert_refused("a\xc3\xa4");
}

static void test_nul_inside_is_refused(void **state)
{
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse("a\0b", 3, &a), -EINVAL);
	assert_int_equal(addr_parse("::1\0", 4, &a), -EINVAL);
	assert_int_equal(addr_parse("[::1\0]", 6, &a), -EINVAL);
	assert_int_equal(addr_parse("1.2.3.4\0", 8, &a), -EINVAL);
}

static void
test_host_as_long_as_the_field_is_read_and_longer_refused(void **state)
{
	char host[ADDR_HOST_SIZE + 1];
	struct addr a;

	(void)state;
	memset(host, 'a', sizeof(host));
	assert_int_equal(addr_parse(host, ADDR_HOST_SIZE - 1, &a), 0);
	assert_int_equal(strlen(a.host), ADDR_HOST_SIZE - 1);
	assert_int_equal(addr_parse(host, ADDR_HOST_SIZE, &a), -EINVAL);
}

static void assert_round_trip(const char *s, bool tag, const char *expected)
{
	char text[ADDR_TEXT_SIZE];
	struct addr a;

	assert_int_equal(addr_parse(s, strlen(s), &a), 0);
	addr_format(&a, tag, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void test_format_writes_brackets_port_and_tag(void **state)
{
	(void)state;
	assert_round_trip("192.0.2.7", true, "192.0.2.7:3260");
	assert_round_trip("192.0.2.7,2", true, "192.0.2.7:3260,2");
	assert_round_trip("192.0.2.7,2", false, "192.0.2.7:3260");
	assert_round_trip("fe80::1%eth0", true, "[fe80::1%eth0]:3260");
	assert_round_trip("[::1]:99,0", true, "[::1]:99,0");
}

static void test_longest_address_fits_its_text(void **state)
{
	char text[ADDR_TEXT_SIZE];
	struct addr a = { .port = 65535, .tag = 65535 };

	(void)state;
	memset(a.host, ':', sizeof(a.host) - 1);
	addr_format(&a, true, text, sizeof(text));
	assert_string_equal(text + strlen(text) - 13, "]:65535,65535");
}

static void test_same_ignores_case_and_tag_but_not_port(void **state)
{
	struct addr a = { "Host.Example", 3260, 1 };
	struct addr b = { "host.example", 3260, -1 };
	struct addr c = { "host.example", 3261, 1 };
	struct addr d = { "host.exampl", 3260, 1 };

	(void)state;
	assert_true(addr_same(&a, &b));
	assert_false(addr_same(&a, &c));
	assert_false(addr_same(&a, &d));
}

static void test_numbers_are_told_from_names(void **state)
{
	struct addr a = { .host = "192.0.2.1" };

	(void)state;
	assert_true(addr_is_numeric(&a));
	strcpy(a.host, "fe80::1%eth0");
	assert_true(addr_is_numeric(&a));
	strcpy(a.host, "host.example");
	assert_false(addr_is_numeric(&a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples_of_the_rfc_are_read),
		cmocka_unit_test(test_port_defaults_and_tag_is_unknown),
		cmocka_unit_test(test_zone_stays_with_the_host),
		cmocka_unit_test(test_bare_ipv6_is_read_when_it_stands_alone),
		cmocka_unit_test(test_port_limits),
		cmocka_unit_test(test_tag_limits),
		cmocka_unit_test(test_bracket_junk_is_refused),
		cmocka_unit_test(test_wrong_hosts_are_refused),
		cmocka_unit_test(test_nul_inside_is_refused),
		cmocka_unit_test(
			test_host_as_long_as_the_field_is_read_and_longer_refused),
		cmocka_unit_test(test_format_writes_brackets_port_and_tag),
		cmocka_unit_test(test_longest_address_fits_its_text),
		cmocka_unit_test(test_same_ignores_case_and_tag_but_not_port),
		cmocka_unit_test(test_numbers_are_told_from_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_conf_parse - lines, sections and faults of iscsi.conf.
 */
#include "conf_helper.h"

#include <errno.h>
#include <time.h>

#include "conf/conf.h"

static struct conf *conf;

static void read_n(const char *text, size_t n)
{
	conf_free(conf);
	assert_int_equal(conf_parse("c", text, n, fresh_report(), &conf), 0);
}

static void read_conf(const char *text)
{
	read_n(text, strlen(text));
}

static int drop_conf(void **state)
{
	conf_free(conf);
	conf = NULL;
	return 0;
}

static uint32_t login_timeout(const char *target)
{
	struct conf_settings s;

	conf_target_settings(conf, target, NULL, NULL, &s);
	return s.login_timeout / 1000;
}

static void test_good_file_has_no_faults(void **state)
{
	read_conf("# comment\n\nLoginTimeout=20\n"
		  "DiscoveryAddress=10.4.100.1:3260\n\tLoginTimeout=30\n");
	assert_string_equal(told, "");
	assert_int_equal(conf->nsections, 1);
}

static void test_people_may_put_blanks_around_the_equals_sign(void **state)
{
	read_conf("LoginTimeout = 20\r\nlogintimeout\t=\t21");
	assert_string_equal(told, "");
	assert_int_equal(login_timeout("iqn.x"), 21);
}

static void test_last_line_of_a_repeated_keyword_wins(void **state)
{
	read_conf("LoginTimeout=20\nLoginTimeout=7\n");
	assert_int_equal(login_timeout("iqn.x"), 7);
}

static void test_comment_behind_a_value_is_told_clearly(void **state)
{
	read_conf("LoginTimeout=20 # slow\nUsername=alice # me\n");
	assert_told("c:1: LoginTimeout: \"20 # slow\" is not a time");
	assert_told("c:2: Username: there is text after the value");
	assert_int_equal(login_timeout("iqn.x"), 15);
}

static void test_all_faults_are_told_and_good_lines_work(void **state)
{
	read_conf("LoginTimeout=soon\n"
		  "PingTimeout=-1\n"
		  "Nonsense\n"
		  "LoginTimeout=9\n"
		  "InitialR2T=maybe\n"
		  "MaxBurstLength=99999999999\n");
	assert_told("c:1: LoginTimeout: \"soon\" is not a time");
	assert_told("c:2: PingTimeout: must not be negative");
	assert_told("c:3: unknown keyword \"Nonsense\"");
	assert_told("c:5: InitialR2T: \"maybe\" is not yes or no");
	assert_told("c:6: MaxBurstLength: must be 512 to 16777215");
	assert_int_equal(login_timeout("iqn.x"), 9);
}

static void test_unknown_keyword_gets_a_suggestion(void **state)
{
	read_conf("ResetTiemout=5\n");
	assert_string_equal(told, "c:1: unknown keyword \"ResetTiemout\", did "
				  "you mean ResetTimeout?\n");
}

static void test_missing_equals_sign_is_told(void **state)
{
	read_conf("LoginTimeout 20\n");
	assert_told("c:1: LoginTimeout: there is no '='");
}

static void test_section_ends_with_its_indentation(void **state)
{
	read_conf("TargetName=iqn.2001-04.com.example:a\n"
		  "  LoginTimeout=30\n"
		  "LoginTimeout=20\n");
	assert_string_equal(told, "");
	assert_int_equal(login_timeout("iqn.2001-04.com.example:a"), 30);
	assert_int_equal(login_timeout("iqn.2001-04.com.example:b"), 20);
}

static void test_line_as_far_in_as_an_indented_opener_ends_it(void **state)
{
	read_conf("  TargetName=iqn.2001-04.com.example:a\n"
		  "  LoginTimeout=30\n");
	assert_int_equal(login_timeout("iqn.2001-04.com.example:b"), 30);
}

static void test_tab_is_deeper_than_seven_blanks(void **state)
{
	read_conf("       TargetName=iqn.2001-04.com.example:a\n"
		  "\tLoginTimeout=30\n");
	assert_int_equal(login_timeout("iqn.2001-04.com.example:a"), 30);
	assert_int_equal(login_timeout("iqn.2001-04.com.example:b"), 15);
}

static void test_comments_and_blank_lines_do_not_end_a_section(void **state)
{
	read_conf("TargetName=iqn.2001-04.com.example:a\n"
		  "\n# not the end\n"
		  "  LoginTimeout=30\n");
	assert_int_equal(login_timeout("iqn.2001-04.com.example:a"), 30);
	assert_int_equal(login_timeout("iqn.2001-04.com.example:b"), 15);
}

static void test_keyword_in_the_wrong_section_is_told(void **state)
{
	read_conf("Subnet=10.0.0.0/8\n"
		  "  HeaderDigest=always\n"
		  "  Continuous=no\n"
		  "DiscoveryAddress=10.0.0.1\n"
		  "  Multipath=yes\n");
	assert_told("c:2: HeaderDigest does not apply to a Subnet section");
	assert_told("c:3: Continuous does not apply to a Subnet section");
	assert_told("c:5: Multipath does not apply to a DiscoveryAddress "
		    "section");
}

static void test_faulty_opener_takes_its_settings_with_it(void **state)
{
	read_conf("Subnet=10.0.0.0/99\n"
		  "  LoginTimeout=30\n"
		  "PingTimeout=3\n");
	assert_told("c:1: Subnet: the mask after / must be 0 to 32");
	assert_told("c:2: LoginTimeout: ignored, as it belongs to line 1");
	assert_int_equal(login_timeout("iqn.x"), 15);
}

static void test_misspelt_opener_takes_its_settings_with_it(void **state)
{
	read_conf("DiscoverAddress=10.0.0.1\n"
		  "  Username=bob\n"
		  "LoginTimeout=20\n");
	assert_told("c:1: unknown keyword");
	assert_told("c:2: Username: ignored, as it belongs to line 1");
	assert_int_equal(login_timeout("iqn.x"), 20);
}

static void test_unknown_word_inside_a_section_does_not_end_it(void **state)
{
	read_conf("TargetName=iqn.2001-04.com.example:a\n"
		  "  Colour=blue\n"
		  "  LoginTimeout=30\n");
	assert_int_equal(login_timeout("iqn.2001-04.com.example:a"), 30);
}

static void test_discovery_addresses_of_all_kinds_are_read(void **state)
{
	static const struct {
		const char *host;
		unsigned port;
	} want[] = {
		{ "10.4.100.0", 3260 },	 { "10.4.100.1", 3261 },
		{ "scisrouter1", 3260 }, { "2001:db8::1", 3260 },
		{ "2001:db8::1", 99 },	 { "fe80::1%eth0", 3260 },
	};
	const struct conf_section *s = NULL;

	read_conf("DiscoveryAddress=10.4.100.0\n"
		  "TargetIpAddr=10.4.100.1:3261\n"
		  "DiscoveryAddress=scisrouter1\n"
		  "DiscoveryAddress=2001:db8::1\n"
		  "DiscoveryAddress=[2001:db8::1]:99\n"
		  "DiscoveryAddress=[fe80::1%eth0]\n");
	assert_string_equal(told, "");
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		s = conf_next_discovery(conf, s);
		assert_non_null(s);
		assert_string_equal(s->addr.host, want[i].host);
		assert_int_equal(s->addr.port, want[i].port);
	}
	assert_null(conf_next_discovery(conf, s));
}

static void test_discovery_address_must_be_one(void **state)
{
	read_conf("DiscoveryAddress=\n"
		  "DiscoveryAddress=10.0.0.1:99999\n"
		  "DiscoveryAddress=a b\n"
		  "DiscoveryAddress=10.0.0.1,1\n");
	assert_told("c:1: DiscoveryAddress: an address is required");
	assert_told("c:2: DiscoveryAddress: this is no address");
	assert_told("c:3: DiscoveryAddress: this is no address");
	assert_told("c:4: DiscoveryAddress: a portal group tag");
	assert_null(conf_next_discovery(conf, NULL));
}

static void test_same_discovery_address_counts_once(void **state)
{
	const struct conf_section *s;

	read_conf("DiscoveryAddress=Host.example\n"
		  "  LoginTimeout=30\n"
		  "DiscoveryAddress=10.0.0.1\n"
		  "DiscoveryAddress=host.example:3260\n");
	assert_told("c:1: DiscoveryAddress: not used, line 4 gives the same");
	s = conf_next_discovery(conf, NULL);
	assert_int_equal(s->line, 3);
	s = conf_next_discovery(conf, s);
	assert_int_equal(s->line, 4);
	assert_null(conf_next_discovery(conf, s));
}

static void test_discovery_is_found_by_its_address(void **state)
{
	struct addr a;

	read_conf("DiscoveryAddress=10.0.0.1\nDiscoveryAddress=10.0.0.2\n");
	addr_parse("10.0.0.2", 8, &a);
	assert_int_equal(conf_find_discovery(conf, &a)->line, 2);
	addr_parse("10.0.0.3", 8, &a);
	assert_null(conf_find_discovery(conf, &a));
}

static void test_target_name_must_be_one(void **state)
{
	char longest[300] = "TargetName=iqn.2001-04.com.example:";

	read_conf("TargetName=\n"
		  "TargetName=disk1\n"
		  "TargetName=iqn.2001-04.com.example:a*b\n"
		  "TargetName=\"eui.02004567a425678d\"\n");
	assert_told("c:1: TargetName: a name is required");
	assert_told("c:2: TargetName: does not begin with");
	assert_told("c:3: TargetName: has a character");
	assert_int_equal(conf->nsections, 1);
	memset(longest + 35, 'x', sizeof(longest) - 36);
	read_conf(longest);
	assert_told("c:1: TargetName: is longer than 223 bytes");
}

static void test_capitals_in_a_target_name_are_folded(void **state)
{
	read_conf("TargetName=iqn.2001-04.com.Example:A\n"
		  "  LoginTimeout=30\n");
	assert_int_equal(login_timeout("iqn.2001-04.com.example:a"), 30);
	assert_int_equal(login_timeout("IQN.2001-04.com.example:a"), 30);
}

static void test_target_with_addresses_needs_no_discovery(void **state)
{
	const struct conf_section *s;

	read_conf("TargetName=iqn.2001-04.com.example:a\n"
		  "  HeaderDigest=always\n"
		  "TargetName=iqn.2001-04.com.example:b\n"
		  "  TargetIPAddress=10.0.0.1, 10.0.0.2:3261,2\n"
		  "  TargetIPAddress=[2001:db8::1]:3260,65535\n"
		  "  LoginTimeout=30\n");
	assert_string_equal(told, "");
	s = conf_next_static(conf, NULL);
	assert_non_null(s);
	assert_string_equal(s->name, "iqn.2001-04.com.example:b");
	assert_int_equal(s->nportals, 3);
	assert_string_equal(s->portals[0].host, "10.0.0.1");
	assert_int_equal(s->portals[0].tag, -1);
	assert_int_equal(s->portals[1].port, 3261);
	assert_int_equal(s->portals[1].tag, 2);
	assert_string_equal(s->portals[2].host, "2001:db8::1");
	assert_int_equal(s->portals[2].tag, 65535);
	assert_null(conf_next_static(conf, s));
	assert_int_equal(login_timeout("iqn.2001-04.com.example:b"), 30);
}

static void test_wrong_address_of_a_target_is_told(void **state)
{
	read_conf("TargetName=iqn.2001-04.com.example:b\n"
		  "  TargetIPAddress=10.0.0.1/24\n"
		  "  TargetIPAddress=\n"
		  "  TargetIPAddress=10.0.0.2\n");
	assert_told("c:2: TargetIPAddress: this is no address of a target");
	assert_told("c:3: TargetIPAddress: an address is required");
	assert_int_equal(conf->sections[0].nportals, 1);
}

static void test_target_ip_address_outside_is_a_section(void **state)
{
	read_conf("TargetName=iqn.2001-04.com.example:b\n"
		  "TargetIPAddress=10.0.0.0/24\n"
		  "  LoginTimeout=30\n");
	assert_string_equal(told, "");
	assert_int_equal(conf->sections[1].kind, CONF_TARGET_ADDRESS);
}

static void test_same_target_with_addresses_counts_once(void **state)
{
	read_conf("TargetName=iqn.2001-04.com.example:b\n"
		  "  TargetIPAddress=10.0.0.1\n"
		  "TargetName=iqn.2001-04.com.example:b\n"
		  "  TargetIPAddress=10.0.0.2\n"
		  "TargetName=iqn.2001-04.com.example:b\n"
		  "  LoginTimeout=30\n");
	assert_told("c:1: TargetName: not used, line 3 gives the same");
	assert_int_equal(conf_next_static(conf, NULL)->line, 3);
}

static void test_subnets_and_addresses_may_be_lists(void **state)
{
	read_conf("Subnet=10.4.100.1/24,10.5.100.1/24\n"
		  "Address=10.5.101.4, 10.5.101.5\n"
		  "Subnet=10.4.100.1/24,\n");
	assert_told("c:3: Subnet: an address is required");
	assert_int_equal(conf->nsections, 2);
	assert_int_equal(conf->sections[0].nnets, 2);
	assert_int_equal(conf->sections[1].nnets, 2);
}

static void test_slp_is_known_and_not_used(void **state)
{
	read_conf("SLPMulticast=all\n"
		  "  PollInterval=5m\n"
		  "  Username=alice\n"
		  "Target,Lun=iqn.x,0\n"
		  "ReadSize=512\n");
	assert_told("warning: c:1: SLPMulticast is known and has no effect");
	assert_told("warning: c:4: Target,Lun is known and has no effect");
	assert_told("warning: c:5: ReadSize is known and has no effect");
	assert_null(strstr(told, "c:2:"));
	assert_null(conf_next_discovery(conf, NULL));
}

static void test_what_is_no_text_is_told_by_line(void **state)
{
	static const char text[] = "LoginTimeout=\00120\n"
				   "Username=al\xff"
				   "ice\n"
				   "Username=al\0ice\n"
				   "LoginTimeout=7\n";

	read_n(text, sizeof(text) - 1);
	assert_told("c:1: the line has a control character");
	assert_told("c:2: the line is not well-formed UTF-8");
	assert_told("c:3: the line has a NUL byte");
	assert_int_equal(login_timeout("iqn.x"), 7);
}

static void test_line_of_a_mebibyte_is_told_and_the_rest_works(void **state)
{
	size_t n = 1 << 20;
	char *text = malloc(n + 64);

	assert_non_null(text);
	strcpy(text, "LoginTimeout=7\nUsername=");
	memset(text + strlen(text), 'x', n);
	strcpy(text + n, "\nPingTimeout=nine\nLoginTimeout=8\n");
	read_conf(text);
	free(text);
	assert_told("c:2: the line is too long");
	assert_told("c:3: PingTimeout");
	assert_int_equal(login_timeout("iqn.x"), 8);
}

static void test_long_line_below_the_bound_is_read(void **state)
{
	size_t n = 8000;
	char *text = calloc(1, n + 64);

	strcpy(text, "Subnet=10.0.0.1");
	while (strlen(text) < n)
		strcat(text, ",10.0.0.1");
	read_conf(text);
	free(text);
	assert_string_equal(told, "");
	assert_true(conf->sections[0].nnets > 800);
}

static void test_thousand_faults_are_told_and_more_are_counted(void **state)
{
	struct report *r = fresh_report();
	char *text = malloc(1200 * 4 + 1), *p = text;

	for (int i = 0; i < 1200; i++)
		p += sprintf(p, "zq=\n");
	conf_free(conf);
	assert_int_equal(conf_parse("c", text, strlen(text), r, &conf), 0);
	free(text);
	assert_int_equal(r->errors, 1200);
	assert_told("c:1000: ");
	assert_null(strstr(told, "c:1001: "));
	assert_told("200 more faults");
}

/* Of most lines only their number is wanted: that must not take long. */
static void test_a_file_full_of_unknown_words_is_read_quickly(void **state)
{
	static const char line[] = "xyzxyzxyzxyzxyzxyzx=\n";
	size_t n = sizeof(line) - 1, lines = (4u << 20) / n;
	char *text = malloc(lines * n);
	clock_t begin = clock();

	for (size_t i = 0; i < lines; i++)
		memcpy(text + i * n, line, n);
	read_n(text, lines * n);
	free(text);
	assert_in_range((clock() - begin) / CLOCKS_PER_SEC, 0, 9);
}

static void test_no_fault_shows_a_secret(void **state)
{
	read_conf("Password=opensesame with blanks\n"
		  "Pasword=opensesame\n"
		  "Password opensesame\n"
		  "IncomingPassword=\"opensesame\n"
		  "Password=opensesame\n"
		  "IncomingPassword=opensesame\n"
		  "DiscoveryAddress=\n"
		  "  Password=opensesame\n");
	assert_true(strlen(told) > 100);
	assert_null(strstr(told, "opensesame"));
}

static void test_short_secret_is_warned_of(void **state)
{
	read_conf("Username=alice\nPassword=short\n");
	assert_string_equal(told, "warning: c:2: Password: a secret of 5 "
				  "bytes is weak, it should have 12 or more\n");
	read_conf("Username=alice\nPassword=\"twelve bytes\"\n");
	assert_string_equal(told, "");
}

static void test_incoming_without_outgoing_is_a_fault(void **state)
{
	read_conf("DiscoveryAddress=10.0.0.1\n"
		  "  IncomingUsername=disk\n"
		  "  IncomingPassword=opensesame-2-you\n");
	assert_told("c:3: IncomingPassword needs Username and Password");
}

static void test_same_secret_both_ways_is_a_fault(void **state)
{
	read_conf("Username=alice\nPassword=opensesame-2-you\n"
		  "IncomingUsername=disk\n"
		  "IncomingPassword=\"opensesame-2-you\"\n");
	assert_told("c:4: IncomingPassword must differ from Password");
}

static void test_shared_fault_is_told_once(void **state)
{
	const char *first;

	read_conf("Username=alice\nPassword=opensesame-2-you\n"
		  "IncomingPassword=opensesame-2-you\n"
		  "DiscoveryAddress=10.0.0.1\nDiscoveryAddress=10.0.0.2\n");
	first = strstr(told, "must differ");
	assert_non_null(first);
	assert_null(strstr(first + 1, "must differ"));
}

static void test_name_without_secret_is_a_fault(void **state)
{
	read_conf("IncomingUsername=disk\n");
	assert_told("c:1: IncomingUsername without IncomingPassword");
	read_conf("Password=opensesame-2-you\n");
	assert_told("c:1: Password needs a Username");
	read_conf("Username=alice\n");
	assert_told("warning: c:1: Username without Password");
}

static void test_first_burst_above_max_burst_is_warned_of(void **state)
{
	struct conf_settings s;

	read_conf("MaxBurstLength=1024\nFirstBurstLength=2048\n");
	assert_told("warning: c:2: FirstBurstLength is above MaxBurstLength");
	conf_target_settings(conf, "iqn.x", NULL, NULL, &s);
	assert_int_equal(s.first_burst, 1024);
	read_conf("MaxBurstLength=1024\n");
	assert_string_equal(told, "");
}

static void test_missing_file_is_told(void **state)
{
	assert_int_equal(conf_load(in_tmp("none"), fresh_report(), &conf),
			 -ENOENT);
	assert_told("none: cannot read it: No such file");
}

static void test_directory_is_no_configuration(void **state)
{
	assert_int_equal(conf_load(tmp_dir, fresh_report(), &conf), -EISDIR);
	assert_int_equal(conf_load("/dev/zero", fresh_report(), &conf), -EFBIG);
	assert_told("too large");
}

static void load_with_mode(mode_t mode)
{
	const char *path = in_tmp("iscsi.conf");

	put_file_n(path, "LoginTimeout=7\nUsername=a\nPassword=0123456789ab\n",
		   47, mode);
	conf_free(conf);
	assert_int_equal(conf_load(path, fresh_report(), &conf), 0);
}

static void test_secrets_that_others_may_read_are_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0644, 0620, 0602 };
	struct conf_settings s;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		load_with_mode(modes[i]);
		assert_told("iscsi.conf:3: there are passwords in this file");
		assert_told("chmod 600");
		conf_target_settings(conf, "iqn.x", NULL, NULL, &s);
		assert_non_null(s.unusable);
		assert_string_equal(s.out.secret, "");
		assert_int_equal(s.login_timeout, 7000);
	}
}

static void test_secrets_of_a_private_file_are_taken(void **state)
{
	struct conf_settings s;

	load_with_mode(0600);
	assert_string_equal(told, "");
	conf_target_settings(conf, "iqn.x", NULL, NULL, &s);
	assert_null(s.unusable);
	assert_string_equal(s.out.secret, "0123456789ab");
}

static void test_open_file_without_secrets_is_fine(void **state)
{
	const char *path = in_tmp("iscsi.conf");

	put_file_n(path, "LoginTimeout=7\n", 15, 0644);
	assert_int_equal(conf_load(path, fresh_report(), &conf), 0);
	assert_string_equal(told, "");
}

/* Cutting a file anywhere, or changing any byte, must do no harm. */
static void test_damaged_file_is_survived(void **state)
{
	static const char text[] = "LoginTimeout=20\n"
				   "DiscoveryAddress=[fe80::1%eth0]:3260\n"
				   "\tUsername=\"a b\"\n"
				   "\tPassword=opensesame-2-you\n"
				   "TargetName=iqn.2001-04.com.example:a\n"
				   " TargetIPAddress=10.0.0.1:3260,1,h,2\n"
				   " LUNs=0-3,7\n"
				   " PreferredSubnet=10.0.0.0/8,::/0\n"
				   "Subnet=10.0.0.0&ff000000\n"
				   " TCPWindowSize=64 * 1024\n";
	char copy[sizeof(text)];

	for (size_t i = 0; i < sizeof(text); i++) {
		memcpy(copy, text, sizeof(text));
		read_n(copy, i);
		for (int c = 0; c < 256 && i < sizeof(text) - 1; c += 5) {
			copy[i] = (char)c;
			read_n(copy, sizeof(text) - 1);
		}
	}
}

#define T(name) cmocka_unit_test_teardown(name, drop_conf)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_good_file_has_no_faults),
		T(test_people_may_put_blanks_around_the_equals_sign),
		T(test_last_line_of_a_repeated_keyword_wins),
		T(test_comment_behind_a_value_is_told_clearly),
		T(test_all_faults_are_told_and_good_lines_work),
		T(test_unknown_keyword_gets_a_suggestion),
		T(test_missing_equals_sign_is_told),
		T(test_section_ends_with_its_indentation),
		T(test_line_as_far_in_as_an_indented_opener_ends_it),
		T(test_tab_is_deeper_than_seven_blanks),
		T(test_comments_and_blank_lines_do_not_end_a_section),
		T(test_keyword_in_the_wrong_section_is_told),
		T(test_faulty_opener_takes_its_settings_with_it),
		T(test_misspelt_opener_takes_its_settings_with_it),
		T(test_unknown_word_inside_a_section_does_not_end_it),
		T(test_discovery_addresses_of_all_kinds_are_read),
		T(test_discovery_address_must_be_one),
		T(test_same_discovery_address_counts_once),
		T(test_discovery_is_found_by_its_address),
		T(test_target_name_must_be_one),
		T(test_capitals_in_a_target_name_are_folded),
		T(test_target_with_addresses_needs_no_discovery),
		T(test_wrong_address_of_a_target_is_told),
		T(test_target_ip_address_outside_is_a_section),
		T(test_same_target_with_addresses_counts_once),
		T(test_subnets_and_addresses_may_be_lists),
		T(test_slp_is_known_and_not_used),
		T(test_what_is_no_text_is_told_by_line),
		T(test_line_of_a_mebibyte_is_told_and_the_rest_works),
		T(test_long_line_below_the_bound_is_read),
		T(test_thousand_faults_are_told_and_more_are_counted),
		T(test_a_file_full_of_unknown_words_is_read_quickly),
		T(test_no_fault_shows_a_secret),
		T(test_short_secret_is_warned_of),
		T(test_incoming_without_outgoing_is_a_fault),
		T(test_same_secret_both_ways_is_a_fault),
		T(test_shared_fault_is_told_once),
		T(test_name_without_secret_is_a_fault),
		T(test_first_burst_above_max_burst_is_warned_of),
		T(test_missing_file_is_told),
		T(test_directory_is_no_configuration),
		T(test_secrets_that_others_may_read_are_refused),
		T(test_secrets_of_a_private_file_are_taken),
		T(test_open_file_without_secrets_is_fine),
		T(test_damaged_file_is_survived),
	};

	return cmocka_run_group_tests(tests, make_tmp_dir, remove_tmp_dir);
}

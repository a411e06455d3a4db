/*
 * test_hba_text - the HBA file's layout against golden text, and the words
 * written to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "iscsid/admin/hba_text.h"

static char text[4096];
static struct strbuf sb;
static struct msg_out out;

static int setup(void **state)
{
	sb_init(&sb, text, sizeof(text));
	return 0;
}

static void test_the_head_is_the_originals(void **state)
{
	const char *rest;

	hba_text_head(&sb);
	rest = strchr(text, '\n') + 1;
	assert_memory_equal(text, "# iSCSI driver version: " SOFTHBA_VERSION,
			    strlen("# iSCSI driver version: " SOFTHBA_VERSION));
	assert_string_equal(rest, "#\n"
				  "# SCSI:               iSCSI:\n"
				  "# Bus Tgt LUN         IP address   Port  "
				  "TargetName\n");
}

static void test_a_lun_stands_in_its_columns(void **state)
{
	const struct hba_line l = { 0,	  0,
				    0,	  "192.0.2.10",
				    3260, "iqn.1987-05.com.cisco:00.0d1d.t0" };

	hba_text_line(&sb, &l);
	assert_string_equal(text, "    0   0   0         192.0.2.10   3260  "
				  "iqn.1987-05.com.cisco:00.0d1d.t0\n");
}

static void test_the_largest_numbers_fill_their_columns(void **state)
{
	const struct hba_line l = { 255,   254,
				    253,   "192.168.255.255",
				    65535, "eui.02004567a425678d" };

	hba_text_line(&sb, &l);
	assert_string_equal(text, "  255 254 253    192.168.255.255  65535  "
				  "eui.02004567a425678d\n");
}

static void test_what_is_not_known_is_a_question_mark(void **state)
{
	const struct hba_line l = { 0, 1, -1, NULL, 0, "iqn.2026-11.t:t1" };

	hba_text_line(&sb, &l);
	assert_string_equal(text, "    0   1   ?                  ?      ?  "
				  "iqn.2026-11.t:t1\n");
}

static void test_a_long_address_keeps_its_blanks(void **state)
{
	const struct hba_line l = { 0,	  1,
				    2,	  "2001:db8:ffff:ffff::1234",
				    3260, "iqn.2026-11.t:t1" };

	hba_text_line(&sb, &l);
	assert_string_equal(text,
			    "    0   1   2    2001:db8:ffff:ffff::1234   3260  "
			    "iqn.2026-11.t:t1\n");
}

static void becomes(const char *line, const char *request)
{
	assert_null(hba_text_request(line, strlen(line), &out));
	assert_int_equal(out.len, strlen(request));
	assert_memory_equal(out.text, request, out.len);
}

static void test_each_command_becomes_its_request(void **state)
{
	becomes("target 0 1 address 192.0.2.1\n",
		"portal bus=0 target=1 address=192.0.2.1");
	becomes("target 0 1 portal 2", "portal bus=0 target=1 index=2");
	becomes("log all", "log what=all");
	becomes("log login on", "log what=login value=on");
	becomes("connfailtimeout - 1 15",
		"connfailtimeout bus=- target=1 seconds=15");
	becomes("diskcommandtimeout - - 0",
		"diskcommandtimeout bus=- target=- seconds=0");
	becomes("shutdown\n", "shutdown");
	becomes("scsi add-single-device 0 1 2 3", "add bus=1 target=2 lun=3");
	becomes("scsi remove-single-device 0 1 2 3",
		"remove bus=1 target=2 lun=3");
}

static void test_blanks_tabs_newlines_and_nuls_divide_words(void **state)
{
	static const char line[] = " target\t0\n1\0portal  2 \n";

	assert_null(hba_text_request(line, sizeof(line) - 1, &out));
	assert_memory_equal(out.text, "portal bus=0 target=1 index=2", out.len);
}

static void refused(const char *line, const char *why)
{
	assert_string_equal(hba_text_request(line, strlen(line), &out), why);
}

static void test_words_are_whole_and_case_counts(void **state)
{
	refused("", "unknown command");
	refused("Shutdown", "unknown command");
	refused("shutdow", "unknown command");
	refused("shutdown now", "unknown command");
	refused("target 0 1 port 2", "unknown command");
	refused("target 0 1 portal", "unknown command");
	refused("log", "unknown command");
	refused("scsi add-single-device 0 1 2", "unknown command");
}

static void test_another_host_is_refused(void **state)
{
	refused("scsi add-single-device 1 1 2 3", "the only HBA is 0");
}

static void test_too_much_is_refused(void **state)
{
	char line[400];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	refused("1 2 3 4 5 6 7 8 9", "too many words");
	refused(line, "a word is too long");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		TEST(test_the_head_is_the_originals),
		TEST(test_a_lun_stands_in_its_columns),
		TEST(test_the_largest_numbers_fill_their_columns),
		TEST(test_what_is_not_known_is_a_question_mark),
		TEST(test_a_long_address_keeps_its_blanks),
		TEST(test_each_command_becomes_its_request),
		TEST(test_blanks_tabs_newlines_and_nuls_divide_words),
		TEST(test_words_are_whole_and_case_counts),
		TEST(test_another_host_is_refused),
		TEST(test_too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

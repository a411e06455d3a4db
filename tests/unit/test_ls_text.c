/*
 * test_ls_text - what iscsi-ls prints, from messages as the manager sends them.
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
#include <time.h>

#include "tools/ls_text.h"

#define STARS                                                                  \
	"****************************************"                             \
	"***************************************\n"

#define TARGET(id)                                                             \
	"target name=iqn.2003-10.com.example:volume3 alias= host=0 bus=0 "     \
	"target=" id " state=up since=1252680673 address=192.0.2.60:3260 "     \
	"isid=00023d000001 tsih=945 portal=192.0.2.60:3260,1 "                 \
	"portal=[2001:db8::9]:3260,2"

static struct ls_text listing;
static char *printed;
static size_t size;

static int set_up(void **state)
{
	setenv("TZ", "UTC", 1);
	tzset();
	memset(&listing, 0, sizeof(listing));
	listing.to = open_memstream(&printed, &size);
	return listing.to ? 0 : -1;
}

static int tear_down(void **state)
{
	fclose(listing.to);
	free(printed);
	printed = NULL;
	return 0;
}

static int add(const char *text)
{
	struct msg_in m;
	int err;

	assert_int_equal(msg_read(&m, text, strlen(text)), 0);
	err = ls_text_add(&listing, &m);
	fflush(listing.to);
	return err;
}

static void test_a_target_looks_as_it_did_in_3_6(void **state)
{
	assert_int_equal(add(TARGET("58")), 0);
	assert_int_equal(add("end"), 0);
	assert_string_equal(
		printed,
		"TARGET NAME             : iqn.2003-10.com.example:volume3\n"
		"TARGET ALIAS            : \n"
		"HOST NO                 : 0\n"
		"BUS NO                  : 0\n"
		"TARGET ID               : 58\n"
		"TARGET ADDRESS          : 192.0.2.60:3260\n"
		"SESSION STATUS          : ESTABLISHED AT Fri Sep 11 14:51:13 "
		"2009\n"
		"NUMBER OF PORTALS          : 2\n"
		"PORTAL ADDRESS 1        : 192.0.2.60:3260,1\n"
		"PORTAL ADDRESS 2        : [2001:db8::9]:3260,2\n"
		"SESSION ID              : ISID 00023d000001 TSIH 3b1\n" STARS);
}

static void test_the_header_names_us_between_asterisks(void **state)
{
	ls_text_header(&listing);
	fflush(listing.to);
	assert_string_equal(printed, STARS "softhba iSCSI Driver Version "
					   "... " SOFTHBA_VERSION "\n" STARS);
}

static void test_a_dropped_session_says_when_and_why(void **state)
{
	add("target name=x state=dropped since=1252680673 "
	    "reason=the%20connection%20broke");
	assert_non_null(strstr(printed, "SESSION STATUS          : DROPPED AT "
					"Fri Sep 11 14:51:13 2009\n"));
	assert_non_null(strstr(
		printed, "REASON                  : the connection broke\n"));
}

static void test_a_target_never_reached_has_a_question_mark(void **state)
{
	add("target name=x state=none since=1252680673");
	assert_non_null(strstr(printed, "TARGET ADDRESS          : ?\n"));
	assert_non_null(
		strstr(printed, "SESSION STATUS          : NOT ESTABLISHED\n"));
}

#define DISK                                                                   \
	"lun lun=0 state=online vendor=NETAPP model=LUN rev=0.2 "              \
	"type=Direct-Access ansi=4 block-size=512 blocks=2097152 "             \
	"read-only=1 device=loop3 link=/dev/iscsi/bus0/target0/lun0/disk"

static void test_disks_are_listed_when_asked_for(void **state)
{
	listing.luns = true;
	add(TARGET("0"));
	add(DISK);
	add("end");
	assert_non_null(
		strstr(printed,
		       "DEVICE DETAILS:\n"
		       "---------------\n"
		       "LUN ID : 0\n"
		       "  Vendor: NETAPP   Model: LUN              Rev: 0.2 \n"
		       "  Type:   Direct-Access                    ANSI SCSI "
		       "revision: 04\n"
		       "  Size:   2097152 sectors of 512 bytes [1073 MB] write "
		       "protected\n"
		       "  Device: /dev/loop3\n"
		       "  Link:   /dev/iscsi/bus0/target0/lun0/disk\n" STARS));
}

static void test_a_disk_says_how_it_is_exported_and_why(void **state)
{
	listing.luns = true;
	add(TARGET("0"));
	add(DISK " export=ublk export-why=Export%3Dauto");
	assert_non_null(strstr(printed, "  Export: ublk (Export=auto)\n"));
}

static void test_a_disk_says_what_it_waits_for_since_when(void **state)
{
	listing.luns = true;
	add(TARGET("0"));
	add(DISK " waits=no%20name waits-since=1252680673");
	assert_non_null(
		strstr(printed,
		       "  Waits:  since Fri Sep 11 14:51:13 2009: no name\n"));
}

static void test_the_heading_comes_once_a_target(void **state)
{
	listing.luns = true;
	add(TARGET("0"));
	add(DISK);
	add(DISK);
	assert_null(strstr(strstr(printed, "DEVICE DETAILS") + 1,
			   "DEVICE DETAILS"));
	add(TARGET("1"));
	add(DISK);
	assert_non_null(strstr(strstr(printed, "DEVICE DETAILS") + 1,
			       "DEVICE DETAILS"));
}

static void test_disks_are_left_out_when_not_asked_for(void **state)
{
	add(TARGET("0"));
	add(DISK);
	assert_null(strstr(printed, "Vendor"));
}

static void test_a_disk_that_is_down_says_why(void **state)
{
	listing.luns = true;
	add(TARGET("0"));
	add("lun lun=1 state=down reason=520-byte%20blocks");
	assert_non_null(strstr(printed, "  State:  down: 520-byte blocks\n"));
	assert_null(strstr(printed, "Device:"));
}

static void test_parameters_come_in_two_groups(void **state)
{
	listing.params = true;
	add(TARGET("0"));
	add("param name=InitialR2T value=No origin=negotiated");
	add("param name=LoginTimeout value=15s origin=/etc/iscsi.conf:3");
	add("param name=Username value= origin=default");
	assert_non_null(strstr(printed, "NEGOTIATED PARAMETERS:\n"
					"----------------------\n"
					"InitialR2T              : No\n"
					"CONFIGURED PARAMETERS:\n"
					"----------------------\n"
					"LoginTimeout            : 15s "
					"(/etc/iscsi.conf:3)\n"));
	assert_null(strstr(printed, "Username"));
}

static void test_only_the_wanted_target_is_listed(void **state)
{
	listing.one = listing.luns = true;
	listing.wanted = 3;
	add(TARGET("0"));
	add(DISK);
	assert_string_equal(printed, "");
	add(TARGET("3"));
	add("end");
	assert_int_equal(listing.shown, 1);
	assert_non_null(strstr(printed, "TARGET ID               : 3\n"));
}

static void test_nothing_a_target_says_controls_the_terminal(void **state)
{
	listing.luns = listing.params = true;
	add("target name=%1b]0;x%07 alias=%1b[2J%0aTARGET%20NAME:%20y state=up "
	    "reason=%80%ff portal=%0d%08");
	add("param name=%09 value=%0b origin=%0c");
	add("lun vendor=%00%01 model=%02 rev=%03 type=%04 device=%05 link=%06 "
	    "reason=%1b state=%1b");
	add("end");
	for (size_t i = 0; i < size; i++)
		assert_true(printed[i] == '\n' ||
			    (printed[i] >= 0x20 && printed[i] <= 0x7e));
}

static void test_an_error_of_the_daemon_is_one(void **state)
{
	assert_int_equal(add("error text=no"), -EBADMSG);
}

static void test_what_a_newer_daemon_says_besides_is_skipped(void **state)
{
	assert_int_equal(add("weather sun=1"), 0);
	assert_string_equal(printed, "");
}

#define CASE(listing)                                                          \
	cmocka_unit_test_setup_teardown(listing, set_up, tear_down)

static void test_a_session_given_up_is_said_so(void **state)
{
	add("target name=x state=given-up since=1252680673 reason=no");
	assert_non_null(strstr(printed, "SESSION STATUS          : GIVEN UP AT "
					"Fri Sep 11 14:51:13 2009\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_target_looks_as_it_did_in_3_6),
		CASE(test_the_header_names_us_between_asterisks),
		CASE(test_a_dropped_session_says_when_and_why),
		CASE(test_a_target_never_reached_has_a_question_mark),
		CASE(test_disks_are_listed_when_asked_for),
		CASE(test_a_disk_says_how_it_is_exported_and_why),
		CASE(test_a_disk_says_what_it_waits_for_since_when),
		CASE(test_the_heading_comes_once_a_target),
		CASE(test_disks_are_left_out_when_not_asked_for),
		CASE(test_a_disk_that_is_down_says_why),
		CASE(test_parameters_come_in_two_groups),
		CASE(test_only_the_wanted_target_is_listed),
		CASE(test_nothing_a_target_says_controls_the_terminal),
		CASE(test_an_error_of_the_daemon_is_one),
		CASE(test_what_a_newer_daemon_says_besides_is_skipped),
		CASE(test_a_session_given_up_is_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

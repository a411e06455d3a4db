/*
 * test_reported - what an engine says, and what is not believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "iscsid/messages/reported.h"

static struct reported said;
static const char *wrong;

static int heard(const char *text)
{
	struct msg_in m;

	assert_int_equal(msg_read(&m, text, strlen(text)), 0);
	wrong = "";
	return reported_read(&m, &said, &wrong);
}

#define DISK "lun id=4 lun=0001000000000000 number=1 state=online "

static void test_a_disk_is_read_whole(void **state)
{
	assert_int_equal(heard(DISK
			       "vendor=ACME model=Big%20Disk rev=0002 type=0 "
			       "ansi=5 block-size=4096 physical-size=8192 "
			       "blocks=1000 read-only=1 rotational=0 discard=1 "
			       "discard-granularity=65536 optimal-io=131072 "
			       "discard-alignment=4096 max-discard=8388608 "
			       "zero=1 max-zero=4194304 write-cache=1 fua=1 "
			       "serial=S1 identity=naa.6001"),
			 0);
	assert_int_equal(said.kind, REPORTED_LUN);
	assert_int_equal(said.id, 4);
	assert_memory_equal(said.lun.lun, "\0\1\0\0\0\0\0\0", 8);
	assert_int_equal(said.lun.number, 1);
	assert_true(said.lun.online);
	assert_string_equal(said.lun.model, "Big Disk");
	assert_int_equal(said.lun.block_size, 4096);
	assert_int_equal(said.lun.blocks, 1000);
	assert_true(said.lun.read_only);
	assert_false(said.lun.rotational);
	assert_int_equal(said.lun.optimal_io, 131072);
	assert_true(said.lun.discard && said.lun.zero);
	assert_int_equal(said.lun.discard_alignment, 4096);
	assert_int_equal(said.lun.max_discard, 8388608);
	assert_int_equal(said.lun.max_zero, 4194304);
	assert_true(said.lun.write_cache && said.lun.fua);
	assert_string_equal(said.lun.identity, "naa.6001");
}

static void test_a_failed_lun_needs_no_geometry(void **state)
{
	assert_int_equal(heard("lun id=4 lun=0001000000000000 number=1 "
			       "state=failed reason=520-byte%20blocks "
			       "block-size=0 blocks=0 physical-size=0"),
			 0);
	assert_false(said.lun.online);
	assert_string_equal(said.lun.reason, "520-byte blocks");
}

static void test_a_lun_without_a_plain_number_is_known_as_such(void **state)
{
	assert_int_equal(heard("lun id=4 lun=c101000000000000 state=failed"),
			 0);
	assert_int_equal(said.lun.number, REPORTED_NO_NUMBER);
}

static void test_impossible_disks_are_refused(void **state)
{
	static const struct {
		const char *text, *field;
	} bad[] = {
		{ DISK "block-size=520 blocks=8", "block-size" },
		{ DISK "block-size=0 blocks=8", "block-size" },
		{ DISK "block-size=512 blocks=0", "blocks" },
		{ DISK "block-size=512 blocks=9007199254740993", "blocks" },
		{ DISK "block-size=512 blocks=18446744073709551615", "blocks" },
		{ DISK "block-size=512 blocks=8 physical-size=768",
		  "physical-size" },
		{ DISK "block-size=4096 blocks=8 physical-size=512",
		  "physical-size" },
		{ DISK "block-size=512 blocks=8 type=32", "type" },
		{ DISK "block-size=512 blocks=8 read-only=2", "read-only" },
		{ DISK "block-size=512 blocks=8 identity=%0a", "identity" },
		{ "lun id=4 number=1 state=failed", "lun" },
		{ "lun id=4 lun=00 number=1 state=failed", "lun" },
		{ "lun id=4 lun=000100000000000x number=1 state=failed",
		  "lun" },
		{ "lun id=4 lun=0001000000000000 number=-1 state=failed",
		  "number" },
		{ "lun id=4 lun=0001000000000000 number=1 state=maybe",
		  "state" },
		{ "lun id=4 lun=0001000000000000 number=1", "state" },
		{ "lun lun=0001000000000000 number=1 state=failed", "id" },
		{ "lun id=0 lun=0001000000000000 number=1 state=failed", "id" },
		{ "lun id=18446744073709551616 lun=0001000000000000", "id" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(heard(bad[i].text), -EBADMSG);
		assert_string_equal(wrong, bad[i].field);
	}
}

static void test_text_is_made_printable_and_cut(void **state)
{
	assert_int_equal(heard(DISK "block-size=512 blocks=8 "
				    "vendor=A%1b[31mMORE-THAN-EIGHT"),
			 0);
	assert_string_equal(said.lun.vendor, "A?[31mMO");
}

static void test_an_identity_too_long_is_refused_not_cut(void **state)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 DISK "block-size=512 blocks=8 identity=%0*d", 300, 0);
	assert_int_equal(heard(text), -EBADMSG);
}

static void test_a_found_record_needs_an_iscsi_name(void **state)
{
	assert_int_equal(heard("found id=1 name=IQN.2001-04.com.example:A "
			       "addr=[2001:db8::1]:3261,7"),
			 0);
	assert_string_equal(said.found.name, "iqn.2001-04.com.example:a");
	assert_true(said.found.has_addr);
	assert_string_equal(said.found.addr.host, "2001:db8::1");
	assert_int_equal(said.found.addr.port, 3261);
	assert_int_equal(said.found.addr.tag, 7);
	assert_int_equal(heard("found id=1 name=../../etc/passwd"), -EBADMSG);
	assert_int_equal(heard("found id=1 name="), -EBADMSG);
	assert_int_equal(heard("found id=1"), -EBADMSG);
	assert_int_equal(heard("found id=1 name=iqn.2001-04.com.example:a "
			       "addr=a%00b:3260"),
			 -EBADMSG);
	assert_int_equal(heard("found id=1 name=iqn.2001-04.com.example:a "
			       "addr=host:99999"),
			 -EBADMSG);
}

static void test_a_record_without_address_says_so(void **state)
{
	assert_int_equal(heard("found id=1 name=iqn.2001-04.com.example:a"), 0);
	assert_false(said.found.has_addr);
}

static void test_a_session_is_up_or_down_and_nothing_else(void **state)
{
	assert_int_equal(heard("session id=2 state=up portal=192.0.2.1:3260,1 "
			       "tsih=65535 isid=80ab isid=x header-digest=None "
			       "max-burst=16776192 max-r2t=1 "
			       "max-xmit-data=8192"),
			 0);
	assert_true(said.session.up);
	assert_int_equal(said.session.max_xmit_data, 8192);
	assert_int_equal(said.session.tsih, 65535);
	assert_int_equal(heard("session id=2 state=down wait=60000 "
			       "reason=gone"),
			 0);
	assert_false(said.session.up);
	assert_int_equal(said.session.wait, 60000);
	assert_int_equal(heard("session id=2 state=sideways"), -EBADMSG);
	assert_int_equal(heard("session id=2 state=up tsih=65536"), -EBADMSG);
	assert_int_equal(heard("session id=2 state=up local-port=65536"),
			 -EBADMSG);
}

static void test_an_unknown_verb_is_not_a_fault(void **state)
{
	assert_int_equal(heard("weather id=1 sun=1"), -ENOENT);
}

static void test_a_log_level_outside_of_syslog_is_refused(void **state)
{
	assert_int_equal(heard("log level=7 text=hello"), 0);
	assert_int_equal(heard("log level=8 text=hello"), -EBADMSG);
	assert_int_equal(heard("log text=hello"), -EBADMSG);
}

static void test_a_name_to_look_up_is_a_host_name(void **state)
{
	assert_int_equal(heard("resolve id=4 host=nas-1.example_2.org "
			       "port=3260"),
			 0);
	assert_int_equal(said.kind, REPORTED_RESOLVE);
	assert_string_equal(said.resolve.host, "nas-1.example_2.org");
	assert_int_equal(said.resolve.port, 3260);
}

static void test_what_is_no_host_name_is_not_looked_up(void **state)
{
	static const char *const bad[] = {
		"",	  "192.0.2.7",	  "1.2.3",  "::1",	"[::1]",
		"a:3260", "a,1",	  "a%20b",  "a%00b",	"a%0ab",
		"-a",	  "a..b",	  "a/../b", "a%25eth0", "a;b",
		"%c3%a4", "fe80::1%25lo",
	};
	char text[1024];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), "resolve id=4 host=%s port=1",
			 bad[i]);
		assert_int_equal(heard(text), -EBADMSG);
		assert_string_equal(wrong, "host");
	}
	snprintf(text, sizeof(text), "resolve id=4 port=1 host=%s%063d.org",
		 "a", 0);
	assert_int_equal(heard(text), -EBADMSG);
	snprintf(
		text, sizeof(text), "resolve id=4 port=1 host=a%s%s%s%s",
		".012345678901234567890123456789012345678901234567890123456789",
		".012345678901234567890123456789012345678901234567890123456789",
		".012345678901234567890123456789012345678901234567890123456789",
		".012345678901234567890123456789012345678901234567890123456789"
		".01234567");
	assert_int_equal(heard(text), -EBADMSG);
}

static void test_a_look_up_without_a_port_is_refused(void **state)
{
	assert_int_equal(heard("resolve id=4 host=nas"), -EBADMSG);
	assert_int_equal(heard("resolve id=4 host=nas port=0"), -EBADMSG);
	assert_int_equal(heard("resolve id=4 host=nas port=65536"), -EBADMSG);
	assert_string_equal(wrong, "port");
}

static void test_a_lun_that_is_put_reads_the_same(void **state)
{
	static struct msg_out m;
	struct reported_lun lun;

	assert_int_equal(heard(DISK
			       "vendor=ACME model=Big%20Disk rev=0002 type=5 "
			       "ansi=5 block-size=4096 physical-size=8192 "
			       "blocks=1000 read-only=1 rotational=0 discard=1 "
			       "discard-granularity=65536 optimal-io=131072 "
			       "discard-alignment=4096 max-discard=8388608 "
			       "zero=1 max-zero=4194304 write-cache=1 fua=1 "
			       "serial=S1 identity=naa.6001"),
			 0);
	lun = said.lun;
	reported_put_lun(&m, 4, &lun);
	assert_int_equal(heard(m.text), 0);
	assert_int_equal(said.id, 4);
	assert_memory_equal(&said.lun, &lun, sizeof(lun));
}

static void test_what_an_engine_has_is_read(void **state)
{
	assert_int_equal(heard("has id=3 name=iqn.2026-11.net.example:d "
			       "group=2 age=77"),
			 0);
	assert_int_equal(said.kind, REPORTED_HAS);
	assert_int_equal(said.id, 3);
	assert_string_equal(said.has.name, "iqn.2026-11.net.example:d");
	assert_string_equal(said.has.group, "2");
	assert_int_equal(said.has.age, 77);
	assert_int_equal(heard("has id=3 group=2"), -EBADMSG);
	assert_int_equal(heard("has id=3 name=../../etc/passwd"), -EBADMSG);
}

static void test_a_held_disk_names_its_lun(void **state)
{
	assert_int_equal(heard("held id=3 lun=0001000000000000"), 0);
	assert_int_equal(said.kind, REPORTED_HELD);
	assert_memory_equal(said.event.lun, "\0\1\0\0\0\0\0\0", 8);
	assert_int_equal(heard("held id=3"), -EBADMSG);
	assert_int_equal(heard("adopted count=1"), 0);
	assert_int_equal(said.kind, REPORTED_ADOPTED);
}

static void test_a_lun_that_vanished_names_itself(void **state)
{
	assert_int_equal(heard("vanished id=3 lun=0001000000000000"), 0);
	assert_int_equal(said.kind, REPORTED_VANISHED);
	assert_memory_equal(said.event.lun, "\0\1\0\0\0\0\0\0", 8);
	assert_int_equal(heard("vanished id=3"), -EBADMSG);
}

static void test_a_move_needs_numeric_portals(void **state)
{
	assert_int_equal(
		heard("moved id=4 from=192.0.2.1:3260,1 portal=[::1]:860"), 0);
	assert_string_equal(said.moved.from.host, "192.0.2.1");
	assert_int_equal(said.moved.portal.port, 860);
	assert_int_equal(heard("moved id=4 from=192.0.2.1"), -EBADMSG);
	assert_int_equal(heard("redirected id=4 portal=localhost"), -EBADMSG);
	assert_int_equal(heard("redirected id=4 portal=1.2.3.4%20"), -EBADMSG);
	assert_int_equal(heard("redirected id=4 portal=1.2.3.4"), 0);
}

static void test_what_a_disk_waits_for_is_read(void **state)
{
	assert_int_equal(heard("waits id=4 lun=0001000000000000 "
			       "reason=no%20name age=7"),
			 0);
	assert_int_equal(said.kind, REPORTED_WAITS);
	assert_memory_equal(said.waits.lun, "\0\1\0\0\0\0\0\0", 8);
	assert_string_equal(said.waits.reason, "no name");
	assert_int_equal(said.waits.age, 7);
	assert_int_equal(heard("waits id=4 reason=x"), -EBADMSG);
}

static void test_the_past_of_a_disk_is_its_shape_and_no_name(void **state)
{
	static struct msg_out m;
	struct reported_lun lun;

	assert_int_equal(heard(DISK "block-size=4096 blocks=1000 serial=S1 "
				    "identity=naa.6001 optimal-io=8192"),
			 0);
	lun = said.lun;
	msg_begin(&m, "attach");
	reported_put_past(&m, &lun);
	assert_non_null(strstr(m.text, " block-size=4096 "));
	assert_non_null(strstr(m.text, " blocks=1000 "));
	assert_non_null(strstr(m.text, " optimal-io=8192 serial=S1"));
	assert_null(strstr(m.text, "identity"));
	assert_null(strstr(m.text, "vendor"));
}

static void test_what_takes_cdbs_is_no_disk_and_has_failed(void **state)
{
	assert_int_equal(heard("lun id=4 lun=0001000000000000 number=1 "
			       "state=failed type=1 cdbs=1"),
			 0);
	assert_true(said.lun.cdbs);
	assert_false(said.lun.online);
	assert_int_equal(heard(DISK "block-size=512 blocks=8 cdbs=1"),
			 -EBADMSG);
	assert_string_equal(wrong, "cdbs");
}

static void test_an_engine_names_the_exporters_it_serves(void **state)
{
	unsigned n = 0;

	assert_int_equal(heard("ready version=1 pid=3"), 0);
	assert_int_equal(said.ready.serves, 0);
	while (strcmp(exporter_word(n), "ublk") != 0)
		n++;
	assert_int_equal(heard("ready version=1 ublk=1 pulse=1"), 0);
	assert_int_equal(said.ready.serves, 1u << n);
	assert_int_equal(heard("ready version=1 ublk=0"), 0);
	assert_int_equal(said.ready.serves, 0);
	assert_int_equal(heard("ready version=1 ublk=2"), -EBADMSG);
	assert_string_equal(wrong, "ublk");
	assert_int_equal(heard("ready version=1 ublk=yes"), -EBADMSG);
}

static void test_disks_are_held_only_while_they_are_asked_for(void **state)
{
	assert_true(reported_is_due(REPORTED_HELD, HEARD_ADOPTING));
	assert_false(reported_is_due(REPORTED_HELD, HEARD_READY));
	assert_false(reported_is_due(REPORTED_HELD, HEARD_QUITTING));
}

/* Where its writes are still counts. */
static void test_one_that_is_killed_speaks_of_its_sessions_only(void **state)
{
	for (enum reported_kind k = 0; k < REPORTED_KINDS; k++) {
		bool of_itself = reported_is_due(k, HEARD_STARTING) ||
				 k == REPORTED_READY || k == REPORTED_ADOPTED;

		assert_int_equal(reported_is_due(k, HEARD_KILLED),
				 of_itself || k == REPORTED_SESSION);
	}
}

static void test_who_has_answered_does_not_answer_again(void **state)
{
	assert_false(reported_is_due(REPORTED_READY, HEARD_READY));
	assert_false(reported_is_due(REPORTED_ADOPTED, HEARD_READY));
	assert_true(reported_is_due(REPORTED_PONG, HEARD_READY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_disk_is_read_whole),
		cmocka_unit_test(test_a_failed_lun_needs_no_geometry),
		cmocka_unit_test(
			test_a_lun_without_a_plain_number_is_known_as_such),
		cmocka_unit_test(test_impossible_disks_are_refused),
		cmocka_unit_test(test_text_is_made_printable_and_cut),
		cmocka_unit_test(test_an_identity_too_long_is_refused_not_cut),
		cmocka_unit_test(test_a_found_record_needs_an_iscsi_name),
		cmocka_unit_test(test_a_record_without_address_says_so),
		cmocka_unit_test(test_a_session_is_up_or_down_and_nothing_else),
		cmocka_unit_test(test_an_unknown_verb_is_not_a_fault),
		cmocka_unit_test(test_a_name_to_look_up_is_a_host_name),
		cmocka_unit_test(test_what_is_no_host_name_is_not_looked_up),
		cmocka_unit_test(test_a_look_up_without_a_port_is_refused),
		cmocka_unit_test(test_a_log_level_outside_of_syslog_is_refused),
		cmocka_unit_test(test_a_lun_that_is_put_reads_the_same),
		cmocka_unit_test(test_what_an_engine_has_is_read),
		cmocka_unit_test(test_a_held_disk_names_its_lun),
		cmocka_unit_test(test_a_lun_that_vanished_names_itself),
		cmocka_unit_test(test_a_move_needs_numeric_portals),
		cmocka_unit_test(test_what_a_disk_waits_for_is_read),
		cmocka_unit_test(
			test_the_past_of_a_disk_is_its_shape_and_no_name),
		cmocka_unit_test(test_an_engine_names_the_exporters_it_serves),
		cmocka_unit_test(
			test_what_takes_cdbs_is_no_disk_and_has_failed),
		cmocka_unit_test(
			test_disks_are_held_only_while_they_are_asked_for),
		cmocka_unit_test(
			test_one_that_is_killed_speaks_of_its_sessions_only),
		cmocka_unit_test(test_who_has_answered_does_not_answer_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

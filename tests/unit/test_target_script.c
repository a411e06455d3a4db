/* Tests of target/script.c: what lines mean, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "base/str.h"
#include "target/fault.h"
#include "target/scsi.h"

static struct tgt_script *script;
static char err[128];

static int setup(void **state)
{
	script = tgt_script_new();
	return 0;
}

static int teardown(void **state)
{
	tgt_script_free(script);
	return 0;
}

static void good(const char *line)
{
	assert_int_equal(tgt_script_add(script, line, err, sizeof(err)), 0);
}

static void bad(const char *line, const char *why)
{
	err[0] = '\0';
	assert_int_equal(tgt_script_add(script, line, err, sizeof(err)),
			 -EINVAL);
	assert_string_equal(err, why);
}

static struct tgt_verdict see(enum opcode op, bool tx)
{
	uint8_t bhs[BHS_LEN] = { (uint8_t)op };
	struct tgt_pdu_event e = { .tx = tx, .bhs = bhs };
	struct tgt_fault_hook *h = tgt_script_hook(script);
	struct tgt_verdict v = { .kind = TGT_PASS };

	h->see(h, &e, &v);
	return v;
}

static void expect_nth(const char *when, const char *pattern)
{
	char line[64];

	snprintf(line, sizeof(line), "rx scsi-cmd %s drop", when);
	good(line);
	for (; *pattern; pattern++)
		assert_int_equal(see(OP_SCSI_CMD, false).kind == TGT_DROP,
				 *pattern == 'x');
}

static void test_a_number_means_just_this_one(void **state)
{
	expect_nth("3", "..x..");
}

static void test_an_open_range_has_no_end(void **state)
{
	expect_nth("2-", ".xxxx");
}

static void test_a_range_has_both_ends(void **state)
{
	expect_nth("2-3", ".xx..");
}

static void test_a_slash_means_each_nth(void **state)
{
	expect_nth("/2", ".x.x.x");
}

static void test_all_means_all(void **state)
{
	expect_nth("all", "xxx");
}

static void test_only_the_named_pdu_counts(void **state)
{
	good("tx scsi-rsp 2 close");
	assert_int_equal(see(OP_SCSI_RSP, true).kind, TGT_PASS);
	assert_int_equal(see(OP_NOP_IN, true).kind, TGT_PASS);
	assert_int_equal(see(OP_SCSI_RSP, true).kind, TGT_CLOSE);
}

static void test_any_counts_one_direction(void **state)
{
	good("rx any 2 drop");
	see(OP_SCSI_CMD, false);
	assert_int_equal(see(OP_NOP_IN, true).kind, TGT_PASS);
	assert_int_equal(see(OP_NOP_OUT, false).kind, TGT_DROP);
}

static bool strikes(uint8_t opcode, uint8_t lun)
{
	uint8_t bhs[BHS_LEN] = { OP_SCSI_CMD, [9] = lun, [32] = opcode };
	struct tgt_pdu_event e = { .scsi = true, .bhs = bhs };
	struct tgt_fault_hook *h = tgt_script_hook(script);
	struct tgt_verdict v = { .kind = TGT_PASS };

	h->see(h, &e, &v);
	return v.kind != TGT_PASS;
}

static void test_a_command_may_be_of_one_lun(void **state)
{
	good("scsi read@3 all busy");
	assert_true(strikes(0x28, 3));
	assert_false(strikes(0x28, 2));
	assert_false(strikes(0x2a, 3));
}

static void test_a_command_may_be_of_each_third_lun(void **state)
{
	good("scsi any@/3 all busy");
	for (uint8_t lun = 0; lun < 12; lun++)
		assert_int_equal(strikes(0x28, lun), lun % 3 == 0);
}

static void test_numbers_may_be_hex(void **state)
{
	struct tgt_verdict v;

	good("tx r2t 1 set 0x28 0xdeadbeef 4");
	v = see(OP_R2T, true);
	assert_int_equal(v.kind, TGT_SET);
	assert_int_equal(v.offset, 40);
	assert_int_equal(v.value, 0xdeadbeef);
	assert_int_equal(v.width, 4);
}

static void test_first_rule_that_strikes_decides(void **state)
{
	good("rx scsi-cmd 2 drop");
	good("rx scsi-cmd all delay 5");
	assert_int_equal(see(OP_SCSI_CMD, false).kind, TGT_DELAY);
	assert_int_equal(see(OP_SCSI_CMD, false).kind, TGT_DROP);
	assert_int_equal(tgt_script_hits(script), 2);
}

static void test_comments_and_blank_lines_are_nothing(void **state)
{
	good("");
	good("   ");
	good("# rx scsi-cmd all drop");
	assert_int_equal(see(OP_SCSI_CMD, false).kind, TGT_PASS);
}

static void test_cleared_script_is_silent(void **state)
{
	good("rx scsi-cmd all drop");
	tgt_script_clear(script);
	assert_int_equal(see(OP_SCSI_CMD, false).kind, TGT_PASS);
}

static void test_an_answer_to_a_function_has_a_name(void **state)
{
	struct tgt_verdict v;

	good("tx tmf-rsp 1 answer rejected");
	v = see(OP_TMF_RSP, true);
	assert_int_equal(v.kind, TGT_SET);
	assert_int_equal(v.offset, 2);
	assert_int_equal(v.value, 255);
	bad("tx scsi-rsp 1 answer rejected",
	    "only a tmf-rsp is such an answer");
	bad("tx tmf-rsp 1 answer maybe", "no such answer: 'maybe'");
}

static void test_errors_say_which_word(void **state)
{
	bad("up scsi-cmd 1 drop", "not 'rx', 'tx' or 'scsi': 'up'");
	bad("rx", "which PDU or command?");
	bad("rx scsi-rsp 1 drop", "goes the other way: 'scsi-rsp'");
	bad("rx scsi-command 1 drop", "unknown PDU: 'scsi-command'");
	bad("rx scsi-cmd", "when? a number, N-, N-M, /N or all");
	bad("rx scsi-cmd zero drop",
	    "not a number, N-, N-M, /N or all: 'zero'");
	bad("rx scsi-cmd 0 drop", "not a number, N-, N-M, /N or all: '0'");
	bad("rx scsi-cmd 5-4 drop", "not a range: '5-4'");
	bad("rx scsi-cmd /0 drop", "not /N: '/0'");
	bad("rx scsi-cmd 1", "and do what?");
	bad("scsi read@ 1 busy", "not @LUN or @/N: ''");
	bad("scsi read@/0 1 busy", "not @LUN or @/N: '/0'");
	bad("scsi read@256 1 busy", "not @LUN or @/N: '256'");
	bad("rx scsi-cmd 1 explode", "unknown action: 'explode'");
	bad("rx scsi-cmd 1 busy", "not possible there: 'busy'");
	bad("rx scsi-cmd 1 drop it", "too much: 'it'");
	bad("tx login-rsp 1 set 48 1", "not an offset in the header: '48'");
	bad("tx login-rsp 1 set 36 1 9", "not a width of 1 to 8: '9'");
	bad("tx login-rsp 1 key Nothing", "not NAME=VALUE: 'Nothing'");
	bad("rx scsi-cmd 1 delay", "not a number of milliseconds: 'missing'");
	bad("rx scsi-cmd 1 delay 1s", "not a number of milliseconds: '1s'");
	bad("rx scsi-cmd 1 corrupt it",
	    "corrupt what? 'header' or 'data', not: 'it'");
	bad("scsi format 1 busy", "unknown command: 'format'");
	bad("scsi write 1 sense 3/11", "not KEY/ASC/ASCQ in hex: '3/11'");
	bad("each scsi write 1 busy", "'each' is for rx and tx");
	bad("a b c d e f g h i", "too many words: 'i'");
}

static void test_help_names_every_action(void **state)
{
	char text[4096];
	struct strbuf out;

	sb_init(&out, text, sizeof(text));
	tgt_script_help(&out);
	assert_false(out.full);
	assert_non_null(strstr(text, "corrupt header|data"));
	assert_non_null(strstr(text, "login-rsp"));
	assert_non_null(strstr(text, "write-same"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_a_number_means_just_this_one),
		T(test_an_open_range_has_no_end),
		T(test_a_range_has_both_ends),
		T(test_a_slash_means_each_nth),
		T(test_all_means_all),
		T(test_only_the_named_pdu_counts),
		T(test_any_counts_one_direction),
		T(test_a_command_may_be_of_one_lun),
		T(test_a_command_may_be_of_each_third_lun),
		T(test_numbers_may_be_hex),
		T(test_first_rule_that_strikes_decides),
		T(test_comments_and_blank_lines_are_nothing),
		T(test_cleared_script_is_silent),
		T(test_an_answer_to_a_function_has_a_name),
		T(test_errors_say_which_word),
		T(test_help_names_every_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

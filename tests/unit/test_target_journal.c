/* Tests of target/journal.c: what a line says of a PDU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "base/str.h"
#include "target/journal.h"

static void says(const struct tgt_pdu_event *e, const char *want)
{
	char line[TGT_JOURNAL_LINE];
	struct strbuf out;

	sb_init(&out, line, sizeof(line));
	tgt_journal_line(e, &out);
	assert_string_equal(line, want);
}

static void test_a_function_and_its_answer_are_named(void **state)
{
	struct pdu_tmf_req q = { .function = TMF_LUN_RESET, .itt = 0x2a };
	struct pdu_tmf_rsp r = { .response = TMF_REJECTED, .itt = 0x2a };
	uint8_t bhs[BHS_LEN];

	pdu_put_tmf_req(bhs, &q);
	says(&(struct tgt_pdu_event){ .bhs = bhs },
	     "rx tmf lun-reset lun 0 itt 0000002a");
	pdu_put_tmf_rsp(bhs, &r);
	says(&(struct tgt_pdu_event){ .tx = true, .bhs = bhs },
	     "tx tmf-rsp rejected itt 0000002a");
}

static void test_a_command_tells_its_blocks(void **state)
{
	struct pdu_scsi_cmd c = { .itt = 1, .cdb = { 0x2a, [5] = 8, [8] = 4 } };
	uint8_t bhs[BHS_LEN];

	pdu_put_scsi_cmd(bhs, &c);
	says(&(struct tgt_pdu_event){ .bhs = bhs },
	     "rx scsi-cmd write 8+4 lun 0 itt 00000001");
	says(&(struct tgt_pdu_event){ .scsi = true, .bhs = bhs },
	     "scsi write 8+4");
}

static void test_a_ping_is_told_from_an_answer(void **state)
{
	struct pdu_nop_out q = { .itt = 5, .ttt = TAG_NONE };
	uint8_t bhs[BHS_LEN];

	pdu_put_nop_out(bhs, &q);
	says(&(struct tgt_pdu_event){ .bhs = bhs },
	     "rx nop-out ping itt 00000005");
	q.itt = TAG_NONE;
	q.ttt = 7;
	pdu_put_nop_out(bhs, &q);
	says(&(struct tgt_pdu_event){ .bhs = bhs },
	     "rx nop-out answer itt ffffffff");
}

static void test_the_last_login_response_is_told_from_others(void **state)
{
	struct pdu_login_rsp r = { .transit = true,
				   .csg = STAGE_OPERATIONAL,
				   .nsg = STAGE_FULL_FEATURE };
	uint8_t bhs[BHS_LEN];

	pdu_put_login_rsp(bhs, &r);
	says(&(struct tgt_pdu_event){ .tx = true, .bhs = bhs },
	     "tx login-rsp full itt 00000000");
	r.transit = false;
	pdu_put_login_rsp(bhs, &r);
	says(&(struct tgt_pdu_event){ .tx = true, .bhs = bhs },
	     "tx login-rsp more itt 00000000");
	r.status = 0x0301;
	pdu_put_login_rsp(bhs, &r);
	says(&(struct tgt_pdu_event){ .tx = true, .bhs = bhs },
	     "tx login-rsp 0x0301 itt 00000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_function_and_its_answer_are_named),
		cmocka_unit_test(test_a_command_tells_its_blocks),
		cmocka_unit_test(test_a_ping_is_told_from_an_answer),
		cmocka_unit_test(
			test_the_last_login_response_is_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

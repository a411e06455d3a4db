/*
 * test_pdu - the headers an initiator sends, against bytes laid out by hand
 * from RFC 7143 section 11.
 */
#include "pdu_check.h"

#define THE_LUN 0x40, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87

REREAD(nop_out)
REREAD(scsi_cmd)
REREAD(tmf_req)
REREAD(login_req)
REREAD(text_req)
REREAD(data_out)
REREAD(logout_req)

/* clang-format off */
static const struct header nop_out = { {
	0x40, 0x80, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03,
	THE_LUN,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* TTT */
	0x31, 0x32, 0x33, 0x34, /* CmdSN */
	0x41, 0x42, 0x43, 0x44, /* ExpStatSN */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
}, reread_nop_out, { { 0, 0, 0x80 }, { 1, 3, 0xff }, { 32, 47, 0xff } } };

static const struct header scsi_cmd = { {
	/* I; F R W, head of queue; 3 words of AHS */
	0x41, 0xe3, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00,
	THE_LUN,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x01, 0x22, 0x23, 0x24, /* Expected Data Transfer Length */
	0x31, 0x32, 0x33, 0x34, /* CmdSN */
	0x41, 0x42, 0x43, 0x44, /* ExpStatSN */
	0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, /* CDB */
	0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60,
}, reread_scsi_cmd, {
	{ 0, 0, 0x80 }, { 1, 1, 0x18 }, { 2, 3, 0xff },
} };

static const struct header tmf_req = { {
	0x42, 0x81, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	THE_LUN,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* Referenced Task Tag */
	0x31, 0x32, 0x33, 0x34, /* CmdSN */
	0x41, 0x42, 0x43, 0x44, /* ExpStatSN */
	0x51, 0x52, 0x53, 0x54, /* RefCmdSN */
	0x61, 0x62, 0x63, 0x64, /* ExpDataSN */
	0, 0, 0, 0, 0, 0, 0, 0,
}, reread_tmf_req, {
	{ 0, 0, 0x80 }, { 1, 1, 0x80 }, { 2, 3, 0xff }, { 40, 47, 0xff },
} };

static const struct header login_req = { {
	/* T, CSG 1, NSG 3; Version-max, Version-min */
	0x43, 0x87, 0x0a, 0x0b, 0x00, 0x01, 0x02, 0x03,
	0x81, 0x82, 0x83, 0x84, 0x85, 0x86, /* ISID */
	0x91, 0x92,			    /* TSIH */
	0x11, 0x12, 0x13, 0x14,		    /* ITT */
	0xa1, 0xa2, 0x00, 0x00,		    /* CID */
	0x31, 0x32, 0x33, 0x34,		    /* CmdSN */
	0x41, 0x42, 0x43, 0x44,		    /* ExpStatSN */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
}, reread_login_req, {
	{ 0, 0, 0x80 }, { 1, 1, 0x30 }, { 22, 23, 0xff }, { 32, 47, 0xff },
}, { { 1, 1, 0x80 } } };

static const struct header text_req = { {
	0x44, 0x80, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03,
	THE_LUN,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* TTT */
	0x31, 0x32, 0x33, 0x34, /* CmdSN */
	0x41, 0x42, 0x43, 0x44, /* ExpStatSN */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
}, reread_text_req, {
	{ 0, 0, 0x80 }, { 1, 1, 0x3f }, { 2, 3, 0xff }, { 32, 47, 0xff },
} };

static const struct header data_out = { {
	0x05, 0x80, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03,
	THE_LUN,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* TTT */
	0, 0, 0, 0,
	0x41, 0x42, 0x43, 0x44, /* ExpStatSN */
	0, 0, 0, 0,
	0x61, 0x62, 0x63, 0x64, /* DataSN */
	0x71, 0x72, 0x73, 0x74, /* Buffer Offset */
	0, 0, 0, 0,
}, reread_data_out, {
	{ 0, 0, 0xc0 }, { 1, 1, 0x7f }, { 2, 3, 0xff }, { 24, 27, 0xff },
	{ 32, 35, 0xff }, { 44, 47, 0xff },
} };

static const struct header logout_req = { {
	0x46, 0x81, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0, 0, 0, 0, 0, 0, 0, 0,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0xa1, 0xa2, 0x00, 0x00, /* CID */
	0x31, 0x32, 0x33, 0x34, /* CmdSN */
	0x41, 0x42, 0x43, 0x44, /* ExpStatSN */
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
}, reread_logout_req, {
	{ 0, 0, 0x80 }, { 1, 1, 0x80 }, { 2, 3, 0xff }, { 8, 15, 0xff },
	{ 22, 23, 0xff }, { 32, 47, 0xff },
} };
/* clang-format on */

static const struct header *const all[] = {
	&nop_out,  &scsi_cmd, &tmf_req,	   &login_req,
	&text_req, &data_out, &logout_req,
};

#define COUNT (sizeof(all) / sizeof(all[0]))

static void test_nop_out_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(nop_out,
		      (&(struct pdu_nop_out){
			      .immediate = true,
			      .lun = { THE_LUN },
			      .itt = 0x11121314,
			      .ttt = 0x21222324,
			      .cmdsn = 0x31323334,
			      .expstatsn = 0x41424344,
			      .data_len = 0x010203,
		      }),
		      &nop_out);
}

static void test_scsi_command_is_written(void **state)
{
	struct pdu_scsi_cmd p = {
		.immediate = true,
		.final = true,
		.read = true,
		.write = true,
		.attr = ATTR_HEAD_OF_QUEUE,
		.lun = { THE_LUN },
		.itt = 0x11121314,
		.edtl = 0x01222324,
		.cmdsn = 0x31323334,
		.expstatsn = 0x41424344,
		.data_len = 0x200,
		.ahs_len = 12,
	};

	(void)state;
	for (size_t i = 0; i < CDB_LEN; i++)
		p.cdb[i] = (uint8_t)(0x51 + i);
	ASSERT_WRITES(scsi_cmd, &p, &scsi_cmd);
}

static void test_tmf_request_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(tmf_req,
		      (&(struct pdu_tmf_req){
			      .immediate = true,
			      .function = TMF_ABORT_TASK,
			      .lun = { THE_LUN },
			      .itt = 0x11121314,
			      .ref_itt = 0x21222324,
			      .cmdsn = 0x31323334,
			      .expstatsn = 0x41424344,
			      .ref_cmdsn = 0x51525354,
			      .exp_datasn = 0x61626364,
		      }),
		      &tmf_req);
}

static void test_login_request_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(login_req,
		      (&(struct pdu_login_req){
			      .transit = true,
			      .csg = STAGE_OPERATIONAL,
			      .nsg = STAGE_FULL_FEATURE,
			      .version_max = 0x0a,
			      .version_min = 0x0b,
			      .isid = { 0x81, 0x82, 0x83, 0x84, 0x85, 0x86 },
			      .tsih = 0x9192,
			      .cid = 0xa1a2,
			      .itt = 0x11121314,
			      .cmdsn = 0x31323334,
			      .expstatsn = 0x41424344,
			      .data_len = 0x010203,
		      }),
		      &login_req);
}

static void test_text_request_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(text_req,
		      (&(struct pdu_text_req){
			      .immediate = true,
			      .final = true,
			      .lun = { THE_LUN },
			      .itt = 0x11121314,
			      .ttt = 0x21222324,
			      .cmdsn = 0x31323334,
			      .expstatsn = 0x41424344,
			      .data_len = 0x010203,
		      }),
		      &text_req);
}

static void test_data_out_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(data_out,
		      (&(struct pdu_data_out){
			      .final = true,
			      .lun = { THE_LUN },
			      .itt = 0x11121314,
			      .ttt = 0x21222324,
			      .expstatsn = 0x41424344,
			      .datasn = 0x61626364,
			      .offset = 0x71727374,
			      .data_len = 0x010203,
		      }),
		      &data_out);
}

static void test_logout_request_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(logout_req,
		      (&(struct pdu_logout_req){
			      .immediate = true,
			      .reason = LOGOUT_CONNECTION,
			      .cid = 0xa1a2,
			      .itt = 0x11121314,
			      .cmdsn = 0x31323334,
			      .expstatsn = 0x41424344,
		      }),
		      &logout_req);
}

static void test_every_request_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		assert_reads_back(all[i]);
}

static void test_every_bit_of_a_request_is_in_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		assert_each_bit_is_in_its_place(all[i]);
}

static void test_a_reader_refuses_another_opcode(void **state)
{
	(void)state;
	assert_only_its_own_reader(all, COUNT);
}

static void test_a_refused_header_leaves_the_result_alone(void **state)
{
	struct pdu_tmf_req p, before;
	uint8_t in[BHS_LEN];

	(void)state;
	memset(&p, 0x3c, sizeof(p));
	memcpy(&before, &p, sizeof(p));
	memcpy(in, tmf_req.bytes, BHS_LEN);
	in[1] = 0x80;
	assert_int_equal(pdu_get_tmf_req(in, &p), -EBADMSG);
	assert_memory_equal(&p, &before, sizeof(p));
}

static void test_ahs_is_refused_outside_scsi_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		if (all[i] != &scsi_cmd)
			refuses_byte(all[i], 4, 1);
}

static void test_ahs_of_255_words_is_read(void **state)
{
	struct pdu_scsi_cmd p;
	uint8_t in[BHS_LEN];

	(void)state;
	memcpy(in, scsi_cmd.bytes, BHS_LEN);
	in[4] = 255;
	assert_int_equal(pdu_get_scsi_cmd(in, &p), 0);
	assert_int_equal(p.ahs_len, 1020);
	assert_int_equal(pdu_ahs_len(in), 1020);
}

static void test_data_is_refused_where_there_is_none(void **state)
{
	(void)state;
	refuses_byte(&tmf_req, 7, 1);
	refuses_byte(&logout_req, 7, 1);
}

static void test_request_without_a_task_tag_is_refused(void **state)
{
	(void)state;
	refuses_be32(&scsi_cmd, 16, TAG_NONE);
	refuses_be32(&tmf_req, 16, TAG_NONE);
	refuses_be32(&login_req, 16, TAG_NONE);
	refuses_be32(&text_req, 16, TAG_NONE);
	refuses_be32(&data_out, 16, TAG_NONE);
	refuses_be32(&logout_req, 16, TAG_NONE);
}

static void test_nop_out_without_tag_must_be_immediate(void **state)
{
	struct header h = nop_out;

	(void)state;
	accepts_be32(&h, 16, TAG_NONE);
	h.bytes[0] = 0x00;
	refuses_be32(&h, 16, TAG_NONE);
}

static void test_scsi_command_with_neither_w_nor_f_is_refused(void **state)
{
	(void)state;
	accepts_byte(&scsi_cmd, 1, 0x20 | ATTR_SIMPLE);
	refuses_byte(&scsi_cmd, 1, 0x40 | ATTR_SIMPLE);
}

static void
test_scsi_command_with_length_but_no_direction_is_refused(void **state)
{
	struct header h = scsi_cmd;

	(void)state;
	memset(h.bytes + 5, 0, 3);
	refuses_byte(&h, 1, 0x80);
	memset(h.bytes + 20, 0, 4);
	accepts_byte(&h, 1, 0x80);
}

static void test_immediate_data_of_a_read_is_refused(void **state)
{
	(void)state;
	refuses_byte(&scsi_cmd, 1, 0xc0);
}

static void test_immediate_data_beyond_the_transfer_is_refused(void **state)
{
	(void)state;
	accepts_be32(&scsi_cmd, 20, 0x200);
	refuses_be32(&scsi_cmd, 20, 0x1ff);
}

static void test_write_without_f_has_data_to_follow(void **state)
{
	struct header h = scsi_cmd;

	(void)state;
	h.bytes[1] = 0x20;
	accepts_be32(&h, 20, 0x201);
	refuses_be32(&h, 20, 0x200);
}

static void test_reserved_task_attribute_is_refused(void **state)
{
	(void)state;
	accepts_byte(&scsi_cmd, 1, 0xa0 | ATTR_ACA);
	refuses_byte(&scsi_cmd, 1, 0xa0 | 5);
	refuses_byte(&scsi_cmd, 1, 0xa0 | 7);
}

static void test_unknown_task_management_function_is_refused(void **state)
{
	(void)state;
	refuses_byte(&tmf_req, 1, 0x80);
	accepts_byte(&tmf_req, 1, 0x88);
	refuses_byte(&tmf_req, 1, 0x89);
	refuses_byte(&tmf_req, 1, 0xff);
}

static void test_login_request_that_is_not_immediate_is_refused(void **state)
{
	(void)state;
	refuses_byte(&login_req, 0, 0x03);
}

static void test_login_stages_that_do_not_exist_are_refused(void **state)
{
	(void)state;
	refuses_byte(&login_req, 1, 0x08); /* CSG 2 */
	refuses_byte(&login_req, 1, 0x0c); /* CSG 3 */
	refuses_byte(&login_req, 1, 0x82); /* CSG 0, NSG 2 */
}

static void test_login_must_transit_forward(void **state)
{
	(void)state;
	accepts_byte(&login_req, 1, 0x81);
	accepts_byte(&login_req, 1, 0x83);
	refuses_byte(&login_req, 1, 0x80); /* 0 to 0 */
	refuses_byte(&login_req, 1, 0x85); /* 1 to 1 */
	refuses_byte(&login_req, 1, 0x84); /* 1 to 0 */
}

static void test_login_that_continues_cannot_transit(void **state)
{
	(void)state;
	accepts_byte(&login_req, 1, 0x44);
	refuses_byte(&login_req, 1, 0xc7);
}

static void test_nsg_is_ignored_without_transit(void **state)
{
	struct pdu_login_req p;
	uint8_t in[BHS_LEN];

	(void)state;
	memcpy(in, login_req.bytes, BHS_LEN);
	in[1] = 0x06; /* CSG 1, NSG 2 */
	assert_int_equal(pdu_get_login_req(in, &p), 0);
	assert_int_equal(p.csg, STAGE_OPERATIONAL);
	assert_int_equal(p.nsg, STAGE_SECURITY);
}

static void test_text_request_that_continues_cannot_be_final(void **state)
{
	(void)state;
	accepts_byte(&text_req, 1, 0x40);
	refuses_byte(&text_req, 1, 0xc0);
}

static void test_data_out_beyond_32_bits_is_refused(void **state)
{
	(void)state;
	accepts_be32(&data_out, 40, 0xffffffff - 0x010203);
	refuses_be32(&data_out, 40, 0xffffffff - 0x010202);
}

static void test_unknown_logout_reason_is_refused(void **state)
{
	(void)state;
	accepts_byte(&logout_req, 1, 0x82);
	refuses_byte(&logout_req, 1, 0x83);
	refuses_byte(&logout_req, 1, 0xff);
}

static void test_padding_completes_words(void **state)
{
	(void)state;
	assert_int_equal(pdu_pad(0), 0);
	assert_int_equal(pdu_pad(1), 3);
	assert_int_equal(pdu_pad(2), 2);
	assert_int_equal(pdu_pad(3), 1);
	assert_int_equal(pdu_pad(4), 0);
	assert_int_equal(pdu_pad(0xffffff), 1);
}

static void test_names_exist_for_known_opcodes_only(void **state)
{
	unsigned known = 0;

	(void)state;
	assert_string_equal(pdu_name(OP_NOP_OUT), "NOP-Out");
	assert_string_equal(pdu_name(OP_REJECT), "Reject");
	assert_null(pdu_name(0x1c)); /* vendor-specific */
	assert_null(pdu_name(0x40));
	assert_null(pdu_name(0xff));
	for (unsigned i = 0; i < 256; i++)
		known += pdu_name((uint8_t)i) != NULL;
	assert_int_equal(known, 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_nop_out_is_written),
		cmocka_unit_test(test_scsi_command_is_written),
		cmocka_unit_test(test_tmf_request_is_written),
		cmocka_unit_test(test_login_request_is_written),
		cmocka_unit_test(test_text_request_is_written),
		cmocka_unit_test(test_data_out_is_written),
		cmocka_unit_test(test_logout_request_is_written),
		cmocka_unit_test(test_every_request_is_read_back),
		cmocka_unit_test(test_every_bit_of_a_request_is_in_its_place),
		cmocka_unit_test(test_a_reader_refuses_another_opcode),
		cmocka_unit_test(test_a_refused_header_leaves_the_result_alone),
		cmocka_unit_test(test_ahs_is_refused_outside_scsi_commands),
		cmocka_unit_test(test_ahs_of_255_words_is_read),
		cmocka_unit_test(test_data_is_refused_where_there_is_none),
		cmocka_unit_test(test_request_without_a_task_tag_is_refused),
		cmocka_unit_test(test_nop_out_without_tag_must_be_immediate),
		cmocka_unit_test(test_scsi_command_with_neither_w_nor_f_is_refused),
		cmocka_unit_test(test_scsi_command_with_length_but_no_direction_is_refused),
		cmocka_unit_test(test_immediate_data_of_a_read_is_refused),
		cmocka_unit_test(test_immediate_data_beyond_the_transfer_is_refused),
		cmocka_unit_test(test_write_without_f_has_data_to_follow),
		cmocka_unit_test(test_reserved_task_attribute_is_refused),
		cmocka_unit_test(test_unknown_task_management_function_is_refused),
		cmocka_unit_test(test_login_request_that_is_not_immediate_is_refused),
		cmocka_unit_test(test_login_stages_that_do_not_exist_are_refused),
		cmocka_unit_test(test_login_must_transit_forward),
		cmocka_unit_test(test_login_that_continues_cannot_transit),
		cmocka_unit_test(test_nsg_is_ignored_without_transit),
		cmocka_unit_test(test_text_request_that_continues_cannot_be_final),
		cmocka_unit_test(test_data_out_beyond_32_bits_is_refused),
		cmocka_unit_test(test_unknown_logout_reason_is_refused),
		cmocka_unit_test(test_padding_completes_words),
		cmocka_unit_test(test_names_exist_for_known_opcodes_only),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

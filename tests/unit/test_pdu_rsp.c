/*
 * test_pdu_rsp - the headers a target sends, against bytes laid out by hand
 * from RFC 7143 section 11.
 */
#include "pdu_check.h"

#define THE_LUN 0x40, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87

/* StatSN, ExpCmdSN, MaxCmdSN at bytes 24, 28 and 32. */
#define SN_BYTES                                                               \
	0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44, 0x51, 0x52, 0x53, 0x54
#define SN                                                                     \
	{                                                                      \
		0x31323334, 0x41424344, 0x51525354                             \
	}

REREAD(nop_in)
REREAD(scsi_rsp)
REREAD(tmf_rsp)
REREAD(login_rsp)
REREAD(text_rsp)
REREAD(data_in)
REREAD(logout_rsp)
REREAD(r2t)
REREAD(async)
REREAD(reject)

/* clang-format off */
static const struct header nop_in = { {
	0x20, 0x80, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03,
	THE_LUN,
	0xff, 0xff, 0xff, 0xff, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* TTT */
	SN_BYTES,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
}, reread_nop_in, { { 0, 0, 0xc0 }, { 1, 3, 0xff }, { 36, 47, 0xff } } };

static const struct header scsi_rsp = { {
	/* o and U; response, status */
	0x21, 0x92, 0x80, 0x28, 0x00, 0x01, 0x02, 0x03,
	0, 0, 0, 0, 0, 0, 0, 0,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* SNACK Tag */
	SN_BYTES,
	0x61, 0x62, 0x63, 0x64, /* ExpDataSN */
	0x71, 0x72, 0x73, 0x74, /* Bidirectional Read Residual Count */
	0x81, 0x82, 0x83, 0x84, /* Residual Count */
}, reread_scsi_rsp, {
	{ 0, 0, 0xc0 }, { 1, 1, 0xe1 }, { 8, 15, 0xff },
} };

static const struct header tmf_rsp = { {
	0x22, 0x80, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00,
	0, 0, 0, 0, 0, 0, 0, 0,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0, 0, 0, 0,
	SN_BYTES,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
}, reread_tmf_rsp, {
	{ 0, 0, 0xc0 }, { 1, 1, 0xff }, { 3, 3, 0xff }, { 8, 15, 0xff },
	{ 20, 23, 0xff }, { 36, 47, 0xff },
} };

static const struct header login_rsp = { {
	/* T, CSG 0, NSG 1; Version-max, Version-active */
	0x23, 0x81, 0x0a, 0x0b, 0x00, 0x01, 0x02, 0x03,
	0x81, 0x82, 0x83, 0x84, 0x85, 0x86, /* ISID */
	0x91, 0x92,			    /* TSIH */
	0x11, 0x12, 0x13, 0x14,		    /* ITT */
	0, 0, 0, 0,
	SN_BYTES,
	0x00, 0x00, 0x00, 0x00, /* Status-Class, Status-Detail */
	0, 0, 0, 0, 0, 0, 0, 0,
}, reread_login_rsp, {
	{ 0, 0, 0xc0 }, { 1, 1, 0x30 }, { 20, 23, 0xff }, { 38, 47, 0xff },
}, { { 1, 1, 0x80 }, { 36, 36, 0xff } } };

static const struct header text_rsp = { {
	0x24, 0x40, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03,
	THE_LUN,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* TTT */
	SN_BYTES,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
}, reread_text_rsp, {
	{ 0, 0, 0xc0 }, { 1, 1, 0x3f }, { 2, 3, 0xff }, { 36, 47, 0xff },
} };

static const struct header data_in = { {
	/* F, A, U, S; status */
	0x25, 0xc3, 0x00, 0x04, 0x00, 0x01, 0x02, 0x03,
	THE_LUN,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* TTT */
	SN_BYTES,
	0x61, 0x62, 0x63, 0x64, /* DataSN */
	0x71, 0x72, 0x73, 0x74, /* Buffer Offset */
	0x81, 0x82, 0x83, 0x84, /* Residual Count */
}, reread_data_in, {
	{ 0, 0, 0xc0 }, { 1, 1, 0x38 }, { 2, 2, 0xff },
}, { { 1, 1, 0x01 } } };

static const struct header logout_rsp = { {
	0x26, 0x80, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
	0, 0, 0, 0, 0, 0, 0, 0,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0, 0, 0, 0,
	SN_BYTES,
	0, 0, 0, 0,
	0x71, 0x72, 0x73, 0x74, /* Time2Wait, Time2Retain */
	0, 0, 0, 0,
}, reread_logout_rsp, {
	{ 0, 0, 0xc0 }, { 1, 1, 0xff }, { 3, 3, 0xff }, { 8, 15, 0xff },
	{ 20, 23, 0xff }, { 36, 39, 0xff }, { 44, 47, 0xff },
} };

static const struct header r2t = { {
	0x31, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	THE_LUN,
	0x11, 0x12, 0x13, 0x14, /* ITT */
	0x21, 0x22, 0x23, 0x24, /* TTT */
	SN_BYTES,
	0x61, 0x62, 0x63, 0x64, /* R2TSN */
	0x71, 0x72, 0x73, 0x74, /* Buffer Offset */
	0x01, 0x82, 0x83, 0x84, /* Desired Data Transfer Length */
}, reread_r2t, { { 0, 0, 0xc0 }, { 1, 3, 0xff } } };

static const struct header async = { {
	0x32, 0x80, 0x00, 0x00, 0x00, 0x01, 0x02, 0x03,
	THE_LUN,
	0xff, 0xff, 0xff, 0xff,
	0, 0, 0, 0,
	SN_BYTES,
	0x03, 0x62,		/* AsyncEvent, AsyncVCode */
	0x63, 0x64,		/* Parameter1 */
	0x71, 0x72, 0x73, 0x74, /* Parameter2, Parameter3 */
	0, 0, 0, 0,
}, reread_async, {
	{ 0, 0, 0xc0 }, { 1, 3, 0xff }, { 16, 23, 0xff }, { 44, 47, 0xff },
} };

static const struct header reject = { {
	0x3f, 0x80, 0x09, 0x00, 0x00, 0x00, 0x00, 0x30,
	0, 0, 0, 0, 0, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff,
	0, 0, 0, 0,
	SN_BYTES,
	0x61, 0x62, 0x63, 0x64, /* DataSN/R2TSN */
	0, 0, 0, 0, 0, 0, 0, 0,
}, reread_reject, {
	{ 0, 0, 0xc0 }, { 1, 1, 0xff }, { 3, 3, 0xff }, { 8, 23, 0xff },
	{ 40, 47, 0xff },
} };
/* clang-format on */

static const struct header *const all[] = {
	&nop_in,  &scsi_rsp,   &tmf_rsp, &login_rsp, &text_rsp,
	&data_in, &logout_rsp, &r2t,	 &async,     &reject,
};

#define COUNT (sizeof(all) / sizeof(all[0]))

static void test_nop_in_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(nop_in,
		      (&(struct pdu_nop_in){
			      .lun = { THE_LUN },
			      .itt = TAG_NONE,
			      .ttt = 0x21222324,
			      .data_len = 0x010203,
			      .sn = SN,
		      }),
		      &nop_in);
}

static void test_scsi_response_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(scsi_rsp,
		      (&(struct pdu_scsi_rsp){
			      .underflow = true,
			      .bidi_overflow = true,
			      .response = 0x80,
			      .status = 0x28,
			      .itt = 0x11121314,
			      .snack_tag = 0x21222324,
			      .exp_datasn = 0x61626364,
			      .residual = 0x81828384,
			      .bidi_residual = 0x71727374,
			      .data_len = 0x010203,
			      .sn = SN,
		      }),
		      &scsi_rsp);
}

static void test_tmf_response_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(tmf_rsp,
		      (&(struct pdu_tmf_rsp){
			      .response = TMF_NOT_SUPPORTED,
			      .itt = 0x11121314,
			      .sn = SN,
		      }),
		      &tmf_rsp);
}

static void test_login_response_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(login_rsp,
		      (&(struct pdu_login_rsp){
			      .transit = true,
			      .csg = STAGE_SECURITY,
			      .nsg = STAGE_OPERATIONAL,
			      .version_max = 0x0a,
			      .version_active = 0x0b,
			      .isid = { 0x81, 0x82, 0x83, 0x84, 0x85, 0x86 },
			      .tsih = 0x9192,
			      .itt = 0x11121314,
			      .data_len = 0x010203,
			      .sn = SN,
		      }),
		      &login_rsp);
}

static void test_login_status_is_class_then_detail(void **state)
{
	uint8_t bhs[BHS_LEN];

	(void)state;
	pdu_put_login_rsp(bhs, &(struct pdu_login_rsp){ .status = 0x0207 });
	assert_int_equal(bhs[36], 0x02);
	assert_int_equal(bhs[37], 0x07);
}

static void test_text_response_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(text_rsp,
		      (&(struct pdu_text_rsp){
			      .cont = true,
			      .lun = { THE_LUN },
			      .itt = 0x11121314,
			      .ttt = 0x21222324,
			      .data_len = 0x010203,
			      .sn = SN,
		      }),
		      &text_rsp);
}

static void test_data_in_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(data_in,
		      (&(struct pdu_data_in){
			      .final = true,
			      .ack = true,
			      .underflow = true,
			      .has_status = true,
			      .status = 0x04,
			      .lun = { THE_LUN },
			      .itt = 0x11121314,
			      .ttt = 0x21222324,
			      .datasn = 0x61626364,
			      .offset = 0x71727374,
			      .residual = 0x81828384,
			      .data_len = 0x010203,
			      .sn = SN,
		      }),
		      &data_in);
}

static void test_logout_response_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(logout_rsp,
		      (&(struct pdu_logout_rsp){
			      .response = 2,
			      .time2wait = 0x7172,
			      .time2retain = 0x7374,
			      .itt = 0x11121314,
			      .sn = SN,
		      }),
		      &logout_rsp);
}

static void test_r2t_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(r2t,
		      (&(struct pdu_r2t){
			      .lun = { THE_LUN },
			      .itt = 0x11121314,
			      .ttt = 0x21222324,
			      .r2tsn = 0x61626364,
			      .offset = 0x71727374,
			      .length = 0x01828384,
			      .sn = SN,
		      }),
		      &r2t);
}

static void test_async_message_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(async,
		      (&(struct pdu_async){
			      .event = ASYNC_DROP_SESSION,
			      .vcode = 0x62,
			      .param1 = 0x6364,
			      .param2 = 0x7172,
			      .param3 = 0x7374,
			      .lun = { THE_LUN },
			      .data_len = 0x010203,
			      .sn = SN,
		      }),
		      &async);
}

static void test_reject_is_written(void **state)
{
	(void)state;
	ASSERT_WRITES(reject,
		      (&(struct pdu_reject){
			      .reason = REJECT_INVALID_PDU_FIELD,
			      .datasn = 0x61626364,
			      .data_len = BHS_LEN,
			      .sn = SN,
		      }),
		      &reject);
}

static void test_every_response_is_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		assert_reads_back(all[i]);
}

static void test_every_bit_of_a_response_is_in_its_place(void **state)
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

static void test_ahs_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		refuses_byte(all[i], 4, 1);
}

static void test_data_is_refused_where_there_is_none(void **state)
{
	(void)state;
	refuses_byte(&tmf_rsp, 7, 1);
	refuses_byte(&logout_rsp, 7, 1);
	refuses_byte(&r2t, 7, 1);
}

static void test_response_without_a_task_tag_is_refused(void **state)
{
	(void)state;
	refuses_be32(&scsi_rsp, 16, TAG_NONE);
	refuses_be32(&tmf_rsp, 16, TAG_NONE);
	refuses_be32(&login_rsp, 16, TAG_NONE);
	refuses_be32(&text_rsp, 16, TAG_NONE);
	refuses_be32(&data_in, 16, TAG_NONE);
	refuses_be32(&logout_rsp, 16, TAG_NONE);
	refuses_be32(&r2t, 16, TAG_NONE);
}

static void test_nop_in_that_answers_cannot_ask(void **state)
{
	struct header h = nop_in;

	(void)state;
	accepts_be32(&nop_in, 20, TAG_NONE);
	refuses_be32(&nop_in, 16, 5);
	put_be32(h.bytes + 20, TAG_NONE);
	accepts_be32(&h, 16, 5);
}

static void
test_residual_overflow_and_underflow_exclude_each_other(void **state)
{
	(void)state;
	refuses_byte(&scsi_rsp, 1, 0x86);
	refuses_byte(&scsi_rsp, 1, 0x98);
	refuses_byte(&data_in, 1, 0x87);
	accepts_byte(&scsi_rsp, 1, 0x8c);
	accepts_byte(&data_in, 1, 0x85);
}

static void test_each_residual_bit_means_its_own_flag(void **state)
{
	struct pdu_scsi_rsp p;
	uint8_t in[BHS_LEN];

	(void)state;
	memcpy(in, scsi_rsp.bytes, BHS_LEN);
	in[1] = 0x90;
	assert_int_equal(pdu_get_scsi_rsp(in, &p), 0);
	assert_true(p.bidi_overflow && !p.bidi_underflow);
	assert_true(!p.overflow && !p.underflow);
	in[1] = 0x84;
	assert_int_equal(pdu_get_scsi_rsp(in, &p), 0);
	assert_true(p.overflow && !p.underflow);
	assert_true(!p.bidi_overflow && !p.bidi_underflow);
}

static void test_login_response_with_wrong_stages_is_refused(void **state)
{
	(void)state;
	refuses_byte(&login_rsp, 1, 0x08); /* CSG 2 */
	refuses_byte(&login_rsp, 1, 0x82); /* NSG 2 */
	refuses_byte(&login_rsp, 1, 0x80); /* 0 to 0 */
	refuses_byte(&login_rsp, 1, 0x84); /* 1 to 0 */
	refuses_byte(&login_rsp, 1, 0xc1); /* T and C */
}

static void test_refused_login_is_read_whatever_its_stages_say(void **state)
{
	struct pdu_login_rsp p;
	uint8_t in[BHS_LEN];

	(void)state;
	memcpy(in, login_rsp.bytes, BHS_LEN);
	in[1] = 0xce;
	in[36] = 0x02;
	in[37] = 0x01;
	assert_int_equal(pdu_get_login_rsp(in, &p), 0);
	assert_int_equal(p.status, 0x0201);
	assert_false(p.transit);
	assert_false(p.cont);
}

static void test_text_response_that_continues_cannot_be_final(void **state)
{
	(void)state;
	refuses_byte(&text_rsp, 1, 0xc0);
	accepts_byte(&text_rsp, 1, 0x00);
}

static void test_text_response_with_more_to_come_needs_a_tag(void **state)
{
	struct header h = text_rsp;

	(void)state;
	refuses_be32(&h, 20, TAG_NONE);
	h.bytes[1] = 0x80;
	accepts_be32(&h, 20, TAG_NONE);
}

static void test_status_comes_only_with_the_last_data(void **state)
{
	(void)state;
	refuses_byte(&data_in, 1, 0x01);
	accepts_byte(&data_in, 1, 0x81);
}

static void test_status_fields_are_ignored_without_the_s_bit(void **state)
{
	struct pdu_data_in p;
	uint8_t in[BHS_LEN];

	(void)state;
	memcpy(in, data_in.bytes, BHS_LEN);
	in[1] = 0x86; /* O and U, but no S */
	assert_int_equal(pdu_get_data_in(in, &p), 0);
	assert_false(p.has_status);
	assert_false(p.overflow);
	assert_false(p.underflow);
	assert_int_equal(p.status, 0);
	assert_int_equal(p.residual, 0);
}

static void test_data_in_beyond_32_bits_is_refused(void **state)
{
	(void)state;
	accepts_be32(&data_in, 40, 0xffffffff - 0x010203);
	refuses_be32(&data_in, 40, 0xffffffff - 0x010202);
}

static void test_r2t_of_zero_length_is_refused(void **state)
{
	(void)state;
	refuses_be32(&r2t, 44, 0);
}

static void test_r2t_without_transfer_tag_is_refused(void **state)
{
	(void)state;
	refuses_be32(&r2t, 20, TAG_NONE);
}

static void test_r2t_beyond_32_bits_is_refused(void **state)
{
	(void)state;
	accepts_be32(&r2t, 40, 0xffffffff - 0x01828384);
	refuses_be32(&r2t, 40, 0xffffffff - 0x01828383);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_nop_in_is_written),
		cmocka_unit_test(test_scsi_response_is_written),
		cmocka_unit_test(test_tmf_response_is_written),
		cmocka_unit_test(test_login_response_is_written),
		cmocka_unit_test(test_login_status_is_class_then_detail),
		cmocka_unit_test(test_text_response_is_written),
		cmocka_unit_test(test_data_in_is_written),
		cmocka_unit_test(test_logout_response_is_written),
		cmocka_unit_test(test_r2t_is_written),
		cmocka_unit_test(test_async_message_is_written),
		cmocka_unit_test(test_reject_is_written),
		cmocka_unit_test(test_every_response_is_read_back),
		cmocka_unit_test(test_every_bit_of_a_response_is_in_its_place),
		cmocka_unit_test(test_a_reader_refuses_another_opcode),
		cmocka_unit_test(test_ahs_is_refused),
		cmocka_unit_test(test_data_is_refused_where_there_is_none),
		cmocka_unit_test(test_response_without_a_task_tag_is_refused),
		cmocka_unit_test(test_nop_in_that_answers_cannot_ask),
		cmocka_unit_test(test_residual_overflow_and_underflow_exclude_each_other),
		cmocka_unit_test(test_each_residual_bit_means_its_own_flag),
		cmocka_unit_test(test_login_response_with_wrong_stages_is_refused),
		cmocka_unit_test(test_refused_login_is_read_whatever_its_stages_say),
		cmocka_unit_test(test_text_response_that_continues_cannot_be_final),
		cmocka_unit_test(test_text_response_with_more_to_come_needs_a_tag),
		cmocka_unit_test(test_status_comes_only_with_the_last_data),
		cmocka_unit_test(test_status_fields_are_ignored_without_the_s_bit),
		cmocka_unit_test(test_data_in_beyond_32_bits_is_refused),
		cmocka_unit_test(test_r2t_of_zero_length_is_refused),
		cmocka_unit_test(test_r2t_without_transfer_tag_is_refused),
		cmocka_unit_test(test_r2t_beyond_32_bits_is_refused),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

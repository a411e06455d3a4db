/*
 * test_nego - each key with its rule (RFC 7143 section 13).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "proto/nego.h"
#include "proto/session.h"

static struct session_config cfg;
static struct nego nego;
static char text[4096];
static struct text_out out;

static int setup(void **state)
{
	session_config_defaults(&cfg);
	nego_init(&nego, &cfg);
	text_init(&out, text, sizeof(text));
	return 0;
}

static const struct fault *take(const char *key, const char *value)
{
	struct text_pair kv = { key, value, strlen(key), strlen(value) };

	return nego_take(&nego, &cfg, &kv, &out);
}

static bool said(const char *pair)
{
	size_t n = strlen(pair) + 1;

	for (size_t at = 0; at + n <= out.len; at++) {
		if ((at == 0 || !text[at - 1]) && !memcmp(text + at, pair, n))
			return true;
	}
	return false;
}

static void offer(void)
{
	nego_offer(&nego, &cfg, &out);
}

static void test_async_text_is_offered_in_discovery_when_wanted(void **state)
{
	cfg.type = SESSION_DISCOVERY;
	nego_init(&nego, &cfg);
	offer();
	assert_false(said("X-com.cisco.sendAsyncText=Yes"));
	cfg.async_text = true;
	nego_init(&nego, &cfg);
	offer();
	assert_true(said("X-com.cisco.sendAsyncText=Yes"));
	assert_null(take("X-com.cisco.sendAsyncText", "Yes"));
	assert_false(said("X-com.cisco.sendAsyncText=NotUnderstood"));
}

static void test_defaults_are_those_of_the_rfc(void **state)
{
	const struct params *p = &nego.params;

	assert_int_equal(p->header_digest, 0);
	assert_int_equal(p->data_digest, 0);
	assert_int_equal(p->max_connections, 1);
	assert_int_equal(p->initial_r2t, 1);
	assert_int_equal(p->immediate_data, 1);
	assert_int_equal(p->max_xmit_data, 8192);
	assert_int_equal(p->max_recv_data, 8192);
	assert_int_equal(p->max_burst, 262144);
	assert_int_equal(p->first_burst, 65536);
	assert_int_equal(p->time2wait, 2);
	assert_int_equal(p->time2retain, 20);
	assert_int_equal(p->max_outstanding_r2t, 1);
	assert_int_equal(p->data_pdu_in_order, 1);
	assert_int_equal(p->data_sequence_in_order, 1);
	assert_int_equal(p->error_recovery_level, 0);
}

static void test_the_offer_is_what_was_configured(void **state)
{
	cfg.max_burst = 100000;
	cfg.first_burst = 200000; /* never above MaxBurstLength */
	offer();
	assert_true(said("HeaderDigest=None,CRC32C"));
	assert_true(said("InitialR2T=No"));
	assert_true(said("ImmediateData=Yes"));
	assert_true(said("MaxRecvDataSegmentLength=131072"));
	assert_true(said("MaxBurstLength=100000"));
	assert_true(said("FirstBurstLength=100000"));
	assert_true(said("MaxConnections=1"));
	assert_true(said("ErrorRecoveryLevel=0"));
}

static void test_digest_words_become_lists(void **state)
{
	const char *const lists[] = { "DataDigest=None",
				      "DataDigest=None,CRC32C",
				      "DataDigest=CRC32C,None",
				      "DataDigest=CRC32C" };

	for (int i = 0; i < 4; i++) {
		setup(NULL);
		cfg.data_digest = (enum digest_offer)i;
		offer();
		assert_true(said(lists[i]));
	}
}

static void test_min_takes_the_smaller(void **state)
{
	cfg.max_burst = 65536;
	offer();
	assert_null(take("MaxBurstLength", "1024"));
	assert_int_equal(nego.params.max_burst, 1024);
	setup(NULL);
	cfg.max_burst = 65536;
	offer();
	assert_null(take("MaxBurstLength", "0x40000"));
	assert_int_equal(nego.params.max_burst, 65536);
}

static void test_max_takes_the_larger(void **state)
{
	offer();
	assert_null(take("DefaultTime2Wait", "7"));
	assert_int_equal(nego.params.time2wait, 7);
}

static void test_or_is_no_only_when_both_say_no(void **state)
{
	offer();
	assert_null(take("InitialR2T", "Yes"));
	assert_int_equal(nego.params.initial_r2t, 1);
	setup(NULL);
	offer();
	assert_null(take("InitialR2T", "No"));
	assert_int_equal(nego.params.initial_r2t, 0);
}

static void test_and_is_yes_only_when_both_say_yes(void **state)
{
	offer();
	assert_null(take("ImmediateData", "No"));
	assert_int_equal(nego.params.immediate_data, 0);
}

/* 6.2.2: an answer is optional where the offer alone decides. */
static void test_a_no_to_and_needs_no_answer(void **state)
{
	cfg.immediate_data = false;
	offer();
	assert_int_equal(nego.params.immediate_data, 0);
}

static void test_a_yes_to_or_needs_no_answer(void **state)
{
	nego.params.initial_r2t = 0;
	cfg.initial_r2t = true;
	offer();
	assert_int_equal(nego.params.initial_r2t, 1);
}

static void test_a_digest_that_must_be_needs_an_answer(void **state)
{
	cfg.data_digest = DIGEST_ALWAYS;
	offer();
	assert_null(take("HeaderDigest", "None"));
	assert_ptr_equal(nego_check(&nego, &cfg), &fault_negotiation);
	assert_non_null(strstr(nego.detail, "DataDigest"));
	assert_null(take("DataDigest", "CRC32C"));
	assert_null(nego_check(&nego, &cfg));
}

static void test_no_more_r2ts_are_offered_than_we_have_room_for(void **state)
{
	cfg.max_outstanding_r2t = 1000;
	offer();
	assert_true(said("MaxOutstandingR2T=8"));
	assert_null(take("MaxOutstandingR2T", "1000"));
	assert_int_equal(nego.params.max_outstanding_r2t, 8);
}

static void test_a_declaration_may_come_once(void **state)
{
	assert_null(take("TargetPortalGroupTag", "1"));
	assert_ptr_equal(take("TargetPortalGroupTag", "1"), &fault_negotiation);
	assert_null(take("TargetAlias", "a"));
	assert_ptr_equal(take("TargetAlias", "b"), &fault_negotiation);
	assert_null(take("TargetAddress", "192.0.2.1"));
	assert_null(take("TargetAddress", "192.0.2.2"));
}

static void test_a_list_answer_must_have_been_offered(void **state)
{
	cfg.header_digest = DIGEST_ALWAYS;
	offer();
	assert_ptr_equal(take("HeaderDigest", "None"), &fault_negotiation);
	assert_non_null(strstr(nego.detail, "HeaderDigest=None"));
	setup(NULL);
	offer();
	assert_ptr_equal(take("HeaderDigest", "CRC32Cxyz"), &fault_negotiation);
	setup(NULL);
	offer();
	assert_null(take("HeaderDigest", "CRC32C"));
	assert_int_equal(nego.params.header_digest, 1);
}

static void test_values_out_of_range_are_refused(void **state)
{
	const char *const bad[][2] = {
		{ "MaxBurstLength", "511" },
		{ "MaxBurstLength", "16777216" },
		{ "MaxBurstLength", "-1" },
		{ "MaxBurstLength", "" },
		{ "MaxBurstLength", "99999999999999999999999" },
		{ "MaxRecvDataSegmentLength", "100" },
		{ "InitialR2T", "yes" },
		{ "InitialR2T", "YesNo" },
		{ "ErrorRecoveryLevel", "3" },
		{ "MaxConnections", "0" },
		{ "TargetPortalGroupTag", "65536" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup(NULL);
		offer();
		assert_ptr_equal(take(bad[i][0], bad[i][1]),
				 &fault_negotiation);
	}
}

static void test_a_declaration_is_taken_not_answered(void **state)
{
	offer();
	text_init(&out, text, sizeof(text));
	assert_null(take("MaxRecvDataSegmentLength", "4096"));
	assert_int_equal(nego.params.max_xmit_data, 4096);
	assert_int_equal(nego.params.max_recv_data, 131072);
	assert_int_equal(out.len, 0);
}

static void
test_an_offer_of_the_target_is_answered_with_the_result(void **state)
{
	assert_null(take("MaxOutstandingR2T", "3"));
	assert_true(said("MaxOutstandingR2T=3"));
	assert_null(take("DataDigest", "CRC32C,None"));
	assert_true(said("DataDigest=CRC32C"));
	assert_int_equal(nego.params.data_digest, 1);
	/* Settled: not offered again. */
	text_init(&out, text, sizeof(text));
	offer();
	assert_false(said("MaxOutstandingR2T=8"));
}

static void test_a_list_without_anything_for_us_is_refused(void **state)
{
	assert_ptr_equal(take("HeaderDigest", "SHA1,MD4"), &fault_negotiation);
	assert_true(said("HeaderDigest=Reject"));
}

static void test_a_key_may_come_once(void **state)
{
	offer();
	assert_null(take("MaxBurstLength", "1024"));
	assert_ptr_equal(take("MaxBurstLength", "1024"), &fault_negotiation);
}

static void test_not_understood_is_no_answer_to_a_key_of_the_rfc(void **state)
{
	offer();
	assert_ptr_equal(take("MaxBurstLength", "NotUnderstood"),
			 &fault_negotiation);
}

static void test_irrelevant_leaves_the_default(void **state)
{
	offer();
	assert_null(take("MaxBurstLength", "Irrelevant"));
	assert_int_equal(nego.params.max_burst, 262144);
}

static void test_obsolete_markers_are_rejected(void **state)
{
	assert_null(take("IFMarker", "No"));
	assert_null(take("OFMarkInt", "2048~8192"));
	assert_true(said("IFMarker=Reject"));
	assert_true(said("OFMarkInt=Reject"));
}

static void test_unknown_keys_are_not_understood_once(void **state)
{
	assert_null(take("X-com.example.a", "1"));
	assert_true(said("X-com.example.a=NotUnderstood"));
	text_init(&out, text, sizeof(text));
	assert_null(take("X-com.example.b", "NotUnderstood"));
	assert_int_equal(out.len, 0);
}

static void test_younger_keys_settle_on_what_we_are(void **state)
{
	assert_null(take("iSCSIProtocolLevel", "2"));
	assert_true(said("iSCSIProtocolLevel=1"));
	assert_null(take("TaskReporting", "FastAbort,RFC3720"));
	assert_true(said("TaskReporting=RFC3720"));
}

static void test_discovery_offers_only_what_it_needs(void **state)
{
	cfg.type = SESSION_DISCOVERY;
	cfg.header_digest = DIGEST_ALWAYS;
	nego_init(&nego, &cfg);
	offer();
	assert_true(said("HeaderDigest=None"));
	assert_true(said("MaxRecvDataSegmentLength=8192"));
	assert_false(said("MaxBurstLength=16776192"));
	assert_null(take("InitialR2T", "Yes"));
	assert_true(said("InitialR2T=Irrelevant"));
}

static void test_target_keys_are_noted(void **state)
{
	assert_null(take("TargetPortalGroupTag", "65535"));
	assert_null(take("TargetAlias", "a \x1b[31mbox"));
	assert_int_equal(nego.portal_group, 65535);
	assert_string_equal(nego.alias, "a ?[31mbox");
	assert_ptr_equal(take("TargetAddress", "[::1"), &fault_negotiation);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(test_defaults_are_those_of_the_rfc),
		T(test_async_text_is_offered_in_discovery_when_wanted),
		T(test_the_offer_is_what_was_configured),
		T(test_digest_words_become_lists),
		T(test_min_takes_the_smaller),
		T(test_max_takes_the_larger),
		T(test_or_is_no_only_when_both_say_no),
		T(test_and_is_yes_only_when_both_say_yes),
		T(test_a_no_to_and_needs_no_answer),
		T(test_a_yes_to_or_needs_no_answer),
		T(test_a_digest_that_must_be_needs_an_answer),
		T(test_no_more_r2ts_are_offered_than_we_have_room_for),
		T(test_a_declaration_may_come_once),
		T(test_a_list_answer_must_have_been_offered),
		T(test_values_out_of_range_are_refused),
		T(test_a_declaration_is_taken_not_answered),
		T(test_an_offer_of_the_target_is_answered_with_the_result),
		T(test_a_list_without_anything_for_us_is_refused),
		T(test_a_key_may_come_once),
		T(test_not_understood_is_no_answer_to_a_key_of_the_rfc),
		T(test_irrelevant_leaves_the_default),
		T(test_obsolete_markers_are_rejected),
		T(test_unknown_keys_are_not_understood_once),
		T(test_younger_keys_settle_on_what_we_are),
		T(test_discovery_offers_only_what_it_needs),
		T(test_target_keys_are_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

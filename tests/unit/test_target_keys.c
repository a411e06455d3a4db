/* Tests of target/keys.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "target/params.h"

static struct tgt_params ours, result;
static struct tgt_nego nego;
static char buf[1024];
static struct text_out out;

static int setup(void **state)
{
	tgt_params_wishes(&ours);
	tgt_params_defaults(&result);
	memset(&nego, 0, sizeof(nego));
	nego.ours = &ours;
	nego.result = &result;
	memset(buf, 0, sizeof(buf));
	text_init(&out, buf, sizeof(buf));
	return 0;
}

static enum tgt_key_verdict offer(const char *key, const char *value)
{
	struct text_pair kv = { key, value, strlen(key), strlen(value) };

	memset(buf, 0, sizeof(buf));
	text_init(&out, buf, sizeof(buf));
	return tgt_nego_key(&nego, &kv, &out);
}

static void expect(const char *key, const char *value, const char *answer)
{
	assert_int_equal(offer(key, value), TGT_KEY_OK);
	assert_string_equal(buf, answer);
}

static void test_smaller_burst_wins(void **state)
{
	ours.max_burst = 65536;
	expect("MaxBurstLength", "262144", "MaxBurstLength=65536");
	assert_int_equal(result.max_burst, 65536);
}

static void test_initiator_may_have_the_smaller_burst(void **state)
{
	expect("FirstBurstLength", "512", "FirstBurstLength=512");
	assert_int_equal(result.first_burst, 512);
}

static void test_longer_time2wait_wins(void **state)
{
	ours.time2wait = 5;
	expect("DefaultTime2Wait", "2", "DefaultTime2Wait=5");
}

static void test_either_side_can_demand_initial_r2t(void **state)
{
	ours.initial_r2t = 1;
	expect("InitialR2T", "No", "InitialR2T=Yes");
	assert_int_equal(result.initial_r2t, 1);
}

static void test_immediate_data_needs_both_sides(void **state)
{
	expect("ImmediateData", "No", "ImmediateData=No");
	assert_int_equal(result.immediate_data, 0);
}

static void test_digest_is_taken_when_preferred(void **state)
{
	ours.header_digest = TGT_DIGEST_PREFER;
	expect("HeaderDigest", "None,CRC32C", "HeaderDigest=CRC32C");
	assert_int_equal(result.header_digest, 1);
}

static void test_digest_follows_the_initiator_when_allowed(void **state)
{
	expect("DataDigest", "CRC32C,None", "DataDigest=CRC32C");
	assert_int_equal(result.data_digest, 1);
	expect("HeaderDigest", "None,CRC32C", "HeaderDigest=None");
	assert_int_equal(result.header_digest, 0);
}

static void test_digest_the_target_does_not_have_is_none(void **state)
{
	ours.data_digest = TGT_DIGEST_NONE;
	expect("DataDigest", "CRC32C,None", "DataDigest=None");
	assert_int_equal(result.data_digest, 0);
}

static void test_required_digest_refuses_none(void **state)
{
	ours.data_digest = TGT_DIGEST_REQUIRE;
	assert_int_equal(offer("DataDigest", "None"), TGT_KEY_REFUSED);
	assert_string_equal(buf, "DataDigest=Reject");
}

static void test_part_of_a_digest_name_is_no_digest(void **state)
{
	ours.data_digest = TGT_DIGEST_PREFER;
	expect("DataDigest", "CRC32Cx,None", "DataDigest=None");
}

static void test_declaration_gets_no_answer(void **state)
{
	expect("MaxRecvDataSegmentLength", "65536", "");
	assert_int_equal(result.max_xmit, 65536);
}

static void test_value_out_of_range_is_rejected(void **state)
{
	assert_int_equal(offer("MaxBurstLength", "511"), TGT_KEY_REFUSED);
	assert_string_equal(buf, "MaxBurstLength=Reject");
	assert_int_equal(result.max_burst, 262144);
}

static void test_boolean_in_capitals_is_rejected(void **state)
{
	assert_int_equal(offer("InitialR2T", "YES"), TGT_KEY_REFUSED);
}

static void test_second_offer_of_a_key_is_an_error(void **state)
{
	expect("MaxConnections", "8", "MaxConnections=1");
	assert_int_equal(offer("MaxConnections", "8"), TGT_KEY_REPEATED);
}

static void test_markers_are_rejected_not_misunderstood(void **state)
{
	expect("IFMarker", "No", "IFMarker=Reject");
	expect("OFMarkInt", "2048", "OFMarkInt=Reject");
}

static void test_only_rfc3720_task_reporting_is_known(void **state)
{
	expect("TaskReporting", "FastAbort,ResponseFence,RFC3720",
	       "TaskReporting=RFC3720");
}

static void test_foreign_key_is_left_to_the_caller(void **state)
{
	assert_int_equal(offer("X-com.example.a", "1"), TGT_KEY_UNKNOWN);
	assert_string_equal(buf, "");
}

static void test_key_the_target_cannot_live_without_is_offered(void **state)
{
	ours.max_burst = 4096;
	assert_true(tgt_nego_offer(&nego, &out));
	assert_string_equal(buf, "MaxBurstLength=4096");
	assert_false(tgt_nego_offer(&nego, &out));
	assert_int_equal(offer("MaxBurstLength", "2048"), TGT_KEY_OK);
	assert_string_equal(buf, "");
	assert_int_equal(result.max_burst, 2048);
	assert_int_equal(nego.offered, 0);
}

static void test_answer_above_our_offer_is_refused(void **state)
{
	ours.max_burst = 4096;
	tgt_nego_offer(&nego, &out);
	assert_int_equal(offer("MaxBurstLength", "8192"), TGT_KEY_REFUSED);
}

static void test_agreed_keys_are_not_offered_again(void **state)
{
	ours.immediate_data = 0;
	expect("ImmediateData", "Yes", "ImmediateData=No");
	assert_false(tgt_nego_offer(&nego, &out));
}

static void test_nothing_but_declarations_changes_later(void **state)
{
	nego.full_feature = true;
	assert_int_equal(offer("MaxBurstLength", "512"), TGT_KEY_REFUSED);
	assert_int_equal(result.max_burst, 262144);
	expect("MaxRecvDataSegmentLength", "512", "");
	assert_int_equal(result.max_xmit, 512);
}

static void test_segment_length_is_declared_once(void **state)
{
	tgt_nego_declare(&nego, &out);
	assert_string_equal(buf, "MaxRecvDataSegmentLength=262144");
	out.len = 0;
	tgt_nego_declare(&nego, &out);
	assert_int_equal(out.len, 0);
}

static void test_wishes_are_set_by_name(void **state)
{
	assert_int_equal(tgt_params_set(&ours, "MaxBurstLength", "1024"), 0);
	assert_int_equal(ours.max_burst, 1024);
	assert_int_equal(tgt_params_set(&ours, "HeaderDigest", "CRC32C"), 0);
	assert_int_equal(ours.header_digest, TGT_DIGEST_REQUIRE);
	assert_int_equal(tgt_params_set(&ours, "DataDigest", "None,CRC32C"), 0);
	assert_int_equal(ours.data_digest, TGT_DIGEST_ALLOW);
}

static void test_wishes_that_make_no_sense_are_told(void **state)
{
	assert_int_equal(tgt_params_set(&ours, "MaxBurst", "1"), -ENOENT);
	assert_int_equal(tgt_params_set(&ours, "IFMarker", "No"), -ENOENT);
	assert_int_equal(tgt_params_set(&ours, "MaxBurstLength", "1"), -EINVAL);
	assert_int_equal(tgt_params_set(&ours, "InitialR2T", "maybe"), -EINVAL);
	assert_int_equal(tgt_params_set(&ours, "DataDigest", "MD5"), -EINVAL);
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_smaller_burst_wins),
		T(test_initiator_may_have_the_smaller_burst),
		T(test_longer_time2wait_wins),
		T(test_either_side_can_demand_initial_r2t),
		T(test_immediate_data_needs_both_sides),
		T(test_digest_is_taken_when_preferred),
		T(test_digest_follows_the_initiator_when_allowed),
		T(test_digest_the_target_does_not_have_is_none),
		T(test_required_digest_refuses_none),
		T(test_part_of_a_digest_name_is_no_digest),
		T(test_declaration_gets_no_answer),
		T(test_value_out_of_range_is_rejected),
		T(test_boolean_in_capitals_is_rejected),
		T(test_second_offer_of_a_key_is_an_error),
		T(test_markers_are_rejected_not_misunderstood),
		T(test_only_rfc3720_task_reporting_is_known),
		T(test_foreign_key_is_left_to_the_caller),
		T(test_key_the_target_cannot_live_without_is_offered),
		T(test_answer_above_our_offer_is_refused),
		T(test_agreed_keys_are_not_offered_again),
		T(test_nothing_but_declarations_changes_later),
		T(test_segment_length_is_declared_once),
		T(test_wishes_are_set_by_name),
		T(test_wishes_that_make_no_sense_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

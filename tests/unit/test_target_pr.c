/* Tests of target/pr.c: who may write, by whose key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "unit/target_peer.h"

static struct world *world;
static struct peer *one, *two;
static struct result result;

static struct peer *host(uint8_t isid)
{
	struct peer *p = peer_new(world);

	p->isid[5] = isid;
	peer_login(p);
	return p;
}

static int setup(void **state)
{
	world = world_new();
	world->tt->quiet_login = true;
	one = host(1);
	two = host(2);
	return 0;
}

static int teardown(void **state)
{
	peer_free(one);
	peer_free(two);
	world_free(world);
	return 0;
}

enum {
	REGISTER,
	RESERVE,
	RELEASE,
	PREEMPT = 4,
	IGNORE = 6
};

static uint8_t out(struct peer *p, uint8_t action, uint64_t key, uint64_t other)
{
	uint8_t list[24] = { 0 };

	put_be64(list, key);
	put_be64(list + 8, other);
	peer_run_out(p, CDB(0x5f, action, 5, 0, 0, 0, 0, 0, 24, 0), list,
		     sizeof(list), &result);
	return result.status;
}

static uint8_t write_by(struct peer *p)
{
	static const uint8_t block[512];

	peer_run_out(p, CDB(0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), block, 512,
		     &result);
	return result.status;
}

static void reserve_by(struct peer *p, uint64_t key)
{
	assert_int_equal(out(p, REGISTER, 0, key), TGT_GOOD);
	assert_int_equal(out(p, RESERVE, key, 0), TGT_GOOD);
}

static void test_keys_are_listed(void **state)
{
	out(one, REGISTER, 0, 0x11);
	out(two, REGISTER, 0, 0x22);
	peer_run(one, CDB(0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0), 256, &result);
	assert_int_equal(result.len, 24);
	assert_int_equal(get_be32(result.data + 4), 16);
	assert_int_equal(get_be64(result.data + 8), 0x11);
	assert_int_equal(get_be64(result.data + 16), 0x22);
}

static void test_the_holder_is_told(void **state)
{
	reserve_by(one, 0x11);
	peer_run(two, CDB(0x5e, 1, 0, 0, 0, 0, 0, 1, 0, 0), 256, &result);
	assert_int_equal(result.len, 24);
	assert_int_equal(get_be64(result.data + 8), 0x11);
	assert_int_equal(result.data[21], 5);
}

static void test_who_is_not_registered_may_not_write(void **state)
{
	reserve_by(one, 0x11);
	assert_int_equal(write_by(two), TGT_RESERVATION_CONFLICT);
	assert_int_equal(write_by(one), TGT_GOOD);
	peer_run(two, CDB(0x35), 0, &result);
	assert_int_equal(result.status, TGT_RESERVATION_CONFLICT);
}

static void test_who_is_not_registered_may_read(void **state)
{
	reserve_by(one, 0x11);
	peer_run(two, CDB(0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 512, &result);
	assert_int_equal(result.status, TGT_GOOD);
}

static void test_who_is_registered_may_write(void **state)
{
	reserve_by(one, 0x11);
	out(two, REGISTER, 0, 0x22);
	assert_int_equal(write_by(two), TGT_GOOD);
}

/* A write that waits for its data is asked when they are there. */
static void test_it_counts_what_is_reserved_when_a_write_is_done(void **state)
{
	static const uint8_t block[512];
	struct pdu_scsi_cmd c;
	struct pdu_r2t r2t;

	peer_write10(two, &c, 0, 1);
	peer_command_send(two, &c, NULL, 0);
	peer_expect(two, OP_R2T);
	assert_int_equal(pdu_get_r2t(two->bhs, &r2t), 0);
	reserve_by(one, 0x11);
	peer_data_out(two, c.itt, r2t.ttt, 0, 0, block, 512, true);
	peer_finish(two, c.itt, &result);
	assert_int_equal(result.status, TGT_RESERVATION_CONFLICT);
}

static void test_after_its_release_all_may_write(void **state)
{
	reserve_by(one, 0x11);
	assert_int_equal(out(one, RELEASE, 0x11, 0), TGT_GOOD);
	assert_int_equal(write_by(two), TGT_GOOD);
}

static void test_without_its_key_a_nexus_holds_nothing(void **state)
{
	reserve_by(one, 0x11);
	assert_int_equal(out(one, REGISTER, 0x11, 0), TGT_GOOD);
	assert_int_equal(write_by(two), TGT_GOOD);
	assert_int_equal(tgt_pr_count(&world->lun->pr), 0);
}

static void test_who_preempts_takes_the_reservation(void **state)
{
	reserve_by(one, 0x11);
	out(two, REGISTER, 0, 0x22);
	assert_int_equal(out(two, PREEMPT, 0x22, 0x11), TGT_GOOD);
	assert_int_equal(write_by(one), TGT_RESERVATION_CONFLICT);
	assert_int_equal(write_by(two), TGT_GOOD);
}

static void test_a_key_that_is_not_there_is_not_preempted(void **state)
{
	out(one, REGISTER, 0, 0x11);
	assert_int_equal(out(one, PREEMPT, 0x11, 0x99),
			 TGT_RESERVATION_CONFLICT);
}

static void test_a_wrong_key_is_a_conflict(void **state)
{
	out(one, REGISTER, 0, 0x11);
	assert_int_equal(out(one, RESERVE, 0x12, 0), TGT_RESERVATION_CONFLICT);
	assert_int_equal(out(one, REGISTER, 0, 0x12), TGT_RESERVATION_CONFLICT);
	assert_int_equal(out(two, RESERVE, 0x11, 0), TGT_RESERVATION_CONFLICT);
}

static void test_a_key_may_be_replaced_unseen(void **state)
{
	reserve_by(one, 0x11);
	assert_int_equal(out(one, IGNORE, 0, 0x12), TGT_GOOD);
	assert_int_equal(write_by(one), TGT_GOOD);
	assert_int_equal(tgt_pr_count(&world->lun->pr), 1);
}

static void test_a_second_reservation_is_a_conflict(void **state)
{
	reserve_by(one, 0x11);
	out(two, REGISTER, 0, 0x22);
	assert_int_equal(out(two, RESERVE, 0x22, 0), TGT_RESERVATION_CONFLICT);
}

static void test_the_end_of_a_session_ends_no_reservation(void **state)
{
	reserve_by(one, 0x11);
	peer_free(one);
	one = host(3);
	assert_int_equal(write_by(one), TGT_RESERVATION_CONFLICT);
}

static void test_no_reset_ends_a_reservation(void **state)
{
	reserve_by(one, 0x11);
	assert_int_equal(peer_tmf(one, TMF_LUN_RESET, TAG_NONE), TMF_COMPLETE);
	peer_run(two, CDB(0), 0, &result); /* the attention */
	assert_int_equal(write_by(two), TGT_RESERVATION_CONFLICT);
}

static void test_other_actions_and_types_are_refused(void **state)
{
	uint8_t list[24] = { 0 };

	out(one, REGISTER, 0, 0);
	peer_run_out(one, CDB(0x5f, 5, 5, 0, 0, 0, 0, 0, 24, 0), list, 24,
		     &result);
	assert_int_equal(result_sense(&result), 0x052400);
	peer_run_out(one, CDB(0x5f, 1, 3, 0, 0, 0, 0, 0, 24, 0), list, 24,
		     &result);
	assert_int_equal(result_sense(&result), 0x052400);
	peer_run(one, CDB(0x5e, 2, 0, 0, 0, 0, 0, 1, 0, 0), 256, &result);
	assert_int_equal(result_sense(&result), 0x052400);
}

static void test_a_list_that_is_too_short_is_refused(void **state)
{
	uint8_t list[24] = { 0 };

	peer_run_out(one, CDB(0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0), list, 8,
		     &result);
	assert_int_equal(result_sense(&result), 0x051a00);
	peer_run_out(one, CDB(0x5f, 0, 0, 0, 0, 0, 0, 0, 8, 0), list, 8,
		     &result);
	assert_int_equal(result_sense(&result), 0x051a00);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keys_are_listed),
		TEST(test_the_holder_is_told),
		TEST(test_who_is_not_registered_may_not_write),
		TEST(test_who_is_not_registered_may_read),
		TEST(test_who_is_registered_may_write),
		TEST(test_it_counts_what_is_reserved_when_a_write_is_done),
		TEST(test_after_its_release_all_may_write),
		TEST(test_without_its_key_a_nexus_holds_nothing),
		TEST(test_who_preempts_takes_the_reservation),
		TEST(test_a_key_that_is_not_there_is_not_preempted),
		TEST(test_a_wrong_key_is_a_conflict),
		TEST(test_a_key_may_be_replaced_unseen),
		TEST(test_a_second_reservation_is_a_conflict),
		TEST(test_the_end_of_a_session_ends_no_reservation),
		TEST(test_no_reset_ends_a_reservation),
		TEST(test_other_actions_and_types_are_refused),
		TEST(test_a_list_that_is_too_short_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

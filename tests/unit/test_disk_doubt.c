/*
 * test_disk_doubt - writes that an old nexus may still run (disk/disk.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "disk_rig.h"

static struct request a;

static void lose_at(int64_t place, struct request *r, enum disk_op op)
{
	disk_set_place(rig.disk, place);
	rig_online();
	submit(r, op, 0, 1);
	rig_lose();
	fake_forget();
}

static void return_at(int64_t place)
{
	disk_set_place(rig.disk, place);
	rig_return();
}

static void test_lost_writes_wait_for_a_reset_elsewhere(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(2);
	assert_int_equal(fake.clears, 1);
	assert_int_equal(fake.ngot, 0);
	fake_clear();
	fake_answer_all();
	assert_true(a.done);
	assert_int_equal(a.err, 0);
}

static void test_at_the_same_place_no_reset_is_needed(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(1);
	assert_int_equal(fake.clears, 0);
	assert_true(a.done);
}

static void test_lost_reads_need_no_reset(void **state)
{
	lose_at(1, &a, DISK_READ);
	return_at(2);
	assert_int_equal(fake.clears, 0);
	assert_true(a.done);
}

static void test_after_an_orderly_end_no_reset_is_needed(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	disk_nexus_ended(rig.disk);
	return_at(2);
	assert_int_equal(fake.clears, 0);
	assert_true(a.done);
}

static void test_the_doubt_stays_until_a_reset_worked(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(2);
	rig_lose();
	return_at(3);
	assert_int_equal(fake.clears, 2);
	assert_false(a.done);
	fake_clear();
	fake_answer_all();
	assert_true(a.done);
}

static void test_the_old_place_ends_the_doubt(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(2);
	rig_lose();
	return_at(1);
	assert_int_equal(fake.clears, 1);
	assert_true(a.done);
}

static void test_a_failed_write_is_doubted_too(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	disk_expire(rig.disk, -ENOLINK, rig.now);
	assert_int_equal(a.err, -ENOLINK);
	return_at(2);
	assert_int_equal(fake.clears, 1);
}

static void test_a_disk_that_failed_for_good_is_not_probed(void **state)
{
	lose_at(1, &a, DISK_WRITE);
	return_at(2);
	disk_fail(rig.disk, -EIO, "test");
	fake_clear();
	assert_int_equal(fake.ngot, 0);
	assert_int_equal(disk_state(rig.disk), DISK_FAILED);
}

static void test_writes_of_an_owner_before_us_are_doubted(void **state)
{
	disk_doubt(rig.disk, 1);
	return_at(2);
	assert_int_equal(fake.clears, 1);
	fake_clear();
	fake_answer_all();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lost_writes_wait_for_a_reset_elsewhere),
		TEST(test_at_the_same_place_no_reset_is_needed),
		TEST(test_lost_reads_need_no_reset),
		TEST(test_after_an_orderly_end_no_reset_is_needed),
		TEST(test_the_doubt_stays_until_a_reset_worked),
		TEST(test_the_old_place_ends_the_doubt),
		TEST(test_a_failed_write_is_doubted_too),
		TEST(test_a_disk_that_failed_for_good_is_not_probed),
		TEST(test_writes_of_an_owner_before_us_are_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

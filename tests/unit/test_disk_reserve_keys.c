/*
 * test_disk_reserve_keys - the keys of a reservation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "disk/reserve_keys.h"

#define HOST 0x12345678u

static uint8_t list[4 * PR_KEY_LEN];
static struct pr_keys found;

static void find(size_t n, const uint64_t *keys)
{
	for (size_t i = 0; i < n; i++)
		put_be64(list + i * PR_KEY_LEN, keys[i]);
	found = (struct pr_keys){ .list = list, .count = n, .total = n };
}

static void test_a_key_is_ours_by_prefix_and_host(void **state)
{
	uint16_t last = 0;
	uint64_t key;

	find(0, NULL);
	key = keys_choose(&found, HOST, &last);
	assert_true(keys_is_ours(HOST, key));
	assert_true(keys_is_ours(HOST, key + 1));
	assert_false(keys_is_ours(HOST + 1, key));
	assert_false(keys_is_ours(HOST, key & UINT64_C(0xffffffffffff)));
	assert_false(keys_is_ours(HOST, 0));
}

static void test_a_key_that_is_taken_is_not_chosen(void **state)
{
	uint16_t last = 0;
	uint64_t taken[2];

	find(0, NULL);
	taken[0] = keys_choose(&found, HOST, &last);
	taken[1] = keys_choose(&found, HOST, &last);
	assert_int_not_equal(taken[0], taken[1]);
	find(2, taken);
	last = 0;
	assert_int_equal(keys_choose(&found, HOST, &last), taken[1] + 1);
	assert_int_equal(last, 3);
}

static void test_the_counter_goes_round(void **state)
{
	uint16_t last = UINT16_MAX;
	uint64_t key;

	find(0, NULL);
	key = keys_choose(&found, HOST, &last);
	assert_int_equal(last, 0);
	assert_true(keys_is_ours(HOST, key));
}

static void test_ours_are_found_among_others(void **state)
{
	uint16_t last = 6;
	uint64_t ours, keys[3] = { 5, 0, 7 };

	find(0, NULL);
	ours = keys[1] = keys_choose(&found, HOST, &last);
	find(3, keys);
	assert_int_equal(keys_find(&found, HOST, 0), 1);
	assert_int_equal(keys_at(&found, 1), ours);
	assert_int_equal(keys_find(&found, HOST, 1), 1);
	assert_int_equal(keys_find(&found, HOST, 2), 3);
	assert_int_equal(keys_find(&found, HOST + 1, 0), 3);
}

static void test_only_what_needs_a_type_has_one(void **state)
{
	static const struct {
		uint8_t action;
		bool typed;
	} rows[] = {
		{ PR_REGISTER, false },
		{ PR_RESERVE, true },
		{ PR_REGISTER_AND_IGNORE, false },
		{ PR_RELEASE, true },
		{ PR_PREEMPT, true },
	};
	uint8_t data[PR_LIST_LEN];
	struct cmd cmd = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		keys_tell(&cmd, rows[i].action, data, 0x0102, 0x0304);
		assert_int_equal(cmd.cdb[1] & 0x1f, rows[i].action);
		assert_int_equal(cmd.cdb[2] != 0, rows[i].typed);
		assert_int_equal(cmd.dir, CMD_WRITE);
		assert_int_equal(cmd.len, PR_LIST_LEN);
		assert_int_equal(get_be64(data), 0x0102);
		assert_int_equal(get_be64(data + 8), 0x0304);
	}
}

static void test_what_is_asked_comes_into_an_empty_buffer(void **state)
{
	uint8_t buf[64], empty[64] = { 0 };
	struct cmd cmd = { 0 };

	memset(buf, 0xff, sizeof(buf));
	keys_ask(&cmd, PR_READ_KEYS, buf, sizeof(buf));
	assert_memory_equal(buf, empty, sizeof(buf));
	assert_int_equal(cmd.dir, CMD_READ);
	assert_ptr_equal(cmd.buf, buf);
	assert_int_equal(cmd.len, sizeof(buf));
	assert_int_equal(get_be16(cmd.cdb + 7), sizeof(buf));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_is_ours_by_prefix_and_host),
		cmocka_unit_test(test_a_key_that_is_taken_is_not_chosen),
		cmocka_unit_test(test_the_counter_goes_round),
		cmocka_unit_test(test_ours_are_found_among_others),
		cmocka_unit_test(test_only_what_needs_a_type_has_one),
		cmocka_unit_test(test_what_is_asked_comes_into_an_empty_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_arena - memory that is locked and present before it is used.
 *
 * The arena is one a process, so the order of these tests counts: first
 * without a reserve, then with one.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"

#define RESERVE_PAGES 16

static size_t page;

static int set_up(void **state)
{
	(void)state;
	page = (size_t)sysconf(_SC_PAGESIZE);
	return 0;
}

static void assert_zeroed(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i], 0);
}

static void assert_present(void *p, size_t n)
{
	unsigned char in_core[RESERVE_PAGES];
	size_t pages = (n + page - 1) / page;

	assert_int_equal(mincore(p, n, in_core), 0);
	for (size_t i = 0; i < pages; i++)
		assert_true(in_core[i] & 1);
}

static void test_without_a_reserve_memory_comes_anyway(void **state)
{
	uint8_t *p = arena_alloc(3 * page);

	(void)state;
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % page, 0);
	assert_zeroed(p, 3 * page);
	assert_present(p, 3 * page);
	arena_free(p, 3 * page);
}

static void test_impossible_reserves_are_refused(void **state)
{
	bool locked;

	(void)state;
	assert_int_equal(arena_reserve(0, &locked), -EINVAL);
	assert_int_equal(arena_reserve(SIZE_MAX, &locked), -EINVAL);
	assert_int_equal(arena_reserve(SIZE_MAX / 2, &locked), -ENOMEM);
}

static void test_reserve_is_taken_once(void **state)
{
	bool locked;

	(void)state;
	assert_int_equal(arena_reserve(RESERVE_PAGES * page, &locked), 0);
	assert_int_equal(arena_reserve(page, &locked), -EBUSY);
}

static void test_pieces_are_present_aligned_and_apart(void **state)
{
	uint8_t *p = arena_alloc(2 * page), *q = arena_alloc(1);

	(void)state;
	assert_non_null(p);
	assert_non_null(q);
	assert_int_equal((uintptr_t)q % page, 0);
	assert_present(p, 2 * page);
	assert_present(q, page);
	memset(p, 0xff, 2 * page);
	assert_zeroed(q, page);
	arena_free(p, 2 * page);
	arena_free(q, 1);
}

static void test_returned_piece_comes_back_zeroed(void **state)
{
	uint8_t *p = arena_alloc(5 * page);

	(void)state;
	assert_non_null(p);
	memset(p, 0xff, 5 * page);
	arena_free(p, 5 * page);
	assert_ptr_equal(arena_alloc(5 * page), p);
	assert_zeroed(p, 5 * page);
	arena_free(p, 5 * page);
}

static void test_returned_piece_waits_for_its_own_size(void **state)
{
	uint8_t *p = arena_alloc(3 * page), *q;

	(void)state;
	assert_non_null(p);
	arena_free(p, 3 * page);
	q = arena_alloc(2 * page);
	assert_non_null(q);
	assert_ptr_not_equal(q, p);
	assert_ptr_equal(arena_alloc(3 * page), p);
	arena_free(p, 3 * page);
	arena_free(q, 2 * page);
}

static void test_used_up_reserve_gives_nothing(void **state)
{
	(void)state;
	assert_null(arena_alloc(RESERVE_PAGES * page));
	assert_null(arena_alloc(SIZE_MAX));
	assert_null(arena_alloc(0));
}

static void test_nothing_may_be_given_back(void **state)
{
	(void)state;
	arena_free(NULL, page);
	assert_non_null(arena_alloc(page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test(test_without_a_reserve_memory_comes_anyway),
		cmocka_unit_test(test_impossible_reserves_are_refused),
		cmocka_unit_test(test_reserve_is_taken_once),
		cmocka_unit_test(test_pieces_are_present_aligned_and_apart),
		cmocka_unit_test(test_returned_piece_comes_back_zeroed),
		cmocka_unit_test(test_returned_piece_waits_for_its_own_size),
		cmocka_unit_test(test_used_up_reserve_gives_nothing),
		cmocka_unit_test(test_nothing_may_be_given_back),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}

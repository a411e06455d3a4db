/*
 * Which bytes went out: ranges in order, again, overlapping and behind gaps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/cover.h"

static struct cover cover;

static int empty(void **state)
{
	memset(&cover, 0xee, sizeof(cover));
	cover_clear(&cover);
	return 0;
}

static void missing(uint32_t len, uint32_t want)
{
	assert_int_equal(cover_missing(&cover, len), want);
}

static void test_at_first_all_is_missing(void **state)
{
	missing(4096, 4096);
	missing(0, 0);
}

static void test_ranges_in_order_add_up(void **state)
{
	cover_add(&cover, 0, 1000);
	missing(4096, 3096);
	cover_add(&cover, 1000, 3096);
	missing(4096, 0);
}

static void test_a_range_that_comes_again_counts_once(void **state)
{
	for (int i = 0; i < 4; i++)
		cover_add(&cover, 0, 1024);
	missing(4096, 3072);
	for (int i = 0; i < 4; i++)
		cover_add(&cover, 2048, 1024);
	missing(4096, 2048);
}

static void test_overlaps_count_once(void **state)
{
	cover_add(&cover, 0, 100);
	cover_add(&cover, 50, 100);
	missing(1000, 850);
	cover_add(&cover, 300, 100);
	cover_add(&cover, 250, 100);
	cover_add(&cover, 350, 100);
	missing(1000, 650);
	cover_add(&cover, 10, 10);
	missing(1000, 650);
}

static void test_a_gap_stays_one_until_it_is_filled(void **state)
{
	cover_add(&cover, 0, 100);
	cover_add(&cover, 200, 100);
	missing(300, 100);
	cover_add(&cover, 100, 99);
	missing(300, 1);
	cover_add(&cover, 199, 1);
	missing(300, 0);
}

static void test_any_order_is_counted(void **state)
{
	for (uint32_t i = 8; i-- > 0;) /* from behind */
		cover_add(&cover, i * 100, 100);
	missing(800, 0);
	empty(state);
	cover_add(&cover, 100, 100);
	cover_add(&cover, 300, 100);
	cover_add(&cover, 500, 100);
	cover_add(&cover, 0, 100);
	cover_add(&cover, 400, 100);
	cover_add(&cover, 200, 100);
	missing(600, 0);
}

static void test_nothing_is_no_range(void **state)
{
	cover_add(&cover, 500, 0);
	cover_add(&cover, 0, 0);
	missing(1000, 1000);
	cover_add(&cover, 500, 100);
	cover_add(&cover, 600, 0);
	missing(1000, 900);
}

static void test_the_end_of_32_bits_is_no_wrap(void **state)
{
	cover_add(&cover, UINT32_MAX - 10, 10);
	missing(UINT32_MAX, UINT32_MAX - 10);
	cover_add(&cover, 0, UINT32_MAX - 10);
	missing(UINT32_MAX, 0);
}

/* Against a byte map: never more than went out, and never less in order. */
static void test_it_never_claims_what_did_not_go(void **state)
{
	static uint8_t map[64];

	srand(1);
	for (int run = 0; run < 20000; run++) {
		uint32_t left = sizeof(map);

		memset(map, 0, sizeof(map));
		empty(state);
		for (int i = 0; i < 12; i++) {
			uint32_t at = (uint32_t)rand() % sizeof(map);
			uint32_t n = (uint32_t)rand() % (sizeof(map) - at);

			n = n > 6 ? 6 : n;
			cover_add(&cover, at, n);
			memset(map + at, 1, n);
		}
		for (size_t i = 0; i < sizeof(map); i++)
			left -= map[i];
		assert_true(cover_missing(&cover, sizeof(map)) >= left);
		cover_add(&cover, 0, sizeof(map));
		missing(sizeof(map), 0);
	}
}

#define T(name) cmocka_unit_test_setup(name, empty)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_at_first_all_is_missing),
		T(test_ranges_in_order_add_up),
		T(test_a_range_that_comes_again_counts_once),
		T(test_overlaps_count_once),
		T(test_a_gap_stays_one_until_it_is_filled),
		T(test_any_order_is_counted),
		T(test_nothing_is_no_range),
		T(test_the_end_of_32_bits_is_no_wrap),
		T(test_it_never_claims_what_did_not_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

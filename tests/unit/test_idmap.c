/*
 * test_idmap - objects by their ids (engine/core/idmap.h).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/core/idmap.h"

#define MANY 1000

static void test_an_empty_map_finds_nothing(void **state)
{
	struct idmap m;

	idmap_init(&m);
	assert_null(idmap_get(&m, 0));
	assert_null(idmap_next(&m, NULL));
	idmap_fini(&m);
}

static void test_every_id_is_found_while_the_map_grows(void **state)
{
	static struct idmap_node n[MANY];
	struct idmap m;

	idmap_init(&m);
	for (uint64_t i = 0; i < MANY; i++)
		assert_int_equal(idmap_add(&m, &n[i], i << 48), 0);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(idmap_get(&m, i << 48), &n[i]);
	assert_null(idmap_get(&m, (uint64_t)MANY << 48));
	idmap_fini(&m);
}

static void test_an_id_is_taken_only_once(void **state)
{
	struct idmap_node a, b;
	struct idmap m;

	idmap_init(&m);
	assert_int_equal(idmap_add(&m, &a, 7), 0);
	assert_int_equal(idmap_add(&m, &b, 7), -EEXIST);
	assert_ptr_equal(idmap_get(&m, 7), &a);
	assert_int_equal(m.count, 1);
	idmap_fini(&m);
}

static void test_a_removed_id_is_gone_and_its_neighbours_stay(void **state)
{
	static struct idmap_node n[MANY];
	struct idmap m;

	idmap_init(&m);
	for (uint64_t i = 0; i < MANY; i++)
		assert_int_equal(idmap_add(&m, &n[i], i), 0);
	for (uint64_t i = 0; i < MANY; i += 2)
		idmap_del(&m, &n[i]);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(idmap_get(&m, i), i % 2 ? &n[i] : NULL);
	assert_int_equal(m.count, MANY / 2);
	idmap_fini(&m);
}

static void test_a_walk_meets_each_node_once(void **state)
{
	static struct idmap_node n[MANY];
	struct idmap_node *at = NULL;
	uint64_t sum = 0, count = 0;
	struct idmap m;

	idmap_init(&m);
	for (uint64_t i = 0; i < MANY; i++)
		assert_int_equal(idmap_add(&m, &n[i], i * i), 0);
	while ((at = idmap_next(&m, at))) {
		sum += (uint64_t)(at - n);
		count++;
	}
	assert_int_equal(count, MANY);
	assert_int_equal(sum, (uint64_t)MANY * (MANY - 1) / 2);
	idmap_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_empty_map_finds_nothing),
		cmocka_unit_test(test_every_id_is_found_while_the_map_grows),
		cmocka_unit_test(test_an_id_is_taken_only_once),
		cmocka_unit_test(
			test_a_removed_id_is_gone_and_its_neighbours_stay),
		cmocka_unit_test(test_a_walk_meets_each_node_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_outbox - messages that wait for the manager (engine/core/outbox.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core/outbox.h"

static void test_records_come_out_in_order_and_whole(void **state)
{
	char ring[64], dst[32];
	struct outbox o;

	outbox_init(&o, ring, sizeof(ring));
	assert_true(outbox_put(&o, "first", 5, false));
	assert_true(outbox_put(&o, "second", 6, false));
	assert_int_equal(outbox_peek(&o, dst, sizeof(dst)), 5);
	assert_memory_equal(dst, "first", 5);
	outbox_pop(&o);
	assert_int_equal(outbox_peek(&o, dst, sizeof(dst)), 6);
	assert_memory_equal(dst, "second", 6);
	outbox_pop(&o);
	assert_true(outbox_empty(&o));
	assert_int_equal(outbox_peek(&o, dst, sizeof(dst)), 0);
}

static void test_records_survive_the_end_of_the_ring(void **state)
{
	char ring[37], dst[32], want[32];
	struct outbox o;
	size_t n;

	outbox_init(&o, ring, sizeof(ring));
	for (int i = 0; i < 1000; i++) {
		n = (size_t)snprintf(want, sizeof(want), "%0*d", 1 + i % 17, i);
		assert_true(outbox_put(&o, want, n, false));
		assert_int_equal(outbox_peek(&o, dst, sizeof(dst)), n);
		assert_memory_equal(dst, want, n);
		outbox_pop(&o);
	}
}

static void test_a_full_ring_refuses_and_counts(void **state)
{
	char ring[32], dst[32];
	struct outbox o;

	outbox_init(&o, ring, sizeof(ring));
	assert_true(outbox_put(&o, "0123456789012345", 16, false));
	assert_false(outbox_put(&o, "0123456789012345", 16, false));
	assert_int_equal(outbox_lost(&o), 1);
	assert_int_equal(outbox_lost(&o), 0);
	assert_int_equal(outbox_peek(&o, dst, sizeof(dst)), 16);
}

static void test_minor_records_leave_half_of_the_ring(void **state)
{
	char ring[64];
	struct outbox o;

	outbox_init(&o, ring, sizeof(ring));
	while (outbox_put(&o, "log", 3, true))
		assert_true(o.used <= sizeof(ring) / 2);
	assert_true(outbox_put(&o, "message", 7, false));
}

static void test_a_handle_stays_with_its_record(void **state)
{
	char ring[128];
	struct outbox o;

	outbox_init(&o, ring, sizeof(ring));
	assert_int_equal(outbox_handle(&o), -1);
	assert_true(outbox_put(&o, "plain", 5, false));
	assert_true(outbox_put_handle(&o, "held", 4, 7));
	assert_int_equal(outbox_handle(&o), -1);
	outbox_pop(&o);
	assert_int_equal(outbox_handle(&o), 7);
	outbox_pop(&o);
	assert_int_equal(outbox_handle(&o), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_come_out_in_order_and_whole),
		cmocka_unit_test(test_records_survive_the_end_of_the_ring),
		cmocka_unit_test(test_a_full_ring_refuses_and_counts),
		cmocka_unit_test(test_minor_records_leave_half_of_the_ring),
		cmocka_unit_test(test_a_handle_stays_with_its_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

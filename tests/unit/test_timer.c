/*
 * test_timer - io/timer: order, moving, cancelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/list.h"
#include "io/timer.h"

#define N 2000

struct rig {
	struct io_timer t;
	struct timer_heap *heap;
	struct rig *victim; /* cancelled when this one fires */
	uint64_t again;	    /* sets itself again this much later */
	bool rearm;
	unsigned fired;
};

static uint64_t last_when;

static void fire(struct io_timer *t)
{
	struct rig *r = container_of(t, struct rig, t);

	assert_true(t->when >= last_when);
	assert_false(t->set);
	last_when = t->when;
	r->fired++;
	if (r->victim)
		timer_cancel(r->heap, &r->victim->t);
	if (r->rearm)
		timer_set(r->heap, t, t->when + r->again);
}

static struct rig *rigs(struct timer_heap *h, unsigned n)
{
	struct rig *r = calloc(n, sizeof(*r));

	assert_non_null(r);
	memset(h, 0, sizeof(*h));
	last_when = 0;
	for (unsigned i = 0; i < n; i++) {
		r[i].heap = h;
		r[i].t.fn = fire;
	}
	return r;
}

static void test_empty_heap_is_never_due(void **state)
{
	struct timer_heap h = { 0 };

	assert_int_equal(timer_next(&h), TIMER_NEVER);
	timer_run(&h, UINT64_MAX - 1);
}

static void test_timers_fire_in_order_of_time(void **state)
{
	struct timer_heap h;
	struct rig *r = rigs(&h, N);
	uint32_t x = 1;

	for (unsigned i = 0; i < N; i++) {
		x = x * 1664525 + 1013904223;
		timer_set(&h, &r[i].t, 1 + x % 997);
	}
	timer_run(&h, 1000);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(r[i].fired, 1);
	assert_int_equal(timer_next(&h), TIMER_NEVER);
	free(r);
}

static void test_timer_does_not_fire_early(void **state)
{
	struct timer_heap h;
	struct rig *r = rigs(&h, 1);

	timer_set(&h, &r->t, 100);
	timer_run(&h, 99);
	assert_int_equal(r->fired, 0);
	assert_int_equal(timer_next(&h), 100);
	timer_run(&h, 100);
	assert_int_equal(r->fired, 1);
	free(r);
}

static void test_random_cancels_and_moves_keep_the_minimum(void **state)
{
	struct timer_heap h;
	struct rig *r = rigs(&h, 64);
	uint32_t x = 7;

	for (unsigned round = 0; round < 20000; round++) {
		uint64_t min = TIMER_NEVER;

		x = x * 1664525 + 1013904223;
		if (x >> 31)
			timer_set(&h, &r[(x >> 8) % 64].t, 1 + (x >> 14) % 500);
		else
			timer_cancel(&h, &r[(x >> 8) % 64].t);
		for (unsigned i = 0; i < 64; i++)
			if (r[i].t.set && r[i].t.when < min)
				min = r[i].t.when;
		assert_int_equal(timer_next(&h), min);
	}
	free(r);
}

static void test_timer_cancelled_by_an_earlier_one_does_not_fire(void **state)
{
	struct timer_heap h;
	struct rig *r = rigs(&h, 2);

	timer_set(&h, &r[0].t, 5);
	timer_set(&h, &r[1].t, 6);
	r[0].victim = &r[1];
	timer_run(&h, 10);
	assert_int_equal(r[0].fired, 1);
	assert_int_equal(r[1].fired, 0);
	free(r);
}

static void test_timer_set_again_to_now_waits_for_the_next_run(void **state)
{
	struct timer_heap h;
	struct rig *r = rigs(&h, 1);

	r->rearm = true;
	timer_set(&h, &r->t, 5);
	timer_run(&h, 5);
	assert_int_equal(r->fired, 1);
	assert_int_equal(timer_next(&h), 6);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_heap_is_never_due),
		cmocka_unit_test(test_timers_fire_in_order_of_time),
		cmocka_unit_test(test_timer_does_not_fire_early),
		cmocka_unit_test(
			test_random_cancels_and_moves_keep_the_minimum),
		cmocka_unit_test(
			test_timer_cancelled_by_an_earlier_one_does_not_fire),
		cmocka_unit_test(
			test_timer_set_again_to_now_waits_for_the_next_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

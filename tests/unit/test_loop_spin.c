/*
 * test_loop_spin - what a loop that looks for answers makes of the kernel's
 * flag, which stands in memory that both share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/loop.c"

#define WAIT 20 /* ms */

/* One for which it pays to look. */
static struct io_loop *spinning(void)
{
	struct io_loop *l;

	assert_int_equal(io_loop_new(8, IO_LOOP_SPINS, &l), 0);
	spin_init(&l->spin, 2);
	spin_slept(&l->spin, 0);
	return l;
}

static void assert_it_sleeps(struct io_loop *l)
{
	uint64_t began = io_now(l);

	assert_int_equal(io_loop_run_once(l, WAIT), 0);
	assert_true(io_now(l) - began >= WAIT);
	assert_false(spin_pays(&l->spin, 1));
	io_loop_free(l);
}

static void test_a_look_in_vain_ends_in_sleep(void **state)
{
	assert_it_sleeps(spinning());
}

/* The kernel leaves one behind now and then. */
static void test_a_flag_with_nothing_behind_it_ends_in_sleep(void **state)
{
	struct io_loop *l = spinning();

	*l->ring.sq.kflags |= IORING_SQ_TASKRUN;
	assert_it_sleeps(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_look_in_vain_ends_in_sleep),
		cmocka_unit_test(
			test_a_flag_with_nothing_behind_it_ends_in_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

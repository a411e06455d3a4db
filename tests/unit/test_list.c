/*
 * test_list - embedded lists, and the serial numbers beside them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/list.h"
#include "base/sn.h"

struct item {
	char name;
	struct list link;
};

/* The list's names in order, checked to be the same backwards. */
static void assert_order(const struct list *head, const char *expected)
{
	size_t n = strlen(expected), i = 0;
	struct list *pos;

	list_for_each (pos, head) {
		assert_true(i < n);
		assert_int_equal(container_of(pos, struct item, link)->name,
				 expected[i++]);
	}
	assert_int_equal(i, n);
	for (pos = head->prev; pos != head; pos = pos->prev)
		assert_int_equal(container_of(pos, struct item, link)->name,
				 expected[--i]);
	assert_int_equal(i, 0);
}

static struct list head;
static struct item first, second, third;

static int set_up(void **state)
{
	(void)state;
	list_init(&head);
	first = (struct item){ .name = 'a' };
	second = (struct item){ .name = 'b' };
	third = (struct item){ .name = 'c' };
	list_init(&first.link);
	return 0;
}

static void test_new_list_is_empty(void **state)
{
	(void)state;
	assert_true(list_empty(&head));
	assert_null(list_pop_front(&head));
	assert_order(&head, "");
}

static void test_pushes_go_to_their_ends(void **state)
{
	(void)state;
	list_push_back(&head, &second.link);
	list_push_back(&head, &third.link);
	list_push_front(&head, &first.link);
	assert_false(list_empty(&head));
	assert_order(&head, "abc");
}

static void test_insert_goes_before_its_position(void **state)
{
	(void)state;
	list_push_back(&head, &first.link);
	list_push_back(&head, &third.link);
	list_insert_before(&third.link, &second.link);
	assert_order(&head, "abc");
}

static void test_removed_node_points_to_itself(void **state)
{
	(void)state;
	list_push_back(&head, &first.link);
	list_push_back(&head, &second.link);
	list_push_back(&head, &third.link);
	list_remove(&second.link);
	assert_order(&head, "ac");
	assert_true(list_empty(&second.link));
}

static void test_removing_twice_does_no_harm(void **state)
{
	(void)state;
	list_push_back(&head, &first.link);
	list_push_back(&head, &second.link);
	list_remove(&first.link);
	list_remove(&first.link);
	assert_order(&head, "b");
}

static void test_pop_takes_the_first(void **state)
{
	(void)state;
	list_push_back(&head, &first.link);
	list_push_back(&head, &second.link);
	assert_ptr_equal(list_pop_front(&head), &first.link);
	assert_true(list_empty(&first.link));
	assert_order(&head, "b");
}

static void test_safe_walk_may_remove_each(void **state)
{
	struct list *pos, *tmp;
	unsigned seen = 0;

	(void)state;
	list_push_back(&head, &first.link);
	list_push_back(&head, &second.link);
	list_push_back(&head, &third.link);
	list_for_each_safe (pos, tmp, &head) {
		list_remove(pos);
		seen++;
	}
	assert_int_equal(seen, 3);
	assert_true(list_empty(&head));
}

static void test_serial_numbers_wrap(void **state)
{
	(void)state;
	assert_true(sn_before(1, 2));
	assert_false(sn_before(2, 2));
	assert_false(sn_before(3, 2));
	assert_true(sn_before(0xffffffff, 0));
	assert_false(sn_before(0, 0xffffffff));
	assert_true(sn_before_eq(2, 2));
	assert_true(sn_before_eq(0xfffffffe, 1));
	assert_false(sn_before_eq(1, 0xfffffffe));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* clang-format off */
		cmocka_unit_test_setup(test_new_list_is_empty, set_up),
		cmocka_unit_test_setup(test_pushes_go_to_their_ends, set_up),
		cmocka_unit_test_setup(test_insert_goes_before_its_position, set_up),
		cmocka_unit_test_setup(test_removed_node_points_to_itself, set_up),
		cmocka_unit_test_setup(test_removing_twice_does_no_harm, set_up),
		cmocka_unit_test_setup(test_pop_takes_the_first, set_up),
		cmocka_unit_test_setup(test_safe_walk_may_remove_each, set_up),
		cmocka_unit_test_setup(test_serial_numbers_wrap, set_up),
		/* clang-format on */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

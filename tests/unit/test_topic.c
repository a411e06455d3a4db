/*
 * test_topic - what log lines can be about.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/topic.h"

static void test_the_bits_are_the_old_drivers(void **state)
{
	(void)state;
	assert_int_equal(topic_by_name("error"), 0x2);
	assert_int_equal(topic_by_name("sense"), 0x4);
	assert_int_equal(topic_by_name("init"), 0x8);
	assert_int_equal(topic_by_name("queue"), 0x10);
	assert_int_equal(topic_by_name("alloc"), 0x20);
	assert_int_equal(topic_by_name("eh"), 0x40);
	assert_int_equal(topic_by_name("flow"), 0x80);
	assert_int_equal(topic_by_name("retry"), 0x100);
	assert_int_equal(topic_by_name("login"), 0x200);
	assert_int_equal(topic_by_name("timeout"), 0x400);
}

static void test_all_is_each_bit_that_has_a_name(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 32; bit++) {
		unsigned t = 1u << bit;
		const char *name = topic_name((enum topic)t);

		assert_int_equal(name[0] != '\0', (TOPICS_ALL & t) != 0);
		assert_int_equal(topic_by_name(name), TOPICS_ALL & t);
	}
}

static void test_other_words_are_no_topic(void **state)
{
	(void)state;
	assert_int_equal(topic_by_name("Login"), 0);
	assert_int_equal(topic_by_name(""), 0);
	assert_string_equal(topic_name((enum topic)1), "");
}

static void test_only_what_is_wanted_is_on(void **state)
{
	(void)state;
	assert_false(topic_is_on(TOPIC_LOGIN));
	topics_set(TOPIC_LOGIN | 1u << 20);
	assert_true(topic_is_on(TOPIC_LOGIN));
	assert_false(topic_is_on(TOPIC_SENSE));
	topics_set(0);
	assert_false(topic_is_on(TOPIC_LOGIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_bits_are_the_old_drivers),
		cmocka_unit_test(test_all_is_each_bit_that_has_a_name),
		cmocka_unit_test(test_other_words_are_no_topic),
		cmocka_unit_test(test_only_what_is_wanted_is_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_exporters - the list of exporters, and the engine's table of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/exporters.h"
#include "export/export.h"

static void test_the_names_are_those_of_the_list(void **state)
{
	const struct export_ops *ops;
	unsigned n;

	for (n = 0; (ops = export_at(n)); n++) {
		assert_string_equal(ops->name, exporter_word(n));
		assert_ptr_equal(export_find(ops->name), ops);
	}
	assert_null(exporter_word(n));
	assert_null(export_find("no-such"));
}

static void test_what_is_not_named_is_implied(void **state)
{
	assert_ptr_equal(export_find(""), &export_fuse);
	assert_true(export_fuse.implied);
	assert_null(export_fuse.can);
	assert_false(export_ublk.implied);
}

static void test_commands_are_for_those_that_work(void **state)
{
	struct export_abilities can = exports_ask();
	const struct export_ops *ops;
	bool commands = false;

	for (unsigned n = 0; (ops = export_at(n)); n++)
		commands |= can.serves >> n & 1 && ops->commands;
	assert_int_equal(can.commands, commands);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_names_are_those_of_the_list),
		cmocka_unit_test(test_what_is_not_named_is_implied),
		cmocka_unit_test(test_commands_are_for_those_that_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

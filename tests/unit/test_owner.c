/*
 * test_owner - a run directory is itself, whatever it is called.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <cmocka.h>

#include "export/owner.h"

static void test_a_directory_is_one_owner_however_it_is_called(void **state)
{
	char a[OWNER_SIZE], b[OWNER_SIZE];

	assert_int_equal(owner_of("/proc", a), 0);
	assert_int_equal(owner_of("/usr/../proc/", b), 0);
	assert_string_equal(a, b);
	assert_int_equal(owner_of("/usr", b), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(owner_of("/no/such/place", b), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_directory_is_one_owner_however_it_is_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

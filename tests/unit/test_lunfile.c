/*
 * test_lunfile - files of disks, and whose they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "iscsid/host/lunfile.h"
#include "iscsid/host/via_fuse.h"
#include "iscsid/daemon/options.h"

static const struct options here = { .rundir = "/run/x", .owner = "A" };
static const struct options there = { .rundir = "/run/x", .owner = "B" };
static char disk[RECORD_NAME], token[LUNFILE_TOKEN];

static void test_a_file_is_ours_wherever_the_directory_is_reached(void **state)
{
	char path[64], moved[64];

	lunfile_path(&here, "b0t3l1", path, sizeof(path));
	assert_memory_equal(path, "/run/x/lun/b0t3l1.", 18);
	assert_true(via_fuse_is_ours(&here, path, disk));
	assert_string_equal(disk, "b0t3l1");
	strcpy(moved, "/elsewhere");
	strcat(moved, strrchr(path, '/'));
	assert_true(via_fuse_is_ours(&here, moved, disk));
}

static void test_one_of_a_directory_of_the_same_name_is_not(void **state)
{
	char path[64];

	lunfile_path(&there, "b0t3l1", path, sizeof(path));
	assert_false(via_fuse_is_ours(&here, path, disk));
}

static void test_one_without_a_token_needs_its_mount(void **state)
{
	assert_false(via_fuse_is_ours(&here, "/run/x/lun/b0t3l1", disk));
	assert_false(via_fuse_is_ours(&here, "/run/y/lun/b0t3l1", disk));
}

static void test_names_are_taken_apart(void **state)
{
	assert_true(lunfile_split("b0t3l1", disk, token));
	assert_string_equal(token, "");
	assert_true(lunfile_split("b0t3l255.0123abcd", disk, token));
	assert_string_equal(disk, "b0t3l255");
	assert_string_equal(token, "0123abcd");
}

static void test_other_names_are_refused(void **state)
{
	static const char *const names[] = {
		"",
		".",
		"b0t3l1.",
		"b0t3l1.0123abc",
		"b0t3l1.0123abcde",
		"b0t3l1.0123ABCD",
		"b0t3l1.0123abcd.0123abcd",
		"b0t3l1.0123abcd (deleted)",
		"b0t3",
		"b00t3l1.0123abcd",
		"b0t3l1 .0123abcd",
		"0.0123abcd",
		"xb0t3l1.0123abcd",
		"b0t3l1111111111111111111111111111111111111111111111.0123abcd",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (lunfile_split(names[i], disk, token))
			fail_msg("'%s' is taken", names[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_file_is_ours_wherever_the_directory_is_reached),
		cmocka_unit_test(
			test_one_of_a_directory_of_the_same_name_is_not),
		cmocka_unit_test(test_one_without_a_token_needs_its_mount),
		cmocka_unit_test(test_names_are_taken_apart),
		cmocka_unit_test(test_other_names_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

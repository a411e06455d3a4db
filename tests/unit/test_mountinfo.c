/*
 * test_mountinfo - lines of /proc/self/mountinfo (proc(5)).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "export/mountinfo.h"

static struct mountinfo mount;
static char line[256];

static int parse(const char *text)
{
	memset(&mount, 0, sizeof(mount));
	strcpy(line, text);
	return mountinfo_parse(line, &mount);
}

static void test_line_with_optional_fields_is_read(void **state)
{
	assert_int_equal(
		parse("36 35 98:7 /mnt1 /mnt2 rw,noatime master:1 "
		      "shared:2 - ext3 /dev/root rw,errors=continue\n"),
		0);
	assert_int_equal(mount.major, 98);
	assert_int_equal(mount.minor, 7);
	assert_string_equal(mount.path, "/mnt2");
	assert_string_equal(mount.fstype, "ext3");
	assert_string_equal(mount.source, "/dev/root");
}

static void test_line_without_optional_fields_is_read(void **state)
{
	assert_int_equal(parse("46 27 0:43 / /run/x/lun rw - fuse.iscsi s rw"),
			 0);
	assert_int_equal(mount.minor, 43);
	assert_string_equal(mount.fstype, "fuse.iscsi");
}

static void test_escaped_blanks_are_restored(void **state)
{
	assert_int_equal(parse("1 2 0:4 / /a\\040b\\134c\\011 rw - t s rw"), 0);
	assert_string_equal(mount.path, "/a b\\c\t");
}

static void test_lone_backslash_is_kept(void **state)
{
	assert_int_equal(parse("1 2 0:4 / /a\\04 rw - t\\ s rw"), 0);
	assert_string_equal(mount.path, "/a\\04");
	assert_string_equal(mount.fstype, "t\\");
}

static void test_short_lines_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"1 2",
		"1 2 0:4 / /a rw",
		"1 2 0:4 / /a rw -",
		"1 2 0:4 / /a rw - ext4",
		"1 2 zero / /a rw - ext4 s rw",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(parse(bad[i]), -EINVAL);
}

static void test_below_means_inside_the_directory(void **state)
{
	assert_true(mountinfo_is_below("/run/iscsi/lun/0", "/run/iscsi"));
	assert_true(mountinfo_is_below("/run/iscsi/lun", "/run/iscsi/"));
	assert_false(mountinfo_is_below("/run/iscsi", "/run/iscsi"));
	assert_false(mountinfo_is_below("/run/iscsi/", "/run/iscsi"));
	assert_false(mountinfo_is_below("/run/iscsi2/lun", "/run/iscsi"));
	assert_true(mountinfo_is_below("/x", "/"));
}

static bool see_root(void *ctx, const struct mountinfo *info)
{
	*(bool *)ctx |= !strcmp(info->path, "/");
	return true;
}

static bool see_one(void *ctx, const struct mountinfo *info)
{
	++*(int *)ctx;
	return false;
}

static void test_this_process_has_a_root(void **state)
{
	bool found = false;
	int n = 0;

	assert_int_equal(mountinfo_each(see_root, &found), 0);
	assert_true(found);
	assert_int_equal(mountinfo_each(see_one, &n), 0);
	assert_int_equal(n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_with_optional_fields_is_read),
		cmocka_unit_test(test_line_without_optional_fields_is_read),
		cmocka_unit_test(test_escaped_blanks_are_restored),
		cmocka_unit_test(test_lone_backslash_is_kept),
		cmocka_unit_test(test_short_lines_are_refused),
		cmocka_unit_test(test_below_means_inside_the_directory),
		cmocka_unit_test(test_this_process_has_a_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

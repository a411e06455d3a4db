/*
 * test_links - the tree of stable names, in a directory of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "iscsid/host/links.h"

static char base[64];
static struct link_place at;

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	return remove(path);
}

static int set_up(void **state)
{
	snprintf(base, sizeof(base), "/tmp/test-links-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	at = (struct link_place){
		.base = base, .mode = 0755, .bus = 0, .target = 12, .lun = 3
	};
	return 0;
}

static int tear_down(void **state)
{
	return nftw(base, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *path_of(const char *rest)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", base, rest);
	return path;
}

static const char *value_of(const char *rest)
{
	static char value[PATH_MAX];
	ssize_t n = readlink(path_of(rest), value, sizeof(value) - 1);

	value[n < 0 ? 0 : n] = '\0';
	return value;
}

static bool is_there(const char *rest)
{
	struct stat st;

	return lstat(path_of(rest), &st) == 0;
}

static void make_dir(const char *rest)
{
	assert_int_equal(mkdir(path_of(rest), 0755), 0);
}

static void make_lun_dir(void)
{
	make_dir("bus0");
	make_dir("bus0/target12");
	make_dir("bus0/target12/lun3");
}

static void test_disk_and_fifteen_partitions_are_linked(void **state)
{
	char name[64], want[64];

	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_string_equal(value_of("bus0/target12/lun3/disk"), "/dev/loop4");
	for (int i = 1; i <= 15; i++) {
		snprintf(name, sizeof(name), "bus0/target12/lun3/part%d", i);
		snprintf(want, sizeof(want), "/dev/loop4p%d", i);
		assert_string_equal(value_of(name), want);
	}
	assert_false(is_there("bus0/target12/lun3/part16"));
}

static void test_a_cd_has_one_link_of_that_name(void **state)
{
	at.names = LINK_CD;
	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_string_equal(value_of("bus0/target12/lun3/cd"), "/dev/loop4");
	assert_false(is_there("bus0/target12/lun3/disk"));
	links_remove(&at, "loop4");
	assert_false(is_there("bus0"));
}

static void test_what_is_no_disk_has_one_link_of_that_name(void **state)
{
	at.names = LINK_GENERIC;
	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_string_equal(value_of("bus0/target12/lun3/generic"),
			    "/dev/loop4");
	assert_false(is_there("bus0/target12/lun3/disk"));
	assert_false(is_there("bus0/target12/lun3/cd"));
	links_remove(&at, "loop4");
	assert_false(is_there("bus0"));
}

static void test_directories_get_the_asked_mode_whatever_the_umask(void **state)
{
	struct stat st;
	mode_t old = umask(077);

	at.mode = 0751;
	assert_int_equal(links_make(&at, "loop4"), 0);
	umask(old);
	assert_int_equal(stat(path_of("bus0/target12"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0751);
}

static void test_a_base_that_is_missing_is_made(void **state)
{
	char deep[128];

	snprintf(deep, sizeof(deep), "%s/a/b", base);
	at.base = deep;
	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_string_equal(value_of("a/b/bus0/target12/lun3/disk"),
			    "/dev/loop4");
}

static void test_a_link_of_ours_changes_to_the_new_device(void **state)
{
	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_int_equal(links_make(&at, "loop11"), 0);
	assert_string_equal(value_of("bus0/target12/lun3/part2"),
			    "/dev/loop11p2");
}

static void test_a_link_changes_from_one_exporter_to_the_other(void **state)
{
	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_int_equal(links_make(&at, "ublkb0"), 0);
	assert_string_equal(value_of("bus0/target12/lun3/part2"),
			    "/dev/ublkb0p2");
	links_remove(&at, "ublkb0");
	assert_false(is_there("bus0"));
}

static void test_a_link_to_a_ublk_handle_is_not_ours(void **state)
{
	make_lun_dir();
	assert_int_equal(
		symlink("/dev/ublkc0", path_of("bus0/target12/lun3/disk")), 0);
	assert_int_equal(links_make(&at, "ublkb0"), -EEXIST);
	assert_string_equal(value_of("bus0/target12/lun3/disk"), "/dev/ublkc0");
}

static void test_a_foreign_link_of_the_same_name_stays(void **state)
{
	make_lun_dir();
	assert_int_equal(
		symlink("/dev/sdb", path_of("bus0/target12/lun3/disk")), 0);
	assert_int_equal(links_make(&at, "loop4"), -EEXIST);
	assert_string_equal(value_of("bus0/target12/lun3/disk"), "/dev/sdb");
	assert_string_equal(value_of("bus0/target12/lun3/part1"),
			    "/dev/loop4p1");
	assert_false(is_there("bus0/target12/lun3/.softhba-new"));
}

static void test_a_link_in_place_of_a_directory_is_not_followed(void **state)
{
	make_dir("elsewhere");
	make_dir("bus0");
	assert_int_equal(symlink("../elsewhere", path_of("bus0/target12")), 0);
	assert_int_equal(links_make(&at, "loop4"), -ENOTDIR);
	assert_false(is_there("elsewhere/lun3"));
}

static void test_removal_takes_links_and_empty_directories(void **state)
{
	assert_int_equal(links_make(&at, "loop4"), 0);
	links_remove(&at, "loop4");
	assert_false(is_there("bus0"));
	assert_int_equal(access(base, F_OK), 0);
}

static void test_removal_leaves_links_to_another_device(void **state)
{
	assert_int_equal(links_make(&at, "loop4"), 0);
	links_remove(&at, "loop5");
	assert_string_equal(value_of("bus0/target12/lun3/disk"), "/dev/loop4");
}

static void test_removal_leaves_foreign_names_and_their_directory(void **state)
{
	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_int_equal(
		symlink("/dev/loop4", path_of("bus0/target12/lun3/mine")), 0);
	links_remove(&at, "loop4");
	assert_true(is_there("bus0/target12/lun3/mine"));
	assert_false(is_there("bus0/target12/lun3/disk"));
}

static void test_a_neighbour_lun_keeps_its_links(void **state)
{
	struct link_place other = at;

	other.lun = 4;
	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_int_equal(links_make(&other, "loop5"), 0);
	links_remove(&at, "loop4");
	assert_false(is_there("bus0/target12/lun3"));
	assert_string_equal(value_of("bus0/target12/lun4/disk"), "/dev/loop5");
}

static bool is_loop4(void *ctx, const char *dev)
{
	return strcmp(dev, "loop4") == 0;
}

static void test_sweep_removes_only_links_to_devices_that_are_gone(void **state)
{
	struct link_place other = at;

	other.bus = 1;
	assert_int_equal(links_make(&at, "loop4"), 0);
	assert_int_equal(links_make(&other, "loop5"), 0);
	assert_int_equal(links_sweep(base, is_loop4, NULL), 16);
	assert_false(is_there("bus0"));
	assert_string_equal(value_of("bus1/target12/lun3/disk"), "/dev/loop5");
}

static void test_sweep_leaves_names_of_another_form(void **state)
{
	make_dir("iqn.2001-04.com.example:x");
	make_dir("bus00");
	make_dir("bus00/target12");
	make_dir("bus00/target12/lun3");
	assert_int_equal(
		symlink("/dev/loop4", path_of("bus00/target12/lun3/disk")), 0);
	make_lun_dir();
	assert_int_equal(
		symlink("/dev/loop4p9", path_of("bus0/target12/lun3/part1")),
		0);
	assert_int_equal(
		symlink("/dev/loop4/x", path_of("bus0/target12/lun3/disk")), 0);
	assert_int_equal(links_sweep(base, is_loop4, NULL), 0);
	assert_true(is_there("bus00/target12/lun3/disk"));
	assert_true(is_there("bus0/target12/lun3/part1"));
	assert_true(is_there("bus0/target12/lun3/disk"));
	assert_true(is_there("iqn.2001-04.com.example:x"));
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_disk_and_fifteen_partitions_are_linked),
		CASE(test_a_cd_has_one_link_of_that_name),
		CASE(test_what_is_no_disk_has_one_link_of_that_name),
		CASE(test_directories_get_the_asked_mode_whatever_the_umask),
		CASE(test_a_base_that_is_missing_is_made),
		CASE(test_a_link_of_ours_changes_to_the_new_device),
		CASE(test_a_link_changes_from_one_exporter_to_the_other),
		CASE(test_a_link_to_a_ublk_handle_is_not_ours),
		CASE(test_a_foreign_link_of_the_same_name_stays),
		CASE(test_a_link_in_place_of_a_directory_is_not_followed),
		CASE(test_removal_takes_links_and_empty_directories),
		CASE(test_removal_leaves_links_to_another_device),
		CASE(test_removal_leaves_foreign_names_and_their_directory),
		CASE(test_a_neighbour_lun_keeps_its_links),
		CASE(test_sweep_removes_only_links_to_devices_that_are_gone),
		CASE(test_sweep_leaves_names_of_another_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

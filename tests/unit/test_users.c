/*
 * test_users - who uses a device, in a /proc and /sys of our own making.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "iscsid/host/users.h"

static char root[64];
static struct users users;

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	return remove(path);
}

static const char *path_of(const char *rest)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, rest);
	return path;
}

static void put(const char *file, const char *text)
{
	char path[PATH_MAX], *slash = path + strlen(root);
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, file);
	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int set_up(void **state)
{
	snprintf(root, sizeof(root), "/tmp/test-users-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	put("/sys/block/loop3/dev", "7:3\n");
	put("/sys/block/loop3/loop3p1/dev", "259:4\n");
	put("/sys/block/loop3/holders/.keep", "");
	put("/sys/block/loop3/loop3p1/holders/.keep", "");
	put("/proc/self/mountinfo",
	    "22 1 254:0 / / rw - ext4 /dev/root rw\n"
	    "30 22 7:30 / /other rw - ext4 /dev/loop30 rw\n");
	put("/proc/swaps", "Filename Type Size Used Priority\n");
	put("/proc/77/comm", "dd\n");
	put("/proc/77/fd/.keep", "");
	return 0;
}

static int tear_down(void **state)
{
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void assert_only_user(const char *want)
{
	users_find(root, "loop3", &users);
	assert_int_equal(users.count, 1);
	assert_string_equal(users.words[0], want);
}

static void test_an_idle_device_has_no_users(void **state)
{
	users_find(root, "loop3", &users);
	assert_int_equal(users.count, 0);
}

static void test_a_mount_of_the_disk_is_found(void **state)
{
	put("/proc/self/mountinfo",
	    "40 22 7:3 / /srv/data rw,relatime shared:1 - ext4 /dev/x rw\n");
	assert_only_user("mounted at /srv/data");
}

static void test_a_mount_of_a_partition_is_found(void **state)
{
	put("/proc/self/mountinfo",
	    "40 22 259:4 / /srv/my\\040data rw - ext4 /dev/x rw\n");
	assert_only_user("loop3p1 mounted at /srv/my\\040data");
}

static void test_two_mounts_at_one_place_are_one_user(void **state)
{
	put("/proc/self/mountinfo", "40 22 7:3 / /a rw - ext4 /dev/x rw\n"
				    "41 40 7:3 / /a rw - ext4 /dev/x rw\n");
	assert_only_user("mounted at /a");
}

static void test_a_device_mapper_on_it_is_found(void **state)
{
	put("/sys/block/loop3/loop3p1/holders/dm-0", "");
	assert_only_user("used by dm-0");
}

static void test_swap_space_on_it_is_found(void **state)
{
	put("/proc/swaps", "Filename Type Size Used Priority\n"
			   "/dev/loop3p1 partition 1000 0 -2\n");
	assert_only_user("loop3p1 is swap space");
}

static void test_a_process_that_has_it_open_is_found(void **state)
{
	assert_int_equal(symlink("/dev/loop3", path_of("/proc/77/fd/4")), 0);
	assert_only_user("open in process 77 (dd)");
}

static void test_a_process_with_another_device_is_not(void **state)
{
	assert_int_equal(symlink("/dev/loop30", path_of("/proc/77/fd/4")), 0);
	users_find(root, "loop3", &users);
	assert_int_equal(users.count, 0);
}

static void test_a_node_of_another_name_is_found(void **state)
{
	char alias[96];

	if (mknod(path_of("/alias"), S_IFBLK | 0600, makedev(7, 3)) < 0)
		skip(); /* only root may */
	snprintf(alias, sizeof(alias), "%s/alias", root);
	assert_int_equal(symlink(alias, path_of("/proc/77/fd/4")), 0);
	assert_only_user("open in process 77 (dd)");
}

static void test_a_character_device_of_that_number_is_not(void **state)
{
	put("/sys/block/loop3/dev", "1:3\n");
	assert_int_equal(symlink("/dev/null", path_of("/proc/77/fd/4")), 0);
	users_find(root, "loop3", &users);
	assert_int_equal(users.count, 0);
}

static void test_a_node_that_is_hidden_is_found(void **state)
{
	assert_int_equal(symlink("/dev/loop3.iscsid", path_of("/proc/77/fd/4")),
			 0);
	assert_only_user("open in process 77 (dd)");
}

static void test_a_raid_on_it_is_found(void **state)
{
	put("/sys/block/loop3/holders/md127", "");
	assert_only_user("used by md127");
}

static void test_a_loop_device_on_it_is_found(void **state)
{
	put("/sys/block/loop9/loop/backing_file", "/dev/loop3p1\n");
	assert_only_user("used by loop9");
}

static void test_a_loop_device_on_another_is_not(void **state)
{
	put("/sys/block/loop9/loop/backing_file", "/dev/loop30\n");
	users_find(root, "loop3", &users);
	assert_int_equal(users.count, 0);
}

static void test_a_process_that_only_mapped_it_is_found(void **state)
{
	put("/proc/77/maps", "7f00-7f10 r-xp 00000000 fe:00 12  /usr/bin/dd\n"
			     "7f20-7f30 rw-s 00000000 00:05 99  /dev/loop3\n"
			     "7f30-7f40 rw-p 00000000 00:00 0\n");
	assert_only_user("mapped by process 77 (dd)");
}

static void test_a_process_that_mapped_another_is_not(void **state)
{
	put("/proc/77/maps", "7f20-7f30 rw-s 0 00:05 99  /dev/loop30\n");
	users_find(root, "loop3", &users);
	assert_int_equal(users.count, 0);
}

static void test_more_users_than_named_do_no_harm(void **state)
{
	char file[64];

	for (int i = 0; i < USERS_MAX + 10; i++) {
		snprintf(file, sizeof(file), "/sys/block/loop3/holders/dm-%d",
			 i);
		put(file, "");
	}
	users_find(root, "loop3", &users);
	assert_int_equal(users.count, USERS_MAX);
}

static void test_partitions_are_told_from_other_disks(void **state)
{
	assert_true(users_is_part_of("loop3", "loop3"));
	assert_true(users_is_part_of("loop3p12", "loop3"));
	assert_false(users_is_part_of("loop30", "loop3"));
	assert_false(users_is_part_of("loop3p", "loop3"));
	assert_false(users_is_part_of("loop3p1x", "loop3"));
	assert_false(users_is_part_of("sda", "loop3"));
}

static void test_a_mountinfo_line_of_another_form_is_no_mount(void **state)
{
	char where[32];

	assert_false(users_mount_of("", 7, 3, where, sizeof(where)));
	assert_false(users_mount_of("garbage", 7, 3, where, sizeof(where)));
	assert_false(users_mount_of("40 22 7:3", 7, 3, where, sizeof(where)));
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_an_idle_device_has_no_users),
		CASE(test_a_mount_of_the_disk_is_found),
		CASE(test_a_mount_of_a_partition_is_found),
		CASE(test_two_mounts_at_one_place_are_one_user),
		CASE(test_a_device_mapper_on_it_is_found),
		CASE(test_swap_space_on_it_is_found),
		CASE(test_a_process_that_has_it_open_is_found),
		CASE(test_a_process_with_another_device_is_not),
		CASE(test_a_node_of_another_name_is_found),
		CASE(test_a_character_device_of_that_number_is_not),
		CASE(test_a_node_that_is_hidden_is_found),
		CASE(test_a_raid_on_it_is_found),
		CASE(test_a_loop_device_on_it_is_found),
		CASE(test_a_loop_device_on_another_is_not),
		CASE(test_a_process_that_only_mapped_it_is_found),
		CASE(test_a_process_that_mapped_another_is_not),
		CASE(test_more_users_than_named_do_no_harm),
		CASE(test_partitions_are_told_from_other_disks),
		CASE(test_a_mountinfo_line_of_another_form_is_no_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

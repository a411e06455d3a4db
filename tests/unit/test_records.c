/*
 * test_records - records for the next manager (iscsid/host/records.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iscsid/host/records.h"

static char dir[64];
static struct record_target target;
static struct record_disk disk;
static unsigned targets, disks;

static void take_target(void *ctx, const struct record_target *t)
{
	target = *t;
	targets++;
}

static void take_disk(void *ctx, const struct record_disk *d)
{
	disk = *d;
	disks++;
}

static void read_all(void)
{
	static const struct records_ops ops = { take_target, take_disk };

	targets = disks = 0;
	assert_int_equal(records_each(dir, &ops, NULL), 0);
}

static struct record_target a_target(void)
{
	struct record_target t = {
		.id = 9,
		.name = "iqn.2026-11.net.example:disk",
		.key = "iqn.2026-11.net.example:disk,2",
		.bus = 1,
		.number = 255,
		.multipath = CONF_MULTIPATH_PORTALGROUP,
		.found_by = "192.0.2.1:3260",
		.group = "2",
		.portals = { { "192.0.2.7", 3260, 2 },
			     { "2001:db8::1", 3261, -1 } },
		.nportals = 2,
	};

	return t;
}

static struct record_disk a_disk(void)
{
	struct record_disk d = {
		.bus = 1,
		.number = 255,
		.lun = { .lun = { 0, 7 },
			 .number = 7,
			 .online = true,
			 .block_size = 512,
			 .blocks = 2048,
			 .identity = "naa.6001",
			 .model = "Big Disk" },
	};

	return d;
}

static void test_a_target_comes_back_as_it_was(void **state)
{
	struct record_target t = a_target();

	assert_int_equal(records_put_target(dir, &t), 0);
	read_all();
	assert_int_equal(targets, 1);
	assert_int_equal(target.id, 9);
	assert_int_equal(target.bus, 1);
	assert_int_equal(target.number, 255);
	assert_int_equal(target.multipath, CONF_MULTIPATH_PORTALGROUP);
	assert_string_equal(target.name, t.name);
	assert_string_equal(target.key, t.key);
	assert_string_equal(target.found_by, t.found_by);
	assert_string_equal(target.group, "2");
	assert_int_equal(target.nportals, 2);
	assert_true(addr_same(&target.portals[1], &t.portals[1]));
	assert_int_equal(target.portals[0].tag, 2);
	assert_int_equal(target.portals[1].tag, -1);
}

static void test_a_disk_comes_back_as_it_was(void **state)
{
	struct record_disk d = a_disk();

	assert_int_equal(records_put_disk(dir, &d), 0);
	read_all();
	assert_int_equal(disks, 1);
	assert_memory_equal(&disk, &d, sizeof(d));
}

static void test_the_newer_record_takes_the_place_of_the_older(void **state)
{
	struct record_disk d = a_disk();

	assert_int_equal(records_put_disk(dir, &d), 0);
	d.lun.blocks = 4096;
	assert_int_equal(records_put_disk(dir, &d), 0);
	read_all();
	assert_int_equal(disks, 1);
	assert_int_equal(disk.lun.blocks, 4096);
}

static void test_what_is_dropped_is_gone(void **state)
{
	struct record_target t = a_target();
	struct record_disk d = a_disk();

	assert_int_equal(records_put_target(dir, &t), 0);
	assert_int_equal(records_put_disk(dir, &d), 0);
	records_drop_disk(dir, 1, 255, 7);
	read_all();
	assert_int_equal(targets, 1);
	assert_int_equal(disks, 0);
	records_drop_target(dir, 1, 255);
	records_drop_target(dir, 1, 255);
	read_all();
	assert_int_equal(targets, 0);
}

static void put_text(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_what_is_no_record_is_removed(void **state)
{
	static const struct {
		const char *name, *text;
	} wrong[] = {
		{ "b0t0", "" },
		{ "b0t0l0", "lun id=1 lun=0000000000000000 number=1 "
			    "state=failed" },
		{ "b0t1", "target id=1 name=nonsense key=x multipath=0 "
			  "found-by= group= portal=192.0.2.1" },
		{ "b0t2", "target id=1 name=iqn.2026-11.net.example:d key=x "
			  "multipath=0 found-by= group=" },
		{ "b256t0", "target id=1 name=iqn.2026-11.net.example:d key=x "
			    "multipath=0 found-by= group= portal=192.0.2.1" },
		{ "b00t3", "target id=1 name=iqn.2026-11.net.example:d key=x "
			   "multipath=0 found-by= group= portal=192.0.2.1" },
		{ "b0t4", "target id=1 name=iqn.2026-11.net.example:d key=x "
			  "multipath=7 found-by= group= portal=192.0.2.1" },
		{ "b0t5.new", "target id=1" },
		{ "else", "\x01\x02" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		put_text(wrong[i].name, wrong[i].text);
	read_all();
	assert_int_equal(targets + disks, 0);
	assert_int_equal(rmdir(dir), 0); /* nothing is left in it */
}

static void test_only_names_as_we_make_them_are_those_of_disks(void **state)
{
	static const char *const wrong[] = {
		"",	      "b0t0",	 "b0t0l",
		"b0t0l01",    "b0t0l1 ", "b0t0l-1",
		"b0t0l1.new", "xb0t0l1", "b0t0l99999999999",
	};
	unsigned bus, number, lun;

	assert_true(records_disk_number("b1t255l7", &bus, &number, &lun));
	assert_int_equal(bus, 1);
	assert_int_equal(number, 255);
	assert_int_equal(lun, 7);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(
			records_disk_number(wrong[i], &bus, &number, &lun));
}

static int make_dir(void **state)
{
	strcpy(dir, "/tmp/test_records.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	records_drop_disk(dir, 1, 255, 7);
	records_drop_target(dir, 1, 255);
	rmdir(dir);
	return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)
	const struct CMUnitTest tests[] = {
		TEST(test_a_target_comes_back_as_it_was),
		TEST(test_a_disk_comes_back_as_it_was),
		TEST(test_the_newer_record_takes_the_place_of_the_older),
		TEST(test_what_is_dropped_is_gone),
		TEST(test_what_is_no_record_is_removed),
		TEST(test_only_names_as_we_make_them_are_those_of_disks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

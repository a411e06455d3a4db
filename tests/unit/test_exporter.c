/*
 * test_exporter - by what way a disk reaches the kernel, and why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "export/ublk_abi.h"
#include "iscsid/host/exporter.h"

#define ALL (UBLK_CAN_RECOVER | UBLK_CAN_REISSUE | UBLK_CAN_ENCODE)

static struct ublk_host host;
static char why[EXPORTER_WHY];

static int choose(enum conf_export wanted, bool engine_can, const char *failed)
{
	const struct exporter_facts f = { wanted, &host, engine_can, failed };

	return exporter_choose(&f, why);
}

static void assert_says(const char *words)
{
	if (!strstr(why, words))
		fail_msg("\"%s\" does not say \"%s\"", why, words);
}

static void test_auto_takes_ublk_where_it_works(void **state)
{
	exporter_judge(0, ALL, &host);
	assert_int_equal(choose(CONF_EXPORT_AUTO, true, ""), EXPORTER_UBLK);
	assert_string_equal(why, "Export=auto");
}

static void test_auto_takes_fuse_where_it_does_not(void **state)
{
	exporter_judge(-ENOENT, 0, &host);
	assert_int_equal(choose(CONF_EXPORT_AUTO, true, ""), EXPORTER_FUSE);
	assert_says("there is no /dev/ublk-control");
}

static void test_ublk_that_does_not_work_is_refused(void **state)
{
	exporter_judge(-EACCES, 0, &host);
	assert_int_equal(choose(CONF_EXPORT_UBLK, true, ""), -ENOTSUP);
	assert_says("not permitted");
}

static void test_fuse_is_taken_even_where_ublk_works(void **state)
{
	exporter_judge(0, ALL, &host);
	assert_int_equal(choose(CONF_EXPORT_FUSE, true, ""), EXPORTER_FUSE);
	assert_string_equal(why, "Export=fuse");
}

static void test_a_kernel_that_loses_requests_is_not_taken(void **state)
{
	exporter_judge(0, ALL & ~UBLK_CAN_REISSUE, &host);
	assert_int_equal(choose(CONF_EXPORT_AUTO, true, ""), EXPORTER_FUSE);
	assert_says("lacks the recovery");
}

static void test_a_kernel_that_cannot_tell_is_not_taken(void **state)
{
	exporter_judge(-EOPNOTSUPP, 0, &host);
	assert_int_equal(choose(CONF_EXPORT_UBLK, true, ""), -ENOTSUP);
	assert_says("cannot tell");
}

static void test_an_engine_of_old_gets_no_ublk_device(void **state)
{
	exporter_judge(0, ALL, &host);
	assert_int_equal(choose(CONF_EXPORT_AUTO, false, ""), EXPORTER_FUSE);
	assert_says("the engine was started before");
}

static void test_a_disk_that_failed_with_it_is_not_tried_again(void **state)
{
	exporter_judge(0, ALL, &host);
	assert_int_equal(choose(CONF_EXPORT_AUTO, true, "no luck"),
			 EXPORTER_FUSE);
	assert_string_equal(why, "no luck");
}

static void test_names_of_disks_are_read_and_written(void **state)
{
	enum exporter e;
	unsigned n;
	char name[32];

	exporter_disk_name(EXPORTER_UBLK, 12, name, sizeof(name));
	assert_string_equal(name, "ublkb12");
	assert_true(exporter_disk_number(name, &e, &n));
	assert_int_equal(e, EXPORTER_UBLK);
	assert_int_equal(n, 12);
	assert_true(exporter_disk_number("loop3", &e, &n));
	assert_int_equal(e, EXPORTER_FUSE);
	assert_false(exporter_disk_number("ublkc12", &e, &n));
	assert_false(exporter_disk_number("ublkb", &e, &n));
	assert_false(exporter_disk_number("loop3p1", &e, &n));
	assert_false(exporter_disk_number("sda", &e, &n));
}

/* The disk ------------------------------------------------------------ */

static struct reported_lun l;
static struct disk_geometry g;

static int fill(void **state)
{
	l = (struct reported_lun){ .block_size = 4096,
				   .physical_size = 8192,
				   .blocks = 1000,
				   .discard = true,
				   .zero = true,
				   .discard_granularity = 65536,
				   .discard_alignment = 4096,
				   .max_discard = 1 << 20,
				   .max_zero = 1 << 21,
				   .optimal_io = 65536,
				   .write_cache = true,
				   .fua = true };
	return 0;
}

static void test_all_that_was_said_is_there(void **state)
{
	exporter_geometry(&l, &g);
	assert_int_equal(g.block_size, 4096);
	assert_int_equal(g.physical_size, 8192);
	assert_int_equal(g.blocks, 1000);
	assert_true(g.can_discard && g.can_zero && g.write_cache && g.fua);
	assert_int_equal(g.discard_granularity, 65536);
	assert_int_equal(g.discard_alignment, 4096);
	assert_int_equal(g.max_discard, 1 << 20);
	assert_int_equal(g.max_zero, 1 << 21);
	assert_int_equal(g.optimal_io, 65536);
}

static void test_numbers_are_made_whole_blocks(void **state)
{
	l.max_discard = (1 << 20) + 1;
	l.discard_granularity = 1000;
	l.discard_alignment = 5000;
	l.optimal_io = 5000;
	exporter_geometry(&l, &g);
	assert_int_equal(g.max_discard, 1 << 20);
	assert_int_equal(g.discard_granularity, 4096);
	assert_int_equal(g.discard_alignment, 0);
	assert_int_equal(g.optimal_io, 0);
}

static void test_a_limit_of_nothing_is_no_ability(void **state)
{
	l.max_discard = 4095;
	l.max_zero = 0;
	exporter_geometry(&l, &g);
	assert_false(g.can_discard);
	assert_false(g.can_zero);
}

static void test_a_disk_of_which_little_was_said_is_one(void **state)
{
	l = (struct reported_lun){ .block_size = 512, .blocks = 1 };
	exporter_geometry(&l, &g);
	assert_int_equal(g.physical_size, 512);
	assert_false(g.can_discard || g.can_zero);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auto_takes_ublk_where_it_works),
		cmocka_unit_test(test_auto_takes_fuse_where_it_does_not),
		cmocka_unit_test(test_ublk_that_does_not_work_is_refused),
		cmocka_unit_test(test_fuse_is_taken_even_where_ublk_works),
		cmocka_unit_test(
			test_a_kernel_that_loses_requests_is_not_taken),
		cmocka_unit_test(test_a_kernel_that_cannot_tell_is_not_taken),
		cmocka_unit_test(test_an_engine_of_old_gets_no_ublk_device),
		cmocka_unit_test(
			test_a_disk_that_failed_with_it_is_not_tried_again),
		cmocka_unit_test(test_names_of_disks_are_read_and_written),
		cmocka_unit_test_setup(test_all_that_was_said_is_there, fill),
		cmocka_unit_test_setup(test_numbers_are_made_whole_blocks,
				       fill),
		cmocka_unit_test_setup(test_a_limit_of_nothing_is_no_ability,
				       fill),
		cmocka_unit_test(test_a_disk_of_which_little_was_said_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

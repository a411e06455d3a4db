/*
 * test_exporter - by what way a disk reaches the kernel, and why.
 *
 * Argument: the rules of udev.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "export/ublk_abi.h"
#include "iscsid/host/exporter.h"
#include "scsi/inquiry.h"

#define ALL   (UBLK_CAN_RECOVER | UBLK_CAN_REISSUE | UBLK_CAN_ENCODE)
#define EVERY UINT32_MAX /* exporter */

static struct exporter_hosts hosts;
static char why[EXPORTER_WHY];
static const char *rules; /* of udev */

/* What this machine's ublk said. */
static void judge(int err, uint64_t features)
{
	via_ublk.judge(err, features, &hosts.host[exporter_number(&via_ublk)]);
}

static const struct via_ops *choose_for(uint32_t type, uint32_t wanted,
					uint32_t engine_can, uint32_t failed)
{
	const struct exporter_facts f = { wanted,     type,   &hosts,
					  engine_can, failed, "no luck" };

	return exporter_choose(&f, why);
}

static const struct via_ops *choose(uint32_t wanted, uint32_t engine_can,
				    uint32_t failed)
{
	return choose_for(TYPE_DISK, wanted, engine_can, failed);
}

static uint32_t wants(const struct via_ops *via)
{
	return CONF_EXPORT(exporter_number(via));
}

static uint32_t only(const struct via_ops *via)
{
	return UINT32_C(1) << exporter_number(via);
}

static void assert_says(const char *words)
{
	if (!strstr(why, words))
		fail_msg("\"%s\" does not say \"%s\"", why, words);
}

static void test_auto_takes_ublk_where_it_works(void **state)
{
	judge(0, ALL);
	assert_ptr_equal(choose(CONF_EXPORT_AUTO, EVERY, 0), &via_ublk);
	assert_string_equal(why, "Export=auto");
}

static void test_auto_takes_fuse_where_it_does_not(void **state)
{
	judge(-ENOENT, 0);
	assert_ptr_equal(choose(CONF_EXPORT_AUTO, EVERY, 0), &via_fuse);
	assert_says("there is no /dev/ublk-control");
}

static void test_ublk_that_does_not_work_is_refused(void **state)
{
	judge(-EACCES, 0);
	assert_null(choose(wants(&via_ublk), EVERY, 0));
	assert_says("not permitted");
}

static void test_fuse_is_taken_even_where_ublk_works(void **state)
{
	judge(0, ALL);
	assert_ptr_equal(choose(wants(&via_fuse), EVERY, 0), &via_fuse);
	assert_string_equal(why, "Export=fuse");
}

static void test_a_kernel_that_loses_requests_is_not_taken(void **state)
{
	judge(0, ALL & ~UBLK_CAN_REISSUE);
	assert_ptr_equal(choose(CONF_EXPORT_AUTO, EVERY, 0), &via_fuse);
	assert_says("lacks the recovery");
}

static void test_a_kernel_that_cannot_tell_is_not_taken(void **state)
{
	judge(-EOPNOTSUPP, 0);
	assert_null(choose(wants(&via_ublk), EVERY, 0));
	assert_says("cannot tell");
}

/* It says nothing of fuse, which all of them can. */
static void test_an_engine_of_old_gets_no_ublk_device(void **state)
{
	judge(0, ALL);
	assert_ptr_equal(choose(CONF_EXPORT_AUTO, 0, 0), &via_fuse);
	assert_says("the engine was started before");
}

static void test_a_disk_that_failed_with_it_is_not_tried_again(void **state)
{
	judge(0, ALL);
	assert_ptr_equal(choose(CONF_EXPORT_AUTO, EVERY, only(&via_ublk)),
			 &via_fuse);
	assert_string_equal(why, "no luck");
}

static void test_where_all_have_failed_none_is_left(void **state)
{
	judge(0, ALL);
	assert_null(choose(CONF_EXPORT_AUTO, EVERY,
			   only(&via_ublk) | only(&via_fuse)));
	assert_null(choose(wants(&via_ublk), EVERY, only(&via_ublk)));
}

static void test_a_lun_that_is_no_disk_gets_none(void **state)
{
	judge(0, ALL);
	assert_null(choose_for(TYPE_TAPE, CONF_EXPORT_AUTO, EVERY, 0));
	assert_null(choose_for(TYPE_TAPE, wants(&via_fuse), EVERY, 0));
	assert_says("no such devices");
}

/* The table ----------------------------------------------------------- */

static void test_the_words_are_those_of_the_list(void **state)
{
	const struct via_ops *via;
	unsigned n;

	for (n = 0; (via = exporter_at(n)); n++) {
		assert_string_equal(via->word, exporter_word(n));
		assert_ptr_equal(exporter_find(via->word), via);
		assert_int_equal(exporter_number(via), n);
	}
	assert_null(exporter_word(n));
	assert_null(exporter_find("no-such"));
}

static void test_one_is_implied_and_works_everywhere(void **state)
{
	const struct via_ops *via, *implied = exporter_find("");

	assert_non_null(implied);
	assert_null(implied->find);
	assert_true(implied->types & VIA_TYPE(TYPE_DISK));
	for (unsigned n = 0; (via = exporter_at(n)); n++)
		assert_true(via == implied || !via->implied);
}

static void test_each_has_what_its_facts_promise(void **state)
{
	const struct via_ops *via;

	for (unsigned n = 0; (via = exporter_at(n)); n++) {
		assert_true(via->start && via->types && *via->name);
		assert_true(via->shared ? via->is_handle != NULL
					: via->open != NULL);
		assert_true(!via->recovers ||
			    (via->recover && via->recovered && via->fail));
		assert_true(!via->find || via->judge);
		assert_true(!via->stop_ends_it || via->stop);
	}
}

static void test_the_rules_of_udev_know_their_block_devices(void **state)
{
	const struct via_ops *via;
	char text[4096], name[32];
	FILE *f = fopen(rules, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (unsigned i = 0; (via = exporter_at(i)); i++) {
		snprintf(name, sizeof(name), "%s*", via->disk);
		if (via->block && !strstr(text, name))
			fail_msg("%s does not name %s", rules, name);
	}
}

static void test_names_of_disks_are_read_and_written(void **state)
{
	unsigned n;
	char name[32];

	exporter_disk_name(&via_ublk, 12, name, sizeof(name));
	assert_string_equal(name, "ublkb12");
	assert_ptr_equal(exporter_of_disk(name, &n), &via_ublk);
	assert_int_equal(n, 12);
	assert_ptr_equal(exporter_of_disk("loop3", &n), &via_fuse);
	assert_null(exporter_of_disk("ublkc12", &n));
	assert_null(exporter_of_disk("ublkb", &n));
	assert_null(exporter_of_disk("loop3p1", &n));
	assert_null(exporter_of_disk("sda", &n));
}

static void test_a_name_of_a_disk_ends_with_its_number(void **state)
{
	assert_int_equal(exporter_disk_length("loop3p1"), 5);
	assert_int_equal(exporter_disk_length("ublkb12"), 7);
	assert_int_equal(exporter_disk_length("loop"), 0);
	assert_int_equal(exporter_disk_length("loop1234567890"), 0);
	assert_int_equal(exporter_disk_length("sda1"), 0);
}

/* The disk ------------------------------------------------------------ */

static struct reported_lun lun;
static struct disk_geometry geometry;

static int fill(void **state)
{
	lun = (struct reported_lun){ .block_size = 4096,
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
	exporter_geometry(&lun, &geometry);
	assert_int_equal(geometry.block_size, 4096);
	assert_int_equal(geometry.physical_size, 8192);
	assert_int_equal(geometry.blocks, 1000);
	assert_true(geometry.can_discard && geometry.can_zero &&
		    geometry.write_cache && geometry.fua);
	assert_int_equal(geometry.discard_granularity, 65536);
	assert_int_equal(geometry.discard_alignment, 4096);
	assert_int_equal(geometry.max_discard, 1 << 20);
	assert_int_equal(geometry.max_zero, 1 << 21);
	assert_int_equal(geometry.optimal_io, 65536);
}

static void test_numbers_are_made_whole_blocks(void **state)
{
	lun.max_discard = (1 << 20) + 1;
	lun.discard_granularity = 1000;
	lun.discard_alignment = 5000;
	lun.optimal_io = 5000;
	exporter_geometry(&lun, &geometry);
	assert_int_equal(geometry.max_discard, 1 << 20);
	assert_int_equal(geometry.discard_granularity, 4096);
	assert_int_equal(geometry.discard_alignment, 0);
	assert_int_equal(geometry.optimal_io, 0);
}

static void test_a_limit_of_nothing_is_no_ability(void **state)
{
	lun.max_discard = 4095;
	lun.max_zero = 0;
	exporter_geometry(&lun, &geometry);
	assert_false(geometry.can_discard);
	assert_false(geometry.can_zero);
}

static void test_a_disk_of_which_little_was_said_is_one(void **state)
{
	lun = (struct reported_lun){ .block_size = 512, .blocks = 1 };
	exporter_geometry(&lun, &geometry);
	assert_int_equal(geometry.physical_size, 512);
	assert_false(geometry.can_discard || geometry.can_zero);
}

static void test_what_is_no_disk_has_no_shape(void **state)
{
	lun.block_size = 0;
	exporter_geometry(&lun, &geometry);
	assert_int_equal(geometry.block_size, 0);
	assert_int_equal(geometry.blocks, 0);
	assert_false(geometry.can_discard || geometry.can_zero);
}

int main(int argc, char **argv)
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
		cmocka_unit_test(test_where_all_have_failed_none_is_left),
		cmocka_unit_test(test_a_lun_that_is_no_disk_gets_none),
		cmocka_unit_test(test_the_words_are_those_of_the_list),
		cmocka_unit_test(test_one_is_implied_and_works_everywhere),
		cmocka_unit_test(test_each_has_what_its_facts_promise),
		cmocka_unit_test(
			test_the_rules_of_udev_know_their_block_devices),
		cmocka_unit_test(test_names_of_disks_are_read_and_written),
		cmocka_unit_test(test_a_name_of_a_disk_ends_with_its_number),
		cmocka_unit_test_setup(test_all_that_was_said_is_there, fill),
		cmocka_unit_test_setup(test_numbers_are_made_whole_blocks,
				       fill),
		cmocka_unit_test_setup(test_a_limit_of_nothing_is_no_ability,
				       fill),
		cmocka_unit_test(test_a_disk_of_which_little_was_said_is_one),
		cmocka_unit_test_setup(test_what_is_no_disk_has_no_shape, fill),
	};

	rules = argc > 1 ? argv[1] : "packaging/udev/59-softhba.rules";
	return cmocka_run_group_tests(tests, NULL, NULL);
}

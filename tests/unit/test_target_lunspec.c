/* Tests of target/lunspec.c and file.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/file.h"
#include "target/lunspec.h"
#include "target/tgt.h"

static const struct tgt_ops ops = { 0 };
static struct tgt *tgt;
static struct tgt_target *tt;
static char path[64];

static int setup(void **state)
{
	int fd;

	strcpy(path, "/tmp/test_target_lunspec.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	tgt = tgt_new(&ops, NULL);
	assert_int_equal(tgt_target_add(tgt, "iqn.2026-01.example:a", &tt), 0);
	return 0;
}

static int teardown(void **state)
{
	tgt_free(tgt);
	unlink(path);
	return 0;
}

static void bad(const char *spec, const char *why)
{
	char err[256] = "";

	assert_int_equal(lunspec_add(tt, spec, true, err, sizeof(err)),
			 -EINVAL);
	assert_string_equal(err, why);
}

static struct tgt_lun *good(const char *spec, uint32_t number)
{
	char err[256];

	if (lunspec_add(tt, spec, true, err, sizeof(err)) < 0)
		fail_msg("%s: %s", spec, err);
	assert_non_null(tgt_lun_find(tt, number));
	return tgt_lun_find(tt, number);
}

static void test_memory_lun_in_words(void **state)
{
	struct tgt_lun *l = good("3:mem:64M,bs=4096,ro,thin,serial=A1", 3);

	assert_int_equal(l->backend->size, 64 << 20);
	assert_int_equal(l->cfg.block_size, 4096);
	assert_true(l->cfg.read_only && l->cfg.thin && l->cfg.write_cache);
	assert_string_equal(l->cfg.serial, "A1");
}

static void test_identity_and_limit_in_words(void **state)
{
	struct tgt_lun *l = good("0:mem:1M,id=beef,max=64K,removable", 0);

	assert_true(l->naa == 0x300000000000beefull);
	assert_int_equal(l->cfg.max_transfer, 65536);
	assert_true(l->cfg.removable);
}

static void test_a_cd_has_larger_blocks_and_is_read_only(void **state)
{
	struct tgt_lun *l = good("0:mem:1M,type=cd", 0);

	assert_int_equal(l->cfg.type, 5);
	assert_int_equal(l->blocks, 512);
	assert_true(l->cfg.read_only);
}

static void test_file_is_made_of_the_size_asked_for(void **state)
{
	struct stat st;
	char spec[128];

	snprintf(spec, sizeof(spec), "0:file:%s:2M", path);
	assert_int_equal(good(spec, 0)->blocks, 4096);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 2 << 20);
}

static void test_file_of_no_size_is_no_lun(void **state)
{
	char spec[128], why[256];

	snprintf(spec, sizeof(spec), "0:file:%s", path);
	snprintf(why, sizeof(why),
		 "not a whole number of blocks, or none: '%s'", spec);
	bad(spec, why);
}

static void test_errors_say_which_word(void **state)
{
	bad("mem:1M", "does not begin with a LUN and ':': 'mem:1M'");
	bad("16384:mem:1M",
	    "does not begin with a LUN and ':': '16384:mem:1M'");
	bad("0:disk:1M", "neither mem nor file: 'disk'");
	bad("0:mem", "neither mem:SIZE nor file:PATH: 'mem'");
	bad("0:mem:lots", "not a size: 'lots'");
	bad("0:mem:0", "no memory of that size: 'mem'");
	bad("0:mem:1M,bs=1024", "bs is 512 or 4096, not: '1024'");
	bad("0:mem:1M,fast", "unknown option: 'fast'");
	bad("0:mem:1M,id=xyz", "id is up to 15 hex digits, not: 'xyz'");
	bad("0:mem:1M,max=1", "max is 4K to 64M, not: '1'");
	bad("0:file:/nowhere/at/all",
	    "No such file or directory: '/nowhere/at/all'");
	good("0:mem:1M", 0);
	bad("0:mem:1M", "this LUN is there already: '0:mem:1M'");
}

static void test_sizes_have_binary_units(void **state)
{
	uint64_t v;

	assert_int_equal(lunspec_size("12", 2, &v), 0);
	assert_int_equal(v, 12);
	assert_int_equal(lunspec_size("3K", 2, &v), 0);
	assert_int_equal(v, 3072);
	assert_int_equal(lunspec_size("2T", 2, &v), 0);
	assert_true(v == 2ull << 40);
	assert_int_equal(lunspec_size("99999999999T", 12, &v), -EINVAL);
	assert_int_equal(lunspec_size("", 0, &v), -EINVAL);
	assert_int_equal(lunspec_size("M", 1, &v), -EINVAL);
}

static struct tgt_backend *open_file(uint64_t size)
{
	struct tgt_backend *b = NULL;

	assert_int_equal(tgt_file_new(path, size, false, &b), 0);
	return b;
}

static void test_file_keeps_what_is_written(void **state)
{
	struct tgt_backend *b = open_file(65536);
	char back[6] = "";

	assert_int_equal(b->ops->write(b, 5000, "hello", 5), 0);
	assert_int_equal(b->ops->flush(b), 0);
	tgt_backend_free(b);
	b = open_file(0);
	assert_int_equal(b->size, 65536);
	assert_int_equal(b->ops->read(b, 5000, back, 5), 0);
	assert_string_equal(back, "hello");
	tgt_backend_free(b);
}

static void test_a_volatile_disk_keeps_only_what_was_flushed(void **state)
{
	struct tgt_backend *b, *on_medium;
	char back[6] = "";

	assert_int_equal(tgt_cached_new(path, 65536, &b), 0);
	assert_int_equal(b->ops->write(b, 0, "safe!", 5), 0);
	assert_int_equal(b->ops->flush(b), 0);
	assert_int_equal(b->ops->write(b, 0, "lost!", 5), 0);
	assert_int_equal(b->ops->read(b, 0, back, 5), 0);
	assert_string_equal(back, "lost!");
	on_medium = open_file(0);
	assert_int_equal(on_medium->ops->read(on_medium, 0, back, 5), 0);
	assert_string_equal(back, "safe!");
	tgt_backend_free(on_medium);
	tgt_backend_free(b);
}

static void test_discard_frees_space_of_the_file(void **state)
{
	struct tgt_backend *b = open_file(1 << 20);
	static uint8_t data[1 << 20];
	struct stat before, after;

	memset(data, 1, sizeof(data));
	b->ops->write(b, 0, data, sizeof(data));
	stat(path, &before);
	assert_int_equal(b->ops->discard(b, 0, 1 << 20), 0);
	stat(path, &after);
	assert_int_equal(after.st_size, 1 << 20);
	assert_true(after.st_blocks < before.st_blocks);
	b->ops->read(b, 0, data, sizeof(data));
	assert_int_equal(data[0], 0);
	tgt_backend_free(b);
}

static void test_zeroed_file_reads_as_zeros(void **state)
{
	struct tgt_backend *b = open_file(65536);
	uint8_t data[4] = { 1, 2, 3, 4 };

	b->ops->write(b, 100, data, 4);
	assert_int_equal(b->ops->zero(b, 101, 2), 0);
	b->ops->read(b, 100, data, 4);
	assert_int_equal(data[0], 1);
	assert_int_equal(data[1], 0);
	assert_int_equal(data[2], 0);
	assert_int_equal(data[3], 4);
	tgt_backend_free(b);
}

static void test_file_grows(void **state)
{
	struct tgt_backend *b = open_file(4096);
	uint8_t byte = 1;

	assert_int_equal(b->ops->resize(b, 8192), 0);
	assert_int_equal(b->ops->read(b, 8191, &byte, 1), 0);
	assert_int_equal(byte, 0);
	tgt_backend_free(b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_memory_lun_in_words),
		T(test_identity_and_limit_in_words),
		T(test_a_cd_has_larger_blocks_and_is_read_only),
		T(test_file_is_made_of_the_size_asked_for),
		T(test_file_of_no_size_is_no_lun),
		T(test_errors_say_which_word),
		T(test_sizes_have_binary_units),
		T(test_file_keeps_what_is_written),
		T(test_a_volatile_disk_keeps_only_what_was_flushed),
		T(test_discard_frees_space_of_the_file),
		T(test_zeroed_file_reads_as_zeros),
		T(test_file_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

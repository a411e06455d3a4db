/*
 * test_seen - how targets were seen to treat old sessions, kept in files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "iscsid/host/seen.h"

#define NAME "iqn.2026-11.test:a"

static char dir[64], path[96];
static struct reported_fence fence;

static int setup(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/softhba-seen.XXXXXX");
	memset(&fence, 0, sizeof(fence));
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/b1t2", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return rmdir(dir);
}

static void keep(const char *word, uint32_t ms)
{
	struct reported_fence told = { .reinstates_ms = ms };

	snprintf(told.reinstates, sizeof(told.reinstates), "%s", word);
	assert_int_equal(seen_put(dir, 1, 2, NAME, &told), 0);
}

static void test_what_was_seen_is_known_again(void **state)
{
	keep("yes", 7);
	assert_true(seen_get(dir, 1, 2, NAME, &fence));
	assert_string_equal(fence.reinstates, "yes");
	assert_int_equal(fence.reinstates_ms, 7);
}

static void test_another_target_in_its_place_is_not_known(void **state)
{
	keep("yes", 7);
	assert_false(seen_get(dir, 1, 2, NAME "b", &fence));
	assert_false(seen_get(dir, 1, 3, NAME, &fence));
}

static void test_what_is_not_known_leaves_no_file(void **state)
{
	keep("yes", 7);
	keep("unknown", 0);
	keep("unknown", 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_rubbish_says_nothing(void **state)
{
	static const char *const rubbish[] = {
		"",
		"seen",
		"seen name=x",
		"seen name=" NAME,
		"seen name=" NAME " reinstates=yes reinstates-ms=999999999",
		"seen name=" NAME " reinstates=yesyesyesyes reinstates-ms=1",
		"seen name=" NAME " reinstates=maybe reinstates-ms=1",
		"lun name=" NAME " reinstates=yes reinstates-ms=1",
	};

	for (size_t i = 0; i < sizeof(rubbish) / sizeof(rubbish[0]); i++) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fputs(rubbish[i], file);
		assert_int_equal(fclose(file), 0);
		assert_false(seen_get(dir, 1, 2, NAME, &fence));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_seen_is_known_again),
		TEST(test_another_target_in_its_place_is_not_known),
		TEST(test_what_is_not_known_leaves_no_file),
		TEST(test_rubbish_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

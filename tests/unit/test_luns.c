/* REPORT LUNS data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "scsi/luns.h"

static uint8_t bytes[40];
static struct luns luns;

static void test_list_is_found_behind_the_header(void **state)
{
	put_be32(bytes, 24);
	bytes[17] = 1;
	assert_int_equal(luns_get(bytes, 32, &luns), 0);
	assert_int_equal(luns.count, 3);
	assert_int_equal(luns.total, 3);
	assert_ptr_equal(luns.list, bytes + 8);
	assert_int_equal(luns.list[9], 1);
}

static void test_length_beyond_the_answer_is_not_trusted(void **state)
{
	put_be32(bytes, 0xffffffff);
	assert_int_equal(luns_get(bytes, 31, &luns), 0);
	assert_int_equal(luns.count, 2);
	assert_int_equal(luns.total, 0xffffffff / 8);
}

static void test_answer_beyond_the_length_does_not_count(void **state)
{
	put_be32(bytes, 15);
	assert_int_equal(luns_get(bytes, 40, &luns), 0);
	assert_int_equal(luns.count, 1);
}

static void test_answer_without_header_is_refused(void **state)
{
	assert_int_equal(luns_get(bytes, 7, &luns), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_is_found_behind_the_header),
		cmocka_unit_test(test_length_beyond_the_answer_is_not_trusted),
		cmocka_unit_test(test_answer_beyond_the_length_does_not_count),
		cmocka_unit_test(test_answer_without_header_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

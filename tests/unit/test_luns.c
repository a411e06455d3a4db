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

static uint8_t p[40];
static struct luns l;

static void test_list_is_found_behind_the_header(void **state)
{
	put_be32(p, 24);
	p[17] = 1;
	assert_int_equal(luns_get(p, 32, &l), 0);
	assert_int_equal(l.count, 3);
	assert_int_equal(l.total, 3);
	assert_ptr_equal(l.list, p + 8);
	assert_int_equal(l.list[9], 1);
}

static void test_length_beyond_the_answer_is_not_trusted(void **state)
{
	put_be32(p, 0xffffffff);
	assert_int_equal(luns_get(p, 31, &l), 0);
	assert_int_equal(l.count, 2);
	assert_int_equal(l.total, 0xffffffff / 8);
}

static void test_answer_beyond_the_length_does_not_count(void **state)
{
	put_be32(p, 15);
	assert_int_equal(luns_get(p, 40, &l), 0);
	assert_int_equal(l.count, 1);
}

static void test_answer_without_header_is_refused(void **state)
{
	assert_int_equal(luns_get(p, 7, &l), -EBADMSG);
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

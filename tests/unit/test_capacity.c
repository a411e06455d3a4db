/* READ CAPACITY data. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "scsi/capacity.h"

static struct capacity capacity;

static void test_ten_byte_form_gives_last_block_and_size(void **state)
{
	static const uint8_t p[8] = { 0, 0, 0x0f, 0xff, 0, 0, 0x10, 0 };

	assert_int_equal(capacity_get_10(p, 8, &capacity), 0);
	assert_int_equal(capacity.last, 4095);
	assert_int_equal(capacity.block_size, 4096);
	assert_false(capacity.lbpme);
	assert_int_equal(capacity_get_10(p, 7, &capacity), -EBADMSG);
}

static void fill(uint8_t p[static 32])
{
	memset(p, 0, 32);
	put_be64(p, 0x1ffffffff);
	put_be32(p + 8, 512);
	p[13] = 0x13; /* p_i exponent 1, 2^3 logical blocks a physical */
	put_be16(p + 14, 0xc000 | 7);
}

static void test_sixteen_byte_form_gives_provisioning(void **st)
{
	uint8_t p[32];

	fill(p);
	assert_int_equal(capacity_get_16(p, 32, &capacity), 0);
	assert_int_equal(capacity.last, 0x1ffffffff);
	assert_int_equal(capacity.block_size, 512);
	assert_int_equal(capacity.physical_exp, 3);
	assert_true(capacity.lbpme);
	assert_true(capacity.lbprz);
}

static void test_twelve_bytes_are_the_oldest_sixteen_byte_form(void **state)
{
	uint8_t p[32];

	fill(p);
	assert_int_equal(capacity_get_16(p, 12, &capacity), 0);
	assert_int_equal(capacity.last, 0x1ffffffff);
	assert_false(capacity.lbpme);
	assert_int_equal(capacity.physical_exp, 0);
	assert_int_equal(capacity_get_16(p, 11, &capacity), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ten_byte_form_gives_last_block_and_size),
		cmocka_unit_test(test_sixteen_byte_form_gives_provisioning),
		cmocka_unit_test(
			test_twelve_bytes_are_the_oldest_sixteen_byte_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

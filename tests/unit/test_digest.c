/*
 * test_digest - the CRC32C examples of RFC 3720 B.4, whole and in pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "wire/digest.h"

static void assert_wire(const uint8_t *p, size_t n, const char *expected)
{
	uint8_t wire[4];

	put_le32(wire, digest_of(p, n));
	assert_memory_equal(wire, expected, 4);
}

static void test_zeros_give_the_rfc_digest(void **state)
{
	uint8_t p[32] = { 0 };

	(void)state;
	assert_wire(p, sizeof(p), "\xaa\x36\x91\x8a");
}

static void test_ones_give_the_rfc_digest(void **state)
{
	uint8_t p[32];

	(void)state;
	memset(p, 0xff, sizeof(p));
	assert_wire(p, sizeof(p), "\x43\xab\xa8\x62");
}

static void test_incrementing_bytes_give_the_rfc_digest(void **state)
{
	uint8_t p[32];

	(void)state;
	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)i;
	assert_wire(p, sizeof(p), "\x4e\x79\xdd\x46");
}

static void test_decrementing_bytes_give_the_rfc_digest(void **state)
{
	uint8_t p[32];

	(void)state;
	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)(31 - i);
	assert_wire(p, sizeof(p), "\x5c\xdb\x3f\x11");
}

static void test_an_iscsi_read_command_gives_the_rfc_digest(void **state)
{
	static const uint8_t cmd[48] = {
		0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0, 0, 0, 0,
		0x14, 0,    0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
		0x28, 0,    0, 0, 0, 0, 0, 0, 2, 0, 0, 0,    0, 0, 0, 0,
	};

	(void)state;
	assert_wire(cmd, sizeof(cmd), "\x56\x3a\x96\xd9");
}

static void test_pieces_of_any_size_give_the_digest_of_the_whole(void **state)
{
	uint8_t p[200];

	(void)state;
	for (size_t i = 0; i < sizeof(p); i++)
		p[i] = (uint8_t)(i * 7 + 3);
	for (size_t cut = 0; cut <= sizeof(p); cut++) {
		uint32_t crc = digest_begin();

		crc = digest_add(crc, p, cut);
		crc = digest_add(crc, p + cut, sizeof(p) - cut);
		assert_int_equal(digest_end(crc), digest_of(p, sizeof(p)));
	}
}

static void test_nothing_gives_zero(void **state)
{
	(void)state;
	assert_int_equal(digest_of(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zeros_give_the_rfc_digest),
		cmocka_unit_test(test_ones_give_the_rfc_digest),
		cmocka_unit_test(test_incrementing_bytes_give_the_rfc_digest),
		cmocka_unit_test(test_decrementing_bytes_give_the_rfc_digest),
		cmocka_unit_test(
			test_an_iscsi_read_command_gives_the_rfc_digest),
		cmocka_unit_test(
			test_pieces_of_any_size_give_the_digest_of_the_whole),
		cmocka_unit_test(test_nothing_gives_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

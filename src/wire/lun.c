/*
 * lun - the eight-byte LUN field (SAM-5 4.7, RFC 7143 section 11.2.1.7).
 *
 * One level only: what lies behind a LUN is not addressed from here.
 */
#include "wire/lun.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

enum { /* the two upper bits, SAM-5 4.7.7.1 */
	METHOD_PERIPHERAL,
	METHOD_FLAT,
	METHOD_LOGICAL_UNIT,
	METHOD_EXTENDED,
};

#define PERIPHERAL_LIMIT 0x100u
#define FLAT_LIMIT	 0x4000u
#define EXT_FLAT_LIMIT	 0x1000000u

#define EXT_FLAT      0xd2 /* extended, 4 bytes, method 2 (SAM-5 4.7.7.5) */
#define EXT_LONG_FLAT 0xe2 /* extended, 6 bytes, method 2 */

static bool rest_is_zero(const uint8_t *lun, size_t from)
{
	for (size_t i = from; i < LUN_LEN; i++)
		if (lun[i])
			return false;
	return true;
}

static int extended_number(const uint8_t *lun, uint32_t *out)
{
	if (lun[0] == EXT_FLAT && rest_is_zero(lun, 4)) {
		*out = get_be24(lun + 1);
		return 0;
	}
	/* Five bytes of number, of which we keep four. */
	if (lun[0] == EXT_LONG_FLAT && lun[1] == 0 && rest_is_zero(lun, 6)) {
		*out = get_be32(lun + 2);
		return 0;
	}
	return -EINVAL;
}

int lun_number(const uint8_t lun[static LUN_LEN], uint32_t *out)
{
	uint16_t low = get_be16(lun) & 0x3fff;

	if (lun[0] >> 6 == METHOD_EXTENDED)
		return extended_number(lun, out);
	if (!rest_is_zero(lun, 2))
		return -EINVAL;
	switch (lun[0] >> 6) {
	case METHOD_PERIPHERAL: /* bus 6 bits, number 8 */
		if (low >= PERIPHERAL_LIMIT)
			return -EINVAL;
		break;
	case METHOD_LOGICAL_UNIT: /* target 6 bits, bus 3, number 5 */
		if (low >= 0x20)
			return -EINVAL;
		break;
	}
	*out = low;
	return 0;
}

void lun_encode(uint8_t lun[static LUN_LEN], uint32_t number)
{
	memset(lun, 0, LUN_LEN);
	if (number < PERIPHERAL_LIMIT) {
		lun[1] = (uint8_t)number;
	} else if (number < FLAT_LIMIT) {
		put_be16(lun, (uint16_t)(METHOD_FLAT << 14 | number));
	} else if (number < EXT_FLAT_LIMIT) {
		lun[0] = EXT_FLAT;
		put_be24(lun + 1, number);
	} else {
		lun[0] = EXT_LONG_FLAT;
		put_be32(lun + 2, number);
	}
}

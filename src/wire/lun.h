/*
 * lun - the eight-byte LUN field (SAM-5 4.7, RFC 7143 section 11.2.1.7).
 */
#ifndef WIRE_LUN_H
#define WIRE_LUN_H

#include <stddef.h>
#include <stdint.h>

#include "wire/pdu.h"

/*
 * Plain number of a single-level LUN of any addressing method (peripheral,
 * flat, logical unit, extended).  Returns 0, or -EINVAL for a LUN of several
 * levels, on a bus other than 0, or a well-known one.
 */
int lun_number(const uint8_t lun[static LUN_LEN], uint32_t *out);

/* The usual field for a number: peripheral below 256, else flat (< 16384). */
void lun_encode(uint8_t lun[static LUN_LEN], uint32_t number);

#endif

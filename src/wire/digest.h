/*
 * digest - CRC32C over PDU parts (RFC 7143 section 13.1), by ISA-L.
 */
#ifndef WIRE_DIGEST_H
#define WIRE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/*
 * A digest is begun, fed and ended; the result is a number whose
 * little-endian bytes go on the wire (use put_le32).
 */
static inline uint32_t digest_begin(void)
{
	return 0xffffffffu;
}
uint32_t digest_add(uint32_t crc, const void *p, size_t n);
static inline uint32_t digest_end(uint32_t crc)
{
	return ~crc;
}

/* Over one piece. */
uint32_t digest_of(const void *p, size_t n);

#endif

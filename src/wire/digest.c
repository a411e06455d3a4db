/*
 * digest - CRC32C over PDU parts (RFC 7143 section 13.1), by ISA-L.
 *
 * ISA-L's crc32_iscsi takes and returns the bare register: no complement at
 * either end, so digest_begin() and digest_end() do both.
 */
#include "wire/digest.h"

#include <limits.h>

#include <isa-l/crc.h>

uint32_t digest_add(uint32_t crc, const void *p, size_t n)
{
	/* The library reads only, though its type does not say so. */
	unsigned char *at = (unsigned char *)(uintptr_t)p;

	while (n) {
		int piece = n > INT_MAX ? INT_MAX : (int)n;

		crc = crc32_iscsi(at, piece, crc);
		at += piece;
		n -= (size_t)piece;
	}
	return crc;
}

uint32_t digest_of(const void *p, size_t n)
{
	return digest_end(digest_add(digest_begin(), p, n));
}

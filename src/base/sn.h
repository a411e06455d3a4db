/*
 * sn - 32-bit serial numbers that wrap (RFC 1982).
 */
#ifndef BASE_SN_H
#define BASE_SN_H

#include <stdbool.h>
#include <stdint.h>

static inline bool sn_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool sn_before_eq(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

#endif

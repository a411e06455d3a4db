/*
 * fnv - FNV-1a, a hash for tables and marks, with nothing to keep secret
 * (http://www.isthe.com/chongo/tech/comp/fnv/).
 */
#ifndef BASE_FNV_H
#define BASE_FNV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What a hash begins with. */
#define FNV32 UINT32_C(0x811c9dc5)
#define FNV64 UINT64_C(0xcbf29ce484222325)

static inline uint32_t fnv32(uint32_t h, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		h = (h ^ *p++) * UINT32_C(0x01000193);
	return h;
}

static inline uint64_t fnv64(uint64_t h, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		h = (h ^ *p++) * UINT64_C(0x100000001b3);
	return h;
}

static inline uint32_t fnv32_str(uint32_t h, const char *s)
{
	return fnv32(h, s, strlen(s));
}

static inline uint64_t fnv64_str(uint64_t h, const char *s)
{
	return fnv64(h, s, strlen(s));
}

#endif

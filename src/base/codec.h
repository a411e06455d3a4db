/*
 * codec - hexadecimal, Base64 (RFC 4648) and UTF-8 (RFC 3629).
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Lower-case hex of n bytes; dst holds 2 * n + 1 bytes. */
void hex_put(char *dst, const uint8_t *src, size_t n);

/*
 * Bytes of the hex digits s[0..n), an odd count meaning a leading zero.
 * Returns the number of bytes, -EINVAL or -ENOSPC.
 */
ssize_t hex_get(uint8_t *dst, size_t size, const char *s, size_t n);

/*
 * Bytes of Base64 text, its padding complete or missing; returns their
 * number, -EINVAL or -ENOSPC.
 */
ssize_t base64_get(uint8_t *dst, size_t size, const char *s, size_t n);

/*
 * The first character of s[0..n); returns its length in bytes, or -EINVAL
 * when the bytes are not well-formed UTF-8.
 */
int utf8_get(const char *s, size_t n, uint32_t *code);

#endif

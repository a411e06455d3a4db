/*
 * text - key=value pairs in data segments (RFC 7143 section 6.1).
 */
#ifndef WIRE_TEXT_H
#define WIRE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_KEY_MAX 63

/* One pair, borrowed from the segment it was read from. */
struct text_pair {
	const char *key, *value;
	size_t key_len, value_len;
};

/*
 * Walks the pairs of p[0..n), each ended by a NUL; *pos starts at 0.
 * Returns 1 with *out set, 0 at the end, -EBADMSG at what is no pair (no
 * NUL, no '=', empty or over-long key, byte outside printable ASCII/UTF-8).
 * Superfluous NULs between and after pairs are skipped.
 */
int text_next(const char *p, size_t n, size_t *pos, struct text_pair *out);

/* A data segment being written into a borrowed buffer. */
struct text_out {
	char *p;
	size_t cap, len;
	bool full; /* a pair did not fit and is not there */
};

void text_init(struct text_out *t, char *buf, size_t cap);
void text_add(struct text_out *t, const char *key, const char *value);
void text_add_u32(struct text_out *t, const char *key, uint32_t value);
void text_add_bool(struct text_out *t, const char *key, bool value);
/* Adds key=0x<hex of p[0..n)>. */
void text_add_hex(struct text_out *t, const char *key, const uint8_t *p,
		  size_t n);

/* The whole pair's key or value against a C string; case counts (6.1). */
bool text_key_is(const struct text_pair *kv, const char *key);
bool text_value_is(const struct text_pair *kv, const char *value);

/* Typed values (6.1): 0, or -EBADMSG. */
int text_bool(const struct text_pair *kv, bool *out);
/* Decimal or hex constant of at most 64 bits, within [min, max]. */
int text_number(const struct text_pair *kv, uint64_t min, uint64_t max,
		uint64_t *out);
/*
 * A binary value: hex (0x...) or Base64 (0b...) constant (6.1).
 * Returns its length in bytes, or -EBADMSG when it is none or too long.
 */
int text_binary(const struct text_pair *kv, uint8_t *dst, size_t size);

/*
 * The elements of a comma list: *pos starts at 0.  Returns false at the end.
 */
bool text_list_next(const struct text_pair *kv, size_t *pos, const char **item,
		    size_t *len);
/* Is item one whole element of the list? */
bool text_list_has(const struct text_pair *kv, const char *item);

#endif

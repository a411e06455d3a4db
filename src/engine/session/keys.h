/*
 * keys - reads the keys of a message by rows of the tables of src/words.
 *
 * The manager is trusted, but it may be of another version: every value is
 * held against its limits.
 */
#ifndef ENGINE_KEYS_H
#define ENGINE_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "words/words.h"

struct addr;
struct msg_in;
struct strbuf;

struct key_row {
	const char *key;
	enum word_kind kind;
	uint32_t least, most; /* of a number */
	size_t at, size;      /* of the field in the struct that is filled */
};

/* The last two of a row, of a field f in a type. */
#define KEY_FIELD(type, f) offsetof(type, f), sizeof(((type *)0)->f)

/*
 * Reads one key into the struct at base.  A field is a uint64_t (ID),
 * uint32_t (numbers), bool, char[] (texts), uint8_t[] with a size_t behind it
 * (SECRET), struct addr, struct addr[WORDS_PORTALS] with an unsigned behind
 * it, an enum in the order of its words, or the bytes of hex digits.
 * Returns 0, -ENOENT (not given), or any other -errno.
 */
int key_read(const struct msg_in *m, const struct key_row *r, void *base);

/* Such an address, numeric: the same. */
int key_addr(const struct msg_in *m, const char *key, struct addr *dst);
int key_portals(const struct msg_in *m, const char *key, struct addr *dst,
		unsigned *count);

/* What such an error means, in words; -EINVAL. */
int key_complain(int err, const char *key, struct strbuf *why);

#endif

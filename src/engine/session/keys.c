/*
 * keys - reads the keys of a message by rows of the tables of src/words.
 */
#include "engine/session/keys.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/codec.h"
#include "base/str.h"
#include "ctl/msg.h"
#include "proto/session.h"
#include "wire/addr.h"

#define HEX_MAX 8 /* bytes: a LUN */

static int read_text(const struct msg_in *m, const struct key_row *r,
		     void *field)
{
	char *dst = field;
	int n = msg_get(m, r->key, dst, r->size);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		if ((unsigned char)dst[i] < 0x20 || dst[i] == 0x7f)
			return -EINVAL;
	return 0;
}

/*
 * Whether it is a good name is the manager's to say (and to tolerate): it
 * only must not break a line or a text key.
 */
static int read_name(const struct msg_in *m, const struct key_row *r,
		     void *field)
{
	int err = read_text(m, r, field);

	if (!err && (!*(char *)field || strchr(field, ' ')))
		return -EINVAL;
	return err;
}

static int read_secret(const struct msg_in *m, const struct key_row *r,
		       void *field)
{
	char text[CHAP_SECRET_SIZE + 1]; /* a secret may have NULs */
	size_t *len = (size_t *)(void *)((char *)field + r->size);
	int n = msg_get(m, r->key, text, sizeof(text));

	if (n >= 0) {
		memcpy(field, text, (size_t)n);
		*len = (size_t)n;
	}
	explicit_bzero(text, sizeof(text));
	return n < 0 ? n : 0;
}

static int read_hex(const struct msg_in *m, const struct key_row *r,
		    void *field)
{
	char text[2 * HEX_MAX + 1];
	int n = msg_get(m, r->key, text, sizeof(text));

	if (n < 0)
		return n;
	if ((size_t)n != 2 * r->size ||
	    hex_get(field, r->size, text, (size_t)n) != (ssize_t)r->size)
		return -EINVAL;
	return 0;
}

static int read_number(const struct msg_in *m, const struct key_row *r,
		       void *field)
{
	uint64_t v;
	int err = msg_get_u64(m, r->key, r->most, &v);

	if (err)
		return err;
	if (v < r->least)
		return -ERANGE;
	*(uint32_t *)field = (uint32_t)v;
	return 0;
}

static int read_bool(const struct msg_in *m, const struct key_row *r,
		     void *field)
{
	uint64_t v;
	int err = msg_get_u64(m, r->key, 1, &v);

	if (!err)
		*(bool *)field = v;
	return err;
}

/* An enum that begins with 0, from one of n words. */
static int read_word(const struct msg_in *m, const struct key_row *r,
		     void *field, const char *const *words, size_t n)
{
	char word[16];
	int err = msg_get(m, r->key, word, sizeof(word));

	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, words[i])) {
			*(unsigned *)field = (unsigned)i;
			return 0;
		}
	return -EINVAL;
}

static int take_addr(const char *text, int n, struct addr *dst)
{
	if (n < 0)
		return n;
	if (addr_parse(text, (size_t)n, dst) || !addr_is_numeric(dst))
		return -EINVAL;
	return 0;
}

int key_addr(const struct msg_in *m, const char *key, struct addr *dst)
{
	char text[ADDR_TEXT_SIZE];

	return take_addr(text, msg_get(m, key, text, sizeof(text)), dst);
}

int key_portals(const struct msg_in *m, const char *key, struct addr *dst,
		unsigned *count)
{
	char text[ADDR_TEXT_SIZE];
	int n;

	*count = 0;
	for (unsigned i = 0; i < WORDS_PORTALS; i++) {
		n = msg_get_nth(m, key, i, text, sizeof(text));
		if (n == -ENOENT)
			break;
		n = take_addr(text, n, &dst[i]);
		if (n)
			return n;
		*count = i + 1;
	}
	return *count ? 0 : -ENOENT;
}

#define WORDS(table) table, sizeof(table) / sizeof(*(table))

int key_read(const struct msg_in *m, const struct key_row *r, void *base)
{
	void *field = (char *)base + r->at;

	switch (r->kind) {
	case WORD_ID:
		return msg_get_u64(m, r->key, UINT64_MAX, field);
	case WORD_TEXT:
		return read_text(m, r, field);
	case WORD_NAME:
		return read_name(m, r, field);
	case WORD_SECRET:
		return read_secret(m, r, field);
	case WORD_ISID:
	case WORD_LUN:
		return read_hex(m, r, field);
	case WORD_NUMBER:
	case WORD_MS:
	case WORD_TAG:
		return read_number(m, r, field);
	case WORD_BOOL:
		return read_bool(m, r, field);
	case WORD_DIGEST:
		return read_word(m, r, field, WORDS(digest_words));
	case WORD_REINSTATEMENT:
		return read_word(m, r, field, WORDS(reinstatement_words));
	case WORD_SEEN:
		return read_word(m, r, field, WORDS(reinstates_words));
	case WORD_ADDR:
		return key_addr(m, r->key, field);
	case WORD_PORTALS:
		return key_portals(m, r->key, field,
				   (void *)((char *)field + r->size));
	default: /* of no key for an engine */
		return -EINVAL;
	}
}

int key_complain(int err, const char *key, struct strbuf *why)
{
	static const struct {
		int err;
		const char *words;
	} table[] = {
		{ -ENOENT, "is missing" },
		{ -ENOSPC, "is too long" },
		{ -ERANGE, "is out of range" },
	};
	const char *words = "is not valid";

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].err == err)
			words = table[i].words;
	sb_add(why, "%s %s", key, words);
	return -EINVAL;
}

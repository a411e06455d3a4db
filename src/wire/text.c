/*
 * text - key=value pairs in data segments (RFC 7143 section 6.1).
 *
 * Knows the form of a pair and of a value; which keys there are and what
 * they may hold is the negotiation's business.
 */
#include "wire/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/codec.h"
#include "base/str.h"

/* Printable ASCII or well-formed UTF-8 without its control characters. */
static bool is_text(const char *s, size_t n)
{
	while (n) {
		uint32_t code;
		int len = utf8_get(s, n, &code);

		if (len < 0 || code < 0x20 || (code >= 0x7f && code <= 0x9f))
			return false;
		s += len;
		n -= (size_t)len;
	}
	return true;
}

int text_next(const char *p, size_t n, size_t *pos, struct text_pair *out)
{
	const char *start, *end, *equals;
	size_t at = *pos;

	while (at < n && p[at] == '\0')
		at++;
	if (at >= n)
		return 0;
	start = p + at;
	end = memchr(start, '\0', n - at);
	if (!end)
		return -EBADMSG;
	equals = memchr(start, '=', (size_t)(end - start));
	if (!equals || equals == start || equals - start > TEXT_KEY_MAX)
		return -EBADMSG;
	if (!is_text(start, (size_t)(end - start)))
		return -EBADMSG;
	*out = (struct text_pair){
		.key = start,
		.key_len = (size_t)(equals - start),
		.value = equals + 1,
		.value_len = (size_t)(end - equals) - 1,
	};
	*pos = (size_t)(end - p) + 1;
	return 1;
}

void text_init(struct text_out *t, char *buf, size_t cap)
{
	*t = (struct text_out){ .p = buf, .cap = cap };
}

/* Room for key=value NUL, with the key and '=' in place; NULL: no room. */
static char *begin_pair(struct text_out *t, const char *key, size_t value_len)
{
	size_t key_len = strlen(key), room = t->cap - t->len;
	char *at = t->p + t->len;

	if (key_len >= room || value_len >= room - key_len ||
	    room - key_len - value_len < 2) {
		t->full = true;
		return NULL;
	}
	memcpy(at, key, key_len);
	at[key_len] = '=';
	t->len += key_len + value_len + 2;
	return at + key_len + 1;
}

void text_add(struct text_out *t, const char *key, const char *value)
{
	size_t n = strlen(value);
	char *at = begin_pair(t, key, n);

	if (at)
		memcpy(at, value, n + 1);
}

void text_add_u32(struct text_out *t, const char *key, uint32_t value)
{
	char digits[11];

	snprintf(digits, sizeof(digits), "%u", value);
	text_add(t, key, digits);
}

void text_add_bool(struct text_out *t, const char *key, bool value)
{
	text_add(t, key, value ? "Yes" : "No");
}

void text_add_hex(struct text_out *t, const char *key, const uint8_t *p,
		  size_t n)
{
	char *at;

	if (n > t->cap) { /* also keeps 2 * n from wrapping */
		t->full = true;
		return;
	}
	at = begin_pair(t, key, 2 + 2 * n);
	if (!at)
		return;
	memcpy(at, "0x", 2);
	hex_put(at + 2, p, n);
}

bool text_key_is(const struct text_pair *kv, const char *key)
{
	return str_is(kv->key, kv->key_len, key);
}

bool text_value_is(const struct text_pair *kv, const char *value)
{
	return str_is(kv->value, kv->value_len, value);
}

int text_bool(const struct text_pair *kv, bool *out)
{
	bool yes = text_value_is(kv, "Yes");

	if (!yes && !text_value_is(kv, "No"))
		return -EBADMSG;
	*out = yes;
	return 0;
}

int text_number(const struct text_pair *kv, uint64_t min, uint64_t max,
		uint64_t *out)
{
	uint64_t v;

	if (str_u64(kv->value, kv->value_len, max, &v) < 0 || v < min)
		return -EBADMSG;
	*out = v;
	return 0;
}

int text_binary(const struct text_pair *kv, uint8_t *dst, size_t size)
{
	const char *digits = kv->value + 2;
	size_t n;
	ssize_t len;

	if (kv->value_len < 3 || kv->value[0] != '0')
		return -EBADMSG;
	n = kv->value_len - 2;
	switch (kv->value[1]) {
	case 'x':
	case 'X':
		len = hex_get(dst, size, digits, n);
		break;
	case 'b':
	case 'B':
		len = base64_get(dst, size, digits, n);
		break;
	default:
		return -EBADMSG;
	}
	return len < 0 ? -EBADMSG : (int)len;
}

bool text_list_next(const struct text_pair *kv, size_t *pos, const char **item,
		    size_t *len)
{
	const char *start, *comma;
	size_t left;

	/* After the last element *pos stands beyond the end. */
	if (kv->value_len == 0 || *pos > kv->value_len)
		return false;
	start = kv->value + *pos;
	left = kv->value_len - *pos;
	comma = memchr(start, ',', left);
	*item = start;
	*len = comma ? (size_t)(comma - start) : left;
	*pos += *len + 1;
	return true;
}

bool text_list_has(const struct text_pair *kv, const char *item)
{
	size_t pos = 0, len;
	const char *at;

	while (text_list_next(kv, &pos, &at, &len))
		if (str_is(at, len, item))
			return true;
	return false;
}

/*
 * reported - what an engine said, checked and put into structs.
 */
#include "iscsid/messages/reported.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/codec.h"
#include "base/list.h"
#include "base/str.h"

struct field {
	const char *key;
	enum word_kind kind;
	uint64_t least, most; /* of a number */
	bool needed;
	size_t offset, size;
};

/* EXPORTER_KEYS are those of read_serves(). */
#define UNREAD(key)
#define EXPORTER_KEYS
#define KEY(key, kind, least, most, need, field)                               \
	{ key,                                                                 \
	  WORD_##kind,                                                         \
	  least,                                                               \
	  most,                                                                \
	  need,                                                                \
	  offsetof(struct reported, field),                                    \
	  sizeof(((struct reported *)0)->field) },
#define MESSAGE(name, verb, when, keys)                                        \
	static const struct field name##_fields[] = { keys };
#include "words/to_manager.h"

static const struct verb {
	const char *name;
	unsigned when; /* set of enum word_when_manager */
	const struct field *fields;
	size_t count;
} verbs[REPORTED_KINDS] = {
#define MESSAGE(name, verb, when, keys)                                        \
	{ #verb, when, name##_fields,                                          \
	  sizeof(name##_fields) / sizeof(struct field) },
#include "words/to_manager.h"
};

static bool read_text(const char *v, int len, char *dst, size_t size)
{
	str_printable(dst, size, v, (size_t)len);
	return true;
}

static bool is_printable(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] < 0x20 || s[i] > 0x7e)
			return false;
	return true;
}

static bool read_exact(const char *v, int len, char *dst, size_t size)
{
	return is_printable(v, (size_t)len) && str_copy(dst, size, v);
}

static bool read_name(const char *v, int len, char *dst, size_t size)
{
	if (memchr(v, '\0', (size_t)len) || name_fault(v, (size_t)len, NULL))
		return false;
	if (!str_copy(dst, size, v))
		return false;
	name_normalize(dst);
	return true;
}

static bool read_addr(const char *v, int len, void *dst)
{
	struct reported_found *f =
		container_of(dst, struct reported_found, addr);

	if (addr_parse(v, (size_t)len, &f->addr) ||
	    !is_printable(v, (size_t)len) || memchr(v, ' ', (size_t)len))
		return false;
	f->has_addr = true;
	return true;
}

static bool read_portal(const char *v, int len, struct addr *dst)
{
	return !addr_parse(v, (size_t)len, dst) && addr_is_numeric(dst) &&
	       is_printable(v, (size_t)len) && !memchr(v, ' ', (size_t)len);
}

/* RFC 1035 2.3.4: labels of at most 63 bytes, names of at most 253. */
static bool is_long_name(const char *v)
{
	size_t label = 0;

	if (strlen(v) > 253)
		return true;
	for (; *v; v++) {
		label = *v == '.' ? 0 : label + 1;
		if (label > 63)
			return true;
	}
	return false;
}

static bool read_host(const char *v, int len, char *dst, size_t size)
{
	struct addr a;

	if (memchr(v, '\0', (size_t)len) || is_long_name(v) ||
	    addr_parse(v, (size_t)len, &a) || addr_is_numeric(&a))
		return false;
	/* A port or group would have been cut off. */
	return strcmp(a.host, v) == 0 && str_copy(dst, size, v);
}

static bool read_number(const char *v, int len, const struct field *f,
			void *dst)
{
	uint64_t n;

	if (str_u64(v, (size_t)len, f->most, &n) || n < f->least)
		return false;
	if (f->kind == WORD_BIG || f->kind == WORD_ID)
		*(uint64_t *)dst = n;
	else if (f->kind == WORD_NUMBER)
		*(uint32_t *)dst = (uint32_t)n;
	else
		*(bool *)dst = n != 0;
	return true;
}

static bool read_lun(const char *v, int len, uint8_t *dst)
{
	return len == 2 * LUN_LEN &&
	       hex_get(dst, LUN_LEN, v, (size_t)len) == LUN_LEN;
}

static bool read_word(const char *v, const char *yes, const char *no, bool *dst)
{
	*dst = strcmp(v, yes) == 0;
	return *dst || strcmp(v, no) == 0;
}

bool reported_is_seen(const char *word)
{
	return strcmp(word, "yes") == 0 || strcmp(word, "no") == 0 ||
	       strcmp(word, "unknown") == 0;
}

static bool read_seen(const char *v, char *dst, size_t size)
{
	return reported_is_seen(v) && str_copy(dst, size, v);
}

static bool read_tag(const char *v, int len, char *dst, size_t size)
{
	uint64_t tag;

	return !str_u64(v, (size_t)len, UINT16_MAX, &tag) &&
	       str_copy(dst, size, v);
}

static bool read_field(const struct field *f, const char *v, int len, void *dst)
{
	switch (f->kind) {
	case WORD_TEXT:
		return read_text(v, len, dst, f->size);
	case WORD_EXACT:
		return read_exact(v, len, dst, f->size);
	case WORD_ISCSI_NAME:
		return read_name(v, len, dst, f->size);
	case WORD_HOST_PORT:
		return read_addr(v, len, dst);
	case WORD_ADDR:
		return read_portal(v, len, dst);
	case WORD_HOST:
		return read_host(v, len, dst, f->size);
	case WORD_ID:
	case WORD_NUMBER:
	case WORD_BIG:
	case WORD_BOOL:
		return read_number(v, len, f, dst);
	case WORD_LUN:
		return read_lun(v, len, dst);
	case WORD_UP:
		return read_word(v, "up", "down", dst);
	case WORD_ONLINE:
		return read_word(v, "online", "failed", dst);
	case WORD_SEEN:
		return read_seen(v, dst, f->size);
	case WORD_TAG:
		return read_tag(v, len, dst, f->size);
	default: /* of no key for the manager */
		return false;
	}
}

static int read_fields(const struct msg_in *m, const struct verb *verb,
		       struct reported *out, const char **wrong)
{
	static char v[2048]; /* longer values are cut by no honest engine */

	for (size_t i = 0; i < verb->count; i++) {
		const struct field *f = &verb->fields[i];
		int len = msg_get(m, f->key, v, sizeof(v));

		*wrong = f->key;
		if (len == -ENOENT && !f->needed)
			continue;
		if (len < 0 || !read_field(f, v, len, (char *)out + f->offset))
			return -EBADMSG;
	}
	return 0;
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

/* A LUN that is said to be online has to make sense as a block device. */
static int check_lun(const struct reported_lun *l, const char **wrong)
{
	if (!l->online)
		return 0;
	*wrong = "cdbs";
	if (l->cdbs)
		return -EBADMSG;
	*wrong = "block-size";
	if (l->block_size != 512 && l->block_size != 2048 &&
	    l->block_size != 4096)
		return -EBADMSG;
	*wrong = "blocks";
	if (!l->blocks || l->blocks > WORDS_DISK_BYTES / l->block_size)
		return -EBADMSG;
	*wrong = "physical-size";
	if (l->physical_size && (!is_power_of_two(l->physical_size) ||
				 l->physical_size < l->block_size))
		return -EBADMSG;
	return 0;
}

/* An exporter that is not named is not served. */
static int read_serves(const struct msg_in *m, uint32_t *out,
		       const char **wrong)
{
	char text[4];
	uint64_t can;

	for (unsigned i = 0; (*wrong = exporter_word(i)); i++) {
		if (msg_get(m, *wrong, text, sizeof(text)) == -ENOENT)
			continue;
		if (msg_get_u64(m, *wrong, 1, &can))
			return -EBADMSG;
		*out |= (uint32_t)can << i;
	}
	return 0;
}

int reported_read(const struct msg_in *m, struct reported *out,
		  const char **wrong)
{
	enum reported_kind kind = 0;
	const struct verb *verb;
	int err;

	while (kind < REPORTED_KINDS && !msg_is(m, verbs[kind].name))
		kind++;
	if (kind == REPORTED_KINDS)
		return -ENOENT;
	verb = &verbs[kind];
	memset(out, 0, sizeof(*out));
	out->kind = kind;
	if (kind == REPORTED_LUN)
		out->lun.number = REPORTED_NO_NUMBER;
	err = read_fields(m, verb, out, wrong);
	if (!err && kind == REPORTED_READY)
		err = read_serves(m, &out->ready.serves, wrong);
	if (!err && kind == REPORTED_LUN)
		err = check_lun(&out->lun, wrong);
	return err;
}

/* The other way ------------------------------------------------------- */

static void put_lun(struct msg_out *m, const char *key, const uint8_t *lun)
{
	char hex[2 * LUN_LEN + 1];

	hex_put(hex, lun, LUN_LEN);
	msg_str(m, key, hex);
}

static void put_field(struct msg_out *m, const struct field *f, const void *src)
{
	switch (f->kind) {
	case WORD_TEXT:
	case WORD_EXACT:
		msg_str(m, f->key, src);
		break;
	case WORD_NUMBER:
		msg_u64(m, f->key, *(const uint32_t *)src);
		break;
	case WORD_ID:
	case WORD_BIG:
		msg_u64(m, f->key, *(const uint64_t *)src);
		break;
	case WORD_BOOL:
		msg_u64(m, f->key, *(const bool *)src);
		break;
	case WORD_LUN:
		put_lun(m, f->key, src);
		break;
	case WORD_ONLINE:
		msg_str(m, f->key, *(const bool *)src ? "online" : "failed");
		break;
	default: /* of no LUN */
		break;
	}
}

void reported_put_past(struct msg_out *m, const struct reported_lun *l)
{
	const char *base = (const char *)l - offsetof(struct reported, lun);
	const struct field *f = LUN_fields;

	while (strcmp(f->key, "block-size") != 0)
		f++;
	for (; strcmp(f->key, "identity") != 0; f++)
		put_field(m, f, base + f->offset);
}

void reported_put_lun(struct msg_out *m, uint64_t id,
		      const struct reported_lun *l)
{
	static struct reported s;

	s.id = id;
	s.lun = *l;
	msg_begin(m, verbs[REPORTED_LUN].name);
	for (size_t i = 0; i < verbs[REPORTED_LUN].count; i++) {
		const struct field *f = &LUN_fields[i];

		put_field(m, f, (const char *)&s + f->offset);
	}
}

bool reported_is_due(enum reported_kind kind, unsigned when)
{
	return verbs[kind].when & when;
}

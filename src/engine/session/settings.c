/*
 * settings - reads the keys of words/session_keys.h.
 */
#include "engine/session/settings.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/codec.h"
#include "base/str.h"
#include "ctl/msg.h"
#include "words/words.h"

struct row {
	const char *key;
	enum word_kind kind;
	unsigned scope;	      /* set of enum word_scope */
	uint32_t least, most; /* of a number */
	size_t at, size;      /* of the field in struct settings */
};

/*
 * Twice what the SCSI layer of the kernel gives a disk: an array that moves a
 * LUN to its other half may need that, and a reset would only disturb it.
 */
#define TASK_TIMEOUT 60000 /* ms */

/* A path that stalls for longer is dead for most; docs/ghost-writes.md. */
#define FENCE_TIMEOUT 30000 /* ms */

#define FIELD(f) offsetof(struct settings, f), sizeof(((struct settings *)0)->f)

static const struct row rows[] = {
#define SESSION_KEY(key, kind, least, most, scope, from, to, help)             \
	{ key, WORD_##kind, scope, least, most, FIELD(to) },
#include "words/session_keys.h"
};

/*
 * What may be another at a portal goes from portal to portal with struct
 * portal_entry.
 */
#define OWN_END (offsetof(struct settings, own) + sizeof(struct own_settings))
#define SESSION_KEY(key, kind, least, most, scope, from, to, help)             \
	_Static_assert(!((scope)&WORD_AT_PORTAL) ||                            \
			       (offsetof(struct settings, to) >=               \
					offsetof(struct settings, own) &&      \
				offsetof(struct settings, to) < OWN_END),      \
		       key " belongs into struct own_settings");
#include "words/session_keys.h"

/* All of them are read as one. */
_Static_assert(sizeof(enum digest_offer) == sizeof(unsigned) &&
		       sizeof(enum reinstatement) == sizeof(unsigned) &&
		       sizeof(enum reinstates) == sizeof(unsigned),
	       "enums are unsigned");

/* The readers: 0, -ENOENT (not given), or any other -errno. ------------ */

static int read_text(const struct msg_in *m, const struct row *r, void *field)
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
static int read_name(const struct msg_in *m, const struct row *r, void *field)
{
	int err = read_text(m, r, field);

	if (!err && (!*(char *)field || strchr(field, ' ')))
		return -EINVAL;
	return err;
}

static int read_secret(const struct msg_in *m, const struct row *r, void *field)
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

static int read_hex(const struct msg_in *m, const char *key, uint8_t *dst,
		    size_t size)
{
	char text[2 * LUN_LEN + 1];
	int n = msg_get(m, key, text, sizeof(text));

	if (n < 0)
		return n;
	if ((size_t)n != 2 * size ||
	    hex_get(dst, size, text, (size_t)n) != (ssize_t)size)
		return -EINVAL;
	return 0;
}

static int read_number(const struct msg_in *m, const struct row *r, void *field)
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

static int read_bool(const struct msg_in *m, const struct row *r, void *field)
{
	uint64_t v;
	int err = msg_get_u64(m, r->key, 1, &v);

	if (!err)
		*(bool *)field = v;
	return err;
}

/* An enum that begins with 0, from one of n words. */
static int read_word(const struct msg_in *m, const struct row *r, void *field,
		     const char *const *words, size_t n)
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

static int read_addr(const char *text, int n, struct addr *dst)
{
	if (n < 0)
		return n;
	if (addr_parse(text, (size_t)n, dst) || !addr_is_numeric(dst))
		return -EINVAL;
	return 0;
}

static int read_one_addr(const struct msg_in *m, const struct row *r,
			 void *field)
{
	char text[ADDR_TEXT_SIZE];

	return read_addr(text, msg_get(m, r->key, text, sizeof(text)), field);
}

static int read_portals(const struct msg_in *m, const char *key,
			struct settings *s)
{
	char text[ADDR_TEXT_SIZE];
	int n;

	s->nportals = 0;
	for (unsigned i = 0; i < PORTALS_MAX; i++) {
		n = msg_get_nth(m, key, i, text, sizeof(text));
		if (n == -ENOENT)
			break;
		n = read_addr(text, n, &s->portals[i]);
		if (n)
			return n;
		s->nportals = i + 1;
	}
	return s->nportals ? 0 : -ENOENT;
}

#define WORDS(table) table, sizeof(table) / sizeof(*(table))

static int read_row(const struct msg_in *m, const struct row *r,
		    struct settings *s)
{
	void *field = (char *)s + r->at;

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
		return read_hex(m, r->key, field, ISID_LEN);
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
		return read_one_addr(m, r, field);
	case WORD_PORTALS:
		return read_portals(m, r->key, s);
	}
	return -EINVAL;
}

/* What an error of a reader means, in words. */
static int complain(int err, const char *key, struct strbuf *why)
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

/* What no single row can see. */
static int check_together(struct settings *s, struct strbuf *why)
{
	struct session_config *c = &s->session;

	/* RFC 7143 13.14: FirstBurstLength must not exceed MaxBurstLength. */
	if (c->first_burst > c->max_burst)
		c->first_burst = c->max_burst;
	if (s->preferred > s->nportals)
		s->preferred = s->nportals;
	if (c->out.secret_len && !*c->out.user)
		return complain(-ENOENT, "user", why);
	return 0;
}

/* The keys of this scope. */
static int read_keys(const struct msg_in *m, unsigned scope, struct settings *s,
		     struct strbuf *why)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		int err = r->scope & scope ? read_row(m, r, s) : 0;

		if (err && (err != -ENOENT || r->scope & WORD_NEEDED))
			return complain(err, r->key, why);
	}
	return check_together(s, why);
}

int settings_read(const struct msg_in *m, enum session_type type,
		  struct settings *out, struct strbuf *why)
{
	int err;

	memset(out, 0, sizeof(*out));
	session_config_defaults(&out->session);
	out->failover = true;
	out->group = SETTINGS_NO_GROUP;
	out->task_timeout = TASK_TIMEOUT;
	out->fence_timeout = FENCE_TIMEOUT;
	out->session.type = type;
	err = read_keys(
		m, type == SESSION_NORMAL ? WORD_OF_TARGET : WORD_OF_DISCOVERY,
		out, why);
	if (err)
		settings_wipe(out);
	return err;
}

int settings_portals(const struct msg_in *m, struct settings *out,
		     struct strbuf *why)
{
	uint64_t preferred = 0;
	int err = read_portals(m, "portal", out);

	if (err)
		return complain(err, "portal", why);
	/* Without it none is. */
	(void)msg_get_u64(m, "preferred", out->nportals, &preferred);
	out->preferred = (uint32_t)preferred;
	return 0;
}

int settings_own(const struct msg_in *m, struct addr *portal,
		 struct settings *io, struct strbuf *why)
{
	char text[ADDR_TEXT_SIZE];
	int n = msg_get(m, "portal", text, sizeof(text));

	if (read_addr(text, n, portal))
		return complain(-EINVAL, "portal", why);
	explicit_bzero(&io->session.out, sizeof(io->session.out));
	explicit_bzero(&io->session.in, sizeof(io->session.in));
	return read_keys(m, WORD_AT_PORTAL, io, why);
}

void settings_take_times(struct settings *s, const struct settings *from)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].scope & WORD_AT_ONCE)
			memcpy((char *)s + rows[i].at,
			       (const char *)from + rows[i].at, rows[i].size);
}

void settings_wipe(struct settings *s)
{
	explicit_bzero(s, sizeof(*s));
}

int settings_id(const struct msg_in *m, uint64_t *id, struct strbuf *why)
{
	int err = msg_get_u64(m, "id", UINT64_MAX, id);

	return err ? complain(err, "id", why) : 0;
}

int settings_lun(const struct msg_in *m, uint8_t lun[static LUN_LEN],
		 struct strbuf *why)
{
	int err = read_hex(m, "lun", lun, LUN_LEN);

	return err ? complain(err, "lun", why) : 0;
}

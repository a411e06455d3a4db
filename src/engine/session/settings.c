/*
 * settings - the keys of docs/engine-protocol.md as a table.
 */
#include "engine/session/settings.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/codec.h"
#include "base/str.h"
#include "ctl/msg.h"

enum kind {
	K_ID,	  /* uint64_t */
	K_TEXT,	  /* char[max], no control characters */
	K_NAME,	  /* char[max], and no blanks and not empty */
	K_SECRET, /* uint8_t[max], a size_t behind it */
	K_ISID,	  /* 12 hex digits */
	K_NUMBER, /* uint32_t within [min, max] */
	K_MS,	  /* uint32_t, milliseconds */
	K_BOOL,	  /* bool from 0 or 1 */
	K_DIGEST, /* enum digest_offer */
	K_REINSTATEMENT,
	K_SEEN, /* enum reinstates */
	K_ADDR, /* struct addr, numeric */
};

enum {
	NEEDED = 1,    /* by both verbs */
	NORMAL = 2,    /* counts for `target` only */
	DISCOVERY = 4, /* for `discover` only */
	OWN = 8,       /* may be another at each portal: `at` has it */
	TIME = 16,     /* ... and may change while a session stands */
};

struct row {
	const char *key;
	enum kind kind;
	unsigned flags;
	uint32_t min, max; /* of a number; max: the size of text */
	size_t at;	   /* of the field in struct settings */
};

/*
 * Twice what the SCSI layer of the kernel gives a disk: an array that moves a
 * LUN to its other half may need that, and a reset would only disturb it.
 */
#define TASK_TIMEOUT 60000 /* ms */

/* A path that stalls for longer is dead for most; docs/ghost-writes.md. */
#define FENCE_TIMEOUT 30000 /* ms */

#define AT(field)   offsetof(struct settings, field)
#define SIZE(field) 0, sizeof(((struct settings *)0)->field), AT(field)

/* RFC 7143 13.12 to 13.14 give the limits of the three lengths. */
static const struct row rows[] = {
	{ "id", K_ID, NEEDED, 0, 0, AT(id) },
	{ "name", K_NAME, NEEDED | NORMAL, SIZE(session.target_name) },
	{ "initiator", K_NAME, NEEDED, SIZE(session.initiator_name) },
	{ "alias", K_TEXT, 0, SIZE(session.initiator_alias) },
	{ "isid", K_ISID, NEEDED, 0, 0, AT(session.isid) },
	{ "user", K_TEXT, OWN, SIZE(session.out.user) },
	{ "secret", K_SECRET, OWN, SIZE(session.out.secret) },
	{ "user-in", K_TEXT, OWN, SIZE(session.in.user) },
	{ "secret-in", K_SECRET, OWN, SIZE(session.in.secret) },
	{ "header-digest", K_DIGEST, NORMAL, 0, 0, AT(session.header_digest) },
	{ "data-digest", K_DIGEST, NORMAL, 0, 0, AT(session.data_digest) },
	{ "initial-r2t", K_BOOL, NORMAL, 0, 0, AT(session.initial_r2t) },
	{ "immediate-data", K_BOOL, NORMAL, 0, 0, AT(session.immediate_data) },
	{ "max-recv-data", K_NUMBER, 0, 512, 16777215,
	  AT(session.max_recv_data) },
	{ "first-burst", K_NUMBER, NORMAL, 512, 16777215,
	  AT(session.first_burst) },
	{ "max-burst", K_NUMBER, NORMAL, 512, 16777215, AT(session.max_burst) },
	{ "login-timeout", K_MS, OWN | TIME, 0, UINT32_MAX,
	  AT(session.login_timeout) },
	{ "auth-timeout", K_MS, OWN | TIME, 0, UINT32_MAX,
	  AT(session.auth_timeout) },
	{ "active-timeout", K_MS, OWN | TIME, 0, UINT32_MAX,
	  AT(session.active_timeout) },
	{ "idle-timeout", K_MS, OWN | TIME, 0, UINT32_MAX,
	  AT(session.idle_timeout) },
	{ "ping-timeout", K_MS, OWN | TIME, 0, UINT32_MAX,
	  AT(session.ping_timeout) },
	{ "abort-timeout", K_MS, OWN | TIME, 0, UINT32_MAX,
	  AT(session.abort_timeout) },
	{ "reset-timeout", K_MS, OWN | TIME, 0, UINT32_MAX,
	  AT(session.reset_timeout) },
	{ "connfail-timeout", K_MS, NORMAL | OWN | TIME, 0, UINT32_MAX,
	  AT(connfail_timeout) },
	{ "preferred", K_NUMBER, NORMAL, 0, PORTALS_MAX, AT(preferred) },
	{ "failover", K_BOOL, NORMAL, 0, 0, AT(failover) },
	{ "disk-command-timeout", K_MS, NORMAL | OWN | TIME, 0, UINT32_MAX,
	  AT(disk_timeout) },
	{ "task-timeout", K_MS, NORMAL, 0, UINT32_MAX, AT(task_timeout) },
	{ "group", K_NUMBER, NORMAL, 0, UINT16_MAX, AT(group) },
	{ "doubt", K_BOOL, NORMAL, 0, 0, AT(doubt) },
	{ "resumes", K_NUMBER, NORMAL, 0, UINT32_MAX, AT(resumes) },
	{ "old-portal", K_ADDR, NORMAL, 0, 0, AT(old_portal) },
	{ "old-port", K_NUMBER, NORMAL, 1, UINT16_MAX, AT(old_port) },
	{ "fence-timeout", K_MS, NORMAL, 0, UINT32_MAX, AT(fence_timeout) },
	{ "reinstatement", K_REINSTATEMENT, NORMAL, 0, 0, AT(reinstatement) },
	{ "barrier-resets", K_BOOL, NORMAL, 0, 0, AT(barrier_resets) },
	{ "fence-reservation", K_BOOL, NORMAL, 0, 0, AT(fence_reservation) },
	{ "reinstates", K_SEEN, NORMAL, 0, 0, AT(seen) },
	{ "reinstates-ms", K_MS, NORMAL, 0, UINT32_MAX, AT(seen_ms) },
	{ "continuous", K_BOOL, DISCOVERY, 0, 1, AT(continuous) },
	{ "linger", K_MS, DISCOVERY, 0, UINT32_MAX, AT(linger) },
	{ "async-text", K_BOOL, DISCOVERY, 0, 1, AT(session.async_text) },
	{ "window", K_NUMBER, OWN, 0, 1u << 30, AT(window) },
};

static const char *const digest_words[] = {
	[DIGEST_NEVER] = "never",
	[DIGEST_PREFER_OFF] = "prefer-off",
	[DIGEST_PREFER_ON] = "prefer-on",
	[DIGEST_ALWAYS] = "always",
};

static const char *const reinstatement_words[] = {
	[REINSTATEMENT_SEE] = "see",
	[REINSTATEMENT_YES] = "yes",
	[REINSTATEMENT_NO] = "no",
};

/* All of them are read as one. */
_Static_assert(sizeof(enum digest_offer) == sizeof(unsigned) &&
		       sizeof(enum reinstatement) == sizeof(unsigned) &&
		       sizeof(enum reinstates) == sizeof(unsigned),
	       "enums are unsigned");

/* The readers: 0, -ENOENT (not given), or any other -errno. ------------ */

static int read_text(const struct msg_in *m, const struct row *r, void *field)
{
	char *dst = field;
	int n = msg_get(m, r->key, dst, r->max);

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
	size_t *len = (size_t *)(void *)((char *)field + r->max);
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
	int err = msg_get_u64(m, r->key, r->max, &v);

	if (err)
		return err;
	if (v < r->min)
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

#define WORDS(table) table, sizeof(table) / sizeof(*(table))

static int read_row(const struct msg_in *m, const struct row *r,
		    struct settings *s)
{
	void *field = (char *)s + r->at;

	switch (r->kind) {
	case K_ID:
		return msg_get_u64(m, r->key, UINT64_MAX, field);
	case K_TEXT:
		return read_text(m, r, field);
	case K_NAME:
		return read_name(m, r, field);
	case K_SECRET:
		return read_secret(m, r, field);
	case K_ISID:
		return read_hex(m, r->key, field, ISID_LEN);
	case K_NUMBER:
	case K_MS:
		return read_number(m, r, field);
	case K_BOOL:
		return read_bool(m, r, field);
	case K_DIGEST:
		return read_word(m, r, field, WORDS(digest_words));
	case K_REINSTATEMENT:
		return read_word(m, r, field, WORDS(reinstatement_words));
	case K_SEEN:
		return read_word(m, r, field, WORDS(reinstates_words));
	case K_ADDR:
		return read_one_addr(m, r, field);
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

static int read_portals(const struct msg_in *m, struct settings *s,
			struct strbuf *why)
{
	char text[ADDR_TEXT_SIZE];
	int n;

	s->nportals = 0;
	for (unsigned i = 0; i < PORTALS_MAX; i++) {
		n = msg_get_nth(m, "portal", i, text, sizeof(text));
		if (n == -ENOENT)
			break;
		n = read_addr(text, n, &s->portals[i]);
		if (n)
			return complain(n, "portal", why);
		s->nportals = i + 1;
	}
	return s->nportals ? 0 : complain(-ENOENT, "portal", why);
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

static int read_all(const struct msg_in *m, struct settings *s,
		    struct strbuf *why)
{
	bool normal = s->session.type == SESSION_NORMAL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		int err;

		if (r->flags & (normal ? DISCOVERY : NORMAL))
			continue;
		err = read_row(m, r, s);
		if (err && (err != -ENOENT || r->flags & NEEDED))
			return complain(err, r->key, why);
	}
	if (read_portals(m, s, why))
		return -EINVAL;
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
	err = read_all(m, out, why);
	if (err)
		settings_wipe(out);
	return err;
}

int settings_portals(const struct msg_in *m, struct settings *out,
		     struct strbuf *why)
{
	uint64_t preferred = 0;

	if (read_portals(m, out, why))
		return -EINVAL;
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
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int err = rows[i].flags & OWN ? read_row(m, &rows[i], io) : 0;

		if (err && err != -ENOENT)
			return complain(err, rows[i].key, why);
	}
	return check_together(io, why);
}

void settings_take_times(struct settings *s, const struct settings *from)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].flags & TIME)
			memcpy((char *)s + rows[i].at,
			       (const char *)from + rows[i].at,
			       sizeof(uint32_t));
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

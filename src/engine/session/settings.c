/*
 * settings - reads the keys of words/session_keys.h.
 */
#include "engine/session/settings.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "ctl/msg.h"
#include "engine/session/keys.h"
#include "words/words.h"

struct row {
	struct key_row row;
	unsigned scope; /* set of enum word_scope */
};

/*
 * Twice what the SCSI layer of the kernel gives a disk: an array that moves a
 * LUN to its other half may need that, and a reset would only disturb it.
 */
#define TASK_TIMEOUT 60000 /* ms */

/* A path that stalls for longer is dead for most; docs/ghost-writes.md. */
#define FENCE_TIMEOUT 30000 /* ms */

static const struct row rows[] = {
#define SESSION_KEY(key, kind, least, most, scope, from, to, help)             \
	{ { key, WORD_##kind, least, most, KEY_FIELD(struct settings, to) },   \
	  scope },
#include "words/session_keys.h"
};

/* What may be another at a portal is kept for each of them. */
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

/* As key_read() wants it. */
_Static_assert(offsetof(struct settings, nportals) ==
		       offsetof(struct settings, portals) +
			       PORTALS_MAX * sizeof(struct addr),
	       "the count stands behind the portals");

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
		return key_complain(-ENOENT, "user", why);
	return 0;
}

/* The keys of this scope. */
static int read_keys(const struct msg_in *m, unsigned scope, struct settings *s,
		     struct strbuf *why)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		int err = r->scope & scope ? key_read(m, &r->row, s) : 0;

		if (err && (err != -ENOENT || r->scope & WORD_NEEDED))
			return key_complain(err, r->row.key, why);
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
	int err = key_portals(m, "portal", out->portals, &out->nportals);

	if (err)
		return key_complain(err, "portal", why);
	/* Without it none is. */
	(void)msg_get_u64(m, "preferred", out->nportals, &preferred);
	out->preferred = (uint32_t)preferred;
	return 0;
}

int settings_own(const struct msg_in *m, struct addr *portal,
		 struct settings *io, struct strbuf *why)
{
	if (key_addr(m, "portal", portal))
		return key_complain(-EINVAL, "portal", why);
	explicit_bzero(&io->session.out, sizeof(io->session.out));
	explicit_bzero(&io->session.in, sizeof(io->session.in));
	return read_keys(m, WORD_AT_PORTAL, io, why);
}

void settings_take_times(struct settings *s, const struct settings *from)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].scope & WORD_AT_ONCE)
			memcpy((char *)s + rows[i].row.at,
			       (const char *)from + rows[i].row.at,
			       rows[i].row.size);
}

void settings_wipe(struct settings *s)
{
	explicit_bzero(s, sizeof(*s));
}

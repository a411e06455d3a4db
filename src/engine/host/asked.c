/*
 * asked - what the manager asks for, checked and put into a struct.
 */
#include "engine/host/asked.h"

#include <errno.h>
#include <string.h>

#include "ctl/msg.h"
#include "engine/session/keys.h"

struct row {
	struct key_row row;
	bool needed;
};

/* HAS() and SETTINGS() are read by others. */
#define HAS(key)
#define SETTINGS(scope)
#define KEY(key, kind, least, most, need, field)                               \
	{ { key, WORD_##kind, least, most, KEY_FIELD(struct asked, field) },   \
	  need },
#define MESSAGE(name, when, keys)                                              \
	static const struct row name##_rows[] = { keys };
#include "words/to_engine.h"

static const struct message {
	const char *verb;
	unsigned when;
	const struct row *rows;
	size_t count;
} messages[ASKED_KINDS] = {
#define MESSAGE(name, when, keys)                                              \
	{ #name, when, name##_rows, sizeof(name##_rows) / sizeof(struct row) },
#include "words/to_engine.h"
};

enum asked_kind asked_kind(const struct msg_in *m)
{
	enum asked_kind kind = 0;

	while (kind < ASKED_KINDS && !msg_is(m, messages[kind].verb))
		kind++;
	return kind;
}

const char *asked_verb(enum asked_kind kind)
{
	return messages[kind].verb;
}

bool asked_is_due(enum asked_kind kind, unsigned when)
{
	return messages[kind].when & when;
}

static bool is_subject(const struct row *r)
{
	return r->row.kind == WORD_ID || r->row.kind == WORD_LUN;
}

int asked_read(const struct msg_in *m, enum asked_kind kind, struct asked *out,
	       bool *has_subject, struct strbuf *why)
{
	const struct message *a = &messages[kind];

	memset(out, 0, sizeof(*out));
	out->kind = kind;
	for (size_t i = 0; i < a->count; i++) {
		const struct row *r = &a->rows[i];
		int err = key_read(m, &r->row, out);

		*has_subject = !is_subject(r);
		if (err && (err != -ENOENT || r->needed))
			return key_complain(err, r->row.key, why);
	}
	return 0;
}

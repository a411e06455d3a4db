/*
 * note - lines for people about a session.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/str.h"
#include "proto/state.h"

#define NOTES_PERIOD 10000 /* ms */
#define NOTES_MAX    20	   /* in a period: what a target can make us say */

/* A new period begins: says how much of the old one was left out. */
static void begin_notes(struct session *s)
{
	char line[64];

	if (s->notes > NOTES_MAX) {
		snprintf(line, sizeof(line), "%u more lines were left out",
			 s->notes - NOTES_MAX);
		s->ops.user->note(s->ctx, LOG_WARNING, line);
	}
	s->notes = 0;
	s->notes_since = s->now;
}

void session_note(struct session *s, int level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	if (s->now - s->notes_since >= NOTES_PERIOD)
		begin_notes(s);
	if (++s->notes > NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->ops.user->note(s->ctx, level, line);
}

void session_say(struct session *s, enum topic topic, const char *fmt, ...)
{
	char line[900];
	va_list ap;

	if (!topic_is_on(topic))
		return;
	va_start(ap, fmt);
	topic_line(line, sizeof(line), topic, fmt, ap);
	va_end(ap);
	s->ops.user->note(s->ctx, LOG_DEBUG, line);
}

/* What a text of the login or of discovery says; proofs and secrets not. */
void session_say_keys(struct session *s, enum topic topic, const char *what,
		      const char *p, size_t n)
{
	struct text_pair kv;
	char line[700], value[128];
	struct strbuf sb;
	size_t pos = 0;

	if (!topic_is_on(topic))
		return;
	sb_init(&sb, line, sizeof(line));
	while (text_next(p, n, &pos, &kv) > 0) {
		bool chap = kv.key_len > 5 && !strncmp(kv.key, "CHAP_", 5);

		str_printable(value, sizeof(value), kv.value, kv.value_len);
		sb_add(&sb, " %.*s=%s", (int)kv.key_len, kv.key,
		       chap && strncmp(kv.key, "CHAP_A", 6) ? "***" : value);
	}
	session_say(s, topic, "%s%s", what, sb.len ? line : " (no keys)");
}

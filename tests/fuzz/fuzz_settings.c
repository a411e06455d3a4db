/*
 * fuzz_settings - orders of the manager as an engine reads them.
 */
#include "fuzz.h"

#include "base/str.h"
#include "ctl/msg.h"
#include "engine/host/asked.h"
#include "engine/session/settings.h"

static void check(const struct settings *s)
{
	const struct session_config *c = &s->session;

	MUST(s->nportals >= 1 && s->nportals <= PORTALS_MAX);
	MUST(s->preferred <= s->nportals);
	MUST(memchr(c->target_name, '\0', sizeof(c->target_name)));
	MUST(c->type == SESSION_DISCOVERY || *c->target_name);
	MUST(*c->initiator_name);
	MUST(c->out.secret_len <= sizeof(c->out.secret));
	MUST(c->in.secret_len <= sizeof(c->in.secret));
	MUST(c->first_burst <= c->max_burst && c->max_burst <= 16777215);
	for (unsigned i = 0; i < s->nportals; i++)
		MUST(addr_is_numeric(&s->portals[i]));
}

static void read_as(const struct msg_in *m, enum session_type type)
{
	static struct settings s;
	char text[128] = "";
	struct strbuf why;

	sb_init(&why, text, sizeof(text));
	if (settings_read(m, type, &s, &why))
		MUST(*text);
	else
		check(&s);
	settings_wipe(&s);
}

static void check_asked(const struct asked *a)
{
	if (a->kind != ASKED_attach)
		return;
	MUST(memchr(a->attach.expect, '\0', sizeof(a->attach.expect)));
	MUST(memchr(a->attach.export, '\0', sizeof(a->attach.export)));
	MUST(a->attach.depth <= UINT16_MAX);
}

static void read_parts(const struct msg_in *m)
{
	static struct settings s;
	static struct asked a;
	struct strbuf why;
	char text[128];
	bool has_subject;

	sb_init(&why, text, sizeof(text));
	for (enum asked_kind kind = 0; kind < ASKED_KINDS; kind++)
		if (!asked_read(m, kind, &a, &has_subject, &why))
			check_asked(&a);
	if (!settings_portals(m, &s, &why))
		MUST(s.nportals >= 1 && s.preferred <= s.nportals);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct msg_in m;

	if (msg_read(&m, (const char *)data, size))
		return 0;
	read_as(&m, SESSION_NORMAL);
	read_as(&m, SESSION_DISCOVERY);
	read_parts(&m);
	return 0;
}

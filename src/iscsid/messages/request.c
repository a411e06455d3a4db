/*
 * request - what the manager tells an engine, as messages.
 */
#include "iscsid/messages/request.h"

#include <string.h>

#include "base/codec.h"
#include "base/str.h"
#include "words/words.h"

/* What the rows of words/session_keys.h name. */
struct told {
	const struct target_request *of; /* NULL: of `at`, which needs none */
	const struct conf_settings *conf;
	/* What is worked out: */
	uint32_t preferred, disk_timeout, reinstatement, old_port, linger;
	const char *group, *old_portal; /* NULL: not known */
	bool barrier_resets, fence_reservation, continuous, async_text;
};

static void put_text(struct msg_out *m, const char *key, const char *text)
{
	if (text && *text)
		msg_str(m, key, text);
}

static void put_number(struct msg_out *m, const char *key, uint32_t n,
		       unsigned scope)
{
	if (n || !(scope & WORD_NOT_0))
		msg_u64(m, key, n);
}

static void put_isid(struct msg_out *m, const char *key, const uint8_t *isid)
{
	char hex[2 * CONF_ISID_LEN + 1];

	hex_put(hex, isid, CONF_ISID_LEN);
	msg_str(m, key, hex);
}

static void put_portals(struct msg_out *m, const char *key,
			const struct target_request *o)
{
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < o->nportals; i++) {
		addr_format(&o->portals[i], true, text, sizeof(text));
		msg_str(m, key, text);
	}
}

#define PUT_ID(key, value, scope)      msg_u64(m, key, value)
#define PUT_NUMBER(key, value, scope)  put_number(m, key, value, scope)
#define PUT_MS(key, value, scope)      put_number(m, key, value, scope)
#define PUT_BOOL(key, value, scope)    msg_u64(m, key, value)
#define PUT_TEXT(key, value, scope)    put_text(m, key, value)
#define PUT_NAME(key, value, scope)    put_text(m, key, value)
#define PUT_SECRET(key, value, scope)  put_text(m, key, value)
#define PUT_ADDR(key, value, scope)    put_text(m, key, value)
#define PUT_TAG(key, value, scope)     put_text(m, key, value)
#define PUT_SEEN(key, value, scope)    put_text(m, key, value)
#define PUT_ISID(key, value, scope)    put_isid(m, key, value)
#define PUT_PORTALS(key, value, scope) put_portals(m, key, t->of)
#define PUT_DIGEST(key, value, scope)  msg_str(m, key, digest_words[value])
#define PUT_REINSTATEMENT(key, value, scope)                                   \
	msg_str(m, key, reinstatement_words[value])

#define CONF(field) t->conf->field
#define OF(field)   t->of->field
#define MADE(field) t->field

/* All keys of this scope. */
static void put_keys(const struct told *t, unsigned wanted, struct msg_out *m)
{
#define SESSION_KEY(key, kind, least, most, scope, from, to, help)             \
	if ((scope)&wanted)                                                    \
		PUT_##kind(key, from, scope);
#include "words/session_keys.h"
}

/* The other paths of a disk would be other hosts to it. */
static bool reserves(const struct conf_settings *s)
{
	return s->fence_reservation && s->multipath == CONF_MULTIPATH_NO;
}

static bool is_known(const struct target_request *o)
{
	return o->reinstates && (strcmp(o->reinstates, "yes") == 0 ||
				 strcmp(o->reinstates, "no") == 0);
}

/* What is known already needs no look. */
static uint32_t how_to_see(const struct target_request *o)
{
	uint32_t how = o->settings->reinstatement;

	if (how == CONF_REINSTATEMENT_SEE && !o->sole && !is_known(o))
		return CONF_REINSTATEMENT_NO;
	return how;
}

/* How many of the portals, which are sorted, are preferred. */
static uint32_t order_preferred(const struct target_request *o)
{
	uint32_t n = 0;

	while (n < o->nportals &&
	       conf_portal_rank(o->settings, &o->portals[n]) <
		       CONF_PORTAL_OTHER)
		n++;
	return n;
}

/* An engine said it, and may have said anything; -1: it did not know. */
static bool is_tag(const char *text)
{
	uint64_t tag;

	return str_u64(text, strlen(text), UINT16_MAX, &tag) == 0;
}

/* An engine told the portal, too. */
static bool has_old_connection(const struct target_request *o)
{
	struct addr a;

	return o->old_port &&
	       !addr_parse(o->old_portal, strlen(o->old_portal), &a) &&
	       addr_is_numeric(&a);
}

static struct told told_at(const struct conf_settings *s)
{
	return (struct told){
		.conf = s,
		.disk_timeout = conf_disk_timeout(s),
	};
}

static struct told told_of(const struct target_request *o)
{
	struct told t = told_at(o->settings);

	t.of = o;
	t.preferred = order_preferred(o);
	t.reinstatement = how_to_see(o);
	t.barrier_resets = o->settings->barrier == CONF_BARRIER_RESET;
	t.fence_reservation = reserves(o->settings);
	if (o->group && is_tag(o->group))
		t.group = o->group;
	if (has_old_connection(o)) {
		t.old_portal = o->old_portal;
		t.old_port = o->old_port;
	}
	return t;
}

void request_target(const struct target_request *o, struct msg_out *m)
{
	const struct told t = told_of(o);

	msg_begin(m, "target");
	put_keys(&t, WORD_OF_TARGET, m);
}

void request_settings(const struct target_request *o, struct msg_out *m)
{
	const struct told t = told_of(o);

	msg_begin(m, "settings");
	put_keys(&t, WORD_OF_TARGET, m);
}

void request_discover(const struct target_request *o, bool lasting,
		      struct msg_out *m)
{
	struct told t = told_of(o);

	t.continuous = lasting;
	t.linger = REQUEST_LINGER;
	t.async_text = lasting && o->settings->send_async_text;
	msg_begin(m, "discover");
	put_keys(&t, WORD_OF_DISCOVERY, m);
}

void request_at(struct msg_out *m, uint64_t id, const struct addr *portal,
		const struct conf_settings *settings)
{
	const struct told t = told_at(settings);
	char text[ADDR_TEXT_SIZE];

	addr_format(portal, false, text, sizeof(text));
	request_simple(m, "at", id);
	msg_str(m, "portal", text);
	put_keys(&t, WORD_AT_PORTAL, m);
}

bool request_differs(const struct conf_settings *a,
		     const struct conf_settings *b)
{
	static const struct addr anywhere;
	static struct msg_out x, y;
	bool differs;

	request_at(&x, 0, &anywhere, a);
	request_at(&y, 0, &anywhere, b);
	differs = strcmp(x.text, y.text) != 0;
	request_wipe(&x);
	request_wipe(&y);
	return differs;
}

void request_portals(const struct target_request *o, struct msg_out *m)
{
	request_simple(m, "portals", o->id);
	put_portals(m, "portal", o);
	msg_u64(m, "preferred", order_preferred(o));
}

void request_simple(struct msg_out *m, const char *verb, uint64_t id)
{
	msg_begin(m, verb);
	msg_u64(m, "id", id);
}

void request_lun(struct msg_out *m, const char *verb, uint64_t id,
		 const uint8_t lun[static LUN_LEN])
{
	char hex[2 * LUN_LEN + 1];

	request_simple(m, verb, id);
	hex_put(hex, lun, LUN_LEN);
	msg_str(m, "lun", hex);
}

void request_wipe(struct msg_out *m)
{
	explicit_bzero(m->text, sizeof(m->text));
	m->len = 0;
}

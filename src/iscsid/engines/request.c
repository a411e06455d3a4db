/*
 * request - what the manager tells an engine, as messages.
 */
#include "iscsid/engines/request.h"

#include <string.h>

#include "base/codec.h"
#include "base/str.h"

static const char *digest_word(uint32_t digest)
{
	static const char *const words[] = {
		[CONF_DIGEST_NEVER] = "never",
		[CONF_DIGEST_PREFER_OFF] = "prefer-off",
		[CONF_DIGEST_PREFER_ON] = "prefer-on",
		[CONF_DIGEST_ALWAYS] = "always",
	};

	return words[digest];
}

static void add_portals(const struct target_request *o, struct msg_out *m)
{
	char text[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < o->nportals; i++) {
		addr_format(&o->portals[i], true, text, sizeof(text));
		msg_str(m, "portal", text);
	}
}

static void add_who(const struct target_request *o, struct msg_out *m)
{
	char isid[2 * CONF_ISID_LEN + 1];

	hex_put(isid, o->isid, CONF_ISID_LEN);
	msg_str(m, "initiator", o->initiator->name);
	msg_str(m, "alias", o->initiator->alias);
	msg_str(m, "isid", isid);
	add_portals(o, m);
}

static void add_credentials(const struct conf_credentials *c, const char *user,
			    const char *secret, struct msg_out *m)
{
	if (*c->user)
		msg_str(m, user, c->user);
	if (*c->secret)
		msg_str(m, secret, c->secret);
}

static void add_session(const struct conf_settings *s, struct msg_out *m)
{
	add_credentials(&s->out, "user", "secret", m);
	add_credentials(&s->in, "user-in", "secret-in", m);
	msg_u64(m, "login-timeout", s->login_timeout);
	msg_u64(m, "auth-timeout", s->auth_timeout);
	msg_u64(m, "active-timeout", s->active_timeout);
	msg_u64(m, "idle-timeout", s->idle_timeout);
	msg_u64(m, "ping-timeout", s->ping_timeout);
}

static void add_operational(const struct conf_settings *s, struct msg_out *m)
{
	msg_str(m, "header-digest", digest_word(s->header_digest));
	msg_str(m, "data-digest", digest_word(s->data_digest));
	msg_u64(m, "initial-r2t", s->initial_r2t);
	msg_u64(m, "immediate-data", s->immediate_data);
	msg_u64(m, "max-recv-data", s->max_recv_data);
	msg_u64(m, "first-burst", s->first_burst);
	msg_u64(m, "max-burst", s->max_burst);
}

static void add_path(const struct conf_settings *s, struct msg_out *m)
{
	msg_u64(m, "abort-timeout", s->abort_timeout);
	msg_u64(m, "reset-timeout", s->reset_timeout);
	msg_u64(m, "connfail-timeout", s->connfail_timeout);
	msg_u64(m, "disk-command-timeout", conf_disk_timeout(s));
	msg_u64(m, "window", s->tcp_window);
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

static void add_fence(const struct target_request *o, struct msg_out *m)
{
	static const char *const words[] = {
		[CONF_REINSTATEMENT_SEE] = "see",
		[CONF_REINSTATEMENT_YES] = "yes",
		[CONF_REINSTATEMENT_NO] = "no",
	};
	uint32_t how = o->settings->reinstatement;

	/* What is known already needs no look. */
	if (how == CONF_REINSTATEMENT_SEE && !o->sole && !is_known(o))
		how = CONF_REINSTATEMENT_NO;
	msg_u64(m, "fence-timeout", o->settings->fence_timeout);
	msg_str(m, "reinstatement", words[how]);
	msg_u64(m, "barrier-resets",
		o->settings->barrier == CONF_BARRIER_RESET);
	msg_u64(m, "fence-reservation", reserves(o->settings));
	if (!o->reinstates || !*o->reinstates)
		return;
	msg_str(m, "reinstates", o->reinstates);
	msg_u64(m, "reinstates-ms", o->reinstates_ms);
}

/* How many of the portals, which are sorted, are preferred. */
static size_t order_preferred(const struct target_request *o)
{
	size_t n = 0;

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

void request_portals(const struct target_request *o, struct msg_out *m)
{
	request_simple(m, "portals", o->id);
	add_portals(o, m);
	msg_u64(m, "preferred", order_preferred(o));
}

/* An engine told the portal, too. */
static void add_old_connection(const struct target_request *o,
			       struct msg_out *m)
{
	struct addr a;

	if (!o->old_port ||
	    addr_parse(o->old_portal, strlen(o->old_portal), &a) ||
	    !addr_is_numeric(&a))
		return;
	msg_str(m, "old-portal", o->old_portal);
	msg_u64(m, "old-port", o->old_port);
}

static void put_target(const struct target_request *o, const char *verb,
		       struct msg_out *m)
{
	request_simple(m, verb, o->id);
	msg_str(m, "name", o->name);
	add_who(o, m);
	msg_u64(m, "preferred", order_preferred(o));
	msg_u64(m, "failover", o->settings->portal_failover);
	if (o->group && is_tag(o->group))
		msg_str(m, "group", o->group);
	msg_u64(m, "resumes", o->resumes);
	msg_u64(m, "doubt", o->doubted);
	add_old_connection(o, m);
	add_session(o->settings, m);
	add_operational(o->settings, m);
	add_path(o->settings, m);
	add_fence(o, m);
	if (o->task_timeout)
		msg_u64(m, "task-timeout", o->task_timeout);
}

void request_target(const struct target_request *o, struct msg_out *m)
{
	put_target(o, "target", m);
}

void request_settings(const struct target_request *o, struct msg_out *m)
{
	put_target(o, "settings", m);
}

void request_at(struct msg_out *m, uint64_t id, const struct addr *portal,
		const struct conf_settings *settings)
{
	char text[ADDR_TEXT_SIZE];

	addr_format(portal, false, text, sizeof(text));
	request_simple(m, "at", id);
	msg_str(m, "portal", text);
	add_session(settings, m);
	add_path(settings, m);
}

void request_discover(const struct target_request *o, bool lasting,
		      struct msg_out *m)
{
	request_simple(m, "discover", o->id);
	add_who(o, m);
	add_session(o->settings, m);
	msg_u64(m, "continuous", lasting);
	msg_u64(m, "linger", REQUEST_LINGER);
	msg_u64(m, "async-text", lasting && o->settings->send_async_text);
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

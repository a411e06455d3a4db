/*
 * tell - what a target tells the manager (docs/engine-protocol.md).
 */
#include "engine/target/tell.h"

#include "base/codec.h"
#include "base/str.h"
#include "words/words.h"

static struct msg_out *begin_session(struct engine_target *t, const char *state)
{
	struct msg_out *m = engine_begin(t->engine, "session");
	char portal[ADDR_TEXT_SIZE];

	addr_format(&t->at, true, portal, sizeof(portal));
	msg_u64(m, "id", t->settings.id);
	msg_str(m, "state", state);
	msg_str(m, "portal", portal);
	return m;
}

static const char *digest_word(bool on)
{
	return on ? "CRC32C" : "None";
}

void engine_target_tell_up(struct engine_target *t)
{
	char isid[2 * ISID_LEN + 1];
	struct session_info i;
	struct msg_out *m = begin_session(t, "up");

	session_info(t->nexus->session, &i);
	hex_put(isid, t->settings.session.isid, ISID_LEN);
	msg_u64(m, "tsih", i.tsih);
	msg_str(m, "isid", isid);
	msg_i64(m, "group", t->group);
	msg_u64(m, "local-port", t->nexus->link.sock.local_port);
	msg_str(m, "alias", i.target_alias);
	msg_str(m, "auth", i.auth);
	msg_str(m, "header-digest", digest_word(i.header_digest));
	msg_str(m, "data-digest", digest_word(i.data_digest));
	msg_u64(m, "initial-r2t", i.initial_r2t);
	msg_u64(m, "immediate-data", i.immediate_data);
	msg_u64(m, "max-recv-data", i.max_recv_data);
	msg_u64(m, "max-xmit-data", i.max_xmit_data);
	msg_u64(m, "first-burst", i.first_burst);
	msg_u64(m, "max-burst", i.max_burst);
	msg_u64(m, "max-r2t", i.max_outstanding_r2t);
	engine_post(t->engine);
}

void engine_target_tell_down(struct engine_target *t, const struct fault *why,
			     const char *detail, uint32_t wait)
{
	char reason[512];
	struct strbuf sb;
	struct msg_out *m = begin_session(t, "down");

	sb_init(&sb, reason, sizeof(reason));
	sb_add(&sb, *detail ? "%s: %s" : "%s", why->text, detail);
	msg_str(m, "fault", why->name);
	msg_str(m, "reason", reason);
	if (wait == BACKOFF_NEVER)
		msg_u64(m, "given-up", 1);
	else
		msg_u64(m, "wait", wait);
	engine_post(t->engine);
}

void engine_target_tell_redirected(struct engine_target *t,
				   const struct addr *to)
{
	struct msg_out *m = engine_begin(t->engine, "redirected");
	char portal[ADDR_TEXT_SIZE];

	addr_format(to, false, portal, sizeof(portal));
	msg_u64(m, "id", t->settings.id);
	msg_str(m, "portal", portal);
	engine_post(t->engine);
}

void engine_target_tell_moved(struct engine_target *t)
{
	struct msg_out *m = engine_begin(t->engine, "moved");
	char from[ADDR_TEXT_SIZE], to[ADDR_TEXT_SIZE];

	t->moved = false;
	addr_format(&t->moved_from, true, from, sizeof(from));
	addr_format(&t->moved_to, true, to, sizeof(to));
	msg_u64(m, "id", t->settings.id);
	msg_str(m, "from", from);
	msg_str(m, "portal", to);
	engine_post(t->engine);
}

void engine_target_tell_removed(struct engine_target *t)
{
	struct msg_out *m = engine_begin(t->engine, "removed");

	msg_u64(m, "id", t->settings.id);
	msg_u64(m, "doubt", !luns_are_clear(&t->luns));
	engine_post(t->engine);
}

void engine_target_tell_fence(struct engine_target *t)
{
	struct msg_out *m = engine_begin(t->engine, "fence");
	uint64_t now = io_now(t->engine->loop);
	struct luns_fence f;

	luns_fence(&t->luns, &f);
	msg_u64(m, "id", t->settings.id);
	msg_str(m, "reinstates", reinstates_words[t->witness.verdict]);
	msg_u64(m, "reinstates-ms", t->witness.ms);
	msg_u64(m, "holds", f.holds);
	if (f.holds) {
		if (f.place >= 0)
			msg_i64(m, "group", f.place);
		msg_u64(m, "since", now > f.since ? now - f.since : 0);
		msg_u64(m, "left", f.until > now ? f.until - now : 0);
	}
	engine_post(t->engine);
}

static void tell_settled(struct engine_target *t)
{
	struct msg_out *m = engine_begin(t->engine, "settled");

	msg_u64(m, "id", t->settings.id);
	msg_i64(m, "group", t->group);
	engine_post(t->engine);
}

void engine_target_settle(struct engine_target *t)
{
	if (t->settled || !engine_target_is_up(t) || t->group < 0 ||
	    luns_are_in_doubt(&t->luns))
		return;
	t->settled = true;
	luns_are_settled(&t->luns);
	tell_settled(t);
}

void engine_target_tell_all(struct engine_target *t)
{
	struct msg_out *m = engine_begin(t->engine, "has");

	msg_u64(m, "id", t->settings.id);
	msg_str(m, "name", t->settings.session.target_name);
	if (t->settled)
		msg_i64(m, "group", t->group);
	msg_u64(m, "age",
		(io_now(t->engine->loop) -
		 (engine_target_is_up(t) ? t->up_since : t->down_since)) /
			1000);
	engine_post(t->engine);
	if (engine_target_is_up(t))
		engine_target_tell_up(t);
	engine_target_tell_fence(t);
	luns_tell_all(&t->luns);
}

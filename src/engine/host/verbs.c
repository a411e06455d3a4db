/*
 * verbs - does what the manager asks for (words/to_engine.h).
 */
#include "engine/host/verbs.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/log.h"
#include "base/str.h"
#include "base/topic.h"
#include "engine/discovery/discovery.h"
#include "engine/host/asked.h"
#include "engine/host/handover.h"
#include "engine/session/settings.h"
#include "engine/lun/geometry_keys.h"
#include "engine/target/reconfigure.h"
#include "engine/target/target.h"
#include "export/export.h"
#include "io/pulse.h"

#define PROTOCOL_VERSION 1

static void refuse(struct engine *e, const struct asked *a, const char *why)
{
	engine_refuse(e, asked_verb(a->kind), why);
}

/* Without a page it is asked now and then whether it still answers. */
static bool show_pulse(int fd)
{
	int err = -ENOENT;

	pulse_hide(); /* what another showed is not looked at any more */
	if (fd >= 0)
		err = pulse_show(fd);
	if (err && err != -ENOENT)
		log_warn(NULL,
			 "cannot be watched (%s): a hang shows after 20 s",
			 strerror(-err));
	return !err;
}

/* The implied one is served by all engines. */
static void add_serves(const struct engine *e, struct msg_out *out)
{
	const struct export_ops *via;

	for (unsigned i = 0; (via = export_at(i)); i++)
		if (!via->implied)
			msg_u64(out, via->name, e->serves >> i & 1);
}

static void do_hello(struct engine *e, const struct asked *a,
		     const struct msg_in *m, int *fd)
{
	struct msg_out *out;
	bool shows;

	if (a->version != PROTOCOL_VERSION) {
		refuse(e, a, "version 1 is spoken here");
		return;
	}
	e->greeted = true;
	shows = show_pulse(*fd);
	out = engine_begin(e, "ready");
	msg_u64(out, "version", PROTOCOL_VERSION);
	msg_i64(out, "pid", getpid());
	add_serves(e, out);
	msg_u64(out, "pulse", shows);
	engine_post(e);
}

static void do_session(struct engine *e, const struct asked *a,
		       const struct msg_in *m, enum session_type type,
		       int (*start)(struct engine *e, const struct settings *s))
{
	static struct settings s;
	char text[128];
	struct strbuf why;
	int err;

	sb_init(&why, text, sizeof(text));
	if (settings_read(m, type, &s, &why)) {
		refuse(e, a, text);
		return;
	}
	s.session.random = engine_random;
	if (idmap_get(&e->targets, s.id) || idmap_get(&e->discoveries, s.id))
		err = -EEXIST;
	else
		err = start(e, &s);
	settings_wipe(&s);
	if (err)
		refuse(e, a, strerror(-err));
}

static void do_target(struct engine *e, const struct asked *a,
		      const struct msg_in *m, int *fd)
{
	do_session(e, a, m, SESSION_NORMAL, engine_target_start);
}

/* The same keys, for a target that is there; else it means nothing. */
static void do_settings(struct engine *e, const struct asked *a,
			const struct msg_in *m, int *fd)
{
	static struct settings s;
	char text[128];
	struct strbuf why;
	struct engine_target *t;

	sb_init(&why, text, sizeof(text));
	if (settings_read(m, SESSION_NORMAL, &s, &why)) {
		refuse(e, a, text);
		return;
	}
	s.session.random = engine_random;
	t = engine_target_find(e, s.id);
	if (t)
		engine_target_change(t, &s);
	settings_wipe(&s);
}

static void do_discover(struct engine *e, const struct asked *a,
			const struct msg_in *m, int *fd)
{
	do_session(e, a, m, SESSION_DISCOVERY, discovery_start);
}

static void tell_detached(struct engine *e, const struct asked *a, int err)
{
	struct msg_out *m = engine_begin(e, "detached");
	char hex[2 * LUN_LEN + 1];

	hex_put(hex, a->lun, LUN_LEN);
	msg_u64(m, "id", a->id);
	msg_str(m, "lun", hex);
	msg_u64(m, "error", (uint64_t)-err);
	engine_post(e);
}

/* A manager of an older version does not tell it. */
static void read_past(const struct msg_in *m, struct lun_attach *a)
{
	if (msg_get(m, "serial", a->serial, sizeof(a->serial)) < 0)
		*a->serial = '\0';
	(void)geometry_keys_get(m, &a->geometry); /* else it is not known */
}

static int attach(struct engine *e, const struct asked *a,
		  const struct msg_in *m, int fd)
{
	struct engine_target *t = engine_target_find(e, a->id);
	struct lun_attach l = {
		.via = export_find(a->attach.export),
		.fd = fd,
		.depth = a->attach.depth,
		.resume = a->attach.resume,
	};

	if (!t)
		return -ENODEV;
	if (fd < 0)
		return -EBADF;
	if (!l.via)
		return -EINVAL;
	str_copy(l.expect, sizeof(l.expect), a->attach.expect);
	if (l.resume)
		read_past(m, &l);
	return engine_target_attach(t, a->lun, &l);
}

static void do_attach(struct engine *e, const struct asked *a,
		      const struct msg_in *m, int *fd)
{
	int err = attach(e, a, m, *fd);

	if (err)
		tell_detached(e, a, err);
	else
		*fd = -1;
}

/* What is not attached, or not known, is detached already. */
static void do_detach(struct engine *e, const struct asked *a,
		      const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);

	if (!t || luns_detach(&t->luns, a->lun) < 0)
		tell_detached(e, a, 0);
}

static void do_forget(struct engine *e, const struct asked *a,
		      const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);
	int err = t ? luns_forget(&t->luns, a->lun) : 0;

	if (err)
		refuse(e, a, strerror(-err));
}

static void do_rescan(struct engine *e, const struct asked *a,
		      const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);

	if (!t) {
		refuse(e, a, "no target has this id");
		return;
	}
	engine_target_retry(t);
	luns_rescan(&t->luns, io_now(e->loop));
}

static void tell_switched(struct engine *e, uint64_t id, const char *portal,
			  int err)
{
	static const struct {
		int err;
		const char *words;
	} table[] = {
		{ 0, "" },
		{ -ENODEV, "no target has this id" },
		{ -EINVAL, "the portal is no numeric address" },
		{ -EPERM, "portal failover is disabled" },
		{ -ENOENT, "the target has no such portal" },
		{ -EALREADY, "it is the current portal already" },
		{ -ESHUTDOWN, "the target is being removed" },
	};
	struct msg_out *m = engine_begin(e, "switched");

	msg_u64(m, "id", id);
	msg_str(m, "portal", portal);
	msg_u64(m, "error", (uint64_t)-err);
	for (size_t i = 0; err && i < sizeof(table) / sizeof(*table); i++)
		if (table[i].err == err)
			msg_str(m, "reason", table[i].words);
	engine_post(e);
}

static void do_switch(struct engine *e, const struct asked *a,
		      const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);
	char text[ADDR_TEXT_SIZE] = "";
	int n = msg_get(m, "portal", text, sizeof(text));
	int err = -EINVAL;
	struct addr to;

	if (!t)
		err = -ENODEV;
	else if (n > 0 && !addr_parse(text, (size_t)n, &to))
		err = engine_target_switch(t, &to);
	tell_switched(e, a->id, text, err);
}

static void do_portals(struct engine *e, const struct asked *a,
		       const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);
	static struct settings list;
	char text[128];
	struct strbuf why;

	sb_init(&why, text, sizeof(text));
	if (settings_portals(m, &list, &why))
		refuse(e, a, text);
	else if (t)
		engine_target_set_portals(t, &list);
}

static void do_at(struct engine *e, const struct asked *a,
		  const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);
	static struct settings own;
	char text[128];
	struct strbuf why;
	struct addr portal;
	int err;

	if (!t)
		return;
	sb_init(&why, text, sizeof(text));
	portal_settings_apply(&t->by_portal, &(struct addr){ 0 }, &own);
	err = settings_own(m, &portal, &own, &why);
	if (err)
		refuse(e, a, text);
	else
		err = engine_target_set_at_portal(t, &portal, &own);
	if (err && err != -EINVAL)
		refuse(e, a, strerror(-err));
	settings_wipe(&own);
}

/* The times that may change while the session lives. */
static void do_timeouts(struct engine *e, const struct asked *a,
			const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);
	uint64_t ms;

	if (!t)
		return;
	if (!msg_get_u64(m, "connfail-timeout", UINT32_MAX, &ms))
		engine_target_set_connfail(t, (uint32_t)ms);
	if (!msg_get_u64(m, "disk-command-timeout", UINT32_MAX, &ms))
		engine_target_set_disk_timeout(t, (uint32_t)ms);
}

/* The answer to "resolve"; who asked may be gone by now. */
static void do_resolved(struct engine *e, const struct asked *a,
			const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);
	struct lookup *l = t ? &t->lookup : discovery_lookup(e, a->id);

	if (l)
		lookup_answer(l, m);
}

/* Whatever has the id ends; what is gone already counts as removed. */
static void do_remove(struct engine *e, const struct asked *a,
		      const struct msg_in *m, int *fd)
{
	struct engine_target *t = engine_target_find(e, a->id);

	if (t) {
		engine_target_remove(t);
	} else if (!discovery_remove(e, a->id)) {
		msg_u64(engine_begin(e, "removed"), "id", a->id);
		engine_post(e);
	}
}

/* Lines of these topics are wanted from now on (base/topic.h). */
static void do_log(struct engine *e, const struct asked *a,
		   const struct msg_in *m, int *fd)
{
	topics_set(a->mask);
	log_set_level(topics_wanted ? LOG_DEBUG : LOG_INFO);
}

static void do_ping(struct engine *e, const struct asked *a,
		    const struct msg_in *m, int *fd)
{
	engine_begin(e, "pong");
	engine_post(e);
}

static void do_adopt(struct engine *e, const struct asked *a,
		     const struct msg_in *m, int *fd)
{
	handover(e);
}

static void do_quit(struct engine *e, const struct asked *a,
		    const struct msg_in *m, int *fd)
{
	e->quitting = true;
	engine_end_if_idle(e);
}

/* *fd: the handle that came along, or -1; set to -1 by who keeps it. */
typedef void verb_fn(struct engine *e, const struct asked *a,
		     const struct msg_in *m, int *fd);

static verb_fn *const verbs[ASKED_KINDS] = {
#define MESSAGE(name, when, keys) [ASKED_##name] = do_##name,
#include "words/to_engine.h"
};

static unsigned state_of(const struct engine *e)
{
	if (!e->greeted)
		return WHEN_NEW;
	return e->quitting ? WHEN_ENDING : WHEN_GREETED;
}

/* A disk that was asked for and is not served is detached. */
static void refuse_asked(struct engine *e, const struct asked *a,
			 bool has_subject, const char *why)
{
	if (a->kind == ASKED_attach && has_subject)
		tell_detached(e, a, -EINVAL);
	else
		refuse(e, a, why);
}

void verbs_dispatch(struct engine *e, const struct msg_in *m, int *fd)
{
	enum asked_kind kind = asked_kind(m);
	static struct asked a;
	bool has_subject = false;
	char text[128];
	struct strbuf why;

	sb_init(&why, text, sizeof(text));
	if (!e->greeted && kind != ASKED_hello)
		engine_refuse(e, "message", "hello comes first");
	else if (kind == ASKED_KINDS)
		engine_refuse(e, "message", "unknown verb");
	else if (!asked_is_due(kind, state_of(e)))
		engine_refuse(e, asked_verb(kind), "not now");
	else if (asked_read(m, kind, &a, &has_subject, &why))
		refuse_asked(e, &a, has_subject, text);
	else
		verbs[kind](e, &a, m, fd);
}

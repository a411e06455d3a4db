/*
 * verbs - what the manager asks for, word by word (docs/engine-protocol.md).
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
#include "engine/host/handover.h"
#include "engine/session/settings.h"
#include "engine/lun/geometry_keys.h"
#include "engine/target/reconfigure.h"
#include "engine/target/target.h"
#include "export/export.h"
#include "io/pulse.h"

#define PROTOCOL_VERSION 1

struct verb {
	const char *name;
	/* *fd: the handle that came along, or -1; set to -1 by who keeps it */
	void (*fn)(struct engine *e, const struct msg_in *m, int *fd,
		   const char *verb);
};

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

static void do_hello(struct engine *e, const struct msg_in *m, int *fd,
		     const char *verb)
{
	struct msg_out *out;
	uint64_t version;
	bool shows;

	if (msg_get_u64(m, "version", UINT32_MAX, &version) ||
	    version != PROTOCOL_VERSION) {
		engine_refuse(e, verb, "version 1 is spoken here");
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

static void do_session(struct engine *e, const struct msg_in *m,
		       const char *verb, enum session_type type,
		       int (*start)(struct engine *e, const struct settings *s))
{
	static struct settings s;
	char text[128];
	struct strbuf why;
	int err;

	sb_init(&why, text, sizeof(text));
	if (settings_read(m, type, &s, &why)) {
		engine_refuse(e, verb, text);
		return;
	}
	s.session.random = engine_random;
	if (idmap_get(&e->targets, s.id) || idmap_get(&e->discoveries, s.id))
		err = -EEXIST;
	else
		err = start(e, &s);
	settings_wipe(&s);
	if (err)
		engine_refuse(e, verb, strerror(-err));
}

static void do_target(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	do_session(e, m, verb, SESSION_NORMAL, engine_target_start);
}

/* The same keys, for a target that is there; else it means nothing. */
static void do_settings(struct engine *e, const struct msg_in *m, int *fd,
			const char *verb)
{
	static struct settings s;
	char text[128];
	struct strbuf why;
	struct engine_target *t;

	sb_init(&why, text, sizeof(text));
	if (settings_read(m, SESSION_NORMAL, &s, &why)) {
		engine_refuse(e, verb, text);
		return;
	}
	s.session.random = engine_random;
	t = engine_target_find(e, s.id);
	if (t)
		engine_target_change(t, &s);
	settings_wipe(&s);
}

static void do_discover(struct engine *e, const struct msg_in *m, int *fd,
			const char *verb)
{
	do_session(e, m, verb, SESSION_DISCOVERY, discovery_start);
}

/* What a message is about. */
struct subject {
	uint64_t id;
	uint8_t lun[LUN_LEN];
	struct engine_target *target; /* NULL when there is none */
};

/* False after having refused it. */
static bool read_id(struct engine *e, const struct msg_in *m, const char *verb,
		    struct subject *s)
{
	char text[128];
	struct strbuf why;

	sb_init(&why, text, sizeof(text));
	if (settings_id(m, &s->id, &why)) {
		engine_refuse(e, verb, text);
		return false;
	}
	s->target = engine_target_find(e, s->id);
	return true;
}

static bool read_lun(struct engine *e, const struct msg_in *m, const char *verb,
		     struct subject *s)
{
	char text[128];
	struct strbuf why;

	if (!read_id(e, m, verb, s))
		return false;
	sb_init(&why, text, sizeof(text));
	if (settings_lun(m, s->lun, &why)) {
		engine_refuse(e, verb, text);
		return false;
	}
	return true;
}

static void tell_detached(struct engine *e, const struct subject *s, int err)
{
	struct msg_out *m = engine_begin(e, "detached");
	char hex[2 * LUN_LEN + 1];

	hex_put(hex, s->lun, LUN_LEN);
	msg_u64(m, "id", s->id);
	msg_str(m, "lun", hex);
	msg_u64(m, "error", (uint64_t)-err);
	engine_post(e);
}

/* How the handle is to be served. */
static int read_export(const struct msg_in *m, struct lun_attach *a)
{
	char name[EXPORTER_WORD_SIZE] = "";
	uint64_t depth = 0;
	int n = msg_get(m, "export", name, sizeof(name));

	/* Without one, 0: as the exporter likes. */
	(void)msg_get_u64(m, "depth", UINT16_MAX, &depth);
	a->depth = (unsigned)depth;
	a->via = n > 0 || n == -ENOENT ? export_find(name) : NULL;
	return a->via ? 0 : -EINVAL;
}

/* A manager of an older version does not tell it. */
static void read_past(const struct msg_in *m, struct lun_attach *a)
{
	if (msg_get(m, "serial", a->serial, sizeof(a->serial)) < 0)
		*a->serial = '\0';
	(void)geometry_keys_get(m, &a->geometry); /* else it is not known */
}

static int attach(const struct msg_in *m, const struct subject *s, int fd)
{
	struct lun_attach a = { .fd = fd };
	uint64_t resume = 0;
	int err;

	if (!s->target)
		return -ENODEV;
	if (fd < 0)
		return -EBADF;
	err = msg_get(m, "expect", a.expect, sizeof(a.expect));
	if (err < 0 && err != -ENOENT)
		return -EINVAL;
	err = read_export(m, &a);
	if (err)
		return err;
	/* Without it the device is a new one. */
	(void)msg_get_u64(m, "resume", 1, &resume);
	a.resume = resume;
	if (resume)
		read_past(m, &a);
	return engine_target_attach(s->target, s->lun, &a);
}

static void do_attach(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	struct subject s;
	int err;

	if (!read_lun(e, m, verb, &s))
		return;
	err = attach(m, &s, *fd);
	if (err)
		tell_detached(e, &s, err);
	else
		*fd = -1;
}

/* What is not attached, or not known, is detached already. */
static void do_detach(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	struct subject s;

	if (!read_lun(e, m, verb, &s))
		return;
	if (!s.target || luns_detach(&s.target->luns, s.lun) < 0)
		tell_detached(e, &s, 0);
}

static void do_forget(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	struct subject s;
	int err;

	if (!read_lun(e, m, verb, &s) || !s.target)
		return;
	err = luns_forget(&s.target->luns, s.lun);
	if (err)
		engine_refuse(e, verb, strerror(-err));
}

static void do_rescan(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	struct subject s;

	if (!read_id(e, m, verb, &s))
		return;
	if (!s.target) {
		engine_refuse(e, verb, "no target has this id");
		return;
	}
	engine_target_retry(s.target);
	luns_rescan(&s.target->luns, io_now(e->loop));
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

static void do_switch(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	char text[ADDR_TEXT_SIZE] = "";
	struct subject s;
	struct addr a;
	int n, err = -EINVAL;

	if (!read_id(e, m, verb, &s))
		return;
	n = msg_get(m, "portal", text, sizeof(text));
	if (!s.target)
		err = -ENODEV;
	else if (n > 0 && !addr_parse(text, (size_t)n, &a))
		err = engine_target_switch(s.target, &a);
	tell_switched(e, s.id, text, err);
}

static void do_portals(struct engine *e, const struct msg_in *m, int *fd,
		       const char *verb)
{
	static struct settings list;
	char text[128];
	struct strbuf why;
	struct subject s;

	if (!read_id(e, m, verb, &s))
		return;
	sb_init(&why, text, sizeof(text));
	if (settings_portals(m, &list, &why))
		engine_refuse(e, verb, text);
	else if (s.target)
		engine_target_set_portals(s.target, &list);
}

static void do_at(struct engine *e, const struct msg_in *m, int *fd,
		  const char *verb)
{
	static struct settings own;
	char text[128];
	struct strbuf why;
	struct subject s;
	struct addr portal;
	int err;

	if (!read_id(e, m, verb, &s) || !s.target)
		return;
	sb_init(&why, text, sizeof(text));
	portal_settings_apply(&s.target->by_portal, &(struct addr){ 0 }, &own);
	err = settings_own(m, &portal, &own, &why);
	if (err)
		engine_refuse(e, verb, text);
	else
		err = engine_target_set_at_portal(s.target, &portal, &own);
	if (err && err != -EINVAL)
		engine_refuse(e, verb, strerror(-err));
	settings_wipe(&own);
}

/* The times that may change while the session lives. */
static void do_timeouts(struct engine *e, const struct msg_in *m, int *fd,
			const char *verb)
{
	struct subject s;
	uint64_t ms;

	if (!read_id(e, m, verb, &s) || !s.target)
		return;
	if (!msg_get_u64(m, "connfail-timeout", UINT32_MAX, &ms))
		engine_target_set_connfail(s.target, (uint32_t)ms);
	if (!msg_get_u64(m, "disk-command-timeout", UINT32_MAX, &ms))
		engine_target_set_disk_timeout(s.target, (uint32_t)ms);
}

/* The answer to "resolve"; who asked may be gone by now. */
static void do_resolved(struct engine *e, const struct msg_in *m, int *fd,
			const char *verb)
{
	struct subject s;
	struct lookup *l;

	if (!read_id(e, m, verb, &s))
		return;
	l = s.target ? &s.target->lookup : discovery_lookup(e, s.id);
	if (l)
		lookup_answer(l, m);
}

/* Whatever has the id ends; what is gone already counts as removed. */
static void do_remove(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	struct subject s;

	if (!read_id(e, m, verb, &s))
		return;
	if (s.target) {
		engine_target_remove(s.target);
	} else if (!discovery_remove(e, s.id)) {
		msg_u64(engine_begin(e, "removed"), "id", s.id);
		engine_post(e);
	}
}

/* Lines of these topics are wanted from now on (base/topic.h). */
static void do_log(struct engine *e, const struct msg_in *m, int *fd,
		   const char *verb)
{
	uint64_t mask;

	if (msg_get_u64(m, "mask", UINT32_MAX, &mask)) {
		engine_refuse(e, verb, "mask is missing or not valid");
		return;
	}
	topics_set((unsigned)mask);
	log_set_level(topics_wanted ? LOG_DEBUG : LOG_INFO);
}

static void do_ping(struct engine *e, const struct msg_in *m, int *fd,
		    const char *verb)
{
	engine_begin(e, "pong");
	engine_post(e);
}

static void do_adopt(struct engine *e, const struct msg_in *m, int *fd,
		     const char *verb)
{
	handover(e);
}

static void do_quit(struct engine *e, const struct msg_in *m, int *fd,
		    const char *verb)
{
	e->quitting = true;
	engine_end_if_idle(e);
}

static const struct verb verbs[] = {
	{ "hello", do_hello },	     { "target", do_target },
	{ "discover", do_discover }, { "attach", do_attach },
	{ "detach", do_detach },     { "forget", do_forget },
	{ "rescan", do_rescan },     { "remove", do_remove },
	{ "switch", do_switch },     { "portals", do_portals },
	{ "timeouts", do_timeouts }, { "resolved", do_resolved },
	{ "settings", do_settings }, { "at", do_at },
	{ "log", do_log },	     { "adopt", do_adopt },
	{ "ping", do_ping },	     { "quit", do_quit },
};

void verbs_dispatch(struct engine *e, const struct msg_in *m, int *fd)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!msg_is(m, verbs[i].name))
			continue;
		if (!e->greeted && verbs[i].fn != do_hello)
			break;
		verbs[i].fn(e, m, fd, verbs[i].name);
		return;
	}
	engine_refuse(e, "message",
		      e->greeted ? "unknown verb" : "hello comes first");
}

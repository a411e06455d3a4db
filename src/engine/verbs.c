/*
 * verbs - what the manager asks for, word by word (docs/engine-protocol.md).
 */
#include "engine/verbs.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "engine/discover.h"
#include "engine/settings.h"
#include "engine/target.h"

#define PROTOCOL_VERSION 1

struct verb {
	const char *name;
	/* *fd: the handle that came along, or -1; set to -1 by who keeps it */
	void (*fn)(struct engine *e, const struct msg_in *m, int *fd,
		   const char *verb);
};

static void do_hello(struct engine *e, const struct msg_in *m, int *fd,
		     const char *verb)
{
	struct msg_out *out;
	uint64_t version;

	if (msg_get_u64(m, "version", UINT32_MAX, &version) ||
	    version != PROTOCOL_VERSION) {
		engine_refuse(e, verb, "version 1 is spoken here");
		return;
	}
	e->greeted = true;
	out = engine_begin(e, "ready");
	msg_u64(out, "version", PROTOCOL_VERSION);
	msg_i64(out, "pid", getpid());
	engine_post(e);
}

static void refuse_errno(struct engine *e, const char *verb, int err)
{
	if (err)
		engine_refuse(e, verb, strerror(-err));
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
	refuse_errno(e, verb, err);
}

static void do_target(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	do_session(e, m, verb, SESSION_NORMAL, target_start);
}

static void do_discover(struct engine *e, const struct msg_in *m, int *fd,
			const char *verb)
{
	do_session(e, m, verb, SESSION_DISCOVERY, discovery_start);
}

/* The target a message is about, or NULL after having refused it. */
static struct target *find_target(struct engine *e, const struct msg_in *m,
				  const char *verb)
{
	char text[128];
	struct strbuf why;
	struct target *t;
	uint64_t id;

	sb_init(&why, text, sizeof(text));
	if (settings_id(m, &id, &why)) {
		engine_refuse(e, verb, text);
		return NULL;
	}
	t = target_find(e, id);
	if (!t)
		engine_refuse(e, verb, "no target has this id");
	return t;
}

static bool find_lun(struct engine *e, const struct msg_in *m, const char *verb,
		     struct target **t, uint8_t lun[static LUN_LEN])
{
	char text[128];
	struct strbuf why;

	*t = find_target(e, m, verb);
	if (!*t)
		return false;
	sb_init(&why, text, sizeof(text));
	if (settings_lun(m, lun, &why)) {
		engine_refuse(e, verb, text);
		return false;
	}
	return true;
}

static void do_attach(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	struct lun_attach a = { .fd = *fd };
	uint8_t lun[LUN_LEN];
	uint64_t resume = 0;
	struct target *t;
	int err;

	if (!find_lun(e, m, verb, &t, lun))
		return;
	if (*fd < 0) {
		engine_refuse(e, verb, "no handle came along");
		return;
	}
	err = msg_get(m, "expect", a.expect, sizeof(a.expect));
	if (err < 0 && err != -ENOENT) {
		engine_refuse(e, verb, "expect is not valid");
		return;
	}
	(void)msg_get_u64(m, "resume", 1, &resume);
	a.resume = resume;
	err = luns_attach(&t->luns, lun, &a);
	if (!err)
		*fd = -1;
	refuse_errno(e, verb, err);
}

static void do_detach(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	uint8_t lun[LUN_LEN];
	struct target *t;

	if (find_lun(e, m, verb, &t, lun))
		refuse_errno(e, verb, luns_detach(&t->luns, lun));
}

static void do_forget(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	uint8_t lun[LUN_LEN];
	struct target *t;

	if (find_lun(e, m, verb, &t, lun))
		refuse_errno(e, verb, luns_forget(&t->luns, lun));
}

static void do_rescan(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	struct target *t = find_target(e, m, verb);

	if (t)
		luns_rescan(&t->luns, io_now(e->loop));
}

/* Whatever has the id ends; what is gone already counts as removed. */
static void do_remove(struct engine *e, const struct msg_in *m, int *fd,
		      const char *verb)
{
	char text[128];
	struct strbuf why;
	struct target *t;
	uint64_t id;

	sb_init(&why, text, sizeof(text));
	if (settings_id(m, &id, &why)) {
		engine_refuse(e, verb, text);
		return;
	}
	t = target_find(e, id);
	if (t) {
		target_remove(t);
	} else if (!discovery_remove(e, id)) {
		msg_u64(engine_begin(e, "removed"), "id", id);
		engine_post(e);
	}
}

static void do_quit(struct engine *e, const struct msg_in *m, int *fd,
		    const char *verb)
{
	e->quitting = true;
	engine_less(e);
}

static const struct verb verbs[] = {
	{ "hello", do_hello },	     { "target", do_target },
	{ "discover", do_discover }, { "attach", do_attach },
	{ "detach", do_detach },     { "forget", do_forget },
	{ "rescan", do_rescan },     { "remove", do_remove },
	{ "quit", do_quit },
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

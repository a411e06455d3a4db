/*
 * manager - plays iscsid.
 */
#include "manager.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "ctl/msg.h"
#include "engine/host/managers.h"
#include "fds.h"
#include "heap.h"
#include "loop.h"
#include "sim.h"

#define UNREAD_MAX 64 /* messages the socket holds */

struct note { /* a message on its way */
	struct list link;
	int handle;
	size_t len;
	char text[];
};

struct target_of_manager {
	bool up;
	uint64_t since;	       /* us */
	uint64_t was_down_for; /* us, before it came up */
	int group; /* that all writes went to which may run yet, or -1 */
	bool removed;
	char reinstates[8]; /* what engines saw of it, "": nothing */
	uint64_t reinstates_ms;
};

struct held held[MAX_BOXES][MAX_LUNS];
void (*manager_log)(const char *object, const char *text);

static struct {
	struct engine *engine; /* NULL: none runs */
	struct fd *fd;
	struct list to, from;
	struct io_timer read, restart;
	uint64_t deaf_until;
	bool ready; /* it answered the greeting */
	bool leaving;
	struct target_of_manager targets[MAX_BOXES];
} mgr;

bool manager_has_engine(void)
{
	return mgr.engine && mgr.ready;
}

uint64_t manager_down_for(const struct box *b)
{
	const struct target_of_manager *t = &mgr.targets[b->number];
	uint64_t since = sim.now - t->since;

	if (!t->up)
		return since;
	return since < MS ? t->was_down_for : 0;
}

/* The socket ---------------------------------------------------------- */

static struct note *add(struct list *l, const char *text, size_t n, int handle)
{
	struct note *note = world_alloc(sizeof(*note) + n + 1);

	note->handle = handle;
	note->len = n;
	memcpy(note->text, text, n);
	list_push_back(l, &note->link);
	return note;
}

static unsigned count(const struct list *l)
{
	struct list *pos;
	unsigned n = 0;

	list_for_each (pos, l)
		n++;
	return n;
}

/* Ends polls of the engine that have come true. */
static void wake_engine(void)
{
	struct list *pos, *tmp;

	if (!mgr.fd)
		return;
	list_for_each_safe (pos, tmp, &mgr.fd->pending) {
		struct op *o = container_of(pos, struct op, link);

		if (o->events == POLLIN && !list_empty(&mgr.to))
			op_done(o, POLLIN);
		else if (o->events == POLLOUT && count(&mgr.from) < UNREAD_MAX)
			op_done(o, POLLOUT);
	}
}

static void start_poll(struct fd *fd, struct op *o)
{
	wake_engine();
}

static void engine_closed(struct fd *fd, bool killed)
{
	mgr.fd = NULL;
}

static const struct fd_ops ops = { start_poll, engine_closed };

static struct target_of_manager *target_of(const struct msg_in *m)
{
	uint64_t id;

	return msg_get_u64(m, "id", MAX_BOXES, &id) || !id
		       ? NULL
		       : &mgr.targets[id - 1];
}

static bool value_is(const struct msg_in *m, const char *key, const char *value)
{
	char text[64];

	return msg_get(m, key, text, sizeof(text)) > 0 && !strcmp(text, value);
}

static struct held *held_of(const struct msg_in *m)
{
	char hex[17];
	uint64_t id;

	if (msg_get_u64(m, "id", MAX_BOXES, &id) || !id ||
	    msg_get(m, "lun", hex, sizeof(hex)) != 16)
		return NULL;
	return &held[id - 1][strtoul(hex, NULL, 16) >> 48 & 3];
}

/* What is so as soon as it is said, whenever the manager reads it. */
static void watch(const struct msg_out *out)
{
	struct target_of_manager *t;
	struct msg_in m;
	bool up;

	if (msg_read(&m, out->text, out->len))
		return;
	if (msg_is(&m, "waits"))
		held_hear_waits(held_of(&m), &m);
	if (!msg_is(&m, "session"))
		return;
	t = target_of(&m);
	up = value_is(&m, "state", "up");
	if (up && !t->up)
		t->was_down_for = sim.now - t->since;
	if (up != t->up || !t->since)
		t->since = sim.now;
	t->up = up;
}

int manager_from_engine(const struct msg_out *m)
{
	if (count(&mgr.from) >= UNREAD_MAX)
		return -EAGAIN;
	watch(m);
	add(&mgr.from, m->text, m->len, -1);
	if (!mgr.read.set)
		sim_after(&mgr.read, dice_skewed(&sim.dice, 10, 5 * MS));
	return 0;
}

int manager_to_engine(char *dst, size_t size, int *fd)
{
	struct list *l = list_pop_front(&mgr.to);
	struct note *n;
	int len;

	if (!l)
		return -EAGAIN;
	n = container_of(l, struct note, link);
	len = (int)n->len;
	memcpy(dst, n->text, n->len);
	*fd = n->handle;
	world_free(n);
	return len;
}

void manager_say(const char *text)
{
	sim_trace("manager", "-> %s", text);
	add(&mgr.to, text, strlen(text), -1);
	wake_engine();
}

void manager_deaf(uint64_t us)
{
	mgr.deaf_until = sim.now + us;
}

/* To the engine ------------------------------------------------------- */

static void add_portals(struct strbuf *sb, const struct box *b)
{
	for (unsigned i = 0; i < config.portals; i++)
		sb_add(sb,
		       config.knows_groups ? " portal=%s:%u,%d"
					   : " portal=%s:%u",
		       b->paths[i].addr.host, b->paths[i].addr.port,
		       b->paths[i].addr.tag);
}

static bool can_resume(const struct held *h)
{
	return h->device && !h->gone;
}

static unsigned to_resume(unsigned box)
{
	unsigned n = 0;

	for (unsigned j = 0; j < config.luns; j++)
		n += can_resume(&held[box][j]);
	return n;
}

static void say_target(const struct box *b)
{
	char text[2048];
	struct strbuf sb;
	const struct target_of_manager *t = &mgr.targets[b->number];
	int group = t->group;

	sb_init(&sb, text, sizeof(text));
	sb_add(&sb,
	       "target id=%u name=%s initiator=iqn.2026-01.example:host "
	       "isid=00023d0000%02x header-digest=%s data-digest=%s",
	       b->number + 1, b->iqn, b->number + 1, config.header_digest,
	       config.data_digest);
	sb_add(&sb,
	       " initial-r2t=%d immediate-data=%d max-recv-data=%u "
	       "first-burst=%u max-burst=%u",
	       config.initial_r2t, config.immediate_data, config.max_recv,
	       config.first_burst, config.max_burst);
	sb_add(&sb,
	       " login-timeout=%u active-timeout=%u idle-timeout=%u "
	       "ping-timeout=%u abort-timeout=%u reset-timeout=%u",
	       config.login_timeout, config.active_timeout, config.idle_timeout,
	       config.ping_timeout, config.abort_timeout, config.reset_timeout);
	sb_add(&sb, " connfail-timeout=%u disk-command-timeout=%u failover=%d",
	       config.connfail_timeout, config.disk_timeout, config.failover);
	sb_add(&sb, " fence-timeout=%u reinstatement=%s", config.fence_timeout,
	       config.reinstatement);
	if (config.reserve)
		sb_add(&sb, " fence-reservation=1");
	if (config.task_timeout)
		sb_add(&sb, " task-timeout=%u", config.task_timeout);
	if (t->reinstates[0])
		sb_add(&sb, " reinstates=%s reinstates-ms=%llu", t->reinstates,
		       (unsigned long long)t->reinstates_ms);
	if (group >= 0)
		sb_add(&sb, " group=%d", group);
	sb_add(&sb, " resumes=%u", to_resume(b->number));
	add_portals(&sb, b);
	manager_say(text);
}

static void say_attach(struct held *h, bool resume)
{
	char text[1024];
	struct strbuf sb;

	sb_init(&sb, text, sizeof(text));
	sb_add(&sb, "attach id=%u lun=%04x000000000000 resume=%d expect=%s",
	       h->box->number + 1, h->lun, resume, h->identity);
	if (resume)
		sb_add(&sb, "%s", h->past);
	sim_trace("manager", "-> %s", text);
	h->asked = true;
	add(&mgr.to, text, strlen(text), device_handle(h->device));
	wake_engine();
}

static void say_all(void)
{
	for (unsigned i = 0; i < config.boxes; i++) {
		say_target(&boxes[i]);
		for (unsigned j = 0; j < config.luns; j++)
			if (can_resume(&held[i][j]))
				say_attach(&held[i][j], true);
	}
}

/* From the engine ----------------------------------------------------- */

static void on_ready(const struct msg_in *m)
{
	mgr.ready = true;
	say_all();
}

/* In the middle of what a new session has to do first. */
static void maybe_kill(void)
{
	if (config.kill_at_move && dice_chance(&sim.dice, config.kill_at_move))
		manager_kill_engine(10 * MS);
}

static void on_session(const struct msg_in *m)
{
	struct target_of_manager *t = target_of(m);
	char group[16];

	if (!t || !value_is(m, "state", "up") ||
	    msg_get(m, "group", group, sizeof(group)) <= 0 ||
	    t->group == atoi(group))
		return;
	if (t->group >= 0)
		maybe_kill();
	t->group = -1;
}

static void on_fence(const struct msg_in *m)
{
	struct target_of_manager *t = target_of(m);

	if (!t)
		return;
	msg_get(m, "reinstates", t->reinstates, sizeof(t->reinstates));
	t->reinstates_ms = 0;
	msg_get_u64(m, "reinstates-ms", UINT32_MAX, &t->reinstates_ms);
}

static void on_settled(const struct msg_in *m)
{
	struct target_of_manager *t = target_of(m);
	char group[16];

	if (t && msg_get(m, "group", group, sizeof(group)) > 0)
		t->group = atoi(group);
}

static void on_lun(const struct msg_in *m)
{
	struct held *h = held_of(m);
	uint64_t blocks, size;

	if (h && !msg_get_u64(m, "blocks", UINT64_MAX >> 12, &blocks) &&
	    !msg_get_u64(m, "block-size", 4096, &size))
		h->blocks = blocks * size / 512;
	if (h && value_is(m, "state", "online") &&
	    (!h->device || value_is(m, "identity", h->identity)))
		held_keep_past(h, m);
	if (!h || h->device || mgr.leaving || !value_is(m, "state", "online"))
		return;
	msg_get(m, "identity", h->identity, sizeof(h->identity));
	h->device = device_new(h->box->disks[h->lun].name);
	say_attach(h, false);
}

static void on_attached(const struct msg_in *m)
{
	struct held *h = held_of(m);

	h->attached = true;
	if (!h->attached_at)
		h->attached_at = sim.now;
}

static void say_lun(const char *verb, const struct held *h)
{
	char text[64];

	snprintf(text, sizeof(text), "%s id=%u lun=%04x000000000000", verb,
		 h->box->number + 1, h->lun);
	manager_say(text);
}

/* A disk that is in use stays. */
static void on_vanished(const struct msg_in *m)
{
	struct held *h = held_of(m);

	if (!h->device || config.threads || device_waiting(h->device))
		return;
	h->vanished = true;
	say_lun("detach", h);
}

static void on_detached(const struct msg_in *m)
{
	struct held *h = held_of(m);
	uint64_t err = 0;

	(void)msg_get_u64(m, "error", 4096, &err);
	h->attached = h->asked = false;
	if (h->vanished) { /* should it come back, it is a new one */
		h->vanished = false;
		h->device = NULL;
		say_lun("forget", h);
		return;
	}
	h->gone = true;
	if (!mgr.leaving &&
	    (!h->box->disks[h->lun].exchanged || h->box->disks[h->lun].lent))
		sim_fail(FIG_ERROR, "%s: detached by itself (%s)",
			 h->box->disks[h->lun].name, strerror((int)err));
	device_abort(h->device);
}

static void on_removed(const struct msg_in *m)
{
	target_of(m)->removed = true;
	for (unsigned i = 0; i < config.boxes; i++)
		if (!mgr.targets[i].removed)
			return;
	manager_say("quit");
}

static void on_error(const struct msg_in *m)
{
	char text[256] = "";

	msg_get(m, "text", text, sizeof(text));
	if (strncmp(text, "switch", 6) != 0 && !strstr(text, "were lost"))
		sim_fail(FIG_ERROR, "the engine refuses: %s", text);
}

static void on_log(const struct msg_in *m)
{
	char object[256] = "", text[512] = "";

	msg_get(m, "object", object, sizeof(object));
	msg_get(m, "text", text, sizeof(text));
	if (manager_log)
		manager_log(object, text);
}

static const struct {
	const char *verb;
	void (*fn)(const struct msg_in *m);
} verbs[] = {
	{ "ready", on_ready },	     { "session", on_session },
	{ "settled", on_settled },   { "lun", on_lun },
	{ "attached", on_attached }, { "detached", on_detached },
	{ "removed", on_removed },   { "error", on_error },
	{ "log", on_log },	     { "vanished", on_vanished },
	{ "fence", on_fence },
};

static void take(struct note *n)
{
	struct msg_in m;

	sim_trace("engine", "%s", n->text);
	if (msg_read(&m, n->text, n->len)) {
		sim_fail(FIG_WRONG, "the engine sends no message: %s", n->text);
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (msg_is(&m, verbs[i].verb))
			verbs[i].fn(&m);
}

static void on_read(struct io_timer *t)
{
	struct list *l;

	if (sim.now < mgr.deaf_until) {
		sim_at(t, mgr.deaf_until);
		return;
	}
	while ((l = list_pop_front(&mgr.from))) {
		take(container_of(l, struct note, link));
		world_free(container_of(l, struct note, link));
	}
	wake_engine();
}

/* Engines ------------------------------------------------------------- */

static void forget_messages(struct list *l)
{
	struct list *n;

	while ((n = list_pop_front(l)))
		world_free(container_of(n, struct note, link));
}

static void start_engine(void)
{
	struct io_loop *loop = loop_new();

	forget_messages(&mgr.to);
	mgr.fd = fd_new(&ops, NULL);
	heap_engine_in();
	mgr.engine = calloc(1, sizeof(*mgr.engine));
	engine_init(mgr.engine, loop, mgr.fd->number, -1);
	engine_log_to_manager(mgr.engine);
	heap_engine_out();
	manager_say("hello version=1");
	/* tests/model/trace reads the steps of fences; all runs are the same.
	 */
	manager_say("log mask=64");
}

static void on_restart(struct io_timer *t)
{
	sim_trace("manager", "starts another engine");
	start_engine();
}

static uint64_t restart_after;

/* What it said before it died is still read; what it was told is lost. */
static void bury(void)
{
	sim_trace("engine", "KILLED");
	sim_count(FIG_KILLS);
	mgr.deaf_until = 0;
	on_read(&mgr.read);
	fds_kill();
	loop_kill();
	heap_engine_drop();
	mgr.engine = NULL;
	mgr.ready = false;
	forget_messages(&mgr.to);
	for (unsigned i = 0; i < config.boxes; i++) {
		mgr.targets[i].up = false;
		mgr.targets[i].since = sim.now;
		for (unsigned j = 0; j < config.luns; j++)
			held[i][j].attached = held[i][j].asked = false;
	}
	sim_after(&mgr.restart, restart_after);
}

void manager_kill_engine(uint64_t us)
{
	if (!mgr.engine || mgr.leaving)
		return;
	restart_after = us;
	loop_strike(dice_below(&sim.dice, 8), bury);
}

void manager_leave(void)
{
	char text[64];

	mgr.leaving = true;
	loop_strike(0, NULL);
	for (unsigned i = 0; i < config.boxes; i++) {
		snprintf(text, sizeof(text), "remove id=%u", i + 1);
		manager_say(text);
	}
}

bool manager_is_over(void)
{
	return loop_is_stopped();
}

void manager_bury(void)
{
	heap_engine_in();
	engine_fini(mgr.engine);
	free(mgr.engine);
	loop_free();
	heap_engine_out();
	mgr.engine = NULL;
	if (heap_engine_pieces())
		sim_fail(FIG_LEAK, "the engine kept %zu pieces of memory",
			 heap_engine_pieces());
}

void manager_init(void)
{
	memset(&mgr, 0, sizeof(mgr));
	memset(held, 0, sizeof(held));
	list_init(&mgr.to);
	list_init(&mgr.from);
	mgr.read.fn = on_read;
	mgr.restart.fn = on_restart;
	for (unsigned i = 0; i < config.boxes; i++) {
		mgr.targets[i].group = -1;
		for (unsigned j = 0; j < config.luns; j++)
			held[i][j] =
				(struct held){ .box = &boxes[i], .lun = j };
	}
	start_engine();
}

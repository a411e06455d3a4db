/*
 * host - the manager's core and the engine as processes of one machine.
 */
#include "host.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "config.h"
#include "conn.h"
#include "ctl/msg.h"
#include "engine/core/engine.h"
#include "engine/host/managers.h"
#include "fds.h"
#include "heap.h"
#include "host_side.h"
#include "iscsid/engines/supervise.h"
#include "iscsid/life/manager.h"
#include "iscsid/life/stop.h"
#include "iscsid/target/target.h"
#include "kernel.h"
#include "loop.h"
#include "records.h"
#include "sim.h"

#define UNREAD_MAX 64 /* messages the socket holds */
#define STARTS_MAX 50 /* of engines within a second */

struct session_seen {
	bool up;
	uint64_t since;	       /* us */
	uint64_t was_down_for; /* us, before it came up */
	int group;
};

struct held held[MAX_BOXES][MAX_LUNS];
void (*host_log)(const char *object, const char *text);

static struct {		       /* the engine's process */
	struct engine *engine; /* NULL: none runs */
	struct fd *listener;
	struct conn *conn;    /* that it has */
	struct conn *calling; /* waits to be accepted */
	bool ready;
	uint64_t started; /* us */
} proc;

static struct { /* the manager's process */
	struct manager m;
	struct options opt;
	bool runs, dying, leaving, forced, over, upgrades;
	struct engine_process *engine; /* whose socket it has */
	struct conn *conn;
	unsigned strike_in; /* effects until it dies; 0: it does not */
	uint64_t restart_after;
	unsigned depth;
	struct timer_heap timers; /* ms */
	struct io_timer tick, read, ended, closed, restart;
	uint64_t deaf_until, starved_until;
	uint64_t counted; /* starts since then, us */
	unsigned starts;
	uint64_t born;	   /* us: the last manager started, */
	uint64_t begun;	   /* ... took over what there was, */
	uint64_t upgraded; /* ... with a new program for engines; or 0 */
	bool ended_well;
	const char *ended_words;
} mgr;

static struct session_seen sessions[MAX_BOXES];

/* Whose code runs ----------------------------------------------------- */

static void bury_manager(void);
static void plan_tick(void);

/* A line of the engine is a script's already: held_hear_log(). */
static bool passes_line;

static void on_line(int level, const char *line)
{
	sim_trace("manager", "%s", line);
	if (!host_log || passes_line)
		return;
	heap_manager_out(); /* what is kept of it is not the manager's */
	host_log("iscsid", line);
	heap_manager_in();
}

void host_enter(void)
{
	if (mgr.depth++)
		return;
	heap_manager_in();
	log_set_sink(on_line);
}

void host_leave_core(void)
{
	if (--mgr.depth)
		return;
	heap_manager_out();
	if (proc.engine)
		engine_log_to_manager(proc.engine);
	plan_tick();
	if (mgr.dying)
		bury_manager();
}

/*
 * Not while a record could not be written, which the log tells: that would be
 * a second fault.
 */
bool side_is_dead(void)
{
	if (mgr.strike_in && !files_lack() && --mgr.strike_in == 0) {
		sim_trace("manager", "KILLED");
		mgr.dying = true;
	}
	return mgr.dying;
}

/* Time of the manager ------------------------------------------------- */

static void plan_tick(void)
{
	uint64_t due = timer_next(&mgr.timers);

	if (due == TIMER_NEVER || !mgr.runs)
		sim_cancel(&mgr.tick);
	else
		sim_at(&mgr.tick, due * MS > sim.now ? due * MS : sim.now + 1);
}

static void on_tick(struct io_timer *t)
{
	host_enter();
	timer_run(&mgr.timers, sim_ms());
	host_leave_core();
}

void side_set_timer(struct io_timer *t, uint64_t ms)
{
	timer_set(&mgr.timers, t, sim_ms() + ms);
}

void side_clear_timer(struct io_timer *t)
{
	timer_cancel(&mgr.timers, t);
}

/* The socket ---------------------------------------------------------- */

static bool is_true(const struct conn *c, const struct op *o)
{
	if (o->events == POLLIN)
		return !list_empty(&c->to) || !c->manager;
	return notes_count(&c->from) < UNREAD_MAX || !c->manager;
}

/* Ends polls of the engine that have come true. */
static void wake_engine(struct conn *c)
{
	struct list *pos, *tmp;

	if (!c || !c->fd)
		return;
	list_for_each_safe (pos, tmp, &c->fd->pending) {
		struct op *o = container_of(pos, struct op, link);

		if (is_true(c, o))
			op_done(o, (int)o->events);
	}
}

static void start_poll(struct fd *fd, struct op *o)
{
	wake_engine(fd->obj);
}

static void wake_manager(void)
{
	if (!mgr.read.set)
		sim_after(&mgr.read, dice_skewed(&sim.dice, 10, 5 * MS));
}

static void engine_closed(struct fd *fd, bool killed)
{
	struct conn *c = fd->obj;

	c->fd = NULL;
	c->engine = false;
	if (proc.conn == c)
		proc.conn = NULL;
	notes_drop(&c->to);
	wake_manager();
}

static const struct fd_ops socket_ops = { start_poll, engine_closed };

/* The next manager connects, and is accepted when the engine gets to it. */
static void accept_it(void)
{
	struct op *o = proc.listener ? fd_pending(proc.listener, OP_KIND_ACCEPT)
				     : NULL;

	if (!o || !proc.calling)
		return;
	proc.conn = proc.calling;
	proc.calling = NULL;
	proc.conn->fd = fd_new(&socket_ops, proc.conn);
	op_done(o, proc.conn->fd->number);
}

static void start_accept(struct fd *fd, struct op *o)
{
	accept_it();
}

static void listener_closed(struct fd *fd, bool killed)
{
	proc.listener = NULL;
	if (proc.calling) {
		proc.calling->engine = false;
		proc.calling = NULL;
		wake_manager();
	}
}

static const struct fd_ops listener_ops = { start_accept, listener_closed };

/* What the engine says, seen by the world ----------------------------- */

static bool value_is(const struct msg_in *m, const char *key, const char *value)
{
	char text[64];

	return msg_get(m, key, text, sizeof(text)) > 0 && !strcmp(text, value);
}

static struct target *target_at_box(const struct box *b)
{
	int number = records_number(b);

	return mgr.runs && number >= 0 ? target_at(&mgr.m, 0, (unsigned)number)
				       : NULL;
}

/* As engines know the targets, whatever a manager knows. */
static uint64_t ids[MAX_BOXES];

static void learn_id(const struct msg_in *m)
{
	uint64_t id;

	for (unsigned i = 0; i < config.boxes; i++)
		if (value_is(m, "name", boxes[i].iqn) &&
		    !msg_get_u64(m, "id", UINT64_MAX, &id))
			ids[i] = id;
}

uint64_t host_id_of(const struct box *b)
{
	const struct target *t = target_at_box(b);

	return t ? t->bay.id : 0;
}

static struct box *box_of(const struct msg_in *m)
{
	uint64_t id;

	if (msg_get_u64(m, "id", UINT64_MAX, &id))
		return NULL;
	for (unsigned i = 0; i < config.boxes; i++)
		if (ids[i] == id)
			return &boxes[i];
	return NULL;
}

static struct held *held_of(const struct msg_in *m)
{
	struct box *b = box_of(m);
	char hex[17];

	if (!b || msg_get(m, "lun", hex, sizeof(hex)) != 16)
		return NULL;
	return &held[b->number][strtoul(hex, NULL, 16) >> 48 & 3];
}

/* In the middle of what a new session has to do first. */
static void maybe_kill(const struct msg_in *m, struct session_seen *s)
{
	char group[16];

	if (msg_get(m, "group", group, sizeof(group)) <= 0 ||
	    s->group == atoi(group))
		return;
	if (s->group >= 0 && config.kill_at_move &&
	    dice_chance(&sim.dice, config.kill_at_move)) {
		host_kill_engine();
		if (config.trouble_gap && dice_chance(&sim.host, 500))
			host_kill_manager(MS);
	}
	s->group = atoi(group);
}

static void see_session(const struct msg_in *m)
{
	const struct box *b = box_of(m);
	struct session_seen *s = b ? &sessions[b->number] : NULL;
	bool up = value_is(m, "state", "up");

	if (!s)
		return;
	if (up && !s->up)
		s->was_down_for = sim.now - s->since;
	if (up != s->up || !s->since)
		s->since = sim.now;
	s->up = up;
	if (up)
		maybe_kill(m, s);
}

static void see_lun(const struct msg_in *m, struct held *h)
{
	uint64_t blocks, size;

	if (!msg_get_u64(m, "blocks", UINT64_MAX >> 12, &blocks) &&
	    !msg_get_u64(m, "block-size", 4096, &size))
		h->blocks = blocks * size / 512;
	if (value_is(m, "state", "online"))
		h->named = true;
}

/* What is so as soon as it is said, whenever the manager reads it. */
static void see(const struct note *n)
{
	struct held *h;
	struct msg_in m;

	if (msg_read(&m, n->text, n->len)) {
		sim_fail(FIG_WRONG, "the engine sends no message: %s", n->text);
		return;
	}
	if (msg_is(&m, "has"))
		learn_id(&m);
	h = held_of(&m);
	if (msg_is(&m, "waits") && h)
		held_hear_waits(h, &m);
	else if (msg_is(&m, "session"))
		see_session(&m);
	else if (msg_is(&m, "lun") && h)
		see_lun(&m, h);
	else if (msg_is(&m, "attached") && h)
		h->attached = true;
	else if (msg_is(&m, "detached") && h)
		h->attached = false;
	else if (msg_is(&m, "ready"))
		proc.ready = true;
	else if (msg_is(&m, "error"))
		held_hear_error(&m);
}

int host_from_engine(int sock, const struct msg_out *m, int handle)
{
	struct fd *fd = fd_find(sock);
	struct conn *c = fd ? fd->obj : NULL;

	if (!c || !c->manager)
		return -EPIPE;
	if (notes_count(&c->from) >= UNREAD_MAX)
		return -EAGAIN;
	see(note_add(&c->from, m->text, m->len, kdev_of(handle)));
	wake_manager();
	return 0;
}

void host_lie(const struct msg_out *m)
{
	if (!host_has_engine() || mgr.leaving || !mgr.conn || !mgr.conn->engine)
		return;
	note_add(&mgr.conn->from, m->text, m->len, NULL)->lie = true;
	wake_manager();
}

int host_to_engine(int sock, char *dst, size_t size, int *handle)
{
	struct fd *fd = fd_find(sock);
	struct conn *c = fd ? fd->obj : NULL;
	struct list *l = c ? list_pop_front(&c->to) : NULL;
	struct note *n;
	int len;

	if (!l)
		return c && c->manager ? -EAGAIN : 0;
	n = container_of(l, struct note, link);
	len = (int)n->len;
	memcpy(dst, n->text, n->len);
	if (n->kdev) {
		*handle = kdev_handle(n->kdev);
		kdev_put(n->kdev);
	}
	world_free(n);
	return len;
}

/* The engine's process ------------------------------------------------ */

static void forget_engine(void)
{
	proc.ready = false;
	for (unsigned i = 0; i < config.boxes; i++) {
		if (sessions[i].up)
			sessions[i].since = sim.now;
		sessions[i].up = false;
		for (unsigned j = 0; j < config.luns; j++)
			held[i][j].attached = false;
	}
}

static void tell_end(const char *words, bool well)
{
	mgr.ended_words = words;
	mgr.ended_well = well;
	if (mgr.engine)
		sim_after(&mgr.ended, dice_skewed(&sim.host, 10, 5 * MS));
}

/* What it said before it died is still read; what it was told is lost. */
static void bury_engine(void)
{
	if (!proc.engine)
		return;
	sim_trace("engine", "KILLED");
	sim_count(FIG_KILLS);
	proc.engine = NULL;
	log_set_sink(on_line);
	mgr.deaf_until = 0;
	fds_kill();
	loop_kill();
	heap_engine_drop();
	forget_engine();
	tell_end("was ended by signal 9 (Killed)", false);
}

static void engine_ends(void)
{
	if (!proc.engine) /* it was killed just then */
		return;
	sim_trace("engine", "ends");
	heap_engine_in();
	engine_fini(proc.engine);
	free(proc.engine);
	loop_free();
	heap_engine_out();
	proc.engine = NULL;
	log_set_sink(on_line);
	/* One whose manager died just ends. */
	if (mgr.leaving && heap_engine_pieces())
		sim_fail(FIG_LEAK, "the engine kept %zu pieces of memory",
			 heap_engine_pieces());
	fds_kill();
	heap_engine_drop();
	forget_engine();
	tell_end("exited with status 0", true);
}

static struct io_timer end_of_engine;

static void on_end_of_engine(struct io_timer *t)
{
	engine_ends();
}

/* From within its turn. */
static void on_stopped(void)
{
	sim_after(&end_of_engine, 0);
}

static void start_engine(struct conn *c)
{
	struct io_loop *loop = loop_new(on_stopped);

	c->fd = fd_new(&socket_ops, c);
	proc.conn = c;
	proc.listener = fd_new(&listener_ops, NULL);
	proc.started = sim.now;
	heap_engine_in();
	proc.engine = calloc(1, sizeof(*proc.engine));
	engine_init(proc.engine, loop, c->fd->number, proc.listener->number);
	heap_engine_out();
}

void host_kill_engine(void)
{
	if (proc.engine && !mgr.leaving)
		loop_strike(dice_below(&sim.dice, 8), bury_engine);
}

/* The manager's side of it -------------------------------------------- */

static void take_conn(struct engine_process *e, struct conn *c)
{
	mgr.engine = e;
	mgr.conn = c;
	e->pid = 1000;
}

/* Nobody can be started, and is tried again and again. */
static void count_start(void)
{
	if (sim.now - mgr.counted >= SEC) {
		mgr.counted = sim.now;
		mgr.starts = 0;
	}
	if (++mgr.starts > STARTS_MAX)
		sim_fail(FIG_STUCK, "engines are started without a pause");
}

int side_start(struct engine_process *e)
{
	struct conn *c;

	count_start();
	if (sim.now < mgr.starved_until)
		return -EAGAIN;
	if (proc.engine) {
		sim_fail(FIG_ERROR, "a second engine is started");
		return -EAGAIN;
	}
	sim_trace("manager", "starts another engine");
	c = conn_new();
	/* The engine's memory is not the manager's. */
	heap_manager_out();
	start_engine(c);
	heap_manager_in();
	take_conn(e, c);
	return 0;
}

int side_find(struct engine_process *e)
{
	struct conn *c;

	if (e->number || !proc.engine || !proc.listener || end_of_engine.set)
		return -ENOENT;
	c = conn_new();
	proc.calling = c;
	accept_it();
	take_conn(e, c);
	return 0;
}

int side_send(const struct msg_out *m, int handle)
{
	struct conn *c = mgr.conn;
	struct msg_in in;

	if (!c || !c->engine)
		return -EPIPE;
	if (m->full)
		return -EMSGSIZE;
	sim_trace("manager", "-> %.*s", (int)m->len, m->text);
	if (!msg_read(&in, m->text, m->len) && msg_is(&in, "target"))
		learn_id(&in);
	note_add(&c->to, m->text, m->len, kernel_of(handle));
	wake_engine(c);
	return 0;
}

static struct io_timer killing;

static void on_killing(struct io_timer *t)
{
	bury_engine();
}

int side_kill(void)
{
	if (proc.engine && !killing.set)
		sim_after(&killing, dice_skewed(&sim.host, 1, 5 * MS));
	return 0;
}

void side_hang_up(void)
{
	struct conn *c = mgr.conn;

	if (!c)
		return;
	mgr.conn = NULL;
	c->manager = false;
	notes_drop(&c->from);
	wake_engine(c);
	sim_after(&mgr.closed, dice_skewed(&sim.host, 1, MS));
}

static void on_closed(struct io_timer *t)
{
	host_enter();
	engine_disconnected(mgr.engine);
	host_leave_core();
}

static void on_ended(struct io_timer *t)
{
	struct engine_process *e = mgr.engine;

	host_enter();
	engine_ended(e, mgr.ended_words, mgr.ended_well);
	host_leave_core();
}

static void hear(struct note *n)
{
	struct msg_in m;
	int handle = n->kdev ? kernel_handle(n->kdev) : -1, err;

	sim_trace("engine", "%s", n->text);
	if (n->kdev)
		kdev_put(n->kdev);
	err = msg_read(&m, n->text, n->len);
	passes_line = !err && msg_is(&m, "log");
	if (passes_line)
		held_hear_log(&m);
	host_enter();
	if (err)
		engine_heard_garbage(mgr.engine);
	else
		engine_heard(mgr.engine, &m, handle);
	host_leave_core();
	passes_line = false;
}

static void on_read(struct io_timer *t)
{
	struct conn *c = mgr.conn;
	struct list *l;

	if (!c)
		return;
	if (sim.now < mgr.deaf_until) {
		sim_at(t, mgr.deaf_until);
		return;
	}
	while (mgr.conn == c && (l = list_pop_front(&c->from))) {
		hear(container_of(l, struct note, link));
		world_free(container_of(l, struct note, link));
	}
	wake_engine(c);
	if (mgr.conn != c || c->engine || c->told)
		return;
	c->told = true;
	host_enter();
	engine_hung_up(mgr.engine);
	host_leave_core();
}

/* The manager's process ----------------------------------------------- */

static bool is_known(void *ctx, const char *disk)
{
	return manager_has_disk(ctx, disk);
}

static void on_begun(struct manager *m, unsigned n)
{
	sim_trace("manager", "begins, %u disks go on", n);
	mgr.begun = sim.now;
	if (!mgr.dying)
		kernel_sweep(is_known, m);
	if (mgr.upgrades) {
		engines_renew(&m->engines);
		mgr.upgraded = mgr.born;
	}
	mgr.upgrades = false;
	manager_go(m);
}

static void start_manager(void)
{
	struct manager *m = &mgr.m;
	struct report r = manager_report();

	mgr.runs = true;
	mgr.over = false;
	mgr.born = sim.now;
	host_enter();
	manager_init(m, &mgr.opt, side_outside());
	str_copy(m->initiator.name, sizeof(m->initiator.name),
		 "iqn.2026-01.example:host");
	for (unsigned i = 0; exporter_at(i); i++)
		if (exporter_at(i) != exporter_find(""))
			str_copy(m->exporters.host[i].why, EXPORTER_WHY,
				 "not in this world");
	/* tests/model/trace reads the steps of fences; all runs are alike. */
	m->engines.topics = 64;
	if (files_conf(&r, &m->conf) || r.errors)
		sim_fail(FIG_ERROR, "the configuration is faulty");
	else
		manager_begin(m, 1, on_begun);
	host_leave_core();
}

static void on_restart(struct io_timer *t)
{
	sim_trace("manager", "starts anew");
	start_manager();
}

/* All it had goes, and nothing of it may be left. */
static void drop_manager(void)
{
	struct conn *c = mgr.conn;

	host_enter();
	manager_fini(&mgr.m);
	mgr.depth = 0;
	heap_manager_out();
	mgr.runs = false;
	mgr.strike_in = 0;
	memset(&mgr.timers, 0, sizeof(mgr.timers));
	sim_cancel(&mgr.tick);
	sim_cancel(&mgr.read);
	sim_cancel(&mgr.ended);
	sim_cancel(&mgr.closed);
	mgr.engine = NULL;
	mgr.conn = NULL;
	if (c) {
		c->manager = false;
		notes_drop(&c->from);
		if (proc.calling == c)
			proc.calling = NULL;
		wake_engine(c);
	}
	kernel_close_all();
	if (proc.engine)
		engine_log_to_manager(proc.engine);
	if (heap_manager_pieces())
		sim_fail(FIG_LEAK, "the manager kept %zu pieces of memory",
			 heap_manager_pieces());
}

static void bury_manager(void)
{
	sim_count(FIG_DEATHS);
	drop_manager();
	mgr.upgraded = 0; /* the next one knows nothing of it */
	mgr.dying = false;
	sim_after(&mgr.restart, mgr.restart_after);
}

/* Between two effects, whatever it is about. */
void host_kill_manager_now(uint64_t us)
{
	sim_trace("manager", "KILLED");
	mgr.restart_after = us;
	mgr.dying = true;
	bury_manager();
}

void host_kill_manager(uint64_t us)
{
	if (!mgr.runs || mgr.leaving || mgr.strike_in)
		return;
	mgr.restart_after = us;
	mgr.strike_in = dice_below(&sim.host, 12) + 1;
}

void host_upgrade(void)
{
	if (!mgr.runs || mgr.leaving)
		return;
	mgr.upgrades = true;
	host_kill_manager(MS);
}

/* What administrators do ---------------------------------------------- */

bool host_has_engine(void)
{
	return mgr.runs && !mgr.m.adopt && mgr.engine &&
	       mgr.engine->state == ENGINE_READY;
}

void host_reload(void)
{
	unsigned faulty;

	if (!mgr.runs || mgr.leaving || mgr.m.adopt)
		return;
	host_enter();
	manager_reload(&mgr.m, &faulty);
	host_leave_core();
}

void host_rescan(void)
{
	if (!host_has_engine())
		return;
	host_enter();
	targets_rescan(&mgr.m);
	host_leave_core();
}

void host_switch(const struct box *b, const struct path *p)
{
	static struct msg_out out;
	const struct target *t = target_at_box(b);
	char text[ADDR_TEXT_SIZE];

	if (!host_has_engine() || !t || !t->bay.engine)
		return;
	addr_format(&p->addr, false, text, sizeof(text));
	msg_begin(&out, "switch");
	msg_u64(&out, "id", t->bay.id);
	msg_str(&out, "portal", text);
	host_enter();
	engine_tell(t->bay.engine, &out, -1);
	host_leave_core();
}

bool host_is_outdated(void)
{
	return proc.engine && proc.started < mgr.upgraded;
}

bool host_is_online(const struct held *h)
{
	return kernel_is_linked(h);
}

uint64_t host_down_for(const struct box *b)
{
	const struct session_seen *s = &sessions[b->number];
	uint64_t since = sim.now - s->since;

	if (!s->up)
		return since;
	/* A disk may still be waiting for its barrier. */
	return since < SEC ? s->was_down_for : 0;
}

bool host_is_deaf(uint64_t us)
{
	return !host_has_engine() || sim.now - mgr.begun < us;
}

void host_deaf(uint64_t us)
{
	mgr.deaf_until = sim.now + us;
}

void host_spare(void)
{
	mgr.strike_in = 0;
	loop_strike(0, NULL);
}

void host_starve(uint64_t us)
{
	mgr.starved_until = sim.now + us;
}

/* The end ------------------------------------------------------------- */

void side_over(void)
{
	mgr.over = true;
}

void host_leave(void)
{
	mgr.leaving = true;
	mgr.strike_in = 0;
	loop_strike(0, NULL);
	host_enter();
	manager_stop(&mgr.m);
	host_leave_core();
}

bool host_runs(void)
{
	return mgr.runs && !mgr.m.adopt;
}

void host_force(void)
{
	if (mgr.over || mgr.m.forced)
		return;
	sim_trace("manager", "is told to stop by force");
	mgr.forced = true;
	host_enter();
	manager_stop(&mgr.m);
	host_leave_core();
}

bool host_is_forced(void)
{
	return mgr.forced;
}

bool host_is_over(void)
{
	return mgr.over;
}

void host_bury(void)
{
	drop_manager();
	if (proc.engine)
		sim_fail(FIG_LEAK, "an engine is left");
	if (kernel_devices())
		sim_fail(FIG_LEAK, "%u devices are left", kernel_devices());
	if (kernel_links())
		sim_fail(FIG_LEAK, "%u links are left", kernel_links());
}

void host_init(void)
{
	memset(&mgr, 0, sizeof(mgr));
	memset(&proc, 0, sizeof(proc));
	memset(held, 0, sizeof(held));
	memset(sessions, 0, sizeof(sessions));
	memset(ids, 0, sizeof(ids));
	mgr.opt.conf = "iscsi.conf";
	mgr.opt.rundir = mgr.opt.asked_rundir = "/run";
	mgr.opt.linkdir = "/dev/iscsi";
	mgr.opt.owner = "/run";
	mgr.opt.task_timeout = config.task_timeout;
	mgr.tick.fn = on_tick;
	mgr.read.fn = on_read;
	mgr.ended.fn = on_ended;
	mgr.closed.fn = on_closed;
	mgr.restart.fn = on_restart;
	end_of_engine.fn = on_end_of_engine;
	killing.fn = on_killing;
	for (unsigned i = 0; i < config.boxes; i++) {
		sessions[i].group = -1;
		for (unsigned j = 0; j < config.luns; j++)
			held[i][j] =
				(struct held){ .box = &boxes[i], .lun = j };
	}
	kernel_init();
	files_init();
	start_manager();
}

/*
 * supervise - the engine processes: started, watched, replaced, ended.
 */
#include "iscsid/engines/supervise_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/outside.h"

static const struct outside *outside(const struct engine_process *e)
{
	return e->all->out;
}

static void set_timer(struct engine_process *e, uint64_t ms)
{
	outside(e)->set_timer(outside(e), &e->timer, ms);
}

/* Process and socket are both over: now it is truly gone. */
static void check_over(struct engine_process *e)
{
	if (!e->running && !e->connected)
		engine_step(e, ENGINE_EXITED);
}

void engine_ended(struct engine_process *e, const char *words, bool well)
{
	e->running = false;
	if (e->old)
		log_info(e->name, "process %d makes way", (int)e->pid);
	else if (e->state != ENGINE_QUITTING || !well)
		log_warn(e->name, "process %d %s", (int)e->pid, words);
	/* What it said last still lies in the socket: end comes after it. */
	check_over(e);
}

void engine_hung_up(struct engine_process *e)
{
	outside(e)->hang_up(outside(e), e);
	/* An engine without its socket can only be ended. */
	if (e->running)
		engine_step(e, ENGINE_MISBEHAVED);
}

void engine_disconnected(struct engine_process *e)
{
	e->connected = false;
	check_over(e);
}

static void count_wrong(struct engine_process *e, const char *what)
{
	e->wrong++;
	if (e->wrong <= 5 || e->wrong == ENGINE_MAX_WRONG)
		log_warn(e->name, "said something impossible (%s), ignored",
			 what);
	if (e->wrong == ENGINE_MAX_WRONG)
		engine_step(e, ENGINE_MISBEHAVED);
}

void engine_heard_garbage(struct engine_process *e)
{
	count_wrong(e, "not a message");
}

static void pass_line(struct engine_process *e, const struct reported_log *l)
{
	uint64_t now = outside(e)->now(outside(e));
	/* What was asked for must not keep back what matters. */
	struct budget *b =
		l->level == LOG_DEBUG ? &e->debug_budget : &e->log_budget;
	bool was_full = b->used >= ENGINE_LOG_LINES;

	/*
	 * Before it is ready an engine speaks of this machine, as each of
	 * them does at each start: once is enough, whatever the time is.
	 */
	if (e->state == ENGINE_STARTING &&
	    !repeat_may_say(&e->all->machine, l->text, 0))
		return;
	if (budget_take(b, ENGINE_LOG_LINES, 10000, now))
		log_line((int)l->level, l->object, "%s", l->text);
	else if (!was_full)
		log_warn(e->name, "logs too much, lines are left out");
}

/* 0: nobody listens to it. */
static unsigned when_of(const struct engine_process *e)
{
	static const unsigned when[] = {
		[ENGINE_STARTING] = HEARD_STARTING,
		[ENGINE_ADOPTING] = HEARD_ADOPTING,
		[ENGINE_READY] = HEARD_READY,
		[ENGINE_KILLED] = HEARD_KILLED,
		[ENGINE_QUITTING] = HEARD_QUITTING,
		[ENGINE_GONE] = 0,
	};

	return when[e->state];
}

/* Does this exporter give us a handle that is served, or none? */
static bool fits(const struct via_ops *via, int handle)
{
	return via && (handle >= 0) == via->shared;
}

/* The handle is the owner's when it takes it. */
static void pass_on(struct engine_process *e, const struct reported *s,
		    int *handle)
{
	if (s->kind != REPORTED_HELD)
		e->all->ops->said(e->all->ctx, e, s);
	else if (!fits(exporter_find(s->event.export), *handle))
		count_wrong(e, "a handle nobody asked for, or none");
	else
		e->all->ops->held(e->all->ctx, e, s, handle);
}

static void heed(struct engine_process *e, const struct reported *s,
		 int *handle)
{
	switch (s->kind) {
	case REPORTED_READY:
		e->serves = s->ready.serves;
		e->vigil.shown = s->ready.pulse;
		if (s->ready.version == ENGINE_VERSION)
			engine_step(e, ENGINE_SAID_READY);
		else
			count_wrong(e, "another version");
		break;
	case REPORTED_PONG:
		break;
	case REPORTED_ADOPTED:
		engine_step(e, ENGINE_SAID_ADOPTED);
		break;
	case REPORTED_LOG:
		pass_line(e, &s->log);
		break;
	case REPORTED_ERROR:
		log_warn(e->name, "did not understand: %s", s->log.text);
		break;
	default:
		pass_on(e, s, handle);
	}
}

void engine_heard(struct engine_process *e, const struct msg_in *m, int handle)
{
	static struct reported s;
	const char *wrong = "";
	int err = reported_read(m, &s, &wrong);

	e->vigil.heard = true;
	if (err == -EBADMSG)
		count_wrong(e, wrong);
	else if (!err && !reported_is_due(s.kind, when_of(e)))
		count_wrong(e, "not now");
	else if (!err)
		heed(e, &s, &handle);
	if (handle >= 0) /* nobody took it */
		outside(e)->close(outside(e), handle);
}

static void take_process(struct engine_process *e)
{
	e->adopted = false;
	e->wrong = 0;
	e->ready = 0;
	e->running = e->connected = true;
}

static void send_word(struct engine_process *e, const char *verb)
{
	static struct msg_out m;

	msg_begin(&m, verb);
	/* What does not arrive gets no answer, which has a time limit. */
	(void)outside(e)->send(outside(e), e, &m, -1);
}

/* One of a version without pages closes the handle. */
static void greet(struct engine_process *e)
{
	static struct msg_out m;
	int page = vigil_begin(&e->vigil, outside(e), e->name);

	msg_begin(&m, "hello");
	msg_u64(&m, "version", ENGINE_VERSION);
	/* What does not arrive gets no answer, which has a time limit. */
	(void)outside(e)->send(outside(e), e, &m, page);
	if (page >= 0)
		outside(e)->close(outside(e), page);
}

void engine_send_topics(struct engine_process *e)
{
	static struct msg_out m;

	msg_begin(&m, "log");
	msg_u64(&m, "mask", e->all->topics);
	/* An engine that takes nothing any more is found by its pings. */
	(void)outside(e)->send(outside(e), e, &m, -1);
}

static void rest(struct engine_process *e)
{
	uint32_t pause = pause_engine(e->deaths);

	log_warn(e->name, "is started again %s",
		 pause ? "after a pause" : "at once");
	set_timer(e, pause);
}

static void act_spawn(void *obj, const void *arg)
{
	struct engine_process *e = obj;
	int err = outside(e)->start(outside(e), e);

	if (err) {
		e->ready = 0;
		log_err(e->name, "cannot be started: %s", strerror(-err));
		engine_step(e, ENGINE_EXITED);
		return;
	}
	take_process(e);
	set_timer(e, patience_engine(e->deaths));
	greet(e);
}

static void act_adopt(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	e->adopted = true;
	log_info(e->name, "process %d is left of a manager before us",
		 (int)e->pid);
	set_timer(e, patience_engine(e->deaths));
	greet(e);
}

static void act_ask(void *obj, const void *arg)
{
	send_word(obj, "adopt");
}

static unsigned demand(void *ctx, unsigned wanted)
{
	const struct engine_process *e = ctx;

	return e->all->ops->demand(e->all->ctx, e, wanted);
}

static struct vigil_of vigil_of(struct engine_process *e)
{
	return (struct vigil_of){
		.out = outside(e),
		.name = e->name,
		.pid = e->pid,
		.timeout = e->all->timeout,
		.serves = e->load > 0,
		.demand = demand,
		.ctx = e,
	};
}

static void look_later(struct engine_process *e)
{
	const struct vigil_of of = vigil_of(e);

	set_timer(e, vigil_every(&e->vigil, &of));
}

static void act_ready(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	e->ready = outside(e)->now(outside(e));
	look_later(e);
	log_debug(e->name, "process %d is ready", (int)e->pid);
	if (e->all->topics)
		engine_send_topics(e);
	e->all->ops->ready(e->all->ctx, e);
	e->renewing = false;
	engines_renew_next(e->all);
}

static void hangs(struct engine_process *e, const char *why)
{
	const struct progress *p = &e->vigil.progress;
	uint32_t ms = p->silent > p->unread ? p->silent : p->unread;

	log_err(e->name, "%s, has done nothing for %u.%u s, and is replaced",
		why, ms / 1000, ms % 1000 / 100);
	engine_step(e, ENGINE_MISBEHAVED);
}

static void act_look(void *obj, const void *arg)
{
	struct engine_process *e = obj;
	const struct vigil_of of = vigil_of(e);
	const char *why = "";

	look_later(e);
	switch (vigil_look(&e->vigil, &of, outside(e)->now(outside(e)), &why)) {
	case VIGIL_FINE:
		break;
	case VIGIL_ASK:
		send_word(e, "ping");
		break;
	case VIGIL_REPLACE:
		hangs(e, why);
		break;
	}
}

void engine_kill(struct engine_process *e)
{
	int err = e->running ? outside(e)->kill(outside(e), e) : 0;

	if (err)
		log_err(e->name, "process %d cannot be ended: %s", (int)e->pid,
			strerror(-err));
}

static void act_kill(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	engine_kill(e);
	set_timer(e, ENGINE_HELD_AFTER);
}

/* Nobody else may have its handles while it may still use them. */
static void act_held(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	log_err(e->name,
		"process %d was killed and has not ended after %u s, its disks "
		"wait: the kernel holds it",
		(int)e->pid, ENGINE_HELD_AFTER / 1000);
}

static void act_lost(void *obj, const void *arg)
{
	struct engine_process *e = obj;
	bool useful = e->ready && outside(e)->now(outside(e)) - e->ready >=
					  ENGINE_LIVED_LONG;

	vigil_end(&e->vigil);
	e->deaths = useful ? 1 : e->deaths + 1;
	if (e->old)
		set_timer(e, 0);
	else
		rest(e);
	e->old = false;
	e->all->ops->lost(e->all->ctx, e);
}

static void act_quit(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	send_word(e, "quit");
	set_timer(e, ENGINE_QUIT_IN);
}

static void act_quit_late(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	set_timer(e, ENGINE_QUIT_IN);
}

static void act_late(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	log_warn(e->name, "did not end within %u s, it is killed",
		 ENGINE_QUIT_IN / 1000);
	engine_kill(e);
}

static void act_gone(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	outside(e)->clear_timer(outside(e), &e->timer);
	vigil_end(&e->vigil);
	outside(e)->retire(outside(e), e);
	e->all->ops->gone(e->all->ctx, e);
}

static void act_silent(void *obj, const void *arg)
{
	struct engine_process *e = obj;

	log_warn(e->name, "said nothing for %u s, it is killed",
		 patience_engine(e->deaths) / 1000);
	act_kill(obj, arg);
}

/* What must hold ------------------------------------------------------ */

#define NEW   (IN(ENGINE_STARTING) | IN(ENGINE_ADOPTING))
#define ALIVE (NEW | IN(ENGINE_READY))
#define ENDS  (IN(ENGINE_KILLED) | IN(ENGINE_QUITTING))
#define OVER  (IN(ENGINE_DOWN) | IN(ENGINE_GONE))

static const char *engine_check(const void *obj)
{
	const struct engine_process *e = obj;
	uint32_t at = IN(e->state);

	if (at & OVER && (e->running || e->connected))
		return "something of the process is left";
	if (at & (ALIVE | ENDS) && !e->running && !e->connected)
		return "nothing of the process is left";
	if (at & (ALIVE | IN(ENGINE_DOWN)) && !e->timer.set)
		return "it is waited for without an end";
	if (at & IN(ENGINE_GONE) && e->timer.set)
		return "it would come back";
	return NULL;
}

/* Another one takes over what it has: in whatever state it is, it ends. */
static void engine_broken(void *obj, const char *what)
{
	struct engine_process *e = obj;

	log_err(e->name, "%s: it is replaced", what);
	if (IN(e->state) & ALIVE)
		engine_step(e, ENGINE_MISBEHAVED);
	else
		engine_kill(e);
}

static const char *const state_names[ENGINE_STATES] = {
	"down", "starting", "adopting", "ready", "killed", "quitting", "gone",
};
static const char *const event_names[ENGINE_EVENTS] = {
	"spawn", "found",  "said-ready", "said-adopted", "misbehaved",
	"renew", "exited", "quit",	 "late",
};

static const struct fsm_row rows[] = {
	{ IN(ENGINE_DOWN), ENGINE_SPAWN, ENGINE_STARTING, act_spawn,
	  "time to start" },
	{ IN(ENGINE_DOWN), ENGINE_FOUND, ENGINE_ADOPTING, act_adopt,
	  "outlived its manager" },
	{ IN(ENGINE_STARTING), ENGINE_SAID_READY, ENGINE_READY, act_ready,
	  "speaks our version" },
	{ IN(ENGINE_ADOPTING), ENGINE_SAID_READY, ENGINE_ADOPTING, act_ask,
	  "speaks our version" },
	{ IN(ENGINE_ADOPTING), ENGINE_SAID_ADOPTED, ENGINE_READY, act_ready,
	  "told what it has" },
	{ NEW, ENGINE_LATE, ENGINE_KILLED, act_silent, "silent at its start" },
	{ IN(ENGINE_READY), ENGINE_LATE, ENGINE_READY, act_look,
	  "does it get on?" },
	{ IN(ENGINE_KILLED), ENGINE_LATE, ENGINE_KILLED, act_held,
	  "does not die" },
	{ ALIVE, ENGINE_MISBEHAVED, ENGINE_KILLED, act_kill,
	  "not to be borne" },
	{ IN(ENGINE_READY), ENGINE_RENEW, ENGINE_KILLED, act_kill,
	  "there is a newer program" },
	{ ALIVE | IN(ENGINE_KILLED), ENGINE_EXITED, ENGINE_DOWN, act_lost,
	  "died" },
	{ ALIVE, ENGINE_QUIT, ENGINE_QUITTING, act_quit, "orderly end" },
	{ IN(ENGINE_DOWN), ENGINE_QUIT, ENGINE_GONE, act_gone, "never mind" },
	{ IN(ENGINE_KILLED), ENGINE_QUIT, ENGINE_QUITTING, act_quit_late,
	  "ends already" },
	{ IN(ENGINE_QUITTING), ENGINE_LATE, ENGINE_QUITTING, act_late,
	  "does not end" },
	{ IN(ENGINE_QUITTING), ENGINE_EXITED, ENGINE_GONE, act_gone, "ended" },

	{ ENDS, ENGINE_MISBEHAVED, FSM_IGNORED, NULL, "it ends already" },
	{ IN(ENGINE_READY) | ENDS, ENGINE_SAID_READY, FSM_IGNORED, NULL,
	  "an engine may say so at any time" },
	{ IN(ENGINE_STARTING) | IN(ENGINE_READY) | ENDS, ENGINE_SAID_ADOPTED,
	  FSM_IGNORED, NULL, "an engine may say so at any time" },
};

const struct fsm engine_fsm = {
	.name = "engine",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(*rows),
	.nstates = ENGINE_STATES,
	.nevents = ENGINE_EVENTS,
	.check = engine_check,
	.broken = engine_broken,
};

void engine_step(struct engine_process *e, enum engine_event ev)
{
	/* A failure of it has been dealt with: engine_broken(). */
	(void)fsm_step(&engine_fsm, &e->state, (uint8_t)ev, e, NULL);
}

static void on_timer(struct io_timer *t)
{
	struct engine_process *e =
		container_of(t, struct engine_process, timer);

	engine_step(e, e->state == ENGINE_DOWN ? ENGINE_SPAWN : ENGINE_LATE);
}

void engine_process_init(struct engines *es, unsigned i)
{
	struct engine_process *e = &es->list[i];

	e->all = es;
	e->number = i;
	snprintf(e->name, sizeof(e->name), "engine %u", i);
	e->timer.fn = on_timer;
}

void engine_release(struct engine_process *e)
{
	outside(e)->clear_timer(outside(e), &e->timer);
	vigil_end(&e->vigil);
}

bool engine_find(struct engine_process *e)
{
	if (outside(e)->find(outside(e), e))
		return false;
	take_process(e);
	engine_step(e, ENGINE_FOUND);
	return true;
}

/* One that is adopted is told what is not to go on. */
#define HEARS (IN(ENGINE_ADOPTING) | IN(ENGINE_READY) | IN(ENGINE_QUITTING))

bool engine_tell(struct engine_process *e, const struct msg_out *m, int handle)
{
	int err;

	if (!(IN(e->state) & HEARS))
		return false;
	err = outside(e)->send(outside(e), e, m, handle);
	if (err && err != -EPIPE) {
		log_warn(e->name, "does not read what it is told (%s)",
			 strerror(-err));
		engine_step(e, ENGINE_MISBEHAVED);
	}
	return !err;
}

void engine_replace(struct engine_process *e, const char *why)
{
	if (!(IN(e->state) & ALIVE))
		return;
	log_warn(e->name, "%s, it is replaced", why);
	engine_step(e, ENGINE_MISBEHAVED);
}

/*
 * recover - ending commands at the target: when a command got no answer in
 * its time, and when a LUN is to be cleared (RFC 7143 11.5, 11.6).
 *
 * One function at a time in a session, the oldest command first; what a
 * function does not do, the next one of the ladder does.  docs/recovery.md
 * lays it beside what the old driver did.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "proto/state.h"
#include "wire/lun.h"

#define BUSY_MS	 50    /* until there is room for a function */
#define STUCK_MS 60000 /* how long a closed window is borne */

/*
 * Behind the last one the session is dropped.  A target reset is no rung: it
 * ends what all hosts do on all LUNs, and most targets refuse it, or say that
 * it is done and do nothing (docs/ghost-writes.md).
 */
static const enum tmf ladder[] = {
	TMF_ABORT_TASK,
	TMF_ABORT_TASK_SET,
	TMF_LUN_RESET,
};
#define RUNGS	  (sizeof(ladder) / sizeof(*ladder))
#define RUNG_TASK 0 /* for a command that is late */
#define RUNG_LUN  2 /* for all nexuses of a LUN */

static bool same_lun(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, LUN_LEN) == 0;
}

static void say(struct session *s, const char *what, enum tmf function)
{
	const struct recovery *r = &s->recovery;
	char lun[24] = "a LUN";
	uint32_t number;

	if (!lun_number(r->lun, &number))
		snprintf(lun, sizeof(lun), "LUN %u", (unsigned)number);
	session_note(s, LOG_WARNING, "%s: %s %s", lun, what,
		     manage_name(function));
}

/* Late commands ------------------------------------------------------- */

static void expire(struct session *s, struct task *t)
{
	if (t->expired || t->finished)
		return;
	t->expired = true;
	s->recovery.expired++;
}

void recover_forget(struct session *s, struct task *t)
{
	s->recovery.expired -= t->expired;
	t->expired = false;
}

void recover_sent(struct session *s, struct task *t)
{
	if (t->deadline || !t->cmd->timeout)
		return;
	t->deadline = s->now + t->cmd->timeout;
	if (t->deadline < s->recovery.next)
		s->recovery.next = t->deadline;
}

static struct task *task_of(struct session *s, struct list *pos)
{
	return &s->tasks[container_of(pos, struct cmd, link)->task];
}

/* Marks those that are late now, and notes when to look again. */
static void look(struct session *s)
{
	uint64_t next = UINT64_MAX;
	struct list *pos;

	list_for_each (pos, &s->sent) {
		struct task *t = task_of(s, pos);

		if (t->finished || t->expired || !t->deadline)
			continue;
		if (t->deadline <= s->now)
			expire(s, t);
		else if (t->deadline < next)
			next = t->deadline;
	}
	s->recovery.next = next;
}

/* In the order in which they were sent; lun NULL: any. */
static struct task *oldest_late(struct session *s, const uint8_t *lun)
{
	struct list *pos;

	if (!s->recovery.expired)
		return NULL;
	list_for_each (pos, &s->sent) {
		struct task *t = task_of(s, pos);

		if (t->expired && (!lun || same_lun(t->cmd->lun, lun)))
			return t;
	}
	return NULL;
}

bool recover_holds(const struct session *s, const struct cmd *cmd)
{
	const struct recovery *r = &s->recovery;

	if (r->on && same_lun(r->lun, cmd->lun))
		return true;
	/* It changes nothing but what is pointed to. */
	return oldest_late((struct session *)(uintptr_t)s, cmd->lun);
}

/* The ladder ---------------------------------------------------------- */

static void run(struct session *s);

static void let_go(struct session *s)
{
	s->recovery.on = false;
	session_kick(s); /* what was held back */
}

/* All that was meant is over at the target. */
static void succeed(struct session *s, enum tmf function)
{
	struct recovery *r = &s->recovery;
	struct clear_req *clear = r->clear;

	if (function >= TMF_LUN_RESET && s->ops.user->was_reset)
		s->ops.user->was_reset(
			s->ctx, function == TMF_LUN_RESET ? r->lun : NULL);
	r->clear = NULL;
	let_go(s);
	if (clear) {
		clear->pending = false;
		clear->done(clear, 0);
	}
}

/* The next rung, unless the late ones were answered meanwhile. */
static void climb(struct session *s, enum tmf function, int response)
{
	struct recovery *r = &s->recovery;

	say(s, response == -ETIMEDOUT ? "no answer to" : "the target refuses",
	    function);
	if (r->clear || oldest_late(s, r->lun))
		r->rung++;
	else
		let_go(s);
}

static void on_answer(struct tmf_req *t, int response)
{
	struct recovery *r = container_of(t, struct recovery, tmf);
	struct session *s = container_of(r, struct session, recovery);

	r->asked = false;
	if (response == -ENOTCONN) /* recover_fini() does the rest */
		return;
	if (manage_did(t, response))
		succeed(s, t->function);
	else
		climb(s, t->function, response);
	run(s);
}

static void send(struct session *s)
{
	struct recovery *r = &s->recovery;
	struct task *late = r->clear ? NULL : oldest_late(s, r->lun);

	if (!r->clear && !late) { /* they were answered meanwhile */
		let_go(s);
		return;
	}
	if (r->rung == RUNGS) {
		session_end(s, &fault_unmanageable, "");
		return;
	}
	r->tmf.function = ladder[r->rung];
	r->tmf.cmd = late ? late->cmd : NULL;
	r->tmf.done = on_answer;
	memcpy(r->tmf.lun, r->lun, LUN_LEN);
	r->asked = true;
	if (session_manage(s, &r->tmf, s->now)) {
		r->asked = false;
		r->at = s->now + BUSY_MS;
		return;
	}
	say(s, r->clear ? "sending" : "no answer in time, sending",
	    r->tmf.function);
}

static void begin(struct session *s, const uint8_t *lun, uint8_t rung)
{
	struct recovery *r = &s->recovery;

	memcpy(r->lun, lun, LUN_LEN);
	r->on = true;
	r->rung = rung;
	r->at = s->now;
}

/* The next one who waits for the ladder; false: there is none. */
static bool choose(struct session *s)
{
	struct recovery *r = &s->recovery;
	struct list *l = list_pop_front(&r->clears);
	struct task *late;

	if (l) {
		r->clear = container_of(l, struct clear_req, link);
		begin(s, r->clear->lun, RUNG_LUN);
		return true;
	}
	late = oldest_late(s, NULL);
	if (late)
		begin(s, late->cmd->lun, RUNG_TASK);
	return late;
}

static void run(struct session *s)
{
	struct recovery *r = &s->recovery;

	while (!r->asked && session_is_up(s) && (r->on || choose(s)) &&
	       s->now >= r->at)
		send(s);
}

/* For session.c ------------------------------------------------------- */

void recover_init(struct session *s)
{
	s->recovery = (struct recovery){ .next = UINT64_MAX };
	list_init(&s->recovery.clears);
}

static void give_back(struct clear_req *c)
{
	c->pending = false;
	c->done(c, -ENOTCONN);
}

void recover_fini(struct session *s)
{
	struct recovery *r = &s->recovery;
	struct clear_req *clear = r->clear;
	struct list *l;

	r->on = false;
	r->clear = NULL;
	r->next = UINT64_MAX;
	if (clear)
		give_back(clear);
	while ((l = list_pop_front(&r->clears)))
		give_back(container_of(l, struct clear_req, link));
}

/*
 * A target that answers pings but takes no command, though it has none of
 * ours left to work on: only a new session can help.
 */
static void stuck_tick(struct session *s)
{
	if (!session_is_up(s) || !s->window_closed || !list_empty(&s->sent))
		s->stuck_since = 0;
	else if (!s->stuck_since)
		s->stuck_since = s->now;
	else if (s->now - s->stuck_since >= STUCK_MS)
		session_end(s, &fault_window_stuck, "");
}

void recover_tick(struct session *s)
{
	stuck_tick(s);
	if (s->now >= s->recovery.next)
		look(s);
	run(s);
}

uint64_t recover_wake(const struct session *s)
{
	const struct recovery *r = &s->recovery;
	uint64_t at = r->next;

	if (r->asked || !session_is_up(s))
		return at;
	if (r->on)
		return r->at < at ? r->at : at;
	return r->expired || !list_empty(&r->clears) ? s->now : at;
}

void session_expire(struct session *s, struct cmd *c, uint64_t now)
{
	s->now = now;
	if (c->sent) {
		expire(s, &s->tasks[c->task]);
		run(s);
		return;
	}
	list_remove(&c->link);
	c->outcome = CMD_ABORTED;
	c->done(c);
}

void session_clear_lun(struct session *s, struct clear_req *r)
{
	r->pending = true;
	list_push_back(&s->recovery.clears, &r->link);
}

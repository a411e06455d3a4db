/*
 * fence - keeping late writes of an old nexus away from newer ones.
 */
#include "disk/internal.h"

#include <errno.h>
#include <string.h>

#include "base/fsm.h"
#include "base/log.h"
#include "scsi/status.h"

#define NOT_YET                                                                \
	UINT64_MAX /* since: the end of the nexus is still to be told          \
		    */

/* What must hold ------------------------------------------------------ */

static const char *fence_check(const void *obj)
{
	const struct disk *d = obj;
	const struct fence *f = &d->fence;

	switch ((enum fence_state)f->state) {
	case FENCE_CLEAR:
		return f->out || f->clear.pending
			       ? "a command of it is with the session"
			       : NULL;
	case FENCE_OPEN:
	case FENCE_ENDED:
		return d->session ? "there is a session" : NULL;
	case FENCE_HOLD:
		return f->since == NOT_YET ? "it waits for ever" : NULL;
	case FENCE_SETTLE:
		return f->pause.on ? NULL : "the pause has no end";
	case FENCE_DRAIN:
	case FENCE_RESET:
		return f->pause.on ? "it is in a pause" : NULL;
	case FENCE_BARRIER:
	case FENCE_STATES:
		break;
	}
	return NULL;
}

/* All is in doubt that was, which costs a wait and no write. */
static void fence_broken(void *obj, const char *what)
{
	struct disk *d = obj;
	struct fence *f = &d->fence;

	if (note_allowed(d))
		note(d, LOG_ERR, "%s: late writes are waited for", what);
	f->since = d->now;
	f->state = d->session ? FENCE_HOLD : FENCE_OPEN;
	pause_end(&f->pause);
}

/* Steps --------------------------------------------------------------- */

static void act_lost(void *obj, const void *arg)
{
	struct disk *d = obj;

	d->fence.place = d->place;
	d->fence.nexus = d->nexus;
	d->fence.since = NOT_YET;
	pause_end(&d->fence.pause);
}

static void act_ended(void *obj, const void *arg)
{
	struct disk *d = obj;

	act_lost(obj, arg);
	d->fence.since = d->now;
}

/* Nothing leaves once the connection is closed: that is now. */
static void act_down(void *obj, const void *arg)
{
	struct disk *d = obj;

	if (d->fence.since == NOT_YET)
		d->fence.since = d->now;
	pause_end(&d->fence.pause);
}

static void act_pause(void *obj, const void *arg)
{
	struct disk *d = obj;

	pause_begin(&d->fence.pause);
}

static void act_barrier(void *obj, const void *arg)
{
	struct disk *d = obj;

	d->fence.tries = 0;
	d->fence.stale = d->fence.was_reset = false;
	pause_end(&d->fence.pause);
}

static void act_cleared(void *obj, const void *arg)
{
	struct disk *d = obj;

	act_barrier(obj, arg);
	d->fence.was_reset = true;
}

/*
 * A write that waited for its data when the barrier came began to run behind
 * it: only the next one waits for that.
 */
static void act_again(void *obj, const void *arg)
{
	struct disk *d = obj;

	d->fence.stale = d->fence.out || d->fence.answered;
}

/* What waited for the fence before the disk was looked at goes on. */
static void act_clear(void *obj, const void *arg)
{
	struct disk *d = obj;

	d->fence.ended = false;
	if (d->phase == PHASE_ONLINE)
		waits_end(d, true);
	else
		disk_step(d, PHASE_EV_LOOK, NULL);
	d->run_again = true;
}

#define ROW(from, ev, to, act, why)                                            \
	{                                                                      \
		IN(FENCE_##from), FENCE_EV_##ev, FENCE_##to, act, why          \
	}
#define IGNORED(in, ev, why)                                                   \
	{                                                                      \
		IN(FENCE_##in), FENCE_EV_##ev, FSM_IGNORED, NULL, why          \
	}

static const struct fsm_row rows[] = {
	ROW(CLEAR, WRITE_LOST, OPEN, act_lost, NULL),
	ROW(CLEAR, WRITE_ENDED, DRAIN, act_ended, NULL),
	IGNORED(CLEAR, UP_SAME, "nothing is in doubt"),
	IGNORED(CLEAR, UP_BESIDE, "nothing is in doubt"),
	IGNORED(CLEAR, DOWN, "nothing is in doubt"),
	IGNORED(CLEAR, OLD_ENDED, "nothing is in doubt"),

	ROW(OPEN, WRITE_LOST, OPEN, act_lost, NULL),
	IGNORED(OPEN, WRITE_ENDED, "the nexus is what has to end"),
	ROW(OPEN, UP_SAME, SETTLE, act_pause, NULL),
	ROW(OPEN, UP_BESIDE, HOLD, NULL, NULL),
	ROW(OPEN, DOWN, OPEN, act_down, NULL),
	ROW(OPEN, OLD_ENDED, ENDED, NULL, NULL),
	ROW(OPEN, WAITED, ENDED, NULL, NULL),

	ROW(ENDED, WRITE_LOST, OPEN, act_lost, NULL),
	IGNORED(ENDED, WRITE_ENDED, "the barrier is owed anyway"),
	ROW(ENDED, UP_SAME, DRAIN, NULL, NULL),
	ROW(ENDED, UP_BESIDE, DRAIN, NULL, NULL),
	IGNORED(ENDED, DOWN, "it was down"),
	IGNORED(ENDED, OLD_ENDED, "it is known"),

	ROW(HOLD, WRITE_LOST, OPEN, act_lost, NULL),
	IGNORED(HOLD, WRITE_ENDED, "the barrier is owed anyway"),
	ROW(HOLD, DOWN, OPEN, act_down, NULL),
	ROW(HOLD, OLD_ENDED, SETTLE, act_pause, NULL),
	ROW(HOLD, WAITED, DRAIN, NULL, NULL),
	ROW(HOLD, RESERVED, DRAIN, NULL, NULL),

	ROW(SETTLE, WRITE_LOST, OPEN, act_lost, NULL),
	IGNORED(SETTLE, WRITE_ENDED, "the barrier is owed anyway"),
	ROW(SETTLE, DOWN, OPEN, act_down, NULL),
	IGNORED(SETTLE, OLD_ENDED, "it is known"),
	ROW(SETTLE, SETTLED, DRAIN, NULL, NULL),

	ROW(DRAIN, WRITE_LOST, OPEN, act_lost, NULL),
	IGNORED(DRAIN, WRITE_ENDED, "the barrier is owed anyway"),
	ROW(DRAIN, DOWN, ENDED, act_down, NULL),
	IGNORED(DRAIN, OLD_ENDED, "it is known"),
	ROW(DRAIN, ORDERS, BARRIER, act_barrier, NULL),
	ROW(DRAIN, REORDERS, RESET, NULL, NULL),

	ROW(RESET, WRITE_LOST, OPEN, act_lost, NULL),
	IGNORED(RESET, WRITE_ENDED, "by the reset"),
	ROW(RESET, DOWN, ENDED, act_down, NULL),
	IGNORED(RESET, OLD_ENDED, "it is known"),
	ROW(RESET, CLEARED, BARRIER, act_cleared, NULL),

	ROW(BARRIER, WRITE_LOST, OPEN, act_lost, NULL),
	ROW(BARRIER, WRITE_ENDED, BARRIER, act_again, NULL),
	ROW(BARRIER, DOWN, ENDED, act_down, NULL),
	IGNORED(BARRIER, OLD_ENDED, "it is known"),
	ROW(BARRIER, REORDERS, RESET, NULL, NULL),
	ROW(BARRIER, DRAINED, CLEAR, act_clear, NULL),
};

static const char *const state_names[FENCE_STATES + 1] = {
	"CLEAR", "OPEN",  "ENDED",   "HOLD", "SETTLE",
	"DRAIN", "RESET", "BARRIER", NULL,
};

static const char *const event_names[FENCE_EVENTS + 1] = {
	"WRITE_LOST", "WRITE_ENDED", "UP_SAME",	 "UP_BESIDE", "DOWN",
	"OLD_ENDED",  "WAITED",	     "RESERVED", "SETTLED",   "ORDERS",
	"REORDERS",   "CLEARED",     "DRAINED",	 NULL,
};

const struct fsm fence_fsm = {
	.name = "fence",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = FENCE_STATES,
	.nevents = FENCE_EVENTS,
	.check = fence_check,
	.broken = fence_broken,
};

static void step(struct disk *d, enum fence_event ev)
{
	struct fence *f = &d->fence;
	uint8_t from = f->state;

	/* A failure of it has been dealt with: fence_broken(). */
	(void)fsm_step(&fence_fsm, &f->state, (uint8_t)ev, d, NULL);
	d->tell_fence |= (f->state == FENCE_HOLD) != (from == FENCE_HOLD);
	if (f->state != from || ev == FENCE_EV_WRITE_LOST)
		say(d, TOPIC_EH, "fence: %s -%s-> %s", state_names[from],
		    event_names[ev], state_names[f->state]);
}

/* The barrier --------------------------------------------------------- */

/* Block 0 will do: it is about the order, not about the cache. */
static void build(struct disk *d)
{
	struct fence *f = &d->fence;
	struct cmd *c = &f->cmd;

	memcpy(c->lun, d->lun, LUN_LEN);
	c->ordered = true;
	if (f->by == BY_SYNCHRONIZE) {
		cdb_synchronize_cache_10(c->cdb);
		c->cdb[8] = 1; /* one block */
		c->dir = CMD_NO_DATA;
		c->len = 0;
	} else {
		cdb_read_10(c->cdb, 0, 1);
		c->dir = CMD_READ;
		c->buf = f->block;
		c->len = sizeof(f->block);
	}
}

static void on_answer(struct cmd *c)
{
	struct fence *f = container_of(c, struct fence, cmd);
	struct disk *d = container_of(f, struct disk, fence);

	f->out = false;
	f->answered = true;
	if (c->outcome == CMD_LOST)
		disk_lost(d);
	disk_run(d);
}

/* A running write may take its time: so does the next barrier. */
static uint32_t patience(const struct fence *f)
{
	return PROBE_TASK_MS << (f->tries < 5 ? f->tries : 5);
}

static void send(struct disk *d)
{
	struct fence *f = &d->fence;

	build(d);
	f->cmd.timeout = patience(f);
	f->cmd.done = on_answer;
	f->out = true;
	session_submit(d->session, &f->cmd);
}

/*
 * The command is refused: by another, and then by a reset.  Behind a reset
 * nothing better is to be had.
 */
static void refused(struct disk *d)
{
	struct fence *f = &d->fence;

	if (f->by == BY_SYNCHRONIZE) {
		f->by = BY_READ;
		return;
	}
	f->by = BY_SYNCHRONIZE;
	/* What never was a disk, and cannot be read, was never written to. */
	step(d,
	     f->was_reset || !d->known ? FENCE_EV_DRAINED : FENCE_EV_REORDERS);
}

#define GONE_TRIES 10

static void again(struct disk *d, const struct policy *p, bool slow)
{
	struct fence *f = &d->fence;

	/* Nothing can be said of a LUN that is not there: nobody waits. */
	if (p->effect == EFFECT_GONE && f->tries == GONE_TRIES)
		disk_set_failed(d, p->err, "the target has no such LUN");
	say_retry(d, &f->cmd, slow ? "in a second" : "at once");
	disk_step(d, PHASE_EV_UNSAID,
		  "old writes may still run, and the target does not carry "
		  "out the command that waits for their end");
	f->tries++;
	if (slow)
		pause_begin(&f->pause);
}

/*
 * Only an answer that comes from carrying it out says that all before it has
 * ended: an attention, a refusal or BUSY may come at once.  How much of the
 * block came with it does not matter.
 */
static bool was_carried_out(const struct cmd *c, const struct sense *s)
{
	if (c->outcome != CMD_DONE)
		return false;
	return c->status == STATUS_GOOD || s->key == KEY_RECOVERED_ERROR ||
	       s->key == KEY_MEDIUM_ERROR || s->key == KEY_HARDWARE_ERROR;
}

static bool is_refusal(const struct cmd *c, const struct policy *p)
{
	return p->effect == EFFECT_REFUSED ||
	       (c->outcome == CMD_DONE &&
		c->status == STATUS_RESERVATION_CONFLICT);
}

static void judge(struct disk *d)
{
	struct fence *f = &d->fence;
	struct sense s;
	const struct policy *p = policy_find(&f->cmd, &s);

	if (f->state != FENCE_BARRIER || f->cmd.outcome == CMD_LOST)
		return;
	say_sense(d, &f->cmd);
	disk_effect(d, p, &s);
	if (f->stale) {
		f->stale = false;
		return;
	}
	if (was_carried_out(&f->cmd, &s))
		step(d, FENCE_EV_DRAINED);
	else if (is_refusal(&f->cmd, p))
		refused(d);
	else
		again(d, p, policy_verdict(p, f->tries) != VERDICT_NOW);
}

static void on_cleared(struct clear_req *r, int err)
{
	struct disk *d = container_of(r, struct disk, fence.clear);

	if (err)
		disk_lost(d); /* or it would be asked again and again */
	else if (d->session && d->fence.state == FENCE_RESET)
		step(d, FENCE_EV_CLEARED);
	disk_run(d);
}

static void reset(struct disk *d)
{
	struct fence *f = &d->fence;

	memcpy(f->clear.lun, d->lun, LUN_LEN);
	f->clear.done = on_cleared;
	session_clear_lun(d->session, &f->clear);
}

void fence_run(struct disk *d)
{
	struct fence *f = &d->fence;

	if (f->answered) {
		f->answered = false;
		judge(d);
	}
	reserve_run(d);
	if (!d->session)
		return;
	if (f->state == FENCE_HOLD && reserve_passes(d))
		step(d, FENCE_EV_RESERVED);
	if (f->state == FENCE_DRAIN && !reserve_blocks(d))
		step(d, f->reorders || d->rules->resets ? FENCE_EV_REORDERS
							: FENCE_EV_ORDERS);
	if (f->state == FENCE_RESET && !f->clear.pending)
		reset(d);
	if (f->state == FENCE_BARRIER && !f->out && !f->pause.on)
		send(d);
}

/* Time ---------------------------------------------------------------- */

uint64_t fence_waited_at(const struct disk *d)
{
	uint64_t wait = d->rules->wait_ms;

	return d->fence.since < NOT_YET - wait ? d->fence.since + wait
					       : NOT_YET;
}

void fence_check_wait(struct disk *d)
{
	const struct fence *f = &d->fence;

	if ((f->state == FENCE_OPEN || f->state == FENCE_HOLD) &&
	    d->now >= fence_waited_at(d))
		step(d, FENCE_EV_WAITED);
}

void fence_tick(struct disk *d)
{
	struct fence *f = &d->fence;

	fence_check_wait(d);
	reserve_tick(d);
	if (f->state == FENCE_SETTLE &&
	    pause_over(&f->pause, d->now, d->rules->settle_ms))
		step(d, FENCE_EV_SETTLED);
	if (f->state == FENCE_BARRIER)
		pause_over(&f->pause, d->now, SLOW_MS);
}

uint64_t fence_wake(const struct disk *d)
{
	const struct fence *f = &d->fence;
	uint64_t at;

	if (!d->session)
		return UINT64_MAX;
	at = f->state == FENCE_HOLD ? fence_waited_at(d)
				    : pause_wake(&f->pause);
	return reserve_wake(d) < at ? reserve_wake(d) : at;
}

/* The nexus ----------------------------------------------------------- */

void fence_write_lost(struct disk *d)
{
	step(d, FENCE_EV_WRITE_LOST);
}

void fence_write_ended(struct disk *d)
{
	d->fence.ended = true;
	step(d, FENCE_EV_WRITE_ENDED);
}

void fence_up(struct disk *d)
{
	struct fence *f = &d->fence;
	bool same = d->rules->reinstates && f->place == d->place;

	d->nexus++;
	f->by = BY_SYNCHRONIZE;
	reserve_up(d);
	step(d, same ? FENCE_EV_UP_SAME : FENCE_EV_UP_BESIDE);
}

/*
 * Data of a write that was ended may have left behind the function.  A target
 * that knows no task before all its data are there carries it out when they
 * come, and only the barrier came behind them.
 *
 * A key that is left makes the next nexus one that may not write.
 */
void fence_down(struct disk *d)
{
	if (d->fence.ended || (fence_is_clear(d) && reserve_has_key(d)))
		step(d, FENCE_EV_WRITE_LOST);
	d->fence.ended = false;
	reserve_down(d);
	step(d, FENCE_EV_DOWN);
}

bool fence_is_clear(const struct disk *d)
{
	return d->fence.state == FENCE_CLEAR;
}

bool fence_is_idle(const struct disk *d)
{
	return !d->fence.out && !d->fence.clear.pending && reserve_is_idle(d);
}

bool fence_conflict(struct disk *d)
{
	if (!fence_is_clear(d)) /* by one before it, of the same nexus */
		return d->reserve.conflict;
	if (!reserve_conflict(d))
		return false;
	step(d, FENCE_EV_WRITE_ENDED);
	d->run_again = true;
	return true;
}

/* For owners of disks ------------------------------------------------- */

void disk_set_place(struct disk *d, int64_t place)
{
	d->place = place;
}

void disk_set_rules(struct disk *d, const struct fence_rules *rules)
{
	d->rules = rules;
}

void disk_doubt(struct disk *d, int64_t place, uint64_t now)
{
	struct fence *f = &d->fence;

	f->state = FENCE_OPEN;
	f->place = place;
	f->nexus = 0;
	f->since = now;
	d->reserve.left = d->reserve.inherited = true;
	d->reserve.place = place;
}

bool disk_is_in_doubt(const struct disk *d)
{
	return !fence_is_clear(d) && d->fence.place != d->place;
}

void disk_nexus_ended(struct disk *d)
{
	if (d->fence.nexus && d->fence.nexus == d->nexus)
		step(d, FENCE_EV_OLD_ENDED);
}

void disk_place_ended(struct disk *d, int64_t place, uint64_t now)
{
	d->now = now;
	/* Without a session nobody waits for the old one to be let go of. */
	if (d->rules->reinstates && d->fence.place == place &&
	    d->fence.state == FENCE_HOLD)
		step(d, FENCE_EV_OLD_ENDED);
	disk_run(d);
}

void disk_fence(const struct disk *d, struct fence_view *out)
{
	const struct fence *f = &d->fence;

	out->state = state_names[f->state];
	out->clear = fence_is_clear(d);
	out->holds = f->state == FENCE_HOLD;
	out->place = f->place;
	out->since = f->since;
	out->until = f->state == FENCE_HOLD ? fence_waited_at(d) : 0;
}

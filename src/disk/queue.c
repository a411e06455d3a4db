/*
 * queue - requests on their way to the target and back.
 *
 * A request waits in the queue, ordered by arrival, is sent as one command
 * at a time, and comes back to be judged.  Its command lies in the request:
 * nothing is allocated here.
 */
#include "disk/internal.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "proto/session.h"
#include "scsi/status.h"

#define TURNS_BEFORE_NOTE 5
#define DOUBLINGS	  6 /* of a command's time */

static void complete(struct disk *d, struct disk_io *io, int err)
{
	d->inflight--;
	io->done(io, err);
}

/* Old requests go before younger ones; most come in order. */
static void enqueue(struct disk *d, struct disk_io *io)
{
	struct list *pos;

	list_for_each (pos, &d->queue) {
		struct disk_io *other = container_of(pos, struct disk_io, link);

		if (other->seq > io->seq)
			break;
	}
	list_insert_before(pos, &io->link);
}

/* It may have run, or run yet: see docs/ghost-writes.md. */
static void lost(struct disk *d, const struct cmd *c)
{
	disk_lost(d);
	if (c->exposed && cdb_changes_medium(c->cdb))
		fence_write_lost(d);
}

/* A target may say so and yet carry it out: only a SCSI status is its word. */
static void ended(struct disk *d, const struct cmd *c)
{
	if (c->exposed && cdb_changes_medium(c->cdb))
		fence_write_ended(d);
}

static void on_answer(struct cmd *c)
{
	struct disk_io *io = container_of(c, struct disk_io, cmd);
	struct disk *d = io->disk;

	d->sent--;
	list_remove(&io->link);
	io->ending = false;
	if (c->outcome == CMD_LOST)
		lost(d, c);
	else if (c->outcome == CMD_ABORTED || c->outcome == CMD_REFUSED)
		ended(d, c);
	list_push_back(&d->answered, &io->link);
	disk_run(d);
}

static void begin_slow(struct disk *d)
{
	if (!d->slow_mode) {
		d->slow_mode = true;
		d->slow_turns = 0;
	}
	if (!d->slow.on)
		pause_begin(&d->slow);
}

static void end_slow(struct disk *d)
{
	d->slow_mode = false;
	d->may_send_one = false;
	pause_end(&d->slow);
}

/* Short congestion is daily business, and no news. */
static void note_slow(struct disk *d, const struct disk_io *io)
{
	char why[SENSE_TEXT_SIZE];

	if (d->slow_turns != TURNS_BEFORE_NOTE)
		return;
	d->slow_turns++;
	policy_text(&io->cmd, why, sizeof(why));
	note(d, LOG_WARNING, "keeps answering %s to %s, trying once a second",
	     why, cdb_name(io->cmd.cdb));
}

static bool is_patient(const struct policy *p)
{
	return p->slow == FOREVER;
}

/* A long BUSY must not use up the tries that an error has. */
static uint32_t tries_of(const struct disk_io *io, const struct policy *p)
{
	return is_patient(p) ? io->tries : io->bad_tries;
}

static void count_try(struct disk_io *io, const struct policy *p)
{
	io->tries++;
	io->bad_tries += !is_patient(p);
}

static void requeue_slow(struct disk *d, struct disk_io *io)
{
	begin_slow(d);
	note_slow(d, io);
	enqueue(d, io);
}

static void requeue_fresh(struct disk *d, struct disk_io *io)
{
	io->tries = io->bad_tries = 0;
	enqueue(d, io);
}

/*
 * The target does not know the command, or not this form of it: never again,
 * and the piece is made another way, if there is one.
 */
static bool learn(struct disk *d, const struct disk_io *io)
{
	enum disk_way w = io->way;

	if (w == WAY_PLAIN)
		return false;
	if (d->limits.ways & WAY(w))
		note(d, LOG_INFO, "the target refuses %s, doing without",
		     disk_way_name(w));
	d->refused |= WAY(w);
	d->limits.ways &= ~WAY(w);
	facts_abilities(&d->limits, &d->geometry);
	return true;
}

static void fail(struct disk *d, struct disk_io *io, const struct policy *p)
{
	if (p->effect == EFFECT_REFUSED && learn(d, io)) {
		requeue_fresh(d, io);
		return;
	}
	note_failed_io(d, io);
	if (p->effect == EFFECT_GONE)
		disk_set_failed(d, p->err, "the target has no such LUN");
	complete(d, io, -p->err);
}

/* The next piece is made when it is sent; here only whether there is one. */
static void go_on(struct disk *d, struct disk_io *io)
{
	int r;

	piece_done(io);
	r = piece_make(&d->limits, d->zeros, io);
	if (r)
		complete(d, io, r == PIECE_NONE ? 0 : r);
	else
		requeue_fresh(d, io);
}

/* One of ours, perhaps, that was left behind: then it goes again. */
static bool met_reservation(struct disk *d, const struct disk_io *io)
{
	return io->cmd.outcome == CMD_DONE &&
	       io->cmd.status == STATUS_RESERVATION_CONFLICT &&
	       fence_conflict(d);
}

static void judge(struct disk *d, struct disk_io *io)
{
	struct sense s;
	const struct policy *p = policy_find(&io->cmd, &s);
	enum verdict v = policy_verdict(p, tries_of(io, p));

	disk_effect(d, p, &s);
	if (met_reservation(d, io)) {
		requeue_fresh(d, io);
		return;
	}
	if (io->cmd.outcome == CMD_ABORTED && io->ended < DOUBLINGS)
		io->ended++;
	if (v == VERDICT_OK || v == VERDICT_FAIL)
		end_slow(d);
	if (v != VERDICT_OK)
		say_sense(d, &io->cmd);
	switch (v) {
	case VERDICT_OK:
		go_on(d, io);
		break;
	case VERDICT_WAIT:
		say_retry(d, &io->cmd, "in the next session");
		requeue_fresh(d, io);
		break;
	case VERDICT_NOW:
		say_retry(d, &io->cmd, "at once");
		count_try(io, p);
		enqueue(d, io);
		break;
	case VERDICT_SLOW:
		say_retry(d, &io->cmd, "in a second");
		count_try(io, p);
		requeue_slow(d, io);
		break;
	case VERDICT_FAIL:
		fail(d, io, p);
		break;
	}
}

static void judge_answered(struct disk *d)
{
	struct list *l;

	while ((l = list_pop_front(&d->answered)))
		judge(d, container_of(l, struct disk_io, link));
}

/* Time ---------------------------------------------------------------- */

static uint64_t due_at(const struct disk *d, const struct disk_io *io)
{
	return d->limit ? io->since + d->limit : UINT64_MAX;
}

static bool is_overdue(const struct disk *d, const struct disk_io *io)
{
	return d->now >= due_at(d, io);
}

static void time_out(struct disk *d, struct disk_io *io)
{
	if (note_allowed(d))
		note(d, LOG_ERR, "a request at byte %llu timed out after %u s",
		     (unsigned long long)io->off, d->limit / 1000);
	complete(d, io, -ETIMEDOUT);
}

/* The queue is in the order in which the requests came. */
static struct disk_io *oldest_waiting(const struct disk *d)
{
	return list_empty(&d->queue)
		       ? NULL
		       : container_of(d->queue.next, struct disk_io, link);
}

/* But not those whose end is on its way. */
static struct disk_io *oldest_sent(const struct disk *d)
{
	struct disk_io *oldest = NULL;
	struct list *pos;

	list_for_each (pos, &d->on_wire) {
		struct disk_io *io = container_of(pos, struct disk_io, link);

		if (!io->ending && (!oldest || io->since < oldest->since))
			oldest = io;
	}
	return oldest;
}

void queue_overdue(struct disk *d)
{
	struct disk_io *io;

	if (!d->limit)
		return;
	while ((io = oldest_waiting(d)) && is_overdue(d, io)) {
		list_remove(&io->link);
		time_out(d, io);
	}
	while (d->session && (io = oldest_sent(d)) && is_overdue(d, io)) {
		say(d, TOPIC_TIMEOUT,
		    "%s got no answer in the %u s a request has",
		    cdb_name(io->cmd.cdb), d->limit / 1000);
		io->ending = true;
		session_expire(d->session, &io->cmd, d->now);
	}
}

static uint64_t overdue_wake(const struct disk *d)
{
	const struct disk_io *io = oldest_waiting(d);
	uint64_t at = io ? due_at(d, io) : UINT64_MAX;

	io = oldest_sent(d);
	return io && due_at(d, io) < at ? due_at(d, io) : at;
}

/*
 * What a slow link cannot carry in time is not ended again and again: each
 * end doubles the time.
 */
static uint32_t task_ms(const struct disk *d, const struct disk_io *io)
{
	bool moves = io->op == DISK_READ || io->op == DISK_WRITE;
	uint64_t ms = (uint64_t)d->task_limit << (io->ended + !moves);

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static bool may_send(struct disk *d)
{
	if (d->phase != PHASE_ONLINE || !d->session || !fence_is_clear(d))
		return false;
	return !d->slow_mode || d->may_send_one;
}

static void send_piece(struct disk *d, struct disk_io *io)
{
	int r = piece_make(&d->limits, d->zeros, io);

	if (r) {
		complete(d, io, r == PIECE_NONE ? 0 : r);
		return;
	}
	if (is_overdue(d, io)) {
		time_out(d, io);
		return;
	}
	if (d->slow_mode) {
		d->may_send_one = false;
		d->slow_turns++;
		pause_begin(&d->slow);
	}
	memcpy(io->cmd.lun, d->lun, LUN_LEN);
	io->cmd.timeout = task_ms(d, io);
	io->cmd.done = on_answer;
	d->sent++;
	list_push_back(&d->on_wire, &io->link);
	session_submit(d->session, &io->cmd);
}

/* What those that wait end with, 0: they may wait on. */
static int end_of_waiting(const struct disk *d)
{
	if (disk_has_failed(d))
		return -d->fail_err;
	if (waits_too_long(d))
		return -ENOLINK;
	return d->phase == PHASE_ONLINE ? 0 : d->expired;
}

static void fail_queue(struct disk *d)
{
	struct list *l;
	int err;

	while ((err = end_of_waiting(d)) && (l = list_pop_front(&d->queue)))
		complete(d, container_of(l, struct disk_io, link), err);
}

void queue_run(struct disk *d)
{
	struct list *l;

	judge_answered(d);
	fail_queue(d);
	while (may_send(d) && (l = list_pop_front(&d->queue)))
		send_piece(d, container_of(l, struct disk_io, link));
}

void queue_tick(struct disk *d)
{
	if (!d->slow_mode)
		return;
	if (pause_over(&d->slow, d->now, SLOW_MS))
		d->may_send_one = true;
}

uint64_t queue_wake(const struct disk *d)
{
	uint64_t at = d->limit ? overdue_wake(d) : UINT64_MAX, slow;

	if (list_empty(&d->queue))
		return at;
	if (waits_wake(d) < at)
		at = waits_wake(d);
	if (d->phase != PHASE_ONLINE || !d->session)
		return at;
	slow = pause_wake(&d->slow);
	return slow < at ? slow : at;
}

void disk_submit(struct disk *d, struct disk_io *io)
{
	io->disk = d;
	io->seq = d->next_seq++;
	io->done_len = io->piece = 0;
	io->tries = io->bad_tries = 0;
	io->way = WAY_PLAIN;
	io->synced = io->ending = false;
	io->ended = 0;
	list_push_back(&d->queue, &io->link);
	if (d->inflight++ == 0 && d->limit && d->ops->wake)
		d->ops->wake(d->ctx, d);
	disk_run(d);
}

/*
 * escalate - ending commands at the target: one task management function
 * after the other, until one works (RFC 7143 sections 11.5, 11.6).
 *
 * Two reasons: a request took longer than it may, or an old nexus in another
 * portal group may still run writes (docs/ghost-writes.md).  The last step is
 * to drop the session.  Everything is sent from escalate_tick(), where the
 * time is known.
 */
#include "disk/internal.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "proto/session.h"

#define BUSY_MS 50 /* the session has room for one function at a time */
#define DROP	0  /* no function of this number */

static const uint8_t overdue_ladder[] = {
	TMF_ABORT_TASK, TMF_ABORT_TASK_SET,
	TMF_LUN_RESET,	TMF_TARGET_WARM_RESET,
	DROP,
};
static const uint8_t nexus_ladder[] = {
	TMF_LUN_RESET,
	TMF_TARGET_WARM_RESET,
	DROP,
};

static uint8_t function_of(const struct escalation *e)
{
	return e->why == ESCALATE_OVERDUE ? overdue_ladder[e->step]
					  : nexus_ladder[e->step];
}

static const char *name_of(uint8_t function)
{
	switch (function) {
	case TMF_ABORT_TASK:
		return "ABORT TASK";
	case TMF_ABORT_TASK_SET:
		return "ABORT TASK SET";
	case TMF_LUN_RESET:
		return "LUN RESET";
	}
	return "TARGET WARM RESET";
}

static void wait_ms(struct escalation *e, uint32_t ms)
{
	e->delay = ms;
	pause_begin(&e->pause);
}

static void begin(struct disk *d, enum escalate_why why, struct disk_io *io)
{
	struct escalation *e = &d->escalation;

	e->why = why;
	e->step = 0;
	e->io = io;
	wait_ms(e, 0);
}

static void end(struct escalation *e)
{
	e->why = ESCALATE_NOT;
	e->io = NULL;
	pause_end(&e->pause);
}

void escalate_overdue(struct disk *d, struct disk_io *io)
{
	if (d->escalation.why == ESCALATE_NOT && !d->escalation.busy)
		begin(d, ESCALATE_OVERDUE, io);
}

void escalate_old_nexus(struct disk *d)
{
	begin(d, ESCALATE_OLD_NEXUS, NULL);
}

bool escalate_is_on(const struct disk *d)
{
	return d->escalation.why != ESCALATE_NOT || d->escalation.busy;
}

void escalate_stop(struct disk *d)
{
	end(&d->escalation);
}

void escalate_forget(struct disk *d, const struct disk_io *io)
{
	struct escalation *e = &d->escalation;

	if (e->io != io)
		return;
	e->io = NULL;
	if (!e->busy && e->why == ESCALATE_OVERDUE)
		end(e);
}

/* All that was meant is over at the target. */
static void succeed(struct disk *d, uint8_t function)
{
	struct escalation *e = &d->escalation;
	bool old_nexus = e->why == ESCALATE_OLD_NEXUS;

	if (function >= TMF_LUN_RESET)
		d->reset_expected = true;
	end(e);
	if (!old_nexus || !d->session)
		return;
	d->doubt = false;
	probe_begin(d);
}

static void on_answer(struct tmf_req *t, int response)
{
	struct disk *d = container_of(t, struct disk, escalation.tmf);
	struct escalation *e = &d->escalation;
	bool no_task = t->function == TMF_ABORT_TASK && response == TMF_NO_TASK;

	e->busy = false;
	if (e->why == ESCALATE_NOT || response == -ENOTCONN) {
		end(e);
	} else if (response == TMF_COMPLETE || no_task ||
		   response == TMF_NO_LUN) { /* nothing can run there */
		succeed(d, (uint8_t)t->function);
	} else if (e->why == ESCALATE_OVERDUE && !e->io) {
		end(e); /* it was answered meanwhile */
	} else {
		note(d, LOG_WARNING, "%s: %s",
		     response == -ETIMEDOUT ? "no answer"
					    : "the target refuses",
		     name_of((uint8_t)t->function));
		e->step++;
		wait_ms(e, 0);
	}
	disk_run(d);
}

static void drop_session(struct disk *d)
{
	end(&d->escalation);
	note(d, LOG_ERR, "no task management works, dropping the session");
	session_drop(d->session, &fault_unmanageable, "", d->now);
}

static void send_function(struct disk *d)
{
	struct escalation *e = &d->escalation;
	uint8_t function = function_of(e);
	int err;

	if (function == DROP) {
		drop_session(d);
		return;
	}
	e->tmf.function = (enum tmf)function;
	e->tmf.cmd = e->io ? &e->io->cmd : NULL;
	e->tmf.done = on_answer;
	memcpy(e->tmf.lun, d->lun, LUN_LEN);
	e->busy = true;
	err = session_manage(d->session, &e->tmf, d->now);
	if (!err) {
		note(d, LOG_WARNING, "sending %s", name_of(function));
		return;
	}
	e->busy = false;
	if (err == -EBUSY)
		wait_ms(e, BUSY_MS);
	else if (err == -ENOENT)
		session_withdraw(d->session, &e->io->cmd);
	else
		end(e);
}

void escalate_tick(struct disk *d)
{
	struct escalation *e = &d->escalation;

	if (e->busy || !d->session || !pause_over(&e->pause, d->now, e->delay))
		return;
	send_function(d);
}

uint64_t escalate_wake(const struct disk *d)
{
	const struct escalation *e = &d->escalation;

	return e->busy || !d->session ? UINT64_MAX : pause_wake(&e->pause);
}

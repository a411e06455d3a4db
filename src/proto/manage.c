/*
 * manage - task management functions, one at a time
 * (RFC 7143 sections 11.5, 11.6).
 */
#include <errno.h>
#include <string.h>

#include "base/codec.h"
#include "proto/state.h"
#include "wire/status.h"

/* Whose tasks a function ends (4.2.3.2). */
enum scope {
	SCOPE_NONE,
	SCOPE_TASK,
	SCOPE_LUN,
	SCOPE_TARGET
};

static const uint8_t scopes[] = {
	[TMF_ABORT_TASK] = SCOPE_TASK,
	[TMF_ABORT_TASK_SET] = SCOPE_LUN,
	[TMF_CLEAR_ACA] = SCOPE_NONE,
	[TMF_CLEAR_TASK_SET] = SCOPE_LUN,
	[TMF_LUN_RESET] = SCOPE_LUN,
	[TMF_TARGET_WARM_RESET] = SCOPE_TARGET,
	[TMF_TARGET_COLD_RESET] = SCOPE_TARGET,
	[TMF_TASK_REASSIGN] = SCOPE_NONE,
};

static const char *const names[] = {
	[TMF_ABORT_TASK] = "ABORT TASK",
	[TMF_ABORT_TASK_SET] = "ABORT TASK SET",
	[TMF_CLEAR_ACA] = "CLEAR ACA",
	[TMF_CLEAR_TASK_SET] = "CLEAR TASK SET",
	[TMF_LUN_RESET] = "LUN RESET",
	[TMF_TARGET_WARM_RESET] = "TARGET WARM RESET",
	[TMF_TARGET_COLD_RESET] = "TARGET COLD RESET",
	[TMF_TASK_REASSIGN] = "TASK REASSIGN",
};

static enum scope scope_of(const struct tmf_req *t)
{
	return scopes[t->function];
}

/*
 * 11.5.1: a reset may end commands that come after it, or not.  So none that
 * it could hit is sent before its answer.
 */
bool manage_holds(const struct session *s, const struct cmd *cmd)
{
	const struct tmf_req *t = s->tmf;

	if (!t)
		return false;
	return scope_of(t) == SCOPE_TARGET ||
	       (scope_of(t) == SCOPE_LUN && !memcmp(cmd->lun, t->lun, LUN_LEN));
}

static struct conn *usable_conn(struct session *s)
{
	for (unsigned i = 0; i < SESSION_MAX_CONNS; i++) {
		if (s->conns[i].state == CONN_LOGGED_IN)
			return &s->conns[i];
	}
	return NULL;
}

static uint32_t time_limit(const struct session *s, enum tmf function)
{
	uint32_t abort_ms = s->cfg->abort_timeout;
	uint32_t reset_ms = s->cfg->reset_timeout;

	return function <= TMF_CLEAR_TASK_SET ? abort_ms : reset_ms;
}

static void say_sent(struct session *s, const struct tmf_req *t)
{
	char lun[2 * LUN_LEN + 1];

	hex_put(lun, t->lun, LUN_LEN);
	session_say(s, TOPIC_EH, "sending %s for LUN %s, task %08x",
		    names[t->function], lun, t->ref_itt);
}

int session_manage(struct session *s, struct tmf_req *t, uint64_t now)
{
	struct conn *c = usable_conn(s);
	struct pdu_tmf_req req = {
		.immediate = true,
		.function = t->function,
		.ref_itt = TAG_NONE,
		.cmdsn = s->cmdsn,
	};
	uint8_t bhs[BHS_LEN];
	uint32_t limit = time_limit(s, t->function);

	s->now = now;
	if (!c || s->leaving)
		return -ENOTCONN;
	if (s->tmf)
		return -EBUSY;
	if (t->function == TMF_ABORT_TASK) {
		if (!t->cmd->sent)
			return -ENOENT;
		req.ref_itt = s->tasks[t->cmd->task].itt;
		req.ref_cmdsn = s->tasks[t->cmd->task].cmdsn;
	}
	t->itt = req.itt = session_control_itt(s, TAG_TMF);
	t->ref_itt = req.ref_itt;
	t->ref_cmdsn = req.ref_cmdsn;
	t->deadline = limit ? now + limit : UINT64_MAX;
	req.expstatsn = c->exp_statsn;
	memcpy(req.lun, t->lun, LUN_LEN);
	pdu_put_tmf_req(bhs, &req);
	s->tmf = t; /* from now on it holds commands back */
	if (!transmit_control(c, bhs, NULL, 0)) {
		s->tmf = NULL;
		return -EBUSY;
	}
	say_sent(s, t);
	return 0;
}

static const char *answer_words(int response)
{
	switch (response) {
	case -ETIMEDOUT:
		return "no answer in time";
	case -ENOTCONN:
		return "the session ended before an answer";
	}
	return status_tmf((uint8_t)response);
}

void manage_end(struct session *s, int response)
{
	struct tmf_req *t = s->tmf;

	if (!t)
		return;
	s->tmf = NULL;
	session_say(s, TOPIC_EH, "%s: %s", names[t->function],
		    answer_words(response));
	t->done(t, response);
	if (!list_empty(&s->waiting)) /* it may have been held back */
		session_kick(s);
}

void manage_tick(struct session *s)
{
	if (!s->tmf || s->now < s->tmf->deadline)
		return;
	session_say(s, TOPIC_TIMEOUT, "no answer to %s",
		    names[s->tmf->function]);
	manage_end(s, -ETIMEDOUT);
}

/* The target did it: the tasks meant are over. */
static void apply(struct session *s, const struct tmf_req *t)
{
	struct task *task;

	switch (scope_of(t)) {
	case SCOPE_NONE:
		break;
	case SCOPE_TASK:
		task = task_find(s, t->ref_itt);
		if (task) {
			task->cmd->outcome = CMD_ABORTED;
			task_finish(s, task);
		}
		break;
	case SCOPE_LUN:
		task_abort_all(s, t->lun);
		break;
	case SCOPE_TARGET:
		task_abort_all(s, NULL);
		break;
	}
}

void manage_received(struct session *s, const struct pdu_tmf_rsp *rsp)
{
	const struct tmf_req *t = s->tmf;

	/* One that came after its timeout is of no interest any more. */
	if (!t || rsp->itt != t->itt)
		return;
	/* 11.6.1: a task that does not exist needs no abort. */
	if (rsp->response == TMF_COMPLETE ||
	    (rsp->response == TMF_NO_TASK && t->function == TMF_ABORT_TASK))
		apply(s, t);
	manage_end(s, rsp->response);
}

void manage_rejected(struct session *s, uint32_t itt)
{
	if (s->tmf && s->tmf->itt == itt)
		manage_end(s, TMF_REJECTED);
}

/*
 * manage - task management functions, one at a time
 * (RFC 7143 sections 11.5, 11.6).
 */
#include <errno.h>
#include <string.h>

#include "base/codec.h"
#include "base/sn.h"
#include "proto/state.h"
#include "wire/status.h"

#define COLD_MS	 10000 /* a cold reset either works soon or not at all */
#define AGAIN_MS 40    /* until a function that found no room comes again */

/* Whose tasks a function ends (4.2.3.2). */
enum scope {
	SCOPE_NONE,
	SCOPE_TASK,
	SCOPE_LUN,
	SCOPE_TARGET
};

/* Who says how long it may take. */
enum limit {
	LIMIT_ABORT, /* AbortTimeout */
	LIMIT_RESET, /* ResetTimeout */
	LIMIT_COLD
};

static const struct {
	const char *name;
	enum scope scope;
	enum limit limit;
} functions[] = {
	[TMF_ABORT_TASK] = { "ABORT TASK", SCOPE_TASK, LIMIT_ABORT },
	[TMF_ABORT_TASK_SET] = { "ABORT TASK SET", SCOPE_LUN, LIMIT_ABORT },
	[TMF_CLEAR_ACA] = { "CLEAR ACA", SCOPE_NONE, LIMIT_ABORT },
	[TMF_CLEAR_TASK_SET] = { "CLEAR TASK SET", SCOPE_LUN, LIMIT_ABORT },
	[TMF_LUN_RESET] = { "LUN RESET", SCOPE_LUN, LIMIT_RESET },
	[TMF_TARGET_WARM_RESET] = { "TARGET WARM RESET", SCOPE_TARGET,
				    LIMIT_RESET },
	[TMF_TARGET_COLD_RESET] = { "TARGET COLD RESET", SCOPE_TARGET,
				    LIMIT_COLD },
	[TMF_TASK_REASSIGN] = { "TASK REASSIGN", SCOPE_NONE, LIMIT_RESET },
};

const char *manage_name(enum tmf function)
{
	return functions[function].name;
}

static enum scope scope_of(const struct tmf_req *t)
{
	return functions[t->function].scope;
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
	switch (functions[function].limit) {
	case LIMIT_ABORT:
		return s->cfg->abort_timeout;
	case LIMIT_RESET:
		return s->cfg->reset_timeout;
	case LIMIT_COLD:
		break;
	}
	return COLD_MS;
}

/* s->tmf goes out; false: there is no room at the moment. */
static bool send_it(struct session *s, struct conn *c)
{
	struct tmf_req *t = s->tmf;
	struct pdu_tmf_req req = {
		.immediate = true,
		.function = t->function,
		.itt = session_control_itt(s, TAG_TMF),
		.ref_itt = t->ref_itt,
		.ref_cmdsn = t->ref_cmdsn,
		.cmdsn = s->cmdsn,
		.expstatsn = c->exp_statsn,
	};
	uint8_t bhs[BHS_LEN];

	t->covered = scope_of(t) == SCOPE_TASK ? t->ref_cmdsn + 1 : s->cmdsn;
	t->itt = req.itt;
	memcpy(req.lun, t->lun, LUN_LEN);
	pdu_put_tmf_req(bhs, &req);
	return transmit_control(c, bhs, NULL, 0);
}

static void say_sent(struct session *s, const struct tmf_req *t)
{
	char lun[2 * LUN_LEN + 1];

	hex_put(lun, t->lun, LUN_LEN);
	session_say(s, TOPIC_EH, "sending %s for LUN %s, task %08x",
		    manage_name(t->function), lun, t->ref_itt);
}

int session_manage(struct session *s, struct tmf_req *t, uint64_t now)
{
	struct conn *c = usable_conn(s);
	uint32_t limit = time_limit(s, t->function);

	s->now = now;
	if (!c || s->leaving)
		return -ENOTCONN;
	if (s->tmf)
		return -EBUSY;
	t->ref_itt = TAG_NONE;
	t->ref_cmdsn = 0;
	if (t->function == TMF_ABORT_TASK) {
		if (!t->cmd->sent)
			return -ENOENT;
		t->ref_itt = s->tasks[t->cmd->task].itt;
		t->ref_cmdsn = s->tasks[t->cmd->task].cmdsn;
	}
	t->deadline = limit ? now + limit : UINT64_MAX;
	s->tmf = t; /* from now on it holds commands back */
	s->tmf_again = 0;
	if (!send_it(s, c)) {
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
	session_say(s, TOPIC_EH, "%s: %s", manage_name(t->function),
		    answer_words(response));
	t->done(t, response);
	if (!list_empty(&s->waiting)) /* it may have been held back */
		session_kick(s);
}

void manage_tick(struct session *s)
{
	struct conn *c = usable_conn(s);

	if (!s->tmf)
		return;
	if (s->now >= s->tmf->deadline) {
		session_say(s, TOPIC_TIMEOUT, "no answer to %s",
			    manage_name(s->tmf->function));
		manage_end(s, -ETIMEDOUT);
	} else if (s->tmf_again && s->now >= s->tmf_again) {
		s->tmf_again = c && send_it(s, c) ? 0 : s->now + AGAIN_MS;
	}
}

uint64_t manage_wake(const struct session *s)
{
	if (!s->tmf)
		return UINT64_MAX;
	return s->tmf_again && s->tmf_again < s->tmf->deadline
		       ? s->tmf_again
		       : s->tmf->deadline;
}

/*
 * 11.6.1: a task that does not exist needs no abort, and nothing runs on a
 * LUN that does not.
 */
bool manage_did(const struct tmf_req *t, int response)
{
	return response == TMF_COMPLETE || response == TMF_NO_LUN ||
	       (response == TMF_NO_TASK && t->function == TMF_ABORT_TASK);
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
	if (manage_did(t, rsp->response)) {
		apply(s, t);
		/*
		 * 4.2.2.1: it waits for the command that never came, and would
		 * carry out none of those behind it.  Only an ABORT TASK may
		 * count for it (11.6.1).
		 */
		if (sn_before(rsp->sn.expcmdsn, t->covered))
			session_end(s, &fault_command_lost, "");
	}
	manage_end(s, rsp->response);
}

/* 11.17.1: the target had no room for one more immediate request. */
void manage_rejected(struct session *s, uint32_t itt, uint8_t reason)
{
	if (!s->tmf || s->tmf->itt != itt)
		return;
	if (reason == REJECT_IMMEDIATE)
		s->tmf_again = s->now + AGAIN_MS;
	else
		manage_end(s, TMF_REJECTED);
}

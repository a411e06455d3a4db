/*
 * task - the fixed table of tasks: tags, ends, giving back.
 *
 * ITT = generation << 16 | index, so that a late answer to an old task is
 * never taken for one to the new task in its place.
 */
#include <errno.h>
#include <string.h>

#include "proto/state.h"

void tasks_init(struct session *s)
{
	s->free_count = 0;
	for (unsigned i = SESSION_TASKS; i-- > 0;)
		s->free_tasks[s->free_count++] = (uint16_t)i;
}

uint16_t task_index(const struct session *s, const struct task *t)
{
	return (uint16_t)(t - s->tasks);
}

struct task *task_new(struct session *s, struct cmd *cmd)
{
	struct task *t;

	if (!s->free_count)
		return NULL;
	t = &s->tasks[s->free_tasks[--s->free_count]];
	t->generation++;
	t->itt = (uint32_t)t->generation << 16 | task_index(s, t);
	t->cmd = cmd;
	t->received = t->exp_datasn = 0;
	cover_clear(&t->out);
	t->tx_refs = t->bursts = 0;
	t->exposed_at = UINT64_MAX;
	t->finished = t->expired = false;
	t->deadline = 0;
	cmd->task = task_index(s, t);
	cmd->sent = true;
	if (!s->free_count)
		session_say(s, TOPIC_ALLOC, "all %u tasks are in use",
			    SESSION_TASKS);
	list_remove(&cmd->link); /* it waited */
	list_push_back(&s->sent, &cmd->link);
	return t;
}

struct task *task_find(struct session *s, uint32_t itt)
{
	uint32_t index = itt & 0xffff;

	if (index >= SESSION_TASKS || !s->tasks[index].cmd ||
	    s->tasks[index].itt != itt || s->tasks[index].finished)
		return NULL;
	return &s->tasks[index];
}

static void task_release(struct session *s, struct task *t)
{
	struct cmd *cmd = t->cmd;

	t->cmd = NULL;
	s->free_tasks[s->free_count++] = task_index(s, t);
	cmd->exposed = t->exposed_at < s->conns[0].tx.offered;
	list_remove(&cmd->link);
	cmd->sent = false;
	cmd->task = NO_TASK;
	/* The tag may now be used by a command that waits. */
	if (!list_empty(&s->waiting))
		session_kick(s);
	cmd->done(cmd);
}

void task_finish(struct session *s, struct task *t)
{
	t->finished = true;
	recover_forget(s, t);
	if (!t->tx_refs)
		task_release(s, t);
}

void task_entry_sent(struct session *s, const struct tx_entry *e)
{
	struct task *t = &s->tasks[e->task];

	if (e->data_len)
		cover_add(&t->out, (uint32_t)(e->data - t->cmd->buf),
			  e->data_len);
	recover_sent(s, t);
	t->tx_refs--;
	if (t->finished && !t->tx_refs)
		task_release(s, t);
}

/* Ends every task of the LUN (NULL: of all), as a reset did at the target. */
void task_abort_all(struct session *s, const uint8_t *lun)
{
	for (unsigned i = 0; i < SESSION_TASKS; i++) {
		struct task *t = &s->tasks[i];

		if (!t->cmd || t->finished)
			continue;
		if (lun && memcmp(t->cmd->lun, lun, LUN_LEN))
			continue;
		t->cmd->outcome = CMD_ABORTED;
		task_finish(s, t);
	}
}

void tasks_expose(struct session *s, uint64_t offered)
{
	for (unsigned i = 0; i < SESSION_TASKS; i++) {
		struct task *t = &s->tasks[i];

		if (t->cmd)
			t->cmd->exposed = t->exposed_at < offered;
	}
}

static void give_back(struct cmd *cmd, const struct fault *why)
{
	cmd->outcome = CMD_LOST;
	cmd->why = why;
	cmd->sent = false;
	cmd->task = NO_TASK;
	cmd->done(cmd);
}

/*
 * The nexus is gone and no buffer is in use: in the order in which they
 * were sent, then those that still wait.  An answer that had come counts.
 */
void tasks_give_back(struct session *s, const struct fault *why)
{
	struct list all, *n;

	list_init(&all);
	while ((n = list_pop_front(&s->sent)))
		list_push_back(&all, n);
	while ((n = list_pop_front(&s->waiting)))
		list_push_back(&all, n);
	while ((n = list_pop_front(&all))) {
		struct cmd *cmd = container_of(n, struct cmd, link);
		bool finished =
			cmd->task != NO_TASK && s->tasks[cmd->task].finished;

		if (cmd->task != NO_TASK) {
			recover_forget(s, &s->tasks[cmd->task]);
			s->tasks[cmd->task].cmd = NULL;
			s->free_tasks[s->free_count++] = cmd->task;
		}
		if (finished) {
			cmd->sent = false;
			cmd->task = NO_TASK;
			cmd->done(cmd);
		} else {
			give_back(cmd, why);
		}
	}
}

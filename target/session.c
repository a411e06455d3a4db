/*
 * session - sessions, their command window and their end (RFC 7143 sections
 * 4.2.2.1 and 6.3.5).
 */
#include "target/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/sn.h"

static bool tsih_is_taken(struct tgt *t, uint16_t tsih)
{
	return tsih == 0 || tgt_session_by_tsih(t, tsih);
}

static uint16_t new_tsih(struct tgt *t)
{
	do
		t->last_tsih++;
	while (tsih_is_taken(t, t->last_tsih));
	return t->last_tsih;
}

static void init_lists(struct tgt_session *s)
{
	list_init(&s->free_tasks);
	list_init(&s->tasks);
	list_init(&s->waiting);
	for (size_t i = 0; i < TGT_TASK_HASH; i++)
		list_init(&s->hash[i]);
	for (uint32_t i = 0; i < s->ntasks; i++) {
		list_init(&s->tasks_mem[i].hash);
		list_init(&s->tasks_mem[i].order);
		list_push_back(&s->free_tasks, &s->tasks_mem[i].link);
	}
}

struct tgt_session *tgt_session_new(struct tgt *t, struct tgt_target *tt,
				    uint32_t depth)
{
	struct tgt_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->tgt = t;
	s->target = tt;
	s->discovery = !tt;
	s->depth = depth;
	s->ntasks = depth + TGT_IMMEDIATES;
	s->tasks_mem = calloc(s->ntasks, sizeof(*s->tasks_mem));
	if (!s->tasks_mem) {
		free(s);
		return NULL;
	}
	s->tsih = new_tsih(t);
	s->nexus.target = tt;
	s->expires = UINT64_MAX;
	init_lists(s);
	list_push_back(&t->sessions, &s->link);
	return s;
}

static void abort_all(struct tgt_session *s)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &s->tasks)
		tgt_task_free(container_of(pos, struct tgt_task, link));
}

/* Do writes that run now outlive it? */
static bool has_orphans(struct tgt_session *s)
{
	struct list *pos, *tmp;

	if (!s->target || !s->target->duties.run_on)
		return false;
	list_for_each_safe (pos, tmp, &s->tasks)
		tgt_task_orphan(container_of(pos, struct tgt_task, link));
	return !list_empty(&s->tasks);
}

void tgt_session_end(struct tgt_session *s)
{
	for (size_t i = 0; i < TGT_MAX_CONNS; i++) {
		struct tgt_conn *c = s->conns[i];

		if (!c)
			continue;
		c->session = NULL;
		s->conns[i] = NULL;
		tgt_conn_drop(c);
	}
	s->tmf = NULL;
	s->expires = UINT64_MAX;
	s->ended = has_orphans(s);
	if (s->ended)
		return;
	abort_all(s);
	list_remove(&s->link);
	free(s->tasks_mem);
	free(s);
}

struct tgt_session *tgt_session_find(struct tgt *t, const struct tgt_target *tt,
				     const char *initiator,
				     const uint8_t isid[static ISID_LEN],
				     uint16_t tag, bool any_group)
{
	struct list *pos;

	list_for_each (pos, &t->sessions) {
		struct tgt_session *s =
			container_of(pos, struct tgt_session, link);

		if (s->target == tt && (any_group || s->tag == tag) &&
		    !s->replaced && !s->ended &&
		    !memcmp(s->isid, isid, ISID_LEN) &&
		    !strcmp(s->initiator, initiator))
			return s;
	}
	return NULL;
}

struct tgt_session *tgt_session_by_tsih(struct tgt *t, uint16_t tsih)
{
	struct list *pos;

	list_for_each (pos, &t->sessions) {
		struct tgt_session *s =
			container_of(pos, struct tgt_session, link);

		if (s->tsih == tsih)
			return s;
	}
	return NULL;
}

static bool has_conn(const struct tgt_session *s)
{
	for (size_t i = 0; i < TGT_MAX_CONNS; i++)
		if (s->conns[i])
			return true;
	return false;
}

/* What had all its data is carried out even so; the rest is forgotten. */
static void forget_unfinished(struct tgt_session *s, struct tgt_conn *c)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &s->tasks) {
		struct tgt_task *k = container_of(pos, struct tgt_task, link);

		if (k->conn != c)
			continue;
		if (k->state == TGT_TASK_DELAYED)
			k->conn = NULL;
		else
			tgt_task_free(k);
	}
}

void tgt_session_lost_conn(struct tgt_session *s, struct tgt_conn *c)
{
	for (size_t i = 0; i < TGT_MAX_CONNS; i++)
		if (s->conns[i] == c)
			s->conns[i] = NULL;
	c->session = NULL;
	s->tmf = NULL;
	forget_unfinished(s, c);
	if (has_conn(s))
		return;
	if (s->closing || s->discovery) {
		tgt_session_end(s);
		return;
	}
	s->state = TGT_SESSION_FAILED;
	s->expires = s->tgt->now +
		     1000ull * (c->params.time2wait + c->params.time2retain);
}

void tgt_session_sn(struct tgt_conn *c, bool count, struct pdu_sn *sn)
{
	struct tgt_session *s = c->session;
	uint32_t room, max;

	sn->statsn = c->statsn;
	if (count)
		c->statsn++;
	sn->expcmdsn = s->expcmdsn;
	room = s->depth > s->queued ? s->depth - s->queued : 0;
	max = s->expcmdsn + room - 1;
	/* It never goes back (4.2.2.1). */
	if (sn_before(s->maxcmdsn, max))
		s->maxcmdsn = max;
	sn->maxcmdsn = s->maxcmdsn;
}

static struct tgt_task *first_due(struct tgt_session *s)
{
	struct list *pos;

	list_for_each (pos, &s->tasks) {
		struct tgt_task *k = container_of(pos, struct tgt_task, link);

		if (tgt_task_is_due(k))
			return k;
	}
	return NULL;
}

void tgt_session_tick(struct tgt_session *s)
{
	struct tgt_task *k;

	while (s->delayed && (k = first_due(s)))
		tgt_command_finish(k);
	if (s->tmf && s->tmf->not_before <= s->tgt->now)
		tgt_tmf_retry(s);
	if (s->expires <= s->tgt->now || (s->ended && list_empty(&s->tasks)))
		tgt_session_end(s);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t tgt_session_wake(const struct tgt_session *s)
{
	uint64_t wake = s->expires;
	struct list *pos;

	if (s->ended && list_empty(&s->tasks))
		return s->tgt->now;
	if (s->tmf)
		wake = earlier(wake, s->tmf->not_before);
	if (!s->delayed)
		return wake;
	list_for_each (pos, &s->tasks) {
		struct tgt_task *k = container_of(pos, struct tgt_task, link);

		if (k->state == TGT_TASK_DELAYED && !tgt_task_is_blocked(k))
			wake = earlier(wake, k->not_before);
	}
	return wake;
}

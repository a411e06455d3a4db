/*
 * task - requests that have a place in the order of commands: by CmdSN, then
 * to whom they belong (RFC 7143 section 4.2.2.1).
 */
#include "target/session.h"

#include <string.h>

#include "base/bytes.h"
#include "base/sn.h"

static struct list *bucket(struct tgt_session *s, uint32_t itt)
{
	/* Initiators count in the low bits or keep a generation there. */
	return &s->hash[(itt ^ itt >> 8 ^ itt >> 16) % TGT_TASK_HASH];
}

struct tgt_task *tgt_task_find(struct tgt_session *s, uint32_t itt)
{
	struct list *head = bucket(s, itt), *pos;

	list_for_each (pos, head) {
		struct tgt_task *k = container_of(pos, struct tgt_task, hash);

		if (k->itt == itt)
			return k;
	}
	return NULL;
}

static void reset(struct tgt_task *k)
{
	k->buf = NULL;
	k->data_len = 0;
	k->lun = NULL;
	k->wanted = k->got = k->asked = 0;
	k->unsolicited = k->bad_digest = k->short_data = k->begun = false;
	k->unexpected = k->plug = k->ordered = false;
	k->orphan = k->starved = false;
	k->unsol_datasn = k->unsol_end = 0;
	k->open_r2ts = k->r2tsn = 0;
	k->not_before = 0;
	k->scsi.lun = NULL;
}

/* Slots beyond the window are for immediate requests only. */
static bool may_have_slot(const struct tgt_session *s, bool immediate)
{
	return immediate || s->queued + TGT_IMMEDIATES < s->ntasks;
}

struct tgt_task *tgt_task_new(struct tgt_session *s, struct tgt_conn *c,
			      const uint8_t bhs[static BHS_LEN])
{
	bool immediate = pdu_immediate(bhs);
	struct list *n = may_have_slot(s, immediate)
				 ? list_pop_front(&s->free_tasks)
				 : NULL;
	struct tgt_task *k;

	if (!n)
		return NULL;
	k = container_of(n, struct tgt_task, link);
	reset(k);
	memcpy(k->bhs, bhs, BHS_LEN);
	k->session = s;
	k->conn = c;
	k->state = TGT_TASK_RECEIVING;
	k->itt = get_be32(bhs + 16);
	k->cmdsn = get_be32(bhs + 24);
	k->immediate = immediate;
	if (!immediate)
		s->queued++;
	list_push_back(&s->tasks, &k->link);
	list_push_front(bucket(s, k->itt), &k->hash);
	return k;
}

void tgt_task_free(struct tgt_task *k)
{
	struct tgt_session *s = k->session;

	if (k->conn && k->conn->rx_task == k) {
		k->conn->rx_task = NULL;
		k->conn->rx_keep = 0;
	}
	if (s->tmf == k)
		s->tmf = NULL;
	if (k->state == TGT_TASK_DELAYED)
		s->delayed--;
	if (k->ordered)
		s->tgt->ordered--;
	if (!k->immediate)
		s->queued--;
	tgt_buf_put(s->tgt, k->buf);
	k->buf = NULL;
	k->state = TGT_TASK_FREE;
	list_remove(&k->hash);
	list_remove(&k->order);
	list_remove(&k->link);
	list_push_front(&s->free_tasks, &k->link);
}

static void run(struct tgt_task *k)
{
	if (k->plug) {
		tgt_task_free(k);
		return;
	}
	switch (pdu_opcode(k->bhs)) {
	case OP_SCSI_CMD:
		tgt_command_start(k);
		break;
	case OP_TMF_REQ:
		tgt_tmf_run(k);
		break;
	case OP_TEXT_REQ:
		tgt_text_run(k);
		break;
	case OP_LOGOUT_REQ:
		tgt_logout_run(k);
		break;
	default:
		tgt_nop_run(k);
		break;
	}
}

static void wait_for_turn(struct tgt_session *s, struct tgt_task *k)
{
	struct list *pos = s->waiting.prev;

	k->state = TGT_TASK_WAITING;
	/* Nearly always the last: look from the end. */
	while (pos != &s->waiting &&
	       sn_before(k->cmdsn,
			 container_of(pos, struct tgt_task, order)->cmdsn))
		pos = pos->prev;
	list_insert_before(pos->next, &k->order);
}

/* Those that waited for a number before theirs. */
static void advance(struct tgt_session *s)
{
	while (!list_empty(&s->waiting) && !s->closing) {
		struct tgt_task *k =
			container_of(s->waiting.next, struct tgt_task, order);

		if (k->cmdsn != s->expcmdsn)
			return;
		s->expcmdsn++;
		list_remove(&k->order);
		run(k);
	}
}

void tgt_task_ready(struct tgt_task *k)
{
	struct tgt_session *s = k->session;

	if (k->immediate) {
		run(k);
		return;
	}
	if (k->cmdsn == s->expcmdsn) {
		s->expcmdsn++;
		run(k);
		advance(s);
		return;
	}
	wait_for_turn(s, k);
}

static bool is_waiting_for(struct tgt_session *s, uint32_t cmdsn)
{
	struct list *pos;

	list_for_each (pos, &s->waiting)
		if (container_of(pos, struct tgt_task, order)->cmdsn == cmdsn)
			return true;
	return false;
}

bool tgt_session_cmdsn_fits(struct tgt_session *s, uint32_t cmdsn)
{
	if (sn_before(cmdsn, s->expcmdsn) || sn_before(s->maxcmdsn, cmdsn))
		return false;
	return list_empty(&s->waiting) || !is_waiting_for(s, cmdsn);
}

void tgt_session_plug(struct tgt_session *s, uint32_t cmdsn)
{
	uint8_t bhs[BHS_LEN] = { OP_NOP_OUT };
	struct tgt_task *k;

	if (!tgt_session_cmdsn_fits(s, cmdsn))
		return;
	put_be32(bhs + 16, TAG_NONE);
	put_be32(bhs + 24, cmdsn);
	k = tgt_task_new(s, NULL, bhs);
	if (!k)
		return;
	k->plug = true;
	tgt_task_ready(k);
}

static bool is_older(const struct tgt_task *o, const struct tgt_task *k)
{
	return o->state == TGT_TASK_DELAYED && o->lun == k->lun &&
	       o->begun_as < k->begun_as;
}

/* What of this session, older than k, does k have to wait for? */
static bool is_behind(const struct tgt_task *k, const struct tgt_session *s)
{
	struct list *pos;

	list_for_each (pos, &s->tasks) {
		struct tgt_task *o = container_of(pos, struct tgt_task, link);

		if ((k->cmd.attr == ATTR_ORDERED || o->ordered) &&
		    is_older(o, k))
			return true;
	}
	return false;
}

/*
 * SAM-5 8.6.3: an ORDERED task begins when all older tasks of the LUN, of
 * every nexus, have ended, and no younger one begins before it has.  A task
 * counts from when all its data are here, as in tgt and LIO.
 */
bool tgt_task_is_blocked(const struct tgt_task *k)
{
	struct tgt *t = k->session->tgt;
	struct list *pos;

	if (!k->begun || !k->lun || k->lun->target->duties.unordered ||
	    (!t->ordered && k->cmd.attr != ATTR_ORDERED))
		return false;
	list_for_each (pos, &t->sessions)
		if (is_behind(k, container_of(pos, struct tgt_session, link)))
			return true;
	return false;
}

bool tgt_task_is_due(const struct tgt_task *k)
{
	return k->state == TGT_TASK_DELAYED &&
	       k->not_before <= k->session->tgt->now && !tgt_task_is_blocked(k);
}

void tgt_task_orphan(struct tgt_task *k)
{
	const struct tgt_session *s = k->session;
	uint64_t until = s->tgt->now + s->target->duties.run_on;

	if (k->state != TGT_TASK_DELAYED || !k->begun) {
		tgt_task_abort(k);
		return;
	}
	if (s->target->duties.run_on && until < k->not_before)
		k->not_before = until;
	k->orphan = true;
	k->conn = NULL;
	list_remove(&k->hash);
}

void tgt_task_abort(struct tgt_task *k)
{
	if (k->state != TGT_TASK_WAITING) {
		tgt_task_free(k);
		return;
	}
	/* Its CmdSN is still to be spent. */
	if (k->conn && k->conn->rx_task == k) {
		k->conn->rx_task = NULL;
		k->conn->rx_keep = 0;
	}
	list_remove(&k->hash);
	k->plug = true;
}

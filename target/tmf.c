/*
 * tmf - task management (RFC 7143 sections 4.2.3, 11.5 and 11.6).
 *
 * Only the standard multi-task abort semantics: the answer waits until the
 * issuing initiator has honoured the R2Ts it holds for affected tasks.
 */
#include "target/session.h"

#include <string.h>

#include "base/sn.h"
#include "wire/lun.h"

/* An initiator that stopped sending must not hang us for ever. */
#define WAIT_MS 5000

static struct tgt_lun *lun_of(const struct tgt_task *k,
			      const struct pdu_tmf_req *q)
{
	uint32_t number;

	if (lun_number(q->lun, &number) < 0)
		return NULL;
	return tgt_lun_find(k->session->target, number);
}

/* Does k have Data-Out on its way that was asked for, or promised? */
static bool has_data_coming(const struct tgt_task *k)
{
	return k->unsolicited || k->open_r2ts;
}

static bool is_on(const struct tgt_task *k, const struct tgt_lun *l)
{
	uint32_t number;

	if (pdu_opcode(k->bhs) != OP_SCSI_CMD || k->plug ||
	    k->state == TGT_TASK_RECEIVING || k->state == TGT_TASK_ENDED)
		return false;
	if (!l)
		return true;
	return lun_number(k->cmd.lun, &number) == 0 && number == l->number;
}

/* By a target that does not do its duty. */
static bool is_left_alone(const struct tgt_task *k, bool issuing,
			  enum tgt_ending how)
{
	if (how == TGT_ENDING_EARLY)
		return k->orphan;
	return how == TGT_ENDING_ARRIVED && !issuing &&
	       k->state == TGT_TASK_DATA && has_data_coming(k);
}

/* Ends the tasks of s on l (NULL: on all); returns whether there were any. */
static bool end_tasks(struct tgt_session *s, const struct tgt_lun *l,
		      bool issuing, enum tgt_ending how)
{
	struct list *pos, *tmp;
	bool any = false;

	list_for_each_safe (pos, tmp, &s->tasks) {
		struct tgt_task *k = container_of(pos, struct tgt_task, link);

		if (!is_on(k, l) || is_left_alone(k, issuing, how))
			continue;
		any = true;
		if (how == TGT_ENDING_EARLY)
			tgt_task_orphan(k);
		else if (!issuing || k->state != TGT_TASK_DATA ||
			 !has_data_coming(k))
			tgt_task_abort(k);
		else
			k->state = TGT_TASK_ENDED;
	}
	return any;
}

static void attention(struct tgt_session *s, const struct tgt_lun *l,
		      enum tgt_ua ua)
{
	for (size_t i = 0; i < TGT_MAX_LUNS; i++)
		if (!l || l->slot == i)
			s->nexus.ua[i] |= (uint16_t)(1u << ua);
}

/* What happens to every session that uses the target. */
static void clear(struct tgt_session *issuer, const struct tgt_lun *l,
		  bool reset, enum tgt_ending how)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &issuer->tgt->sessions) {
		struct tgt_session *s =
			container_of(pos, struct tgt_session, link);
		bool any;

		if (s->target != issuer->target)
			continue;
		any = end_tasks(s, l, s == issuer, how);
		if (reset)
			attention(s, l, TGT_UA_RESET);
		else if (any && s != issuer)
			attention(s, l, TGT_UA_CLEARED);
	}
}

/* The answer is held for so long, on purpose. */
static uint32_t hang_of(const struct tgt_task *tmf)
{
	const struct tgt_duties *d = &tmf->session->target->duties;
	uint8_t function = tmf->bhs[1] & 0x7f;

	if ((function == TMF_LUN_RESET && d->lun_reset == TGT_ENDING_HANGS) ||
	    (function == TMF_ABORT_TASK && d->abort_task == TGT_ENDING_HANGS))
		return d->tmf_hang;
	return 0;
}

static uint8_t lun_reset(struct tgt_task *tmf, struct tgt_lun *l)
{
	enum tgt_ending how = (enum tgt_ending)l->target->duties.lun_reset;

	if (how == TGT_ENDING_LIES)
		return TMF_COMPLETE;
	clear(tmf->session, l, true, how);
	l->stopped = false;
	return TMF_COMPLETE;
}

static uint8_t abort_found(struct tgt_task *k)
{
	enum tgt_ending how =
		(enum tgt_ending)k->session->target->duties.abort_task;

	if (how == TGT_ENDING_LIES || is_left_alone(k, false, how))
		return TMF_COMPLETE;
	if (how == TGT_ENDING_EARLY)
		tgt_task_orphan(k);
	else
		tgt_task_abort(k);
	return TMF_COMPLETE;
}

static uint8_t abort_task(struct tgt_task *tmf, const struct pdu_tmf_req *q)
{
	struct tgt_session *s = tmf->session;
	struct tgt_task *k = tgt_task_find(s, q->ref_itt);

	if (k && k != tmf && pdu_opcode(k->bhs) == OP_SCSI_CMD) {
		if (memcmp(k->cmd.lun, q->lun, LUN_LEN) != 0)
			return TMF_NO_TASK;
		return abort_found(k);
	}
	/* Not here yet: as if it had come and was aborted (11.6.1). */
	if (sn_before(q->ref_cmdsn, q->cmdsn) &&
	    tgt_session_cmdsn_fits(s, q->ref_cmdsn)) {
		tgt_session_plug(s, q->ref_cmdsn);
		return TMF_COMPLETE;
	}
	return TMF_NO_TASK;
}

static void end_session_of(struct tgt_session *s)
{
	s->closing = true;
	for (size_t i = 0; i < TGT_MAX_CONNS; i++)
		if (s->conns[i])
			tgt_conn_drain(s->conns[i]);
}

/* 11.5.1: a cold reset ends all connections to all initiators. */
static void cold_reset(struct tgt_session *issuer)
{
	struct list *pos, *tmp;

	list_for_each_safe (pos, tmp, &issuer->tgt->sessions) {
		struct tgt_session *s =
			container_of(pos, struct tgt_session, link);

		if (s->target == issuer->target)
			end_session_of(s);
	}
}

static uint8_t on_lun(struct tgt_task *k, const struct pdu_tmf_req *q)
{
	struct tgt_lun *l = lun_of(k, q);

	if (!l)
		return TMF_NO_LUN;
	switch (q->function) {
	case TMF_ABORT_TASK:
		return abort_task(k, q);
	case TMF_ABORT_TASK_SET:
		end_tasks(k->session, l, true, TGT_ENDING_HONEST);
		return TMF_COMPLETE;
	case TMF_CLEAR_TASK_SET:
		clear(k->session, l, false, TGT_ENDING_HONEST);
		return TMF_COMPLETE;
	default:
		return lun_reset(k, l);
	}
}

static uint8_t execute(struct tgt_task *k, const struct pdu_tmf_req *q)
{
	const struct tgt_target *tt = k->session->target;

	if (!tt || tt->no_tmf >> q->function & 1)
		return TMF_NOT_SUPPORTED;
	switch ((int)q->function) {
	case TMF_ABORT_TASK:
	case TMF_ABORT_TASK_SET:
	case TMF_CLEAR_TASK_SET:
	case TMF_LUN_RESET:
		return on_lun(k, q);
	case TMF_TARGET_WARM_RESET:
	case TMF_TARGET_COLD_RESET:
		clear(k->session, NULL, true, TGT_ENDING_HONEST);
		return TMF_COMPLETE;
	case TMF_TASK_REASSIGN:
		return TMF_NO_REASSIGN;
	default:
		return TMF_NOT_SUPPORTED;
	}
}

static void respond(struct tgt_task *k, uint8_t response)
{
	struct tgt_conn *c = k->conn;
	struct pdu_tmf_rsp r = { .response = response, .itt = k->itt };
	bool cold = (k->bhs[1] & 0x7f) == TMF_TARGET_COLD_RESET &&
		    response == TMF_COMPLETE;
	struct tgt_session *s = k->session;
	struct tgt_pdu *p;

	tgt_task_free(k);
	p = tgt_pdu_new(c);
	if (!p)
		return;
	tgt_session_sn(c, true, &r.sn);
	pdu_put_tmf_rsp(p->head, &r);
	tgt_pdu_send(c, p);
	if (cold)
		cold_reset(s);
}

static struct tgt_task *next_ended(struct tgt_session *s)
{
	struct list *pos;

	list_for_each (pos, &s->tasks) {
		struct tgt_task *k = container_of(pos, struct tgt_task, link);

		if (k->state == TGT_TASK_ENDED)
			return k;
	}
	return NULL;
}

void tgt_tmf_retry(struct tgt_session *s)
{
	struct tgt_task *k, *tmf = s->tmf;

	if (!tmf)
		return;
	if ((next_ended(s) || hang_of(tmf)) && tmf->not_before > s->tgt->now)
		return;
	while ((k = next_ended(s)))
		tgt_task_free(k);
	s->tmf = NULL;
	respond(tmf, TMF_COMPLETE);
}

void tgt_tmf_run(struct tgt_task *k)
{
	struct tgt_session *s = k->session;
	struct pdu_tmf_req q;
	uint8_t response = TMF_NOT_SUPPORTED;

	k->state = TGT_TASK_DATA;
	/* One at a time waits; a second is refused. */
	if (s->tmf)
		response = TMF_REJECTED;
	else if (pdu_get_tmf_req(k->bhs, &q) == 0)
		response = execute(k, &q);
	if (response != TMF_COMPLETE || (!next_ended(s) && !hang_of(k))) {
		respond(k, response);
		return;
	}
	k->not_before = s->tgt->now + (hang_of(k) ? hang_of(k) : WAIT_MS);
	s->tmf = k;
}

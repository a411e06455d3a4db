/*
 * request - the small requests: NOP-Out, Logout, and Reject for what nobody
 * may send (RFC 7143 sections 11.14, 11.15, 11.17 to 11.19).
 */
#include "target/session.h"

#include <string.h>

#include "base/bytes.h"

void tgt_reject(struct tgt_conn *c, const uint8_t bhs[static BHS_LEN],
		uint8_t reason)
{
	struct pdu_reject r = { .reason = reason };
	struct tgt_pdu *p = tgt_pdu_new(c);

	if (!p)
		return;
	tgt_pdu_small(p, bhs, BHS_LEN);
	r.data_len = p->data_len;
	tgt_session_sn(c, true, &r.sn);
	pdu_put_reject(p->head, &r);
	tgt_pdu_send(c, p);
}

void tgt_nop_run(struct tgt_task *k)
{
	struct tgt_conn *c = k->conn;
	struct pdu_nop_in r = { .ttt = TAG_NONE, .itt = k->itt };
	struct tgt_buf *b = k->buf;
	uint32_t n = k->data_len;
	struct tgt_pdu *p = tgt_pdu_new(c);

	if (!p)
		return;
	k->buf = NULL;
	tgt_task_free(k);
	/* The ping data comes back, cut to what the peer takes (11.19). */
	if (n > c->params.max_xmit)
		n = c->params.max_xmit;
	if (n)
		tgt_pdu_data(p, b, b->p, n);
	tgt_buf_put(c->tgt, b);
	r.data_len = n;
	tgt_session_sn(c, true, &r.sn);
	pdu_put_nop_in(p->head, &r);
	tgt_pdu_send(c, p);
}

static uint8_t logout_response(struct tgt_conn *c, enum logout_reason why,
			       uint16_t cid)
{
	if (why == LOGOUT_SESSION)
		return 0;
	if (why == LOGOUT_FOR_RECOVERY)
		return 2; /* ErrorRecoveryLevel 0 */
	for (size_t i = 0; i < TGT_MAX_CONNS; i++)
		if (c->session->conns[i] && c->session->conns[i]->cid == cid)
			return 0;
	return 1;
}

static void end_tasks(struct tgt_session *s)
{
	while (!list_empty(&s->tasks))
		tgt_task_free(
			container_of(s->tasks.next, struct tgt_task, link));
}

void tgt_logout_run(struct tgt_task *k)
{
	struct tgt_conn *c = k->conn;
	struct tgt_session *s = k->session;
	struct pdu_logout_req req;
	struct pdu_logout_rsp r = { .itt = k->itt };
	struct tgt_pdu *p;

	if (pdu_get_logout_req(k->bhs, &req) < 0) {
		tgt_reject(c, k->bhs, REJECT_PROTOCOL);
		tgt_task_free(k);
		return;
	}
	tgt_task_free(k);
	p = tgt_pdu_new(c);
	if (!p)
		return;
	r.response = logout_response(c, req.reason, req.cid);
	r.time2wait = (uint16_t)c->params.time2wait;
	r.time2retain = (uint16_t)c->params.time2retain;
	if (r.response == 0) {
		s->closing = true;
		end_tasks(s);
	}
	tgt_session_sn(c, true, &r.sn);
	pdu_put_logout_rsp(p->head, &r);
	tgt_pdu_send(c, p);
	if (r.response == 0)
		tgt_conn_drain(c);
}

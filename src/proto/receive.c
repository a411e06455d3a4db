/*
 * receive - the PDUs of the full feature phase, one function each.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/bytes.h"
#include "proto/state.h"
#include "wire/status.h"

/* Where data go ------------------------------------------------------- */

/* Data-In (11.7): every byte lands in its command's buffer, in order. */
static const struct fault *begin_data_in(struct conn *c)
{
	struct rx *rx = &c->rx;
	struct pdu_data_in *pdu = &rx->data_in;
	struct task *t;

	if (pdu_get_data_in(rx->bhs, pdu))
		return &fault_pdu_format;
	t = task_find(c->session, pdu->itt);
	if (!t)
		return &fault_unknown_tag;
	if (t->cmd->dir != CMD_READ)
		return &fault_bad_data_in;
	if (pdu->datasn != t->exp_datasn)
		return &fault_sequence_gap;
	rx->keep = pdu->data_len;
	if (!pdu->data_len) /* 11.7.7: legal, wherever it points */
		return NULL;
	/* DataPDUInOrder and DataSequenceInOrder are Yes. */
	if (pdu->offset != t->received ||
	    pdu->data_len > t->cmd->len - pdu->offset)
		return &fault_bad_data_in;
	rx->dst = t->cmd->buf + pdu->offset;
	return NULL;
}

static const struct fault *begin_login(struct conn *c, uint32_t data_len)
{
	struct rx *rx = &c->rx;

	/* 4.2.4: nothing but Login Responses before full feature phase. */
	if (!pdu_name((uint8_t)pdu_opcode(rx->bhs)))
		return &fault_not_iscsi;
	if (pdu_opcode(rx->bhs) != OP_LOGIN_RSP || pdu_ahs_len(rx->bhs))
		return &fault_login_protocol;
	if (data_len > LOGIN_RECV_DATA ||
	    data_len > RX_DATA_SIZE - c->login.text_len)
		return &fault_pdu_too_long;
	rx->dst = rx->data + c->login.text_len;
	rx->keep = rx->data_len = data_len;
	return NULL;
}

static const struct fault *begin_text(struct conn *c, uint32_t data_len)
{
	struct rx *rx = &c->rx;
	const struct discovery *d = &c->session->discovery;
	size_t carry = d->carry;

	if (data_len > RX_DATA_SIZE - carry)
		return &fault_text_refused;
	/* In between, rx.data served other PDUs. */
	memcpy(rx->data, d->cut, carry);
	rx->dst = rx->data + carry;
	rx->keep = rx->data_len = data_len;
	return NULL;
}

const struct fault *receive_begin(struct conn *c, uint32_t data_len)
{
	struct rx *rx = &c->rx;

	if (c->state == CONN_IN_LOGIN)
		return begin_login(c, data_len);
	if (pdu_ahs_len(rx->bhs))
		return &fault_pdu_format; /* 11.2.2: commands only */
	if (data_len > c->session->params.max_recv_data)
		return &fault_pdu_too_long;
	if (pdu_opcode(rx->bhs) == OP_DATA_IN)
		return begin_data_in(c);
	if (pdu_opcode(rx->bhs) == OP_TEXT_RSP)
		return begin_text(c, data_len);
	rx->dst = rx->data;
	rx->data_len = data_len < RX_DATA_SIZE ? data_len : RX_DATA_SIZE;
	rx->keep = rx->data_len;
	return NULL;
}

/* Numbers ------------------------------------------------------------- */

/* A PDU with a StatSN of its own (4.2.2.2); false: the session is over. */
static bool take_statsn(struct conn *c, const struct pdu_sn *sn)
{
	session_window(c->session, sn);
	if (sn->statsn != c->exp_statsn) {
		/* ErrorRecoveryLevel 0 cannot ask for the missing one. */
		session_end(c->session, &fault_sequence_gap, "StatSN");
		return false;
	}
	c->exp_statsn++;
	return true;
}

static void malformed(struct conn *c)
{
	session_end(c->session, &fault_pdu_format, pdu_name(c->rx.bhs[0] & 63));
}

/* Ends of commands ---------------------------------------------------- */

/*
 * Bytes that did not move by our own count.  Of a write that is all that TCP
 * did not take: a target waits for the last Data-Out that it asked for before
 * it answers (11.4.2), so what is still here was not written.
 */
static uint32_t missing_of(const struct task *t)
{
	switch (t->cmd->dir) {
	case CMD_READ:
		return t->cmd->len - t->received;
	case CMD_WRITE:
		return cover_missing(&t->out, t->cmd->len);
	case CMD_NO_DATA:
		break;
	}
	return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Nothing is missing less than we counted, whatever the target says. */
static void end_command(struct session *s, struct task *t, bool underflow,
			bool overflow, uint32_t residual)
{
	struct cmd *cmd = t->cmd;
	uint32_t missing = missing_of(t), said = least(residual, cmd->len);

	cmd->underflow = underflow && said > missing ? said : missing;
	cmd->overflow = overflow ? residual : 0;
	task_finish(s, t);
}

static void on_data_in(struct conn *c)
{
	struct session *s = c->session;
	const struct pdu_data_in *pdu = &c->rx.data_in;
	struct task *t = task_find(s, pdu->itt);

	if (!t) { /* it was there when the PDU began */
		session_end(s, &fault_unknown_tag, "Data-In");
		return;
	}
	t->received += pdu->data_len;
	t->exp_datasn++;
	if (!pdu->has_status) {
		session_window(s, &pdu->sn);
		return;
	}
	if (!take_statsn(c, &pdu->sn))
		return;
	t->cmd->outcome = CMD_DONE;
	t->cmd->status = pdu->status;
	end_command(s, t, pdu->underflow, pdu->overflow, pdu->residual);
}

/* 11.4.7: two bytes of length, then sense. */
static void copy_sense(const struct rx *rx, struct cmd *cmd)
{
	uint32_t n;

	if (rx->data_len < 2)
		return;
	n = get_be16(rx->data);
	if (n > rx->data_len - 2)
		n = rx->data_len - 2;
	if (n > CMD_SENSE_MAX)
		n = CMD_SENSE_MAX;
	memcpy(cmd->sense, rx->data + 2, n);
	cmd->sense_len = (uint8_t)n;
}

/* 11.4.8; not every target counts. */
static bool lacks_data_in(const struct task *t, const struct pdu_scsi_rsp *r)
{
	return t->cmd->dir == CMD_READ && !r->response &&
	       r->exp_datasn > t->exp_datasn;
}

static void on_scsi_rsp(struct conn *c)
{
	struct session *s = c->session;
	struct pdu_scsi_rsp pdu;
	struct task *t;

	if (pdu_get_scsi_rsp(c->rx.bhs, &pdu)) {
		malformed(c);
		return;
	}
	if (!take_statsn(c, &pdu.sn))
		return;
	t = task_find(s, pdu.itt);
	if (!t) {
		session_end(s, &fault_unknown_tag, "SCSI Response");
		return;
	}
	if (lacks_data_in(t, &pdu)) {
		session_end(s, &fault_sequence_gap, "Data-In");
		return;
	}
	t->cmd->outcome = pdu.response ? CMD_REFUSED : CMD_DONE;
	t->cmd->response = pdu.response;
	t->cmd->status = pdu.status;
	copy_sense(&c->rx, t->cmd);
	end_command(s, t, pdu.underflow, pdu.overflow, pdu.residual);
}

/* 11.8: within the command's data, within what was negotiated. */
static bool r2t_fits(const struct session *s, const struct task *t,
		     const struct pdu_r2t *r)
{
	return t->cmd->dir == CMD_WRITE && r->ttt != TAG_NONE && r->length &&
	       r->length <= s->params.max_burst && r->offset <= t->cmd->len &&
	       r->length <= t->cmd->len - r->offset &&
	       t->bursts < s->params.max_outstanding_r2t;
}

static void on_r2t(struct conn *c)
{
	struct session *s = c->session;
	struct burst b = { 0 };
	struct pdu_r2t pdu;
	struct task *t;

	if (pdu_get_r2t(c->rx.bhs, &pdu)) {
		malformed(c);
		return;
	}
	session_window(s, &pdu.sn);
	t = task_find(s, pdu.itt);
	if (!t) {
		session_end(s, &fault_unknown_tag, "R2T");
		return;
	}
	if (pdu.r2tsn != t->exp_datasn++) {
		session_end(s, &fault_sequence_gap, "R2TSN");
		return;
	}
	b = (struct burst){ .itt = pdu.itt,
			    .ttt = pdu.ttt,
			    .offset = pdu.offset,
			    .left = pdu.length };
	if (!r2t_fits(s, t, &pdu) || !transmit_add_burst(c, &b)) {
		session_end(s, &fault_bad_r2t, "");
		return;
	}
	t->bursts++;
	s->ops.transport->kick(s->ctx, c);
}

/* Everything else ----------------------------------------------------- */

/* 11.18, 11.19: an answer wanted is given, an answer had is counted. */
static void on_nop_in(struct conn *c)
{
	struct session *s = c->session;
	struct pdu_nop_in pdu;
	struct pdu_nop_out nop;
	uint8_t bhs[BHS_LEN];

	if (pdu_get_nop_in(c->rx.bhs, &pdu)) {
		malformed(c);
		return;
	}
	if (itt_is(pdu.itt, TAG_PING)) {       /* the answer to ours */
		(void)take_statsn(c, &pdu.sn); /* or the session is over */
		return;
	}
	if (pdu.itt != TAG_NONE) {
		session_end(s, &fault_unknown_tag, "NOP-In");
		return;
	}
	session_window(s, &pdu.sn);
	discovery_news(s, NEWS_LIFE);
	if (pdu.ttt == TAG_NONE)
		return;
	nop = (struct pdu_nop_out){
		.immediate = true,
		.itt = TAG_NONE,
		.ttt = pdu.ttt,
		.cmdsn = s->cmdsn,
		.expstatsn = c->exp_statsn,
	};
	memcpy(nop.lun, pdu.lun, LUN_LEN);
	pdu_put_nop_out(bhs, &nop);
	if (!transmit_control(c, bhs, NULL, 0))
		session_end(s, &fault_flooded, "");
}

static void on_tmf_rsp(struct conn *c)
{
	struct pdu_tmf_rsp pdu;

	if (pdu_get_tmf_rsp(c->rx.bhs, &pdu))
		malformed(c);
	else if (take_statsn(c, &pdu.sn))
		manage_received(c->session, &pdu);
}

static void on_text_rsp(struct conn *c)
{
	struct pdu_text_rsp pdu;

	if (pdu_get_text_rsp(c->rx.bhs, &pdu))
		malformed(c);
	else if (take_statsn(c, &pdu.sn))
		discovery_received(c, &pdu);
}

static void on_logout_rsp(struct conn *c)
{
	struct session *s = c->session;
	struct pdu_logout_rsp pdu;

	if (pdu_get_logout_rsp(c->rx.bhs, &pdu)) {
		malformed(c);
		return;
	}
	if (!take_statsn(c, &pdu.sn))
		return;
	if (c->state != CONN_IN_LOGOUT || !itt_is(pdu.itt, TAG_LOGOUT)) {
		session_end(s, &fault_unknown_tag, "Logout Response");
		return;
	}
	s->time2wait = pdu.time2wait;
	if (pdu.response)
		session_end(s, s->leaving, status_logout(pdu.response));
	else
		session_logout_done(s);
}

/* 11.9.1 */
static void on_async(struct conn *c)
{
	struct session *s = c->session;
	struct pdu_async pdu;
	uint32_t n = c->rx.data_len;

	if (pdu_get_async(c->rx.bhs, &pdu)) {
		malformed(c);
		return;
	}
	if (!take_statsn(c, &pdu.sn))
		return;
	discovery_news(s, pdu.event >= ASYNC_LOGOUT &&
					  pdu.event <= ASYNC_DROP_SESSION
				  ? NEWS_PARTING
				  : NEWS_CHANGED);
	switch (pdu.event) {
	case ASYNC_SCSI:
		if (n < 2 || get_be16(c->rx.data) > n - 2)
			malformed(c);
		else if (s->ops.user->scsi_event)
			s->ops.user->scsi_event(s->ctx, pdu.lun, c->rx.data + 2,
						get_be16(c->rx.data));
		break;
	case ASYNC_LOGOUT:
		conn_step(c, CONN_EV_LOGOUT_ASKED);
		session_start_logout(c, &fault_target_logout);
		break;
	case ASYNC_DROP_CONNECTION:
	case ASYNC_DROP_SESSION:
		s->time2wait = pdu.param2;
		session_end(s, &fault_target_drop, status_async(pdu.event));
		break;
	case ASYNC_NEGOTIATE:
		/* A logout is a legal answer, and a new login negotiates. */
		session_start_logout(c, &fault_target_negotiate);
		break;
	default:
		session_note(s, LOG_INFO, "%s (event %u, code %u)",
			     status_async(pdu.event), pdu.event, pdu.vcode);
		discovery_event(c);
	}
}

/*
 * 7.8: of data that arrived damaged the target tells with a Reject, and then
 * ends their command with CHECK CONDITION: that is when it is repeated.
 */
static bool is_harmless(const struct session *s, uint8_t opcode, uint8_t reason)
{
	if (opcode == OP_DATA_OUT && reason == REJECT_DATA_DIGEST)
		return true;
	return s->leaving && reason == REJECT_WAITING_FOR_LOGOUT;
}

/* 11.17: the refused header comes back as data. */
static void on_reject(struct conn *c)
{
	struct session *s = c->session;
	const char *words, *what = NULL;
	struct pdu_reject pdu;
	uint8_t opcode = 0xff;
	char detail[128];

	if (pdu_get_reject(c->rx.bhs, &pdu)) {
		malformed(c);
		return;
	}
	if (!take_statsn(c, &pdu.sn))
		return;
	words = status_reject(pdu.reason);
	if (c->rx.data_len >= BHS_LEN) {
		opcode = c->rx.data[0] & 0x3f;
		what = pdu_name(opcode);
	}
	snprintf(detail, sizeof(detail), "%s: %s", what ? what : "a PDU",
		 words);
	if (opcode == OP_TMF_REQ) /* immediate: its CmdSN leaves no hole */
		manage_rejected(s, get_be32(c->rx.data + 16), pdu.reason);
	else if (opcode == OP_NOP_OUT || is_harmless(s, opcode, pdu.reason))
		session_note(s, LOG_WARNING, "the target rejected %s", detail);
	else
		session_end(s, &fault_rejected, detail);
}

static const struct {
	uint8_t opcode;
	void (*on)(struct conn *c);
} handlers[] = {
	{ OP_DATA_IN, on_data_in },
	{ OP_SCSI_RSP, on_scsi_rsp },
	{ OP_R2T, on_r2t },
	{ OP_NOP_IN, on_nop_in },
	{ OP_TMF_RSP, on_tmf_rsp },
	{ OP_TEXT_RSP, on_text_rsp },
	{ OP_LOGOUT_RSP, on_logout_rsp },
	{ OP_ASYNC, on_async },
	{ OP_REJECT, on_reject },
};

void receive_end(struct conn *c)
{
	if (c->state == CONN_IN_LOGIN) {
		login_received(c);
		return;
	}
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].opcode == pdu_opcode(c->rx.bhs)) {
			handlers[i].on(c);
			return;
		}
	}
	session_end(c->session, &fault_pdu_opcode, pdu_name(c->rx.bhs[0] & 63));
}

/*
 * transmit - what is sent next: control PDUs, owed data, new commands.
 *
 * PDUs are made when the socket asks for them, so that the number of PDUs
 * waiting is bounded by the ring and data are never copied.
 */
#include <string.h>

#include "base/bytes.h"
#include "proto/state.h"
#include "wire/digest.h"

#define BURSTS (sizeof(((struct tx *)0)->bursts) / sizeof(struct burst))

static unsigned min_u(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void transmit_reset(struct conn *c)
{
	c->tx.first = c->tx.count = 0;
	c->tx.sent = 0;
	c->tx.burst_first = c->tx.burst_count = 0;
	c->tx.made = c->tx.offered = c->tx.taken = 0;
}

/* A free entry of the ring; the caller checked that there is one. */
static struct tx_entry *entry_new(struct conn *c)
{
	struct tx *tx = &c->tx;

	return &tx->ring[(tx->first + tx->count++) % TX_RING];
}

/* Header digest, data, padding, data digest. */
static void entry_finish(struct conn *c, struct tx_entry *e, const void *data,
			 uint32_t len)
{
	uint32_t pad = pdu_pad(len), crc;

	e->head_len = BHS_LEN;
	if (c->header_digest) {
		put_le32(e->head + BHS_LEN, digest_of(e->head, BHS_LEN));
		e->head_len += DIGEST_LEN;
	}
	e->task = NO_TASK;
	e->data = data;
	e->data_len = len;
	e->tail_len = (uint8_t)pad;
	memset(e->tail, 0, pad);
	if (len && c->data_digest) {
		crc = digest_add(digest_begin(), data, len);
		crc = digest_end(digest_add(crc, e->tail, pad));
		put_le32(e->tail + pad, crc);
		e->tail_len = (uint8_t)(pad + DIGEST_LEN);
	}
	c->tx.made += e->head_len + len + e->tail_len;
}

/* The last entry that was finished is of this task. */
static void entry_of_task(struct conn *c, struct tx_entry *e, struct task *t)
{
	uint64_t at = c->tx.made - e->data_len - e->tail_len;

	e->task = task_index(c->session, t);
	t->tx_refs++;
	/* Its first byte of data; without data its last byte at all. */
	if (t->exposed_at == UINT64_MAX &&
	    (e->data_len || t->cmd->dir != CMD_WRITE || !t->cmd->len))
		t->exposed_at = e->data_len ? at : at - 1;
}

bool transmit_control(struct conn *c, const uint8_t bhs[static BHS_LEN],
		      const void *data, uint32_t len)
{
	struct tx_entry *e;

	if (c->tx.count == TX_RING)
		return false;
	e = entry_new(c);
	memcpy(e->head, bhs, BHS_LEN);
	entry_finish(c, e, data, len);
	c->session->ops.transport->kick(c->session->ctx, c);
	return true;
}

void transmit_ping(struct conn *c)
{
	struct session *s = c->session;
	struct pdu_nop_out nop = {
		.immediate = true,
		.itt = session_control_itt(s, TAG_PING),
		.ttt = TAG_NONE,
		.cmdsn = s->cmdsn,
		.expstatsn = c->exp_statsn,
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_nop_out(bhs, &nop);
	c->ping_sent = s->now;
	/* With a full ring nothing moves: then the timeout decides alike. */
	(void)transmit_control(c, bhs, NULL, 0);
}

/* Data-Out (11.7) ----------------------------------------------------- */

bool transmit_add_burst(struct conn *c, const struct burst *b)
{
	struct tx *tx = &c->tx;

	if (tx->burst_count == BURSTS)
		return false;
	tx->bursts[(tx->burst_first + tx->burst_count++) % BURSTS] = *b;
	return true;
}

static void burst_done(struct conn *c)
{
	c->tx.burst_first = (c->tx.burst_first + 1) % BURSTS;
	c->tx.burst_count--;
}

/* One PDU of the oldest burst: in the order the target asked (4.2.5.2). */
static void send_data(struct conn *c)
{
	struct session *s = c->session;
	struct burst *b = &c->tx.bursts[c->tx.burst_first];
	struct task *t = task_find(s, b->itt);
	struct pdu_data_out pdu;
	struct tx_entry *e;

	if (!t) { /* aborted or answered meanwhile */
		burst_done(c);
		return;
	}
	pdu = (struct pdu_data_out){
		.itt = b->itt,
		.ttt = b->ttt,
		.expstatsn = c->exp_statsn,
		.datasn = b->datasn++,
		.offset = b->offset,
		.data_len = min_u(b->left, s->params.max_xmit_data),
	};
	if (b->ttt != TAG_NONE) /* 11.7.4: else it is reserved */
		memcpy(pdu.lun, t->cmd->lun, LUN_LEN);
	b->left -= pdu.data_len;
	b->offset += pdu.data_len;
	pdu.final = !b->left;
	e = entry_new(c);
	pdu_put_data_out(e->head, &pdu);
	entry_finish(c, e, t->cmd->buf + pdu.offset, pdu.data_len);
	entry_of_task(c, e, t);
	if (!b->left) {
		if (b->ttt != TAG_NONE)
			t->bursts--;
		burst_done(c);
	}
}

/* Commands (11.3) ----------------------------------------------------- */

/* Bytes that may go without an R2T: in all, and with the command. */
static uint32_t unsolicited(const struct session *s, const struct cmd *cmd,
			    uint32_t *immediate)
{
	const struct params *p = &s->params;
	uint32_t total;

	*immediate = 0;
	if (cmd->dir != CMD_WRITE || (p->initial_r2t && !p->immediate_data))
		return 0;
	total = min_u(cmd->len, p->first_burst);
	if (p->immediate_data)
		*immediate = min_u(total, p->max_xmit_data);
	return p->initial_r2t ? *immediate : total;
}

static void send_command(struct conn *c, struct cmd *cmd)
{
	struct session *s = c->session;
	struct task *t = task_new(s, cmd);
	struct tx_entry *e = entry_new(c);
	struct pdu_scsi_cmd pdu = {
		.attr = cmd->ordered ? ATTR_ORDERED : ATTR_SIMPLE,
		.read = cmd->dir == CMD_READ,
		.write = cmd->dir == CMD_WRITE,
		.itt = t->itt,
		.edtl = cmd->len,
		.cmdsn = s->cmdsn++,
		.expstatsn = c->exp_statsn,
	};
	uint32_t total = unsolicited(s, cmd, &pdu.data_len);
	struct burst rest = {
		.itt = t->itt,
		.ttt = TAG_NONE,
		.offset = pdu.data_len,
		.left = total - pdu.data_len,
	};

	t->cmdsn = pdu.cmdsn;
	cmd->underflow = cmd->overflow = 0;
	cmd->sense_len = 0;
	cmd->why = NULL;
	/* 11.3.1: F means that no unsolicited Data-Out follows. */
	pdu.final = !rest.left;
	memcpy(pdu.lun, cmd->lun, LUN_LEN);
	memcpy(pdu.cdb, cmd->cdb, CDB_LEN);
	pdu_put_scsi_cmd(e->head, &pdu);
	entry_finish(c, e, cmd->buf, pdu.data_len);
	entry_of_task(c, e, t);
	if (rest.left)
		(void)transmit_add_burst(c, &rest); /* next_command saw room */
}

/* The next to be sent, if the window is open; NULL: there is none. */
static struct cmd *next_command(const struct conn *c)
{
	const struct session *s = c->session;
	struct list *pos;

	if (c->state != CONN_LOGGED_IN || s->leaving || !s->free_count ||
	    c->tx.burst_count >= SESSION_TASKS)
		return NULL;
	list_for_each (pos, &s->waiting) {
		struct cmd *cmd = container_of(pos, struct cmd, link);

		if (!manage_holds(s, cmd) && !recover_holds(s, cmd))
			return cmd;
	}
	return NULL;
}

/* Commands wait for the target's MaxCmdSN to rise. */
static void close_window(struct session *s)
{
	struct list *pos;
	unsigned n = 0;

	s->window_closed = s->now;
	session_say(s, TOPIC_FLOW, "the window is closed (MaxCmdSN %u)",
		    s->max_cmdsn);
	if (!topic_is_on(TOPIC_QUEUE))
		return;
	list_for_each (pos, &s->waiting) {
		n++;
	}
	session_say(s, TOPIC_QUEUE, "%u command%s for the window", n,
		    n == 1 ? " waits" : "s wait");
}

void transmit_fill(struct conn *c)
{
	struct session *s = c->session;
	struct cmd *cmd;

	while (c->tx.count < TX_RING - TX_RESERVE) {
		if (c->tx.burst_count && conn_may_request(c->state)) {
			send_data(c);
		} else if (!(cmd = next_command(c))) {
			break;
		} else if (session_window_open(s)) {
			send_command(c, cmd);
		} else {
			if (!s->window_closed)
				close_window(s);
			break;
		}
	}
}

/*
 * command - SCSI commands: their data both ways, and their answer (RFC 7143
 * sections 4.2.5, 11.3, 11.4, 11.7 and 11.8).
 */
#include "target/session.h"

#include <string.h>

#include "base/bytes.h"
#include "wire/lun.h"

/* More than any command moves: tgt_scsi_begin() refuses longer ones. */
#define BUFFER_MAX (64u << 20)
#define LEND_MIN   (32u << 10) /* copying less is cheaper */

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

uint32_t tgt_conn_max_recv(const struct tgt_conn *c)
{
	return c->state == TGT_CONN_FULL ? c->params.max_recv : TGT_SEGMENT;
}

/* Bytes that may come before an R2T, immediate data included. */
static uint32_t unsolicited_max(const struct tgt_task *k)
{
	return min_u32(k->conn->params.first_burst, k->cmd.edtl);
}

bool tgt_command_arrives(struct tgt_task *k)
{
	const struct tgt_params *p = &k->conn->params;
	struct pdu_scsi_cmd *cmd = &k->cmd;

	if (pdu_get_scsi_cmd(k->bhs, cmd) < 0)
		return false;
	if (cmd->data_len && (!cmd->write || cmd->data_len > cmd->edtl))
		return false;
	k->data_len = cmd->data_len;
	k->unsolicited = cmd->write && !cmd->final;
	if ((cmd->data_len && !p->immediate_data) ||
	    (k->unsolicited && p->initial_r2t) ||
	    cmd->data_len > unsolicited_max(k))
		k->unexpected = true;
	k->got = k->unsol_end = cmd->data_len;
	if (!cmd->write || !cmd->edtl)
		return true;
	k->buf = tgt_buf_get(k->session->tgt, min_u32(cmd->edtl, BUFFER_MAX));
	if (!k->buf)
		return false;
	/* What finds no room is thrown away: it is nobody's. */
	k->data_len = min_u32(k->data_len, k->buf->size);
	return true;
}

static void send_r2t(struct tgt_task *k)
{
	struct tgt_conn *c = k->conn;
	const struct tgt_target *tt = k->session->target;
	uint32_t len = min_u32(k->wanted - k->asked, c->params.max_burst);
	struct pdu_r2t r2t = { .itt = k->itt };
	struct tgt_r2t *slot = k->r2t;
	struct tgt_pdu *p = tgt_pdu_new(c);

	if (!p)
		return;
	while (slot->open)
		slot++;
	if (tt->r2t_size)
		len = min_u32(len, tt->r2t_size);
	*slot = (struct tgt_r2t){
		tgt_new_ttt(c->tgt), k->asked, len, 0, 0, true
	};
	memcpy(r2t.lun, k->cmd.lun, LUN_LEN);
	r2t.ttt = slot->ttt;
	r2t.r2tsn = k->r2tsn++;
	r2t.offset = k->asked;
	r2t.length = len;
	tgt_session_sn(c, false, &r2t.sn);
	pdu_put_r2t(p->head, &r2t);
	k->asked += len;
	k->open_r2ts++;
	tgt_pdu_send(c, p);
}

/* Is what the initiator sent of no use any more? */
static bool has_failed_data(const struct tgt_task *k)
{
	return k->unexpected || k->short_data || k->bad_digest;
}

static bool has_failed(const struct tgt_task *k)
{
	return !k->begun || has_failed_data(k);
}

static void carry_out(struct tgt_task *k)
{
	struct tgt_session *s = k->session;

	if (k->begun && k->scsi.delay) {
		uint64_t until = s->tgt->now + k->scsi.delay;

		if (until > k->not_before)
			k->not_before = until;
	}
	if (k->not_before <= s->tgt->now && !tgt_task_is_blocked(k)) {
		tgt_command_finish(k);
		return;
	}
	k->state = TGT_TASK_DELAYED;
	k->ordered = k->cmd.attr == ATTR_ORDERED;
	s->delayed++;
	s->tgt->ordered += k->ordered;
}

/* On purpose, what is owed to a write that needs an R2T is not done. */
static bool is_starved(struct tgt_task *k)
{
	struct tgt_target *tt = k->session->target;
	const struct tgt_duties *d = &tt->duties;

	if (k->starved || !(d->no_r2t || d->short_good) || has_failed(k) ||
	    k->r2tsn || k->asked >= k->wanted)
		return k->starved;
	tt->starved++;
	if (d->no_r2t && tt->starved % d->no_r2t == 0)
		return k->starved = true;
	if (d->short_good && tt->starved % d->short_good == 0)
		k->wanted = k->asked;
	return false;
}

/* Asks for more data, or goes on when all is here. */
static void pump(struct tgt_task *k)
{
	uint32_t max = min_u32(k->conn->params.max_r2t, TGT_MAX_R2T);

	k->state = TGT_TASK_DATA;
	if (k->unsolicited || is_starved(k))
		return;
	/* A command that fails asks for nothing more, but waits for what
	 * was asked for (7.8). */
	while (!has_failed(k) && k->asked < k->wanted && k->open_r2ts < max &&
	       k->conn->state == TGT_CONN_FULL)
		send_r2t(k);
	if (!k->open_r2ts)
		carry_out(k);
}

/*
 * The blocks themselves as buffer, without a copy.  Not with data digests,
 * which blocks that another command changes meanwhile would make wrong, and
 * not where faults are made on purpose.
 */
static struct tgt_buf *lend(const struct tgt_task *k, uint32_t size)
{
	const struct tgt_scsi *q = &k->scsi;

	if (size < LEND_MIN || k->session->tgt->fault ||
	    k->session->params.data_digest)
		return NULL;
	return tgt_buf_lend(q->lun->backend, q->lba * q->lun->cfg.block_size,
			    size);
}

/* What is still to come goes to its place. */
static void receive_in_place(struct tgt_task *k)
{
	struct tgt_buf *b = NULL;

	if (k->scsi.op->run == tgt_run_write && k->asked < k->wanted &&
	    !has_failed_data(k) && k->conn->rx_task != k)
		b = lend(k, k->wanted);
	if (!b)
		return;
	memcpy(b->p, k->buf->p, k->asked);
	tgt_buf_put(k->session->tgt, k->buf);
	k->buf = b;
}

static void fill_scsi(struct tgt_task *k)
{
	struct tgt_scsi *q = &k->scsi;

	memset(q, 0, sizeof(*q));
	q->nexus = &k->session->nexus;
	memcpy(q->cdb, k->cmd.cdb, sizeof(q->cdb));
	if (lun_number(k->cmd.lun, &q->number) < 0)
		q->number = UINT32_MAX;
}

/* SPC-4 4.5.2: without descriptors. */
static void to_descriptor_format(struct tgt_scsi *q)
{
	uint8_t key = q->sense[2] & 0x0f, asc = q->sense[12],
		ascq = q->sense[13];

	memset(q->sense, 0, sizeof(q->sense));
	q->sense[0] = 0x72;
	q->sense[1] = key;
	q->sense[2] = asc;
	q->sense[3] = ascq;
	q->sense_len = 8;
}

static bool cut_short(struct tgt_scsi *q, uint32_t less)
{
	q->cut = less;
	if (q->out_want)
		q->out_want -= min_u32(less, q->out_want - 1);
	return true;
}

/* A fault script may have an answer of its own. */
static bool begin(struct tgt_task *k)
{
	struct tgt_verdict v = { .kind = TGT_PASS };
	struct tgt_scsi *q = &k->scsi;

	if (k->session->tgt->fault)
		tgt_fault_ask_scsi(k, &v);
	if (v.kind == TGT_DELAY)
		k->not_before = k->session->tgt->now + v.delay;
	if (v.kind == TGT_SHORT)
		return tgt_scsi_begin(q) && cut_short(q, (uint32_t)v.value);
	if (v.kind != TGT_STATUS)
		return tgt_scsi_begin(q);
	if (v.value == TGT_CHECK_CONDITION)
		tgt_scsi_sense(q, v.key, v.asc, v.ascq);
	else
		q->status = (uint8_t)v.value;
	if (v.descriptor)
		to_descriptor_format(q);
	if (v.deferred)
		q->sense[0] |= 1;
	return false;
}

void tgt_command_start(struct tgt_task *k)
{
	fill_scsi(k);
	k->begun_as = ++k->session->tgt->last_begun;
	k->begun = begin(k);
	k->lun = k->scsi.lun;
	if (k->begun && k->cmd.write)
		k->wanted = min_u32(k->scsi.out_want, k->cmd.edtl);
	if (k->buf)
		k->wanted = min_u32(k->wanted, k->buf->size);
	if (!k->conn) {
		tgt_task_free(k);
		return;
	}
	/* Unsolicited data covers the front; R2Ts ask for the rest. */
	k->asked = k->unsol_end;
	if (k->begun && k->buf)
		receive_in_place(k);
	pump(k);
}

static struct tgt_r2t *find_r2t(struct tgt_task *k, uint32_t ttt)
{
	for (size_t i = 0; i < TGT_MAX_R2T; i++)
		if (k->r2t[i].open && k->r2t[i].ttt == ttt)
			return &k->r2t[i];
	return NULL;
}

/*
 * Is the PDU inside its sequence, so that it may be taken?  A DataSN out of
 * order means that one before was lost: then its place tells nothing, and
 * the task will end as after a digest error (7.9).
 */
static bool is_in_sequence(struct tgt_task *k, const struct pdu_data_out *d)
{
	const struct tgt_r2t *r = NULL;
	uint32_t at = k->unsol_end, end = unsolicited_max(k), sn;

	if (d->ttt == TAG_NONE && !k->unsolicited)
		return false;
	sn = k->unsol_datasn;
	if (d->ttt != TAG_NONE) {
		r = find_r2t(k, d->ttt);
		if (!r)
			return false;
		at = r->offset + r->got;
		end = r->offset + r->len;
		sn = r->datasn;
	}
	if (d->datasn != sn)
		k->bad_digest = true;
	if (k->bad_digest || (!r && k->unexpected))
		return true;
	return d->offset == at && d->data_len <= end - at;
}

void tgt_data_out_place(struct tgt_conn *c)
{
	struct tgt_task *k = tgt_task_find(c->session, get_be32(c->bhs + 16));
	struct pdu_data_out d;

	/* Late data of a task that is over is nobody's. */
	if (!k || k->conn != c || pdu_opcode(k->bhs) != OP_SCSI_CMD ||
	    k->state == TGT_TASK_RECEIVING || k->state == TGT_TASK_DELAYED) {
		c->rx_ignore = true;
		return;
	}
	if (pdu_get_data_out(c->bhs, &d) < 0 || !is_in_sequence(k, &d)) {
		tgt_reject(c, c->bhs, REJECT_PROTOCOL);
		tgt_conn_drain(c);
		c->rx_ignore = true;
		return;
	}
	c->rx_task = k;
	if (k->state == TGT_TASK_ENDED || !k->buf || has_failed_data(k) ||
	    (uint64_t)d.offset + d.data_len > k->buf->size)
		return;
	c->rx_data = k->buf->p + d.offset;
	c->rx_keep = d.data_len;
}

static void unsolicited_done(struct tgt_task *k, const struct pdu_data_out *d)
{
	k->unsol_datasn = d->datasn + 1;
	k->unsol_end += d->data_len;
	if (!d->final)
		return;
	k->unsolicited = false;
	/* 11.4.7.2, incorrect amount of data */
	if (!k->unexpected && k->unsol_end != unsolicited_max(k))
		k->short_data = true;
}

static void solicited_done(struct tgt_task *k, const struct pdu_data_out *d)
{
	struct tgt_r2t *r = find_r2t(k, d->ttt);

	r->datasn = d->datasn + 1;
	r->got += d->data_len;
	/* After a loss only the F bit tells the end. */
	if (!d->final && (k->bad_digest || r->got < r->len))
		return;
	if (r->got != r->len)
		k->short_data = true;
	r->open = false;
	k->open_r2ts--;
}

void tgt_data_out_done(struct tgt_conn *c, bool digest_ok)
{
	struct tgt_task *k = c->rx_task;
	struct tgt_session *s = c->session;
	struct pdu_data_out d;

	c->rx_task = NULL;
	if (!k || pdu_get_data_out(c->bhs, &d) < 0)
		return;
	if (!digest_ok)
		k->bad_digest = true;
	k->got += d.data_len;
	if (d.ttt == TAG_NONE)
		unsolicited_done(k, &d);
	else
		solicited_done(k, &d);
	if (k->state == TGT_TASK_DATA) {
		if (d.ttt == TAG_NONE)
			k->asked = k->unsol_end;
		pump(k);
	} else if (k->state == TGT_TASK_ENDED && !k->unsolicited &&
		   !k->open_r2ts) {
		tgt_task_free(k);
		tgt_tmf_retry(s);
	}
}

/* What of a transfer is missing, or did not fit (11.4.5). */
struct residual {
	bool overflow, underflow;
	uint32_t count;
};

static struct residual residual_of(const struct tgt_task *k)
{
	const struct tgt_scsi *q = &k->scsi;
	uint32_t edtl = k->cmd.read || k->cmd.write ? k->cmd.edtl : 0;
	uint32_t moved = 0;
	struct residual r = { 0 };

	if (q->status != TGT_GOOD && k->session->target->no_residual)
		return r;
	if (q->status == TGT_GOOD)
		moved = q->in_len ? q->in_len : q->out_want;
	r.underflow = moved < edtl;
	r.overflow = moved > edtl;
	r.count = r.overflow ? moved - edtl : edtl - moved;
	return r;
}

/* What is needed of a task when its place is already free for another. */
struct outcome {
	struct tgt_conn *conn;
	uint32_t itt;
	struct tgt_buf *buf;
	uint32_t data_len;
	struct residual residual;
	uint8_t status, sense_len;
	uint8_t sense[TGT_SENSE_LEN];
	uint8_t lun[LUN_LEN];
	uint32_t datasn;
};

/* Returns whether the status went along. */
static bool send_data_in(struct outcome *o)
{
	struct tgt_conn *c = o->conn;
	const struct tgt_target *tt = c->session->target;
	uint32_t off = 0, burst = c->params.max_burst;
	bool with_status = false;

	while (off < o->data_len && c->state != TGT_CONN_DEAD) {
		struct tgt_pdu *p = tgt_pdu_new(c);
		struct pdu_data_in d = { .itt = o->itt, .ttt = TAG_NONE };
		uint32_t n = min_u32(c->params.max_xmit, burst);

		if (!p)
			return true;
		n = min_u32(n, o->data_len - off);
		burst -= n;
		with_status = off + n == o->data_len && !tt->split_status;
		d.final = !burst || off + n == o->data_len;
		d.datasn = o->datasn++;
		d.offset = off;
		d.data_len = n;
		d.has_status = with_status;
		if (with_status) {
			d.status = o->status;
			d.overflow = o->residual.overflow;
			d.underflow = o->residual.underflow;
			d.residual = o->residual.count;
		}
		tgt_session_sn(c, with_status, &d.sn);
		/* StatSN counts only with the S bit (11.7.3). */
		if (!with_status)
			d.sn.statsn = 0;
		pdu_put_data_in(p->head, &d);
		tgt_pdu_data(p, o->buf, o->buf->p + off, n);
		tgt_pdu_send(c, p);
		off += n;
		if (!burst)
			burst = c->params.max_burst;
	}
	return with_status;
}

static void send_response(struct outcome *o)
{
	struct tgt_conn *c = o->conn;
	struct pdu_scsi_rsp r = { .itt = o->itt };
	struct tgt_pdu *p = tgt_pdu_new(c);
	uint8_t data[2 + TGT_SENSE_LEN];

	if (!p)
		return;
	r.status = o->status;
	r.overflow = o->residual.overflow;
	r.underflow = o->residual.underflow;
	r.residual = o->residual.count;
	r.exp_datasn = o->datasn;
	if (o->sense_len) {
		put_be16(data, o->sense_len);
		memcpy(data + 2, o->sense, o->sense_len);
		tgt_pdu_small(p, data, 2u + o->sense_len);
	}
	r.data_len = p->data_len;
	tgt_session_sn(c, true, &r.sn);
	pdu_put_scsi_rsp(p->head, &r);
	tgt_pdu_send(c, p);
}

/* Ends the task first: the answer already shows the wider window. */
static void finish(struct tgt_task *k)
{
	const struct tgt_scsi *q = &k->scsi;
	struct tgt *t = k->session->tgt;
	struct outcome o = { .conn = k->conn, .itt = k->itt };

	o.residual = residual_of(k);
	o.status = q->status;
	o.sense_len = q->sense_len;
	memcpy(o.sense, q->sense, sizeof(o.sense));
	if (q->status == TGT_GOOD && k->cmd.read)
		o.data_len = min_u32(q->in_len, k->cmd.edtl);
	o.buf = k->buf;
	k->buf = NULL;
	tgt_task_free(k);
	if (o.conn && o.conn->state == TGT_CONN_FULL && !send_data_in(&o))
		send_response(&o);
	tgt_buf_put(t, o.buf);
}

/* Room for the answer of a command that reads. */
static bool get_room(struct tgt_task *k)
{
	struct tgt_scsi *q = &k->scsi;
	uint32_t size = k->cmd.read ? min_u32(q->in_want, k->cmd.edtl) : 0;

	q->out = k->buf ? k->buf->p : NULL;
	q->out_len = k->wanted;
	if (q->in_want == 0)
		return true;
	if (size < TGT_PARAM_MAX)
		size = TGT_PARAM_MAX;
	tgt_buf_put(k->session->tgt, k->buf);
	k->buf = q->op->run == tgt_run_read ? lend(k, size) : NULL;
	if (!k->buf)
		k->buf = tgt_buf_get(k->session->tgt, size);
	if (!k->buf)
		return false;
	q->in = k->buf->p;
	q->in_cap = size;
	return true;
}

void tgt_command_finish(struct tgt_task *k)
{
	struct tgt_scsi *q = &k->scsi;

	if (k->unexpected)
		tgt_scsi_sense(q, 0x0b, 0x0c, 0x0c);
	else if (k->bad_digest)
		tgt_scsi_sense(q, 0x0b, 0x47, 0x05);
	else if (k->short_data)
		tgt_scsi_sense(q, 0x0b, 0x0c, 0x0d);
	else if (k->begun && !get_room(k))
		q->status = TGT_BUSY;
	else if (k->begun)
		tgt_scsi_run(q);
	if (q->in_len)
		q->in_len -= min_u32(q->cut, q->in_len - 1);
	finish(k);
}

void tgt_command_lun_gone(struct tgt_task *k)
{
	k->lun = NULL;
	k->scsi.lun = NULL;
	k->begun = false;
	tgt_scsi_sense(&k->scsi, 0x05, 0x25, 0x00);
	if (k->state == TGT_TASK_DELAYED)
		tgt_command_finish(k);
}

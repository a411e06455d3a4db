/*
 * rx - bytes in: framing, digests, and to whom a PDU belongs.
 */
#include "target/session.h"

#include <string.h>

#include "base/bytes.h"
#include "wire/digest.h"

static bool is_live(const struct tgt_conn *c)
{
	return c->state == TGT_CONN_LOGIN || c->state == TGT_CONN_FULL;
}

/* Moves the unread bytes to the front, so that a whole header fits. */
static void compact(struct tgt_conn *c)
{
	if (c->stage_pos == 0)
		return;
	c->stage_len -= c->stage_pos;
	memmove(c->stage, c->stage + c->stage_pos, c->stage_len);
	c->stage_pos = 0;
}

int tgt_conn_rx_want(struct tgt_conn *c, struct iovec iov[static TGT_RX_IOV])
{
	int n = 0;

	if (!is_live(c) || c->rx == RX_HELD)
		return 0;
	compact(c);
	/* Straight to its place only when all of it has one. */
	if (c->rx == RX_DATA && c->rx_keep == c->rx_len) {
		if (c->rx_got < c->rx_len) {
			iov[n].iov_base = c->rx_data + c->rx_got;
			iov[n++].iov_len = c->rx_len - c->rx_got;
		}
		if (c->rx_total > c->rx_len) {
			uint32_t at = c->rx_got > c->rx_len
					      ? c->rx_got - c->rx_len
					      : 0;

			iov[n].iov_base = c->rx_tail + at;
			iov[n++].iov_len = c->rx_total - c->rx_len - at;
		}
	}
	iov[n].iov_base = c->stage + c->stage_len;
	iov[n++].iov_len = TGT_STAGE_SIZE - c->stage_len;
	return n;
}

/* Puts n bytes of the running segment where they belong. */
static void take(struct tgt_conn *c, const uint8_t *p, size_t n)
{
	while (n) {
		uint32_t at = c->rx_got;
		size_t len = n;

		if (at < c->rx_keep) {
			if (len > c->rx_keep - at)
				len = c->rx_keep - at;
			memcpy(c->rx_data + at, p, len);
		} else if (at < c->rx_len) {
			if (len > c->rx_len - at)
				len = c->rx_len - at;
		} else {
			if (len > c->rx_total - at)
				len = c->rx_total - at;
			memcpy(c->rx_tail + (at - c->rx_len), p, len);
		}
		c->rx_got += (uint32_t)len;
		p += len;
		n -= len;
	}
}

static bool header_digest_ok(const struct tgt_conn *c, uint32_t len)
{
	const uint8_t *head = c->stage + c->stage_pos;

	return get_le32(head + len) == digest_of(head, len);
}

static bool data_digest_ok(struct tgt_conn *c)
{
	uint32_t pad = pdu_pad(c->rx_len), crc;

	if (!c->rx_ddigest || !c->rx_len)
		return true;
	/* What was thrown away cannot be checked, nor can it do harm. */
	if (c->rx_keep < c->rx_len)
		return true;
	crc = digest_add(digest_begin(), c->rx_data, c->rx_len);
	crc = digest_end(digest_add(crc, c->rx_tail, pad));
	return crc == get_le32(c->rx_tail + pad);
}

static void keep_in_segment(struct tgt_conn *c)
{
	c->rx_data = c->seg->p;
	c->rx_keep = c->rx_len < c->seg->size ? c->rx_len : c->seg->size;
}

static void refuse(struct tgt_conn *c, uint8_t reason)
{
	c->rx_ignore = true;
	tgt_reject(c, c->bhs, reason);
}

/* A request with its own place among the commands. */
static void place_request(struct tgt_conn *c)
{
	struct tgt_session *s = c->session;
	uint32_t itt = get_be32(c->bhs + 16);
	struct tgt_task *k;

	/* Outside the window: silently ignored (4.2.2.1). */
	if (!pdu_immediate(c->bhs) &&
	    !tgt_session_cmdsn_fits(s, get_be32(c->bhs + 24))) {
		c->rx_ignore = true;
		return;
	}
	if (itt == TAG_NONE || tgt_task_find(s, itt)) {
		refuse(c, itt == TAG_NONE ? REJECT_PROTOCOL
					  : REJECT_TASK_IN_PROGRESS);
		return;
	}
	k = tgt_task_new(s, c, c->bhs);
	if (!k) {
		refuse(c, REJECT_IMMEDIATE);
		return;
	}
	c->rx_task = k;
	if (pdu_opcode(c->bhs) == OP_SCSI_CMD) {
		if (!tgt_command_arrives(k)) {
			tgt_task_free(k);
			refuse(c, REJECT_PROTOCOL);
			return;
		}
		c->rx_data = k->buf ? k->buf->p : NULL;
		c->rx_keep = k->data_len;
		return;
	}
	k->data_len = c->rx_len;
	if (!c->rx_len)
		return;
	k->buf = tgt_buf_get(c->tgt, c->rx_len);
	if (!k->buf) {
		tgt_conn_fault(c, "out of memory");
		return;
	}
	c->rx_data = k->buf->p;
	c->rx_keep = c->rx_len;
}

static void place_full(struct tgt_conn *c)
{
	switch (pdu_opcode(c->bhs)) {
	case OP_SCSI_CMD:
		if (c->session->discovery) {
			refuse(c, REJECT_PROTOCOL);
			break;
		}
		place_request(c);
		break;
	case OP_NOP_OUT:
		if (get_be32(c->bhs + 16) == TAG_NONE) {
			keep_in_segment(c);
			break;
		}
		place_request(c);
		break;
	case OP_TMF_REQ:
	case OP_TEXT_REQ:
	case OP_LOGOUT_REQ:
		place_request(c);
		break;
	case OP_DATA_OUT:
		tgt_data_out_place(c);
		break;
	case OP_SNACK:
		refuse(c, REJECT_SNACK);
		break;
	case OP_LOGIN_REQ:
		tgt_conn_fault(c, "Login Request in full feature phase");
		break;
	default:
		refuse(c, REJECT_NOT_SUPPORTED);
		break;
	}
}

/* Decides where the data of the header in c->bhs will go. */
static void place(struct tgt_conn *c)
{
	c->rx_len = pdu_data_len(c->bhs);
	c->rx_total = c->rx_len + pdu_pad(c->rx_len);
	if (c->rx_ddigest && c->rx_len)
		c->rx_total += DIGEST_LEN;
	c->rx_got = 0;
	c->rx_keep = 0;
	c->rx_data = NULL;
	c->rx_task = NULL;
	c->rx_ignore = c->rx_verdict.kind == TGT_DROP;
	if (c->rx_ignore)
		return;
	if (c->rx_verdict.kind == TGT_REJECT && c->state == TGT_CONN_FULL) {
		refuse(c, (uint8_t)c->rx_verdict.value);
		return;
	}
	if (c->state == TGT_CONN_FULL)
		place_full(c);
	else if (pdu_opcode(c->bhs) == OP_LOGIN_REQ)
		keep_in_segment(c);
	else
		tgt_conn_fault(c, "opcode 0x%02x during login",
			       pdu_opcode(c->bhs));
}

/* The fault hook's word on this header; false: it is not to be read. */
static bool ask_fault(struct tgt_conn *c)
{
	c->rx_verdict.kind = TGT_PASS;
	if (!c->tgt->fault)
		return true;
	tgt_fault_ask(c, false, c->bhs, &c->rx_verdict);
	if (c->rx_verdict.kind == TGT_SET)
		tgt_fault_set(c->bhs, &c->rx_verdict);
	if (c->rx_verdict.kind == TGT_CORRUPT_HEADER) {
		c->bhs[c->rx_verdict.offset % BHS_LEN] ^= 0x01;
		if (c->rx_hdigest)
			tgt_conn_fault(c, "header digest error");
	}
	if (c->rx_verdict.kind == TGT_CLOSE)
		tgt_conn_drop(c);
	return is_live(c);
}

static bool length_fits(struct tgt_conn *c)
{
	uint32_t n = pdu_data_len(c->bhs), max = tgt_conn_max_recv(c);

	if (n > max)
		tgt_conn_fault(c, "data segment of %u bytes, %u are allowed", n,
			       max);
	return n <= max;
}

/* Returns false when more bytes are needed. */
static bool read_head(struct tgt_conn *c)
{
	size_t have = c->stage_len - c->stage_pos;
	const uint8_t *head = c->stage + c->stage_pos;
	uint32_t len;

	if (have < BHS_LEN)
		return false;
	len = BHS_LEN + pdu_ahs_len(head);
	if (have < len + (c->rx_hdigest ? DIGEST_LEN : 0))
		return false;
	if (c->rx_hdigest && !header_digest_ok(c, len)) {
		tgt_conn_fault(c, "header digest error");
		return false;
	}
	memcpy(c->bhs, head, BHS_LEN);
	c->stage_pos += len + (c->rx_hdigest ? DIGEST_LEN : 0);
	if (!ask_fault(c) || !length_fits(c))
		return false;
	place(c);
	c->rx = RX_DATA;
	return is_live(c);
}

static void process_full(struct tgt_conn *c)
{
	struct tgt_task *k = c->rx_task;

	if (pdu_opcode(c->bhs) == OP_DATA_OUT) {
		tgt_data_out_done(c, true);
		return;
	}
	c->rx_task = NULL;
	if (k)
		tgt_task_ready(k);
}

static void process(struct tgt_conn *c)
{
	if (c->rx_ignore)
		return;
	if (c->state == TGT_CONN_LOGIN)
		tgt_login_pdu(c, c->rx_data, c->rx_len);
	else if (c->state == TGT_CONN_FULL)
		process_full(c);
}

/* RFC 7143 7.8: answered with Reject and discarded; data ends its task. */
static void bad_data_digest(struct tgt_conn *c)
{
	struct tgt_task *k = c->rx_task;

	if (c->rx_ignore)
		return;
	tgt_reject(c, c->bhs, REJECT_DATA_DIGEST);
	if (pdu_opcode(c->bhs) == OP_DATA_OUT) {
		tgt_data_out_done(c, false);
		return;
	}
	c->rx_task = NULL;
	if (k)
		tgt_task_free(k);
}

static void complete(struct tgt_conn *c)
{
	enum tgt_fault_kind fault = c->rx_verdict.kind;

	c->rx = RX_HEAD;
	c->rx_verdict.kind = TGT_PASS;
	c->last_heard = c->tgt->now;
	c->pinged = 0;
	if (fault == TGT_CORRUPT_DATA && c->rx_keep)
		c->rx_data[c->rx_verdict.offset % c->rx_keep] ^= 0x01;
	if (!data_digest_ok(c)) {
		bad_data_digest(c);
		return;
	}
	process(c);
	if (fault == TGT_DUP && is_live(c)) {
		place(c);
		c->rx_got = c->rx_total;
		process(c);
	}
}

/* A delayed SCSI command is late by itself; all else holds up the rest. */
static bool is_held(struct tgt_conn *c)
{
	if (c->rx_verdict.kind != TGT_DELAY)
		return false;
	if (c->rx_task && pdu_opcode(c->bhs) == OP_SCSI_CMD) {
		c->rx_task->not_before = c->tgt->now + c->rx_verdict.delay;
		return false;
	}
	c->rx = RX_HELD;
	c->held_until = c->tgt->now + c->rx_verdict.delay;
	return true;
}

static void parse(struct tgt_conn *c)
{
	while (is_live(c) && c->rx != RX_HELD) {
		size_t n = c->stage_len - c->stage_pos;

		if (c->rx == RX_HEAD && !read_head(c))
			return;
		n = c->stage_len - c->stage_pos;
		if (n > c->rx_total - c->rx_got)
			n = c->rx_total - c->rx_got;
		take(c, c->stage + c->stage_pos, n);
		c->stage_pos += n;
		if (c->rx_got < c->rx_total)
			return;
		if (!is_held(c))
			complete(c);
	}
}

void tgt_conn_resume(struct tgt_conn *c)
{
	c->rx = RX_DATA;
	complete(c);
	parse(c);
}

void tgt_conn_rx_done(struct tgt_conn *c, size_t n, uint64_t now)
{
	c->tgt->now = now;
	if (!is_live(c))
		return;
	if (c->rx == RX_DATA && c->rx_keep == c->rx_len) {
		size_t direct = c->rx_total - c->rx_got;

		if (direct > n)
			direct = n;
		c->rx_got += (uint32_t)direct;
		n -= direct;
		if (c->rx_got < c->rx_total)
			return;
		c->stage_len += n;
		if (!is_held(c))
			complete(c);
	} else {
		c->stage_len += n;
	}
	parse(c);
}

size_t tgt_conn_rx(struct tgt_conn *c, const void *p, size_t n, uint64_t now)
{
	const uint8_t *at = p;
	size_t left = n;

	while (left) {
		struct iovec iov[TGT_RX_IOV];
		int pieces = tgt_conn_rx_want(c, iov);
		size_t got = 0;

		for (int i = 0; i < pieces && left; i++) {
			size_t len =
				iov[i].iov_len < left ? iov[i].iov_len : left;

			memcpy(iov[i].iov_base, at + got, len);
			got += len;
			left -= len;
		}
		if (!got)
			break;
		at += got;
		tgt_conn_rx_done(c, got, now);
	}
	return n - left;
}

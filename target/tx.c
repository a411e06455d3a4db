/*
 * tx - PDUs on their way out: digests, faults, and the vectors offered.
 *
 * A PDU is sealed when it is queued: from then on it is just bytes.
 */
#include "target/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "wire/digest.h"

struct tgt_pdu *tgt_pdu_new(struct tgt_conn *c)
{
	struct list *n = list_pop_front(&c->tgt->free_pdus);
	struct tgt_pdu *p =
		n ? container_of(n, struct tgt_pdu, link) : malloc(sizeof(*p));

	if (!p) {
		tgt_conn_fault(c, "out of memory");
		return NULL;
	}
	list_init(&p->link);
	p->head_len = BHS_LEN;
	p->tail_len = 0;
	p->data = NULL;
	p->data_len = 0;
	p->buf = NULL;
	p->not_before = 0;
	return p;
}

static void recycle(struct tgt_conn *c, struct tgt_pdu *p)
{
	tgt_buf_put(c->tgt, p->buf);
	p->buf = NULL;
	list_push_front(&c->tgt->free_pdus, &p->link);
}

void tgt_pdu_data(struct tgt_pdu *p, struct tgt_buf *buf, const uint8_t *at,
		  uint32_t n)
{
	buf->refs++;
	p->buf = buf;
	p->data = at;
	p->data_len = n;
}

void tgt_pdu_small(struct tgt_pdu *p, const void *at, uint32_t n)
{
	p->data_len = n < sizeof(p->small) ? n : sizeof(p->small);
	memcpy(p->small, at, p->data_len);
	p->data = p->small;
}

static void seal(struct tgt_conn *c, struct tgt_pdu *p)
{
	uint32_t pad = pdu_pad(p->data_len), crc;

	if (c->tx_digests && c->params.header_digest) {
		put_le32(p->head + BHS_LEN, digest_of(p->head, BHS_LEN));
		p->head_len = BHS_LEN + DIGEST_LEN;
	}
	memset(p->tail, 0, sizeof(p->tail));
	p->tail_len = (uint8_t)pad;
	if (!c->tx_digests || !c->params.data_digest || !p->data_len)
		return;
	crc = digest_add(digest_begin(), p->data, p->data_len);
	crc = digest_end(digest_add(crc, p->tail, pad));
	put_le32(p->tail + pad, crc);
	p->tail_len = (uint8_t)(pad + DIGEST_LEN);
}

/* Gives p data of its own, so that it may be damaged; false on ENOMEM. */
static bool own_data(struct tgt_conn *c, struct tgt_pdu *p, uint32_t size)
{
	struct tgt_buf *b = tgt_buf_get(c->tgt, size);

	if (!b)
		return false;
	if (p->data_len)
		memcpy(b->p, p->data, p->data_len);
	tgt_buf_put(c->tgt, p->buf);
	p->buf = b;
	p->data = b->p;
	return true;
}

static void enqueue(struct tgt_conn *c, struct tgt_pdu *p)
{
	list_push_back(&c->txq, &p->link);
	tgt_conn_kick(c);
}

static void send_twice(struct tgt_conn *c, struct tgt_pdu *p)
{
	struct tgt_pdu *twin = tgt_pdu_new(c);

	enqueue(c, p);
	if (!twin)
		return;
	memcpy(twin->head, p->head, sizeof(p->head));
	memcpy(twin->tail, p->tail, sizeof(p->tail));
	twin->head_len = p->head_len;
	twin->tail_len = p->tail_len;
	twin->data_len = p->data_len;
	twin->data = p->data;
	if (p->data_len && !own_data(c, twin, p->data_len))
		recycle(c, twin);
	else
		enqueue(c, twin);
}

static void corrupt_data(struct tgt_conn *c, struct tgt_pdu *p, uint32_t off)
{
	if (p->data_len && own_data(c, p, p->data_len))
		p->buf->p[off % p->data_len] ^= 0x01;
}

/* Before sealing.  Returns false when p is to be forgotten. */
static bool alter(struct tgt_conn *c, struct tgt_pdu *p,
		  const struct tgt_verdict *v)
{
	switch (v->kind) {
	case TGT_DROP:
		recycle(c, p);
		return false;
	case TGT_CLOSE:
		recycle(c, p);
		tgt_conn_drain(c);
		c->tx_closed = true;
		return false;
	case TGT_SET:
		tgt_fault_set(p->head, v);
		return true;
	case TGT_KEY:
		if (own_data(c, p, p->data_len + TGT_KEY_SIZE)) {
			p->data_len =
				tgt_fault_key(p->buf->p, p->data_len, v->pair);
			put_be24(p->head + 5, p->data_len);
		}
		return true;
	default:
		return true;
	}
}

/* After sealing. */
static void damage(struct tgt_conn *c, struct tgt_pdu *p,
		   const struct tgt_verdict *v)
{
	if (v->kind == TGT_CORRUPT_HEADER)
		p->head[v->offset % BHS_LEN] ^= 0x01;
	if (v->kind == TGT_CORRUPT_DATA)
		corrupt_data(c, p, v->offset);
	if (v->kind == TGT_DELAY)
		p->not_before = c->tgt->now + v->delay;
	if (v->kind == TGT_DUP)
		send_twice(c, p);
	else
		enqueue(c, p);
}

void tgt_pdu_send(struct tgt_conn *c, struct tgt_pdu *p)
{
	struct tgt_verdict v = { .kind = TGT_PASS };

	put_be24(p->head + 5, p->data_len);
	if (c->tx_closed || c->state == TGT_CONN_DEAD) {
		recycle(c, p);
		return;
	}
	if (c->tgt->fault) {
		tgt_fault_ask(c, true, p->head, &v);
		if (!alter(c, p, &v))
			return;
	}
	seal(c, p);
	damage(c, p, &v);
}

static int add_piece(struct iovec *iov, int n, const void *p, size_t len,
		     size_t *skip)
{
	if (*skip >= len) {
		*skip -= len;
		return n;
	}
	iov[n].iov_base = (uint8_t *)(uintptr_t)p + *skip;
	iov[n].iov_len = len - *skip;
	*skip = 0;
	return n + 1;
}

int tgt_conn_tx_want(struct tgt_conn *c, struct iovec *iov, int max)
{
	size_t skip = c->tx_off;
	struct list *pos;
	int n = 0;

	c->kicked = false;
	if (c->state == TGT_CONN_DEAD)
		return 0;
	list_for_each (pos, &c->txq) {
		struct tgt_pdu *p = container_of(pos, struct tgt_pdu, link);

		if (max - n < 3 || p->not_before > c->tgt->now)
			break;
		n = add_piece(iov, n, p->head, p->head_len, &skip);
		n = add_piece(iov, n, p->data, p->data_len, &skip);
		n = add_piece(iov, n, p->tail, p->tail_len, &skip);
	}
	return n;
}

void tgt_conn_tx_done(struct tgt_conn *c, size_t n, uint64_t now)
{
	c->tgt->now = now;
	n += c->tx_off;
	while (!list_empty(&c->txq)) {
		struct tgt_pdu *p =
			container_of(c->txq.next, struct tgt_pdu, link);
		size_t len = (size_t)p->head_len + p->data_len + p->tail_len;

		if (n < len)
			break;
		n -= len;
		list_remove(&p->link);
		recycle(c, p);
	}
	c->tx_off = n;
}

void tgt_tx_flush(struct tgt_conn *c)
{
	struct list *n;

	while ((n = list_pop_front(&c->txq)))
		recycle(c, container_of(n, struct tgt_pdu, link));
	c->tx_off = 0;
}

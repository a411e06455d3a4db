/*
 * conn - framing: bytes into PDUs and PDUs into bytes (RFC 7143 11.2).
 *
 * Bytes are received into a staging buffer, many small PDUs with one call;
 * the rest of a large data segment goes straight to where it belongs.
 */
#include "proto/conn.h"

#include <string.h>

#include "base/bytes.h"
#include "proto/state.h"
#include "wire/digest.h"

void conn_set_owner(struct conn *c, void *owner)
{
	c->owner = owner;
}

void *conn_owner(const struct conn *c)
{
	return c->owner;
}

/* Receiving ----------------------------------------------------------- */

int conn_rx_want(struct conn *c, struct iovec iov[static CONN_RX_IOV])
{
	struct rx *rx = &c->rx;
	int n = 0;

	if (!conn_is_open(c->state))
		return 0;
	if (rx->head == rx->tail) {
		rx->head = rx->tail = 0;
		if (rx->phase == RX_DATA && rx->keep && rx->keep == rx->left)
			iov[n++] = (struct iovec){ rx->dst, rx->keep };
	} else if (STAGE_SIZE - rx->tail < RX_HEADER_MAX) {
		/* Less than a header's worth is left over: move it down. */
		memmove(rx->stage, rx->stage + rx->head, rx->tail - rx->head);
		rx->tail -= rx->head;
		rx->head = 0;
	}
	iov[n++] =
		(struct iovec){ rx->stage + rx->tail, STAGE_SIZE - rx->tail };
	return n;
}

/* n bytes of the data segment at p, of which the first keep are stored. */
static void data_arrived(struct conn *c, const uint8_t *p, uint32_t n)
{
	struct rx *rx = &c->rx;
	uint32_t keep = n < rx->keep ? n : rx->keep;

	if (c->data_digest)
		rx->crc = digest_add(rx->crc, p, n);
	if (keep && p != rx->dst)
		memcpy(rx->dst, p, keep);
	rx->dst += keep;
	rx->keep -= keep;
	rx->left -= n;
}

/* Returns false when more bytes are needed, or the session is ending. */
static bool take_header(struct conn *c)
{
	struct rx *rx = &c->rx;
	const uint8_t *p = rx->stage + rx->head;
	uint32_t need = BHS_LEN + (c->header_digest ? DIGEST_LEN : 0);
	const struct fault *f;

	if (rx->tail - rx->head < need)
		return false;
	if (c->header_digest &&
	    get_le32(p + BHS_LEN) != digest_of(p, BHS_LEN)) {
		session_end(c->session, &fault_header_digest, "");
		return false;
	}
	memcpy(rx->bhs, p, BHS_LEN);
	rx->head += need;
	rx->left = pdu_data_len(rx->bhs);
	rx->crc = digest_begin();
	rx->data_len = 0;
	f = receive_begin(c, rx->left);
	if (f) {
		session_end(c->session, f, pdu_name(rx->bhs[0] & 0x3f));
		return false;
	}
	rx->phase = rx->left ? RX_DATA : RX_TAIL;
	return true;
}

static bool take_data(struct conn *c)
{
	struct rx *rx = &c->rx;
	uint32_t n = rx->tail - rx->head;

	if (n > rx->left)
		n = rx->left;
	data_arrived(c, rx->stage + rx->head, n);
	rx->head += n;
	if (rx->left)
		return false;
	rx->phase = RX_TAIL;
	return true;
}

static bool take_tail(struct conn *c)
{
	struct rx *rx = &c->rx;
	uint32_t len = pdu_data_len(rx->bhs), pad = pdu_pad(len);
	bool digest = len && c->data_digest;
	const uint8_t *p = rx->stage + rx->head;

	if (rx->tail - rx->head < pad + (digest ? DIGEST_LEN : 0))
		return false;
	rx->head += pad + (digest ? DIGEST_LEN : 0);
	rx->phase = RX_HEADER;
	if (digest &&
	    get_le32(p + pad) != digest_end(digest_add(rx->crc, p, pad))) {
		session_end(c->session, &fault_data_digest, "");
		return false;
	}
	receive_end(c);
	return true;
}

static bool take_step(struct conn *c)
{
	switch (c->rx.phase) {
	case RX_HEADER:
		return take_header(c);
	case RX_DATA:
		return take_data(c);
	case RX_TAIL:
		return take_tail(c);
	}
	return false;
}

void conn_rx_done(struct conn *c, size_t n, uint64_t now)
{
	struct rx *rx = &c->rx;
	uint32_t epoch = c->epoch;

	c->session->now = now;
	if (!conn_is_open(c->state))
		return;
	/* Any byte counts as life. */
	c->last_life = now;
	c->ping_sent = 0;
	if (rx->head == rx->tail && rx->phase == RX_DATA && rx->keep &&
	    rx->keep == rx->left) {
		uint32_t direct = n < rx->keep ? (uint32_t)n : rx->keep;

		data_arrived(c, rx->dst, direct);
		n -= direct;
		if (!rx->left)
			rx->phase = RX_TAIL;
	}
	rx->tail += (uint32_t)n;
	while (c->epoch == epoch && conn_is_open(c->state) && take_step(c))
		;
}

/* Sending ------------------------------------------------------------- */

static size_t entry_len(const struct tx_entry *e)
{
	return e->head_len + e->data_len + e->tail_len;
}

/* Adds a piece, less what already went out of the entry. */
static int add_piece(struct iovec *iov, const void *p, uint32_t len,
		     uint32_t *skip)
{
	if (*skip >= len) {
		*skip -= len;
		return 0;
	}
	iov->iov_base = (char *)(uintptr_t)p + *skip;
	iov->iov_len = len - *skip;
	*skip = 0;
	return 1;
}

int conn_tx_want(struct conn *c, struct iovec *iov, int max)
{
	struct tx *tx = &c->tx;
	uint32_t skip = tx->sent;
	int n = 0;

	if (!conn_is_open(c->state))
		return 0;
	transmit_fill(c);
	for (unsigned i = 0; i < tx->count && n + 3 <= max; i++) {
		const struct tx_entry *e = &tx->ring[(tx->first + i) % TX_RING];

		n += add_piece(&iov[n], e->head, e->head_len, &skip);
		n += add_piece(&iov[n], e->data, e->data_len, &skip);
		n += add_piece(&iov[n], e->tail, e->tail_len, &skip);
	}
	return n;
}

/* Whole by the time anybody is called back: he may ask what to send. */
void conn_tx_done(struct conn *c, size_t n, uint64_t now)
{
	struct tx *tx = &c->tx;

	c->session->now = now;
	/* The target takes bytes; but only an answer answers a ping. */
	c->last_life = now;
	tx->sent += (uint32_t)n;
	while (tx->count) {
		const struct tx_entry *e = &tx->ring[tx->first];
		uint16_t task = e->task;

		if (tx->sent < entry_len(e))
			break;
		tx->sent -= (uint32_t)entry_len(e);
		tx->first = (tx->first + 1) % TX_RING;
		tx->count--;
		if (task != NO_TASK) {
			recover_sent(c->session, &c->session->tasks[task]);
			task_tx_released(c->session, task);
		}
	}
}

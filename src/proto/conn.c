/*
 * conn - framing: bytes into PDUs and PDUs into bytes (RFC 7143 11.2).
 *
 * Bytes are received into a staging buffer, many small PDUs with one call;
 * a large data segment goes straight to where it belongs.
 */
#include "proto/conn.h"

#include <string.h>

#include "base/bytes.h"
#include "proto/state.h"
#include "wire/digest.h"

/* Receiving ----------------------------------------------------------- */

static void use_stage(struct rx *rx, uint8_t *stage, uint32_t size)
{
	rx->stage = stage;
	rx->size = size;
}

void conn_reset_stage(struct conn *c)
{
	struct rx *rx = &c->rx;

	if (rx->stage && rx->stage != rx->own)
		stage_return(c->session->stages, rx->stage);
	use_stage(rx, rx->own, sizeof(rx->own));
	rx->head = rx->tail = 0;
	rx->filled = rx->large = false;
}

static bool expects_much(const struct conn *c)
{
	return c->rx.filled || SESSION_TASKS - c->session->free_count > 1;
}

/* At most a header waits in the stage: it moves to the front of the next. */
static void next_stage(struct conn *c)
{
	struct rx *rx = &c->rx;
	uint8_t *was = rx->stage, *at = was + rx->head, *borrowed;
	bool own = was == rx->own;

	rx->tail -= rx->head;
	rx->head = 0;
	if (own && expects_much(c)) {
		borrowed = stage_borrow(c->session->stages);
		if (borrowed)
			use_stage(rx, borrowed, STAGE_SIZE);
	} else if (!own && !expects_much(c)) {
		stage_return(c->session->stages, was);
		use_stage(rx, rx->own, sizeof(rx->own));
	}
	memmove(rx->stage, at, rx->tail);
}

static uint32_t header_len(const struct conn *c)
{
	return BHS_LEN + (c->header_digest ? DIGEST_LEN : 0);
}

/* Padding and digest of the data segment at hand. */
static uint32_t tail_len(const struct conn *c)
{
	uint32_t len = pdu_data_len(c->rx.bhs);

	return pdu_pad(len) + (len && c->data_digest ? DIGEST_LEN : 0);
}

/* The rest of the data segment may be received where it belongs. */
static bool is_direct(const struct rx *rx)
{
	return rx->head == rx->tail && rx->phase == RX_DATA && rx->keep &&
	       rx->keep == rx->left;
}

/* Of large data segments the stage takes nothing but the headers between. */
static uint32_t stage_room(const struct conn *c)
{
	const struct rx *rx = &c->rx;
	uint32_t want = header_len(c);

	if (!rx->large || (rx->phase == RX_DATA && !is_direct(rx)))
		return rx->size - rx->tail;
	if (rx->phase != RX_HEADER)
		want += tail_len(c);
	return want - rx->tail;
}

int conn_rx_want(struct conn *c, struct iovec iov[static CONN_RX_IOV])
{
	struct rx *rx = &c->rx;
	int n = 0;

	if (!conn_is_open(c->state))
		return 0;
	next_stage(c);
	if (is_direct(rx))
		iov[n++] = (struct iovec){ rx->dst, rx->keep };
	iov[n++] = (struct iovec){ rx->stage + rx->tail, stage_room(c) };
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
	uint32_t need = header_len(c);
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
	if (pdu_opcode(rx->bhs) == OP_DATA_IN)
		rx->large = rx->left >= RX_LARGE;
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
	uint32_t need = tail_len(c), pad = pdu_pad(pdu_data_len(rx->bhs));
	const uint8_t *p = rx->stage + rx->head;

	if (rx->tail - rx->head < need)
		return false;
	rx->head += need;
	rx->phase = RX_HEADER;
	if (need > pad &&
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
	if (is_direct(rx)) {
		uint32_t direct = n < rx->keep ? (uint32_t)n : rx->keep;

		data_arrived(c, rx->dst, direct);
		n -= direct;
		if (!rx->left)
			rx->phase = RX_TAIL;
	}
	rx->tail += (uint32_t)n;
	rx->filled = rx->tail >= sizeof(rx->own);
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

static uint64_t bytes_of(const struct iovec *iov, int n)
{
	uint64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += iov[i].iov_len;
	return sum;
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
	tx->offered = tx->taken + bytes_of(iov, n);
	return n;
}

/* Whole by the time anybody is called back: he may ask what to send. */
void conn_tx_done(struct conn *c, size_t n, uint64_t now)
{
	struct tx *tx = &c->tx;

	c->session->now = now;
	/* The target takes bytes; but only an answer answers a ping. */
	c->last_life = now;
	tx->taken += n;
	tx->sent += (uint32_t)n;
	while (tx->count) {
		const struct tx_entry *e = &tx->ring[tx->first];

		if (tx->sent < entry_len(e))
			break;
		tx->sent -= (uint32_t)entry_len(e);
		tx->first = (tx->first + 1) % TX_RING;
		tx->count--;
		if (e->task != NO_TASK)
			task_entry_sent(c->session, e);
	}
}

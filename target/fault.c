/*
 * fault - where the library asks the fault hook, and the small changes it may
 * order.
 */
#include "target/session.h"

#include <string.h>

void tgt_fault_ask(struct tgt_conn *c, bool tx, const uint8_t *bhs,
		   struct tgt_verdict *v)
{
	struct tgt_fault_hook *h = c->tgt->fault;
	struct tgt_pdu_event e = { .conn = c, .tx = tx, .bhs = bhs };

	v->kind = TGT_PASS;
	c->seen[tx][pdu_opcode(bhs)]++;
	c->seen[tx][TGT_SEEN_ANY]++;
	h->see(h, &e, v);
}

void tgt_fault_ask_scsi(struct tgt_task *k, struct tgt_verdict *v)
{
	struct tgt_fault_hook *h = k->session->tgt->fault;
	struct tgt_pdu_event e = { .conn = k->conn,
				   .scsi = true,
				   .bhs = k->bhs };

	v->kind = TGT_PASS;
	h->see(h, &e, v);
}

void tgt_fault_set(uint8_t bhs[static BHS_LEN], const struct tgt_verdict *v)
{
	uint32_t width = v->width ? v->width : 1;

	for (uint32_t i = 0; i < width && v->offset + i < BHS_LEN; i++)
		bhs[v->offset + i] =
			(uint8_t)(v->value >> (8 * (width - 1 - i)));
}

uint32_t tgt_fault_key(uint8_t *text, uint32_t n, const char *pair)
{
	size_t len = strlen(pair) + 1;
	const char *eq = strchr(pair, '=');
	size_t key_len = eq ? (size_t)(eq - pair) + 1 : len;
	uint32_t pos = 0;

	if (len > TGT_KEY_SIZE)
		return n;
	while (pos < n) {
		const uint8_t *end = memchr(text + pos, 0, n - pos);
		uint32_t next = end ? (uint32_t)(end - text) + 1 : n;

		if (next - pos >= key_len &&
		    !memcmp(text + pos, pair, key_len)) {
			memmove(text + pos, text + next, n - next);
			n -= next - pos;
			break;
		}
		pos = next;
	}
	/* In its old place, so that order can matter to a test. */
	memmove(text + pos + len, text + pos, n - pos);
	memcpy(text + pos, pair, len);
	return n + (uint32_t)len;
}

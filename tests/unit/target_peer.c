/*
 * target_peer - a scripted initiator for tests of the demo target.
 */
#include "unit/target_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "wire/digest.h"
#include "wire/text.h"

static void op_random(void *ctx, void *dst, size_t n)
{
	static uint8_t next = 1;
	uint8_t *p = dst;

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(next * 31 + i);
	next++;
}

static void op_note(void *ctx, int level, const char *line)
{
	((struct world *)ctx)->notes++;
}

static const struct tgt_ops ops = { .random = op_random, .note = op_note };

struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));
	struct tgt_lun_config cfg;
	struct addr a = { "192.0.2.1", 3260, 7 };

	assert_non_null(w);
	w->now = 1000;
	w->t = tgt_new(&ops, w);
	assert_non_null(w->t);
	assert_int_equal(tgt_portal_add(w->t, &a), 0);
	assert_int_equal(tgt_target_add(w->t, PEER_TARGET, &w->tt), 0);
	w->tt->quiet_login = true;
	tgt_lun_defaults(&cfg);
	cfg.thin = true;
	assert_int_equal(tgt_lun_add(w->tt, 0, tgt_mem_new(PEER_BLOCKS * 512),
				     &cfg, &w->lun),
			 0);
	return w;
}

void world_free(struct world *w)
{
	tgt_free(w->t);
	free(w);
}

void world_pass(struct world *w, uint64_t ms)
{
	w->now += ms;
	tgt_tick(w->t, w->now);
}

struct peer *peer_new(struct world *w)
{
	static const uint8_t isid[ISID_LEN] = { 0x40, 0, 1, 0x37, 0, 1 };
	struct peer *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->w = w;
	memcpy(p->isid, isid, ISID_LEN);
	p->cid = 1;
	p->itt = 0x100;
	p->cmdsn = 0xfffffffe; /* wraps soon */
	p->c = tgt_conn_new(w->t, 0, NULL, "peer", w->now);
	assert_non_null(p->c);
	return p;
}

void peer_free(struct peer *p)
{
	tgt_conn_free(p->c, p->w->now);
	free(p);
}

static void feed(struct peer *p, const void *data, size_t n)
{
	const uint8_t *at = data;

	while (n) {
		size_t len = p->greedy ? 1 : n;

		if (!tgt_conn_rx(p->c, at, len, p->w->now))
			return;
		at += len;
		n -= len;
	}
}

void peer_send(struct peer *p, uint8_t bhs[static BHS_LEN], const void *data,
	       uint32_t len)
{
	static const uint8_t zeros[4];
	uint8_t crc[DIGEST_LEN];
	uint32_t c;

	put_be24(bhs + 5, len);
	feed(p, bhs, BHS_LEN);
	if (p->hdigest) {
		put_le32(crc, digest_of(bhs, BHS_LEN));
		crc[0] ^= p->bad_hdigest;
		feed(p, crc, sizeof(crc));
	}
	if (!len)
		return;
	feed(p, data, len);
	feed(p, zeros, pdu_pad(len));
	if (!p->ddigest)
		return;
	c = digest_add(digest_begin(), data, len);
	put_le32(crc, digest_end(digest_add(c, zeros, pdu_pad(len))));
	crc[0] ^= p->bad_ddigest;
	feed(p, crc, sizeof(crc));
}

/* Takes exactly n bytes of what is to be sent; false when there are less. */
static bool take(struct peer *p, uint8_t *dst, size_t n)
{
	struct iovec iov[TGT_TX_IOV];
	size_t at = 0;

	while (at < n) {
		int pieces = tgt_conn_tx_want(p->c, iov, TGT_TX_IOV);
		size_t len;

		if (!pieces)
			return false;
		len = iov[0].iov_len < n - at ? iov[0].iov_len : n - at;
		memcpy(dst + at, iov[0].iov_base, len);
		at += len;
		tgt_conn_tx_done(p->c, len, p->w->now);
	}
	return true;
}

bool peer_recv(struct peer *p)
{
	uint8_t crc[DIGEST_LEN], pad[4] = { 0 };
	uint32_t c;

	if (!take(p, p->bhs, BHS_LEN))
		return false;
	if (p->hdigest) {
		assert_true(take(p, crc, sizeof(crc)));
		p->bad_hdigest = get_le32(crc) != digest_of(p->bhs, BHS_LEN);
	}
	p->len = pdu_data_len(p->bhs);
	assert_true(p->len <= sizeof(p->data));
	if (!p->len)
		return true;
	assert_true(take(p, p->data, p->len));
	assert_true(take(p, pad, pdu_pad(p->len)));
	if (!p->ddigest)
		return true;
	assert_true(take(p, crc, sizeof(crc)));
	c = digest_add(digest_begin(), p->data, p->len);
	c = digest_end(digest_add(c, pad, pdu_pad(p->len)));
	p->bad_ddigest = get_le32(crc) != c;
	return true;
}

void peer_expect(struct peer *p, enum opcode op)
{
	assert_true(peer_recv(p));
	assert_int_equal(pdu_opcode(p->bhs), op);
}

void peer_expect_silence(struct peer *p)
{
	assert_false(peer_recv(p));
}

void peer_login_send(struct peer *p, enum login_stage csg, enum login_stage nsg,
		     bool transit, const char *text, size_t n)
{
	struct pdu_login_req q = {
		.transit = transit,
		.csg = csg,
		.nsg = nsg,
		.tsih = p->tsih,
		.cid = p->cid,
		.itt = 0x77,
		.cmdsn = p->cmdsn,
	};
	uint8_t bhs[BHS_LEN];

	memcpy(q.isid, p->isid, ISID_LEN);
	pdu_put_login_req(bhs, &q);
	peer_send(p, bhs, text, (uint32_t)n);
}

struct pdu_login_rsp peer_login_step(struct peer *p, enum login_stage csg,
				     enum login_stage nsg, bool transit,
				     const char *text, size_t n)
{
	struct pdu_login_rsp r;

	peer_login_send(p, csg, nsg, transit, text, n);
	peer_expect(p, OP_LOGIN_RSP);
	assert_int_equal(pdu_get_login_rsp(p->bhs, &r), 0);
	return r;
}

uint16_t peer_login_with(struct peer *p, const char *text, size_t n)
{
	struct pdu_login_rsp r = peer_login_step(
		p, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, true, text, n);

	p->statsn = r.sn.statsn;
	if (r.status == LOGIN_OK && r.transit)
		p->tsih = r.tsih;
	return r.status;
}

void peer_login(struct peer *p)
{
	assert_int_equal(peer_login_with(p, TEXT(WHO)), LOGIN_OK);
	assert_int_not_equal(p->tsih, 0);
}

const char *peer_key(const struct peer *p, const char *key)
{
	struct text_pair kv;
	size_t pos = 0;

	while (text_next((const char *)p->data, p->len, &pos, &kv) > 0)
		if (text_key_is(&kv, key))
			return kv.value;
	return NULL;
}

void peer_command(struct peer *p, struct pdu_scsi_cmd *c)
{
	memset(c, 0, sizeof(*c));
	c->final = true;
	c->attr = ATTR_SIMPLE;
	c->itt = p->itt++;
	c->cmdsn = p->cmdsn++;
}

void peer_command_send(struct peer *p, const struct pdu_scsi_cmd *c,
		       const void *data, uint32_t len)
{
	uint8_t bhs[BHS_LEN];

	pdu_put_scsi_cmd(bhs, c);
	peer_send(p, bhs, data, len);
}

static void blocks10(struct pdu_scsi_cmd *c, uint8_t op, uint32_t lba,
		     uint16_t blocks)
{
	c->edtl = blocks * 512u;
	c->cdb[0] = op;
	put_be32(c->cdb + 2, lba);
	put_be16(c->cdb + 7, blocks);
}

void peer_read10(struct peer *p, struct pdu_scsi_cmd *c, uint32_t lba,
		 uint16_t blocks)
{
	peer_command(p, c);
	c->read = true;
	blocks10(c, 0x28, lba, blocks);
}

void peer_write10(struct peer *p, struct pdu_scsi_cmd *c, uint32_t lba,
		  uint16_t blocks)
{
	peer_command(p, c);
	c->write = true;
	blocks10(c, 0x2a, lba, blocks);
}

static void take_response(struct peer *p, uint32_t itt, struct result *r)
{
	struct pdu_scsi_rsp rsp;

	assert_int_equal(pdu_get_scsi_rsp(p->bhs, &rsp), 0);
	assert_int_equal(rsp.itt, itt);
	assert_int_equal(rsp.response, 0);
	r->status = rsp.status;
	r->overflow = rsp.overflow;
	r->underflow = rsp.underflow;
	r->residual = rsp.residual;
	if (p->len < 2)
		return;
	r->sense_len = get_be16(p->data);
	assert_true(r->sense_len + 2 <= p->len);
	assert_true(r->sense_len <= sizeof(r->sense));
	memcpy(r->sense, p->data + 2, r->sense_len);
}

/* Returns whether the status came along. */
static bool take_data(struct peer *p, uint32_t itt, struct result *r)
{
	struct pdu_data_in d;

	assert_int_equal(pdu_get_data_in(p->bhs, &d), 0);
	assert_int_equal(d.itt, itt);
	assert_int_equal(d.offset, r->len);
	memcpy(r->data + d.offset, p->data, p->len);
	r->len += p->len;
	if (!d.has_status)
		return false;
	r->status = d.status;
	r->overflow = d.overflow;
	r->underflow = d.underflow;
	r->residual = d.residual;
	return true;
}

void peer_finish(struct peer *p, uint32_t itt, struct result *r)
{
	memset(r, 0, sizeof(*r));
	for (;;) {
		assert_true(peer_recv(p));
		if (pdu_opcode(p->bhs) == OP_SCSI_RSP) {
			take_response(p, itt, r);
			return;
		}
		assert_int_equal(pdu_opcode(p->bhs), OP_DATA_IN);
		if (take_data(p, itt, r))
			return;
	}
}

void peer_run(struct peer *p, const uint8_t *cdb, size_t n, uint32_t edtl,
	      struct result *r)
{
	struct pdu_scsi_cmd c;

	peer_command(p, &c);
	c.read = edtl != 0;
	c.edtl = edtl;
	memcpy(c.cdb, cdb, n);
	peer_command_send(p, &c, NULL, 0);
	peer_finish(p, c.itt, r);
}

void peer_run_out(struct peer *p, const uint8_t *cdb, size_t n,
		  const void *data, uint32_t len, struct result *r)
{
	struct pdu_scsi_cmd c;

	peer_command(p, &c);
	c.write = len != 0;
	c.edtl = len;
	memcpy(c.cdb, cdb, n);
	peer_command_send(p, &c, data, len);
	peer_finish(p, c.itt, r);
}

uint32_t result_sense(const struct result *r)
{
	if (r->status == TGT_GOOD)
		return 0;
	assert_int_equal(r->status, TGT_CHECK_CONDITION);
	assert_true(r->sense_len >= 14);
	return (uint32_t)r->sense[2] << 16 | (uint32_t)r->sense[12] << 8 |
	       r->sense[13];
}

void peer_data_out(struct peer *p, uint32_t itt, uint32_t ttt, uint32_t datasn,
		   uint32_t offset, const void *data, uint32_t len, bool final)
{
	struct pdu_data_out d = {
		.final = final,
		.itt = itt,
		.ttt = ttt,
		.datasn = datasn,
		.offset = offset,
		.data_len = len,
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_data_out(bhs, &d);
	peer_send(p, bhs, data, len);
}

void peer_tmf_send(struct peer *p, enum tmf function, uint32_t ref_itt,
		   uint32_t ref_cmdsn)
{
	struct pdu_tmf_req q = {
		.immediate = true,
		.function = function,
		.itt = p->itt++,
		.ref_itt = ref_itt,
		.cmdsn = p->cmdsn,
		.ref_cmdsn = ref_cmdsn,
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_tmf_req(bhs, &q);
	peer_send(p, bhs, NULL, 0);
}

uint8_t peer_tmf(struct peer *p, enum tmf function, uint32_t ref_itt)
{
	struct pdu_tmf_rsp r;

	peer_tmf_send(p, function, ref_itt, p->cmdsn);
	peer_expect(p, OP_TMF_RSP);
	assert_int_equal(pdu_get_tmf_rsp(p->bhs, &r), 0);
	return r.response;
}

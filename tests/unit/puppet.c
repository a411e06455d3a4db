/*
 * puppet - the far end of a session, moved by hand.
 */
#include "puppet.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/list.h"
#include "wire/digest.h"
#include "wire/text.h"

static void on_up(void *ctx)
{
	struct puppet *p = ctx;

	p->ups++;
	if (p->on_up)
		p->on_up(p);
}

static void on_close(void *ctx, struct conn *c)
{
	struct puppet *p = ctx;

	p->closes++;
	if (p->on_close)
		p->on_close(p);
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	struct puppet *p = ctx;

	p->downs++;
	p->why = why;
	snprintf(p->detail, sizeof(p->detail), "%s", detail);
	if (p->on_down)
		p->on_down(p);
}

static void on_event(void *ctx, const uint8_t lun[LUN_LEN],
		     const uint8_t *sense, size_t n)
{
	((struct puppet *)ctx)->events++;
}

static void on_note(void *ctx, int level, const char *line)
{
	struct puppet *p = ctx;

	p->notes++;
	snprintf(p->note, sizeof(p->note), "%s", line);
}

static void on_was_reset(void *ctx, const uint8_t *lun)
{
	struct puppet *p = ctx;

	if (lun)
		p->lun_resets++;
	else
		p->target_resets++;
}

static void on_news(void *ctx, enum session_news news)
{
	((struct puppet *)ctx)->news[news]++;
}

static void on_kick(void *ctx, struct conn *c)
{
	struct puppet *p = ctx;

	if (p->on_kick)
		p->on_kick(p);
}

static void on_found(void *ctx, const char *name, const struct addr *addr)
{
	struct puppet *p = ctx;
	char text[ADDR_TEXT_SIZE] = "-";

	if (addr)
		addr_format(addr, true, text, sizeof(text));
	if (p->founds < 16)
		snprintf(p->found[p->founds], sizeof(p->found[0]), "%.100s %s",
			 name, text);
	p->founds++;
	if (p->on_found)
		p->on_found(p);
}

static void on_found_all(void *ctx)
{
	((struct puppet *)ctx)->found_alls++;
}

static const struct session_transport transport = {
	.close = on_close,
	.kick = on_kick,
};

static const struct session_user submitter = {
	.up = on_up,
	.down = on_down,
	.scsi_event = on_event,
	.note = on_note,
	.was_reset = on_was_reset,
};

static const struct session_discovery asker = {
	.found = on_found,
	.found_all = on_found_all,
	.news = on_news,
};

static const struct session_ops ops = {
	.transport = &transport,
	.user = &submitter,
	.discovery = &asker,
};

static void not_random(void *dst, size_t n)
{
	memset(dst, 0x5a, n);
}

struct puppet *puppet_new(void)
{
	struct puppet *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	session_config_defaults(&p->cfg);
	snprintf(p->cfg.initiator_name, NAME_SIZE, "iqn.2026-11.test:us");
	snprintf(p->cfg.target_name, NAME_SIZE, "iqn.2026-11.test:them");
	memcpy(p->cfg.isid, "\x80\1\2\3\4\5", ISID_LEN);
	p->cfg.random = not_random;
	p->now = 1000000;
	p->statsn = 77;
	p->expcmdsn = 1;
	p->maxcmdsn = 64;
	p->s = session_new(&p->cfg, &ops, p);
	assert_non_null(p->s);
	return p;
}

void puppet_free(struct puppet *p)
{
	if (p->c && p->closes == p->downs)
		session_drop(p->s, &fault_dropped, "", p->now);
	if (p->c && p->closes > p->downs)
		puppet_closed(p);
	session_free(p->s);
	free(p);
}

void puppet_connect_only(struct puppet *p)
{
	p->header_digest = p->data_digest = false;
	p->wire_len = 0;
	p->c = session_connected(p->s, p->now);
	assert_non_null(p->c);
}

void puppet_connect(struct puppet *p)
{
	static const char none[] = "AuthMethod=None";

	puppet_connect_only(p);
	if (p->cfg.out.secret_len || p->cfg.in.secret_len)
		return;
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_SECURITY, true, STAGE_OPERATIONAL, 0, none,
			 sizeof(none));
}

void puppet_closed(struct puppet *p)
{
	struct conn *c = p->c;

	p->c = NULL;
	session_conn_closed(p->s, c, p->now);
}

static void collect(struct puppet *p)
{
	struct iovec iov[CONN_TX_IOV];
	int n;

	while (p->c && (n = conn_tx_want(p->c, iov, CONN_TX_IOV)) > 0) {
		size_t sum = 0;

		for (int i = 0; i < n; i++) {
			if (p->wire_len + iov[i].iov_len > sizeof(p->wire))
				break;
			memcpy(p->wire + p->wire_len, iov[i].iov_base,
			       iov[i].iov_len);
			p->wire_len += iov[i].iov_len;
			sum += iov[i].iov_len;
		}
		if (!sum)
			break;
		conn_tx_done(p->c, sum, p->now);
	}
}

bool puppet_take(struct puppet *p)
{
	uint32_t n, at = BHS_LEN;

	if (p->wire_len < BHS_LEN)
		collect(p);
	if (!p->wire_len)
		return false;
	assert_true(p->wire_len >= BHS_LEN);
	memcpy(p->bhs, p->wire, BHS_LEN);
	p->len = pdu_data_len(p->bhs);
	n = p->len + pdu_pad(p->len);
	if (p->header_digest) {
		assert_int_equal(get_le32(p->wire + at),
				 digest_of(p->wire, BHS_LEN));
		at += DIGEST_LEN;
	}
	if (p->wire_len < at + n + DIGEST_LEN)
		collect(p);
	assert_true(p->wire_len >= at + n);
	memcpy(p->data, p->wire + at, p->len);
	if (p->data_digest && p->len) {
		assert_int_equal(get_le32(p->wire + at + n),
				 digest_of(p->wire + at, n));
		n += DIGEST_LEN;
	}
	p->wire_len -= at + n;
	memmove(p->wire, p->wire + at + n, p->wire_len);
	if (pdu_opcode(p->bhs) == OP_SCSI_CMD)
		p->expcmdsn = get_be32(p->bhs + 24) + 1;
	return true;
}

void puppet_expect(struct puppet *p, enum opcode op)
{
	assert_true(puppet_take(p));
	assert_int_equal(pdu_opcode(p->bhs), op);
}

void puppet_raw(struct puppet *p, const void *bytes, size_t n, size_t step)
{
	const uint8_t *from = bytes;
	struct iovec iov[CONN_RX_IOV];

	while (n && p->c) {
		int pieces = conn_rx_want(p->c, iov);
		size_t put = 0;

		if (!pieces)
			return;
		for (int i = 0; i < pieces; i++) {
			size_t k = iov[i].iov_len;

			if (k > n - put)
				k = n - put;
			if (k > step - put)
				k = step - put;
			memcpy(iov[i].iov_base, from + put, k);
			put += k;
		}
		assert_true(put > 0);
		conn_rx_done(p->c, put, p->now);
		from += put;
		n -= put;
	}
}

void puppet_send(struct puppet *p, const uint8_t bhs[static BHS_LEN],
		 const void *data, uint32_t len)
{
	static uint8_t out[PUPPET_DATA + 64];
	uint32_t at = BHS_LEN, n = len + pdu_pad(len);

	memcpy(out, bhs, BHS_LEN);
	if (p->header_digest) {
		put_le32(out + at, digest_of(out, BHS_LEN));
		at += DIGEST_LEN;
	}
	memset(out + at, 0, n);
	if (len)
		memcpy(out + at, data, len);
	if (p->data_digest && len) {
		put_le32(out + at + n, digest_of(out + at, n));
		n += DIGEST_LEN;
	}
	puppet_raw(p, out, at + n, sizeof(out));
}

void puppet_tick(struct puppet *p, uint64_t later)
{
	p->now += later;
	session_tick(p->s, p->now);
}

struct pdu_sn puppet_sn_peek(const struct puppet *p)
{
	return (struct pdu_sn){ p->statsn, p->expcmdsn, p->maxcmdsn };
}

struct pdu_sn puppet_sn(struct puppet *p)
{
	struct pdu_sn sn = puppet_sn_peek(p);

	p->statsn++;
	return sn;
}

void puppet_login_rsp(struct puppet *p, enum login_stage csg, bool transit,
		      enum login_stage nsg, uint16_t status, const char *keys,
		      size_t n)
{
	struct pdu_login_req req;
	struct pdu_login_rsp rsp = {
		.transit = transit,
		.csg = csg,
		.nsg = transit ? nsg : 0,
		.status = status,
		.data_len = (uint32_t)n,
	};
	uint8_t bhs[BHS_LEN];

	assert_int_equal(pdu_get_login_req(p->bhs, &req), 0);
	memcpy(rsp.isid, req.isid, ISID_LEN);
	rsp.itt = req.itt;
	rsp.tsih = nsg == STAGE_FULL_FEATURE ? 0x1234 : 0;
	rsp.sn = puppet_sn(p);
	pdu_put_login_rsp(bhs, &rsp);
	puppet_send(p, bhs, keys, (uint32_t)n);
}

bool puppet_has_key(const struct puppet *p, const char *pair)
{
	size_t pos = 0;
	struct text_pair kv;

	while (text_next((const char *)p->data, p->len, &pos, &kv) > 0) {
		size_t n = strlen(pair);

		if (kv.key_len + 1 + kv.value_len == n &&
		    !memcmp(kv.key, pair, n))
			return true;
	}
	return false;
}

void puppet_login(struct puppet *p, const char *keys, size_t n)
{
	puppet_expect(p, OP_LOGIN_REQ);
	puppet_login_rsp(p, STAGE_OPERATIONAL, true, STAGE_FULL_FEATURE, 0,
			 keys, n);
}

void puppet_up(struct puppet *p)
{
	static const char keys[] = "TargetPortalGroupTag=1\0HeaderDigest=None\0"
				   "DataDigest=None\0InitialR2T=No\0"
				   "ImmediateData=Yes\0"
				   "MaxRecvDataSegmentLength=8192\0"
				   "MaxBurstLength=65536\0"
				   "FirstBurstLength=16384\0"
				   "MaxOutstandingR2T=4";

	puppet_connect(p);
	puppet_login(p, keys, sizeof(keys));
	assert_int_equal(p->ups, 1);
	p->ups = 0;
}

static void order_done(struct cmd *c)
{
	container_of(c, struct order, cmd)->done++;
}

void order_init(struct order *o, enum cmd_dir dir, void *buf, uint32_t len)
{
	memset(o, 0, sizeof(*o));
	o->cmd.dir = dir;
	o->cmd.buf = buf;
	o->cmd.len = len;
	o->cmd.lun[1] = 1;
	o->cmd.done = order_done;
}

void puppet_scsi_rsp(struct puppet *p, uint32_t itt, uint8_t status,
		     const uint8_t *sense, uint16_t sense_len)
{
	uint8_t bhs[BHS_LEN], data[260];
	struct pdu_scsi_rsp rsp = {
		.status = status,
		.itt = itt,
		.data_len = sense ? sense_len + 2u : 0,
		.sn = puppet_sn(p),
	};

	pdu_put_scsi_rsp(bhs, &rsp);
	put_be16(data, sense_len);
	if (sense)
		memcpy(data + 2, sense, sense_len);
	puppet_send(p, bhs, data, rsp.data_len);
}

void puppet_up_with(struct puppet *p, const char *keys, size_t n)
{
	puppet_connect(p);
	puppet_login(p, keys, n);
	assert_int_equal(p->ups, 1);
	p->ups = 0;
}

struct pdu_scsi_cmd puppet_command(struct puppet *p)
{
	struct pdu_scsi_cmd cmd;

	puppet_expect(p, OP_SCSI_CMD);
	assert_int_equal(pdu_get_scsi_cmd(p->bhs, &cmd), 0);
	return cmd;
}

struct pdu_data_out puppet_data_out(struct puppet *p)
{
	struct pdu_data_out pdu;

	puppet_expect(p, OP_DATA_OUT);
	assert_int_equal(pdu_get_data_out(p->bhs, &pdu), 0);
	return pdu;
}

void puppet_r2t(struct puppet *p, uint32_t itt, uint32_t ttt, uint32_t r2tsn,
		uint32_t offset, uint32_t length)
{
	struct pdu_r2t r2t = {
		.lun = { 0, 1 },
		.itt = itt,
		.ttt = ttt,
		.r2tsn = r2tsn,
		.offset = offset,
		.length = length,
		.sn = puppet_sn_peek(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_r2t(bhs, &r2t);
	puppet_send(p, bhs, NULL, 0);
}

void puppet_nop_in(struct puppet *p, uint32_t ttt)
{
	struct pdu_nop_in nop = {
		.lun = { 0, 1 },
		.itt = TAG_NONE,
		.ttt = ttt,
		.sn = puppet_sn_peek(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_nop_in(bhs, &nop);
	puppet_send(p, bhs, NULL, 0);
}

void puppet_async(struct puppet *p, uint8_t event, uint16_t p1, uint16_t p2,
		  uint16_t p3)
{
	struct pdu_async async = {
		.event = event,
		.param1 = p1,
		.param2 = p2,
		.param3 = p3,
		.sn = puppet_sn(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_async(bhs, &async);
	puppet_send(p, bhs, NULL, 0);
}

uint32_t puppet_submit(struct puppet *p, struct order *o)
{
	order_init(o, CMD_NO_DATA, NULL, 0);
	session_submit(p->s, &o->cmd);
	puppet_expect(p, OP_SCSI_CMD);
	return get_be32(p->bhs + 16);
}

void puppet_expect_down(struct puppet *p, const struct fault *why)
{
	assert_int_equal(p->closes, 1);
	puppet_closed(p);
	assert_int_equal(p->downs, 1);
	assert_ptr_equal(p->why, why);
}

static void tmf_done(struct tmf_req *t, int response)
{
	struct tmf_order *o = container_of(t, struct tmf_order, req);

	o->done++;
	o->response = response;
}

int puppet_manage(struct puppet *p, struct tmf_order *t, enum tmf function,
		  struct cmd *cmd)
{
	memset(t, 0, sizeof(*t));
	t->req.function = function;
	t->req.lun[1] = 1;
	t->req.cmd = cmd;
	t->req.done = tmf_done;
	return session_manage(p->s, &t->req, p->now);
}

void puppet_tmf_rsp(struct puppet *p, uint32_t itt, uint8_t response)
{
	struct pdu_tmf_rsp rsp = {
		.response = response,
		.itt = itt,
		.sn = puppet_sn(p),
	};
	uint8_t bhs[BHS_LEN];

	pdu_put_tmf_rsp(bhs, &rsp);
	puppet_send(p, bhs, NULL, 0);
}

/*
 * peer - a session whose target is the fuzzer's input.
 */
#include "peer.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/list.h"

static void on_up(void *ctx)
{
}

static void on_close(void *ctx, struct conn *c)
{
	((struct peer *)ctx)->want_close = true;
}

static void on_down(void *ctx, const struct fault *why, const char *detail)
{
	MUST(why && detail);
	((struct peer *)ctx)->downs++;
}

static void on_scsi_event(void *ctx, const uint8_t lun[LUN_LEN],
			  const uint8_t *sense, size_t n)
{
	uint8_t copy[255];

	memcpy(copy, sense, n < sizeof(copy) ? n : sizeof(copy));
}

static void on_note(void *ctx, int level, const char *line)
{
	MUST(strlen(line) < 1024);
}

static void on_kick(void *ctx, struct conn *c)
{
}

static void on_found(void *ctx, const char *name, const struct addr *addr)
{
	MUST(name[0] && strlen(name) <= NAME_MAX_LEN);
	((struct peer *)ctx)->founds++;
}

static void on_found_all(void *ctx)
{
}

static const struct session_transport transport = {
	.close = on_close,
	.kick = on_kick,
};

static const struct session_user submitter = {
	.up = on_up,
	.down = on_down,
	.scsi_event = on_scsi_event,
	.note = on_note,
};

static const struct session_discovery asker = {
	.found = on_found,
	.found_all = on_found_all,
};

static const struct session_ops ops = {
	.transport = &transport,
	.user = &submitter,
	.discovery = &asker,
};

static void not_random(void *dst, size_t n)
{
	memset(dst, 7, n);
}

static void credentials(struct chap_credentials *c, const char *text)
{
	snprintf(c->user, sizeof(c->user), "%s", text);
	c->secret_len = strlen(text);
	memcpy(c->secret, text, c->secret_len);
}

void peer_init(struct peer *p, enum session_type type, bool chap, bool mutual)
{
	memset(p, 0, sizeof(*p));
	session_config_defaults(&p->cfg);
	p->cfg.type = type;
	snprintf(p->cfg.initiator_name, NAME_SIZE, "iqn.2026-11.test:us");
	if (type == SESSION_NORMAL)
		snprintf(p->cfg.target_name, NAME_SIZE, "iqn.2026-11.test:t");
	if (chap)
		credentials(&p->cfg.out, "alice in wonderland");
	if (mutual)
		credentials(&p->cfg.in, "through the looking glass");
	p->cfg.random = not_random;
	p->now = 1;
	p->s = session_new(&p->cfg, &ops, p);
	MUST(p->s);
}

void peer_fini(struct peer *p)
{
	if (p->c) {
		session_drop(p->s, &fault_dropped, "", p->now);
		p->want_close = true;
	}
	peer_settle(p);
	session_free(p->s);
	/* Every command ends, whatever the target did. */
	for (unsigned i = 0; i < PEER_CMDS; i++)
		MUST(!p->busy[i]);
	MUST(!p->tmf_busy);
}

void peer_connect(struct peer *p)
{
	p->c = session_connected(p->s, p->now);
	MUST(p->c);
}

void peer_settle(struct peer *p)
{
	struct conn *c = p->c;

	if (!p->want_close)
		return;
	p->want_close = false;
	p->c = NULL;
	session_conn_closed(p->s, c, p->now);
	MUST(p->downs == 1);
	p->downs = 0;
}

static void note_tags(struct peer *p, const struct iovec *iov, int n)
{
	for (int i = 0; i < n; i++) {
		const uint8_t *b = iov[i].iov_base;

		if (iov[i].iov_len < BHS_LEN)
			continue;
		if (pdu_opcode(b) == OP_LOGIN_REQ)
			p->login_itt = get_be32(b + 16);
		else if (pdu_opcode(b) == OP_TEXT_REQ)
			p->text_itt = get_be32(b + 16);
		else if (pdu_opcode(b) == OP_SCSI_CMD)
			p->itts[p->nitts++ % PEER_CMDS] = get_be32(b + 16);
	}
}

void peer_drain(struct peer *p, size_t max)
{
	struct iovec iov[CONN_TX_IOV];
	int n;

	while (max && p->c && !p->want_close &&
	       (n = conn_tx_want(p->c, iov, CONN_TX_IOV)) > 0) {
		size_t sum = 0;

		note_tags(p, iov, n);
		for (int i = 0; i < n; i++)
			sum += iov[i].iov_len;
		if (sum > max)
			sum = max;
		max -= sum;
		conn_tx_done(p->c, sum, p->now);
	}
}

void peer_feed(struct peer *p, const void *bytes, size_t n, size_t step)
{
	const uint8_t *from = bytes;
	struct iovec iov[CONN_RX_IOV];

	while (n && p->c && !p->want_close) {
		int pieces = conn_rx_want(p->c, iov);
		size_t put = 0;

		if (!pieces)
			return;
		for (int i = 0; i < pieces; i++) {
			size_t k = iov[i].iov_len;

			k = k < n - put ? k : n - put;
			k = k < step - put ? k : step - put;
			memcpy(iov[i].iov_base, from + put, k);
			put += k;
		}
		MUST(put > 0);
		conn_rx_done(p->c, put, p->now);
		from += put;
		n -= put;
	}
}

static void answer_login(struct peer *p, enum login_stage csg,
			 enum login_stage nsg, const char *keys, size_t n)
{
	struct pdu_login_rsp rsp = {
		.transit = true,
		.csg = csg,
		.nsg = nsg,
		.tsih = nsg == STAGE_FULL_FEATURE ? 9 : 0,
		.data_len = (uint32_t)n,
		.sn = { p->statsn++, 1, 40 },
	};
	uint8_t out[BHS_LEN + 1024] = { 0 };

	peer_drain(p, SIZE_MAX);
	rsp.itt = p->login_itt;
	pdu_put_login_rsp(out, &rsp);
	memcpy(out + BHS_LEN, keys, n);
	peer_feed(p, out, BHS_LEN + n + pdu_pad((uint32_t)n), sizeof(out));
}

void peer_log_in(struct peer *p, const char *keys, size_t n)
{
	static const char none[] = "AuthMethod=None";

	p->statsn = 99;
	answer_login(p, STAGE_SECURITY, STAGE_OPERATIONAL, none, sizeof(none));
	answer_login(p, STAGE_OPERATIONAL, STAGE_FULL_FEATURE, keys, n);
}

/*
 * fuzz_target - the demo target among initiators that do anything: sound
 * logins and PDUs with a twist, raw bytes, time, and an owner who changes
 * things meanwhile.
 */
#include "fuzz.h"

#include <stdbool.h>

#include "base/bytes.h"
#include "target/conn.h"
#include "target/fault.h"
#include "target/tgt.h"

#define CONNS 3
#define STEPS 400

static const char who[] = "InitiatorName=iqn.2026-01.example:h\0"
			  "TargetName=iqn.2026-01.example:t";
static const char who_d[] = "InitiatorName=iqn.2026-01.example:h\0"
			    "SessionType=Discovery";
static const char keys[] = "InitialR2T=No\0MaxBurstLength=1024\0"
			   "FirstBurstLength=512\0"
			   "MaxRecvDataSegmentLength=512\0"
			   "MaxOutstandingR2T=4";

struct host {
	struct tgt_conn *c;
	uint32_t cmdsn, ttt, ttt_itt;
	bool ddigest;
};

struct world {
	struct tgt_fault_hook hook;
	uint8_t fault_every, fault_kind;
	uint32_t pdus;
	struct tgt *t;
	struct tgt_target *tt;
	struct host hosts[CONNS];
	uint64_t now;
	struct input in;
};

static void op_random(void *ctx, void *dst, size_t n)
{
	memset(dst, 7, n);
}

static const struct tgt_ops ops = { .random = op_random };

static void add_lun(struct world *w, uint32_t number)
{
	struct tgt_backend *b = tgt_mem_new(65536);
	struct tgt_lun_config cfg;

	tgt_lun_defaults(&cfg);
	cfg.thin = true;
	cfg.max_transfer = 16384;
	if (tgt_lun_add(w->tt, number, b, &cfg, NULL) < 0)
		tgt_backend_free(b);
}

static void see(struct tgt_fault_hook *h, const struct tgt_pdu_event *e,
		struct tgt_verdict *out)
{
	struct world *w = (struct world *)(void *)h;

	if (++w->pdus % w->fault_every)
		return;
	out->kind = (enum tgt_fault_kind)(w->fault_kind % (TGT_STATUS + 1));
	out->delay = 10;
	out->offset = w->pdus;
	out->width = 1 + w->fault_kind / 32;
	out->value = w->pdus * 0x01010101u;
	out->pair = "TargetPortalGroupTag=x";
}

static void open_world(struct world *w)
{
	struct addr a = { "192.0.2.1", 3260, 1 };
	uint8_t flags = input_byte(&w->in);

	w->t = tgt_new(&ops, w);
	MUST(w->t);
	tgt_portal_add(w->t, &a);
	MUST(tgt_target_add(w->t, "iqn.2026-01.example:t", &w->tt) == 0);
	add_lun(w, 0);
	w->tt->depth = 1 + (flags & 7);
	w->tt->quiet_login = flags & 8;
	w->tt->split_status = flags & 16;
	w->tt->ping_every = flags & 32 ? 100 : 0;
	if (flags & 64)
		w->tt->wishes.data_digest = TGT_DIGEST_PREFER;
	w->fault_every = input_byte(&w->in);
	w->fault_kind = input_byte(&w->in);
	w->hook.see = see;
	if (w->fault_every)
		w->t->fault = &w->hook;
	if (flags & 128) {
		strcpy(w->tt->auth.in.user, "u");
		w->tt->auth.in.secret_len = 1;
	}
}

static void connect_host(struct world *w, struct host *h)
{
	memset(h, 0, sizeof(*h));
	h->c = tgt_conn_new(w->t, 0, NULL, NULL, w->now);
	MUST(h->c);
}

static void send(struct world *w, struct host *h, uint8_t bhs[BHS_LEN],
		 const void *data, uint32_t n)
{
	static const uint8_t pad[8];

	put_be24(bhs + 5, n);
	tgt_conn_rx(h->c, bhs, BHS_LEN, w->now);
	tgt_conn_rx(h->c, data, n, w->now);
	tgt_conn_rx(h->c, pad, pdu_pad(n), w->now);
}

static void login(struct world *w, struct host *h)
{
	uint8_t flags = input_byte(&w->in);
	struct pdu_login_req q = {
		.transit = !(flags & 1),
		.csg = flags & 2 ? STAGE_SECURITY : STAGE_OPERATIONAL,
		.nsg = flags & 4 ? STAGE_OPERATIONAL : STAGE_FULL_FEATURE,
		.cid = flags >> 7,
		.itt = 1,
	};
	char text[1024];
	uint8_t bhs[BHS_LEN];
	size_t n;

	q.isid[5] = flags >> 3 & 1;
	if (flags & 16) {
		memcpy(text, who_d, sizeof(who_d));
		n = sizeof(who_d);
	} else {
		memcpy(text, who, sizeof(who));
		n = sizeof(who);
	}
	if (flags & 32) {
		memcpy(text + n, keys, sizeof(keys));
		n += sizeof(keys);
	}
	if (flags & 64) {
		size_t more = input_byte(&w->in);

		input_bytes(&w->in, text + n, more);
		n += more;
	}
	pdu_put_login_req(bhs, &q);
	send(w, h, bhs, text, (uint32_t)n);
}

/* Mostly right, so that it gets somewhere. */
static void request(struct world *w, struct host *h)
{
	static const uint8_t opcodes[] = { 0x00, 0x01, 0x01, 0x01, 0x02, 0x04,
					   0x05, 0x05, 0x06, 0x10, 0x03 };
	uint8_t kind = input_byte(&w->in), twist = input_byte(&w->in);
	uint8_t bhs[BHS_LEN] = { 0 }, data[2048];
	uint32_t n = input_byte(&w->in) * 8u;

	bhs[0] = opcodes[kind % sizeof(opcodes)];
	bhs[0] |= twist & 1 ? 0x40 : 0;
	bhs[1] = input_byte(&w->in);
	put_be32(bhs + 16, input_byte(&w->in) & 15);
	put_be32(bhs + 24, h->cmdsn + (twist >> 1 & 3));
	input_bytes(&w->in, bhs + 32, 16);
	input_bytes(&w->in, data, n);
	if (bhs[0] == 0x05 && !(twist & 8)) {
		put_be32(bhs + 16, h->ttt_itt);
		put_be32(bhs + 20, h->ttt);
	} else if (twist & 16) {
		put_be32(bhs + 20, TAG_NONE);
	} else {
		put_be32(bhs + 20, h->ttt);
	}
	if ((bhs[0] & 0x3f) == 0x01)
		put_be32(bhs + 20, input_u16(&w->in));
	if (twist & 32)
		input_bytes(&w->in, bhs + 8, 8);
	send(w, h, bhs, data, n);
}

static void raw(struct world *w, struct host *h)
{
	uint8_t data[256];
	size_t n = input_byte(&w->in);

	input_bytes(&w->in, data, n);
	tgt_conn_rx(h->c, data, n, w->now);
}

/* What the target says tells what would be right next. */
static void listen(struct world *w, struct host *h)
{
	struct iovec iov[TGT_TX_IOV];
	int n = tgt_conn_tx_want(h->c, iov, TGT_TX_IOV);
	size_t sent = 0;

	for (int i = 0; i < n; i++) {
		const uint8_t *p = iov[i].iov_base;

		MUST(iov[i].iov_len > 0);
		sent += iov[i].iov_len;
		if (iov[i].iov_len != BHS_LEN)
			continue;
		h->cmdsn = get_be32(p + 28);
		if (pdu_opcode(p) == OP_R2T || pdu_opcode(p) == OP_TEXT_RSP) {
			h->ttt_itt = get_be32(p + 16);
			h->ttt = get_be32(p + 20);
		}
	}
	if (sent)
		tgt_conn_tx_done(h->c, sent, w->now);
}

static void change(struct world *w, struct host *h)
{
	struct tgt_inject slow = { .opcode = -1, .times = 1, .delay = 20 };
	struct tgt_lun *l = tgt_lun_find(w->tt, 0);

	switch (input_byte(&w->in) % 7) {
	case 0:
		if (l)
			tgt_lun_remove(l);
		break;
	case 1:
		add_lun(w, 0);
		break;
	case 2:
		if (l)
			tgt_lun_resize(l, 4096u * (1 + input_byte(&w->in)));
		break;
	case 3:
		if (l)
			tgt_lun_inject(l, &slow);
		break;
	case 4:
		tgt_conn_set_depth(h->c, input_byte(&w->in));
		break;
	case 5:
		tgt_conn_drop(h->c);
		break;
	default:
		tgt_conn_ping(h->c);
		break;
	}
}

static void step(struct world *w)
{
	uint8_t op = input_byte(&w->in);
	struct host *h = &w->hosts[op >> 6 & 3 ? (op >> 6 & 3) - 1 : 0];

	if (!h->c)
		connect_host(w, h);
	switch (op % 9) {
	case 0:
	case 1:
	case 2:
	case 3:
		request(w, h);
		break;
	case 4:
		login(w, h);
		break;
	case 5:
		raw(w, h);
		break;
	case 6:
		w->now += input_byte(&w->in);
		tgt_tick(w->t, w->now);
		break;
	case 7:
		change(w, h);
		break;
	default:
		tgt_conn_free(h->c, w->now);
		h->c = NULL;
		return;
	}
	listen(w, h);
	if (tgt_conn_over(h->c)) {
		tgt_conn_free(h->c, w->now);
		h->c = NULL;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .in = { data, size }, .now = 1 };

	open_world(&w);
	for (int i = 0; i < STEPS && w.in.left; i++)
		step(&w);
	for (int i = 0; i < CONNS; i++)
		if (w.hosts[i].c)
			tgt_conn_free(w.hosts[i].c, w.now);
	w.now += 100000;
	tgt_tick(w.t, w.now);
	MUST(list_empty(&w.t->sessions));
	tgt_free(w.t);
	return 0;
}

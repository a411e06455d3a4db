/*
 * text - Text Requests in full feature phase: SendTargets, and long text both
 * ways (RFC 7143 sections 6.2, 11.10, 11.11 and appendix C).
 */
#include "target/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "wire/text.h"

/* One exchange; one at a time on a connection. */
struct tgt_text {
	uint32_t ttt;
	char *in; /* TGT_LOGIN_TEXT bytes */
	uint32_t in_len;
	char *out;
	uint32_t out_len, out_pos;
	size_t out_cap;
	bool answered; /* out is the answer to in */
};

void tgt_text_free(struct tgt_text *x)
{
	if (!x)
		return;
	free(x->in);
	free(x->out);
	free(x);
}

static struct tgt_text *text_new(struct tgt *t)
{
	struct tgt_text *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->in = malloc(TGT_LOGIN_TEXT);
	x->ttt = tgt_new_ttt(t);
	if (!x->in) {
		tgt_text_free(x);
		return NULL;
	}
	return x;
}

static size_t room_for_all(const struct tgt *t)
{
	size_t per = NAME_SIZE + 32 + t->nportals * (ADDR_TEXT_SIZE + 16);
	struct list *pos;
	size_t n = TGT_SEGMENT;

	list_for_each (pos, &t->targets)
		n += per;
	return n;
}

static void add_address(const struct tgt_conn *c, const struct tgt_portal *at,
			struct text_out *out)
{
	char text[ADDR_TEXT_SIZE];
	struct addr a = at->addr;

	if (at->wildcard) {
		if (!c->has_local)
			return;
		str_copy(a.host, sizeof(a.host), c->local.host);
	}
	a.tag = at->tag;
	addr_format(&a, true, text, sizeof(text));
	text_add(out, "TargetAddress", text);
}

static void add_target(const struct tgt_conn *c, const struct tgt_target *tt,
		       struct text_out *out)
{
	text_add(out, "TargetName", tt->name);
	for (size_t i = 0; i < c->tgt->nportals; i++)
		add_address(c, &c->tgt->portals[i], out);
}

static void send_targets(const struct tgt_conn *c, const struct text_pair *kv,
			 struct text_out *out)
{
	const struct tgt_target *mine = c->session->target;
	bool all = text_value_is(kv, "All");
	struct list *pos;

	/* 13.3: All belongs to discovery, nothing to normal sessions. */
	if ((all && mine) || (!kv->value_len && !mine)) {
		text_add(out, "SendTargets", "Reject");
		return;
	}
	list_for_each (pos, &c->tgt->targets) {
		const struct tgt_target *tt =
			container_of(pos, struct tgt_target, link);
		bool named = str_is(kv->value, kv->value_len, tt->name);

		if (mine ? tt == mine && (named || !kv->value_len)
			 : (all ? !tt->hidden : named))
			add_target(c, tt, out);
	}
}

static void unknown_key(const struct text_pair *kv, struct text_out *out)
{
	char key[TEXT_KEY_MAX + 1];

	memcpy(key, kv->key, kv->key_len);
	key[kv->key_len] = '\0';
	text_add(out, key, "NotUnderstood");
}

/* Returns 0, or -EBADMSG when the text is none. */
static int answer(struct tgt_conn *c, struct tgt_text *x)
{
	struct tgt_nego nego = {
		.ours = &c->params,
		.result = &c->params,
		.declared = true,
		.full_feature = true,
	};
	struct text_pair kv;
	struct text_out out;
	size_t pos = 0;
	int r;

	text_init(&out, x->out, x->out_cap);
	while ((r = text_next(x->in, x->in_len, &pos, &kv)) > 0) {
		if (text_key_is(&kv, "SendTargets"))
			send_targets(c, &kv, &out);
		else if (tgt_nego_key(&nego, &kv, &out) == TGT_KEY_UNKNOWN)
			unknown_key(&kv, &out);
	}
	x->out_len = (uint32_t)out.len;
	x->answered = true;
	return r;
}

static void respond(struct tgt_conn *c, const struct pdu_text_req *req,
		    struct tgt_text *x)
{
	uint32_t n = x->answered ? x->out_len - x->out_pos : 0;
	struct tgt_pdu *p = tgt_pdu_new(c);
	struct pdu_text_rsp r = { .itt = req->itt, .ttt = TAG_NONE };
	struct tgt_buf *b;

	if (!p)
		return;
	if (n > c->params.max_xmit)
		n = c->params.max_xmit;
	b = tgt_buf_get(c->tgt, n);
	if (!b) {
		tgt_conn_fault(c, "out of memory");
		return;
	}
	if (n) {
		memcpy(b->p, x->out + x->out_pos, n);
		tgt_pdu_data(p, b, b->p, n);
	}
	tgt_buf_put(c->tgt, b);
	x->out_pos += n;
	r.cont = x->answered && x->out_pos < x->out_len;
	r.final = x->answered && !r.cont && req->final;
	r.data_len = n;
	if (!r.final)
		r.ttt = x->ttt;
	tgt_session_sn(c, true, &r.sn);
	pdu_put_text_rsp(p->head, &r);
	tgt_pdu_send(c, p);
	if (r.final) {
		tgt_text_free(c->text);
		c->text = NULL;
	}
}

/* The exchange the request belongs to, or a fresh one. */
static struct tgt_text *exchange(struct tgt_conn *c,
				 const struct pdu_text_req *req)
{
	if (req->ttt != TAG_NONE)
		return c->text && c->text->ttt == req->ttt ? c->text : NULL;
	tgt_text_free(c->text);
	c->text = text_new(c->tgt);
	return c->text;
}

static bool take(struct tgt_text *x, const struct tgt_task *k)
{
	if (k->data_len > TGT_LOGIN_TEXT - x->in_len)
		return false;
	if (k->data_len)
		memcpy(x->in + x->in_len, k->buf->p, k->data_len);
	x->in_len += k->data_len;
	return true;
}

/* A new question in a running exchange, once the last answer is all out. */
static void next_question(struct tgt_text *x)
{
	if (!x->answered || x->out_pos < x->out_len)
		return;
	x->answered = false;
	x->in_len = x->out_len = x->out_pos = 0;
}

static uint8_t step(struct tgt_conn *c, const struct tgt_task *k,
		    const struct pdu_text_req *req)
{
	struct tgt_text *x = exchange(c, req);

	if (!x)
		return REJECT_PROTOCOL;
	next_question(x);
	if (!x->answered) {
		if (!take(x, k))
			return REJECT_OUT_OF_RESOURCES;
		if (!x->out) {
			x->out_cap = room_for_all(c->tgt);
			x->out = malloc(x->out_cap);
		}
		if (!x->out)
			return REJECT_OUT_OF_RESOURCES;
		if (!req->cont && answer(c, x) < 0)
			return REJECT_PROTOCOL;
	}
	return 0;
}

void tgt_text_run(struct tgt_task *k)
{
	struct tgt_conn *c = k->conn;
	struct pdu_text_req req;
	uint8_t bhs[BHS_LEN], reason = REJECT_PROTOCOL;

	memcpy(bhs, k->bhs, BHS_LEN);
	if (pdu_get_text_req(k->bhs, &req) == 0)
		reason = step(c, k, &req);
	tgt_task_free(k);
	if (reason)
		tgt_reject(c, bhs, reason);
	else
		respond(c, &req, c->text);
}

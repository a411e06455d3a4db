/*
 * conn - one connection: its life, and what it does by itself.
 */
#include "target/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/str.h"
#include "wire/pdu.h"

void tgt_note(struct tgt *t, int level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (!t->ops->note)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	t->ops->note(t->ctx, level, line);
}

struct tgt_conn *tgt_conn_new(struct tgt *t, int portal,
			      const struct addr *local, const char *peer,
			      uint64_t now)
{
	struct tgt_conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	t->now = now;
	c->tgt = t;
	c->portal = portal;
	c->state = TGT_CONN_LOGIN;
	c->since = c->last_heard = now;
	list_init(&c->txq);
	tgt_params_defaults(&c->params);
	c->stage = malloc(TGT_STAGE_SIZE);
	c->login = tgt_login_new();
	c->seg = tgt_buf_get(t, TGT_SEGMENT);
	list_push_back(&t->conns, &c->link);
	if (!c->stage || !c->login || !c->seg) {
		tgt_conn_free(c, now);
		return NULL;
	}
	if (local) {
		c->local = *local;
		c->has_local = true;
	}
	str_copy(c->peer, sizeof(c->peer), peer ? peer : "?");
	c->statsn = t->first_statsn;
	if (t->random_statsn)
		t->ops->random(t->ctx, &c->statsn, sizeof(c->statsn));
	return c;
}

void tgt_conn_free(struct tgt_conn *c, uint64_t now)
{
	struct tgt *t = c->tgt;

	t->now = now;
	c->state = TGT_CONN_DEAD;
	if (c->session)
		tgt_session_lost_conn(c->session, c);
	tgt_tx_flush(c);
	tgt_buf_put(t, c->seg);
	tgt_login_free(c->login);
	tgt_text_free(c->text);
	list_remove(&c->link);
	free(c->stage);
	free(c);
}

void tgt_conn_kick(struct tgt_conn *c)
{
	if (c->kicked)
		return;
	c->kicked = true;
	if (c->tgt->ops->kick)
		c->tgt->ops->kick(c->tgt->ctx, c);
}

void tgt_conn_drop(struct tgt_conn *c)
{
	c->state = TGT_CONN_DEAD;
	c->kicked = false;
	tgt_conn_kick(c);
}

void tgt_conn_fault(struct tgt_conn *c, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	tgt_note(c->tgt, LOG_WARNING, "%s: %s, connection closed", c->peer,
		 why);
	tgt_conn_drop(c);
}

void tgt_conn_drain(struct tgt_conn *c)
{
	if (c->state == TGT_CONN_DEAD)
		return;
	c->state = TGT_CONN_DRAINING;
	c->kicked = false;
	tgt_conn_kick(c);
}

bool tgt_conn_over(const struct tgt_conn *c)
{
	if (c->state == TGT_CONN_DEAD)
		return true;
	return c->state == TGT_CONN_DRAINING && list_empty(&c->txq);
}

void tgt_conn_set_owner(struct tgt_conn *c, void *owner)
{
	c->owner = owner;
}

void *tgt_conn_owner(const struct tgt_conn *c)
{
	return c->owner;
}

struct tgt_session *tgt_conn_session(const struct tgt_conn *c)
{
	return c->state == TGT_CONN_FULL ? c->session : NULL;
}

struct tgt_conn *tgt_conn_next(struct tgt *t, struct tgt_conn *prev)
{
	struct list *n = prev ? prev->link.next : t->conns.next;

	return n == &t->conns ? NULL : container_of(n, struct tgt_conn, link);
}

static void nop_in(struct tgt_conn *c, uint32_t ttt)
{
	struct pdu_nop_in nop = { .itt = TAG_NONE, .ttt = ttt };
	struct tgt_pdu *p;

	if (c->state != TGT_CONN_FULL)
		return;
	p = tgt_pdu_new(c);
	if (!p)
		return;
	/* StatSN is not advanced when ITT is reserved (11.19.1). */
	tgt_session_sn(c, false, &nop.sn);
	pdu_put_nop_in(p->head, &nop);
	tgt_pdu_send(c, p);
}

uint32_t tgt_new_ttt(struct tgt *t)
{
	if (++t->last_ttt == TAG_NONE)
		t->last_ttt = 1;
	return t->last_ttt;
}

void tgt_conn_ping(struct tgt_conn *c)
{
	c->ping_ttt = tgt_new_ttt(c->tgt);
	c->pinged = c->tgt->now ? c->tgt->now : 1;
	nop_in(c, c->ping_ttt);
}

void tgt_conn_tell_window(struct tgt_conn *c)
{
	nop_in(c, TAG_NONE);
}

void tgt_conn_async(struct tgt_conn *c, const struct pdu_async *what,
		    const void *data, size_t n)
{
	struct pdu_async msg = *what;
	struct tgt_pdu *p;

	if (c->state != TGT_CONN_FULL)
		return;
	p = tgt_pdu_new(c);
	if (!p)
		return;
	if (n)
		tgt_pdu_small(p, data, (uint32_t)n);
	tgt_session_sn(c, true, &msg.sn);
	msg.data_len = p->data_len;
	pdu_put_async(p->head, &msg);
	tgt_pdu_send(c, p);
}

void tgt_conn_set_depth(struct tgt_conn *c, uint32_t depth)
{
	struct tgt_session *s = c->session;

	if (!s)
		return;
	if (depth > s->ntasks - TGT_IMMEDIATES)
		depth = s->ntasks - TGT_IMMEDIATES;
	s->depth = depth;
}

static const struct tgt_target *pinging(const struct tgt_conn *c)
{
	if (c->state != TGT_CONN_FULL || !c->session || !c->session->target)
		return NULL;
	return c->session->target->ping_every ? c->session->target : NULL;
}

static uint64_t ping_due(const struct tgt_conn *c, const struct tgt_target *tt)
{
	return c->pinged ? c->pinged + tt->ping_timeout
			 : c->last_heard + tt->ping_every;
}

static void ping_or_give_up(struct tgt_conn *c, const struct tgt_target *tt)
{
	if (ping_due(c, tt) > c->tgt->now)
		return;
	if (c->pinged)
		tgt_conn_fault(c, "no answer to NOP-In for %u ms",
			       tt->ping_timeout);
	else
		tgt_conn_ping(c);
}

void tgt_conn_tick(struct tgt_conn *c)
{
	const struct tgt_target *tt = pinging(c);
	uint64_t now = c->tgt->now;

	if (c->state == TGT_CONN_LOGIN &&
	    c->since + c->tgt->login_timeout <= now)
		tgt_conn_fault(c, "login timed out");
	if (tt)
		ping_or_give_up(c, tt);
	if (c->rx == RX_HELD && c->held_until <= now)
		tgt_conn_resume(c);
	if (!list_empty(&c->txq)) {
		c->kicked = false;
		tgt_conn_kick(c);
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t tgt_conn_wake(const struct tgt_conn *c)
{
	const struct tgt_target *tt = pinging(c);
	uint64_t wake = UINT64_MAX;
	struct list *pos;

	if (c->state == TGT_CONN_DEAD)
		return wake;
	if (c->state == TGT_CONN_LOGIN)
		wake = c->since + c->tgt->login_timeout;
	if (tt)
		wake = earlier(wake, ping_due(c, tt));
	if (c->rx == RX_HELD)
		wake = earlier(wake, c->held_until);
	if (!c->tgt->fault) /* nothing else delays a PDU */
		return wake;
	list_for_each (pos, &c->txq) {
		struct tgt_pdu *p = container_of(pos, struct tgt_pdu, link);

		if (p->not_before > c->tgt->now)
			return earlier(wake, p->not_before);
	}
	return wake;
}

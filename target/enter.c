/*
 * enter - how a login that ends well becomes a session, and what it ends
 * (RFC 7143 sections 6.3.4 and 6.3.5).
 */
#include "target/login.h"

#include <string.h>

#include "base/str.h"

/* FNV-1a of what makes an I_T nexus (SAM-5 4.7). */
static uint64_t nexus_id(const struct tgt_session *s)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (const char *c = s->initiator; *c; c++)
		h = (h ^ (uint8_t)*c) * 0x100000001b3ull;
	for (size_t i = 0; i < ISID_LEN; i++)
		h = (h ^ s->isid[i]) * 0x100000001b3ull;
	return (h ^ s->tag) * 0x100000001b3ull;
}

static void remember(struct tgt_session *s, struct tgt_conn *c)
{
	const struct tgt_login *l = c->login;

	str_copy(s->initiator, sizeof(s->initiator), l->initiator);
	memcpy(s->isid, l->isid, ISID_LEN);
	s->tag = c->tgt->portals[c->portal].tag;
	s->nexus.tag = s->tag;
	s->nexus.id = nexus_id(s);
	s->params = c->params;
	s->expcmdsn = l->req.cmdsn;
	s->maxcmdsn = l->req.cmdsn - 1;
}

static void greet(struct tgt_session *s, bool reinstated)
{
	uint16_t ua = 1u << (reinstated ? TGT_UA_NEXUS_LOSS : TGT_UA_POWER_ON);

	if (s->target->quiet_login)
		return;
	for (size_t i = 0; i < TGT_MAX_LUNS; i++)
		s->nexus.ua[i] = ua;
}

static bool ends_old_sessions(const struct tgt_login *l)
{
	switch (l->target->duties.reinstate) {
	case TGT_REINSTATE_NEVER:
		return false;
	case TGT_REINSTATE_SECURITY:
		return l->secured;
	default:
		return true;
	}
}

/* Session reinstatement ends the old one and all its tasks (6.3.5). */
static bool reinstate(struct tgt_conn *c)
{
	const struct tgt_login *l = c->login;
	const struct tgt_duties *d = &l->target->duties;
	struct tgt *t = c->tgt;
	struct tgt_session *old;
	bool any = false;

	while (ends_old_sessions(l) &&
	       (old = tgt_session_find(t, l->target, l->initiator, l->isid,
				       t->portals[c->portal].tag,
				       d->any_group))) {
		any = true;
		old->replaced = true;
		if (d->reinstate == TGT_REINSTATE_LATE)
			old->expires = t->now + d->reinstate_after;
		else
			tgt_session_end(old);
	}
	return any;
}

static bool is_full(const struct tgt_target *tt)
{
	uint32_t n = 0;
	struct list *pos;

	list_for_each (pos, &tt->tgt->sessions) {
		struct tgt_session *s =
			container_of(pos, struct tgt_session, link);

		n += s->target == tt && !s->ended;
	}
	return tt->duties.sessions && n >= tt->duties.sessions;
}

static uint16_t new_session(struct tgt_conn *c)
{
	struct tgt_login *l = c->login;
	struct tgt_target *tt = l->discovery ? NULL : l->target;
	bool reinstated = tt && reinstate(c);

	if (tt && is_full(tt))
		return tt->duties.sessions_status
			       ? (uint16_t)tt->duties.sessions_status
			       : LOGIN_NO_RESOURCES;
	l->session = tgt_session_new(c->tgt, tt, tt ? tt->depth : 8);
	if (!l->session)
		return LOGIN_NO_RESOURCES;
	remember(l->session, c);
	if (tt)
		greet(l->session, reinstated);
	return LOGIN_OK;
}

/* A connection takes the place of the one with its CID (6.3.4). */
static void join(struct tgt_session *s, struct tgt_conn *c)
{
	struct tgt_conn **place = &s->conns[0];

	for (size_t i = 0; i < TGT_MAX_CONNS; i++)
		if (!s->conns[i] || s->conns[i]->cid == c->cid)
			place = &s->conns[i];
	if (*place) {
		struct tgt_conn *old = *place;

		*place = c; /* so that losing old does not fail s */
		tgt_session_lost_conn(s, old);
		tgt_conn_drop(old);
	}
	*place = c;
	c->session = s;
	s->state = TGT_SESSION_UP;
	s->expires = UINT64_MAX;
}

uint16_t tgt_login_enter(struct tgt_conn *c)
{
	struct tgt_login *l = c->login;
	uint16_t status = LOGIN_OK;

	/* FirstBurstLength must not exceed MaxBurstLength (13.14). */
	if (c->params.first_burst > c->params.max_burst)
		c->params.first_burst = c->params.max_burst;
	if (!l->session)
		status = new_session(c);
	if (status != LOGIN_OK)
		return status;
	join(l->session, c);
	l->tsih = l->session->tsih;
	return LOGIN_OK;
}

/*
 * discovery - SendTargets and its answer, piece by piece
 * (RFC 7143 appendix C).
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/str.h"
#include "proto/state.h"
#include "wire/status.h"

#define MAX_RECORDS 262144 /* names and addresses one answer may hold */
#define MAX_ANSWERS 65536  /* Text Responses it may come in */

void discovery_reset(struct session *s)
{
	memset(&s->discovery, 0, sizeof(s->discovery));
}

void discovery_news(struct session *s, enum session_news news)
{
	if (s->cfg->type == SESSION_DISCOVERY && s->ops.discovery->news)
		s->ops.discovery->news(s->ctx, news);
}

/* What the text keys of an async message mean, in words. */
static const struct {
	const char *key, *words;
} event_keys[] = {
	{ "X-com.cisco.targetOffline", "target %s is offline" },
	{ "X-com.cisco.portalOffline", "portal %s is offline" },
};

static void note_event(struct session *s, const struct text_pair *kv)
{
	char value[NAME_SIZE], line[NAME_SIZE + 32];
	struct strbuf sb;

	for (size_t i = 0; i < sizeof(event_keys) / sizeof(*event_keys); i++) {
		if (!text_key_is(kv, event_keys[i].key))
			continue;
		str_printable(value, sizeof(value), kv->value, kv->value_len);
		sb_init(&sb, line, sizeof(line));
		sb_add(&sb, event_keys[i].words, value);
		session_note(s, LOG_WARNING, "it says: %s", line);
	}
}

void discovery_event(struct conn *c)
{
	const char *p = (const char *)c->rx.data;
	size_t n = c->rx.data_len, pos = 0;
	struct text_pair kv;

	if (c->session->cfg->type != SESSION_DISCOVERY)
		return;
	/* 11.9.4: a SenseLength of 0 may stand before the event's data. */
	if (n >= 2 && !p[0] && !p[1])
		pos = 2;
	while (text_next(p, n, &pos, &kv) > 0)
		note_event(c->session, &kv);
}

/* The first part of an answer may need a ping, too, until it is missed. */
static uint64_t answer_deadline(const struct session *s)
{
	const struct session_config *cfg = s->cfg;
	bool first = !s->discovery.answers;

	if (!cfg->active_timeout || (first && !cfg->ping_timeout))
		return UINT64_MAX; /* 0 is for ever */
	return s->now + cfg->active_timeout + (first ? cfg->ping_timeout : 0);
}

static void send_text(struct conn *c, uint32_t ttt,
		      const uint8_t lun[static LUN_LEN], uint32_t len)
{
	struct session *s = c->session;
	struct pdu_text_req req = {
		.immediate = true,
		.final = true,
		.itt = s->discovery.itt,
		.ttt = ttt,
		.cmdsn = s->cmdsn,
		.expstatsn = c->exp_statsn,
		.data_len = len,
	};
	uint8_t bhs[BHS_LEN];

	memcpy(req.lun, lun, LUN_LEN);
	pdu_put_text_req(bhs, &req);
	s->discovery.deadline = answer_deadline(s);
	if (!transmit_control(c, bhs, c->tx.text, len))
		session_end(s, &fault_flooded, "");
}

void session_send_targets(struct session *s, uint64_t now)
{
	static const uint8_t no_lun[LUN_LEN];
	struct conn *c = &s->conns[0]; /* discovery has but one (4.3) */
	struct text_out out;

	s->now = now;
	if (c->state != CONN_LOGGED_IN || s->discovery.active)
		return;
	discovery_reset(s);
	s->discovery.active = true;
	s->discovery.itt = session_control_itt(s, TAG_TEXT);
	text_init(&out, c->tx.text, sizeof(c->tx.text));
	text_add(&out, "SendTargets", "All");
	send_text(c, TAG_NONE, no_lun, (uint32_t)out.len);
}

/* A name without any address means the portal in use. */
static void end_record(struct session *s)
{
	struct discovery *d = &s->discovery;

	if (d->name[0] && !d->has_address)
		s->ops.discovery->found(s->ctx, d->name, NULL);
	d->name[0] = '\0';
}

static void begin_record(struct session *s, const struct text_pair *kv)
{
	struct discovery *d = &s->discovery;
	const char *wrong = name_fault(kv->value, kv->value_len, NULL);
	char shown[80];

	end_record(s);
	d->has_address = false;
	if (wrong) {
		str_printable(shown, sizeof(shown), kv->value, kv->value_len);
		session_note(s, LOG_WARNING,
			     "discovered name \"%s\" is skipped: it %s", shown,
			     wrong);
		return;
	}
	memcpy(d->name, kv->value, kv->value_len);
	d->name[kv->value_len] = '\0';
}

static void take_address(struct session *s, const struct text_pair *kv)
{
	struct discovery *d = &s->discovery;
	struct addr addr;
	char shown[80];

	if (!d->name[0])
		return;
	if (addr_parse(kv->value, kv->value_len, &addr)) {
		str_printable(shown, sizeof(shown), kv->value, kv->value_len);
		session_note(s, LOG_WARNING,
			     "address \"%s\" of %s is skipped: it cannot be "
			     "read",
			     shown, d->name);
		/* It has addresses, if none that we can use. */
		d->has_address = true;
		return;
	}
	d->has_address = true;
	s->ops.discovery->found(s->ctx, d->name, &addr);
}

/* Appendix C: no other keys are permitted. */
static const char *take_pair(struct session *s, const struct text_pair *kv)
{
	if (++s->discovery.records > MAX_RECORDS)
		return "it has no end";
	if (text_key_is(kv, "TargetName"))
		begin_record(s, kv);
	else if (text_key_is(kv, "TargetAddress"))
		take_address(s, kv);
	else
		return "a key that does not belong there";
	return NULL;
}

static void refuse(struct session *s, const char *why,
		   const struct text_pair *kv)
{
	char detail[128], shown[TEXT_KEY_MAX + 1];

	str_printable(shown, sizeof(shown), kv->key, kv->key_len);
	snprintf(detail, sizeof(detail), "%s: %s", why, shown);
	session_end(s, &fault_text_refused, detail);
}

/* The owner may end the session whenever he is told something. */
static bool is_still_open(const struct conn *c, uint32_t epoch)
{
	return c->epoch == epoch && conn_is_open(c->state);
}

/*
 * Takes the whole pairs of p[0..n) and returns how many bytes they were; -1
 * when the session is ending, which also the owner may have done.
 */
static ssize_t take_pairs(struct conn *c, const char *p, size_t n)
{
	struct session *s = c->session;
	size_t whole = n, pos = 0;
	uint32_t epoch = c->epoch;
	struct text_pair kv;
	const char *wrong;
	int rc;

	while (whole && p[whole - 1])
		whole--;
	while ((rc = text_next(p, whole, &pos, &kv)) > 0) {
		wrong = take_pair(s, &kv);
		if (!is_still_open(c, epoch))
			return -1;
		if (wrong) {
			refuse(s, wrong, &kv);
			return -1;
		}
	}
	if (rc < 0) {
		session_end(s, &fault_text_refused, "not key=value pairs");
		return -1;
	}
	return (ssize_t)whole;
}

static void end_answer(struct conn *c)
{
	struct session *s = c->session;
	uint32_t epoch = c->epoch;

	s->discovery.active = false;
	end_record(s);
	if (is_still_open(c, epoch))
		s->ops.discovery->found_all(s->ctx);
}

void discovery_received(struct conn *c, const struct pdu_text_rsp *rsp)
{
	struct session *s = c->session;
	struct discovery *d = &s->discovery;
	char *p = (char *)c->rx.data;
	size_t n = d->carry + c->rx.data_len;
	ssize_t used;

	if (!d->active || rsp->itt != d->itt) {
		session_end(s, &fault_unknown_tag, "text response");
		return;
	}
	if (++d->answers > MAX_ANSWERS) {
		session_end(s, &fault_text_refused, "it has no end");
		return;
	}
	used = take_pairs(c, p, n);
	if (used < 0)
		return;
	if (n - (size_t)used > sizeof(d->cut)) {
		session_end(s, &fault_text_refused, "a pair has no end");
		return;
	}
	d->carry = n - (size_t)used;
	memcpy(d->cut, p + used, d->carry);
	if (!rsp->final) {
		send_text(c, rsp->ttt, rsp->lun, 0);
	} else if (d->carry) {
		session_end(s, &fault_text_refused, "the last pair is cut");
	} else {
		end_answer(c);
	}
}

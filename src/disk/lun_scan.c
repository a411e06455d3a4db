/*
 * lun_scan - which LUNs a target has.
 *
 * REPORT LUNS to LUN 0, again with a larger buffer when the list is longer;
 * a target that refuses it gets an INQUIRY to each of the first LUNs.
 *
 * Each new session begins with a scan, and writeback may be waiting for that
 * session: so the memory of a scan is the arena's, where the next one finds it
 * again.
 */
#include "disk/disk.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "disk/policy.h"
#include "proto/session.h"
#include "scsi/cdb.h"
#include "scsi/luns.h"

#define FIRST_LUNS 256	 /* LUNs the first buffer holds */
#define MAX_LUNS   16384 /* LUNs looked at; a target may claim any number */
#define TRIES	   10
#define TASK_MS	   30000 /* what a command gets */
#define GUESSED	   8	 /* LUNs tried when there is no list */

struct lun_scan {
	struct session *session; /* borrowed */
	void (*done)(void *ctx, const uint8_t *luns, size_t count, int err);
	void *ctx;
	bool inflight, cancelled, over;
	bool running, again; /* see run() */
	bool guessing;
	unsigned tries;
	uint8_t next; /* guessing: this LUN */
	uint8_t found[GUESSED][LUN_LEN];
	size_t nfound;
	uint8_t *buf; /* first, or a larger one of the arena */
	size_t size;
	struct cmd cmd;
	uint8_t first[LUNS_HEADER + FIRST_LUNS * LUNS_ENTRY];
};

static void free_scan(struct lun_scan *sc)
{
	if (sc->buf != sc->first)
		arena_free(sc->buf, sc->size);
	arena_free(sc, sizeof(*sc));
}

static void end(struct lun_scan *sc, const uint8_t *luns, size_t count, int err)
{
	sc->over = true;
	sc->done(sc->ctx, luns, err ? 0 : count, err);
}

/* To the next question; what is in the buffer is not kept. */
static int grow(struct lun_scan *sc, size_t luns)
{
	size_t size = LUNS_HEADER + luns * LUNS_ENTRY;
	uint8_t *buf = arena_alloc(size);

	if (!buf)
		return -ENOMEM;
	if (sc->buf != sc->first)
		arena_free(sc->buf, sc->size);
	sc->buf = buf;
	sc->size = size;
	return 0;
}

static size_t answered(const struct cmd *c)
{
	return c->underflow < c->len ? c->len - c->underflow : 0;
}

/* Ends the scan, or leaves it with a larger buffer to ask again. */
static void read_list(struct lun_scan *sc)
{
	size_t held = (sc->size - LUNS_HEADER) / LUNS_ENTRY;
	struct luns l;

	if (luns_get(sc->buf, answered(&sc->cmd), &l)) {
		sc->guessing = true;
		return;
	}
	if (l.total > held && held < MAX_LUNS) {
		if (grow(sc, l.total < MAX_LUNS ? l.total : MAX_LUNS))
			end(sc, NULL, 0, -ENOMEM);
		return;
	}
	end(sc, l.list, l.count, 0);
}

static void next_guess(struct lun_scan *sc)
{
	sc->tries = 0;
	if (++sc->next == GUESSED)
		end(sc, sc->found[0], sc->nfound, 0);
}

static void read_guess(struct lun_scan *sc)
{
	struct inquiry inq;

	if (inquiry_parse(sc->buf, answered(&sc->cmd), &inq) == 0 &&
	    inquiry_is_present(&inq))
		memcpy(sc->found[sc->nfound++], sc->cmd.lun, LUN_LEN);
	next_guess(sc);
}

static void refused(struct lun_scan *sc, int err)
{
	if (sc->guessing)
		next_guess(sc);
	else if (err == EREMOTEIO || err == ENODEV)
		sc->guessing = true;
	else
		end(sc, NULL, 0, -EIO);
}

static void judge(struct lun_scan *sc)
{
	struct sense s;
	const struct policy *p = policy_find(&sc->cmd, &s);
	enum verdict v = policy_verdict(p, 0);

	if (v == VERDICT_OK)
		(sc->guessing ? read_guess : read_list)(sc);
	else if (v == VERDICT_WAIT)
		end(sc, NULL, 0, -ENOTCONN);
	else if (v != VERDICT_FAIL && sc->tries++ < TRIES)
		return; /* once more */
	else if (v != VERDICT_FAIL && !sc->guessing)
		end(sc, NULL, 0,
		    p->effect == EFFECT_ELSEWHERE ? -EHOSTUNREACH : -EAGAIN);
	else
		refused(sc, p->err);
}

static void build(struct lun_scan *sc)
{
	struct cmd *c = &sc->cmd;

	memset(c->lun, 0, LUN_LEN);
	c->dir = CMD_READ;
	c->buf = sc->buf;
	if (sc->guessing) {
		c->lun[1] = sc->next;
		c->len = INQUIRY_LEN;
		cdb_inquiry(c->cdb, INQUIRY_LEN);
	} else {
		c->len = (uint32_t)sc->size;
		cdb_report_luns(c->cdb, c->len);
	}
	memset(sc->buf, 0, c->len);
}

static void on_answer(struct cmd *c);

/*
 * One command after the other, in a loop and not from within each other: a
 * session may answer at once.
 */
static void run(struct lun_scan *sc)
{
	if (sc->running) {
		sc->again = true;
		return;
	}
	sc->running = true;
	do {
		sc->again = false;
		if (sc->cmd.done && !sc->cancelled)
			judge(sc); /* all but the first time */
		if (sc->over || sc->cancelled)
			break;
		build(sc);
		sc->cmd.timeout = TASK_MS;
		sc->cmd.done = on_answer;
		sc->inflight = true;
		session_submit(sc->session, &sc->cmd);
	} while (sc->again);
	sc->running = false;
	if (sc->cancelled && !sc->inflight)
		free_scan(sc);
}

static void on_answer(struct cmd *c)
{
	struct lun_scan *sc = container_of(c, struct lun_scan, cmd);

	sc->inflight = false;
	run(sc);
}

struct lun_scan *lun_scan_start(struct session *s,
				void (*done)(void *ctx, const uint8_t *luns,
					     size_t count, int err),
				void *ctx)
{
	struct lun_scan *sc = arena_alloc(sizeof(*sc));

	if (!sc)
		return NULL;
	sc->session = s;
	sc->done = done;
	sc->ctx = ctx;
	sc->buf = sc->first;
	sc->size = sizeof(sc->first);
	run(sc);
	return sc;
}

void lun_scan_cancel(struct lun_scan *sc)
{
	if (!sc)
		return;
	sc->cancelled = true;
	if (!sc->running && !sc->inflight)
		free_scan(sc);
}

/*
 * probe - finding out what a LUN is, and whether it still is the same.
 *
 * What comes after what, and when to ask again.
 */
#include "disk/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fsm.h"
#include "base/log.h"
#include "base/str.h"
#include "proto/session.h"

#define GRACE  10    /* slow tries before a known disk is given up, or slower */
#define LONG   30000 /* ms, the longest pause between them */
#define STEPS  5     /* doublings up to that */
#define WHOLE  3     /* for a page of another disk to come whole */
#define ROUNDS 3     /* attentions that begin the probe again at once */

/* What comes next ----------------------------------------------------- */

static void note_change(struct disk *d, const struct disk_geometry *old)
{
	const struct disk_geometry *geo = &d->geometry;

	if (geo->blocks != old->blocks)
		note(d, LOG_NOTICE,
		     "the capacity changed from %llu to %llu blocks",
		     (unsigned long long)old->blocks,
		     (unsigned long long)geo->blocks);
	if (geo->read_only != old->read_only)
		note(d, LOG_NOTICE, "is %s now",
		     geo->read_only ? "read-only" : "writable");
}

/* What it was called when it was found holds: the owner's records go by it. */
static void keep_names(struct disk *d, struct disk_identity *found)
{
	const struct disk_identity *held = &d->identity;
	const char *id = d->known ? held->id : d->expect;

	if (*id)
		str_copy(found->id, sizeof(found->id), id);
	if (!d->known)
		return;
	if (*held->serial && (!*found->serial || d->probe.serial_cut))
		str_copy(found->serial, sizeof(found->serial), held->serial);
	if (*held->id || !*found->id)
		return;
	note(d, LOG_NOTICE,
	     "the target names it now, %s: another disk in its place will be "
	     "noticed",
	     found->id);
	d->tell_resized = true;
}

static void come_back(struct disk *d)
{
	if (d->phase != PHASE_OTHER)
		return;
	note(d, LOG_NOTICE, "is back: %s is found again, requests go on",
	     d->known ? d->identity.id : d->expect);
}

static void finish(void *obj, const void *arg)
{
	struct disk *d = obj;
	struct probe *pr = &d->probe;
	struct disk_geometry old = d->geometry;

	come_back(d);
	d->facts = pr->facts;
	keep_names(d, &pr->identity);
	d->identity = pr->identity;
	d->pages = pr->pages;
	facts_apply(&d->facts, &d->geometry, &d->limits, pr->why,
		    sizeof(pr->why));
	/* Nothing in its mode pages says so (MMC-6 7.5). */
	if (d->identity.inquiry.type == TYPE_CDROM)
		d->geometry.read_only = true;
	d->limits.ways &= ~d->refused;
	facts_abilities(&d->limits, &d->geometry);
	if (d->known && (old.blocks != d->geometry.blocks ||
			 old.read_only != d->geometry.read_only)) {
		note_change(d, &old);
		d->tell_resized = true;
	}
	d->fence.reorders = d->facts.separate_tasks;
	d->rescan_not_before = d->now + SLOW_MS;
	pr->rounds = pr->unsaid = 0;
	disk_step(d, PHASE_EV_WELL, NULL);
}

static void fail(struct disk *d, enum phase_event how)
{
	const struct failure f = { ENODEV, d->probe.why };
	bool awaited =
		d->known || d->phase == PHASE_OTHER || how == PHASE_EV_OTHER;

	/* The same at each new login is no news. */
	if (awaited && (!disk_has_failed(d) || strcmp(d->reason, f.reason)))
		note(d, LOG_ERR, "failed: %s", f.reason);
	if (!d->known)
		d->identity = d->probe.identity;
	disk_step(d, how, &f);
}

static void give_up(void *obj, const void *arg)
{
	fail(obj, PHASE_EV_FAILED);
}

static void give_up_other(void *obj, const void *arg)
{
	fail(obj, PHASE_EV_OTHER);
}

static void ask_again(void *obj, const void *arg);
static void begin(void *obj, const void *arg);
static void begin_rescan(void *obj, const void *arg);
static void stop(void *obj, const void *arg);

#define ROW(step, ev, next)                                                    \
	{                                                                      \
		IN(step), ev, next, NULL, NULL                                 \
	}
/* A step that may come to nothing; and one that may be left out, too. */
#define ANYHOW(step, next)                                                     \
	ROW(step, EV_OK, next), ROW(step, EV_REFUSED, next),                   \
		ROW(step, EV_BAD, next)
#define IF_ANY(step, next) ANYHOW(step, next), ROW(step, EV_ABSENT, next)

#define ALL_STEPS (IN(STEP_COUNT) - 1)
#define DECISIONS (IN(STEP_IDENTITY) | IN(STEP_SIZED) | IN(STEP_FACTS))
#define COMMANDS  (ALL_STEPS & ~IN(STEP_IDLE) & ~DECISIONS)

static const struct fsm_row probe_rows[] = {
	{ ALL_STEPS, EV_BEGIN, STEP_READY, begin, NULL },
	{ IN(STEP_IDLE), EV_RESCAN, STEP_LIMITS, begin_rescan, NULL },
	{ ALL_STEPS, EV_STOP, STEP_IDLE, stop, NULL },

	{ COMMANDS, EV_GONE, STEP_IDLE, give_up, NULL },
	{ DECISIONS | IN(STEP_INQUIRY) | IN(STEP_CAPACITY10), EV_UNFIT,
	  STEP_IDLE, give_up, NULL },
	{ IN(STEP_IDENTITY), EV_OTHER, STEP_IDLE, give_up_other, NULL },
	{ IN(STEP_INQUIRY) | IN(STEP_IDENTITY) | IN(STEP_CAPACITY10) |
		  IN(STEP_SIZED),
	  EV_UNSAID, STEP_READY, ask_again, NULL },

	ROW(STEP_READY, EV_STOPPED, STEP_START),
	ANYHOW(STEP_READY, STEP_INQUIRY),
	ANYHOW(STEP_START, STEP_INQUIRY),

	ROW(STEP_INQUIRY, EV_OK, STEP_PAGES),
	{ IN(STEP_INQUIRY), EV_REFUSED, STEP_IDLE, give_up, NULL },
	{ IN(STEP_INQUIRY), EV_BAD, STEP_IDLE, give_up, NULL },

	IF_ANY(STEP_PAGES, STEP_SERIAL),
	IF_ANY(STEP_SERIAL, STEP_ID),
	IF_ANY(STEP_ID, STEP_IDENTITY),
	ROW(STEP_IDENTITY, EV_OK, STEP_LIMITS),

	IF_ANY(STEP_LIMITS, STEP_CHARACTERISTICS),
	IF_ANY(STEP_CHARACTERISTICS, STEP_PROVISIONING),
	IF_ANY(STEP_PROVISIONING, STEP_CAPACITY16),

	ROW(STEP_CAPACITY16, EV_OK, STEP_MODE6),
	ROW(STEP_CAPACITY16, EV_REFUSED, STEP_CAPACITY10),
	ROW(STEP_CAPACITY16, EV_BAD, STEP_CAPACITY10),
	ANYHOW(STEP_CAPACITY10, STEP_SIZED),
	ROW(STEP_SIZED, EV_OK, STEP_MODE6),

	ROW(STEP_MODE6, EV_OK, STEP_CONTROL),
	ROW(STEP_MODE6, EV_REFUSED, STEP_MODE10),
	ROW(STEP_MODE6, EV_BAD, STEP_CONTROL),
	ROW(STEP_MODE10, EV_OK, STEP_CONTROL),
	ROW(STEP_MODE10, EV_REFUSED, STEP_MODE_ALL),
	ROW(STEP_MODE10, EV_BAD, STEP_CONTROL),
	ANYHOW(STEP_MODE_ALL, STEP_CONTROL),
	ANYHOW(STEP_CONTROL, STEP_FACTS),

	{ IN(STEP_FACTS), EV_OK, STEP_IDLE, finish, NULL },
};

static const char *const step_names[STEP_COUNT] = {
	"idle",	      "ready",		 "start",	 "inquiry",
	"pages",      "serial",		 "id",		 "identity",
	"limits",     "characteristics", "provisioning", "capacity16",
	"capacity10", "sized",		 "mode6",	 "mode10",
	"mode-all",   "control",	 "facts",
};

static const char *const event_names[EV_COUNT] = {
	"ok",	 "absent", "refused", "bad",   "stopped", "gone",
	"unfit", "other",  "unsaid",  "begin", "rescan",  "stop",
};

static bool is_being_looked_at(const struct disk *d)
{
	return d->phase == PHASE_PROBING || d->phase == PHASE_CHECKING;
}

static const char *probe_check(const void *obj)
{
	const struct disk *d = obj;
	const struct probe *pr = &d->probe;

	if (pr->step == STEP_IDLE && pr->slow.on)
		return "it waits for the next try of nothing";
	if (pr->step == STEP_IDLE && !pr->again && is_being_looked_at(d))
		return "nobody looks at the disk that waits for it";
	if (pr->step != STEP_IDLE && (pr->inflight || pr->answered))
		return "a command of the step before is out";
	return NULL;
}

/* What was found out may be wrong: the next login asks again. */
static void probe_broken(void *obj, const char *what)
{
	struct disk *d = obj;

	if (note_allowed(d))
		note(d, LOG_ERR, "%s: it fails until the next login", what);
	disk_set_failed(d, EIO, what);
}

const struct fsm probe_fsm = {
	.name = "probe",
	.states = step_names,
	.events = event_names,
	.rows = probe_rows,
	.nrows = sizeof(probe_rows) / sizeof(probe_rows[0]),
	.nstates = STEP_COUNT,
	.nevents = EV_COUNT,
	.check = probe_check,
	.broken = probe_broken,
};

static void step(struct disk *d, enum probe_event ev)
{
	/* A failure of it has been dealt with: probe_broken(). */
	(void)fsm_step(&probe_fsm, &d->probe.step, (uint8_t)ev, d, NULL);
}

/* Running ------------------------------------------------------------- */

/* It was known, here or to the engine before. */
static bool is_awaited(const struct disk *d)
{
	return d->known || *d->expect;
}

static void reset(struct disk *d)
{
	struct probe *pr = &d->probe;

	pr->again = false;
	pr->tries = 0;
	pr->alloc = VPD_ALLOC;
	pr->facts = d->facts; /* what is not told again still holds */
	pr->why[0] = '\0';
	pause_end(&pr->slow);
}

static void begin(void *obj, const void *arg)
{
	struct disk *d = obj;
	struct probe *pr = &d->probe;

	reset(d);
	memset(&pr->pages, 0, sizeof(pr->pages));
	memset(&pr->identity, 0, sizeof(pr->identity));
	pr->naming = VPD_UNNAMED;
	pr->serial_cut = false;
	if (pr->rounds > ROUNDS) {
		pr->slow_ms = SLOW_MS;
		pause_begin(&pr->slow);
	}
}

/*
 * A new engine does not know what the one before it did: it must not go on
 * without the limits of a target that has them.
 */
static bool lacks_facts(const struct disk *d)
{
	const struct probe *pr = &d->probe;

	return (pr->step == STEP_LIMITS && !pr->facts.has_limits) ||
	       (pr->step == STEP_PROVISIONING && !pr->facts.has_provisioning);
}

/*
 * A target that is being set up again may show a disk late or for a moment
 * not wholly: one that was known gets some time to come back.
 */
static bool deserves_grace(const struct disk *d, enum probe_event ev)
{
	const uint32_t naming = IN(STEP_PAGES) | IN(STEP_SERIAL) | IN(STEP_ID);
	bool bad = ev == EV_BAD || ev == EV_REFUSED;

	if (!is_awaited(d) || d->probe.tries >= GRACE)
		return false;
	return ev == EV_GONE || (ev == EV_BAD && naming & IN(d->probe.step)) ||
	       (bad && lacks_facts(d));
}

/* Each second at first, then after longer and longer pauses. */
static uint32_t pause_after(unsigned tries)
{
	unsigned n = tries > GRACE ? tries - GRACE : 0;
	uint32_t ms = SLOW_MS << (n < STEPS ? n : STEPS);

	return ms < LONG ? ms : LONG;
}

static void repeat_slowly(struct disk *d)
{
	struct probe *pr = &d->probe;

	pr->tries++;
	pr->slow_ms = SLOW_MS;
	pause_begin(&pr->slow);
	if (is_awaited(d))
		disk_step(d, PHASE_EV_UNSAID, pr->why);
}

/* What has to be known of a disk that was served was not said. */
static void ask_again(void *obj, const void *arg)
{
	struct disk *d = obj;
	struct probe *pr = &d->probe;

	disk_step(d, PHASE_EV_UNSAID, pr->why);
	begin(d, NULL);
	pr->slow_ms = pause_after(++pr->unsaid);
	pause_begin(&pr->slow);
}

static void emit(struct disk *d, enum probe_event ev)
{
	struct probe *pr = &d->probe;

	say(d, TOPIC_INIT, "%s: %s", step_names[pr->step], event_names[ev]);
	if (deserves_grace(d, ev)) {
		repeat_slowly(d);
		return;
	}
	if (is_awaited(d) && pr->step == STEP_INQUIRY &&
	    (ev == EV_REFUSED || ev == EV_BAD))
		ev = EV_UNSAID;
	pr->tries = 0;
	pr->alloc = VPD_ALLOC;
	step(d, ev);
}

static void say_why(struct probe *pr)
{
	char text[SENSE_TEXT_SIZE];

	policy_text(&pr->cmd, text, sizeof(text));
	snprintf(pr->why, sizeof(pr->why), "%s: %s", cdb_name(pr->cmd.cdb),
		 text);
}

static enum probe_event event_of_failure(struct disk *d, const struct sense *s)
{
	struct probe *pr = &d->probe;

	say_why(pr);
	if (s->key == KEY_ILLEGAL_REQUEST)
		return s->code >> 8 == 0x25 ? EV_GONE : EV_REFUSED;
	if (s->key == KEY_NOT_READY && s->code == ASC(0x04, 0x02) &&
	    pr->step == STEP_READY)
		return EV_STOPPED;
	return EV_BAD;
}

/* A page that did not fit is asked for once more, whole. */
static bool wants_more(struct probe *pr, size_t n)
{
	uint8_t page = probe_actions[pr->step].vpd;
	size_t len;

	if (!page || pr->alloc != VPD_ALLOC ||
	    vpd_length(pr->buf, n, page, &len) || len <= VPD_ALLOC)
		return false;
	pr->alloc = len < PROBE_BUF ? (uint16_t)len : PROBE_BUF;
	return true;
}

/* A page that says that it is longer than what came of it. */
static bool is_cut(const struct probe *pr, size_t n)
{
	const uint8_t *cdb = pr->cmd.cdb;
	size_t len;

	return cdb[0] == SCSI_INQUIRY && cdb[1] & 1 && n < pr->alloc &&
	       (vpd_length(pr->buf, n, cdb[2], &len) || n < len);
}

static void repeat_cut(struct disk *d)
{
	struct probe *pr = &d->probe;

	snprintf(pr->why, sizeof(pr->why), "%s: the answer lacks bytes",
		 cdb_name(pr->cmd.cdb));
	repeat_slowly(d);
}

static void read_answer(struct disk *d)
{
	struct probe *pr = &d->probe;
	const struct cmd *c = &pr->cmd;
	size_t n = c->underflow < c->len ? c->len - c->underflow : 0;

	if (pr->step == STEP_SERIAL)
		pr->serial_cut = is_cut(pr, n);
	if (is_cut(pr, n) && pr->tries < (is_awaited(d) ? GRACE : WHOLE))
		repeat_cut(d);
	else if (!wants_more(pr, n))
		emit(d, probe_actions[pr->step].read(d, pr->buf, n));
}

static void judge(struct disk *d)
{
	struct probe *pr = &d->probe;
	struct sense s;
	const struct policy *p = policy_find(&pr->cmd, &s);

	if (pr->step == STEP_IDLE) /* stopped while it was on its way */
		return;
	say_sense(d, &pr->cmd);
	disk_effect(d, p, &s);
	if (pr->again) /* the answer is to a question of yesterday */
		return;
	switch (policy_verdict(p, pr->tries)) {
	case VERDICT_OK:
		read_answer(d);
		break;
	case VERDICT_NOW:
		say_retry(d, &pr->cmd, "at once");
		pr->tries++;
		break;
	case VERDICT_SLOW:
		say_retry(d, &pr->cmd, "in a second");
		say_why(pr);
		repeat_slowly(d);
		break;
	case VERDICT_FAIL:
		emit(d, event_of_failure(d, &s));
		break;
	case VERDICT_WAIT: /* the next nexus begins anew */
		break;
	}
}

static void on_answer(struct cmd *c)
{
	struct probe *pr = container_of(c, struct probe, cmd);
	struct disk *d = container_of(pr, struct disk, probe);

	pr->inflight = false;
	pr->answered = true;
	if (c->outcome == CMD_LOST)
		disk_lost(d);
	disk_run(d);
}

static void send_step(struct disk *d)
{
	struct probe *pr = &d->probe;

	/* What a target leaves out must not be the last answer's bytes. */
	memset(pr->buf, 0, sizeof(pr->buf));
	memcpy(pr->cmd.lun, d->lun, LUN_LEN);
	pr->cmd.timeout = PROBE_TASK_MS;
	pr->cmd.done = on_answer;
	pr->inflight = true;
	session_submit(d->session, &pr->cmd);
}

static void run_step(struct disk *d)
{
	struct probe *pr = &d->probe;
	const struct probe_action *st = &probe_actions[pr->step];

	if (!st->build)
		emit(d, st->read(d, NULL, 0));
	else if (st->build(d, &pr->cmd))
		send_step(d);
	else
		emit(d, EV_ABSENT);
}

/* What may change while a disk is in use. */
static void begin_rescan(void *obj, const void *arg)
{
	struct disk *d = obj;

	reset(d);
	d->probe.pages = d->pages;
	d->probe.identity = d->identity;
}

static bool rescan_is_due(const struct disk *d)
{
	return d->rescan_wanted && d->phase == PHASE_ONLINE &&
	       d->now >= d->rescan_not_before;
}

void probe_run(struct disk *d)
{
	struct probe *pr = &d->probe;

	for (;;) {
		if (pr->answered) {
			pr->answered = false;
			judge(d);
		}
		if (pr->inflight || pr->answered || !d->session)
			return;
		if (pr->again)
			step(d, EV_BEGIN);
		if (pr->step == STEP_IDLE && rescan_is_due(d))
			step(d, EV_RESCAN);
		if (pr->step == STEP_IDLE || pr->slow.on)
			return;
		run_step(d);
	}
}

static void stop(void *obj, const void *arg)
{
	struct disk *d = obj;
	struct probe *pr = &d->probe;

	pr->again = false;
	pr->rounds = 0;
	pr->unsaid = 0;
	pause_end(&pr->slow);
}

void probe_stop(struct disk *d)
{
	step(d, EV_STOP);
}

void probe_begin(struct disk *d)
{
	d->probe.again = true;
	d->run_again = true;
}

void probe_recheck(struct disk *d)
{
	struct probe *pr = &d->probe;
	bool other = d->phase == PHASE_OTHER;
	bool checking =
		is_being_looked_at(d) || (other && pr->step != STEP_IDLE);

	if (!d->session || pr->again ||
	    !(checking || other || d->phase == PHASE_ONLINE))
		return;
	if (checking && pr->step <= STEP_INQUIRY)
		return; /* all that counts is still to be asked */
	if (checking && pr->rounds <= ROUNDS)
		pr->rounds++;
	disk_step(d, PHASE_EV_LOOK, NULL);
}

void probe_tick(struct disk *d)
{
	pause_over(&d->probe.slow, d->now, d->probe.slow_ms);
}

void probe_hurry(struct disk *d)
{
	if (is_awaited(d) && d->phase != PHASE_ONLINE)
		pause_end(&d->probe.slow);
}

uint64_t probe_wake(const struct disk *d)
{
	if (!d->session)
		return UINT64_MAX;
	if (d->probe.step == STEP_IDLE)
		return d->rescan_wanted && d->phase == PHASE_ONLINE
			       ? d->rescan_not_before
			       : UINT64_MAX;
	return pause_wake(&d->probe.slow);
}

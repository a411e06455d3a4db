/*
 * life - of a disk: a table, nexus up and down, failing, events; the calls of
 * disk/disk.h.
 *
 * Requests are moved by queue.c, what the LUN is probe.c finds out.
 */
#include "disk/probe.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/fsm.h"
#include "base/log.h"
#include "base/str.h"

static const struct fence_rules no_rules = { 0 };

/* What must hold ------------------------------------------------------ */

#define WAS_SERVED                                                             \
	(IN(PHASE_AWAY) | IN(PHASE_CHECKING) | IN(PHASE_ONLINE) |              \
	 IN(PHASE_FAILED))
#define NEVER_SERVED (IN(PHASE_NEW) | IN(PHASE_PROBING) | IN(PHASE_UNFIT))
#define LOOKED_AT    (IN(PHASE_PROBING) | IN(PHASE_CHECKING))
#define MAY_LOOK     (LOOKED_AT | IN(PHASE_ONLINE) | IN(PHASE_OTHER))
#define FAILURES                                                               \
	(IN(PHASE_UNFIT) | IN(PHASE_FAILED) | IN(PHASE_OTHER) | IN(PHASE_DEAD))
#define NEVER_WAITS (IN(PHASE_OTHER) | IN(PHASE_DEAD))

static const char *disk_check(const void *obj)
{
	const struct disk *d = obj;
	const struct probe *pr = &d->probe;
	bool looks = pr->again || pr->step != STEP_IDLE;

	if (IN(d->phase) & WAS_SERVED && !d->known)
		return "it was never served";
	if (IN(d->phase) & NEVER_SERVED && d->known)
		return "it was served";
	if (IN(d->phase) & LOOKED_AT && !looks)
		return "nobody looks at it";
	if (!(IN(d->phase) & MAY_LOOK) && looks)
		return "somebody looks at it";
	/* A rescan asks what may change while a disk is in use, no more. */
	if (d->phase == PHASE_ONLINE && looks &&
	    (pr->again || pr->step < STEP_LIMITS))
		return "it is served before it is known to be the same";
	if (IN(d->phase) & FAILURES && !d->fail_err)
		return "its requests would end well";
	if (IN(d->phase) & NEVER_WAITS && d->waits.on)
		return "it waits for an answer";
	return NULL;
}

/* Steps --------------------------------------------------------------- */

static void act_look(void *obj, const void *arg)
{
	probe_begin(obj);
}

static void act_down(void *obj, const void *arg)
{
	probe_stop(obj);
}

static void act_known(void *obj, const void *arg)
{
	struct disk *d = obj;
	const struct disk_past *past = arg;
	struct disk_identity *id = &d->identity;

	str_copy(id->id, sizeof(id->id), past->identity);
	str_copy(id->serial, sizeof(id->serial), past->serial);
	d->geometry = *past->geometry;
	d->facts = (struct disk_facts){
		.mode.write_protected = past->geometry->read_only,
	};
	d->known = true;
}

static void act_well(void *obj, const void *arg)
{
	struct disk *d = obj;

	d->known = true;
	waits_end(d, true);
}

static void act_unsaid(void *obj, const void *arg)
{
	waits_for(obj, arg);
}

static void act_fail(void *obj, const void *arg)
{
	struct disk *d = obj;
	const struct failure *f = arg;

	probe_stop(d);
	waits_end(d, false);
	d->fail_err = f->err;
	str_copy(d->reason, sizeof(d->reason), f->reason);
	d->run_again = true;
}

/* What it is nobody can say any more: then nothing is written to it. */
static void disk_broken(void *obj, const char *what)
{
	struct disk *d = obj;

	if (note_allowed(d))
		note(d, LOG_ERR, "%s: it fails for good", what);
	d->phase = PHASE_DEAD;
	act_fail(d, &(struct failure){ EIO, what });
}

#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		IN(PHASE_##from), PHASE_EV_##ev, PHASE_##to, act, NULL         \
	}
#define IGNORED(in, ev, why)                                                   \
	{                                                                      \
		IN(PHASE_##in), PHASE_EV_##ev, FSM_IGNORED, NULL, why          \
	}

static const struct fsm_row rows[] = {
	ROW(NEW, LOOK, PROBING, act_look),
	IGNORED(NEW, DOWN, "nobody looks at it"),
	ROW(NEW, KNOWN, AWAY, act_known),
	ROW(NEW, UNSAID, NEW, act_unsaid),
	ROW(NEW, FAILED, UNFIT, act_fail),
	ROW(NEW, ENDED, DEAD, act_fail),

	ROW(PROBING, LOOK, PROBING, act_look),
	ROW(PROBING, DOWN, NEW, act_down),
	ROW(PROBING, KNOWN, CHECKING, act_known),
	ROW(PROBING, WELL, ONLINE, act_well),
	ROW(PROBING, OTHER, OTHER, act_fail),
	ROW(PROBING, UNSAID, PROBING, act_unsaid),
	ROW(PROBING, FAILED, UNFIT, act_fail),
	ROW(PROBING, ENDED, DEAD, act_fail),

	ROW(AWAY, LOOK, CHECKING, act_look),
	IGNORED(AWAY, DOWN, "nobody looks at it"),
	ROW(AWAY, KNOWN, AWAY, act_known),
	ROW(AWAY, UNSAID, AWAY, act_unsaid),
	ROW(AWAY, FAILED, FAILED, act_fail),
	ROW(AWAY, ENDED, DEAD, act_fail),

	ROW(CHECKING, LOOK, CHECKING, act_look),
	ROW(CHECKING, DOWN, AWAY, act_down),
	ROW(CHECKING, KNOWN, CHECKING, act_known),
	ROW(CHECKING, WELL, ONLINE, act_well),
	ROW(CHECKING, OTHER, OTHER, act_fail),
	ROW(CHECKING, UNSAID, CHECKING, act_unsaid),
	ROW(CHECKING, FAILED, FAILED, act_fail),
	ROW(CHECKING, ENDED, DEAD, act_fail),

	ROW(ONLINE, LOOK, CHECKING, act_look),
	ROW(ONLINE, DOWN, AWAY, act_down),
	ROW(ONLINE, KNOWN, ONLINE, act_known),
	ROW(ONLINE, WELL, ONLINE, act_well),
	ROW(ONLINE, UNSAID, ONLINE, act_unsaid),
	ROW(ONLINE, FAILED, FAILED, act_fail),
	ROW(ONLINE, ENDED, DEAD, act_fail),

	ROW(UNFIT, LOOK, PROBING, act_look),
	IGNORED(UNFIT, DOWN, "nobody looks at it"),
	ROW(UNFIT, KNOWN, FAILED, act_known),
	ROW(UNFIT, UNSAID, UNFIT, act_unsaid),
	ROW(UNFIT, FAILED, UNFIT, act_fail),
	ROW(UNFIT, ENDED, DEAD, act_fail),

	ROW(FAILED, LOOK, CHECKING, act_look),
	IGNORED(FAILED, DOWN, "nobody looks at it"),
	ROW(FAILED, KNOWN, FAILED, act_known),
	ROW(FAILED, UNSAID, FAILED, act_unsaid),
	ROW(FAILED, FAILED, FAILED, act_fail),
	ROW(FAILED, ENDED, DEAD, act_fail),

	ROW(OTHER, LOOK, OTHER, act_look),
	ROW(OTHER, DOWN, OTHER, act_down),
	ROW(OTHER, KNOWN, OTHER, act_known),
	ROW(OTHER, WELL, ONLINE, act_well),
	ROW(OTHER, OTHER, OTHER, act_fail),
	IGNORED(OTHER, UNSAID, "no request waits for it"),
	ROW(OTHER, FAILED, OTHER, act_fail),
	ROW(OTHER, ENDED, DEAD, act_fail),

	IGNORED(DEAD, LOOK, "it is never touched again"),
	IGNORED(DEAD, DOWN, "nobody looks at it"),
	IGNORED(DEAD, KNOWN, "it is never touched again"),
	IGNORED(DEAD, UNSAID, "no request waits for it"),
	IGNORED(DEAD, FAILED, "the first reason holds"),
	IGNORED(DEAD, ENDED, "the first reason holds"),
};

static const char *const phase_names[PHASES + 1] = {
	"NEW",	 "PROBING", "AWAY",  "CHECKING", "ONLINE",
	"UNFIT", "FAILED",  "OTHER", "DEAD",	 NULL,
};

static const char *const event_names[PHASE_EVENTS + 1] = {
	"LOOK",	  "DOWN",   "KNOWN", "WELL", "OTHER",
	"UNSAID", "FAILED", "ENDED", NULL,
};

const struct fsm disk_fsm = {
	.name = "disk",
	.states = phase_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(rows[0]),
	.nstates = PHASES,
	.nevents = PHASE_EVENTS,
	.check = disk_check,
	.broken = disk_broken,
};

void disk_step(struct disk *d, enum phase_event ev, const void *arg)
{
	/* A failure of it has been dealt with: disk_broken(). */
	(void)fsm_step(&disk_fsm, &d->phase, (uint8_t)ev, d, arg);
}

void disk_set_failed(struct disk *d, int err, const char *reason)
{
	disk_step(d, PHASE_EV_FAILED, &(struct failure){ err, reason });
}

/* Making, running ----------------------------------------------------- */

struct disk *disk_new(const uint8_t lun[static LUN_LEN], const char *expect_id,
		      const struct disk_ops *ops, void *ctx)
{
	struct disk *d = arena_alloc(sizeof(*d));

	if (!d)
		return NULL;
	memset(d, 0, sizeof(*d));
	memcpy(d->lun, lun, LUN_LEN);
	d->ops = ops;
	d->ctx = ctx;
	if (expect_id)
		str_copy(d->expect, sizeof(d->expect), expect_id);
	d->rules = &no_rules;
	list_init(&d->queue);
	list_init(&d->answered);
	list_init(&d->on_wire);
	return d;
}

void disk_free(struct disk *d)
{
	if (!d)
		return;
	if (d->running)
		d->dying = true; /* disk_run() ends it */
	else
		arena_free(d, sizeof(*d));
}

/*
 * That a disk is probed, or waits to be, the owner knows.
 */
static void tell_state(struct disk *d)
{
	enum disk_state s = disk_state(d), before = d->told;

	if (s == before)
		return;
	d->told = s;
	if (s == DISK_PROBING || (s == DISK_WAITING && before == DISK_PROBING))
		return;
	d->ops->state(d->ctx, d);
}

static void tell(struct disk *d)
{
	tell_state(d);
	if (d->tell_resized) {
		d->tell_resized = false;
		d->ops->resized(d->ctx, d);
	}
	if (d->tell_luns) {
		d->tell_luns = false;
		d->ops->luns_changed(d->ctx, d);
	}
	if (d->tell_fence) {
		d->tell_fence = false;
		if (d->ops->fence)
			d->ops->fence(d->ctx, d);
	}
	if (d->tell_elsewhere) {
		d->tell_elsewhere = false;
		if (d->ops->elsewhere)
			d->ops->elsewhere(d->ctx, d);
	}
	if (d->tell_waits) {
		d->tell_waits = false;
		if (d->ops->waits)
			d->ops->waits(d->ctx, d);
	}
}

void disk_run(struct disk *d)
{
	if (d->running) {
		d->run_again = true;
		return;
	}
	d->running = true;
	do {
		d->run_again = false;
		if (d->ticked) {
			d->ticked = false;
			queue_overdue(d);
		}
		fence_run(d);
		probe_run(d);
		tell(d);
		queue_run(d);
		tell(d);
	} while (d->run_again && !d->dying);
	d->running = false;
	if (d->dying)
		arena_free(d, sizeof(*d));
}

void disk_lost(struct disk *d)
{
	d->session = NULL;
}

/* From outside -------------------------------------------------------- */

void disk_nexus_up(struct disk *d, struct session *s, uint64_t now)
{
	d->now = now;
	fence_check_wait(d);
	d->session = s;
	d->reset_expected = true;
	d->refused = 0;
	d->expired = 0;
	d->slow_mode = d->may_send_one = false;
	pause_end(&d->slow);
	fence_up(d);
	if (fence_is_clear(d))
		disk_step(d, PHASE_EV_LOOK, NULL);
	disk_run(d);
}

static bool is_as_expected(const struct disk *d, const char *identity)
{
	return d->known &&
	       (!*identity || strcmp(d->identity.id, identity) == 0);
}

void disk_resume(struct disk *d, const struct disk_past *past)
{
	if (is_as_expected(d, past->identity))
		return;
	disk_step(d, PHASE_EV_KNOWN, past);
	/* Else that begins with the nexus, or behind the fence. */
	if (d->session && fence_is_clear(d))
		disk_step(d, PHASE_EV_LOOK, NULL);
	disk_run(d);
}

void disk_set_patience(struct disk *d, uint32_t ms, uint64_t now)
{
	d->now = now;
	d->patience = ms;
	disk_run(d);
}

void disk_set_limit(struct disk *d, uint32_t ms, uint64_t now)
{
	d->now = now;
	d->limit = ms;
	disk_run(d);
}

void disk_set_task_limit(struct disk *d, uint32_t ms)
{
	d->task_limit = ms;
}

void disk_was_reset(struct disk *d)
{
	d->reset_expected = true;
}

void disk_nexus_down(struct disk *d, uint64_t now)
{
	d->now = now;
	disk_lost(d);
	fence_down(d);
	disk_step(d, PHASE_EV_DOWN, NULL);
	disk_run(d);
}

void disk_expire(struct disk *d, int err, uint64_t now)
{
	d->now = now;
	d->expired = err;
	disk_run(d);
}

void disk_fail(struct disk *d, int err, const char *reason)
{
	disk_step(d, PHASE_EV_ENDED, &(struct failure){ -err, reason });
	disk_run(d);
}

static bool may_be_right_again(const struct disk *d)
{
	return disk_has_failed(d) && d->phase != PHASE_DEAD && d->session;
}

void disk_listed(struct disk *d, uint64_t now)
{
	bool asks = d->probe.again || d->probe.step != STEP_IDLE;

	d->now = now;
	/* Attentions about lists may come in storms: see probe_recheck(). */
	if (may_be_right_again(d) && !asks)
		disk_step(d, PHASE_EV_LOOK, NULL);
	disk_run(d);
}

void disk_rescan(struct disk *d, uint64_t now)
{
	d->now = now;
	if (may_be_right_again(d))
		disk_step(d, PHASE_EV_LOOK, NULL);
	else
		d->rescan_wanted = true;
	probe_hurry(d);
	disk_run(d);
}

static void effect_reset(struct disk *d, const struct sense *s)
{
	char text[SENSE_TEXT_SIZE];

	if (d->reset_expected) {
		d->reset_expected = false;
		return;
	}
	if (!note_allowed(d))
		return;
	sense_text(s, text, sizeof(text));
	note(d, LOG_NOTICE, "the target reports a reset: %s", text);
}

void disk_effect(struct disk *d, const struct policy *p, const struct sense *s)
{
	switch (p->effect) {
	case EFFECT_RESET:
		effect_reset(d, s);
		break;
	case EFFECT_RESCAN:
		d->rescan_wanted = true;
		d->run_again = true;
		break;
	case EFFECT_LUNS:
		d->tell_luns = true;
		probe_recheck(d);
		break;
	case EFFECT_RECHECK:
		probe_recheck(d);
		break;
	case EFFECT_ELSEWHERE:
		d->tell_elsewhere = true;
		break;
	case EFFECT_NONE:
	case EFFECT_REFUSED:
	case EFFECT_GONE:
		break;
	}
}

void disk_event(struct disk *d, const uint8_t *sense, size_t n, uint64_t now)
{
	struct sense s;

	d->now = now;
	if (sense_parse(sense, n, &s) == 0)
		disk_effect(d, policy_find_sense(&s), &s);
	disk_run(d);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t disk_next_wake(const struct disk *d)
{
	return earlier(earlier(queue_wake(d), fence_wake(d)),
		       earlier(probe_wake(d), notes_wake(d)));
}

void disk_tick(struct disk *d, uint64_t now)
{
	d->now = now;
	d->ticked = true;
	fence_tick(d);
	queue_tick(d);
	probe_tick(d);
	waits_tick(d);
	notes_tick(d);
	disk_run(d);
}

enum disk_state disk_state(const struct disk *d)
{
	static const enum disk_state shown[PHASES] = {
		[PHASE_NEW] = DISK_WAITING,
		[PHASE_AWAY] = DISK_WAITING,
		[PHASE_PROBING] = DISK_PROBING,
		[PHASE_CHECKING] = DISK_CHECKING,
		[PHASE_ONLINE] = DISK_ONLINE,
		[PHASE_UNFIT] = DISK_FAILED,
		[PHASE_FAILED] = DISK_FAILED,
		[PHASE_OTHER] = DISK_FAILED,
		[PHASE_DEAD] = DISK_FAILED,
	};

	return shown[d->phase];
}

const char *disk_reason(const struct disk *d)
{
	return disk_has_failed(d) ? d->reason : "";
}

bool disk_is_no_disk(const struct disk *d)
{
	const struct inquiry *inq = &d->identity.inquiry;

	return disk_has_failed(d) && d->phase != PHASE_DEAD && !d->known &&
	       inquiry_is_present(inq) && !inquiry_is_disk(inq->type);
}

const struct disk_geometry *disk_geometry(const struct disk *d)
{
	return &d->geometry;
}

const struct disk_identity *disk_identity(const struct disk *d)
{
	return &d->identity;
}

const uint8_t *disk_lun(const struct disk *d)
{
	return d->lun;
}

bool disk_idle(const struct disk *d)
{
	return d->inflight == 0 && !d->probe.inflight && fence_is_idle(d);
}

/*
 * life - of a disk: nexus up and down, failing, events; the calls of
 * disk/disk.h.
 *
 * Requests are moved by queue.c, what the LUN is probe.c finds out.
 */
#include "disk/probe.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"

static const struct fence_rules no_rules = { 0 };

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
	enum disk_state s = d->state, before = d->told;

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

void disk_set_failed(struct disk *d, int err, const char *reason)
{
	if (d->state == DISK_FAILED && d->hopeless)
		return;
	d->state = DISK_FAILED;
	probe_stop(d);
	waits_end(d, false);
	d->fail_err = err;
	str_copy(d->reason, sizeof(d->reason), reason);
	d->run_again = true;
}

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
	if (fence_is_clear(d) && !d->hopeless)
		probe_begin(d);
	disk_run(d);
}

static bool is_as_expected(const struct disk *d, const char *identity)
{
	return d->known &&
	       (!*identity || strcmp(d->identity.id, identity) == 0);
}

static void take_past(struct disk *d, const struct disk_past *past)
{
	struct disk_identity *id = &d->identity;

	str_copy(id->id, sizeof(id->id), past->identity);
	str_copy(id->serial, sizeof(id->serial), past->serial);
	d->geometry = *past->geometry;
	d->facts = (struct disk_facts){
		.mode.write_protected = past->geometry->read_only,
	};
	d->known = true;
}

void disk_resume(struct disk *d, const struct disk_past *past)
{
	if (d->hopeless || is_as_expected(d, past->identity))
		return;
	take_past(d, past);
	/* Else that begins with the nexus, or behind the fence. */
	if (d->session && fence_is_clear(d))
		probe_begin(d);
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
	if (d->state != DISK_FAILED)
		d->state = DISK_WAITING;
	probe_stop(d);
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
	disk_set_failed(d, -err, reason);
	d->hopeless = true;
	d->other = false;
	disk_run(d);
}

void disk_listed(struct disk *d, uint64_t now)
{
	bool asks = d->probe.again || d->probe.step != STEP_IDLE;

	d->now = now;
	/* Attentions about lists may come in storms: see probe_recheck(). */
	if (d->state == DISK_FAILED && !d->hopeless && d->session && !asks)
		probe_begin(d);
	disk_run(d);
}

void disk_rescan(struct disk *d, uint64_t now)
{
	d->now = now;
	if (d->state == DISK_FAILED && !d->hopeless && d->session)
		probe_begin(d);
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
	return d->state;
}

const char *disk_reason(const struct disk *d)
{
	return d->state == DISK_FAILED ? d->reason : "";
}

bool disk_is_no_disk(const struct disk *d)
{
	const struct inquiry *inq = &d->identity.inquiry;

	return d->state == DISK_FAILED && !d->known && !d->hopeless &&
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

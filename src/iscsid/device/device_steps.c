/*
 * device_steps - the steps of a device: what one brought, and which event of
 * the machine its end is.
 */
#include "iscsid/device/device_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

static void take_parts(struct device *d, const struct step_result *r)
{
	unsigned n = r->parts.count;

	d->reparted = n != d->nparts;
	d->nparts = n;
	for (unsigned i = 0; i < n; i++) {
		if (d->parts[i] != r->parts.part[i].number)
			d->reparted = true;
		d->parts[i] = r->parts.part[i].number;
	}
}

/* That a disk failed is the cause; what cannot be done then, is not. */
static void note_failure(struct device *d, enum step_kind kind, int err)
{
	char line[REPORTED_TEXT];

	snprintf(line, sizeof(line), "%s failed: %s", step_words(d->via, kind),
		 strerror(-err));
	log_err(d->label, "%s", line);
	if (d->said.online || !*d->failure)
		str_copy(d->failure, sizeof(d->failure), line);
	if (kind == STEP_MOUNT || kind == STEP_LOOP)
		device_fall_back(d, d->failure);
}

/* What a step brought, before the table hears of it. */
static void take_result(struct device *d, enum step_kind kind,
			const struct step_result *r)
{
	switch (kind) {
	case STEP_MOUNT:
		d->handle = r->handle;
		d->number = r->number;
		break;
	case STEP_LOOP:
		d->disk = r->disk;
		d->bytes = r->size;
		d->read_only = r->read_only;
		break;
	case STEP_PARSE:
		take_parts(d, r);
		break;
	case STEP_RESIZE:
		d->bytes = r->size;
		d->read_only = r->read_only;
		if (r->kept)
			note_failure(d, kind, r->kept);
		break;
	case STEP_CLEAR:
		if (r->lost)
			log_err(d->label, "late writes to %s failed: %s",
				device_dev(d), strerror(-r->lost));
		d->disk = -1;
		d->nparts = 0;
		break;
	case STEP_UNMOUNT:
		d->number = -1;
		break;
	default:
		break;
	}
}

bool device_wants_renewal(const struct device *d)
{
	return d->renew == DEVICE_CHANGED || d->renew == DEVICE_CONFUSED ||
	       (d->renew == DEVICE_REPLACED && !d->said.online);
}

/*
 * Nobody wants it to go any more, or it was only to be made anew: then it stays
 * as it is while somebody uses it, and when anything goes wrong.
 */
static bool may_stay(const struct device *d, enum step_kind kind, int err,
		     const struct step_result *r)
{
	if (d->stop || d->lost || d->disk < 0)
		return false;
	if (kind == STEP_USERS)
		return err || r->users.count || !device_wants_renewal(d);
	return kind == STEP_CLEAR && err;
}

/* The event that ends a step; the table decides what it means. */
static enum device_event outcome(const struct device *d, enum step_kind kind,
				 int err, const struct step_result *r)
{
	if (may_stay(d, kind, err, r))
		return DEVICE_STAY;
	if (kind == STEP_CLEAR && err == -EBUSY)
		return d->force ? DEVICE_FORCE : DEVICE_BUSY;
	if (kind == STEP_USERS && d->force)
		return DEVICE_FORCE;
	if (kind == STEP_USERS)
		return err || r->users.count ? DEVICE_BUSY : DEVICE_OK;
	if (kind == STEP_CLEAR)
		return err ? DEVICE_FAILED : DEVICE_OK;
	if (d->stop || d->lost)
		return DEVICE_STOP;
	return err || r->kept ? DEVICE_FAILED : DEVICE_OK;
}

static void on_step(void *ctx, enum step_kind kind, int err,
		    const struct step_result *r)
{
	struct device *d = ctx;
	enum device_event ev = outcome(d, kind, err, r);

	d->worker = NULL;
	if (err == -ECANCELED)
		return;
	if (!err)
		take_result(d, kind, r);
	else if (!(kind == STEP_CLEAR && err == -EBUSY))
		note_failure(d, kind, err);
	device_step(d, ev, r);
}

void device_run(struct device *d, enum step_kind kind,
		const struct partition_table *parts)
{
	struct step *s = device_make_step(d, kind);

	if (parts)
		s->parts = *parts;
	d->worker = device_start_step(d, s, on_step);
	if (!d->worker) {
		note_failure(d, kind, -ENOMEM);
		device_step(d, DEVICE_FAILED, NULL);
	}
}

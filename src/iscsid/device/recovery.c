/*
 * recovery - a device whose engine died is given to the next one.
 *
 * The kernel is told first, then the engine gets a new handle, and when that
 * one asked for all requests the kernel hands out those that waited.
 */
#include "iscsid/device/recovery.h"

#include <errno.h>

#include "base/log.h"
#include "iscsid/device/device_internal.h"
#include "iscsid/host/steps.h"
#include "iscsid/core/core.h"
#include "iscsid/engines/supervise.h"

static void on_step(void *ctx, enum step_kind kind, int err,
		    const struct step_result *r);

static void run(struct device *d, enum step_kind kind)
{
	struct step *s = device_make_step(d, kind);

	/* Whoever has it open waits for this. */
	s->force = true;
	d->recovery = device_start_step(d, s, on_step);
	if (!d->recovery && kind != STEP_FAIL)
		device_lose(d, ENOMEM);
}

static void on_ready(struct device *d, unsigned depth)
{
	d->depth = depth;
	if (device_tell_attach(d, true))
		d->recovering = true;
}

/*
 * Kernels since 6.17 go on only for who opened the handle, and that was a
 * manager before us: the next engine gets one that we opened.
 */
static bool has_old_handle(const struct device *d, int err)
{
	return err == -EINVAL && d->bay->engine && d->bay->engine->adopted;
}

static void on_step(void *ctx, enum step_kind kind, int err,
		    const struct step_result *r)
{
	struct device *d = ctx;

	d->recovery = NULL;
	if (err == -ECANCELED || kind == STEP_FAIL)
		return;
	/* The one that died is replaced, and then this begins again. */
	if (err == -ESRCH && kind == STEP_RECOVERED)
		return;
	if (err && d->state == DEVICE_CLEARING)
		return; /* it is just being stopped */
	if (kind == STEP_RECOVERED && has_old_handle(d, err))
		engine_replace(d->bay->engine,
			       "has a handle of another manager");
	else if (err)
		device_lose(d, -err);
	else if (kind == STEP_RECOVER)
		on_ready(d, r->depth);
	else
		log_debug(d->label, "%s was recovered", device_dev(d));
}

void recovery_begin(struct device *d)
{
	recovery_stop(d);
	run(d, STEP_RECOVER);
}

void recovery_end(struct device *d)
{
	run(d, STEP_RECOVERED);
}

void recovery_attached(struct device *d)
{
	if (!d->recovering)
		return;
	d->recovering = false;
	run(d, STEP_RECOVERED);
}

void recovery_stop(struct device *d)
{
	struct worker *w = d->recovery;

	d->recovering = false;
	d->recovery = NULL;
	manager_abandon(d->bay->m, w);
}

void recovery_give_up(struct device *d)
{
	recovery_stop(d);
	run(d, STEP_FAIL);
}

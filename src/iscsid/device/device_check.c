/*
 * device_check - what must hold of a device in each state, and what becomes of
 * one whose machine met what is impossible.
 */
#include "iscsid/device/device_internal.h"

#include "base/log.h"
#include "base/str.h"
#include "iscsid/core/core.h"

/* A step runs. */
#define WORKS                                                                  \
	(IN(DEVICE_MOUNTING) | IN(DEVICE_LOOPING) | IN(DEVICE_PARSING) |       \
	 IN(DEVICE_ADDING) | IN(DEVICE_RESIZING) | IN(DEVICE_CHECKING) |       \
	 IN(DEVICE_CLEARING) | IN(DEVICE_UNMOUNTING))
/* Somebody may not answer. */
#define WAITS (IN(DEVICE_ATTACHING) | IN(DEVICE_IN_USE) | IN(DEVICE_DETACHING))
/* The time means something. */
#define HAS_TIMER                                                              \
	(WAITS | IN(DEVICE_DOWN) | IN(DEVICE_ONLINE) | IN(DEVICE_CLEARING))
/* The kernel has nothing of it. */
#define IS_NOWHERE (IN(DEVICE_DOWN) | IN(DEVICE_MOUNTING))

static const char *check_work(const struct device *d)
{
	uint32_t at = IN(d->state);

	if (d->worker && !(at & WORKS))
		return "a step runs that nobody waits for";
	if (!d->worker && at & WORKS)
		return "no step runs";
	if (!d->timer.set && at & WAITS)
		return "it would wait for ever";
	if (d->timer.set && !(at & HAS_TIMER))
		return "a timer runs that means nothing";
	return NULL;
}

const char *device_check(const void *obj)
{
	const struct device *d = obj;
	uint32_t at = IN(d->state);

	if (d->force && !d->stop)
		return "it is forced to what nobody wants";
	if (at & IN(DEVICE_DOWN) && d->handle >= 0)
		return "its handle is kept";
	if (at & IS_NOWHERE && (d->linked || d->watch >= 0))
		return "links show what is not there";
	if (at & IN(DEVICE_ONLINE) && (d->disk < 0 || !d->linked))
		return "it has no block device, or no links";
	if (at & (IN(DEVICE_PARSING) | IN(DEVICE_ADDING)) && d->disk < 0)
		return "it has no block device";
	return check_work(d);
}

/* It serves on, and begins anew as soon as nobody is hurt by that. */
void device_broken(void *obj, const char *what)
{
	struct device *d = obj;

	if (d->renew == DEVICE_CONFUSED)
		return;
	log_err(d->label, "%s: it is made anew when nobody uses it", what);
	str_copy(d->failure, sizeof(d->failure), what);
	d->renew = DEVICE_CONFUSED;
	d->renew_told = false;
	if (d->state == DEVICE_ONLINE)
		manager_set_timer(d->bay->m, &d->timer, DEVICE_RENEW_EVERY);
}

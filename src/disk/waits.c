/*
 * waits - a disk that was served waits for an answer about itself: said once,
 * and shown as long as it lasts.
 */
#include "disk/internal.h"

#include "base/log.h"
#include "base/str.h"

#define SAID_AFTER 3 /* tries: a target that restarts needs some */

void waits_for(struct disk *d, const char *what)
{
	struct waits *w = &d->waits;

	if (!w->on)
		*w = (struct waits){ .on = true };
	str_copy(w->what, sizeof(w->what), what);
	if (++w->tries != SAID_AFTER)
		return;
	note(d, LOG_WARNING,
	     "requests wait: %s. It is asked again and again, at once by "
	     "iscsi-rescan; nothing is written before it answers",
	     what);
	w->told = d->tell_waits = true;
}

/* It begins when the time is next told: the disk has no clock. */
void waits_tick(struct disk *d)
{
	struct waits *w = &d->waits;

	if (!w->on || w->counting)
		return;
	w->counting = true;
	w->since = d->now;
}

void waits_end(struct disk *d, bool well)
{
	struct waits *w = &d->waits;

	if (w->told && well)
		note(d, LOG_NOTICE, "is back after %llu s: requests go on",
		     (unsigned long long)(d->now - w->since) / 1000);
	d->tell_waits |= w->told;
	*w = (struct waits){ 0 };
}

bool waits_too_long(const struct disk *d)
{
	return d->waits.told && d->patience &&
	       d->now >= d->waits.since + d->patience;
}

uint64_t waits_wake(const struct disk *d)
{
	if (!d->waits.told || !d->patience || waits_too_long(d))
		return UINT64_MAX;
	return d->waits.since + d->patience;
}

bool disk_waits(const struct disk *d, struct disk_waiting *out)
{
	if (!d->waits.told)
		return false;
	out->what = d->waits.what;
	out->since = d->waits.since;
	return true;
}

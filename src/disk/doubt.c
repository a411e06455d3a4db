/*
 * doubt - writes that an old nexus may still run (docs/ghost-writes.md).
 *
 * A write that was given back as lost may yet be done.  Before anything is
 * sent by a nexus at another place the LUN is cleared there.
 */
#include "disk/internal.h"

#include <string.h>

#include "proto/session.h"

void disk_set_place(struct disk *d, int64_t place)
{
	d->place = place;
}

void disk_doubt(struct disk *d, int64_t place)
{
	d->doubt = true;
	d->doubt_place = place;
}

bool disk_is_in_doubt(const struct disk *d)
{
	return d->doubt && d->doubt_place != d->place;
}

/* Nothing of a nexus at the present place runs any more. */
static void end_at_place(struct disk *d)
{
	if (d->doubt && d->doubt_place == d->place)
		d->doubt = false;
}

void disk_nexus_ended(struct disk *d)
{
	end_at_place(d);
}

static void on_cleared(struct clear_req *r, int err)
{
	struct disk *d = container_of(r, struct disk, clear);

	if (err || !d->session)
		return; /* the next nexus begins anew */
	d->doubt = false;
	if (!d->hopeless)
		probe_begin(d);
	disk_run(d);
}

bool doubt_settle(struct disk *d)
{
	end_at_place(d); /* RFC 7143 6.3.5: reinstated */
	if (!d->doubt)
		return true;
	if (d->hopeless || d->clear.pending)
		return false;
	memcpy(d->clear.lun, d->lun, LUN_LEN);
	d->clear.done = on_cleared;
	session_clear_lun(d->session, &d->clear);
	return false;
}

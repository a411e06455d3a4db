/*
 * demand - what the kernel wants of an engine, in the kernel's own words.
 */
#include "iscsid/target/demand.h"

#include "base/list.h"
#include "iscsid/device/device.h"
#include "iscsid/host/links.h"
#include "iscsid/core/core.h"
#include "iscsid/target/target.h"
#include "iscsid/engines/vigil.h"

/*
 * Our handle is the engine's: the kernel says of it whether a request has yet
 * to be read (via_ops.shared).
 */
static bool is_unread(const struct device *d)
{
	const struct outside *out = d->bay->m->out;

	return d->handle >= 0 && out->is_unread(out, d->handle);
}

/* Reads and writes under way. */
static bool has_io(const struct device *d)
{
	const struct outside *out = d->bay->m->out;
	char name[LINK_DEV_SIZE];

	if (d->disk < 0)
		return false;
	device_name(d, name, sizeof(name));
	return out->has_io(out, name);
}

static unsigned demand(const struct device *d, unsigned wanted)
{
	unsigned is = 0;

	if (!device_is_served(d))
		return 0;
	if (wanted & DEMAND_UNREAD && d->serving && is_unread(d))
		is |= DEMAND_UNREAD;
	if (wanted & DEMAND_IO && (is_unread(d) || has_io(d)))
		is |= DEMAND_IO;
	if (wanted & DEMAND_STEPS && (d->worker || d->recovery))
		is |= DEMAND_STEPS;
	return is;
}

unsigned demand_of(const struct manager *m, const struct engine_process *e,
		   unsigned wanted)
{
	struct list *pos, *at;
	unsigned is = 0;

	list_for_each (pos, &m->targets) {
		struct target *t = container_of(pos, struct target, link);

		if (t->bay.engine != e)
			continue;
		list_for_each (at, &t->bay.devices) {
			is |= demand(container_of(at, struct device, link),
				     wanted & ~is);
			if (is == wanted)
				return is;
		}
	}
	return is;
}

/*
 * demand - what the kernel wants of an engine, in the kernel's own words.
 */
#include "iscsid/target/demand.h"

#include <poll.h>
#include <stdio.h>

#include "base/list.h"
#include "export/sysfs.h"
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
	struct pollfd p = { .fd = d->handle, .events = POLLIN };

	return d->handle >= 0 && poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* Reads and writes under way, as iostat(1) has them. */
static bool has_io(const struct device *d)
{
	char name[LINK_DEV_SIZE], path[LINK_DEV_SIZE + 32], text[64];
	unsigned reads, writes;

	if (d->disk < 0)
		return false;
	device_name(d, name, sizeof(name));
	snprintf(path, sizeof(path), "/sys/block/%s/inflight", name);
	return !sysfs_get(path, text, sizeof(text)) &&
	       sscanf(text, "%u %u", &reads, &writes) == 2 && reads + writes;
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

		if (t->engine != e)
			continue;
		list_for_each (at, &t->devices) {
			is |= demand(container_of(at, struct device, link),
				     wanted & ~is);
			if (is == wanted)
				return is;
		}
	}
	return is;
}

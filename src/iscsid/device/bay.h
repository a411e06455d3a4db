/*
 * bay - a place on a bus: the devices of one target, and what they need of it.
 *
 * It is a part of struct target (iscsid/target/target.h).
 */
#ifndef ISCSID_BAY_H
#define ISCSID_BAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "iscsid/engines/pauses.h"

#define BAY_LUNS 256

struct bay;
struct conf_settings;
struct engine_process;
struct manager;
struct udev_disk;

struct bay_ops { /* the target's */
	/* Its name and portals; borrowed. */
	void (*describe)(const struct bay *b, struct udev_disk *u);
	/* How many devices that are up, or on their way, its engine has. */
	unsigned (*count)(const struct bay *b);
};

struct bay {
	const struct bay_ops *ops;
	struct manager *m;
	uint64_t id;	/* the target's, for its engine */
	char label[32]; /* "bus 0 target 3", for messages */
	unsigned bus, number;
	const struct conf_settings *settings;
	struct engine_process *engine; /* NULL: waits for one */
	bool up;		       /* it has a session */
	struct list devices;
	unsigned ndevices;
	struct budget ignored; /* lines about LUNs that are not ours */
};

#endif

/*
 * records - records of what this manager holds, for the manager after it.
 *
 * A file for each target ("b0t3") and each of its disks ("b0t3l1") in a
 * directory of the run directory, one message (ctl/msg.h) in each.  Engines
 * and the service manager give a new manager the handles; here it finds what
 * they are.
 */
#ifndef ISCSID_RECORDS_H
#define ISCSID_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/bindings.h"
#include "conf/settings.h"
#include "iscsid/messages/reported.h"

#define RECORD_NAME    40 /* "b0t3l1" */
#define RECORD_PORTALS 32

struct record_target {
	uint64_t id; /* as the engine has it */
	char name[NAME_SIZE];
	char key[BINDING_KEY_SIZE];
	unsigned bus, number;
	enum conf_multipath multipath;
	char found_by[ADDR_TEXT_SIZE]; /* a DiscoveryAddress, or "" */
	char group[8];		       /* of its last session, or "" */
	struct addr portals[RECORD_PORTALS];
	unsigned nportals;
};

struct record_disk {
	unsigned bus, number; /* of its target */
	struct reported_lun lun;
};

/* Of the record, and of the disk's file in <rundir>/lun. */
void records_disk_name(unsigned bus, unsigned number, unsigned lun,
		       char dst[static RECORD_NAME]);
/* The other way; false when it is no such name. */
bool records_disk_number(const char *name, unsigned *bus, unsigned *number,
			 unsigned *lun);

/* Each replaces the record as a whole.  0 or -errno. */
int records_put_target(const char *dir, const struct record_target *t);
int records_put_disk(const char *dir, const struct record_disk *d);
/* Fine when there is none. */
void records_drop_target(const char *dir, unsigned bus, unsigned number);
void records_drop_disk(const char *dir, unsigned bus, unsigned number,
		       unsigned lun);

struct records_ops {
	void (*target)(void *ctx, const struct record_target *t);
	void (*disk)(void *ctx, const struct record_disk *d);
};

/* Reads all records; one that is no record is removed.  0 or -errno. */
int records_each(const char *dir, const struct records_ops *ops, void *ctx);

#endif

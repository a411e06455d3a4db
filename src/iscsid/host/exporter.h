/*
 * exporter - by what way a disk reaches the kernel, and why by this one.
 *
 * Export= of iscsi.conf says what is wanted; what this machine can is asked
 * once, at the start.
 */
#ifndef ISCSID_EXPORTER_H
#define ISCSID_EXPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "disk/geometry.h"
#include "iscsid/engines/reported.h"
#include "iscsid/host/worker.h"

enum exporter {
	EXPORTER_FUSE, /* a FUSE file and a loop device on it */
	EXPORTER_UBLK,
};

#define EXPORTER_WHY 160

struct ublk_host {		/* what this machine can */
	uint64_t features;	/* set of UBLK_CAN_ */
	char why[EXPORTER_WHY]; /* it cannot be used; "": it can */
};

/*
 * Unless every target has Export=fuse: loads the module if need be and asks
 * the kernel, in a worker, turning the loop until that is done.  A line says
 * what came of it.
 */
void exporter_find(const struct conf *conf, struct workers *ws,
		   struct ublk_host *out);

/* What the kernel's set of features, or its -errno, means. */
void exporter_judge(int err, uint64_t features, struct ublk_host *out);

struct exporter_facts {
	enum conf_export wanted;
	const struct ublk_host *host;
	bool engine_can;    /* the engine takes ublk devices */
	const char *failed; /* ublk was tried for this disk: why not; or "" */
};

/*
 * Returns the one to take with its reason in words, or -ENOTSUP: the one
 * that is wanted does not work, and why.
 */
int exporter_choose(const struct exporter_facts *f, char why[EXPORTER_WHY]);

/* For people: "ublk", "FUSE and loop". */
const char *exporter_name(enum exporter e);

/* The name of a block device: "loop3", "ublkb3". */
void exporter_disk_name(enum exporter e, int number, char *dst, size_t size);
/* The other way; false when it is none of them. */
bool exporter_disk_number(const char *name, enum exporter *e, unsigned *number);

/*
 * Is it a ublk device of this run directory?  Then of which place.  Older
 * managers marked theirs with the directory's name, which a directory in
 * another mount namespace may have, too.
 */
struct options;
struct ublk_info;
struct ublk_place;
bool exporter_is_ours(const struct options *o, const struct ublk_info *info,
		      struct ublk_place *at);

/* What an exporter must know of a disk; every number is fit for the kernel. */
void exporter_geometry(const struct reported_lun *l, struct disk_geometry *out);

#endif

/*
 * exporter - the table of exporters; which one a disk takes, and why.
 *
 * Export= of iscsi.conf says what is wanted; what this machine can is asked
 * once, at the start.
 */
#ifndef ISCSID_EXPORTER_H
#define ISCSID_EXPORTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/exporters.h"
#include "conf/conf.h"
#include "disk/geometry.h"
#include "iscsid/messages/reported.h"
#include "iscsid/host/via.h"
#include "iscsid/host/worker.h"

/* The exporter of a number, as in base/exporters.h; NULL beyond the last. */
const struct via_ops *exporter_at(unsigned number);
unsigned exporter_number(const struct via_ops *via);
/* The one of this word, "": the implied one.  NULL: there is none. */
const struct via_ops *exporter_find(const char *word);

/* Is one of those that are wanted (CONF_EXPORT()) for LUNs of this type? */
bool exporter_serves(uint32_t wanted, uint32_t type);

/* By number. */
struct exporter_hosts {
	struct via_host host[EXPORTERS_MAX];
};

/*
 * Of each exporter that may be wanted: asks the kernel whether it works here,
 * in a worker, turning the loop until that is done.  A line says what came of
 * it.
 */
void exporters_probe(const struct conf *conf, struct workers *ws,
		     struct exporter_hosts *out);

struct exporter_facts {
	uint32_t wanted; /* CONF_EXPORT() */
	uint32_t type;	 /* of the LUN */
	const struct exporter_hosts *hosts;
	/* Sets of 1 << number. */
	uint32_t engine_can;
	uint32_t failed;	/* they were tried for this disk, */
	const char *why_failed; /* and why not, of the last of them */
};

/*
 * Returns the one to take with its reason in words, or NULL: none of those
 * that are wanted works, and why.
 */
const struct via_ops *exporter_choose(const struct exporter_facts *f,
				      char why[EXPORTER_WHY]);

/* The name of a block device: "loop3". */
void exporter_disk_name(const struct via_ops *via, int number, char *dst,
			size_t size);
/* The other way; NULL when it is none of theirs. */
const struct via_ops *exporter_of_disk(const char *name, unsigned *number);
/* The length of such a name at the begin of s; 0: there is none. */
size_t exporter_disk_length(const char *s);

/*
 * What an exporter must know of a disk; every number is fit for the kernel.
 * All are 0 where it is none.
 */
void exporter_geometry(const struct reported_lun *l, struct disk_geometry *out);

#endif

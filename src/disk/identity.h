/*
 * identity - is this the disk that it was?  For this folder only.
 *
 * Pure functions.  A target that does not say who a disk is says nothing
 * about that: only another name of the same kind makes another disk.
 */
#ifndef DISK_IDENTITY_H
#define DISK_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "disk/disk.h"
#include "scsi/vpd.h"

enum identity_match {
	IDENTITY_SAME,
	IDENTITY_ABSENT, /* not said, or not said whole */
	IDENTITY_OTHER,
};

/* What a target said this time. */
struct identity_said {
	const struct disk_identity *found;
	enum vpd_naming naming; /* does VPD 83 have the name it should? */
	bool serial_cut;	/* VPD 80 lacked bytes */
};

/* "serial.<VPD 80>" where VPD 83 named nothing. */
void identity_settle(struct disk_identity *found);

/*
 * should: as disk_identity.id, "": anything is right.  serial: that of VPD 80
 * then, or "" when it is not known.
 */
enum identity_match identity_match(const char *should, const char *serial,
				   const struct identity_said *s);

/* What was found, for messages. */
void identity_words(const struct disk_identity *found, char *dst, size_t size);

#endif

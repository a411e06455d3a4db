/*
 * inquiry - standard INQUIRY data (SPC-4 6.6.2).
 *
 * Pure functions over bytes.
 */
#ifndef SCSI_INQUIRY_H
#define SCSI_INQUIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum peripheral_type {
	TYPE_DISK = 0x00,
	TYPE_TAPE = 0x01,
	TYPE_WORM = 0x04,
	TYPE_CDROM = 0x05,
	TYPE_CHANGER = 0x08,
	TYPE_RAID = 0x0c,
	TYPE_ENCLOSURE = 0x0d,
	TYPE_RBC = 0x0e,
	TYPE_ZBC = 0x14,
	TYPE_WELL_KNOWN = 0x1e,
	TYPE_NONE = 0x1f,
};

enum peripheral_qualifier {
	QUALIFIER_PRESENT = 0,
	QUALIFIER_ABSENT = 1, /* could be there, is not now */
	QUALIFIER_NO_LUN = 3, /* nothing can be at this LUN */
};

struct inquiry {
	uint8_t qualifier; /* enum peripheral_qualifier */
	uint8_t type;	   /* enum peripheral_type, 0..31 */
	uint8_t version;   /* 2 SCSI-2, 3 SPC, 4 SPC-2, ...: "ANSI revision" */
	bool removable;
	/* printable, trailing blanks cut, "" when not given */
	char vendor[9], product[17], revision[5];
};

/* What to ask for: every target knows this much. */
#define INQUIRY_LEN 36

/* Returns 0, or -EBADMSG: not even the five bytes of the oldest form. */
int inquiry_parse(const uint8_t *p, size_t n, struct inquiry *out);

/* Do we serve this peripheral device type as a disk? */
bool inquiry_is_disk(uint8_t type);

/* Is there a logical unit that answers commands? */
bool inquiry_is_present(const struct inquiry *inq);

/* "Direct-Access", "CD-ROM", ... as Linux prints it, unpadded; never NULL. */
const char *inquiry_type_name(uint8_t type);

#endif

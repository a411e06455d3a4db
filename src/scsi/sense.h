/*
 * sense - sense data: why a command failed (SPC-4 4.5).
 *
 * Pure functions over bytes.
 */
#ifndef SCSI_SENSE_H
#define SCSI_SENSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sense_key {
	KEY_NO_SENSE = 0x0,
	KEY_RECOVERED_ERROR = 0x1,
	KEY_NOT_READY = 0x2,
	KEY_MEDIUM_ERROR = 0x3,
	KEY_HARDWARE_ERROR = 0x4,
	KEY_ILLEGAL_REQUEST = 0x5,
	KEY_UNIT_ATTENTION = 0x6,
	KEY_DATA_PROTECT = 0x7,
	KEY_BLANK_CHECK = 0x8,
	KEY_VENDOR_SPECIFIC = 0x9,
	KEY_COPY_ABORTED = 0xa,
	KEY_ABORTED_COMMAND = 0xb,
	KEY_VOLUME_OVERFLOW = 0xd,
	KEY_MISCOMPARE = 0xe,
	KEY_COMPLETED = 0xf,
};

/* Additional sense code and qualifier as one number. */
#define ASC(asc, ascq) ((uint16_t)((asc) << 8 | (ascq)))

struct sense {
	uint8_t key;   /* enum sense_key */
	uint16_t code; /* ASC(asc, ascq); 0 when the data ends before it */
	bool deferred; /* about an earlier command (71h, 73h) */
	bool has_info;
	uint64_t info; /* usually the LBA the error is at */
};

/*
 * Fixed (70h, 71h) and descriptor (72h, 73h) format, cut anywhere behind
 * the sense key.  Returns 0, or -EBADMSG when no key can be read.
 */
int sense_parse(const uint8_t *p, size_t n, struct sense *out);

/* "MEDIUM ERROR (3/11/00): unrecovered read error at block 1234" */
#define SENSE_TEXT_SIZE 160
void sense_text(const struct sense *s, char *dst, size_t size);

#endif

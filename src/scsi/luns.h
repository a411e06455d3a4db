/*
 * luns - REPORT LUNS data (SPC-4 6.33).
 *
 * Pure functions over bytes.
 */
#ifndef SCSI_LUNS_H
#define SCSI_LUNS_H

#include <stddef.h>
#include <stdint.h>

#define LUNS_HEADER 8
#define LUNS_ENTRY  8

struct luns {
	const uint8_t *list; /* borrowed: count fields of LUNS_ENTRY bytes */
	size_t count;	     /* fields that are here, whole */
	size_t total;	     /* fields the target says it has */
};

/* 0, or -EBADMSG: not even the header came. */
int luns_get(const uint8_t *p, size_t n, struct luns *out);

#endif

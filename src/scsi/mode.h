/*
 * mode - what MODE SENSE says of a disk (SPC-4 7.5, SBC-3 6.5).
 *
 * Pure functions over bytes.
 */
#ifndef SCSI_MODE_H
#define SCSI_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODE_PAGE_CACHING 0x08
#define MODE_PAGE_CONTROL 0x0a
#define MODE_PAGE_ALL	  0x3f

struct mode {
	bool write_protected; /* WP */
	bool dpofua;	      /* the FUA bit is honoured */
	bool has_caching;     /* the caching page was there: */
	bool write_cache;     /* WCE */
	/*
	 * TST of the control page: each nexus has a task set of its own, and
	 * an ORDERED command waits for none of the others'.
	 */
	bool separate_tasks;
};

/* 0, or -EBADMSG: not even the header came. */
int mode_get_6(const uint8_t *p, size_t n, struct mode *out);
int mode_get_10(const uint8_t *p, size_t n, struct mode *out);

#endif

/*
 * vpd - vital product data pages (SPC-4 7.8, SBC-3 6.6).
 *
 * Pure functions over bytes: p[0..n) is what came of the page, which may be
 * less than the page is long.  Numbers are handed out as the target gave
 * them; what is sane is for disk/facts.h to say.
 */
#ifndef SCSI_VPD_H
#define SCSI_VPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vpd_page {
	VPD_PAGES = 0x00,
	VPD_SERIAL = 0x80,
	VPD_ID = 0x83,
	VPD_LIMITS = 0xb0,
	VPD_CHARACTERISTICS = 0xb1,
	VPD_PROVISIONING = 0xb2,
};

/*
 * Bytes the whole page has, from its header.  Returns 0, or -EBADMSG when
 * this is not the page: a target may answer with standard INQUIRY data.
 */
int vpd_length(const uint8_t *p, size_t n, uint8_t page, size_t *len);

/* Which pages the target has (00h): a set of 256 bits. */
struct vpd_list {
	uint8_t bits[32];
};
int vpd_get_list(const uint8_t *p, size_t n, struct vpd_list *out);
bool vpd_has(const struct vpd_list *list, uint8_t page);

/*
 * The unit serial number (80h), printable, outer blanks cut; may be "".
 * 0 or -EBADMSG.
 */
int vpd_get_serial(const uint8_t *p, size_t n, char *dst, size_t size);

/*
 * The best name of the logical unit (83h) as text.  Only designators of the
 * logical unit count.  Best first: NAA ("naa.<hex>"), EUI-64 ("eui.<hex>"),
 * T10 vendor ("t10.<text>"), SCSI name string (as it stands), NAA locally
 * assigned (it is unique at its target only), vendor specific
 * ("vendor.<text>").  Blanks within a text are written '_'; a text with
 * other bytes is written as hex.  Returns 0, -ENOENT when there is none, or
 * -EBADMSG.
 */
int vpd_get_id(const uint8_t *p, size_t n, char *dst, size_t size);

enum vpd_naming {
	VPD_UNNAMED,	/* it has no name of that kind */
	VPD_NAMED_SO,	/* it has this name */
	VPD_NAMED_ELSE, /* it has names of that kind, and this is none */
};

/*
 * Does the page (83h) give the logical unit this name, as vpd_get_id() writes
 * it?  Names are of one kind when one could stand in the place of the other:
 * two NAA names of the same format, two T10 names, ...
 */
enum vpd_naming vpd_naming(const uint8_t *p, size_t n, const char *name);

/* Block limits (B0h); absent fields are 0.  Counts in logical blocks. */
struct vpd_limits {
	uint32_t max_transfer, optimal_transfer; /* 0: not reported */
	uint32_t max_unmap_blocks;
	uint32_t max_unmap_descriptors;
	uint32_t unmap_granularity; /* 0: not reported */
	uint32_t unmap_alignment;   /* 0 unless the target vouches for it */
	uint64_t max_write_same;    /* 0: not reported */
};
int vpd_get_limits(const uint8_t *p, size_t n, struct vpd_limits *out);

/* Block device characteristics (B1h). */
struct vpd_characteristics {
	bool solid_state; /* medium rotation rate 1: does not rotate */
};
int vpd_get_characteristics(const uint8_t *p, size_t n,
			    struct vpd_characteristics *out);

/* Logical block provisioning (B2h). */
struct vpd_provisioning {
	bool unmap;	   /* LBPU */
	bool write_same16; /* LBPWS: WRITE SAME(16) with UNMAP */
	bool write_same10; /* LBPWS10 */
	uint8_t lbprz;	   /* three bits; xx1b: deallocated reads as zeros */
};
int vpd_get_provisioning(const uint8_t *p, size_t n,
			 struct vpd_provisioning *out);

#endif

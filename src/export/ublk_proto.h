/*
 * ublk_proto - a disk as parameters of a ublk device, and that device's
 * requests as operations of the disk (linux/ublk_cmd.h).
 *
 * Pure functions.
 */
#ifndef EXPORT_UBLK_PROTO_H
#define EXPORT_UBLK_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk/geometry.h"
#include "disk/io.h"
#include "export/ublk_abi.h"

#define UBLK_DATA_MAX  (1u << 20) /* bytes of one READ or WRITE */
#define UBLK_DEPTH_MAX 32	  /* requests at once */

/* What a device of this disk is to be; len and types are set, too. */
void ublk_make_params(const struct disk_geometry *g, struct ublk_params *out);

struct ublk_job { /* for struct disk_io; within the disk, whole blocks */
	enum disk_op op;
	bool fua, unmap;
	uint64_t off, len;
};

/*
 * What a request asks of a disk of this geometry.  Returns 0 or the -errno
 * that answers it: -EOPNOTSUPP an operation that is none of ours, -EINVAL
 * one that is no whole blocks or too much for a buffer, -EREMOTEIO beyond the
 * end of the disk, -EIO a change of a read-only one.
 */
int ublk_decode(const struct ublk_request *r, const struct disk_geometry *g,
		struct ublk_job *job);

/* What the kernel is told when the disk said err. */
int32_t ublk_result(const struct ublk_job *job, int err);

/* Bytes of memory that hold the requests of a queue; whole pages. */
size_t ublk_requests_size(unsigned depth, size_t page);

/*
 * Whose device it is: an owner, any words (export/owner.h), and the disk's
 * place.  Others use small numbers or none, so no device of theirs is taken for
 * ours.
 */
struct ublk_place {
	uint8_t bus, target, lun;
};

uint64_t ublk_mark(const char *owner, const struct ublk_place *at);
/* Is it a mark of this owner?  Then of which place. */
bool ublk_mark_is_of(uint64_t mark, const char *owner, struct ublk_place *at);

#endif

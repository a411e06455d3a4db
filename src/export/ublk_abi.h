/*
 * ublk_abi - what we use of the kernel's ublk interface (linux/ublk_cmd.h).
 *
 * Defined here because the kernel headers of Debian 12 lack most of it.  All
 * commands are ioctl-encoded (UBLK_CAN_ENCODE).  Numbers are the machine's.
 */
#ifndef EXPORT_UBLK_ABI_H
#define EXPORT_UBLK_ABI_H

#include <linux/ioctl.h>
#include <stdint.h>

/* The ring's commands ------------------------------------------------- */

struct ublk_control { /* in an SQE of 128 bytes, for /dev/ublk-control */
	uint32_t number;
	uint16_t queue; /* UBLK_NO_QUEUE */
	uint16_t len;
	uint64_t addr;
	uint64_t data;
	uint16_t path_len, pad;
	uint32_t reserved;
};

#define UBLK_NO_QUEUE	UINT16_MAX
#define UBLK_ANY_NUMBER UINT32_MAX

#define UBLK_GET_INFO	    _IOR('u', 0x02, struct ublk_control)
#define UBLK_ADD	    _IOWR('u', 0x04, struct ublk_control)
#define UBLK_DELETE	    _IOWR('u', 0x05, struct ublk_control)
#define UBLK_START	    _IOWR('u', 0x06, struct ublk_control)
#define UBLK_STOP	    _IOWR('u', 0x07, struct ublk_control)
#define UBLK_SET_PARAMS	    _IOWR('u', 0x08, struct ublk_control)
#define UBLK_BEGIN_RECOVERY _IOWR('u', 0x10, struct ublk_control)
#define UBLK_END_RECOVERY   _IOWR('u', 0x11, struct ublk_control)
#define UBLK_GET_FEATURES   _IOR('u', 0x13, struct ublk_control)
#define UBLK_DELETE_ASYNC   _IOR('u', 0x14, struct ublk_control)
#define UBLK_UPDATE_SIZE    _IOWR('u', 0x15, struct ublk_control)
#define UBLK_TRY_STOP	    _IOWR('u', 0x17, struct ublk_control)

struct ublk_io { /* in an SQE of 64 bytes, for /dev/ublkcN */
	uint16_t queue, tag;
	int32_t result; /* bytes, or -errno */
	uint64_t addr;	/* of the buffer for the next request */
};

#define UBLK_FETCH	      _IOWR('u', 0x20, struct ublk_io)
#define UBLK_COMMIT_AND_FETCH _IOWR('u', 0x21, struct ublk_io)

/* What comes back. */
#define UBLK_RES_OK    0
#define UBLK_RES_ABORT (-19) /* -ENODEV: this tag is never used again */

/* A device ------------------------------------------------------------ */

#define UBLK_CAN_RECOVER   (UINT64_C(1) << 3)
#define UBLK_CAN_REISSUE   (UINT64_C(1) << 4)
#define UBLK_CAN_ENCODE	   (UINT64_C(1) << 6)
#define UBLK_CAN_RESIZE	   (UINT64_C(1) << 10)
#define UBLK_CAN_SAFE_STOP (UINT64_C(1) << 17)

enum ublk_state {
	UBLK_DEAD,
	UBLK_LIVE,
	UBLK_QUIESCED, /* its server died, requests wait */
	UBLK_FAIL_IO,
};

struct ublk_info {
	uint16_t queues, depth, state, pad0;
	uint32_t max_io;
	uint32_t number;
	int32_t pid;
	uint32_t pad1;
	uint64_t flags;
	uint64_t mark; /* the server's own, which the kernel only keeps */
	uint32_t uid, gid;
	uint64_t reserved[2];
};

/* Parameters ---------------------------------------------------------- */

#define UBLK_HAS_BASIC	 1u
#define UBLK_HAS_DISCARD 2u

#define UBLK_ATTR_READ_ONLY  1u
#define UBLK_ATTR_ROTATIONAL 2u
#define UBLK_ATTR_CACHE	     4u /* volatile: flushes are wanted */
#define UBLK_ATTR_FUA	     8u

struct ublk_params {
	uint32_t len, types;
	struct {
		uint32_t attrs;
		uint8_t logical_shift, physical_shift, optimal_shift, min_shift;
		uint32_t max_sectors, chunk_sectors;
		uint64_t sectors;
		uint64_t virt_boundary;
	} basic;
	struct {
		uint32_t alignment, granularity; /* bytes */
		uint32_t max_sectors, max_zero_sectors;
		uint16_t max_segments, reserved;
	} discard;
};

/* Requests ------------------------------------------------------------ */

struct ublk_request { /* one a tag, in memory that the kernel writes */
	uint32_t op_flags;
	uint32_t sectors; /* of 512 bytes */
	uint64_t start;
	uint64_t addr;
};

#define UBLK_OP(flags)	((flags)&0xff)
#define UBLK_OP_READ	0
#define UBLK_OP_WRITE	1
#define UBLK_OP_FLUSH	2
#define UBLK_OP_DISCARD 3
#define UBLK_OP_ZEROES	5
#define UBLK_FUA	(1u << 13)
#define UBLK_NO_UNMAP	(1u << 15)

_Static_assert(sizeof(struct ublk_control) == 32, "linux/ublk_cmd.h");
_Static_assert(sizeof(struct ublk_io) == 16, "linux/ublk_cmd.h");
_Static_assert(sizeof(struct ublk_info) == 64, "linux/ublk_cmd.h");
_Static_assert(sizeof(struct ublk_request) == 24, "linux/ublk_cmd.h");

#endif

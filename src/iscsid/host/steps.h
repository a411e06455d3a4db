/*
 * steps - what is done to the kernel for a device, each as a worker's job.
 *
 * Only here the manager touches mounts, loop and ublk devices and partition
 * tables.
 */
#ifndef ISCSID_STEPS_H
#define ISCSID_STEPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "disk/geometry.h"
#include "export/partition.h"
#include "iscsid/host/exporter.h"
#include "iscsid/host/users.h"
#include "iscsid/host/worker.h"

enum step_kind {
	/*
	 * Makes the kernel's end: answers the FUSE handle, or the number of
	 * the ublk device.
	 */
	STEP_MOUNT,
	STEP_LOOP,   /* answers the number of the block device */
	STEP_PARSE,  /* answers the partitions; runs without privileges */
	STEP_ADD,    /* makes the kernel know exactly these partitions */
	STEP_RESIZE, /* the block device takes the new size and protection */
	STEP_USERS,  /* answers who uses it */
	/* Takes the block device away; -EBUSY: somebody still has it open. */
	STEP_CLEAR,
	STEP_UNMOUNT, /* and removes the kernel's end */

	/* ublk only, beside the others: the engine died. */
	STEP_RECOVER,	/* another may serve it; answers the depth */
	STEP_RECOVERED, /* that one does */
	STEP_FAIL,	/* none will: whoever waits gets an error */
	STEP_KINDS,
};

struct step {
	enum step_kind kind;
	enum exporter via;
	uint64_t owner;	     /* its target, as struct worker_job has it */
	char path[PATH_MAX]; /* FUSE: of the file */
	int disk;	     /* number of its block device, or -1 */
	int ublk;	     /* number of the ublk device, or -1 */
	unsigned depth;	     /* ublk: requests at once */
	uint64_t mark;	     /* ublk: whose it is */
	uint64_t features;   /* ublk: of the kernel */
	int pid;	     /* ublk: who opened its handle */
	int engine;	     /* ublk: the process that serves it */
	uint64_t size;	     /* bytes */
	struct disk_geometry geometry;
	bool force;		      /* STEP_CLEAR: whoever uses it */
	struct partition_table parts; /* STEP_ADD */
};

struct step_result {
	int disk;	/* STEP_LOOP */
	int handle;	/* STEP_MOUNT, FUSE: the callee's */
	int ublk;	/* STEP_MOUNT, ublk */
	unsigned depth; /* STEP_RECOVER */
	uint64_t size;	/* STEP_LOOP, STEP_RESIZE: bytes it has now */
	bool read_only; /* ... and whether it is */
	int kept; /* STEP_RESIZE: 0, or -errno: it is as it was, in part */
	int lost; /* STEP_CLEAR: 0, or -errno: late writes failed */
	struct partition_table parts; /* STEP_PARSE */
	struct users users;	      /* STEP_USERS */
};

typedef void step_done(void *ctx, enum step_kind kind, int err,
		       const struct step_result *r);

/* NULL on ENOMEM, else done() is called exactly once. */
struct worker *step_start(struct workers *ws, const struct step *s,
			  step_done *done, void *ctx);

/* "mounting its file", for messages. */
const char *step_words(enum exporter via, enum step_kind kind);

#endif

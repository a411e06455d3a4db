/*
 * steps - what is done to the kernel for a device, each as a worker's job.
 *
 * Only here, and in the exporters' files (iscsid/host/via.h), the manager
 * touches mounts, block devices and partition tables.
 */
#ifndef ISCSID_STEPS_H
#define ISCSID_STEPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "disk/geometry.h"
#include "export/partition.h"
#include "iscsid/host/via.h"
#include "iscsid/host/users.h"
#include "iscsid/host/worker.h"

struct step_place {
	uint8_t bus, target, lun;
};

struct step {
	enum step_kind kind;
	const struct via_ops *via;
	uint64_t owner;	      /* its target, as struct worker_job has it */
	char path[PATH_MAX];  /* of its file in <rundir>/lun */
	int disk;	      /* number of its block device, or -1 */
	int number;	      /* of the kernel's end, or -1 */
	const char *whose;    /* run directory: export/owner.h; borrowed */
	struct step_place at; /* its names */
	unsigned depth;	      /* requests at once */
	uint64_t features;    /* of struct via_host */
	int pid;	      /* who opened the engine's handle */
	int engine;	      /* the process that serves it */
	uint64_t size;	      /* bytes */
	struct disk_geometry geometry;
	bool force;		      /* STEP_CLEAR: whoever uses it */
	struct partition_table parts; /* STEP_ADD */
};

struct step_result {
	int disk;	/* STEP_LOOP */
	int handle;	/* STEP_MOUNT: the callee's, or -1 */
	int number;	/* STEP_MOUNT: or -1 */
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
const char *step_words(const struct via_ops *via, enum step_kind kind);

#endif

/*
 * steps - what is done to the kernel for a device, each as a worker's job.
 *
 * Only here the manager touches mounts, loop devices and partition tables.
 */
#ifndef ISCSID_STEPS_H
#define ISCSID_STEPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "export/partition.h"
#include "iscsid/users.h"
#include "iscsid/worker.h"

enum step_kind {
	STEP_MOUNT,   /* answers the FUSE handle */
	STEP_LOOP,    /* answers the number of the loop device */
	STEP_PARSE,   /* answers the partitions; runs without privileges */
	STEP_ADD,     /* makes the kernel know exactly these partitions */
	STEP_RESIZE,  /* the loop device takes the file's size */
	STEP_USERS,   /* answers who uses it */
	STEP_CLEAR,   /* -EBUSY: somebody still has it open */
	STEP_UNMOUNT, /* and removes the file */
};

struct step {
	enum step_kind kind;
	char path[PATH_MAX]; /* of the file */
	int loop;	     /* number of its loop device, or -1 */
	uint32_t block_size; /* bytes, as the next two */
	uint64_t size;
	uint32_t optimal_io;
	bool read_only, rotational;
	bool force;		      /* STEP_CLEAR: whoever uses it */
	struct partition_table parts; /* STEP_ADD */
};

struct step_result {
	int loop;   /* STEP_LOOP */
	int handle; /* STEP_MOUNT: the callee's */
	int lost;   /* STEP_CLEAR: 0, or -errno: late writes failed */
	struct partition_table parts; /* STEP_PARSE */
	struct users users;	      /* STEP_USERS */
};

typedef void step_done(void *ctx, enum step_kind kind, int err,
		       const struct step_result *r);

/* NULL on ENOMEM, else done() is called exactly once. */
struct worker *step_start(struct workers *ws, const struct step *s,
			  step_done *done, void *ctx);

/* "mounting its file", for messages. */
const char *step_words(enum step_kind kind);

#endif

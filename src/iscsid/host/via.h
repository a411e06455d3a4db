/*
 * via - a way by which LUNs reach the kernel: the manager's part of an
 * exporter, whose other part is struct export_ops (export/export.h).
 *
 * One file each, via_WORD.c, with a const struct via_ops via_WORD; the table
 * of them is asked through iscsid/host/exporter.h.  What is not marked so is
 * called in a worker, with privileges, and may wait.
 */
#ifndef ISCSID_VIA_H
#define ISCSID_VIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/exporters.h"
#include "ctl/msg.h"

#define EXPORTER_WHY 160

struct options;
struct step;

enum step_kind {
	/*
	 * Makes the kernel's end: answers the handle to serve it with, or the
	 * number by which it is found again.
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

	/* Where via_ops.recovers, beside the others: the engine died. */
	STEP_RECOVER,	/* another may serve it; answers the depth */
	STEP_RECOVERED, /* that one does */
	STEP_FAIL,	/* none will: whoever waits gets an error */
	STEP_KINDS,
};

/* 0 or -errno; m takes what the step answers with. */
typedef int step_act(const struct step *s, struct msg_out *m, int *handle);

/* What this machine can of one exporter. */
struct via_host {
	uint64_t features;	/* as the exporter's find() has them */
	char why[EXPORTER_WHY]; /* it cannot be used; "": it can */
};

/* What is there of a disk of a run directory, made by whatever run. */
struct via_found {
	unsigned bus, target, lun;
	int number;	  /* of the kernel's end, or -1 */
	int disk;	  /* of its block device, or -1 */
	const char *file; /* its path, as the kernel has it, or NULL */
	bool quiesced;	  /* its requests wait for a recovery to end */
};

struct via_look {
	const struct options *opt;
	/* Of several for one disk the first one counts. */
	void (*found)(void *ctx, const struct via_found *f);
	/* It could not be listed; the rest was. */
	void (*fails)(void *ctx, const char *what, int err);
	void *ctx;
};

/* What a former run left is taken away, see iscsid/host/leftovers.h. */
struct via_sweep {
	const struct options *opt;
	const char *lundir; /* <rundir>/lun */
	bool (*keep)(void *ctx, const char *disk);
	void *ctx;
	struct msg_out *m; /* for leftovers_say() */
};

/* Sets of kinds of LUNs: peripheral device types (SPC-4 6.4.2). */
#define VIA_TYPE(type) (UINT32_C(1) << (type))

struct via_ops {
	/* Facts: for the manager, at any time. */
	const char *word; /* of Export=, and of messages with the engine */
	const char *name; /* for people: "FUSE and loop" */
	const char *disk; /* block devices are called so, with a number */
	uint32_t types;	  /* set of VIA_TYPE: the LUNs that it can be for */
	/*
	 * What it makes are block devices; else the steps that need one
	 * (STEP_PARSE, STEP_ADD, STEP_RESIZE, STEP_USERS) come to nothing.
	 */
	bool block;
	/* Messages with the engine that name no exporter mean it. */
	bool implied;
	/*
	 * Its handle is the engine's and ours: we have it from STEP_MOUNT on
	 * and hand it to each engine, the service manager keeps it, engines
	 * give it to a manager after us, and poll(2) tells of requests that
	 * nobody has read yet.  Else it is the engine's alone, and comes of
	 * open().
	 */
	bool shared;
	/*
	 * Another engine goes on only with what STEP_LOOP has made, and after
	 * the kernel was told: see iscsid/device/recovery.h.
	 */
	bool recovers;
	/*
	 * STEP_CLEAR is what ends the engine's part, also where no block
	 * device is there yet, and it waits for the requests that the engine
	 * has.
	 */
	bool stop_ends_it;
	/* The engine is told how many requests it has at once. */
	bool has_depth;
	/* What a step is called, where it is not as with the others. */
	const char *words[STEP_KINDS];

	/* In the manager; they do not wait. */
	/* A handle for the engine, which is the caller's, or -errno. */
	int (*open)(int number);
	/* NULL: the block device is there when it is found. */
	bool (*is_started)(int number);
	/* Where shared: is it one of these? */
	bool (*is_handle)(int handle);
	/* Lists what is there. */
	void (*look)(const struct via_look *l);
	/* What find() said, in words. */
	void (*judge)(int err, uint64_t features, struct via_host *out);

	/* What this machine can; NULL: it works everywhere. */
	int (*find)(uint64_t *features);
	const char *asking; /* ... in words: "asking for ublk" */

	/* The steps.  NULL: there is nothing to do. */
	step_act *make;			    /* STEP_MOUNT */
	int (*start)(const struct step *s); /* STEP_LOOP: number or -errno */
	void (*unstart)(const struct step *s, int disk); /* it failed later */
	int (*resize)(const struct step *s);		 /* STEP_RESIZE */
	step_act *stop;	  /* STEP_CLEAR: nothing is cached */
	step_act *remove; /* STEP_UNMOUNT */
	step_act *recover, *recovered, *fail; /* STEP_RECOVER... */
	/* Is the block device, which is open, still this one? */
	bool (*is_same)(const struct step *s);
	/* Its node, which a step that was ended may have left hidden. */
	int (*show)(const struct step *s);

	/* What a former run left: first all that waits ends, NULL: none. */
	void (*end_left)(const struct via_sweep *s);
	void (*clear_left)(const struct via_sweep *s);
	/* In <rundir>/lun: is the file of this name one that goes? */
	bool (*is_left_file)(const struct via_sweep *s, const char *name);
	/* Of a link to block device n: nothing of a disk of ours is there. */
	bool (*is_gone)(const struct via_sweep *s, unsigned n);
	/* No disk that goes on has the number n. */
	bool (*is_not_ours)(const struct via_sweep *s, unsigned n);
};

#define VIA_DECLARE(word, how) extern const struct via_ops via_##word;
EXPORTERS(VIA_DECLARE)

#endif

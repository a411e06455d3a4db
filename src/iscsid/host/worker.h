/*
 * worker - short-lived child processes for what can block.
 *
 * Name look-ups, opening a file that an engine serves, setting up a loop
 * device, reading a partition table: each runs in a forked child with a
 * deadline and answers with one message.  A child that is late is killed;
 * one that cannot even be killed (it waits in the kernel) is forgotten and
 * reaped whenever it ends.
 *
 * Each kind of work has places of its own, so that no job waits for a place
 * that is held by one which waits for it: a job that waits for a disk may
 * need one of the kernel's work, or a name, and never the other way.  A job
 * that takes longer than WORKER_SLOW waits for somebody: its place is free
 * again.  More jobs than there are places wait in order.
 */
#ifndef ISCSID_WORKER_H
#define ISCSID_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/list.h"
#include "ctl/msg.h"
#include "io/loop.h"

enum work {
	WORK_KERNEL, /* the kernel does it without a target */
	WORK_HOST,   /* the host's files or its name service answer */
	WORK_DISK,   /* may wait for a target: see owner */
	WORK_KINDS
};

#define WORKERS_AT_ONCE 16    /* WORK_KERNEL; table in worker.c */
#define WORKER_SLOW	1000  /* ms */
#define WORKER_ARG_SIZE 32768 /* bytes of one job's argument */

struct workers {
	struct io_loop *loop; /* borrowed */
	struct list running, waiting, stuck;
	unsigned nrunning;
	unsigned slow_after; /* ms: WORKER_SLOW */
	struct work_load {
		unsigned running, slow; /* slow ones are running, too */
	} load[WORK_KINDS];
	/*
	 * In the child, before the job: forgets secrets.  The child is a copy
	 * of the manager and may be about to read foreign bytes.
	 */
	void (*forget)(void *ctx);
	void *ctx;
	uid_t low_uid; /* who reads foreign bytes */
	gid_t low_gid;
};

struct worker_job;

/* Runs in the child; adds its results to m.  Returns 0 or -errno. */
typedef int worker_fn(const struct worker_job *job, void *arg,
		      struct msg_out *m, int *handle);
/*
 * In the manager, from the loop: err is what fn returned, -ETIMEDOUT,
 * -ECANCELED, or -ECHILD when the child died.  m holds the results (NULL unless
 * err is 0); handle is the callee's, or -1.
 */
typedef void worker_done(void *ctx, int err, const struct msg_in *m,
			 int handle);

struct worker_job {
	const char *name; /* a literal, for messages: "partition table" */
	enum work work;
	/* WORK_DISK: whose disk; so that one target takes a few places only. */
	uint64_t owner;
	worker_fn *fn;
	const void *arg; /* copied by worker_start() */
	size_t arg_size; /* <= WORKER_ARG_SIZE */
	int handle;	 /* the only one the child keeps; -1: none */
	bool low;	 /* runs without any privilege; see low_open */
	/*
	 * For low jobs: runs before the privileges go, and returns a handle
	 * that fn then finds in job->handle, or -errno.
	 */
	int (*low_open)(const void *arg);
	unsigned deadline; /* ms */
	worker_done *done;
	void *ctx;
};

struct worker;

void workers_init(struct workers *ws, struct io_loop *loop);

/*
 * Starts the job, or puts it in the queue.  NULL without memory or handles;
 * else done() is called exactly once, and not from within here.
 */
struct worker *worker_start(struct workers *ws, const struct worker_job *job);

/* Kills the child; done() is called from here, with -ECANCELED.  NULL: fine. */
void worker_abandon(struct worker *w);

/* Kills whatever runs, for the end of the process. */
void workers_kill(struct workers *ws);

#endif

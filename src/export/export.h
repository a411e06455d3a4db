/*
 * export - how a disk reaches the kernel: the one interface of all exporters.
 *
 * An exporter takes requests from a kernel handle, gives them to the disk
 * (disk/io.h) and answers.  It changes nothing on the host: mounts and
 * device nodes are the manager's (iscsid/host/via.h), with the helpers beside
 * this file.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/exporters.h"

struct disk;
struct passthrough;
struct export_ops;
struct io_loop;

/* How an exporter speaks to its owner; ctx is that of export_config. */
struct export_events {
	/*
	 * Once.  0: the kernel is served, the file may be opened.  Else an
	 * -errno, and nothing more will come but stopped(): with resume,
	 * -EOPNOTSUPP means that this kernel cannot send requests again.
	 */
	void (*started)(void *ctx, int err);
	/* The kernel let go (unmounted, or aborted): no request will come. */
	void (*hung_up)(void *ctx);
	/*
	 * What export_stop() began is complete; err is that of the last flush.
	 * The export is freed already.
	 */
	void (*stopped)(void *ctx, int err);
};

struct export_config {
	struct io_loop *loop; /* borrowed, as are disk, pass and events */
	int fd;		      /* the kernel's handle, owned by the export */
	/* EXPORT_BLOCKS: its geometry must be known; else NULL. */
	struct disk *disk;
	/* EXPORT_CDBS: see disk/passthrough.h; else NULL. */
	struct passthrough *pass;
	bool resume;	/* served before: ask the kernel to send again */
	unsigned depth; /* most requests at once, or exactly those of the
			   device; 0: what is best */
	const struct export_events *events;
	void *ctx;
};

struct export_stats { /* since start; requests of the kernel, not commands */
	unsigned inflight;
	uint64_t reads, writes, flushes, trims;
	uint64_t read_bytes, write_bytes;
	uint64_t errors; /* answers with an errno to those above */
};

struct export
{
	const struct export_ops *ops;
};

enum export_kind {
	EXPORT_BLOCKS, /* requests for the blocks of a disk (disk/io.h) */
	EXPORT_CDBS,   /* commands for a LUN that is no disk */
};

/* One exporter; a const object of its file. */
struct export_ops {
	const char *name; /* its word in base/exporters.h */
	/* Messages with the manager that name no exporter mean it. */
	bool implied;
	/* Its handle is the manager's, too, and a manager's after that one. */
	bool shared;
	enum export_kind takes; /* what from the kernel */
	/* Its handle takes commands of the ring (IORING_OP_URING_CMD). */
	bool commands;
	/* Does it work in this process?  NULL: always. */
	bool (*can)(void);
	size_t memory; /* bytes of the arena (base/arena.h) each export takes at
			  most */
	int (*start)(const struct export_config *cfg, struct export **out);
	void (*resized)(struct export *e);
	void (*stop)(struct export *e);
	int (*handle)(const struct export *e);
	void (*stats)(const struct export *e, struct export_stats *out);
};

#define EXPORT_DECLARE(word, how) extern const struct export_ops export_##word;
EXPORTERS(EXPORT_DECLARE)

/* The exporter of a number, as in base/exporters.h; NULL beyond the last. */
const struct export_ops *export_at(unsigned number);
/* The one of this name, "": the implied one.  NULL: there is none. */
const struct export_ops *export_find(const char *name);

struct export_abilities {
	uint32_t serves; /* exporters that work: set of 1 << number */
	bool commands;	 /* one of them needs commands of the ring */
};
/* While all of /dev can be seen. */
struct export_abilities exports_ask(void);

/* How many requests at once a disk gets whose engine has so many already. */
unsigned export_depth(unsigned disks);

/*
 * Returns 0, or -errno with cfg->fd still the caller's: -EAGAIN while the
 * disk's geometry is unknown, -ENOMEM when the arena is used up.
 */
static inline int export_start(const struct export_ops *ops,
			       const struct export_config *cfg,
			       struct export **out)
{
	int err = ops->start(cfg, out);

	if (!err)
		(*out)->ops = ops;
	return err;
}

/* The disk's geometry is a new one. */
static inline void export_resized(struct export *e)
{
	e->ops->resized(e);
}

/*
 * Takes no more requests, answers those it has, flushes the disk, closes the
 * handle, frees the export and calls stopped().  That takes as long as the
 * disk takes; disk_fail() hastens it.  Never completes from within.  Twice
 * is fine.
 */
static inline void export_stop(struct export *e)
{
	e->ops->stop(e);
}

/*
 * The kernel's handle, which stays the export's, for another to go on with;
 * -1 once it is stopping, and when it is nobody else's business.
 */
static inline int export_handle(const struct export *e)
{
	return e->ops->handle(e);
}

static inline void export_stats(const struct export *e,
				struct export_stats *out)
{
	e->ops->stats(e, out);
}

#endif

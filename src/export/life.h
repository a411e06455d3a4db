/*
 * life - what all exporters share: how an export begins, serves, stops and
 * ends, and what is counted meanwhile.
 *
 * An exporter's struct begins with a struct life.  It tells of what its kernel
 * handle does (life_started() and so on), and keeps two counts: requests
 * between their arrival and their answer (busy), and what the kernel still has
 * of its memory (waiting).  An export that is to stop ends when both are 0:
 * then the disk is flushed, the handle closed, the memory freed, the owner
 * told.
 */
#ifndef EXPORT_LIFE_H
#define EXPORT_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fsm.h"
#include "disk/io.h"
#include "export/export.h"
#include "io/loop.h"

enum life_state {
	LIFE_STARTING, /* the kernel has not said yet that it is served */
	LIFE_SERVING,
	LIFE_OVER, /* the kernel let go, or refused; the owner knows */
	LIFE_STOPPING,
	LIFE_FLUSHING,
	LIFE_ENDING, /* nothing is under way any more */
};

enum life_event {
	LIFE_STARTED,
	LIFE_REFUSED,
	LIFE_HUNG_UP,
	LIFE_STOP,
	LIFE_IDLE,
	LIFE_FLUSHED,
};

struct life;

/* What differs. */
struct life_ops {
	/* May be NULL: takes back what waits in the kernel. */
	void (*recall)(struct life *l);
	/* All its memory, but not the handle. */
	void (*free)(struct life *l);
	/* The manager sees its requests in the page of io/pulse.h. */
	bool pulses;
};

struct life {
	struct export pub;
	const struct life_ops *ops;
	struct export_config cfg;
	uint8_t state; /* enum life_state */
	unsigned busy, waiting;
	int start_err, flush_err;
	struct disk_io last_flush;
	struct io_op end_op;
	struct export_stats stats;
};

extern const struct fsm life_fsm;

/* The rest of it is zeros. */
void life_init(struct life *l, const struct life_ops *ops,
	       const struct export_config *cfg);

/* The kernel is served, or (-errno) will not be.  Later ones are ignored. */
void life_started(struct life *l, int err);
/* The kernel let go. */
void life_hung_up(struct life *l);

/* Requests are taken. */
static inline bool life_serves(const struct life *l)
{
	return l->state < LIFE_OVER;
}

static inline bool life_is_stopping(const struct life *l)
{
	return l->state >= LIFE_STOPPING;
}

void life_end(struct life *l);

/* After busy or waiting went down; the export may be gone afterwards. */
static inline void life_end_if_idle(struct life *l)
{
	if (l->state == LIFE_STOPPING && !l->busy && !l->waiting)
		life_end(l);
}

/* Counts io, whose op, off, len and buf are set, and gives it to the disk. */
void life_submit(struct life *l, struct disk_io *io);

/* For struct export_ops. */
void life_stop(struct export *e);
void life_stats(const struct export *e, struct export_stats *out);
/* Of an exporter that shares it. */
int life_handle(const struct export *e);

#endif

/*
 * life - what all exporters share.
 */
#include "export/life.h"

#include <errno.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "disk/disk.h"
#include "io/pulse.h"

static void step(struct life *l, enum life_event ev)
{
	fsm_step(&life_fsm, &l->state, (uint8_t)ev, l, NULL);
}

/* The steps ----------------------------------------------------------- */

static void tell_started(void *obj, const void *arg)
{
	struct life *l = obj;

	l->cfg.events->started(l->cfg.ctx, l->start_err);
}

static void tell_hung_up(void *obj, const void *arg)
{
	struct life *l = obj;

	l->cfg.events->hung_up(l->cfg.ctx);
}

static void recall(void *obj, const void *arg)
{
	struct life *l = obj;

	if (l->ops->recall)
		l->ops->recall(l);
	life_end_if_idle(l);
}

static void on_flushed(struct disk_io *io, int err)
{
	struct life *l = container_of(io, struct life, last_flush);

	l->flush_err = err;
	if (l->ops->pulses)
		pulse_answered();
	step(l, LIFE_FLUSHED);
}

static void flush(void *obj, const void *arg)
{
	struct life *l = obj;
	struct disk_io *io = &l->last_flush;

	if (l->ops->pulses)
		pulse_took(); /* requests may wait for this */
	io->op = DISK_FLUSH;
	io->done = on_flushed;
	io->since = io_now(l->cfg.loop);
	if (!l->cfg.disk || disk_geometry(l->cfg.disk)->read_only)
		on_flushed(io, 0);
	else
		disk_submit(l->cfg.disk, io);
}

/* Runs alone: nothing of the export is in flight any more. */
static void on_end(struct io_op *op, int res)
{
	struct life *l = container_of(op, struct life, end_op);
	struct export_config cfg = l->cfg;
	int err = l->flush_err;

	l->ops->free(l);
	close(cfg.fd);
	cfg.events->stopped(cfg.ctx, err);
}

static void end_soon(void *obj, const void *arg)
{
	struct life *l = obj;

	l->end_op.fn = on_end;
	io_soon(l->cfg.loop, &l->end_op);
}

/* A mistake of ours: the owner hears that the kernel is not served. */
static void broken(void *obj, const char *what)
{
	log_err("export", "%s", what);
	tell_hung_up(obj, NULL);
}

/* What is not so in a state. */
static const char *check(const void *obj)
{
	const struct life *l = obj;

	if (l->state >= LIFE_FLUSHING && (l->busy || l->waiting))
		return "something is under way";
	return NULL;
}

/* The table ----------------------------------------------------------- */

static const char *const state_names[] = {
	"starting", "serving", "over", "stopping", "flushing", "ending",
};
static const char *const event_names[] = {
	"started", "refused", "hung-up", "stop", "idle", "flushed",
};

#define S(state) IN(LIFE_##state)
#define ROW(from, ev, to, act)                                                 \
	{                                                                      \
		from, LIFE_##ev, LIFE_##to, act, NULL                          \
	}
#define IGNORE(from, ev, why)                                                  \
	{                                                                      \
		from, LIFE_##ev, FSM_IGNORED, NULL, why                        \
	}

/* clang-format off */
static const struct fsm_row rows[] = {
ROW(S(STARTING),                         STARTED, SERVING,  tell_started),
ROW(S(STARTING),                         REFUSED, OVER,     tell_started),
ROW(S(STARTING) | S(SERVING),            HUNG_UP, OVER,     tell_hung_up),
ROW(S(STARTING) | S(SERVING) | S(OVER),  STOP,    STOPPING, recall),
ROW(S(STOPPING),                         IDLE,    FLUSHING, flush),
ROW(S(FLUSHING),                         FLUSHED, ENDING,   end_soon),
IGNORE(S(SERVING) | S(OVER), STARTED, "the owner knows"),
IGNORE(S(SERVING) | S(OVER), REFUSED, "the owner knows"),
IGNORE(S(OVER),              HUNG_UP, "the owner knows"),
IGNORE(S(STOPPING),          STARTED, "it is to end"),
IGNORE(S(STOPPING),          REFUSED, "it is to end"),
IGNORE(S(STOPPING),          HUNG_UP, "it is to end"),
IGNORE(S(STOPPING) | S(FLUSHING) | S(ENDING), STOP, "it is to end"),
};
/* clang-format on */

const struct fsm life_fsm = {
	.name = "life",
	.states = state_names,
	.events = event_names,
	.rows = rows,
	.nrows = sizeof(rows) / sizeof(*rows),
	.nstates = sizeof(state_names) / sizeof(*state_names),
	.nevents = sizeof(event_names) / sizeof(*event_names),
	.check = check,
	.broken = broken,
};

/* For exporters ------------------------------------------------------- */

void life_init(struct life *l, const struct life_ops *ops,
	       const struct export_config *cfg)
{
	l->ops = ops;
	l->cfg = *cfg;
}

void life_started(struct life *l, int err)
{
	l->start_err = err;
	step(l, err ? LIFE_REFUSED : LIFE_STARTED);
}

void life_hung_up(struct life *l)
{
	step(l, LIFE_HUNG_UP);
}

void life_end(struct life *l)
{
	step(l, LIFE_IDLE);
}

static void count(struct export_stats *st, const struct disk_io *io)
{
	switch (io->op) {
	case DISK_READ:
		st->reads++;
		st->read_bytes += io->len;
		break;
	case DISK_WRITE:
		st->writes++;
		st->write_bytes += io->len;
		break;
	case DISK_FLUSH:
		st->flushes++;
		break;
	case DISK_DISCARD:
	case DISK_ZERO:
		st->trims++;
		break;
	}
}

void life_submit(struct life *l, struct disk_io *io)
{
	count(&l->stats, io);
	io->since = io_now(l->cfg.loop);
	disk_submit(l->cfg.disk, io);
}

static const struct life *of(const struct export *e)
{
	return container_of(e, const struct life, pub);
}

void life_stop(struct export *e)
{
	step(container_of(e, struct life, pub), LIFE_STOP);
}

void life_stats(const struct export *e, struct export_stats *out)
{
	*out = of(e)->stats;
	out->inflight = of(e)->busy;
}

int life_handle(const struct export *e)
{
	return life_is_stopping(of(e)) ? -1 : of(e)->cfg.fd;
}

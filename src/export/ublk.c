/*
 * ublk - a disk as a ublk device, served on one /dev/ublkcN handle.
 *
 * One queue, on the io_uring loop.  A slot is a tag of the queue, with a
 * buffer of its own in locked memory: the kernel copies a write's data there
 * before it tells of the request, and a read's from there when it is
 * answered.  An answer asks for the next request in the same command.
 *
 * The handle and the mapping must go when the engine dies, or the kernel
 * would wait for both before another may serve the device: so they are in
 * no other process.  The kernel itself keeps the requests of an engine that
 * died, and gives them to the next.
 */
#include "export/export.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/list.h"
#include "disk/disk.h"
#include "export/ublk_control.h"
#include "export/ublk_proto.h"
#include "export/submit.h"
#include "io/loop.h"

#define PAGE 4096

struct ublk_export;

struct slot {
	struct io_op op; /* waiting for a request */
	struct ublk_export *ux;
	struct disk_io io;
	struct ublk_job job;
	uint8_t *data;
	uint16_t tag;
};

struct ublk_export {
	struct export pub;
	struct export_config cfg;
	const struct ublk_request *requests; /* the kernel's, by tag */
	unsigned nslots;
	unsigned waiting; /* slots that wait in the kernel */
	unsigned busy;	  /* between request and answer */
	bool started, hung_up, stopping, ending;
	uint64_t begun; /* the turn in which all was asked for */
	struct io_op start_op, end_op;
	int refused; /* the first refusal of the kernel */
	struct disk_io last_flush;
	int last_err;
	struct export_stats stats;
	struct slot slots[UBLK_DEPTH_MAX];
};

#define STATE_SIZE ((sizeof(struct ublk_export) + PAGE - 1) / PAGE * PAGE)
#define MEMORY	   (STATE_SIZE + (size_t)UBLK_DEPTH_MAX * UBLK_DATA_MAX)

static size_t memory_for(unsigned nslots)
{
	return STATE_SIZE + (size_t)nslots * UBLK_DATA_MAX;
}

static struct ublk_export *export_of(struct export *e)
{
	return container_of(e, struct ublk_export, pub);
}

/* Ending -------------------------------------------------------------- */

static void unmap_requests(struct ublk_export *ux)
{
	munmap((void *)(uintptr_t)ux->requests,
	       ublk_requests_size(ux->nslots, PAGE));
}

/* Runs alone: nothing of the export is in flight any more. */
static void on_end(struct io_op *op, int res)
{
	struct ublk_export *ux = container_of(op, struct ublk_export, end_op);
	struct export_config cfg = ux->cfg;
	int err = ux->last_err;

	unmap_requests(ux);
	close(cfg.fd);
	arena_free(ux, memory_for(ux->nslots));
	cfg.events->stopped(cfg.ctx, err);
}

static void on_last_flush(struct disk_io *io, int err)
{
	struct ublk_export *ux =
		container_of(io, struct ublk_export, last_flush);

	ux->last_err = err;
	io_soon(ux->cfg.loop, &ux->end_op);
}

/*
 * What waits in the kernel comes back only when the manager stops the
 * device: there is no way to take it back from here.
 */
static void end_when_idle(struct ublk_export *ux)
{
	if (!ux->stopping || ux->ending || ux->busy || ux->waiting ||
	    ux->start_op.soon)
		return;
	ux->ending = true;
	ux->last_flush.done = on_last_flush;
	export_last_flush(&ux->cfg, &ux->last_flush);
}

static void stop(struct export *e)
{
	struct ublk_export *ux = export_of(e);

	ux->stopping = true;
	end_when_idle(ux);
}

static void hang_up(struct ublk_export *ux)
{
	if (ux->hung_up || !ux->started || ux->stopping)
		return;
	ux->hung_up = true;
	ux->cfg.events->hung_up(ux->cfg.ctx);
}

/* Requests ------------------------------------------------------------ */

static void wait_for(struct slot *s, uint32_t command, int32_t result)
{
	const struct ublk_io io = {
		.tag = s->tag,
		.result = result,
		.addr = (uint64_t)(uintptr_t)s->data,
	};

	s->ux->waiting++;
	io_command(s->ux->cfg.loop, &s->op, s->ux->cfg.fd, command, &io);
}

static void answer(struct slot *s, int err)
{
	struct ublk_export *ux = s->ux;

	ux->busy--;
	ux->stats.errors += err != 0;
	wait_for(s, UBLK_COMMIT_AND_FETCH, ublk_result(&s->job, err));
}

static void on_io_done(struct disk_io *io, int err)
{
	answer(container_of(io, struct slot, io), err);
}

static void run_io(struct slot *s)
{
	const struct ublk_job *j = &s->job;

	s->io.op = j->op;
	s->io.fua = j->fua;
	s->io.unmap = j->unmap;
	s->io.off = j->off;
	s->io.len = j->len;
	s->io.buf = s->data;
	export_submit(&s->ux->cfg, &s->ux->stats, &s->io);
}

static void take_request(struct slot *s)
{
	struct ublk_export *ux = s->ux;
	const struct ublk_request r = ux->requests[s->tag];
	int err = ublk_decode(&r, disk_geometry(ux->cfg.disk), &s->job);

	ux->busy++;
	/* Told to stop while somebody still uses it: by force. */
	if (!err && ux->stopping)
		err = -EIO;
	if (err)
		answer(s, err);
	else
		run_io(s);
}

static void on_request(struct io_op *op, int res)
{
	struct slot *s = container_of(op, struct slot, op);
	struct ublk_export *ux = s->ux;

	ux->waiting--;
	if (res == UBLK_RES_OK) {
		take_request(s);
		return;
	}
	/* The device is stopped, or does not take us for its server. */
	if (res != UBLK_RES_ABORT && !ux->refused)
		ux->refused = res < 0 ? res : -EPROTO;
	if (ux->waiting == 0)
		hang_up(ux);
	end_when_idle(ux);
}

/* Starting ------------------------------------------------------------ */

/*
 * A turn later: by then the kernel refused what it does not like.  Whoever
 * starts the device waits until it has all.
 */
static void on_begun(struct io_op *op, int res)
{
	struct ublk_export *ux = container_of(op, struct ublk_export, start_op);

	if (io_turn(ux->cfg.loop) == ux->begun) {
		io_soon(ux->cfg.loop, &ux->start_op);
		return;
	}
	if (!ux->stopping) {
		ux->started = true;
		ux->cfg.events->started(ux->cfg.ctx, ux->refused);
	}
	end_when_idle(ux);
}

static int map_requests(const struct export_config *cfg,
			const struct ublk_request **out)
{
	void *p = mmap(NULL, ublk_requests_size(cfg->depth, PAGE), PROT_READ,
		       MAP_SHARED | MAP_POPULATE, cfg->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

static void init_slots(struct ublk_export *ux)
{
	uint8_t *at = (uint8_t *)ux + STATE_SIZE;

	for (unsigned i = 0; i < ux->nslots; i++) {
		struct slot *s = &ux->slots[i];

		s->ux = ux;
		s->tag = (uint16_t)i;
		s->data = at;
		s->op.fn = on_request;
		s->io.done = on_io_done;
		at += UBLK_DATA_MAX;
	}
}

/* A device that was served before is no other: the kernel has it wait. */
static int start(const struct export_config *cfg, struct export **out)
{
	struct ublk_export *ux;
	int err;

	if (disk_geometry(cfg->disk)->block_size == 0)
		return -EAGAIN;
	if (!cfg->depth || cfg->depth > UBLK_DEPTH_MAX)
		return -EINVAL;
	ux = arena_alloc(memory_for(cfg->depth));
	if (!ux)
		return -ENOMEM;
	err = map_requests(cfg, &ux->requests);
	if (err) {
		arena_free(ux, memory_for(cfg->depth));
		return err;
	}
	ux->pub.ops = &export_ublk;
	ux->cfg = *cfg;
	ux->nslots = cfg->depth;
	ux->end_op.fn = on_end;
	ux->start_op.fn = on_begun;
	ux->begun = io_turn(cfg->loop);
	init_slots(ux);
	for (unsigned i = 0; i < ux->nslots; i++)
		wait_for(&ux->slots[i], UBLK_FETCH, 0);
	io_soon(cfg->loop, &ux->start_op);
	*out = &ux->pub;
	return 0;
}

/* The kernel is told by the manager. */
static void resized(struct export *e)
{
}

static void get_stats(const struct export *e, struct export_stats *out)
{
	const struct ublk_export *ux =
		container_of(e, const struct ublk_export, pub);

	*out = ux->stats;
	out->inflight = ux->busy;
}

/* Nobody else may have it. */
static int get_handle(const struct export *e)
{
	return -1;
}

static bool can(void)
{
	return access(UBLK_CONTROL, F_OK) == 0;
}

const struct export_ops export_ublk = {
	.name = "ublk",
	.commands = true,
	.can = can,
	.memory = MEMORY,
	.start = start,
	.resized = resized,
	.stop = stop,
	.handle = get_handle,
	.stats = get_stats,
};

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
#include "export/life.h"
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
	struct life life; /* waiting: slots in the kernel, and start_op */
	const struct ublk_request *requests; /* the kernel's, by tag */
	unsigned nslots;
	uint64_t begun; /* the turn in which all was asked for */
	struct io_op start_op;
	int refused; /* the first refusal of the kernel */
	struct slot slots[UBLK_DEPTH_MAX];
};

#define STATE_SIZE ((sizeof(struct ublk_export) + PAGE - 1) / PAGE * PAGE)
#define MEMORY	   (STATE_SIZE + (size_t)UBLK_DEPTH_MAX * UBLK_DATA_MAX)

static size_t memory_for(unsigned nslots)
{
	return STATE_SIZE + (size_t)nslots * UBLK_DATA_MAX;
}

/* Ending -------------------------------------------------------------- */

static void free_export(struct life *l)
{
	struct ublk_export *ux = container_of(l, struct ublk_export, life);

	munmap((void *)(uintptr_t)ux->requests,
	       ublk_requests_size(ux->nslots, PAGE));
	arena_free(ux, memory_for(ux->nslots));
}

/*
 * What waits in the kernel comes back only when the manager stops the
 * device: there is no way to recall it from here.
 */
static const struct life_ops life_ops = { .free = free_export };

/* Requests ------------------------------------------------------------ */

static void wait_for(struct slot *s, uint32_t command, int32_t result)
{
	const struct ublk_io io = {
		.tag = s->tag,
		.result = result,
		.addr = (uint64_t)(uintptr_t)s->data,
	};

	s->ux->life.waiting++;
	io_command(s->ux->life.cfg.loop, &s->op, s->ux->life.cfg.fd, command,
		   &io);
}

static void answer(struct slot *s, int err)
{
	struct ublk_export *ux = s->ux;

	ux->life.busy--;
	ux->life.stats.errors += err != 0;
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
	life_submit(&s->ux->life, &s->io);
}

static void take_request(struct slot *s)
{
	struct ublk_export *ux = s->ux;
	const struct ublk_request r = ux->requests[s->tag];
	int err = ublk_decode(&r, disk_geometry(ux->life.cfg.disk), &s->job);

	ux->life.busy++;
	/* Told to stop while somebody still uses it: by force. */
	if (!err && life_is_stopping(&ux->life))
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

	ux->life.waiting--;
	if (res == UBLK_RES_OK) {
		take_request(s);
		return;
	}
	/* The device is stopped, or does not take us for its server. */
	if (res != UBLK_RES_ABORT && !ux->refused)
		ux->refused = res < 0 ? res : -EPROTO;
	if (ux->life.waiting == 0)
		life_hung_up(&ux->life);
	life_end_if_idle(&ux->life);
}

/* Starting ------------------------------------------------------------ */

/*
 * A turn later: by then the kernel refused what it does not like.  Whoever
 * starts the device waits until it has all.
 */
static void on_begun(struct io_op *op, int res)
{
	struct ublk_export *ux = container_of(op, struct ublk_export, start_op);

	if (io_turn(ux->life.cfg.loop) == ux->begun) {
		io_soon(ux->life.cfg.loop, &ux->start_op);
		return;
	}
	ux->life.waiting--;
	life_started(&ux->life, ux->refused);
	/* The device may have been stopped meanwhile. */
	if (life_serves(&ux->life) && ux->life.waiting == 0)
		life_hung_up(&ux->life);
	life_end_if_idle(&ux->life);
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
	life_init(&ux->life, &life_ops, cfg);
	ux->nslots = cfg->depth;
	ux->start_op.fn = on_begun;
	ux->begun = io_turn(cfg->loop);
	init_slots(ux);
	for (unsigned i = 0; i < ux->nslots; i++)
		wait_for(&ux->slots[i], UBLK_FETCH, 0);
	ux->life.waiting++;
	io_soon(cfg->loop, &ux->start_op);
	*out = &ux->life.pub;
	return 0;
}

/* The kernel is told by the manager. */
static void resized(struct export *e)
{
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
	.stop = life_stop,
	.handle = get_handle,
	.stats = life_stats,
};

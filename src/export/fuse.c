/*
 * fuse - a disk as one FUSE file, served on one /dev/fuse handle.
 *
 * Through ordinary reads and writes on the io_uring loop, on the
 * one uncloned handle: only so does the kernel keep the requests of an
 * engine that died, for the next to ask for them again (FUSE_NOTIFY_RESEND).
 *
 * A slot is a request: read into its buffer, done by the disk in place,
 * answered from there, then free for the next.  Slots are locked memory
 * and as many as there are; what does not fit waits in the kernel.
 */
#include "export/export.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "disk/disk.h"
#include "export/fuse_proto.h"
#include "export/life.h"
#include "io/loop.h"
#include "io/pulse.h"

#define SLOTS	   32
#define BATCH_MAX  16
#define HEAD_PLACE 4096 /* the end of it is the head; the payload follows */
#define SLOT_BYTES (HEAD_PLACE + FUSE_DATA_MAX)

struct fuse_export;

struct slot {
	struct io_op op; /* reading a request, or writing its answer */
	struct fuse_export *fx;
	struct list link; /* in fx->idle, or in fx->reading */
	struct disk_io io;
	struct fuse_job job;
	uint8_t *head, *data;
};

struct fuse_export {
	struct life life;	   /* waiting: reads */
	struct list idle, reading; /* slots */
	unsigned batch;		   /* reads put out together */
	uint64_t batch_turn;	   /* when */
	bool batch_slow;	   /* one of them found nothing at once */
	struct io_op resend_op;
	uint8_t resend[FUSE_ANSWER_MAX];
	unsigned nslots;
	struct slot slots[SLOTS];
};

#define PAGE	   4096
#define STATE_SIZE ((sizeof(struct fuse_export) + PAGE - 1) / PAGE * PAGE)
#define MEMORY	   (STATE_SIZE + (size_t)SLOTS * SLOT_BYTES)

static size_t memory_for(unsigned nslots)
{
	return STATE_SIZE + (size_t)nslots * SLOT_BYTES;
}

static void fill(struct fuse_export *fx);

/* Ending -------------------------------------------------------------- */

static struct fuse_export *export_of(struct life *l)
{
	return container_of(l, struct fuse_export, life);
}

static void free_export(struct life *l)
{
	struct fuse_export *fx = export_of(l);

	arena_free(fx, memory_for(fx->nslots));
}

static void recall(struct life *l)
{
	struct list *pos;

	list_for_each (pos, &export_of(l)->reading)
		io_cancel(l->cfg.loop,
			  &container_of(pos, struct slot, link)->op);
}

static const struct life_ops life_ops = {
	.recall = recall,
	.free = free_export,
	.pulses = true,
};

/* Answers ------------------------------------------------------------- */

static void put_idle(struct slot *s)
{
	list_push_front(&s->fx->idle, &s->link); /* its memory is warm */
}

/*
 * The answer is out.  An error here means that nobody waits for it any more
 * (the user was killed, or the mount aborted), never that it can be repeated.
 */
static void on_answered(struct io_op *op, int res)
{
	struct slot *s = container_of(op, struct slot, op);
	struct fuse_export *fx = s->fx;

	fx->life.busy--;
	pulse_answered();
	put_idle(s);
	if (s->job.init_done && res >= 0)
		life_started(&fx->life, 0);
	if (fx->life.waiting == 0)
		fill(fx);
	life_end_if_idle(&fx->life);
}

/* One piece: the answer goes in front of its payload, over the request. */
static void write_answer(struct slot *s)
{
	const struct fuse_job *j = &s->job;
	uint8_t *at = s->data - j->answer_len;

	memcpy(at, j->answer, j->answer_len);
	s->op.fn = on_answered;
	io_write(s->fx->life.cfg.loop, &s->op, s->fx->life.cfg.fd, at,
		 j->answer_len + j->payload, 0);
}

static void on_io_done(struct disk_io *io, int err)
{
	struct slot *s = container_of(io, struct slot, io);

	fuse_finish(&s->job, err);
	s->fx->life.stats.errors += err != 0;
	write_answer(s);
}

static void run_io(struct slot *s)
{
	const struct fuse_job *j = &s->job;

	s->io.op = j->op;
	s->io.fua = j->fua;
	s->io.unmap = j->unmap;
	s->io.off = j->off;
	s->io.len = j->len;
	s->io.buf = s->data;
	life_submit(&s->fx->life, &s->io);
}

/* Requests ------------------------------------------------------------ */

static void tell_of_init(const struct slot *s)
{
	if (s->job.init_done && !s->job.can_resend)
		log_warn("fuse", "this kernel cannot send requests again "
				 "(Linux 6.9 can): the death of an engine "
				 "will cost the I/O in flight");
}

static void take_request(struct slot *s, size_t n)
{
	struct fuse_export *fx = s->fx;

	switch (fuse_decode(s->head, n, disk_geometry(fx->life.cfg.disk),
			    &s->job)) {
	case FUSE_NEXT_NOTHING:
		pulse_answered();
		put_idle(s);
		break;
	case FUSE_NEXT_ANSWER:
		fx->life.busy++;
		tell_of_init(s);
		write_answer(s);
		break;
	case FUSE_NEXT_IO:
		fx->life.busy++;
		run_io(s);
		break;
	}
}

/*
 * How many reads to put out.  Each one that waits is woken by every request
 * (32 of them cost more than the request), but one at a time cannot keep up
 * with a queue.  So: as long as a batch finds its requests at once, the next
 * is twice as large; else it is one.
 */
static void note_batch(struct fuse_export *fx)
{
	if (io_turn(fx->life.cfg.loop) != fx->batch_turn + 1)
		fx->batch_slow = true;
	if (fx->life.waiting)
		return;
	fx->batch *= 2;
	if (fx->batch_slow)
		fx->batch = 1;
	else if (fx->batch > BATCH_MAX)
		fx->batch = BATCH_MAX;
}

static bool is_passing(int res)
{
	return res == -EAGAIN || res == -EINTR || res == -ENOENT ||
	       res == -ECANCELED;
}

static void on_request(struct io_op *op, int res)
{
	struct slot *s = container_of(op, struct slot, op);
	struct fuse_export *fx = s->fx;

	list_remove(&s->link);
	fx->life.waiting--;
	note_batch(fx);
	if (res > 0) {
		pulse_took();
		take_request(s, (size_t)res);
	} else {
		put_idle(s);
		if (!is_passing(res))
			life_hung_up(
				&fx->life); /* ENODEV: unmounted or aborted */
	}
	if (fx->life.waiting == 0)
		fill(fx);
	life_end_if_idle(&fx->life);
}

static void fill(struct fuse_export *fx)
{
	struct list *l;
	struct slot *s;

	if (!life_serves(&fx->life))
		return;
	fx->batch_turn = io_turn(fx->life.cfg.loop);
	fx->batch_slow = false;
	while (fx->life.waiting < fx->batch &&
	       (l = list_pop_front(&fx->idle))) {
		s = container_of(l, struct slot, link);
		list_push_back(&fx->reading, &s->link);
		fx->life.waiting++;
		s->op.fn = on_request;
		io_read(fx->life.cfg.loop, &s->op, fx->life.cfg.fd, s->head,
			FUSE_BUFFER_SIZE, 0);
	}
}

/* Starting ------------------------------------------------------------ */

static void on_resent(struct io_op *op, int res)
{
	struct fuse_export *fx =
		container_of(op, struct fuse_export, resend_op);

	fx->life.busy--;
	life_started(&fx->life, res == -EINVAL ? -EOPNOTSUPP
				: res < 0      ? res
					       : 0);
	if (res >= 0)
		fill(fx);
	life_end_if_idle(&fx->life);
}

/* Asks first, so that what was lost is answered before what is new. */
static void resend(struct fuse_export *fx)
{
	size_t n = fuse_resend_message(fx->resend);

	fx->life.busy++;
	fx->resend_op.fn = on_resent;
	io_write(fx->life.cfg.loop, &fx->resend_op, fx->life.cfg.fd, fx->resend,
		 (unsigned)n, 0);
}

static void init_slots(struct fuse_export *fx)
{
	uint8_t *at = (uint8_t *)fx + STATE_SIZE;

	list_init(&fx->idle);
	list_init(&fx->reading);
	for (struct slot *s = fx->slots; s < fx->slots + fx->nslots; s++) {
		s->fx = fx;
		s->head = at + HEAD_PLACE - FUSE_HEAD_SIZE;
		s->data = at + HEAD_PLACE;
		s->io.done = on_io_done;
		list_push_back(&fx->idle, &s->link);
		at += SLOT_BYTES;
	}
}

static int set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

static int start(const struct export_config *cfg, struct export **out)
{
	struct fuse_export *fx;
	unsigned nslots;
	int err;

	if (disk_geometry(cfg->disk)->block_size == 0)
		return -EAGAIN;
	/* io_uring waits for a handle to be readable only if it is this. */
	err = set_nonblock(cfg->fd);
	if (err)
		return err;
	nslots = cfg->depth && cfg->depth < SLOTS ? cfg->depth : SLOTS;
	fx = arena_alloc(memory_for(nslots));
	if (!fx)
		return -ENOMEM;
	life_init(&fx->life, &life_ops, cfg);
	fx->nslots = nslots;
	fx->batch = 1;
	init_slots(fx);
	if (cfg->resume)
		resend(fx);
	else
		fill(fx);
	*out = &fx->life.pub;
	return 0;
}

/* The size is asked for whenever somebody wants it (attr_valid is 0). */
static void resized(struct export *e)
{
}

const struct export_ops export_fuse = {
	.name = "fuse",
	.implied = true,
	.shared = true,
	.memory = MEMORY,
	.start = start,
	.resized = resized,
	.stop = life_stop,
	.handle = life_handle,
	.stats = life_stats,
};

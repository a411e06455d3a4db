/*
 * export_blocks - a disk as packets on a socket: the engine's part.
 *
 * A packet is a request or its answer.  The first one from here is a greeting;
 * its len is 1 where the disk was served before, and then all that was not
 * answered is to be sent again.
 */
#include <errno.h>

#include "base/arena.h"
#include "base/list.h"
#include "disk/disk.h"
#include "export/life.h"

#define SLOTS	 4
#define DATA_MAX 65536
#define GREETING 100

struct packet {
	uint64_t tag, off;
	uint32_t op, len; /* enum disk_op; bytes */
	int32_t err;
	uint32_t fua;
	uint8_t data[DATA_MAX]; /* of a write, or of the answer to a read */
};

#define HEAD offsetof(struct packet, data)

struct blocks_export;

struct slot {
	struct io_op op;
	struct blocks_export *bx;
	struct disk_io io;
	bool reading;
	struct packet packet;
};

struct blocks_export {
	struct life life;
	struct io_op hello_op;
	struct packet hello;
	struct slot slots[SLOTS];
};

#define PAGE   4096
#define MEMORY ((sizeof(struct blocks_export) + PAGE - 1) / PAGE * PAGE)

static void read_next(struct slot *s);

static struct blocks_export *of(struct life *l)
{
	return container_of(l, struct blocks_export, life);
}

static void free_export(struct life *l)
{
	arena_free(of(l), MEMORY);
}

static void recall(struct life *l)
{
	for (struct slot *s = of(l)->slots; s < of(l)->slots + SLOTS; s++)
		if (s->reading)
			io_cancel(l->cfg.loop, &s->op);
}

static const struct life_ops life_ops = { .recall = recall,
					  .free = free_export };

static void on_answered(struct io_op *op, int res)
{
	struct slot *s = container_of(op, struct slot, op);
	struct life *l = &s->bx->life;

	l->busy--;
	read_next(s);
	life_end_if_idle(l);
}

static void answer(struct slot *s, int err)
{
	struct packet *p = &s->packet;
	bool data = p->op == DISK_READ && !err;

	p->err = err;
	s->bx->life.stats.errors += err != 0;
	s->op.fn = on_answered;
	io_write(s->bx->life.cfg.loop, &s->op, s->bx->life.cfg.fd, p,
		 (unsigned)HEAD + (data ? p->len : 0), -1);
}

static void on_io_done(struct disk_io *io, int err)
{
	answer(container_of(io, struct slot, io), err);
}

/* Its length was looked at; the disk looks at the rest. */
static void take_request(struct slot *s)
{
	const struct packet *p = &s->packet;

	s->bx->life.busy++;
	if (p->op > DISK_ZERO || p->len > DATA_MAX) {
		answer(s, -EINVAL);
		return;
	}
	s->io.op = (enum disk_op)p->op;
	s->io.fua = p->fua;
	s->io.off = p->off;
	s->io.len = p->len;
	s->io.buf = s->packet.data;
	life_submit(&s->bx->life, &s->io);
}

static void on_packet(struct io_op *op, int res)
{
	struct slot *s = container_of(op, struct slot, op);
	struct life *l = &s->bx->life;

	s->reading = false;
	l->waiting--;
	if (res >= (int)HEAD)
		take_request(s);
	else if (res != -ECANCELED)
		life_hung_up(l);
	life_end_if_idle(l);
}

static void read_next(struct slot *s)
{
	struct life *l = &s->bx->life;

	if (!life_serves(l))
		return;
	l->waiting++;
	s->reading = true;
	s->op.fn = on_packet;
	io_read(l->cfg.loop, &s->op, l->cfg.fd, &s->packet, sizeof(s->packet),
		-1);
}

static void on_greeted(struct io_op *op, int res)
{
	struct blocks_export *bx =
		container_of(op, struct blocks_export, hello_op);

	bx->life.busy--;
	life_started(&bx->life, res < 0 ? res : 0);
	for (struct slot *s = bx->slots; s < bx->slots + SLOTS; s++)
		read_next(s);
	life_end_if_idle(&bx->life);
}

static int start(const struct export_config *cfg, struct export **out)
{
	struct blocks_export *bx;

	if (disk_geometry(cfg->disk)->block_size == 0)
		return -EAGAIN;
	bx = arena_alloc(MEMORY);
	if (!bx)
		return -ENOMEM;
	life_init(&bx->life, &life_ops, cfg);
	for (struct slot *s = bx->slots; s < bx->slots + SLOTS; s++) {
		s->bx = bx;
		s->io.done = on_io_done;
	}
	bx->hello.op = GREETING;
	bx->hello.len = cfg->resume;
	bx->hello_op.fn = on_greeted;
	bx->life.busy++;
	io_write(cfg->loop, &bx->hello_op, cfg->fd, &bx->hello, HEAD, -1);
	*out = &bx->life.pub;
	return 0;
}

/* Nobody asks. */
static void resized(struct export *e)
{
}

const struct export_ops export_blocks = {
	.name = "blocks",
	.shared = true,
	.takes = EXPORT_BLOCKS,
	.memory = MEMORY,
	.start = start,
	.resized = resized,
	.stop = life_stop,
	.handle = life_handle,
	.stats = life_stats,
};

/*
 * export_cdbs - a LUN that is no disk as packets on a socket: the engine's
 * part.
 *
 * A packet is a command or its answer, one at a time.  What was not answered
 * when an engine died was lost: nothing is sent twice.
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/list.h"
#include "disk/passthrough.h"
#include "export/life.h"

#define DATA_MAX 65536

struct packet {
	uint64_t tag;
	uint32_t dir, len; /* enum cmd_dir; bytes */
	uint8_t cdb[CDB_LEN];
	/* the answer */
	int32_t err;
	uint32_t underflow, overflow;
	uint8_t status, sense_len, unused[2];
	uint8_t sense[CMD_SENSE_MAX];
	uint8_t data[DATA_MAX]; /* of a write, or of the answer to a read */
};

#define HEAD offsetof(struct packet, data)

struct cdbs_export {
	struct life life;
	struct io_op op;
	struct scsi_io io;
	bool reading;
	struct packet packet;
};

#define PAGE   4096
#define MEMORY ((sizeof(struct cdbs_export) + PAGE - 1) / PAGE * PAGE)

static void read_next(struct cdbs_export *cx);

static struct cdbs_export *of(struct life *l)
{
	return container_of(l, struct cdbs_export, life);
}

static void free_export(struct life *l)
{
	arena_free(of(l), MEMORY);
}

static void recall(struct life *l)
{
	if (of(l)->reading)
		io_cancel(l->cfg.loop, &of(l)->op);
}

static const struct life_ops life_ops = { .recall = recall,
					  .free = free_export };

static void on_answered(struct io_op *op, int res)
{
	struct cdbs_export *cx = container_of(op, struct cdbs_export, op);

	cx->life.busy--;
	read_next(cx);
	life_end_if_idle(&cx->life);
}

static void answer(struct cdbs_export *cx, int err)
{
	struct packet *p = &cx->packet;
	const struct cmd *c = &cx->io.cmd;
	bool data = p->dir == CMD_READ && !err;

	p->err = err;
	p->status = c->status;
	p->underflow = c->underflow;
	p->overflow = c->overflow;
	p->sense_len = c->sense_len;
	memcpy(p->sense, c->sense, sizeof(p->sense));
	cx->op.fn = on_answered;
	io_write(cx->life.cfg.loop, &cx->op, cx->life.cfg.fd, p,
		 (unsigned)HEAD + (data ? p->len : 0), -1);
}

static void on_io_done(struct scsi_io *io, int err)
{
	answer(container_of(io, struct cdbs_export, io), err);
}

static void take_command(struct cdbs_export *cx)
{
	const struct packet *p = &cx->packet;
	struct cmd *c = &cx->io.cmd;

	cx->life.busy++;
	memset(&cx->io, 0, sizeof(cx->io));
	if (p->dir > CMD_WRITE || p->len > DATA_MAX) {
		answer(cx, -EINVAL);
		return;
	}
	memcpy(c->cdb, p->cdb, CDB_LEN);
	c->dir = (enum cmd_dir)p->dir;
	c->buf = cx->packet.data;
	c->len = p->len;
	cx->io.done = on_io_done;
	passthrough_submit(cx->life.cfg.pass, &cx->io);
}

static void on_packet(struct io_op *op, int res)
{
	struct cdbs_export *cx = container_of(op, struct cdbs_export, op);

	cx->reading = false;
	cx->life.waiting--;
	if (res >= (int)HEAD)
		take_command(cx);
	else if (res != -ECANCELED)
		life_hung_up(&cx->life);
	life_end_if_idle(&cx->life);
}

static void read_next(struct cdbs_export *cx)
{
	struct life *l = &cx->life;

	if (!life_serves(l))
		return;
	l->waiting++;
	cx->reading = true;
	cx->op.fn = on_packet;
	io_read(l->cfg.loop, &cx->op, l->cfg.fd, &cx->packet,
		sizeof(cx->packet), -1);
}

/* The socket is there: a turn later it is served. */
static void on_begun(struct io_op *op, int res)
{
	struct cdbs_export *cx = container_of(op, struct cdbs_export, op);

	cx->life.busy--;
	life_started(&cx->life, 0);
	read_next(cx);
	life_end_if_idle(&cx->life);
}

static int start(const struct export_config *cfg, struct export **out)
{
	struct cdbs_export *cx = arena_alloc(MEMORY);

	if (!cx)
		return -ENOMEM;
	life_init(&cx->life, &life_ops, cfg);
	cx->life.busy++;
	cx->op.fn = on_begun;
	io_soon(cfg->loop, &cx->op);
	*out = &cx->life.pub;
	return 0;
}

/* It has no size. */
static void resized(struct export *e)
{
}

const struct export_ops export_cdbs = {
	.name = "cdbs",
	.shared = true,
	.takes = EXPORT_CDBS,
	.memory = MEMORY,
	.start = start,
	.resized = resized,
	.stop = life_stop,
	.handle = life_handle,
	.stats = life_stats,
};

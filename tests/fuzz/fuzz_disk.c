/*
 * fuzz_disk - a disk between an owner and a target that both do anything.
 *
 * The input says what happens next: a request, an answer with any outcome,
 * sense and data, a lost nexus, an event, time.  Whatever it is, a request
 * ends exactly once, nothing goes beyond the disk, and no event makes more
 * than a few commands.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "disk/disk.h"
#include "fuzz.h"
#include "proto/session.h"
#include "scsi/cdb.h"

#define REQUESTS    8
#define PENDING_MAX (REQUESTS + 2)     /* the probe, and the reservation */
#define SUBMITS_MAX (4 * REQUESTS + 8) /* by one event of the outside */
#define MAX_BLOCKS  16384	       /* of a request */

struct session {
	int unused;
};

static struct session session;
static struct clear_req *clear;
static struct input in;
static struct disk *disk;
static struct cmd *pending[PENDING_MAX];
static unsigned npending, submits;
static struct fence_rules rules;
static bool up;
static uint64_t now;
static uint8_t buf[MAX_BLOCKS * 4096u];

static struct request {
	struct disk_io io;
	bool busy;
} requests[REQUESTS];

static void nothing(void *ctx, struct disk *d)
{
}

static void on_note(void *ctx, struct disk *d, int level, const char *line)
{
	MUST(strlen(line) < 1000);
}

static const struct disk_ops ops = { nothing, nothing, nothing, on_note };

static void on_done(struct disk_io *io, int err)
{
	struct request *r = container_of(io, struct request, io);

	MUST(r->busy);
	MUST(err <= 0);
	r->busy = false;
}

/*
 * Data may move only online, and within the disk as it is known; but for the
 * block that is read for its order's sake.
 */
static void check_range(const struct cmd *c)
{
	const struct disk_geometry *g = disk_geometry(disk);
	uint64_t lba, count;

	if (c->ordered) {
		MUST(c->dir != CMD_WRITE);
		return;
	}
	switch (c->cdb[0]) {
	case SCSI_READ_10:
	case SCSI_WRITE_10:
	case SCSI_WRITE_SAME_10:
		lba = get_be32(c->cdb + 2);
		count = get_be16(c->cdb + 7);
		break;
	case SCSI_READ_16:
	case SCSI_WRITE_16:
	case SCSI_WRITE_SAME_16:
		lba = get_be64(c->cdb + 2);
		count = get_be32(c->cdb + 10);
		break;
	case SCSI_UNMAP:
		lba = get_be64(c->buf + 8);
		count = get_be32(c->buf + 16);
		break;
	default:
		return;
	}
	MUST(disk_state(disk) == DISK_ONLINE);
	MUST(count > 0);
	MUST(lba < g->blocks && count <= g->blocks - lba);
}

void session_submit(struct session *s, struct cmd *c)
{
	MUST(s == &session);
	MUST(++submits < SUBMITS_MAX);
	check_range(c);
	MUST(npending < PENDING_MAX);
	pending[npending++] = c;
}

/* What a plain disk would say, so that there is something to spoil. */
static void put_model(struct cmd *c, uint8_t *p, size_t n)
{
	if (c->cdb[0] == SCSI_INQUIRY && c->cdb[1] & 1) {
		static const uint8_t list[] = { 0, 0x80, 0x83, 0xb0, 0xb2 };

		p[1] = c->cdb[2];
		p[3] = 0x3c;
		if (c->cdb[2] == 0) {
			p[3] = sizeof(list);
			memcpy(p + 4, list, sizeof(list));
		} else if (c->cdb[2] == 0xb0) {
			p[23] = p[27] = p[31] = 8;
		} else if (c->cdb[2] == 0xb2) {
			p[5] = 0xe4;
		}
	} else if (c->cdb[0] == SCSI_INQUIRY) {
		p[2] = 5;
		p[4] = 31;
	} else if (c->cdb[0] == SCSI_SERVICE_ACTION_IN_16 && n >= 16) {
		p[5] = 1;
		p[10] = 2;
		p[14] = 0xc0;
	} else if (c->cdb[0] == SCSI_READ_CAPACITY_10) {
		p[1] = 1;
		p[6] = 0x10;
	}
}

static void put_data(struct cmd *c)
{
	uint8_t p[512] = { 0 };
	unsigned spoil = input_byte(&in) % 8;
	size_t n = c->len < sizeof(p) ? c->len : sizeof(p);

	put_model(c, p, n);
	for (; spoil > 4; spoil--) {
		size_t at = input_u16(&in) % sizeof(p);

		p[at] = input_byte(&in);
	}
	if (c->dir == CMD_READ && n)
		memcpy(c->buf, p, n);
}

static void answer(unsigned i, bool lost)
{
	struct cmd *c = pending[i];
	uint8_t kind = lost ? 0 : input_byte(&in);

	pending[i] = pending[--npending];
	c->outcome = lost ? CMD_LOST : CMD_DONE;
	c->exposed = true;
	c->status = c->response = c->sense_len = 0;
	c->underflow = c->overflow = 0;
	memset(c->sense, 0, sizeof(c->sense));
	if (lost) {
		c->done(c);
		return;
	}
	switch (kind % 8) {
	case 0:
		c->status = 2;
		c->sense_len = input_byte(&in);
		input_bytes(&in, c->sense, 20);
		break;
	case 1:
		c->outcome = CMD_REFUSED;
		break;
	case 2:
		c->status = input_byte(&in);
		break;
	case 3:
		c->underflow = input_u16(&in);
		put_data(c);
		break;
	default:
		put_data(c);
	}
	c->done(c);
}

static void end(unsigned i)
{
	struct cmd *c = pending[i];

	pending[i] = pending[--npending];
	c->outcome = CMD_ABORTED;
	c->done(c);
}

/* One that was not sent comes back at once, others by end(). */
void session_expire(struct session *s, struct cmd *c, uint64_t at)
{
	unsigned i = 0;

	MUST(s == &session && up && at == now);
	while (i < npending && pending[i] != c)
		i++;
	MUST(i < npending);
	if (input_byte(&in) % 4 == 0)
		end(i);
}

void session_clear_lun(struct session *s, struct clear_req *r)
{
	MUST(s == &session && !clear);
	r->pending = true;
	clear = r;
}

static void end_clear(int err)
{
	struct clear_req *r = clear;

	clear = NULL;
	r->pending = false;
	r->done(r, err);
}

static void lose(void)
{
	up = false;
	if (clear)
		end_clear(-ENOTCONN);
	while (npending)
		answer(npending - 1, true);
	disk_nexus_down(disk, now);
}

static void request(void)
{
	struct request *r = &requests[input_byte(&in) % REQUESTS];
	uint8_t what = input_byte(&in);

	if (r->busy)
		return;
	memset(r, 0, sizeof(*r));
	r->busy = true;
	r->io.op = (enum disk_op)(what % 5);
	r->io.fua = what & 0x40;
	r->io.unmap = what & 0x80;
	r->io.off = (uint64_t)input_u16(&in) << (what & 0x20 ? 20 : 9);
	r->io.len = (uint64_t)(input_u16(&in) % MAX_BLOCKS) * 512;
	r->io.buf = buf;
	r->io.done = on_done;
	r->io.since = now;
	disk_submit(disk, &r->io);
}

static void event(void)
{
	uint8_t sense[20];

	input_bytes(&in, sense, sizeof(sense));
	disk_event(disk, sense, sizeof(sense), now);
}

/* ... and what is known of the target changes. */
static void move(uint8_t to)
{
	rules.wait_ms = to & 0x20 ? 20000 : 0;
	rules.reserve = to & 0x40;
	rules.reinstates = to & 0x80;
	disk_set_place(disk, to % 3);
}

static void step(void)
{
	submits = 0;
	switch (input_byte(&in) % 16) {
	case 0:
		if (!up)
			break;
		lose();
		break;
	case 1:
		event();
		break;
	case 2:
		disk_rescan(disk, now);
		break;
	case 3:
	case 4:
		request();
		break;
	case 5:
		now += input_u16(&in);
		disk_tick(disk, now);
		break;
	case 7:
		disk_set_limit(disk, input_byte(&in) * 100u, now);
		break;
	case 8:
		move(input_byte(&in));
		break;
	case 9:
		if (clear)
			end_clear(0);
		break;
	case 10:
		if (up && npending)
			end(input_byte(&in) % npending);
		break;
	case 11:
		disk_set_task_limit(disk, input_u16(&in));
		disk_was_reset(disk);
		break;
	case 6:
		if (!up)
			disk_expire(disk, -ENOLINK, now);
		break;
	default:
		if (!up) {
			up = true;
			disk_nexus_up(disk, &session, now);
		} else if (npending) {
			answer(0, false);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t lun[LUN_LEN];

	in = (struct input){ data, size };
	now = 1000;
	up = false;
	npending = submits = 0;
	clear = NULL;
	memset(requests, 0, sizeof(requests));
	disk = disk_new(lun, NULL, &ops, NULL);
	MUST(disk);
	rules = (struct fence_rules){ .settle_ms = 100, .host = 1 };
	disk_set_rules(disk, &rules);
	while (in.left)
		step();
	submits = 0;
	lose();
	disk_fail(disk, -ENOLINK, "end");
	for (int i = 0; i < REQUESTS; i++)
		MUST(!requests[i].busy);
	MUST(disk_idle(disk));
	disk_free(disk);
	return 0;
}

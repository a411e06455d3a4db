/*
 * disk_rig - a disk on the fake target, with an owner that remembers.
 */
#include "disk_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "disk/internal.h"

struct rig rig;
uint8_t rig_buf[8 << 20];
unsigned requests_done;

static void on_state(void *ctx, struct disk *d)
{
	rig.states++;
	rig.last_state = disk_state(d);
}

static void on_resized(void *ctx, struct disk *d)
{
	rig.resized++;
}

static void on_luns(void *ctx, struct disk *d)
{
	rig.luns_changed++;
}

static void on_elsewhere(void *ctx, struct disk *d)
{
	rig.elsewhere++;
}

static void on_note(void *ctx, struct disk *d, int level, const char *line)
{
	rig.notes++;
	str_copy(rig.last_note, sizeof(rig.last_note), line);
}

static void on_waits(void *ctx, struct disk *d)
{
	rig.waits++;
}

static const struct disk_ops ops = {
	.state = on_state,
	.resized = on_resized,
	.luns_changed = on_luns,
	.elsewhere = on_elsewhere,
	.note = on_note,
	.waits = on_waits,
};

static const uint8_t lun[LUN_LEN] = { 0, 3 };

void rig_new_disk(const char *expect)
{
	disk_free(rig.disk);
	rig.disk = disk_new(lun, expect, &ops, &rig);
	assert_non_null(rig.disk);
}

int rig_setup(void **state)
{
	memset(&rig, 0, sizeof(rig));
	rig.now = 1000000;
	requests_done = 0;
	fake_reset();
	rig_new_disk(NULL);
	return 0;
}

unsigned rig_inflight(void)
{
	return rig.disk->inflight;
}

int rig_teardown(void **state)
{
	fake.sync = false;
	fake_lose();
	disk_nexus_down(rig.disk, rig.now);
	disk_fail(rig.disk, -EIO, "test over");
	assert_int_equal(rig_inflight(), 0);
	assert_true(disk_idle(rig.disk));
	disk_free(rig.disk);
	rig.disk = NULL;
	return 0;
}

void rig_up(void)
{
	disk_nexus_up(rig.disk, &fake_session, rig.now);
	fake_answer_all();
}

void rig_online(void)
{
	rig_up();
	assert_int_equal(disk_state(rig.disk), DISK_ONLINE);
	fake_forget();
	rig.states = rig.notes = 0;
}

void rig_lose(void)
{
	fake_lose();
	disk_nexus_down(rig.disk, rig.now);
}

void rig_return(void)
{
	fake.down = false;
	rig_up();
}

void rig_pass(uint64_t ms)
{
	uint64_t end = rig.now + ms;
	unsigned steps = 0;

	for (;;) {
		uint64_t wake = disk_next_wake(rig.disk);

		if (wake > end)
			break;
		if (wake > rig.now)
			rig.now = wake;
		disk_tick(rig.disk, rig.now);
		fake_answer_all();
		/* An owner must not be kept busy. */
		assert_true(++steps < 10 + ms / 100);
	}
	rig.now = end;
}

static void on_done(struct disk_io *io, int err)
{
	struct request *r = container_of(io, struct request, io);

	assert_false(r->done);
	r->done = true;
	r->err = err;
	r->order = ++requests_done;
}

struct request *submit(struct request *r, enum disk_op op, uint64_t lba,
		       uint64_t count)
{
	memset(r, 0, sizeof(*r));
	r->io.op = op;
	r->io.off = lba * fake.block_size;
	r->io.len = count * fake.block_size;
	r->io.buf = rig_buf;
	r->io.done = on_done;
	r->io.since = rig.now;
	disk_submit(rig.disk, &r->io);
	return r;
}

int run_request(enum disk_op op, uint64_t lba, uint64_t count)
{
	struct request r;

	submit(&r, op, lba, count);
	fake_answer_all();
	rig_pass(20000);
	assert_true(r.done);
	return r.err;
}

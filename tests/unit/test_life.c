/*
 * test_life - how an export begins, serves, stops and ends.
 *
 * The exporter is this file: its handle does what the test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/list.h"
#include "disk/disk.h"
#include "export/life.h"

struct disk {
	struct disk_geometry geometry;
	struct disk_io *waits;
};

static struct disk disk;
static struct life life;
static struct io_op *soon;
static unsigned started, hung_up, stopped, recalled, freed;
static int start_err, stop_err;
static bool stops_at_once; /* the owner, when it hears of the end */

/* What the exporter meets --------------------------------------------- */

const struct disk_geometry *disk_geometry(const struct disk *d)
{
	return &d->geometry;
}

void disk_submit(struct disk *d, struct disk_io *io)
{
	d->waits = io;
}

void io_soon(struct io_loop *l, struct io_op *op)
{
	soon = op;
}

uint64_t io_now(const struct io_loop *l)
{
	return 7;
}

static void on_started(void *ctx, int err)
{
	started++;
	start_err = err;
	if (err && stops_at_once)
		life_stop(&life.pub);
}

static void on_hung_up(void *ctx)
{
	hung_up++;
	if (stops_at_once)
		life_stop(&life.pub);
}

static void on_stopped(void *ctx, int err)
{
	stopped++;
	stop_err = err;
}

static void recall(struct life *l)
{
	recalled++;
}

static void free_it(struct life *l)
{
	freed++;
}

static int fresh(void **state)
{
	static const struct export_events events = { on_started, on_hung_up,
						     on_stopped };
	static const struct life_ops ops = { .recall = recall,
					     .free = free_it };
	const struct export_config cfg = { .fd = dup(1),
					   .disk = &disk,
					   .events = &events };

	memset(&disk, 0, sizeof(disk));
	memset(&life, 0, sizeof(life));
	soon = NULL;
	started = hung_up = stopped = recalled = freed = 0;
	start_err = stop_err = 0;
	stops_at_once = true;
	life_init(&life, &ops, &cfg);
	return cfg.fd < 0;
}

static void flushed(int err)
{
	assert_non_null(disk.waits);
	assert_int_equal(disk.waits->op, DISK_FLUSH);
	disk.waits->done(disk.waits, err);
}

/* With nothing under way it flushes, and ends a turn later. */
static void ends_with(int err)
{
	flushed(err);
	assert_int_equal(stopped, 0);
	assert_non_null(soon);
	soon->fn(soon, 0);
	assert_int_equal(freed, 1);
	assert_int_equal(stopped, 1);
	assert_int_equal(stop_err, err);
	assert_int_equal(close(life.cfg.fd), -1);
}

static void test_it_serves_when_the_kernel_says_so(void **state)
{
	assert_true(life_serves(&life));
	life_started(&life, 0);
	assert_int_equal(started, 1);
	assert_int_equal(start_err, 0);
	life_started(&life, 0); /* again: the owner knows */
	assert_int_equal(started, 1);
	assert_int_equal(life_handle(&life.pub), life.cfg.fd);
	life_stop(&life.pub);
	assert_int_equal(recalled, 1);
	assert_int_equal(life_handle(&life.pub), -1);
	ends_with(0);
}

static void test_a_refusal_is_told_once_and_nothing_is_taken(void **state)
{
	stops_at_once = false;
	life_started(&life, -EOPNOTSUPP);
	assert_int_equal(start_err, -EOPNOTSUPP);
	assert_false(life_serves(&life));
	life_hung_up(&life);
	assert_int_equal(hung_up, 0);
	life_stop(&life.pub);
	ends_with(0);
}

static void test_who_stops_within_a_refusal_is_served(void **state)
{
	life_started(&life, -EACCES);
	assert_true(life_is_stopping(&life));
	ends_with(0);
}

static void test_a_hang_up_is_told_once(void **state)
{
	stops_at_once = false;
	life_started(&life, 0);
	life_hung_up(&life);
	life_hung_up(&life);
	assert_int_equal(hung_up, 1);
	assert_false(life_serves(&life));
	life.waiting = 1;
	life_stop(&life.pub);
	life_hung_up(&life);
	assert_int_equal(hung_up, 1);
	life.waiting = 0;
	life_end_if_idle(&life);
	ends_with(0);
}

static void test_what_is_under_way_ends_first(void **state)
{
	life_started(&life, 0);
	life.busy = life.waiting = 1;
	life_stop(&life.pub);
	life.busy--;
	life_end_if_idle(&life);
	assert_null(disk.waits);
	life.waiting--;
	life_end_if_idle(&life);
	life_end_if_idle(&life); /* it flushes already */
	ends_with(-EIO);
}

static void test_to_stop_twice_is_fine(void **state)
{
	life_stop(&life.pub);
	life_stop(&life.pub);
	flushed(0);
	life_stop(&life.pub);
	assert_int_equal(recalled, 1);
	soon->fn(soon, 0);
	assert_int_equal(stopped, 1);
	assert_int_equal(started, 0);
}

static void test_a_read_only_disk_is_not_flushed(void **state)
{
	disk.geometry.read_only = true;
	life_stop(&life.pub);
	assert_null(disk.waits);
	soon->fn(soon, 0);
	assert_int_equal(stopped, 1);
}

static void test_requests_are_counted_by_what_they_are(void **state)
{
	struct disk_io io = { .op = DISK_READ, .len = 4096 };
	struct export_stats st;

	life_submit(&life, &io);
	assert_ptr_equal(disk.waits, &io);
	assert_int_equal(io.since, 7);
	io.op = DISK_WRITE;
	life_submit(&life, &io);
	io.op = DISK_ZERO;
	life_submit(&life, &io);
	io.op = DISK_FLUSH;
	life_submit(&life, &io);
	life.busy = 3;
	life_stats(&life.pub, &st);
	assert_int_equal(st.inflight, 3);
	assert_int_equal(st.reads, 1);
	assert_int_equal(st.read_bytes, 4096);
	assert_int_equal(st.writes, 1);
	assert_int_equal(st.trims, 1);
	assert_int_equal(st.flushes, 1);
	close(life.cfg.fd);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		T(test_it_serves_when_the_kernel_says_so),
		T(test_a_refusal_is_told_once_and_nothing_is_taken),
		T(test_who_stops_within_a_refusal_is_served),
		T(test_a_hang_up_is_told_once),
		T(test_what_is_under_way_ends_first),
		T(test_to_stop_twice_is_fine),
		T(test_a_read_only_disk_is_not_flushed),
		T(test_requests_are_counted_by_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

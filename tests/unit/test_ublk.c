/*
 * test_ublk - the ublk exporter on a kernel moved by hand.
 *
 * What the loop is asked for lies in a table; the test ends it.  The requests
 * are in a file in memory that stands for the device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/list.h"
#include "disk/disk.h"
#include "export/export.h"
#include "export/ublk_proto.h"
#include "io/loop.h"

#define DEPTH 4

struct disk {
	struct disk_geometry geometry;
	struct list waiting;
};

static struct disk disk;
static struct {
	struct io_op *op;
	uint32_t command;
	struct ublk_io io;
} fetch[DEPTH];
static struct io_op *soon;
static uint64_t turn;
static int device = -1;
static struct export *export;
static unsigned started, hung_up, stopped;
static int start_err, stop_err;

/* What the exporter meets --------------------------------------------- */

const struct disk_geometry *disk_geometry(const struct disk *d)
{
	return &d->geometry;
}

void disk_submit(struct disk *d, struct disk_io *io)
{
	list_push_back(&d->waiting, &io->link);
}

void io_command(struct io_loop *l, struct io_op *op, int fd, uint32_t command,
		const void *arg)
{
	struct ublk_io io;

	memcpy(&io, arg, sizeof(io));
	assert_int_equal(fd, device);
	assert_true(io.tag < DEPTH);
	assert_null(fetch[io.tag].op); /* a tag waits once */
	fetch[io.tag].op = op;
	fetch[io.tag].command = command;
	fetch[io.tag].io = io;
}

void io_soon(struct io_loop *l, struct io_op *op)
{
	assert_true(!soon || soon == op);
	op->soon = true;
	soon = op;
}

uint64_t io_now(const struct io_loop *l)
{
	return 1000;
}

uint64_t io_turn(const struct io_loop *l)
{
	return turn;
}

static void run_soon(void)
{
	struct io_op *op = soon;

	turn++;
	soon = NULL;
	assert_non_null(op);
	op->soon = false;
	op->fn(op, 0);
}

static void on_started(void *ctx, int err)
{
	started++;
	start_err = err;
}

static void on_hung_up(void *ctx)
{
	hung_up++;
	export_stop(export);
}

static void on_stopped(void *ctx, int err)
{
	stopped++;
	stop_err = err;
}

static const struct export_events events = {
	.started = on_started,
	.hung_up = on_hung_up,
	.stopped = on_stopped,
};

/* The kernel ---------------------------------------------------------- */

static void complete(unsigned tag, int res)
{
	struct io_op *op = fetch[tag].op;

	assert_non_null(op);
	fetch[tag].op = NULL;
	op->fn(op, res);
}

static void ask(unsigned tag, uint32_t op_flags, uint64_t start,
		uint32_t sectors)
{
	const struct ublk_request r = { .op_flags = op_flags,
					.sectors = sectors,
					.start = start };

	assert_int_equal(pwrite(device, &r, sizeof(r), tag * sizeof(r)),
			 sizeof(r));
	complete(tag, UBLK_RES_OK);
}

static struct disk_io *waiting(void)
{
	struct list *l = list_pop_front(&disk.waiting);

	assert_non_null(l);
	return container_of(l, struct disk_io, link);
}

static void done(int err)
{
	struct disk_io *io = waiting();

	io->done(io, err);
}

static void abort_all(void)
{
	for (unsigned i = 0; i < DEPTH; i++)
		if (fetch[i].op)
			complete(i, UBLK_RES_ABORT);
}

static void answered(unsigned tag, int result)
{
	assert_non_null(fetch[tag].op);
	assert_int_equal(fetch[tag].command, UBLK_COMMIT_AND_FETCH);
	assert_int_equal(fetch[tag].io.result, result);
}

/* ---------------------------------------------------------------------- */

static int start_with(unsigned depth)
{
	const struct export_config cfg = {
		.fd = device, .disk = &disk, .depth = depth, .events = &events
	};

	return export_start(&export_ublk, &cfg, &export);
}

static int fresh(void **state)
{
	memset(&disk, 0, sizeof(disk));
	memset(fetch, 0, sizeof(fetch));
	list_init(&disk.waiting);
	disk.geometry = (struct disk_geometry){ .block_size = 512,
						.physical_size = 512,
						.blocks = 1 << 20 };
	started = hung_up = stopped = 0;
	start_err = stop_err = 0;
	soon = NULL;
	export = NULL;
	device = memfd_create("ublk", 0);
	return ftruncate(device, 4096);
}

static int served(void **state)
{
	int err = fresh(state);

	if (err || start_with(DEPTH))
		return -1;
	run_soon();
	return started == 1 && !start_err ? 0 : -1;
}

static void end(void)
{
	export_stop(export);
	abort_all();
	done(0);
	run_soon();
	assert_int_equal(stopped, 1);
}

static void test_every_tag_asks_for_a_request_at_the_start(void **state)
{
	assert_int_equal(start_with(DEPTH), 0);
	for (unsigned i = 0; i < DEPTH; i++) {
		assert_non_null(fetch[i].op);
		assert_int_equal(fetch[i].command, UBLK_FETCH);
		assert_int_not_equal(fetch[i].io.addr, 0);
	}
	run_soon();
	end();
}

static void test_it_has_started_a_turn_after_it_asked(void **state)
{
	assert_int_equal(start_with(DEPTH), 0);
	turn--; /* the turn that it asked in is not over */
	run_soon();
	assert_int_equal(started, 0);
	run_soon();
	assert_int_equal(started, 1);
	assert_int_equal(start_err, 0);
	end();
}

static void test_what_the_kernel_refuses_is_no_start(void **state)
{
	assert_int_equal(start_with(DEPTH), 0);
	for (unsigned i = 0; i < DEPTH; i++)
		complete(i, -EACCES);
	run_soon();
	assert_int_equal(started, 1);
	assert_int_equal(start_err, -EACCES);
	export_stop(export);
	done(0);
	run_soon();
	assert_int_equal(stopped, 1);
}

static void test_a_depth_that_no_device_has_is_refused(void **state)
{
	assert_int_equal(start_with(0), -EINVAL);
	assert_int_equal(start_with(UBLK_DEPTH_MAX + 1), -EINVAL);
	close(device);
}

static void test_a_disk_that_is_not_known_yet_has_to_wait(void **state)
{
	disk.geometry.block_size = 0;
	assert_int_equal(start_with(DEPTH), -EAGAIN);
	close(device);
}

static void test_a_handle_without_requests_is_refused(void **state)
{
	int fd = device, pipes[2];

	assert_int_equal(pipe(pipes), 0);
	device = pipes[0];
	assert_int_equal(start_with(DEPTH), -ENODEV);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

static void test_a_read_is_answered_with_its_bytes(void **state)
{
	struct disk_io *io;

	ask(1, UBLK_OP_READ, 8, 8);
	io = waiting();
	assert_int_equal(io->op, DISK_READ);
	assert_int_equal(io->off, 4096);
	assert_int_equal(io->len, 4096);
	assert_ptr_equal(io->buf, (void *)(uintptr_t)fetch[1].io.addr);
	assert_int_equal(io->since, 1000);
	io->done(io, 0);
	answered(1, 4096);
	end();
}

static void test_a_write_keeps_its_fua(void **state)
{
	struct disk_io *io;

	ask(0, UBLK_OP_WRITE | UBLK_FUA, 0, 2);
	io = waiting();
	assert_int_equal(io->op, DISK_WRITE);
	assert_true(io->fua);
	io->done(io, 0);
	answered(0, 1024);
	end();
}

static void test_an_error_goes_to_the_kernel_as_it_is(void **state)
{
	ask(2, UBLK_OP_READ, 0, 8);
	done(-ENODATA);
	answered(2, -ENODATA);
	end();
}

static void test_a_request_of_another_world_never_meets_the_disk(void **state)
{
	ask(3, UBLK_OP_READ, UINT64_MAX, UINT32_MAX);
	assert_true(list_empty(&disk.waiting));
	answered(3, -EREMOTEIO);
	end();
}

static void test_tags_are_answered_in_any_order(void **state)
{
	struct disk_io *first, *second;

	ask(0, UBLK_OP_WRITE, 0, 8);
	ask(1, UBLK_OP_WRITE, 8, 8);
	first = waiting();
	second = waiting();
	second->done(second, 0);
	answered(1, 4096);
	assert_null(fetch[0].op);
	first->done(first, 0);
	answered(0, 4096);
	end();
}

static void test_a_device_that_is_stopped_hangs_up_and_is_flushed(void **state)
{
	struct disk_io *io;

	abort_all();
	assert_int_equal(hung_up, 1);
	io = waiting();
	assert_int_equal(io->op, DISK_FLUSH);
	assert_int_equal(stopped, 0);
	io->done(io, 0);
	run_soon();
	assert_int_equal(stopped, 1);
}

static void test_a_stop_waits_for_what_the_kernel_has(void **state)
{
	export_stop(export);
	assert_true(list_empty(&disk.waiting)); /* no flush yet */
	abort_all();
	assert_int_equal(hung_up, 0);
	done(-EIO);
	run_soon();
	assert_int_equal(stopped, 1);
	assert_int_equal(stop_err, -EIO);
	assert_int_equal(close(device), -1); /* it is closed */
}

static void test_a_stop_waits_for_what_the_disk_has(void **state)
{
	struct disk_io *io;

	ask(0, UBLK_OP_WRITE, 0, 8);
	io = waiting();
	export_stop(export);
	abort_all();
	assert_true(list_empty(&disk.waiting));
	io->done(io, 0);
	answered(0, 4096);
	complete(0, UBLK_RES_ABORT);
	done(0);
	run_soon();
	assert_int_equal(stopped, 1);
}

static void test_what_comes_after_a_stop_gets_an_error(void **state)
{
	export_stop(export);
	ask(0, UBLK_OP_WRITE, 0, 8);
	assert_true(list_empty(&disk.waiting));
	answered(0, -EIO);
	abort_all();
	done(0);
	run_soon();
}

static void test_a_read_only_disk_is_not_flushed(void **state)
{
	disk.geometry.read_only = true;
	export_stop(export);
	abort_all();
	assert_true(list_empty(&disk.waiting));
	run_soon();
	assert_int_equal(stopped, 1);
}

static void test_nobody_else_gets_its_handle(void **state)
{
	assert_int_equal(export_handle(export), -1);
	end();
}

static void test_what_was_done_is_counted(void **state)
{
	struct export_stats st;

	ask(0, UBLK_OP_READ, 0, 8);
	ask(1, UBLK_OP_DISCARD, 0, 8);
	export_stats(export, &st);
	assert_int_equal(st.inflight, 2);
	assert_int_equal(st.reads, 1);
	assert_int_equal(st.read_bytes, 4096);
	assert_int_equal(st.trims, 1);
	done(0);
	done(-EIO);
	export_stats(export, &st);
	assert_int_equal(st.inflight, 0);
	assert_int_equal(st.errors, 1);
	end();
}

int main(void)
{
#define FRESH(name)  cmocka_unit_test_setup(name, fresh)
#define SERVED(name) cmocka_unit_test_setup(name, served)
	const struct CMUnitTest tests[] = {
		FRESH(test_every_tag_asks_for_a_request_at_the_start),
		FRESH(test_it_has_started_a_turn_after_it_asked),
		FRESH(test_what_the_kernel_refuses_is_no_start),
		FRESH(test_a_depth_that_no_device_has_is_refused),
		FRESH(test_a_disk_that_is_not_known_yet_has_to_wait),
		FRESH(test_a_handle_without_requests_is_refused),
		SERVED(test_a_read_is_answered_with_its_bytes),
		SERVED(test_a_write_keeps_its_fua),
		SERVED(test_an_error_goes_to_the_kernel_as_it_is),
		SERVED(test_a_request_of_another_world_never_meets_the_disk),
		SERVED(test_tags_are_answered_in_any_order),
		SERVED(test_a_device_that_is_stopped_hangs_up_and_is_flushed),
		SERVED(test_a_stop_waits_for_what_the_kernel_has),
		SERVED(test_a_stop_waits_for_what_the_disk_has),
		SERVED(test_what_comes_after_a_stop_gets_an_error),
		SERVED(test_a_read_only_disk_is_not_flushed),
		SERVED(test_nobody_else_gets_its_handle),
		SERVED(test_what_was_done_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_fuse - the FUSE exporter on a socket pair in place of /dev/fuse.
 *
 * A record of the socket is a request or an answer, as it is on the device.
 * The disk is a list: the test decides what is done, when and how it ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/list.h"
#include "disk/disk.h"
#include "export/export.h"
#include "fuse_bytes.h"
#include "io/loop.h"

#define SLOTS 32
#define TURNS 200

struct disk {
	struct disk_geometry geometry;
	struct list waiting;
	unsigned nwaiting;
};

struct rig {
	struct io_loop *loop;
	struct disk disk;
	struct export *e;
	int kernel; /* the other end */
	unsigned started, hung_up, stopped;
	int start_err, stop_err;
};

const struct disk_geometry *disk_geometry(const struct disk *d)
{
	return &d->geometry;
}

void disk_submit(struct disk *d, struct disk_io *io)
{
	list_push_back(&d->waiting, &io->link);
	d->nwaiting++;
}

/* Ends the i-th of the requests that wait. */
static void done(struct rig *r, unsigned i, int err)
{
	struct list *l = r->disk.waiting.next;
	struct disk_io *io;

	while (i-- > 0)
		l = l->next;
	assert_ptr_not_equal(l, &r->disk.waiting);
	list_remove(l);
	r->disk.nwaiting--;
	io = container_of(l, struct disk_io, link);
	io->done(io, err);
}

static struct disk_io *waiting(struct rig *r)
{
	assert_false(list_empty(&r->disk.waiting));
	return container_of(r->disk.waiting.next, struct disk_io, link);
}

static void on_started(void *ctx, int err)
{
	struct rig *r = ctx;

	r->started++;
	r->start_err = err;
}

static void on_hung_up(void *ctx)
{
	struct rig *r = ctx;

	r->hung_up++;
}

static void on_stopped(void *ctx, int err)
{
	struct rig *r = ctx;

	r->stopped++;
	r->stop_err = err;
	r->e = NULL;
}

static const struct export_events events = {
	.started = on_started,
	.hung_up = on_hung_up,
	.stopped = on_stopped,
};

/* As many turns as there is something to do. */
static void settle(struct rig *r)
{
	for (int i = 0; i < 20; i++)
		assert_int_equal(io_loop_run_once(r->loop, 0), 0);
}

static int start_on(struct rig *r, int fd, bool resume)
{
	struct export_config cfg = { .loop = r->loop,
				     .fd = fd,
				     .disk = &r->disk,
				     .resume = resume,
				     .events = &events,
				     .ctx = r };

	return export_start(&export_fuse, &cfg, &r->e);
}

static void start(struct rig *r, bool resume)
{
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sv), 0);
	r->kernel = sv[1];
	fcntl(r->kernel, F_SETFL, O_NONBLOCK);
	assert_int_equal(start_on(r, sv[0], resume), 0);
	settle(r);
}

static void ask(struct rig *r, struct req q)
{
	assert_int_equal(send(r->kernel, q.p, q.n, 0), q.n);
	settle(r);
}

/* The next answer's unique; -1 when there is none. */
static int64_t answer(struct rig *r, int32_t *err, uint8_t *body, size_t size)
{
	uint8_t p[9000];
	ssize_t n;

	settle(r);
	n = recv(r->kernel, p, sizeof(p), 0);
	if (n < 0)
		return -1;
	assert_true(n >= 16);
	assert_int_equal(at32(p, 0), n);
	*err = (int32_t)at32(p, 4);
	if (size) {
		assert_int_equal(n - 16, size);
		memcpy(body, p + 16, size);
	}
	return (int64_t)at64(p, 8);
}

static void expect_answer(struct rig *r, int64_t unique, int32_t err)
{
	int32_t got = 1;

	assert_int_equal(answer(r, &got, NULL, 0), unique);
	assert_int_equal(got, err);
}

static void expect_silence(struct rig *r)
{
	int32_t err;

	assert_int_equal(answer(r, &err, NULL, 0), -1);
}

static void test_start_waits_for_the_geometry(void **state)
{
	struct rig *r = *state;

	r->disk.geometry.block_size = 0;
	assert_int_equal(start_on(r, 0, false), -EAGAIN);
}

static void test_it_is_started_when_the_kernel_is_answered(void **state)
{
	struct rig *r = *state;

	start(r, false);
	assert_int_equal(r->started, 0);
	ask(r, req_init(7, 38, ~0ull));
	expect_answer(r, 2, 0);
	assert_int_equal(r->started, 1);
	assert_int_equal(r->start_err, 0);
}

static void test_resume_asks_for_the_lost_requests_first(void **state)
{
	struct rig *r = *state;

	start(r, true);
	expect_answer(r, 0, 7); /* FUSE_NOTIFY_RESEND, unique 0 */
	assert_int_equal(r->started, 1);
	ask(r, req_read(1ull << 63 | 4, 0, 512));
	done(r, 0, 0);
	expect_answer(r, (int64_t)(1ull << 63 | 4), 0);
}

static void test_resume_that_fails_is_told(void **state)
{
	struct rig *r = *state;
	int p[2];

	assert_int_equal(pipe(p), 0);
	r->kernel = p[1];
	assert_int_equal(start_on(r, p[0], true), 0); /* not for writing */
	settle(r);
	assert_int_equal(r->started, 1);
	assert_int_equal(r->start_err, -EBADF);
}

static void test_read_answer_carries_the_disks_bytes(void **state)
{
	struct rig *r = *state;
	uint8_t body[1024], want[1024];
	int32_t err;

	start(r, false);
	ask(r, req_read(5, 4096, 1024));
	assert_int_equal(waiting(r)->op, DISK_READ);
	assert_int_equal(waiting(r)->off, 4096);
	assert_int_equal(waiting(r)->len, 1024);
	memset(want, 0xc3, sizeof(want));
	memcpy(waiting(r)->buf, want, sizeof(want));
	done(r, 0, 0);
	assert_int_equal(answer(r, &err, body, sizeof(body)), 5);
	assert_memory_equal(body, want, sizeof(want));
}

static void test_write_payload_lies_on_a_page(void **state)
{
	struct rig *r = *state;
	uint8_t want[512];

	start(r, false);
	ask(r, req_write(5, 512, 512, O_DSYNC));
	memset(want, 0x5a, sizeof(want));
	assert_int_equal(waiting(r)->op, DISK_WRITE);
	assert_true(waiting(r)->fua);
	assert_int_equal((uintptr_t)waiting(r)->buf % 4096, 0);
	assert_memory_equal(waiting(r)->buf, want, sizeof(want));
	done(r, 0, 0);
	expect_answer(r, 5, 0);
}

static void test_answers_go_out_as_the_disk_finishes(void **state)
{
	struct rig *r = *state;

	start(r, false);
	for (unsigned i = 1; i <= 4; i++)
		ask(r, req_read(i, 0, 512));
	assert_int_equal(r->disk.nwaiting, 4);
	done(r, 2, 0);
	expect_answer(r, 3, 0);
	done(r, 0, -ENODATA);
	expect_answer(r, 1, -ENODATA);
	done(r, 1, 0);
	expect_answer(r, 4, 0);
	expect_silence(r);
}

static void test_what_has_no_slot_waits_in_the_kernel(void **state)
{
	struct rig *r = *state;

	start(r, false);
	for (unsigned i = 1; i <= SLOTS + 3; i++)
		ask(r, req_read(i, 0, 512));
	assert_int_equal(r->disk.nwaiting, SLOTS);
	done(r, 0, 0);
	expect_answer(r, 1, 0);
	assert_int_equal(r->disk.nwaiting, SLOTS);
	while (r->disk.nwaiting) {
		done(r, 0, 0);
		settle(r);
	}
	for (unsigned i = 2; i <= SLOTS + 3; i++)
		expect_answer(r, i, 0);
	expect_silence(r);
}

static void test_forgotten_requests_give_their_slot_back(void **state)
{
	struct rig *r = *state;

	start(r, false);
	for (unsigned i = 0; i < 3 * SLOTS; i++)
		ask(r, req(OP_FORGET, i, 8));
	expect_silence(r);
	ask(r, req(OP_STATFS, 77, 0));
	expect_answer(r, 77, 0);
}

static void test_stop_answers_flushes_and_closes(void **state)
{
	struct rig *r = *state;
	char c;

	start(r, false);
	ask(r, req_read(1, 0, 512));
	export_stop(r->e);
	export_stop(r->e);
	settle(r);
	assert_int_equal(r->disk.nwaiting, 1);
	done(r, 0, 0);
	expect_answer(r, 1, 0);
	assert_int_equal(waiting(r)->op, DISK_FLUSH);
	assert_int_equal(r->stopped, 0);
	done(r, 0, -EIO);
	assert_int_equal(r->stopped, 0); /* never from within */
	settle(r);
	assert_int_equal(r->stopped, 1);
	assert_int_equal(r->stop_err, -EIO);
	assert_int_equal(recv(r->kernel, &c, 1, 0), 0);
	assert_int_equal(r->hung_up, 0);
}

static void test_stop_takes_no_more_requests(void **state)
{
	struct rig *r = *state;

	start(r, false);
	export_stop(r->e);
	settle(r);
	ask(r, req_read(1, 0, 512));
	assert_int_equal(r->disk.nwaiting, 1); /* the last flush */
	assert_int_equal(waiting(r)->op, DISK_FLUSH);
}

static void test_stop_of_a_read_only_disk_does_not_flush(void **state)
{
	struct rig *r = *state;

	r->disk.geometry.read_only = true;
	start(r, false);
	export_stop(r->e);
	settle(r);
	assert_int_equal(r->stopped, 1);
	assert_int_equal(r->disk.nwaiting, 0);
}

static void test_kernel_that_lets_go_is_told_once(void **state)
{
	struct rig *r = *state;

	start(r, false);
	ask(r, req_read(1, 0, 512));
	close(r->kernel);
	r->kernel = -1;
	settle(r);
	assert_int_equal(r->hung_up, 1);
	done(r, 0, 0); /* nobody waits for it any more */
	settle(r);
	assert_int_equal(r->hung_up, 1);
}

static void test_statistics_count_requests_bytes_and_errors(void **state)
{
	struct rig *r = *state;
	struct export_stats st;

	start(r, false);
	ask(r, req_read(1, 0, 512));
	ask(r, req_write(2, 0, 1024, 0));
	ask(r, req(OP_FSYNC, 3, 16));
	ask(r, req(OP_GETATTR, 4, 16));
	export_stats(r->e, &st);
	assert_int_equal(st.inflight, 3);
	done(r, 0, 0);
	done(r, 0, -ENOSPC);
	done(r, 0, 0);
	settle(r);
	export_stats(r->e, &st);
	assert_int_equal(st.inflight, 0);
	assert_int_equal(st.reads, 1);
	assert_int_equal(st.read_bytes, 512);
	assert_int_equal(st.writes, 1);
	assert_int_equal(st.write_bytes, 1024);
	assert_int_equal(st.flushes, 1);
	assert_int_equal(st.errors, 1);
}

static int set_up(void **state)
{
	static struct rig r;

	memset(&r, 0, sizeof(r));
	r.kernel = -1;
	r.disk.geometry.block_size = r.disk.geometry.physical_size = 512;
	r.disk.geometry.blocks = 2048;
	list_init(&r.disk.waiting);
	*state = &r;
	return io_loop_new(64, 0, &r.loop);
}

/* Whatever the test left undone ends well, and so does the export. */
static int tear_down(void **state)
{
	struct rig *r = *state;

	if (r->e)
		export_stop(r->e);
	for (int i = 0; i < TURNS && r->e; i++) {
		while (r->disk.nwaiting)
			done(r, 0, 0);
		settle(r);
	}
	if (r->kernel >= 0)
		close(r->kernel);
	io_loop_free(r->loop);
	return r->e ? -1 : 0;
}

#define FUSE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FUSE_TEST(test_start_waits_for_the_geometry),
		FUSE_TEST(test_it_is_started_when_the_kernel_is_answered),
		FUSE_TEST(test_resume_asks_for_the_lost_requests_first),
		FUSE_TEST(test_resume_that_fails_is_told),
		FUSE_TEST(test_read_answer_carries_the_disks_bytes),
		FUSE_TEST(test_write_payload_lies_on_a_page),
		FUSE_TEST(test_answers_go_out_as_the_disk_finishes),
		FUSE_TEST(test_what_has_no_slot_waits_in_the_kernel),
		FUSE_TEST(test_forgotten_requests_give_their_slot_back),
		FUSE_TEST(test_stop_answers_flushes_and_closes),
		FUSE_TEST(test_stop_takes_no_more_requests),
		FUSE_TEST(test_stop_of_a_read_only_disk_does_not_flush),
		FUSE_TEST(test_kernel_that_lets_go_is_told_once),
		FUSE_TEST(test_statistics_count_requests_bytes_and_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

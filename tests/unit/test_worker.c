/*
 * test_worker - children with a deadline.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "iscsid/host/worker.h"

static struct io_loop *loop;
static struct workers workers;

struct outcome {
	unsigned calls;
	int err, handle;
	uint64_t number;
};

static int set_up(void **state)
{
	if (io_loop_new(64, 0, &loop))
		return -1;
	workers_init(&workers, loop);
	workers.low_uid = workers.low_gid = 65534;
	return 0;
}

static int tear_down(void **state)
{
	io_loop_free(loop);
	return 0;
}

static void keep(void *ctx, int err, const struct msg_in *m, int handle)
{
	struct outcome *o = ctx;

	o->calls++;
	o->err = err;
	o->handle = handle;
	if (m)
		msg_get_u64(m, "number", UINT64_MAX, &o->number);
}

static struct worker_job job_of(worker_fn *fn, struct outcome *o)
{
	memset(o, 0, sizeof(*o));
	return (struct worker_job){ .name = "test",
				    .fn = fn,
				    .handle = -1,
				    .deadline = 60000,
				    .done = keep,
				    .ctx = o };
}

static void run_until(const struct outcome *o, unsigned calls)
{
	while (o->calls < calls)
		assert_int_equal(io_loop_run_once(loop, UINT64_MAX), 0);
}

static void run(const struct worker_job *job)
{
	assert_non_null(worker_start(&workers, job));
	run_until(job->ctx, 1);
}

static int double_it(const struct worker_job *job, void *arg, struct msg_out *m,
		     int *handle)
{
	msg_u64(m, "number", 2 * *(const unsigned *)arg);
	return 0;
}

static void test_a_result_comes_back(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(double_it, &o);
	unsigned n = 21;

	job.arg = &n;
	job.arg_size = sizeof(n);
	run(&job);
	assert_int_equal(o.err, 0);
	assert_int_equal(o.number, 42);
	assert_int_equal(o.handle, -1);
}

static int fail_it(const struct worker_job *job, void *arg, struct msg_out *m,
		   int *handle)
{
	msg_u64(m, "number", 1);
	return -ENOSPC;
}

static void test_an_error_comes_back_without_results(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(fail_it, &o);

	run(&job);
	assert_int_equal(o.err, -ENOSPC);
	assert_int_equal(o.number, 0);
}

static int die(const struct worker_job *job, void *arg, struct msg_out *m,
	       int *handle)
{
	raise(SIGKILL);
	return 0;
}

static void test_a_child_that_dies_is_an_error(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(die, &o);

	run(&job);
	assert_int_equal(o.err, -ECHILD);
}

static int hang(const struct worker_job *job, void *arg, struct msg_out *m,
		int *handle)
{
	while (pause())
		;
	return 0;
}

static void test_a_child_that_is_late_is_killed(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(hang, &o);

	job.deadline = 1;
	run(&job);
	assert_int_equal(o.err, -ETIMEDOUT);
	assert_int_equal(workers.nrunning, 0);
}

static int open_null(const struct worker_job *job, void *arg, struct msg_out *m,
		     int *handle)
{
	*handle = open("/dev/null", O_RDONLY);
	return 0;
}

static void test_a_handle_comes_back(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(open_null, &o);

	run(&job);
	assert_true(o.handle >= 0);
	close(o.handle);
}

static int count_handles(const struct worker_job *job, void *arg,
			 struct msg_out *m, int *handle)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	msg_u64(m, "number", n);
	return 0;
}

static void test_a_child_keeps_only_what_it_was_given(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(count_handles, &o);
	int given = open("/dev/null", O_RDONLY);
	int other = open("/dev/null", O_RDONLY);
	unsigned before = 0;

	for (int fd = 0; fd <= 2; fd++)
		before += fcntl(fd, F_GETFD) >= 0;
	job.handle = given;
	run(&job);
	close(given);
	close(other);
	assert_int_equal(o.number, before + 2);
}

static int who(const struct worker_job *job, void *arg, struct msg_out *m,
	       int *handle)
{
	if (setuid(0) == 0 || setgid(0) == 0)
		return -EPERM;
	msg_u64(m, "number", getuid());
	return 0;
}

static void test_a_low_job_has_no_privileges_and_gets_none_back(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(who, &o);

	if (geteuid() != 0)
		skip();
	job.low = true;
	run(&job);
	assert_int_equal(o.err, 0);
	assert_int_equal(o.number, 65534);
}

static char private_file[] = "/tmp/test-worker-XXXXXX"; /* mode 0600 */

static int open_early(const void *arg)
{
	return open(private_file, O_RDONLY);
}

static int read_it(const struct worker_job *job, void *arg, struct msg_out *m,
		   int *handle)
{
	if (open(private_file, O_RDONLY) >= 0)
		return -EPERM;
	msg_u64(m, "number", fcntl(job->handle, F_GETFD) >= 0);
	return 0;
}

static int tell_how_it_ends(const struct worker_job *job, void *arg,
			    struct msg_out *m, int *handle)
{
	int sig = 0;

	prctl(PR_GET_PDEATHSIG, &sig);
	msg_u64(m, "number", (uint64_t)sig);
	return 0;
}

/* Another user id makes the kernel forget it. */
static void test_a_job_ends_with_its_manager_as_whoever_it_runs(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(tell_how_it_ends, &o);

	run(&job);
	assert_int_equal(o.err, 0);
	assert_int_equal(o.number, SIGKILL);
	if (geteuid() != 0)
		return;
	job = job_of(tell_how_it_ends, &o);
	job.low = true;
	run(&job);
	assert_int_equal(o.err, 0);
	assert_int_equal(o.number, SIGKILL);
}

static void test_a_low_job_has_what_was_opened_for_it_before(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(read_it, &o);

	if (geteuid() != 0)
		skip();
	close(mkstemp(private_file));
	job.low = true;
	job.low_open = open_early;
	run(&job);
	unlink(private_file);
	assert_int_equal(o.err, 0);
	assert_int_equal(o.number, 1);
}

static unsigned secret = 7;

static void forget(void *ctx)
{
	secret = 0;
}

static int tell_secret(const struct worker_job *job, void *arg,
		       struct msg_out *m, int *handle)
{
	msg_u64(m, "number", secret);
	return 0;
}

static void test_secrets_are_forgotten_in_the_child_alone(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(tell_secret, &o);

	workers.forget = forget;
	run(&job);
	assert_int_equal(o.number, 0);
	assert_int_equal(secret, 7);
}

static void test_more_jobs_than_may_run_wait_in_order(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(double_it, &o);
	unsigned n = 1;

	job.arg = &n;
	job.arg_size = sizeof(n);
	for (int i = 0; i < 3 * WORKERS_AT_ONCE; i++) {
		assert_non_null(worker_start(&workers, &job));
		assert_true(workers.nrunning <= WORKERS_AT_ONCE);
	}
	run_until(&o, 3 * WORKERS_AT_ONCE);
	assert_int_equal(workers.nrunning, 0);
}

static void test_an_abandoned_job_is_told_once(void **state)
{
	struct outcome o, other;
	struct worker_job job = job_of(hang, &o), next;
	struct worker *w = worker_start(&workers, &job);

	assert_non_null(w);
	worker_abandon(w);
	assert_int_equal(o.err, -ECANCELED);
	next = job_of(fail_it, &other);
	while (workers.nrunning)
		assert_int_equal(io_loop_run_once(loop, UINT64_MAX), 0);
	run(&next);
	assert_int_equal(o.calls, 1);
}

static void test_a_job_that_waits_can_be_abandoned(void **state)
{
	struct outcome o[WORKERS_AT_ONCE + 1];
	struct worker *w[WORKERS_AT_ONCE + 1];

	for (int i = 0; i <= WORKERS_AT_ONCE; i++) {
		struct worker_job job = job_of(hang, &o[i]);

		w[i] = worker_start(&workers, &job);
		assert_non_null(w[i]);
	}
	for (int i = WORKERS_AT_ONCE; i >= 0; i--) {
		worker_abandon(w[i]);
		assert_int_equal(o[i].err, -ECANCELED);
	}
	while (workers.nrunning)
		assert_int_equal(io_loop_run_once(loop, UINT64_MAX), 0);
}

/* Jobs of disks that hang: as many as the list has room for. */
struct hanging {
	struct outcome o[64];
	struct worker *w[64];
	unsigned n;
};

static void hang_one(struct hanging *h, uint64_t owner)
{
	struct worker_job job = job_of(hang, &h->o[h->n]);

	job.work = WORK_DISK;
	job.owner = owner;
	h->w[h->n] = worker_start(&workers, &job);
	assert_non_null(h->w[h->n++]);
}

static void end_all(struct hanging *h)
{
	for (unsigned i = 0; i < h->n; i++)
		worker_abandon(h->w[i]);
	while (workers.nrunning)
		assert_int_equal(io_loop_run_once(loop, UINT64_MAX), 0);
}

static void test_what_waits_for_disks_leaves_the_kernels_places(void **state)
{
	struct worker_job job;
	struct hanging h = { 0 };
	struct outcome o;

	for (unsigned i = 0; i < 64; i++)
		hang_one(&h, 1 + i);
	job = job_of(fail_it, &o);
	job.owner = 1;
	run(&job);
	job = job_of(fail_it, &o);
	job.work = WORK_HOST;
	run(&job);
	assert_int_equal(workers.nrunning, workers.load[WORK_DISK].running);
	end_all(&h);
}

static void test_one_owner_leaves_places_for_others(void **state)
{
	struct worker_job job;
	struct hanging h = { 0 };
	struct outcome o;

	for (unsigned i = 0; i < 64; i++)
		hang_one(&h, 7);
	assert_in_range(workers.nrunning, 1, 15);
	job = job_of(fail_it, &o);
	job.work = WORK_DISK;
	job.owner = 8;
	run(&job);
	end_all(&h);
}

static void test_a_job_that_waits_for_long_gives_its_place_away(void **state)
{
	struct worker_job job;
	struct hanging h = { 0 };
	struct outcome o;

	workers.slow_after = 1;
	for (unsigned i = 0; i < 30; i++)
		hang_one(&h, 7);
	job = job_of(fail_it, &o);
	job.work = WORK_DISK;
	job.owner = 7;
	run(&job);
	assert_int_equal(workers.nrunning, 30);
	end_all(&h);
	assert_int_equal(workers.load[WORK_DISK].slow, 0);
	assert_int_equal(workers.load[WORK_DISK].running, 0);
}

static void test_a_slow_job_is_killed_at_its_deadline(void **state)
{
	struct outcome o;
	struct worker_job job = job_of(hang, &o);

	workers.slow_after = 1;
	job.deadline = 3;
	run(&job);
	assert_int_equal(o.err, -ETIMEDOUT);
	assert_int_equal(workers.load[WORK_KERNEL].running, 0);
	assert_int_equal(workers.load[WORK_KERNEL].slow, 0);
}

#define CASE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_a_result_comes_back),
		CASE(test_an_error_comes_back_without_results),
		CASE(test_a_child_that_dies_is_an_error),
		CASE(test_a_child_that_is_late_is_killed),
		CASE(test_a_handle_comes_back),
		CASE(test_a_child_keeps_only_what_it_was_given),
		CASE(test_a_low_job_has_no_privileges_and_gets_none_back),
		CASE(test_a_job_ends_with_its_manager_as_whoever_it_runs),
		CASE(test_a_low_job_has_what_was_opened_for_it_before),
		CASE(test_secrets_are_forgotten_in_the_child_alone),
		CASE(test_more_jobs_than_may_run_wait_in_order),
		CASE(test_an_abandoned_job_is_told_once),
		CASE(test_a_job_that_waits_can_be_abandoned),
		CASE(test_what_waits_for_disks_leaves_the_kernels_places),
		CASE(test_one_owner_leaves_places_for_others),
		CASE(test_a_job_that_waits_for_long_gives_its_place_away),
		CASE(test_a_slow_job_is_killed_at_its_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

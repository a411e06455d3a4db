/*
 * loop - one io_uring and its turns.
 */
#include "io/loop.h"

#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "io/pulse.h"
#include "io/spin.h"

#define CQ_PER_SQ                                                              \
	8	 /* answers of one turn that fit before the kernel queues      \
		  */
#define BATCH 64 /* answers taken at once */
#define DRY   8	 /* turns before answers are looked for all the same */

struct io_loop {
	struct io_uring ring;
	struct timer_heap timers;
	struct io_op *soon, **soon_end; /* in order of asking */
	unsigned nsoon;
	uint64_t now, turn;
	unsigned dry;	  /* turns in a row that asked the kernel nothing */
	unsigned answers; /* of the last turn that had some */
	struct spin spin;
	bool stop;
};

/* liburing 2.3 has neither a name for the number nor for the fields. */
#define OP_COMMAND     46 /* IORING_OP_URING_CMD */
#define AT_COMMAND     8  /* bytes into the entry */
#define AT_COMMAND_ARG 48

/* Every opcode this file uses; IO_LOOP_RESTRICTED allows these alone. */
static const uint8_t opcodes[] = {
	IORING_OP_READ,	    IORING_OP_WRITE,
	IORING_OP_RECVMSG,  IORING_OP_SENDMSG,
	IORING_OP_CONNECT,  IORING_OP_ACCEPT,
	IORING_OP_POLL_ADD, IORING_OP_ASYNC_CANCEL,
	OP_COMMAND, /* the last: see ring_restrict() */
};

/*
 * From best to plain: DEFER_TASKRUN is in Linux 6.1, SINGLE_ISSUER in 6.0,
 * COOP_TASKRUN and TASKRUN_FLAG in 5.19.
 */
static const unsigned setups[] = {
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
	IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
		IORING_SETUP_SUBMIT_ALL,
	0,
};

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

static uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t clock_ms(void)
{
	return clock_ns() / 1000000;
}

static unsigned count_cpus(void)
{
	cpu_set_t set;

	/* It fails where there are more than fit. */
	return sched_getaffinity(0, sizeof(set), &set) < 0
		       ? CPU_SETSIZE
		       : (unsigned)CPU_COUNT(&set);
}

static int ring_new(struct io_uring *ring, unsigned entries, unsigned flags)
{
	struct io_uring_params p;
	int err = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(setups) && err == -EINVAL; i++) {
		memset(&p, 0, sizeof(p));
		p.flags = setups[i] | flags | IORING_SETUP_CQSIZE;
		p.cq_entries = entries * CQ_PER_SQ;
		err = io_uring_queue_init_params(entries, ring, &p);
	}
	if (err)
		return err;
	/* EXT_ARG (Linux 5.11): waiting with a timeout in the same call. */
	if (!(p.features & IORING_FEAT_EXT_ARG) ||
	    !(p.features & IORING_FEAT_NODROP)) {
		io_uring_queue_exit(ring);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* liburing 2.3 declares functions for these two and does not export them. */
static int ring_register(struct io_uring *ring, unsigned opcode, void *arg,
			 unsigned n)
{
	return syscall(SYS_io_uring_register, ring->ring_fd, opcode, arg, n) < 0
		       ? -errno
		       : 0;
}

static int ring_restrict(struct io_uring *ring, bool commands)
{
	struct io_uring_restriction r[ARRAY_SIZE(opcodes)];
	unsigned n = ARRAY_SIZE(opcodes) - !commands;
	int err;

	memset(r, 0, sizeof(r));
	for (size_t i = 0; i < n; i++) {
		r[i].opcode = IORING_RESTRICTION_SQE_OP;
		r[i].sqe_op = opcodes[i];
	}
	err = ring_register(ring, IORING_REGISTER_RESTRICTIONS, r, n);
	if (err)
		return err;
	return ring_register(ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
}

int io_loop_new(unsigned entries, unsigned flags, struct io_loop **out)
{
	bool restricted = flags & IO_LOOP_RESTRICTED;
	struct io_loop *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	err = ring_new(&l->ring, entries,
		       restricted ? IORING_SETUP_R_DISABLED : 0);
	if (err) {
		free(l);
		return err;
	}
	/* Saves a look-up per system call; fine without (Linux 5.18). */
	(void)io_uring_register_ring_fd(&l->ring);
	if (restricted)
		err = ring_restrict(&l->ring, flags & IO_LOOP_COMMANDS);
	if (err) {
		io_loop_free(l);
		return err;
	}
	spin_init(&l->spin, flags & IO_LOOP_SPINS ? count_cpus() : 1);
	l->soon_end = &l->soon;
	l->now = clock_ms();
	*out = l;
	return 0;
}

void io_loop_free(struct io_loop *l)
{
	if (!l)
		return;
	io_uring_queue_exit(&l->ring);
	free(l);
}

const char *io_loop_strerror(int err)
{
	switch (-err) {
	case 0:
		return "no error";
	case ENOSYS:
		return "this kernel has no io_uring";
	case EPERM:
	case EACCES:
		return "io_uring is not allowed here "
		       "(sysctl kernel.io_uring_disabled, or a seccomp filter)";
	case EOPNOTSUPP:
	case EINVAL:
		return "io_uring of this kernel is too old, 5.11 is needed";
	case ENOMEM:
		return "no memory for io_uring (see ulimit -l)";
	default:
		return strerror(-err);
	}
}

uint64_t io_now(const struct io_loop *l)
{
	return l->now;
}

uint64_t io_turn(const struct io_loop *l)
{
	return l->turn;
}

void io_loop_stop(struct io_loop *l)
{
	l->stop = true;
}

void io_timer_set(struct io_loop *l, struct io_timer *t, uint64_t when)
{
	timer_set(&l->timers, t, when);
}

void io_timer_after(struct io_loop *l, struct io_timer *t, uint64_t ms)
{
	timer_set(&l->timers, t, l->now + ms);
}

void io_timer_cancel(struct io_loop *l, struct io_timer *t)
{
	timer_cancel(&l->timers, t);
}

void io_soon(struct io_loop *l, struct io_op *op)
{
	if (op->soon)
		return;
	op->soon = true;
	op->next = NULL;
	*l->soon_end = op;
	l->soon_end = &op->next;
	l->nsoon++;
}

void io_soon_cancel(struct io_loop *l, struct io_op *op)
{
	struct io_op **p;

	if (!op->soon)
		return;
	for (p = &l->soon; *p != op; p = &(*p)->next)
		;
	*p = op->next;
	if (!*p)
		l->soon_end = p;
	op->soon = false;
	l->nsoon--;
}

/* What they ask for themselves waits for the next turn. */
static void run_soon(struct io_loop *l)
{
	unsigned n = l->nsoon;
	struct io_op *op;

	while (n-- > 0 && (op = l->soon)) {
		io_soon_cancel(l, op);
		op->fn(op, 0);
	}
}

static uint64_t wait_ms(const struct io_loop *l, uint64_t max_wait)
{
	uint64_t next = timer_next(&l->timers);

	if (l->soon || next <= l->now)
		return 0;
	if (next == TIMER_NEVER)
		return max_wait;
	return next - l->now < max_wait ? next - l->now : max_wait;
}

static int sleep_for(struct io_loop *l, uint64_t wait)
{
	struct __kernel_timespec ts = { .tv_sec = (int64_t)(wait / 1000),
					.tv_nsec = wait % 1000 * 1000000 };
	uint64_t began = clock_ns();
	struct io_uring_cqe *cqe;
	int err;

	if (wait == UINT64_MAX)
		err = io_uring_submit_and_wait(&l->ring, 1);
	else
		err = io_uring_submit_and_wait_timeout(&l->ring, &cqe, 1, &ts,
						       NULL);
	spin_slept(&l->spin, clock_ns() - began);
	return err;
}

static bool has_answer(const struct io_loop *l)
{
	return io_uring_cq_ready(&l->ring) ||
	       IO_URING_READ_ONCE(*l->ring.sq.kflags) &
		       (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
}

/*
 * Whoever else wants this CPU has it meanwhile.  What came only after the time
 * was over does not count, nor does a flag with nothing behind it: the kernel
 * may set it again when it has just handed out what it stood for.
 */
static int look(struct io_loop *l)
{
	uint64_t until = clock_ns() + SPIN_NS;
	bool in_time;
	int err = 0;

	while ((in_time = clock_ns() < until) && !has_answer(l))
		sched_yield();
	if (has_answer(l))
		err = io_uring_submit_and_get_events(&l->ring);
	spin_looked(&l->spin, in_time && io_uring_cq_ready(&l->ring));
	return err;
}

static int enter(struct io_loop *l, uint64_t wait)
{
	int err = 0;

	/* io_soon() alone needs no system call. */
	if (wait == 0 && l->soon && !io_uring_sq_ready(&l->ring) &&
	    l->dry++ < DRY)
		return 0;
	l->dry = 0;
	if (wait == 0)
		return io_uring_submit_and_get_events(&l->ring);
	if (spin_pays(&l->spin, l->answers)) {
		if (io_uring_sq_ready(&l->ring))
			err = io_uring_submit_and_get_events(&l->ring);
		if (err >= 0 && !io_uring_cq_ready(&l->ring))
			err = look(l);
		if (err < 0 || io_uring_cq_ready(&l->ring))
			return err;
	}
	return sleep_for(l, wait);
}

/* Answers of one turn; bounded, so that timers get their turn too. */
static void reap(struct io_loop *l)
{
	unsigned left = io_uring_cq_ready(&l->ring);
	struct io_uring_cqe *cqes[BATCH];
	int res[BATCH];
	struct io_op *ops[BATCH];
	unsigned n, want;

	if (left)
		l->answers = left;
	while (left > 0) {
		want = left < BATCH ? left : BATCH;
		n = io_uring_peek_batch_cqe(&l->ring, cqes, want);
		if (n == 0)
			return;
		for (unsigned i = 0; i < n; i++) {
			ops[i] = io_uring_cqe_get_data(cqes[i]);
			res[i] = cqes[i]->res;
		}
		io_uring_cq_advance(&l->ring, n);
		for (unsigned i = 0; i < n; i++)
			if (ops[i])
				ops[i]->fn(ops[i], res[i]);
		left -= n;
		pulse_beat();
	}
}

/*
 * Not failures of the ring: the time is over, a signal came, or memory for a
 * request lacks at the moment (what was not taken stays queued).
 */
static bool goes_on(int err)
{
	return err >= 0 || err == -ETIME || err == -EINTR || err == -EAGAIN ||
	       err == -EBUSY;
}

int io_loop_run_once(struct io_loop *l, uint64_t max_wait)
{
	int err;

	err = enter(l, wait_ms(l, max_wait));
	if (!goes_on(err))
		return err;
	l->turn++;
	pulse_beat();
	l->now = clock_ms();
	timer_run(&l->timers, l->now);
	reap(l);
	run_soon(l);
	return 0;
}

int io_loop_run(struct io_loop *l)
{
	int err = 0;

	while (!l->stop && !err)
		err = io_loop_run_once(l, UINT64_MAX);
	l->stop = false;
	return err;
}

/*
 * A free entry of the submission queue; a full one is submitted first.  Only
 * a bug of ours (a ring that is not ours, a dead handle) fails for good here.
 */
static struct io_uring_sqe *get_sqe(struct io_loop *l)
{
	struct io_uring_sqe *sqe;
	int err;

	while (!(sqe = io_uring_get_sqe(&l->ring))) {
		err = io_uring_submit_and_get_events(&l->ring);
		if (!goes_on(err))
			abort();
		if (err <= 0)
			sched_yield();
	}
	return sqe;
}

void io_read(struct io_loop *l, struct io_op *op, int fd, void *buf,
	     unsigned len, int64_t off)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	io_uring_prep_read(sqe, fd, buf, len, (uint64_t)off);
	io_uring_sqe_set_data(sqe, op);
}

void io_write(struct io_loop *l, struct io_op *op, int fd, const void *buf,
	      unsigned len, int64_t off)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	io_uring_prep_write(sqe, fd, buf, len, (uint64_t)off);
	io_uring_sqe_set_data(sqe, op);
}

void io_recvmsg(struct io_loop *l, struct io_op *op, int fd, struct msghdr *m,
		int flags)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	io_uring_prep_recvmsg(sqe, fd, m, (unsigned)flags);
	io_uring_sqe_set_data(sqe, op);
}

void io_sendmsg(struct io_loop *l, struct io_op *op, int fd,
		const struct msghdr *m, int flags)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	io_uring_prep_sendmsg(sqe, fd, m, (unsigned)flags);
	io_uring_sqe_set_data(sqe, op);
}

void io_connect(struct io_loop *l, struct io_op *op, int fd,
		const struct sockaddr *to, socklen_t len)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	io_uring_prep_connect(sqe, fd, to, len);
	io_uring_sqe_set_data(sqe, op);
}

void io_accept(struct io_loop *l, struct io_op *op, int fd)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	io_uring_prep_accept(sqe, fd, NULL, NULL, SOCK_CLOEXEC);
	io_uring_sqe_set_data(sqe, op);
}

void io_poll(struct io_loop *l, struct io_op *op, int fd, unsigned events)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	io_uring_prep_poll_add(sqe, fd, events);
	io_uring_sqe_set_data(sqe, op);
}

void io_command(struct io_loop *l, struct io_op *op, int fd, uint32_t command,
		const void *arg)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = OP_COMMAND;
	sqe->fd = fd;
	memcpy((char *)sqe + AT_COMMAND, &command, sizeof(command));
	memcpy((char *)sqe + AT_COMMAND_ARG, arg, IO_COMMAND_ARG);
	io_uring_sqe_set_data(sqe, op);
}

void io_cancel(struct io_loop *l, struct io_op *op)
{
	struct io_uring_sqe *sqe = get_sqe(l);

	io_uring_prep_cancel(sqe, op, 0);
	io_uring_sqe_set_data(sqe, NULL); /* nobody waits for its answer */
}

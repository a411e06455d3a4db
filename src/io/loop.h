/*
 * loop - one io_uring and its turns.
 *
 * A turn: one io_uring_enter(2) that submits all that was asked for and
 * waits, then timers that are due, then the callbacks of what is done, then
 * those of io_soon().  One thread; nothing is allocated per operation:
 * an io_op lies in its owner.  Knows no iSCSI.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "io/timer.h"

struct io_loop;

/*
 * An operation in flight, embedded in its owner.  From the call that starts
 * it until fn is called, the op and all memory it was given stay put.  In fn
 * it may be started again, or freed.
 */
struct io_op {
	void (*fn)(struct io_op *op, int res); /* bytes, a handle, or -errno */
	struct io_op *next;		       /* io_soon's */
	bool soon;			       /* waits in io_soon's list */
};

/*
 * IO_LOOP_RESTRICTED: this ring can do nothing but the operations below, on
 * plain handles, whatever a taken-over process asks of it; io_command() only
 * with IO_LOOP_COMMANDS.  IO_LOOP_SPINS: where answers come soon it looks for
 * them before it sleeps (io/spin.h).
 */
#define IO_LOOP_RESTRICTED 1u
#define IO_LOOP_COMMANDS   2u
#define IO_LOOP_SPINS	   4u

/*
 * entries: how many operations one turn submits at once (more are fine, they
 * cost a system call); a power of two.  The thread that makes the loop is
 * the only one that may use it, so make it after fork(2).  Returns 0 or
 * -errno; io_loop_strerror() puts that into words.
 */
int io_loop_new(unsigned entries, unsigned flags, struct io_loop **out);
/* Only when nothing is in flight, or when the process ends anyway. */
void io_loop_free(struct io_loop *l);
const char *io_loop_strerror(int err);

/*
 * One turn; waits at most max_wait ms (UINT64_MAX: for ever), less when a
 * timer is due.  Returns 0, or -errno when the ring itself fails.
 */
int io_loop_run_once(struct io_loop *l, uint64_t max_wait);
/* Turns until io_loop_stop(), which may have been called before. */
int io_loop_run(struct io_loop *l);
void io_loop_stop(struct io_loop *l);

/* CLOCK_MONOTONIC in ms, read once a turn. */
uint64_t io_now(const struct io_loop *l);
/*
 * Number of the turn, for those who count per turn.  Who watches the process
 * sees its parts: io/pulse.h.
 */
uint64_t io_turn(const struct io_loop *l);

void io_timer_set(struct io_loop *l, struct io_timer *t, uint64_t when);
void io_timer_after(struct io_loop *l, struct io_timer *t, uint64_t ms);
void io_timer_cancel(struct io_loop *l, struct io_timer *t);

/*
 * Calls op->fn(op, 0) once, at the end of the turn: to do once what many
 * callbacks of a turn ask for.  Asked twice: called once.
 */
void io_soon(struct io_loop *l, struct io_op *op);
void io_soon_cancel(struct io_loop *l, struct io_op *op);

/*
 * The operations.  None can fail here: what is wrong comes as res.  off is
 * -1 for handles without a position.
 */
void io_read(struct io_loop *l, struct io_op *op, int fd, void *buf,
	     unsigned len, int64_t off);
void io_write(struct io_loop *l, struct io_op *op, int fd, const void *buf,
	      unsigned len, int64_t off);
/* The msghdr is the caller's, with all it points to; see sendmsg(2). */
void io_recvmsg(struct io_loop *l, struct io_op *op, int fd, struct msghdr *m,
		int flags);
void io_sendmsg(struct io_loop *l, struct io_op *op, int fd,
		const struct msghdr *m, int flags);
void io_connect(struct io_loop *l, struct io_op *op, int fd,
		const struct sockaddr *to, socklen_t len);
/* The new handle has close-on-exec; fd should be a blocking one. */
void io_accept(struct io_loop *l, struct io_op *op, int fd);
/* Once; events as in poll(2), res the events that came. */
void io_poll(struct io_loop *l, struct io_op *op, int fd, unsigned events);

/*
 * A command of the handle's driver (IORING_OP_URING_CMD), with its argument;
 * Linux 5.19.  It cannot be cancelled.
 */
#define IO_COMMAND_ARG 16 /* bytes */
void io_command(struct io_loop *l, struct io_op *op, int fd, uint32_t command,
		const void *arg);

/*
 * Asks to end op early: its fn comes anyway, with -ECANCELED or with what it
 * did in the meantime.
 */
void io_cancel(struct io_loop *l, struct io_op *op);

#endif

/*
 * pulse - what a process shows of its loop to one that watches it.
 *
 * A page of shared memory that the watcher makes, and can only read.  What
 * stands in it is the word of the one who is watched: it may be anything, and
 * no more may follow from it than that this process is replaced.  Until there
 * is such a page the same is counted for nobody.
 */
#ifndef IO_PULSE_H
#define IO_PULSE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define PULSE_SIZE 4096

/* Each has one writer, and means something only beside its older value. */
struct pulse {
	_Atomic uint64_t beats;	   /* parts of turns that are over */
	_Atomic uint64_t taken;	   /* requests read from the kernel */
	_Atomic uint64_t answered; /* of these */
};

/* The writer ----------------------------------------------------------- */

/* There is one loop in a process that is watched. */
extern struct pulse *pulse_now;

static inline void pulse_add(_Atomic uint64_t *n)
{
	uint64_t was = atomic_load_explicit(n, memory_order_relaxed);

	/* Not one step: nobody else writes. */
	atomic_store_explicit(n, was + 1, memory_order_relaxed);
}

static inline void pulse_beat(void)
{
	pulse_add(&pulse_now->beats);
}

static inline void pulse_took(void)
{
	pulse_add(&pulse_now->taken);
}

static inline void pulse_answered(void)
{
	pulse_add(&pulse_now->answered);
}

/*
 * Shows it from now on in the page behind fd: borrowed, made by pulse_make().
 * Returns 0, or -errno and nothing has changed.
 */
int pulse_show(int fd);
/* To nobody any more. */
void pulse_hide(void);

/* The watcher ---------------------------------------------------------- */

struct pulse_seen {
	uint64_t beats, taken, answered;
};

/*
 * Makes a page, which nobody can make smaller.  *fd is for the other process,
 * *page for pulse_see(); both are the caller's.  Returns 0 or -errno.
 */
int pulse_make(int *fd, const struct pulse **page);
void pulse_free(const struct pulse *page); /* NULL is fine */

struct pulse_seen pulse_see(const struct pulse *page);

#endif

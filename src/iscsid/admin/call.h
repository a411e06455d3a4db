/*
 * call - a request of an administrator, from the control socket or the HBA
 * file, until it is answered.
 *
 * Nothing here waits: a request that takes time is looked at again and again
 * until it can be answered, or its time is over.
 */
#ifndef ISCSID_CALL_H
#define ISCSID_CALL_H

#include <stdbool.h>

#include "ctl/msg.h"
#include "io/timer.h"

#define CALL_TEXT   512	 /* of an answer */
#define CALL_LOOK   50	 /* ms between looks */
#define CALL_QUIET  1000 /* ms without a word to who waits */
#define CALL_WITHIN 30000

struct manager;
struct call;

struct call_ops {
	/* A line of a listing; NULL: nobody reads it. */
	void (*row)(struct call *c, const struct msg_out *row);
	/* Once, at last; the call may be freed in it.  err: 0 or -errno. */
	void (*done)(struct call *c, int err, const char *text);
};

struct call_wait {
	/* Called now and then until it returns true, having answered. */
	bool (*look)(struct call *c);
	/*
	 * What it waits for, in words, for who waits for longer than a second;
	 * NULL: there is nothing to say.
	 */
	const char *(*what)(struct call *c);
	/* After CALL_WITHIN ms it has to answer: what goes on, and what not. */
	void (*late)(struct call *c);
};

struct call {
	struct manager *m; /* set by the asker, as the next */
	const struct call_ops *ops;
	/* while it waits: what for */
	struct io_timer timer;
	const struct call_wait *wait;
	unsigned waited;      /* ms */
	char told[CALL_TEXT]; /* the newest line about what it waits for */
	unsigned bus, target, lun;
};

void call_row(struct call *c, const struct msg_out *row);
/* These answer the call: nothing may be done with it afterwards. */
void call_ok(struct call *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void call_fail(struct call *c, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* w is borrowed. */
void call_wait(struct call *c, const struct call_wait *w);
/* The asker lost interest; no answer is given. */
void call_drop(struct call *c);

#endif

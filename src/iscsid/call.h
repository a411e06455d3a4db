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

#define CALL_TEXT   512 /* of an answer */
#define CALL_LOOK   50	/* ms between looks */
#define CALL_WITHIN 30000

struct manager;
struct call;

struct call_ops {
	/* A line of a listing; NULL: nobody reads it. */
	void (*row)(struct call *c, const struct msg_out *row);
	/* Once, at last; the call may be freed in it.  err: 0 or -errno. */
	void (*done)(struct call *c, int err, const char *text);
};

struct call {
	struct manager *m; /* set by the asker, as the next */
	const struct call_ops *ops;
	/* while it waits: what for */
	struct io_timer timer;
	bool (*look)(struct call *c);
	const char *late; /* answer when the time is over */
	unsigned waited;  /* ms */
	unsigned bus, target, lun;
};

void call_row(struct call *c, const struct msg_out *row);
/* These answer the call: nothing may be done with it afterwards. */
void call_ok(struct call *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void call_fail(struct call *c, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * look() is called now and then until it returns true, having answered; after
 * CALL_WITHIN ms the call fails with -ETIMEDOUT and the words of late.
 */
void call_wait(struct call *c, bool (*look)(struct call *c), const char *late);
/* The asker lost interest; no answer is given. */
void call_drop(struct call *c);

#endif

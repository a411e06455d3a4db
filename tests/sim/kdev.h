/*
 * kdev - the kernel's side of a FUSE handle.
 *
 * Keeps requests until they are answered, whatever becomes of the engine that
 * read them, and sends them again when asked to (FUSE_NOTIFY_RESEND).
 */
#ifndef SIM_KDEV_H
#define SIM_KDEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct fd;
struct kdev;

enum request_kind {
	REQ_READ,
	REQ_WRITE,
	REQ_FLUSH,
	REQ_ZERO,  /* must not unmap */
	REQ_PUNCH, /* may */
};

struct request {
	/* the asker's; data is that of a write, and stays put */
	enum request_kind kind;
	bool fua;
	uint64_t off, len;
	const uint8_t *data;
	/* err: 0 or -errno; a read's data is valid during the call. */
	void (*done)(struct request *r, int err, const uint8_t *data, size_t n);

	/* the device's */
	struct list link;
	uint64_t unique;
	uint64_t since; /* us */
	unsigned sent;
};

struct kdev *kdev_new(const char *name);
/* The engine's handle for it: a new one each time. */
int kdev_handle(struct kdev *d);
/* Answered INIT: requests are passed on from then on. */
bool kdev_is_ready(const struct kdev *d);

void kdev_ask(struct kdev *d, struct request *r);
/* Of an engine's handle, or NULL. */
struct kdev *kdev_of(int handle);
/* Another handle of it, that no reads are asked for on. */
int kdev_dup(struct kdev *d);
/*
 * Handles of others: the manager, the service manager, messages on their way.
 * With the last handle of all everything ends, with -ECONNABORTED.
 */
void kdev_get(struct kdev *d);
void kdev_put(struct kdev *d);
/* It is unmounted: the same, whoever has a handle. */
void kdev_abort(struct kdev *d);
/* Requests that no engine has read. */
bool kdev_is_unread(const struct kdev *d);
unsigned kdev_waiting(const struct kdev *d);

#endif

/*
 * device - the kernel's side of a FUSE handle.
 *
 * Keeps requests until they are answered, whatever becomes of the engine that
 * read them, and sends them again when asked to (FUSE_NOTIFY_RESEND).
 */
#ifndef SIM_DEVICE_H
#define SIM_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct fd;
struct device;

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

struct device *device_new(const char *name);
/* The engine's handle for it: a new one each time. */
int device_handle(struct device *d);
bool device_has_handle(const struct device *d);
/* Answered INIT: requests are passed on from then on. */
bool device_is_ready(const struct device *d);

void device_ask(struct device *d, struct request *r);
/* The manager gives it up: everything ends with -ECONNABORTED. */
void device_abort(struct device *d);
unsigned device_waiting(const struct device *d);
/* The oldest unanswered one's age, us; 0 when there is none. */
uint64_t device_oldest(const struct device *d);

#endif

/*
 * outbox - records in a ring, each behind its length.
 */
#include "engine/core/outbox.h"

#include <string.h>

struct record {
	uint32_t len;
	int32_t handle; /* -1: none */
};

void outbox_init(struct outbox *o, void *ring, size_t cap)
{
	*o = (struct outbox){ .ring = ring, .cap = cap };
}

static void ring_write(struct outbox *o, const void *p, size_t n)
{
	size_t at = (o->head + o->used) % o->cap;
	size_t first = n < o->cap - at ? n : o->cap - at;

	memcpy(o->ring + at, p, first);
	memcpy(o->ring, (const uint8_t *)p + first, n - first);
	o->used += n;
}

static void ring_read(const struct outbox *o, size_t skip, void *dst, size_t n)
{
	size_t at = (o->head + skip) % o->cap;
	size_t first = n < o->cap - at ? n : o->cap - at;

	memcpy(dst, o->ring + at, first);
	memcpy((uint8_t *)dst + first, o->ring, n - first);
}

static bool put(struct outbox *o, const void *p, size_t n, size_t room,
		int handle)
{
	struct record r = { .len = (uint32_t)n, .handle = handle };

	if (o->used + sizeof(r) + n > room) {
		o->lost++;
		return false;
	}
	ring_write(o, &r, sizeof(r));
	ring_write(o, p, n);
	return true;
}

bool outbox_put(struct outbox *o, const void *p, size_t n, bool minor)
{
	return put(o, p, n, minor ? o->cap / 2 : o->cap, -1);
}

bool outbox_put_handle(struct outbox *o, const void *p, size_t n, int handle)
{
	return put(o, p, n, o->cap, handle);
}

size_t outbox_peek(const struct outbox *o, void *dst, size_t size)
{
	struct record r;

	if (!o->used)
		return 0;
	ring_read(o, 0, &r, sizeof(r));
	if (r.len > size)
		r.len = (uint32_t)size;
	ring_read(o, sizeof(r), dst, r.len);
	return r.len;
}

int outbox_handle(const struct outbox *o)
{
	struct record r = { .handle = -1 };

	if (o->used)
		ring_read(o, 0, &r, sizeof(r));
	return r.handle;
}

void outbox_pop(struct outbox *o)
{
	struct record r;
	size_t n;

	if (!o->used)
		return;
	ring_read(o, 0, &r, sizeof(r));
	n = sizeof(r) + r.len;
	o->head = (o->head + n) % o->cap;
	o->used -= n;
}

bool outbox_empty(const struct outbox *o)
{
	return !o->used;
}

unsigned outbox_lost(struct outbox *o)
{
	unsigned n = o->lost;

	o->lost = 0;
	return n;
}

/*
 * store - the medium of a disk and its write-back cache.
 */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "heap.h"
#include "sim.h"

struct backend {
	struct tgt_backend b;
	struct store *store;
};

void store_init(struct store *s, uint32_t block_size, uint64_t size,
		uint64_t room)
{
	s->block_size = block_size;
	s->size = size;
	s->room = room;
	s->now = world_alloc(room);
	s->stable = world_alloc(room);
	s->dirty = world_alloc(room / block_size);
	s->touched = false;
}

static void settle(struct store *s, uint64_t block, bool keep)
{
	uint64_t off = block * s->block_size;

	if (!s->dirty[block])
		return;
	s->dirty[block] = false;
	if (keep)
		memcpy(s->stable + off, s->now + off, s->block_size);
	else
		memcpy(s->now + off, s->stable + off, s->block_size);
}

void store_power_cut(struct store *s)
{
	for (uint64_t i = 0; i < s->room / s->block_size; i++)
		settle(s, i, dice_chance(&sim.dice, 500));
}

void store_lose_cache(struct store *s)
{
	for (uint64_t i = 0; i < s->room / s->block_size; i++)
		settle(s, i, false);
}

static struct store *store_of(struct tgt_backend *b)
{
	return container_of(b, struct backend, b)->store;
}

static void mark(struct store *s, uint64_t off, uint64_t len)
{
	s->touched = true;
	for (uint64_t at = off; at < off + len; at += s->block_size)
		s->dirty[at / s->block_size] = true;
}

static int do_read(struct tgt_backend *b, uint64_t off, void *buf, size_t len)
{
	memcpy(buf, store_of(b)->now + off, len);
	return 0;
}

static int do_write(struct tgt_backend *b, uint64_t off, const void *buf,
		    size_t len)
{
	memcpy(store_of(b)->now + off, buf, len);
	mark(store_of(b), off, len);
	return 0;
}

static int do_flush(struct tgt_backend *b)
{
	struct store *s = store_of(b);

	for (uint64_t i = 0; i < s->room / s->block_size; i++)
		settle(s, i, true);
	return 0;
}

static int do_zero(struct tgt_backend *b, uint64_t off, uint64_t len)
{
	memset(store_of(b)->now + off, 0, len);
	mark(store_of(b), off, len);
	return 0;
}

static int do_resize(struct tgt_backend *b, uint64_t size)
{
	if (size > store_of(b)->room)
		return -ENOSPC;
	b->size = store_of(b)->size = size;
	return 0;
}

static void do_free(struct tgt_backend *b)
{
	free(container_of(b, struct backend, b));
}

static const struct tgt_backend_ops ops = {
	.read = do_read,
	.write = do_write,
	.flush = do_flush,
	.discard = do_zero,
	.zero = do_zero,
	.resize = do_resize,
	.free = do_free,
};

struct tgt_backend *store_open(struct store *s)
{
	struct backend *b = calloc(1, sizeof(*b));

	b->b.ops = &ops;
	b->b.size = s->size;
	b->store = s;
	return &b->b;
}
